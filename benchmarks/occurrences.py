"""Figures of the calendar: CPU time of placing schedules, of effects and of lints, in one process.

Run: ``python benchmarks/occurrences.py [--schedules 10000]``. Prints Markdown for ``benchmarks/README.md``. No two
schedules are alike, so nothing is gained by remembering the answer to the same question.

Not named after the package it measures: a script's folder is searched first, and the standard library has a
``calendar``, too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import pairwise

from reconcile.calendar.day import _days_of_month, _days_of_week, _days_of_weeks, _every_day, _months
from reconcile.calendar.effect import effect_of
from reconcile.calendar.lint import findings
from reconcile.calendar.occurrences import Horizon, occurrences
from reconcile.calendar.slot import _repeated, _single
from reconcile.calendar.trigger import Scheduled
from reconcile.calendar.zone import clockwork
from reconcile.core.address import Address
from reconcile.core.timing import (
    Clock,
    Daily,
    Every,
    Frequency,
    Monthly,
    MonthlyRelative,
    Timed,
    Weekday,
    Weekly,
    WeekOfMonth,
)

# Two weeks before the clocks of America change: the horizon of 31 days holds a seam of most zones.
START = datetime(2026, 2, 22, tzinfo=UTC)
ZONES = ("America/Los_Angeles", "UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca")
WEEKDAYS = tuple(Weekday)
CACHES = (clockwork, _every_day, _days_of_week, _days_of_month, _days_of_weeks, _months, _repeated, _single)


def mixed(count: int) -> list[Timed]:
    """Return schedules as a large org may have them: a third daily, a quarter weekly, a quarter of intervals."""
    return [_one(n) for n in range(count)]


def _one(n: int) -> Timed:
    clock = Clock(n * 7 % 1440, ZONES[n % len(ZONES)])
    morning = Clock(n % 360, clock.zone)
    two = frozenset((WEEKDAYS[n % 7], WEEKDAYS[n // 7 % 7]))
    match n % 12:
        case 0 | 1:
            return Every(Frequency.HOURLY, 60 * (1 + n % 6), morning, None, 20)
        case 2:
            return Every(Frequency.MINUTELY, 15 * (1 + n % 4), morning, frozenset(WEEKDAYS[:5]), 22)
        case 3 | 4 | 5:
            return Weekly(two, clock)
        case 6:
            return Monthly((1 + n % 31, 31), clock)
        case 7:
            return MonthlyRelative(tuple(WeekOfMonth)[n % 5], WEEKDAYS[n % 7], clock)
        case _:
            return Daily(clock)


def daily(count: int) -> list[Timed]:
    """Return daily schedules."""
    return [Daily(Clock(n * 7 % 1440, ZONES[n % len(ZONES)])) for n in range(count)]


def hourly(count: int) -> list[Timed]:
    """Return schedules of every hour."""
    return [
        Every(Frequency.HOURLY, 60, Clock(n % 60, ZONES[n % len(ZONES)]), frozenset(WEEKDAYS)) for n in range(count)
    ]


def runs_of(timings: Iterable[Timed]) -> int:
    """Return how many runs the schedules come to in 31 days."""
    horizon = Horizon.days(START, 31)
    return sum(occurrences(timing, horizon).count for timing in timings)


def effects_of(timings: list[Timed]) -> int:
    """Return how many runs change when each schedule takes the place of the one before."""
    return sum(effect_of(before, after, START).month.lost for before, after in pairwise(timings))


def findings_of(timings: Iterable[Timed]) -> int:
    """Return how many findings there are about the schedules."""
    schedules = [Scheduled(Address("c", "schedule", f"recipe:{n}"), timing) for n, timing in enumerate(timings)]
    return len(findings(schedules, START))


def row(name: str, work: Callable[[], int], what: str, to_reach: str = "") -> str:
    """Return one row: the CPU time of work that begins with nothing remembered."""
    for cache in CACHES:
        cache.cache_clear()
    began = time.process_time()
    count = work()
    return f"| {name} | {time.process_time() - began:.2f} s | {count:,} {what} | {to_reach} |"


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    count = parser.parse_args().schedules
    print("| calendar | CPU | comes to | to reach |")
    print("|---|---|---|---|")
    print(row(f"31 days of {count:,} mixed schedules", lambda: runs_of(mixed(count)), "runs", "under 2 s"))
    print(row(f"31 days of {count:,} daily schedules", lambda: runs_of(daily(count)), "runs", "under 2 s"))
    print(row(f"31 days of {count:,} hourly schedules", lambda: runs_of(hourly(count)), "runs", "under 2 s"))
    print(row(f"effects of {count // 10:,} changes", lambda: effects_of(mixed(count // 10)), "runs lost"))
    print(row(f"lint of {count:,} mixed schedules", lambda: findings_of(mixed(count)), "findings"))


if __name__ == "__main__":
    main()
