"""On which local days a timing fires. Days are counted from 1970-01-01, which is day 0.

Sources: platform page "Salesforce CRM Analytics", section 1.1. Months that lack a day are skipped (its own help, H);
``[-1]`` is the last day (H); weeks of the month checked against captures (1.2, H).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import assert_never

from reconcile.core.timing import Daily, Every, Monthly, MonthlyRelative, Timed, Weekday, Weekly, WeekOfMonth

_FIRST = date(1970, 1, 1)
_WEEKS = (WeekOfMonth.FIRST, WeekOfMonth.SECOND, WeekOfMonth.THIRD, WeekOfMonth.FOURTH)


def firing_days(timing: Timed, first: int, last: int) -> tuple[int, ...]:
    """Return the days from ``first`` to ``last``, both included, on which it fires; sorted."""
    match timing:
        case Daily():
            return _every_day(first, last)
        case Every():
            weekdays = timing.weekdays
            return _every_day(first, last) if weekdays is None else _days_of_week(weekdays, first, last)
        case Weekly(weekdays):
            return _days_of_week(weekdays, first, last)
        case Monthly(days, _, on_last):
            return _days_of_month(days, on_last, first, last)
        case MonthlyRelative(week, weekday):
            return _days_of_weeks(week, weekday, first, last)
        case _:
            assert_never(timing)


def day_of(day: int) -> date:
    """Return the date of a day."""
    return _FIRST + timedelta(days=day)


def month_length(year: int, month: int) -> int:
    """Return how many days a month has; January is 1."""
    return monthrange(year, month)[1]


@lru_cache(maxsize=256)
def _every_day(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


@lru_cache(maxsize=2048)
def _days_of_week(weekdays: frozenset[Weekday], first: int, last: int) -> tuple[int, ...]:
    return tuple(day for day in range(first, last + 1) if (day + 3) % 7 in weekdays)


@lru_cache(maxsize=2048)
def _days_of_month(days: tuple[int, ...], on_last: bool, first: int, last: int) -> tuple[int, ...]:
    return tuple(
        day for day, number, length in _months(first, last) if number in days or (on_last and number == length)
    )


@lru_cache(maxsize=2048)
def _days_of_weeks(week: WeekOfMonth, weekday: Weekday, first: int, last: int) -> tuple[int, ...]:
    found = []
    for day, number, length in _months(first, last):
        is_last = number + 7 > length
        is_week = is_last if week is WeekOfMonth.LAST else (number - 1) // 7 == _WEEKS.index(week)
        if is_week and (day + 3) % 7 == weekday:
            found.append(day)
    return tuple(found)


@lru_cache(maxsize=256)
def _months(first: int, last: int) -> tuple[tuple[int, int, int], ...]:
    """Return each day with its number in the month, from 1, and the length of that month."""
    found = []
    for day in range(first, last + 1):
        at = day_of(day)
        found.append((day, at.day, month_length(at.year, at.month)))
    return tuple(found)
