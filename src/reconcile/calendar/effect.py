"""What a change of a schedule does to its runs: gained, lost and moved ones, and when it is first felt.

The words, so that two people count alike:

- A run that both schedules have at the same instant is *kept*.
- Of the others, those of the same day, week or month are paired, and each pair is one *moved* run. The span is the
  shorter of the two schedules' own ones: a day for what runs daily or more often (and for what waits for events), a
  week for weekly ones, a month for monthly ones. Days are those of each schedule's own zone, so a daily run that keeps
  its time of day but changes its zone is moved, not lost; weeks begin on Monday. Runs are paired in order of time; when
  there are more on one side, each of the fewer takes the nearest that is left.
- What has no partner is *lost* or *gained*. So ``after == before - lost + gained`` always holds.

Counts are of the horizon alone, from the instant of asking: where a daily run moves from a time that has passed today
to one that has not, today's is gained, and the last one of the horizon is lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from reconcile.calendar.day import day_of
from reconcile.calendar.occurrences import Horizon, Runs, next_runs, occurrences
from reconcile.calendar.zone import DAY, clockwork, moment
from reconcile.core.effect import Effect, Tally
from reconcile.core.occurrence import Occurrence
from reconcile.core.timing import Frequency, Timing

WEEK_DAYS = 7
MONTH_DAYS = 31


class Span(IntEnum):
    """Within what a run is still the same run at another time; the numbers only order them."""

    DAY = 1
    WEEK = 2
    MONTH = 3


def effect_of(before: Timing, after: Timing, start: datetime, default_zone: str | None = None) -> Effect:
    """Return what it does that ``after`` takes the place of ``before`` at ``start`` (aware).

    A deletion ends in ``Unscheduled()``, a creation begins with it. What waits for events is not known here: place
    both with ``trigger.agenda`` and use ``effect_of_runs``.
    """
    horizon = Horizon.days(start, MONTH_DAYS)
    ahead = [next_runs(timing, start, 3, default_zone) for timing in (before, after)]
    return effect_of_runs(
        occurrences(before, horizon, default_zone),
        occurrences(after, horizon, default_zone),
        horizon,
        min(span_of(before), span_of(after)),
        (ahead[0].occurrences(3), ahead[1].occurrences(3)),
    )


def effect_of_runs(
    before: Runs,
    after: Runs,
    horizon: Horizon,
    span: Span = Span.DAY,
    ahead: tuple[tuple[Occurrence, ...], tuple[Occurrence, ...]] | None = None,
) -> Effect:
    """Return the difference between two sets of runs over the same horizon of 31 days.

    ``ahead`` holds the next runs of both, where the horizon may be too short to hold three.
    """
    week = Horizon(horizon.start, horizon.start + WEEK_DAYS * DAY)
    lost, gained = _differences(before, after)
    moves = _moves(lost, gained, before.zone, after.zone, span, horizon)
    shifts = {to - from_ for from_, to in moves}
    return Effect(
        week=_tally(WEEK_DAYS, before.within(week), after.within(week), span, week),
        month=_tally(MONTH_DAYS, before, after, span, horizon),
        first_changed=moment(min((*lost[:1], *gained[:1]))) if lost or gained else None,
        next_before=ahead[0] if ahead else before.occurrences(3),
        next_after=ahead[1] if ahead else after.occurrences(3),
        shift=timedelta(seconds=shifts.pop()) if len(shifts) == 1 else None,
        at_risk_before=len(before.at_risk),
        at_risk_after=len(after.at_risk),
        silence_before=before.silence,
        silence_after=after.silence,
    )


def span_of(timing: Timing) -> Span:
    """Return within what a run of this timing is still the same run."""
    match timing.frequency:
        case Frequency.WEEKLY:
            return Span.WEEK
        case Frequency.MONTHLY | Frequency.MONTHLY_RELATIVE:
            return Span.MONTH
        case _:
            return Span.DAY


def _tally(days: int, before: Runs, after: Runs, span: Span, horizon: Horizon) -> Tally:
    lost, gained = _differences(before, after)
    moved = len(_moves(lost, gained, before.zone, after.zone, span, horizon))
    kept = before.count - len(lost)
    return Tally(days, before.count, after.count, len(gained) - moved, len(lost) - moved, moved, kept)


def _differences(before: Runs, after: Runs) -> tuple[list[int], list[int]]:
    """Return the instants that only ``before`` has and those that only ``after`` has, both sorted.

    One that a side has twice counts twice: its clock skips a time, and what that may mean is another run's, too.
    """
    old, new = before.instants, after.instants
    return _left(old, new), _left(new, old)


def _left(instants: Sequence[int], taken: Sequence[int]) -> list[int]:
    """Return what is left of the sorted instants without one for each of those taken."""
    if len(set(instants)) < len(instants):
        return sorted((Counter(instants) - Counter(taken)).elements())
    gone = set(taken)
    return [at for at in instants if at not in gone]


def _moves(
    lost: Sequence[int],
    gained: Sequence[int],
    zone_before: str | None,
    zone_after: str | None,
    span: Span,
    horizon: Horizon,
) -> list[tuple[int, int]]:
    """Return the pairs (from, to) of moved runs."""
    if not lost or not gained:
        return []
    old = _by_span(lost, zone_before, span, horizon)
    new = _by_span(gained, zone_after, span, horizon)
    return [pair for label in sorted(old.keys() & new.keys()) for pair in _paired(old[label], new[label])]


def _by_span(instants: Sequence[int], zone: str | None, span: Span, horizon: Horizon) -> dict[int, list[int]]:
    clock = clockwork(zone or "UTC", horizon.start, horizon.end)
    found: dict[int, list[int]] = {}
    for part, offset in clock.by_offset(instants):
        for at in part:
            found.setdefault(_label((at + offset) // DAY, span), []).append(at)
    return found


def _label(day: int, span: Span) -> int:
    match span:
        case Span.DAY:
            return day
        case Span.WEEK:
            return (day + 3) // 7
        case Span.MONTH:
            date = day_of(day)
            return date.year * 12 + date.month


def _paired(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs in order of time; each of the fewer takes the nearest of the others that leaves one for the rest."""
    if len(old) > len(new):
        return [(from_, to) for to, from_ in _paired(new, old)]
    found = []
    begin = 0
    for place, at in enumerate(old):
        end = len(new) - (len(old) - place - 1)
        nearest = min(max(bisect_left(new, at, begin, end), begin), end - 1)
        if nearest > begin and at - new[nearest - 1] <= abs(new[nearest] - at):
            nearest -= 1
        found.append((at, new[nearest]))
        begin = nearest + 1
    return found
