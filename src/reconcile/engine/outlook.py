"""What is to come, without a plan and with it: effects, the week, limits, freezes. Reads nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconcile.calendar.effect import MONTH_DAYS, effect_of_runs, span_of
from reconcile.calendar.forecast import compared, forecast
from reconcile.calendar.freeze import windows
from reconcile.calendar.load import Load
from reconcile.calendar.occurrences import Horizon, Runs, next_runs
from reconcile.calendar.trigger import Scheduled, agenda, dependents, upstreams
from reconcile.calendar.week import week_of
from reconcile.calendar.zone import moment
from reconcile.core.address import Address
from reconcile.core.effect import Effect
from reconcile.core.experience import Experience
from reconcile.core.freeze import Freeze
from reconcile.core.limit import Limit
from reconcile.core.occurrence import Occurrence, Silence
from reconcile.core.outlook import FrozenRun, Lane, Outlook, Prospect
from reconcile.core.snapshot import Live
from reconcile.core.timing import EventDriven, Timing
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis, Planned, Planner
from reconcile.engine.timetable import Timetable, timetable
from reconcile.providers.base import Reader

_WEEK_DAYS = 7

Agenda = Mapping[Address, Runs]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks ahead: as of when (aware, UTC), and on the clock of which zone (IANA)."""

    start: datetime
    zone: str = "UTC"

    @property
    def month(self) -> Horizon:
        """The next 31 days."""
        return Horizon.days(self.start, MONTH_DAYS)


@dataclass(frozen=True, slots=True)
class Sides:
    """Everything that runs within 31 days, before and after a plan."""

    table: Timetable
    before: Agenda
    after: Agenda
    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)


def viewer_of(place: Place, zone: str) -> Viewer:
    """Return who runs the command, as of when it began."""
    return Viewer(datetime.fromisoformat(place.origin.applied_at), zone)


def outlook_of(place: Place, planned: Planned, viewer: Viewer, also: Iterable[Live] = ()) -> Outlook | None:
    """Return what is to come; None when nothing that the plan has seen has to do with time.

    ``also`` is what is live besides what the plan has seen. Limits and durations are those that the plan was told
    (``experience.informed``): without, there is no forecast.
    """
    table = timetable(place.kinds, planned.plan.changes, planned.live, also, planned.experience)
    limits = {name: limits_of(place, name, known) for name, known in planned.experience.items()}
    return look_ahead(table, viewer, limits, place.freezes)


def look_ahead(
    table: Timetable,
    viewer: Viewer,
    limits: Mapping[str, tuple[Limit, ...]] | None = None,
    freezes: Iterable[Freeze] = (),
) -> Outlook | None:
    """Return what is to come of a timetable; None of an empty one. ``limits`` by connection."""
    if not table.after:
        return None
    sides = _placed(table, viewer, limits or {})
    effects = _effects(sides, sorted(table.changed), viewer)
    felt = _felt(sides, viewer)
    concerned = sorted({*effects, *felt})
    return Outlook(
        start=viewer.start,
        zone=viewer.zone,
        schedules=len(table.after),
        before=week_of(sides.before.values(), viewer.start, viewer.zone),
        after=week_of(sides.after.values(), viewer.start, viewer.zone),
        effects=effects,
        felt=felt,
        lanes=tuple(_lane(sides, address, viewer) for address in concerned),
        prospects=tuple(_prospect(sides, name) for name in sorted(sides.limits)),
        frozen=tuple(_frozen(sides, concerned, viewer, freezes)),
    )


def foreseen(planner: Planner, viewer: Viewer) -> Planner:
    """Return what makes the same plan, and says what is to come with it."""

    def planner_(place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
        planned = planner(place, basis, readers)
        return replace(planned, outlook=outlook_of(place, planned, viewer)) if planned.plan.changes else planned

    return planner_


def limits_of(place: Place, connection: str, known: Experience) -> tuple[Limit, ...]:
    """Return how much may run on a connection: as its settings say, else as its platform tells, else as documented."""
    link = place.links[connection]
    return tuple(known.limits.get(limit.name, limit) for limit in link.provider.limits(link.settings))


def _placed(table: Timetable, viewer: Viewer, limits: Mapping[str, tuple[Limit, ...]]) -> Sides:
    """Place every schedule once, and again only what the plan changes and what waits for that."""
    before = agenda(table.before.values(), viewer.month)
    moved = {*table.changed, *_reached(table)}
    if not moved:
        return Sides(table, before, before, limits)
    needed = _with_upstreams(table.after.values(), moved)
    again = agenda([each for each in table.after.values() if each.address in needed], viewer.month)
    return Sides(table, before, {a: again[a] if a in moved else runs for a, runs in before.items()}, limits)


def _reached(table: Timetable) -> set[Address]:
    """Return what waits, near or far, for something that changes, before or after."""
    found: set[Address] = set()
    for side in (table.before, table.after):
        waiting = dependents(side.values())
        found.update(each for address in table.changed for each in waiting.get(address, ()))
    return found


def _with_upstreams(schedules: Iterable[Scheduled], wanted: Iterable[Address]) -> set[Address]:
    """Return the wanted and everything that they wait for, near or far."""
    waiting = upstreams(schedules)
    found: set[Address] = set()
    ahead = list(wanted)
    while ahead:
        address = ahead.pop()
        if address not in found:
            found.add(address)
            ahead += waiting[address].known if address in waiting else ()
    return found


def _felt(sides: Sides, viewer: Viewer) -> dict[Address, Effect]:
    """Return the effect on what stays as it is and waits for what changes, where there is one."""
    reached = sorted(_reached(sides.table) - sides.table.changed)
    effects = _effects(sides, reached, viewer)
    return {address: effect for address, effect in effects.items() if _is_felt(effect)}


def _is_felt(effect: Effect) -> bool:
    is_as_sure = effect.at_risk_before == effect.at_risk_after
    return not (effect.month.is_zero and is_as_sure and effect.silence_before is effect.silence_after)


def _effects(sides: Sides, addresses: Iterable[Address], viewer: Viewer) -> dict[Address, Effect]:
    """Return the effect on each object. What goes from one timing to the same other one has the same effect."""
    known: dict[tuple[Timing, Timing], Effect] = {}
    found: dict[Address, Effect] = {}
    for address in addresses:
        pair = sides.table.before[address].timing, sides.table.after[address].timing
        if any(isinstance(timing, EventDriven) for timing in pair):
            found[address] = _effect(sides, address, viewer)
            continue
        if pair not in known:
            known[pair] = _effect(sides, address, viewer)
        found[address] = known[pair]
    return found


def _effect(sides: Sides, address: Address, viewer: Viewer) -> Effect:
    before, after = sides.table.before[address].timing, sides.table.after[address].timing
    runs = sides.before[address], sides.after[address]
    return effect_of_runs(
        *runs,
        viewer.month,
        min(span_of(before), span_of(after)),
        (_ahead(before, runs[0], viewer), _ahead(after, runs[1], viewer)),
    )


def _ahead(timing: Timing, runs: Runs, viewer: Viewer) -> tuple[Occurrence, ...]:
    """Return the next three runs, however far ahead; of what waits for events those of the next 31 days."""
    if runs.count >= 3 or runs.silence or isinstance(timing, EventDriven):
        return runs.occurrences(3)
    return next_runs(timing, viewer.start).occurrences(3)


def _frozen(
    sides: Sides, concerned: Iterable[Address], viewer: Viewer, freezes: Iterable[Freeze]
) -> Iterator[FrozenRun]:
    """Yield what of the concerned runs inside a freeze, once for each reason, in order of address and time."""
    month = viewer.month
    frozen = windows(freezes, month.start, month.end)
    for address in concerned if frozen else ():
        found: dict[str, list[int]] = {}
        instants = sides.after[address].instants
        for window in frozen:
            begin = bisect_left(instants, window.start)
            found.setdefault(window.reason, []).extend(instants[begin : bisect_left(instants, window.end, begin)])
        for reason, runs in found.items():
            if runs:
                yield FrozenRun(address, reason, len({*runs}), moment(min(runs)))


def _lane(sides: Sides, address: Address, viewer: Viewer) -> Lane:
    week = Horizon.days(viewer.start, _WEEK_DAYS)
    before, after = (side[address].within(week) for side in (sides.before, sides.after))
    at_risk = (tuple(run.candidates[0] for run in runs.at_risk) for runs in (before, after))
    return Lane(address, before.certain, after.certain, *at_risk)


def _prospect(sides: Sides, connection: str) -> Prospect:
    limits = sides.limits[connection]
    loads = _loads(sides.table, sides.after, connection)
    before = forecast(_loads(sides.table, sides.before, connection), limits)
    after = forecast(loads, limits)
    running = sum(load.runs.count > 0 for load in loads)
    unplaced = sorted(load.address for load in loads if load.runs.silence not in (None, Silence.UNSCHEDULED))
    return Prospect(connection, compared(before, after), running, after.unmeasured, tuple(unplaced))


def _loads(table: Timetable, runs: Agenda, connection: str) -> list[Load]:
    return [
        Load(each.address, table.roles[each.address].pool, runs[each.address], each.usual_seconds)
        for each in table.after.values()
        if each.address.connection == connection
    ]
