"""Read live: every connection side by side, one reading for every object that somebody asks about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconcile.core.address import Address, by_parts
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import PlatformError
from reconcile.core.kind import Connected
from reconcile.core.snapshot import Desired, ReadFailed, Reading, Recorded
from reconcile.core.trace import UNTRACED, Tracer
from reconcile.engine.events import Listener, ReadingBegan, ReadingEnded, unheard
from reconcile.engine.link import side_by_side
from reconcile.providers.base import Reader, Readings, ReadsInParts, Wanted


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What is live now. Holds a reading for every object that was asked for: a failed read is one, too."""

    live: Mapping[Address, Reading]
    diagnostics: tuple[Diagnostic, ...]


def refresh(
    readers: Mapping[str, Reader],
    kinds: Mapping[tuple[str, str], Connected],
    desired: Mapping[Address, Desired],
    recorded: Mapping[Address, Recorded],
    *,
    exact: bool = False,
    listener: Listener = unheard,
    tracer: Tracer = UNTRACED,
) -> Refreshed:
    """Return the live state of everything desired or recorded whose connection and kind are known.

    Never raises for what a platform answers.
    """
    wanted: dict[str, list[Wanted]] = {name: [] for name in readers}
    for item in _wanted(kinds, desired, recorded):
        wanted[item.address.connection].append(item)
    busy = [name for name, items in wanted.items() if items]
    total = sum(len(items) for items in wanted.values())
    listener(ReadingBegan(len(busy), total))
    with tracer.span("refresh", {"reconcile.connections": len(busy), "reconcile.objects": total}):
        found = side_by_side(
            lambda name: read_safely(readers[name], wanted[name], exact=exact), busy, max(len(busy), 1)
        )
    listener(ReadingEnded(total))
    live = {address: reading for readings in found for address, reading in readings.by_address.items()}
    return Refreshed(live, tuple(d for readings in found for d in readings.diagnostics))


def read_safely(reader: Reader, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
    """Return a reading for each wanted object; a reader that raises after all has failed for every one of them."""
    try:
        return reader.read(wanted, exact=exact)
    except PlatformError as error:
        return Readings(
            {item.address: ReadFailed(item.address, error.diagnostics[0], of_listing=True) for item in wanted}
        )


def read_in_parts(reader: Reader, wanted: Collection[Wanted]) -> Iterator[Readings]:
    """Yield readings as they become known, every wanted object once in all; one part where there is but one."""
    if not wanted:
        return
    if not isinstance(reader, ReadsInParts):
        yield read_safely(reader, wanted)
        return
    left = {item.address: item for item in wanted}
    try:
        for part in reader.read_in_parts(wanted):
            for address in part.by_address:
                left.pop(address, None)
            yield part
    except PlatformError as error:
        yield Readings({address: ReadFailed(address, error.diagnostics[0], of_listing=True) for address in left})


def _wanted(
    kinds: Mapping[tuple[str, str], Connected],
    desired: Mapping[Address, Desired],
    recorded: Mapping[Address, Recorded],
) -> Iterable[Wanted]:
    for address in sorted({*desired, *recorded}, key=by_parts):
        if (address.connection, address.kind) not in kinds:
            continue
        ours, asked = recorded.get(address), desired.get(address)
        # Also what the file has dropped: whatever a change takes with it is seen before, so that it can come back.
        fields = frozenset({*(asked.values if asked else ()), *(ours.values if ours else ())})
        yield Wanted(address, fields, ours.id if ours else None, asked is not None)
