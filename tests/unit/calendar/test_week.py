"""Runs counted by the hours of a week, against plain `zoneinfo`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from calendar_samples import LA, at, hourly, instant, minutely, utc

from reconcile.calendar.occurrences import AtRisk, Horizon, Runs, occurrences
from reconcile.calendar.week import week_of
from reconcile.calendar.zone import UnknownZone
from reconcile.core.occurrence import Reason
from reconcile.core.timing import Daily, Timing


def runs_of(timing: Timing, start: str, days: int = 9) -> Runs:
    return occurrences(timing, Horizon.days(utc(start), days))


def by_zoneinfo(runs: Runs, start: datetime, zone: str, days: int) -> Counter[tuple[date, int]]:
    """Return the same, one `datetime` a run."""
    first = start.astimezone(ZoneInfo(zone)).date()
    last = first + timedelta(days=days)
    walls = [datetime.fromtimestamp(each, ZoneInfo(zone)) for each in runs.instants if each >= start.timestamp()]
    return Counter((wall.date(), wall.hour) for wall in walls if wall.date() < last)


# Zones that change by an hour or by half of one, at midnight, in the month of fasting, over the date line, or never;
# each in a week in which it changes.
WEEKS = [
    ("UTC", "2026-06-01 00:00"),
    (LA, "2026-03-05 17:20"),
    (LA, "2026-10-29 17:20"),
    ("Australia/Lord_Howe", "2026-04-02 01:02"),
    ("Australia/Lord_Howe", "2026-10-01 23:59"),
    ("Africa/Casablanca", "2026-02-13 12:00"),
    ("Africa/Casablanca", "2026-03-20 12:00"),
    ("Asia/Kathmandu", "2026-06-01 18:15"),
    ("America/Santiago", "2026-09-04 12:00"),
    ("Pacific/Apia", "2011-12-28 12:00"),
]


@pytest.mark.parametrize(("zone", "start"), WEEKS)
def test_every_run_is_counted_in_the_hour_that_the_readers_clock_shows(zone: str, start: str) -> None:
    runs = runs_of(minutely(10, "00:05"), start)
    week = week_of([runs], utc(start), zone)
    expected = by_zoneinfo(runs, utc(start), zone, 7)
    found = {
        (day, hour): count
        for day, hours in zip(week.days, week.counts, strict=True)
        for hour, count in enumerate(hours)
        if count
    }
    assert found == dict(expected)
    assert [len(hours) for hours in week.counts] == [24] * 7
    assert (week.zone, week.start, week.total) == (zone, utc(start), sum(expected.values()))


def test_an_hour_that_comes_twice_counts_both_and_a_skipped_one_has_none() -> None:
    every_hour = hourly(1, "00:00")
    spring = week_of([runs_of(every_hour, "2026-03-08 00:00")], utc("2026-03-08 08:00"), LA)
    assert spring.counts[0] == (1, 1, 0, *[1] * 21)
    autumn = week_of([runs_of(every_hour, "2026-11-01 00:00")], utc("2026-11-01 07:00"), LA)
    assert autumn.counts[0] == (1, 2, *[1] * 22)
    assert (spring.total, autumn.total) == (7 * 24 - 1, 7 * 24 + 1)


def test_what_was_before_the_start_is_not_counted_and_the_last_day_is_whole() -> None:
    week = week_of([runs_of(hourly(1, "00:30"), "2026-06-01 00:00")], utc("2026-06-01 22:30"), "UTC", days=2)
    assert week.days == (date(2026, 6, 1), date(2026, 6, 2))
    assert week.counts == ((*[0] * 22, 1, 1), (1,) * 24)
    late = week_of([runs_of(hourly(1, "00:30"), "2026-06-01 00:00")], utc("2026-06-01 22:30:00.5"), "UTC", days=1)
    assert late.total == 1


def test_a_run_at_risk_counts_once_at_its_earliest_instant() -> None:
    early, late = instant("2026-06-01 05:59"), instant("2026-06-01 06:59")
    before = instant("2026-05-31 23:59")
    risky = Runs(at_risk=(AtRisk((before, early), (Reason.GAP,)), AtRisk((early, late), (Reason.OVERLAP,))))
    week = week_of([risky], utc("2026-06-01 00:00"), "UTC")
    assert week.total == 1
    assert week.counts[0][5] == 1


def test_schedules_add_up_and_the_busiest_hour_is_known() -> None:
    daily = runs_of(Daily(at("02:15")), "2026-06-01 00:00")
    other = runs_of(Daily(at("02:45")), "2026-06-01 00:00")
    week = week_of([daily, other, Runs()], utc("2026-06-01 00:00"), "UTC")
    assert (week.total, week.most) == (14, 2)
    assert week.counts[6][2] == 2


def test_the_first_day_is_that_of_the_readers_clock() -> None:
    week = week_of([], datetime(2026, 6, 1, 3, tzinfo=UTC), LA)
    assert week.days[0] == date(2026, 5, 31)
    assert week.total == 0


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(UnknownZone):
        week_of([], utc("2026-06-01 00:00"), "Europe/Nowhere")
