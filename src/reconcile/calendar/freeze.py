"""When freezes are in force: windows as instants, what holds at a moment, and when it is over.

A wall-clock time that a zone's clock shows twice (an overlap) begins a window the first time and ends one the second
time, so that no part of the hours that were meant is left out. One that the clock jumps over (a gap) means the jump.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import assert_never
from zoneinfo import ZoneInfo

from reconcile.calendar.zone import DAY, EPOCH, moment
from reconcile.core.freeze import Dates, Event, Freeze, Weekly, Window

# How far ahead the end of a freeze is looked for.
FURTHEST = 2 * 366 * DAY

_MIDNIGHT = time()
_WALL_EPOCH = EPOCH.replace(tzinfo=None)
# No zone is further from UTC, and none jumps further, than this.
_SLACK = timedelta(days=2)


def windows(freezes: Iterable[Freeze], start: int, end: int) -> tuple[Window, ...]:
    """Return the windows that have a part at or after ``start`` and before ``end``, uncut, in order of their beginning.

    ``start`` and ``end`` are seconds since 1970 UTC. Windows that overlap are kept apart.
    """
    found = [each for freeze in freezes for each in _windows(freeze, start, end)]
    inside = (each for each in found if each.start < end and each.end > start)
    return tuple(sorted(inside, key=lambda each: (each.start, each.end, each.reason)))


def active(freezes: Iterable[Freeze], at: datetime) -> Window | None:
    """Return the window that an aware ``datetime`` is in, the one that ends last of several; None outside all."""
    now = _floor(at)
    return max(windows(freezes, now, now + 1), key=lambda each: each.end, default=None)


def until_free(freezes: Iterable[Freeze], at: datetime) -> datetime | None:
    """Return when nothing freezes any more, in UTC: ``at`` itself outside all windows.

    Windows that overlap or follow each other at once are one. None when there is no such moment within two years.
    """
    now = _floor(at)
    free, latest = now, now + FURTHEST
    for each in windows(freezes, now, latest):
        if each.start > free:
            break
        free = max(free, each.end)
    if free >= latest:
        return None
    return moment(free) if free > now else at.astimezone(EPOCH.tzinfo)


def _windows(freeze: Freeze, start: int, end: int) -> Iterator[Window]:
    zone = ZoneInfo(freeze.zone)
    when = freeze.when
    match when:
        case Dates():
            spans: Iterable[tuple[int, int]] = (_dates(when, zone),)
            yield from _named(freeze, freeze.reason, spans)
        case Weekly():
            yield from _named(freeze, freeze.reason, _weekly(when, zone, start, end))
        case tuple():
            for event in when:
                reason = ": ".join(filter(None, (freeze.reason, event.summary)))
                yield from _named(freeze, reason, _event(event, event.zone or zone, start, end))
        case _:
            assert_never(when)


def _named(freeze: Freeze, reason: str, spans: Iterable[tuple[int, int]]) -> Iterator[Window]:
    # A window that lies in a gap altogether is none.
    return (Window(begin, end, reason, freeze.zone, freeze.source) for begin, end in spans if begin < end)


def _dates(dates: Dates, zone: tzinfo) -> tuple[int, int]:
    return _first(dates.start, zone), _last(dates.end, zone)


def _weekly(weekly: Weekly, zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int]]:
    overnight = weekly.end <= weekly.start
    day, last = (_wall(start, zone) - _SLACK).date(), (_wall(end, zone) + _SLACK).date()
    while day <= last:
        if day.weekday() in weekly.days:
            until = _at(day, weekly.end) + timedelta(days=overnight)
            yield _first(_at(day, weekly.start), zone), _last(until, zone)
        day += timedelta(days=1)


def _event(event: Event, zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int]]:
    length = timedelta(days=event.days, seconds=event.seconds)
    for wall in event.starts.between(_wall(start, zone) - length - _SLACK, _wall(end, zone) + _SLACK):
        # RFC 5545, 3.3.5: the first of two, and in a gap what the offset before it makes of it.
        yield _instant(wall, zone), _instant(wall + timedelta(days=event.days), zone) + event.seconds


def _at(day: date, minutes: int) -> datetime:
    return datetime.combine(day, _MIDNIGHT) + timedelta(minutes=minutes)


def _first(wall: datetime, zone: tzinfo) -> int:
    """Return the first instant at which the zone's clock shows ``wall``, or when it jumps over it."""
    earlier, later = _instant(wall, zone), _instant(wall, zone, fold=1)
    return earlier if earlier <= later else _jump(later, earlier, zone)


def _last(wall: datetime, zone: tzinfo) -> int:
    """Return the last instant at which the zone's clock shows ``wall``, or when it jumps over it."""
    earlier, later = _instant(wall, zone), _instant(wall, zone, fold=1)
    return later if earlier <= later else _jump(later, earlier, zone)


def _instant(wall: datetime, zone: tzinfo, *, fold: int = 0) -> int:
    """Return what a wall-clock time means with the offset before (``fold`` 0) or after the seam that it is at, if any.

    A time with an offset of its own means just one instant.
    """
    if wall.tzinfo is None:
        wall = wall.replace(tzinfo=zone, fold=fold)
    local = (wall.replace(tzinfo=None, fold=0) - _WALL_EPOCH) // timedelta(seconds=1)
    return local - _seconds(wall.utcoffset())


def _jump(low: int, high: int, zone: tzinfo) -> int:
    """Return the first second with the offset that holds at ``high`` and not at ``low``."""
    after = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(middle, zone) == after else (middle, high)
    return high


def _offset(instant: int, zone: tzinfo) -> int:
    return _seconds(moment(instant).astimezone(zone).utcoffset())


def _seconds(offset: timedelta | None) -> int:
    return round(offset.total_seconds()) if offset else 0


def _wall(instant: int, zone: tzinfo) -> datetime:
    return moment(instant).astimezone(zone).replace(tzinfo=None, fold=0)


def _floor(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)
