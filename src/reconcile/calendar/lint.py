"""What is worth a warning about when one schedule fires: findings as diagnostics, each with a stable code.

| code | says | source |
|---|---|---|
| `dst-skipped`, `dst-doubled` | a run falls into a time that the clock skips or repeats | 7 and 9: not documented |
| `never-fires` | no day, or nothing that triggers it, ever makes it run | 1.1 |
| `short-month` | some months lack the day | 1.1 (help, H) |
| `interval-without-effect` | only the first run of a day fits before queuing stops | 1.1 (help, M) |
| `short-interval` | it is due again before it has usually ended | 3: cancelled while it is still queued |

Sections are those of the platform page "Salesforce CRM Analytics". What schedules do to each other is in
``relation.py``. A finding has an address and no span: who knows the files adds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from reconcile.calendar.day import day_of, firing_days, month_length
from reconcile.calendar.finding import date_of, instant_of, length_of, listed, warning
from reconcile.calendar.occurrences import AtRisk, Horizon, occurrences
from reconcile.calendar.relation import relation_findings
from reconcile.calendar.slot import MINUTES, slots_of
from reconcile.calendar.trigger import Scheduled
from reconcile.calendar.zone import DAY, Clockwork, Seam, UnknownZone, clockwork, moment
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.occurrence import Reason
from reconcile.core.timing import Every, Monthly, Timed, Timing

YEAR_DAYS = 366
_WEEK_DAYS = 7


def findings(
    schedules: Iterable[Scheduled],
    start: datetime,
    default_zone: str | None = None,
    needs: Mapping[Address, tuple[Address, ...]] | None = None,
    most_dependents: int | None = None,
) -> tuple[Diagnostic, ...]:
    """Return everything to be said about schedules as of ``start`` (aware), sorted by address and code.

    ``needs`` names, for a schedule, those whose output it reads; ``most_dependents`` is how many may wait for one
    event, None for any number. Clock changes are looked for a year ahead, everything else a week or a month.
    """
    schedules = tuple(schedules)
    week = Horizon.days(start, _WEEK_DAYS)
    found: list[Diagnostic] = []
    # Thousands of schedules share a few hundred timings, most of which there is nothing to say about.
    quiet: set[Timing] = set()
    for each in schedules:
        if each.timing not in quiet:
            own = _of_timing(each, start, default_zone)
            found += own
            if not own:
                quiet.add(each.timing)
        found += short_intervals(each, week, default_zone)
    found += relation_findings(schedules, start, default_zone, needs or {}, most_dependents)
    return tuple(sorted(found, key=lambda each: (each.address or "", each.code, each.detail)))


def _of_timing(scheduled: Scheduled, start: datetime, default_zone: str | None) -> list[Diagnostic]:
    """Return what there is to say about when it fires, whatever it is."""
    return [
        *clock_changes(scheduled, start, default_zone),
        *never_fires(scheduled, start),
        *short_months(scheduled, start),
        *intervals_without_effect(scheduled),
    ]


def clock_changes(scheduled: Scheduled, start: datetime, default_zone: str | None = None) -> list[Diagnostic]:
    """Return one finding for each day of the next year on which runs are skipped or doubled by a change of the clock.

    For what runs more than once in a day it is a note: the runs around it make up for it.
    """
    timing = scheduled.timing
    if not isinstance(timing, Timed):
        return []
    zone = timing.clock.zone or default_zone
    if zone is None:
        return []
    found = []
    seams = _clock(zone, Horizon.days(start, YEAR_DAYS)).seams
    for seam in seams:
        around = Horizon(seam.at - abs(seam.after - seam.before), seam.at)
        at_risk = occurrences(timing, around, zone).at_risk
        across = [run for run in at_risk if run.local is not None and seam.local_from <= run.local < seam.local_to]
        if across:
            found.append(_clock_change(scheduled.address, timing, seam, across, zone, _safe_after(seam, seams)))
    return found


def never_fires(scheduled: Scheduled, start: datetime) -> list[Diagnostic]:
    """Return a finding when no day of the next year is one on which it fires. Triggers are not looked at here."""
    timing = scheduled.timing
    first = Horizon.days(start, 1).start // DAY
    if not isinstance(timing, Timed) or firing_days(timing, first, first + YEAR_DAYS):
        return []
    return [
        warning(
            scheduled.address,
            "never-fires",
            "A schedule that never fires",
            f"{scheduled.address} names no day on which it runs.",
            "give it days, or write `frequency: none`",
        )
    ]


def short_months(scheduled: Scheduled, start: datetime) -> list[Diagnostic]:
    """Return a finding that names the months of the next year which lack a day of a monthly schedule."""
    timing = scheduled.timing
    if not isinstance(timing, Monthly) or timing.on_last or not any(day > 28 for day in timing.days):
        return []
    skipped = [f"{month} (day {listed(days)})" for month, days in _lacking(timing, start)]
    if not skipped:
        return []
    return [
        warning(
            scheduled.address,
            "short-month",
            "Some months are too short",
            f"{scheduled.address} does not run in {listed(skipped)}: months without the day are skipped.",
            "`[last]` is the last day of every month",
        )
    ]


def intervals_without_effect(scheduled: Scheduled) -> list[Diagnostic]:
    """Return a finding when an interval never comes round. One of just a day is no surprise."""
    timing = scheduled.timing
    if not isinstance(timing, Every) or timing.minutes == MINUTES:
        return []
    slots = slots_of(timing)
    if len(slots.certain) + len(slots.at_risk) != 1:
        return []
    stop = "23:59" if timing.last_hour is None else f"{timing.last_hour}:00"
    interval = length_of(timing.minutes * 60)
    return [
        warning(
            scheduled.address,
            "interval-without-effect",
            "An interval that never comes round",
            f"{scheduled.address} begins anew at {timing.clock} each day, and queuing stops at {stop}: "
            f"an interval of {interval} never leads to a second run.",
            "choose a shorter interval, a later `last_hour`, or `frequency: daily`",
        )
    ]


def short_intervals(scheduled: Scheduled, horizon: Horizon, default_zone: str | None = None) -> list[Diagnostic]:
    """Return a finding when, within a horizon of a week, a run is due before the one before it has usually ended.

    Nothing is said of what waits for events, or of what nobody knows the duration of.
    """
    usual = scheduled.usual_seconds
    if usual is None:
        return []
    runs = occurrences(scheduled.timing, horizon, default_zone)
    # When a time that the clock skips is met, if at all, nobody knows: it may look close to what it is far from.
    at_risk = (run.candidates[0] for run in runs.at_risk if Reason.GAP not in run.reasons)
    close = [pair for pair in pairwise(sorted((*runs.certain, *at_risk))) if pair[1] - pair[0] < usual]
    if not close:
        return []
    shortest = min(after - before for before, after in close)
    return [
        warning(
            scheduled.address,
            "short-interval",
            "Runs are due before the one before has ended",
            f"{scheduled.address} is due again after {length_of(shortest)} but usually takes {length_of(usual)} "
            f"({len(close)} times a week, first at {instant_of(close[0][1])}). "
            "The platform cancels a run that is due while one is queued.",
            "choose a longer interval",
        )
    ]


def _clock(zone: str, horizon: Horizon) -> Clockwork:
    try:
        return clockwork(zone, horizon.start, horizon.end)
    except UnknownZone:
        return Clockwork(0, ())


def _safe_after(seam: Seam, seams: Sequence[Seam]) -> int:
    """Return the first time of day, in seconds, after those of a seam that none of the others skips or repeats either.

    What autumn repeats ends where spring begins to skip, in many zones.
    """
    safe = seam.local_to % DAY
    for _ in seams:
        safe = next((each.local_to % DAY for each in seams if _is_across(safe, each)), safe)
    return safe


def _is_across(second: int, seam: Seam) -> bool:
    return (second - seam.local_from) % DAY < seam.local_to - seam.local_from


def _clock_change(
    address: Address, timing: Timed, seam: Seam, across: list[AtRisk], zone: str, safe: int
) -> Diagnostic:
    local = [moment(run.local or 0) for run in across]
    times = listed([f"{each:%H:%M}" for each in local])
    candidates = " or ".join(instant_of(each) for each in across[0].candidates)
    what = "does not exist" if seam.is_gap else "comes twice"
    may = "it may be skipped, or run at" if seam.is_gap else "it may run at"
    both = "" if seam.is_gap else ", or at both"
    slots = slots_of(timing)
    is_repeated = len(slots.certain) + len(slots.at_risk) > 1
    return Diagnostic(
        code="dst-skipped" if seam.is_gap else "dst-doubled",
        summary="A run at a time that the clock skips" if seam.is_gap else "A run at a time that the clock repeats",
        detail=f"{address} is due at {times} on {date_of(local[0])}, which {what} that day in {zone}. "
        f"What the platform does then is not documented: {may} {candidates}{both}.",
        hint=""
        if is_repeated
        else f"{moment(seam.local_from):%H:%M} to {moment(seam.local_to):%H:%M} is not safe; "
        f'for example `time: "{moment(safe):%H:%M}"` is',
        address=str(address),
        severity=Severity.NOTE if is_repeated else Severity.WARNING,
    )


def _lacking(timing: Monthly, start: datetime) -> Iterator[tuple[str, list[str]]]:
    """Yield each of twelve months, from this one on, that lacks a day, with the days."""
    first = Horizon.days(start, 1).start // DAY
    year, month = day_of(first).year, day_of(first).month
    for ahead in range(12):
        at = year * 12 + month - 1 + ahead
        length = month_length(at // 12, at % 12 + 1)
        lacking = [str(day) for day in timing.days if day > length]
        if lacking:
            yield f"{at // 12}-{at % 12 + 1:02}", lacking
