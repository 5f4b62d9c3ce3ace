"""How many runs begin in each hour of a week, on the clock of whoever looks at it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain

from reconcile.calendar.occurrences import Runs
from reconcile.calendar.zone import DAY, EPOCH, clockwork, seconds
from reconcile.core.outlook import Week

_HOUR = 3600


def week_of(runs: Iterable[Runs], start: datetime, zone: str, days: int = 7) -> Week:
    """Return how many of ``runs`` begin in each hour from ``start`` (aware) on, until the last of ``days`` days ends.

    Days and hours are those of the clock of ``zone``; the first day is that of ``start``. An hour that the clock shows
    twice counts the runs of both, one that it skips has none. A run at risk counts once, at its earliest instant.
    Raises ``UnknownZone``.
    """
    begin = seconds(start)
    # A day of 25 hours, and a zone that goes to the other side of the date line.
    end = begin + (days + 2) * DAY
    clock = clockwork(zone, begin, end)
    first = (begin + clock.offset) // DAY
    counts = [[0] * 24 for _ in range(days)]
    # Schedules share their minutes: each instant is looked at once, however many runs begin with it.
    found = Counter(chain.from_iterable(_within(each, begin, end) for each in runs))
    for part, offset in clock.by_offset(sorted(found)):
        for at in part:
            day, second = divmod(at + offset - first * DAY, DAY)
            if 0 <= day < days:
                counts[day][second // _HOUR] += found[at]
    return Week(zone, start, tuple(_day(first + day) for day in range(days)), tuple(map(tuple, counts)))


def _within(runs: Runs, begin: int, end: int) -> Iterator[int]:
    certain = runs.certain
    low = bisect_left(certain, begin)
    yield from certain[low : bisect_left(certain, end, low)]
    for run in runs.at_risk:
        if begin <= run.candidates[0] < end:
            yield run.candidates[0]


def _day(number: int) -> date:
    return (EPOCH + timedelta(days=number)).date()
