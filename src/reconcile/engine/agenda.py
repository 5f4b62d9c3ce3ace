"""When everything fires over some days: as the files ask for it, or as the platforms have it now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reconcile.calendar.freeze import windows
from reconcile.calendar.occurrences import Horizon, Runs
from reconcile.calendar.trigger import Scheduled, agenda, upstreams
from reconcile.calendar.week import week_of
from reconcile.calendar.zone import moment, seconds
from reconcile.core.address import Address, Selection
from reconcile.core.agenda import Agenda, Entry, Frozen
from reconcile.core.diagnostic import Diagnostic, Severity, in_order
from reconcile.core.errors import StateError
from reconcile.core.experience import Experience
from reconcile.core.freeze import Window
from reconcile.core.kind import Connected
from reconcile.core.pause import Asked, asked_for
from reconcile.core.snapshot import NOTHING, Desired, Live, Missing, ReadFailed, Reading, Recorded
from reconcile.core.timing import Unscheduled
from reconcile.engine.discover import discover
from reconcile.engine.experience import experience_of
from reconcile.engine.link import Link, open_readers, side_by_side
from reconcile.engine.place import Place
from reconcile.engine.refresh import refresh
from reconcile.engine.timetable import declared, timetable
from reconcile.providers.base import Reader, Remembers, Sought
from reconcile.state.folder import FolderBackend

WEEK_DAYS = 7
# How far ahead the next runs of a schedule are looked for, in days: two years hold every month's 29th of February but
# those of a leap year just gone.
FURTHEST_DAYS = 2 * 366
_STEPS = (2, 31, 366, FURTHEST_DAYS)


@dataclass(frozen=True, slots=True)
class View:
    """Which runs are looked at: those of ``days`` days of the clock of ``zone`` (IANA), from ``start`` (aware) on.

    The first day is that of ``start``. With ``runs_each`` it is the first so many runs of each schedule instead, within
    two years. What ``selection`` does not hold is not shown.
    """

    start: datetime
    days: int
    zone: str
    selection: Selection = field(default_factory=Selection)
    runs_each: int | None = None

    @property
    def end(self) -> datetime:
        """When the last day ends, UTC."""
        zone = ZoneInfo(self.zone)
        days = FURTHEST_DAYS if self.runs_each else self.days
        last = self.start.astimezone(zone).date() + timedelta(days=days)
        return datetime.combine(last, time(), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """An agenda, what there is to say about it, and every address that a selection may name.

    With an error among the ``diagnostics`` the agenda is not the whole.
    """

    agenda: Agenda
    diagnostics: tuple[Diagnostic, ...]
    known: frozenset[Address]


def agenda_of_files(place: Place, view: View) -> Made:
    """Return when everything will fire once the files are applied. Makes no call; what is held has no schedule.

    Which event-driven schedule waits for which recipe is known as far as a state in a folder has the recipes' ids.
    """
    recorded, told = _recorded_nearby(place)
    asked = _asked(place, place.desired, recorded)
    ids = {address: found.id for address, found in recorded.items() if found.id}
    table = declared(place.kinds, {address: each.desired.values for address, each in asked.items()}, ids)
    made = _agenda(place, view, tuple(table.after.values()), asked)
    return Made(made, tuple(place.cleaned(told)), frozenset(place.desired))


def agenda_of_live(place: Place, view: View) -> Made:
    """Return when everything fires as the platforms have it now, also what no file names. Reads only.

    Never raises for what a platform answers: what cannot be read is an error among the diagnostics, and named in the
    agenda. A connection that nothing selected can be on is not looked at; of the others all is, for the triggers' sake.
    """
    links = {
        name: link
        for name, link in place.links.items()
        if _may_fire(link) and view.selection.may_hold_below(f"{name}/")
    }
    kinds = place.kinds
    desired = {a: d for a, d in place.desired.items() if a.connection in links and _is_timed(kinds, a)}
    recorded = {a: r for a, r in place.store.latest().recorded.items() if a in desired}
    with open_readers(links, place.outside) as readers:
        outside = place.outside
        found = refresh(readers, kinds, desired, recorded, listener=outside.listener, tracer=outside.tracer)
        seen = discover(place, readers, Sought(known=frozenset(desired)))
        experience = _experience(readers, (*found.live.values(), *seen.present))
    # Also what has no schedule: something may wait for it in vain.
    table = timetable(kinds, (), found.live, seen.live.values(), experience)
    made = _agenda(place, view, tuple(table.before.values()), _asked(place, desired, recorded))
    unread = sorted(a for a, each in found.live.items() if isinstance(each, ReadFailed) and view.selection.holds(a))
    told = [*found.diagnostics, *_of_readings(found.live.values()), *seen.diagnostics]
    told += [each for known in experience.values() for each in known.diagnostics]
    whole = not any(each.is_error for each in told)
    return Made(
        replace(made, unread=tuple(unread), is_whole=whole),
        in_order(dict.fromkeys(place.cleaned(told))),
        frozenset({*desired, *seen.listed}),
    )


def _agenda(place: Place, view: View, schedules: tuple[Scheduled, ...], asked: Mapping[Address, Asked]) -> Agenda:
    end = view.end
    horizon = Horizon(seconds(view.start), seconds(end))
    week = Horizon.days(view.start, WEEK_DAYS + 1)
    chosen = [each for each in schedules if view.selection.holds(each.address) and _is_shown(each, asked)]
    if view.runs_each:
        placed = _first_runs(schedules, view.start, view.runs_each, view.zone)
        weekly = agenda(schedules, week, view.zone)
    else:
        placed = weekly = agenda(schedules, horizon, view.zone)
    days = min(view.days, WEEK_DAYS)
    entries = tuple(_entry(each, placed[each.address], asked.get(each.address), view.runs_each) for each in chosen)
    frozen = windows(place.freezes, horizon.start, horizon.end)
    if view.runs_each:
        frozen = _met(frozen, entries, week)
    return Agenda(
        start=view.start.astimezone(UTC),
        end=end,
        zone=view.zone,
        entries=entries,
        week=week_of((weekly[each.address] for each in chosen), view.start, view.zone, days),
        freezes=tuple(Frozen(moment(each.start), moment(each.end), each.reason) for each in frozen),
    )


def _met(frozen: Iterable[Window], entries: Iterable[Entry], week: Horizon) -> tuple[Window, ...]:
    """Return the windows of the week, and later ones that a run falls into: two years hold a hundred weekends."""
    runs = sorted(seconds(run.at) for entry in entries for run in entry.occurrences)
    return tuple(
        each for each in frozen if each.start < week.end or bisect_left(runs, each.start) < bisect_left(runs, each.end)
    )


def _entry(scheduled: Scheduled, runs: Runs, asked: Asked | None, limit: int | None) -> Entry:
    return Entry(
        scheduled.address,
        scheduled.timing,
        runs.occurrences(limit),
        runs.silence,
        runs.assumptions,
        runs.after,
        scheduled.usual_seconds,
        is_declared=asked is not None,
        hold=asked.hold if asked and asked.is_paused else None,
    )


def _is_shown(scheduled: Scheduled, asked: Mapping[Address, Asked]) -> bool:
    """Say whether somebody wrote it down, or it has a schedule: an org is full of what has neither."""
    return scheduled.address in asked or not isinstance(scheduled.timing, Unscheduled)


def _first_runs(schedules: tuple[Scheduled, ...], start: datetime, limit: int, zone: str) -> dict[Address, Runs]:
    """Return at least the first ``limit`` runs of each schedule; fewer where two years hold no more."""
    by_address = {each.address: each for each in schedules}
    known = {address: found.known for address, found in upstreams(schedules).items()}
    found: dict[Address, Runs] = {}
    for days in _STEPS:
        left = [address for address in by_address if address not in found]
        needed = [by_address[address] for address in _with_upstreams(left, known)]
        placed = agenda(needed, Horizon.days(start, days), zone)
        for address in left:
            runs = placed[address]
            if runs.silence or runs.count >= limit or days == FURTHEST_DAYS:
                found[address] = runs
    return found


def _with_upstreams(addresses: Iterable[Address], known: Mapping[Address, tuple[Address, ...]]) -> list[Address]:
    found: dict[Address, None] = {}
    ahead = list(addresses)
    while ahead:
        address = ahead.pop()
        if address not in found:
            found[address] = None
            ahead += known.get(address, ())
    return list(found)


def _recorded_nearby(place: Place) -> tuple[Mapping[Address, Recorded], tuple[Diagnostic, ...]]:
    """Return what is recorded where looking takes no call, and what keeps us from looking."""
    if not isinstance(place.backend, FolderBackend):
        return {}, ()
    try:
        return place.store.latest().recorded, ()
    except StateError as error:
        return {}, tuple(replace(each, severity=Severity.WARNING) for each in error.diagnostics)


def _experience(readers: Mapping[str, Reader], readings: Iterable[Reading]) -> dict[str, Experience]:
    live = [each for each in readings if isinstance(each, Live)]
    names = [name for name, reader in readers.items() if isinstance(reader, Remembers)]
    found = side_by_side(lambda name: experience_of(name, readers[name], live), names, max(len(names), 1))
    return dict(zip(names, found, strict=True))


def _of_readings(readings: Iterable[Reading]) -> list[Diagnostic]:
    """Return why objects have no reading; that a file names one which does not exist is no error of a calendar."""
    found = []
    for reading in readings:
        if isinstance(reading, ReadFailed):
            found.append(reading.diagnostic)
        elif isinstance(reading, Missing):
            found.append(replace(reading.diagnostic, severity=Severity.WARNING))
    return found


def _asked(
    place: Place, desired: Mapping[Address, Desired], recorded: Mapping[Address, Recorded]
) -> dict[Address, Asked]:
    """Return what the files ask for now of those objects that have to do with time: what is held is off."""
    kinds, now = place.kinds, place.origin.applied_at
    return {
        address: asked_for(kinds[address.connection, address.kind].kind, each, recorded.get(address), now, place.hold)
        for address, each in desired.items()
        if _is_timed(kinds, address)
    }


def _is_timed(kinds: Mapping[tuple[str, str], Connected], address: Address) -> bool:
    connected = kinds.get((address.connection, address.kind))
    return connected is not None and connected.kind.timing(NOTHING) is not None


def _may_fire(link: Link) -> bool:
    return any(connected.kind.timing(NOTHING) is not None for connected in link.connected().values())
