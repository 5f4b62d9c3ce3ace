"""What there is on the platforms, whether or not anybody has written it down. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reconcile.core.address import Address, Selection
from reconcile.core.diagnostic import Diagnostic, in_order
from reconcile.core.errors import PlatformError
from reconcile.core.snapshot import Live, ReadFailed, Recorded
from reconcile.engine.events import LookingBegan, ReadingEnded
from reconcile.engine.experience import ask
from reconcile.engine.link import open_readers, side_by_side
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis, Planned, Planner, make_plan, read_basis
from reconcile.providers.base import Discovers, Found, Reader, Sought
from reconcile.state.lock import read_holder


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was sought and is live, sorted by address.

    ``absent`` names those that have nothing (an asset without a schedule), ``listed`` everything that was on a list,
    and ``known`` those of it that were known before. ``notes`` says why an object has the name it has. An error among
    the ``diagnostics`` means that there may be more.
    """

    live: Mapping[Address, Live]
    absent: frozenset[Address]
    listed: frozenset[Address]
    known: frozenset[Address]
    notes: Mapping[Address, str]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def present(self) -> tuple[Live, ...]:
        """What is there, without those that have nothing."""
        return tuple(live for address, live in self.live.items() if address not in self.absent)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What no file asks for: ``discovery`` has what the platforms show, ``unseen`` what only our record knows.

    ``ours`` are those objects of both that we applied once.
    """

    discovery: Discovery
    unseen: tuple[Recorded, ...]
    ours: frozenset[Address]
    recorded: frozenset[Address]


def plan_and_look(
    place: Place, planner: Planner, selection: Selection, *, forecast: bool = False
) -> tuple[Planned, Discovery]:
    """Return a plan, and what is live and neither in a file nor recorded; lists are read once for both.

    With ``forecast`` the platforms are asked what forecasts need, in any case.
    """
    found: list[Discovery] = []

    def both(place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
        planned = planner(place, basis, readers)
        known = frozenset({*place.desired, *basis.recorded})
        found.append(discover(place, readers, Sought(selection, known)))
        return ask(place, readers, planned, found[0].present, always=forecast)

    return make_plan(place, both), found[0]


def find_unwritten(place: Place, selection: Selection) -> Unwritten:
    """Return what is live and in no file, every field of it, and what only our record can tell of."""
    with open_readers(place.links, place.outside) as readers:
        basis = read_basis(place, read_holder(place.backend, datetime.now(UTC)))
        discovery = discover(place, readers, Sought(selection, frozenset(place.desired), whole=True))
    kinds = place.kinds
    recorded = {a: r for a, r in basis.recorded.items() if a not in place.desired and selection.holds(a)}
    unseen = tuple(
        found
        for address, found in sorted(recorded.items())
        if (connected := kinds.get((address.connection, address.kind))) is not None
        and not connected.kind.readable
        and not connected.kind.one_shot
        and found.certain
    )
    ids = {(a.connection, a.kind, r.id) for a, r in recorded.items() if r.id}
    ours = {a for a, live in discovery.live.items() if a in recorded or (a.connection, a.kind, live.id) in ids}
    return Unwritten(discovery, unseen, frozenset(ours), frozenset(basis.recorded))


def discover(place: Place, readers: Mapping[str, Reader], sought: Sought) -> Discovery:
    """Return what is live on every connection that the selection can be about, side by side."""
    names = [name for name in readers if sought.selection.may_hold_below(f"{name}/")]
    place.outside.listener(LookingBegan(len(names)))
    found = side_by_side(lambda name: _look(readers[name], sought), names, max(len(names), 1))
    readings = {address: reading for each in found for address, reading in each.readings.items()}
    live = {address: reading for address, reading in sorted(readings.items()) if isinstance(reading, Live)}
    failed = [r.diagnostic for r in readings.values() if isinstance(r, ReadFailed)]
    place.outside.listener(ReadingEnded(len(live)))
    kinds = place.kinds
    return Discovery(
        live,
        frozenset(a for a, each in live.items() if kinds[a.connection, a.kind].kind.is_absent(each.values)),
        frozenset(address for each in found for address in each.listed),
        frozenset(address for each in found for address in each.known),
        {address: note for each in found for address, note in each.notes.items()},
        in_order(place.cleaned(dict.fromkeys([*(d for each in found for d in each.diagnostics), *failed]))),
    )


def _look(reader: Reader, sought: Sought) -> Found:
    if not isinstance(reader, Discovers):
        return Found()
    try:
        return reader.discover(sought)
    except PlatformError as error:
        return Found(diagnostics=error.diagnostics)
