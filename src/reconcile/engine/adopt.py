"""From what is live to what is written down, and from one drifted object to its entry. No file is touched here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconcile.config.draft import Acceptance
from reconcile.config.entry import entry_for
from reconcile.config.notation import Unwritable
from reconcile.config.writer import Entry, Variables
from reconcile.core.accept import Unseen, accepted_changes
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError
from reconcile.core.hold import Hold
from reconcile.core.pause import asked_for
from reconcile.core.snapshot import Desired, Live, Missing, ReadFailed, Values
from reconcile.engine.discover import Unwritten
from reconcile.engine.place import Place
from reconcile.engine.planning import Planned


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is going to be written down: ``entries``, sorted by address, what each declares, and the platform's label.

    ``left_out`` has the reason for everything that cannot be written down.
    """

    entries: tuple[Entry, ...] = ()
    values: Mapping[Address, Values] = field(default_factory=dict)
    labels: Mapping[Address, str] = field(default_factory=dict)
    left_out: Mapping[Address, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepting:
    """Objects whose entries are to say what is live, and those whose entries do already; both sorted by address."""

    objects: tuple[Acceptance, ...]
    in_sync: tuple[Address, ...]


def adoption(place: Place, unwritten: Unwritten, variables: Variables, *, everything: bool = False) -> Adoption:
    """Return what to write down: all that is there, and with ``everything`` also what has nothing."""
    discovery = unwritten.discovery
    found = discovery.live.values() if everything else discovery.present
    wanted: list[tuple[Live, tuple[str, ...]]] = []
    for live in found:
        name = live.address.name.partition(":")[2]
        label = live.label if live.label != name else ""
        wanted.append((live, (label, discovery.notes.get(live.address, ""))))
    for recorded in unwritten.unseen:
        shown = Live(recorded.address, recorded.values)
        wanted.append((shown, (f"last applied by us at {recorded.applied_at}; the platform does not show it",)))
    return _written_down(place, sorted(wanted, key=lambda each: each[0].address), variables)


def _written_down(place: Place, wanted: Iterable[tuple[Live, tuple[str, ...]]], variables: Variables) -> Adoption:
    entries: list[Entry] = []
    values: dict[Address, Values] = {}
    labels: dict[Address, str] = {}
    left_out: dict[Address, str] = {}
    for live, comments in wanted:
        address = live.address
        try:
            entry = _entry(place, live, variables, comments)
        except Unwritable as error:
            left_out[address] = str(error)
            continue
        entries.append(entry)
        values[address], labels[address] = live.values, live.label
    return Adoption(tuple(entries), values, labels, left_out)


def _entry(place: Place, live: Live, variables: Variables, comments: tuple[str, ...]) -> Entry:
    if live.unknown:
        raise Unwritable(f"the platform does not show its {', '.join(sorted(live.unknown))}")
    clean = place.outside.redactor.clean
    texts = [live.address.name, *(str(value) for value in live.values.values())]
    if any(clean(text) != text for text in texts):
        raise Unwritable("it holds a secret of a connection")
    address = live.address
    kind = place.kinds[address.connection, address.kind].kind
    settings = place.links[address.connection].settings
    return entry_for(kind, settings, address, live.values, variables, *map(clean, comments))


def accepting(place: Place, planned: Planned, named: Iterable[Address], drifted_only: Iterable[Address]) -> Accepting:
    """Return what entries have to say so that they ask for what is live.

    Those that were ``named`` are taken however they differ; of the others only what has drifted. Raises ``ConfigError``
    with a reason for each object that cannot be accepted, and then none is.
    """
    drift = {item.address for item in planned.plan.drift}
    objects: list[Acceptance] = []
    in_sync: list[Address] = []
    problems: list[Diagnostic] = []
    for address in sorted({*named, *(a for a in drifted_only if a in drift)}):
        try:
            found = _acceptance(place, planned, place.desired[address])
        except _Cannot as error:
            problems.append(error.diagnostic)
            continue
        if found.changes:
            objects.append(found)
        else:
            in_sync.append(address)
    if problems:
        raise ConfigError(problems)
    return Accepting(tuple(objects), tuple(in_sync))


class _Cannot(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.detail)
        self.diagnostic = diagnostic


def _acceptance(place: Place, planned: Planned, desired: Desired) -> Acceptance:
    address, reading = desired.address, planned.live.get(desired.address)
    kind = place.kinds[address.connection, address.kind].kind
    match reading:
        case Live() as live:
            recorded = planned.basis.recorded.get(address)
            asked = asked_for(kind, desired, recorded, place.origin.applied_at, place.hold)
            try:
                changes = accepted_changes(kind, asked.desired.values, live)
            except Unseen as error:
                raise _Cannot(_unseen(desired, f"the platform does not show its {error}")) from None
            if asked.hold and asked.is_paused and changes:
                raise _Cannot(_held(desired, asked.hold))
            return Acceptance(kind, desired, changes)
        case Missing(diagnostic=told) | ReadFailed(diagnostic=told):
            hint = told.hint if isinstance(reading, ReadFailed) else "take its entry out of the file if it is gone"
            raise _Cannot(Diagnostic("not-accepted", told.summary, told.detail, hint, desired.source, str(address)))
        case _:
            raise _Cannot(_unseen(desired, "the platform has no way to show it"))


def _held(desired: Desired, hold: Hold) -> Diagnostic:
    return Diagnostic(
        "not-accepted",
        "It is held",
        f"{desired.address} is kept off on purpose ({hold.reason}), and its entry says what comes after the hold.",
        "end the hold first, or let apply put it off again",
        desired.source,
        str(desired.address),
    )


def _unseen(desired: Desired, why: str) -> Diagnostic:
    return Diagnostic(
        "not-accepted",
        "There is no live value to accept",
        f"{desired.address}: {why}.",
        "look at the platform, and write it down by hand",
        desired.source,
        str(desired.address),
    )
