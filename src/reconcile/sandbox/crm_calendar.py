"""When a stored schedule fires next, and what its time zone is called then.

Sources: crm_analytics.md 1.2 (arithmetic checked against captures, H). A local time that a DST change skips is moved
forward by `zoneinfo`; what the platform does there is not documented (section 9).
"""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from reconcile.sandbox.wire import Json

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Index = `date.weekday()`."""

WEEKS = ("first", "second", "third", "fourth", "last")

_HORIZON_DAYS = 8 * 366
"""A monthly schedule on February 29th is silent for up to eight years."""


def next_run(schedule: Json, now: datetime) -> datetime | None:
    """Return the first run after `now` in UTC; None for schedules without a time (event-driven, or time dropped)."""
    clock = schedule.get("time")
    if clock is None:
        return None
    zone = zone_of(clock["timeZone"])
    today = now.astimezone(zone).date()
    for day in _days(schedule, today):
        for moment in _times(schedule, clock):
            run = datetime.combine(day, moment, zone).astimezone(UTC)
            if run > now:
                return run
    return None


def zone_facts(zone_id: str, moment: datetime) -> tuple[float, str]:
    """Return the zone's offset in hours and its long name at that moment, e.g. (-8.0, "Pacific Standard Time")."""
    local = moment.astimezone(zone_of(zone_id))
    offset = (local.utcoffset() or timedelta()).total_seconds() / 3600
    short = local.tzname() or zone_id
    if short in _AMERICAN and not zone_id.startswith("America/"):
        return offset, zone_id
    return offset, _AMERICAN.get(short) or _ELSEWHERE.get(short) or zone_id


@lru_cache(maxsize=512)
def zone_of(zone_id: str) -> ZoneInfo:
    """Return the zone; a KeyError, ValueError or OSError when there is none of that id."""
    return ZoneInfo(zone_id)


def _days(schedule: Json, start: date) -> Iterator[date]:
    """Yield the local days on which the schedule fires, from `start` on."""
    fires = _DAY_RULES.get(schedule["frequency"], _in_week)
    for ahead in range(_HORIZON_DAYS):
        day = start + timedelta(days=ahead)
        if fires(schedule, day):
            yield day


def _in_week(schedule: Json, day: date) -> bool:
    """Without a list of days every day counts (hourly without daysOfWeek: L)."""
    days = schedule.get("daysOfWeek")
    return not days or DAYS[day.weekday()] in days


def _in_month(schedule: Json, day: date) -> bool:
    """Months that lack the day are skipped (crm_analytics.md 1.1, H); -1 is the last day."""
    days = schedule.get("daysOfMonth") or []
    return day.day in days or (-1 in days and day.day == _length(day))


def _relative(schedule: Json, day: date) -> bool:
    if DAYS[day.weekday()] != schedule.get("dayInWeek"):
        return False
    if schedule.get("weekInMonth") == "last":
        return day.day + 7 > _length(day)
    return (day.day - 1) // 7 == WEEKS.index(schedule.get("weekInMonth") or "first")


_DAY_RULES = {"monthly": _in_month, "monthlyrelative": _relative}


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _times(schedule: Json, clock: Json) -> Iterator[time]:
    """Yield the times of day, ascending.

    Queueing stops at `lastHour` o'clock (the reference's example: from 02:30, stops at 20:00), without it at 23:59
    (HELP, M). A last hour before the start is undocumented; it is taken as "none" here.
    """
    first = clock["hour"] * 60 + clock["minute"]
    step = schedule.get("hourlyInterval", 0) * 60 or schedule.get("minutelyInterval", 0)
    last_hour = schedule.get("lastHour")
    last = first if not step else 23 * 60 + 59 if last_hour is None or last_hour * 60 < first else last_hour * 60
    for minutes in range(first, last + 1, step or 1):
        yield time(minutes // 60, minutes % 60)


_AMERICAN = {
    "PST": "Pacific Standard Time",
    "PDT": "Pacific Daylight Time",
    "MST": "Mountain Standard Time",
    "MDT": "Mountain Daylight Time",
    "CST": "Central Standard Time",
    "CDT": "Central Daylight Time",
    "EST": "Eastern Standard Time",
    "EDT": "Eastern Daylight Time",
    "AKST": "Alaska Standard Time",
    "AKDT": "Alaska Daylight Time",
}
_ELSEWHERE = {
    "UTC": "Coordinated Universal Time",
    "GMT": "Greenwich Mean Time",
    "BST": "British Summer Time",
    "CET": "Central European Standard Time",
    "CEST": "Central European Summer Time",
    "EET": "Eastern European Standard Time",
    "EEST": "Eastern European Summer Time",
    "IST": "India Standard Time",
    "JST": "Japan Standard Time",
    "AEST": "Australian Eastern Standard Time",
    "AEDT": "Australian Eastern Daylight Time",
}
