"""Which schedules there are, before and after a plan, in the form in which ``calendar/`` places them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconcile.calendar.trigger import Scheduled
from reconcile.core.address import Address, by_parts
from reconcile.core.change import Change
from reconcile.core.experience import Experience
from reconcile.core.kind import Action, Connected, Kind
from reconcile.core.snapshot import NOTHING, Live, Reading, Values
from reconcile.core.timing import Role, Timed, Timing, Unscheduled

Kinds = Mapping[tuple[str, str], Connected]


@dataclass(frozen=True, slots=True)
class Timetable:
    """All schedules that a plan has seen, in order of address, and what each is to the others on its account.

    ``changed`` names those that the plan changes. Both sides have the same addresses.
    """

    before: Mapping[Address, Scheduled]
    after: Mapping[Address, Scheduled]
    roles: Mapping[Address, Role]
    changed: frozenset[Address] = field(default=frozenset())


@dataclass(slots=True)
class _Draft:
    kinds: Kinds
    experience: Mapping[str, Experience]
    before: dict[Address, Scheduled] = field(default_factory=dict)
    after: dict[Address, Scheduled] = field(default_factory=dict)
    roles: dict[Address, Role] = field(default_factory=dict)

    def kind_of(self, address: Address) -> Kind | None:
        connected = self.kinds.get((address.connection, address.kind))
        return connected.kind if connected else None

    def add(self, kind: Kind, address: Address, id: str | None, before: Values, after: Values) -> bool:
        """Take an object in; say whether it has to do with time."""
        known = self.experience.get(address.connection, Experience())
        was = kind.timing(before)
        role = kind.role(address.name, id)
        if was is None or role is None:
            return False
        scheduled = Scheduled(address, was, role.answers_to, known.usual_seconds.get(address))
        self.roles[address] = role
        self.before[address] = self.after[address] = scheduled
        if after is not before:
            self.after[address] = replace(scheduled, timing=_zoned(kind.timing(after), known.zone) or Unscheduled())
        return True


def timetable(
    kinds: Kinds,
    changes: Iterable[Change],
    live: Mapping[Address, Reading],
    also: Iterable[Live] = (),
    experience: Mapping[str, Experience] | None = None,
) -> Timetable:
    """Return the schedules before and after some changes.

    ``live`` is what was read of the objects that the files or our record name, ``also`` what else is there.
    """
    draft = _Draft(kinds, experience or {})
    changed = set()
    for change in changes:
        # What is only forgotten stays as it is.
        kind = draft.kind_of(change.address) if change.action is not Action.FORGET else None
        if kind and draft.add(kind, change.address, change.id, change.before, _whole(kind, change)):
            changed.add(change.address)
    for reading in (*live.values(), *also):
        if isinstance(reading, Live) and reading.address not in draft.roles:
            kind = draft.kind_of(reading.address)
            if kind:
                values = NOTHING if kind.is_absent(reading.values) else reading.values
                draft.add(kind, reading.address, reading.id, values, values)
    order = sorted(draft.roles, key=by_parts)
    return Timetable(
        {address: draft.before[address] for address in order},
        {address: draft.after[address] for address in order},
        draft.roles,
        frozenset(changed),
    )


def declared(kinds: Kinds, desired: Mapping[Address, Values], ids: Mapping[Address, str] | None = None) -> Timetable:
    """Return the schedules as files alone ask for them; ``ids`` are the platforms' ids as far as they are known."""
    draft = _Draft(kinds, {})
    for address, values in desired.items():
        kind = draft.kind_of(address)
        if kind:
            draft.add(kind, address, (ids or {}).get(address), values, values)
    schedules = {address: draft.after[address] for address in sorted(draft.roles, key=by_parts)}
    return Timetable(schedules, schedules, draft.roles)


def needs_of(table: Timetable) -> dict[Address, tuple[Address, ...]]:
    """Return, for each schedule, those whose output it reads, as far as that goes without saying."""
    named: dict[tuple[str, str], list[Address]] = {}
    for address, role in table.roles.items():
        for word in role.answers_to:
            named.setdefault((address.connection, word), []).append(address)
    found = {}
    for address, role in table.roles.items():
        needed = {each for word in role.reads for each in named.get((address.connection, word), ())} - {address}
        if needed:
            found[address] = tuple(sorted(needed))
    return found


def _whole(kind: Kind, change: Change) -> Values:
    """Return what is there after a change: what it writes and nothing else, since a write replaces the whole."""
    return NOTHING if kind.is_absent(change.after) else change.after


def _zoned(timing: Timing | None, zone: str | None) -> Timing | None:
    """Return a timing that is to be written with the zone of the user who applies, where it names none.

    The platform takes that one. Of what is live already somebody else may have been that user.
    """
    if zone is None or not isinstance(timing, Timed) or timing.clock.zone is not None:
        return timing
    return replace(timing, clock=replace(timing.clock, zone=zone))
