"""Next runs, against the captured facts of crm_analytics.md 1.2 and by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.sandbox.clock import iso
from reconcile.sandbox.crm_calendar import DAYS, next_run, zone_facts
from reconcile.sandbox.crm_render import quartz_cron

LA = "America/Los_Angeles"
NOW = datetime(2021, 2, 25, 12, 0, tzinfo=UTC)


def at(hour: int, minute: int, zone: str = LA) -> dict[str, object]:
    return {"hour": hour, "minute": minute, "timeZone": zone}


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"frequency": "weekly", "daysOfWeek": ["sunday"], "time": at(0, 15)}, "2021-02-28T08:15:00.000Z"),
        (
            {"frequency": "monthlyrelative", "weekInMonth": "first", "dayInWeek": "sunday", "time": at(1, 0)},
            "2021-03-07T09:00:00.000Z",
        ),
        ({"frequency": "monthly", "daysOfMonth": [1, 2, 5], "time": at(14, 30)}, "2021-03-01T22:30:00.000Z"),
        (
            {"frequency": "hourly", "hourlyInterval": 24, "daysOfWeek": ["thursday", "tuesday"], "time": at(1, 0)},
            "2021-03-02T09:00:00.000Z",
        ),
        ({"frequency": "daily", "time": at(11, 59, "UTC")}, "2021-02-26T11:59:00.000Z"),
        ({"frequency": "daily", "time": at(12, 0, "UTC")}, "2021-02-26T12:00:00.000Z"),
        ({"frequency": "monthly", "daysOfMonth": [-1], "time": at(0, 0, "UTC")}, "2021-02-28T00:00:00.000Z"),
        ({"frequency": "monthly", "daysOfMonth": [31], "time": at(0, 0, "UTC")}, "2021-03-31T00:00:00.000Z"),
        ({"frequency": "monthly", "daysOfMonth": [29], "time": at(0, 0, "UTC")}, "2021-03-29T00:00:00.000Z"),
        (
            {"frequency": "monthlyrelative", "weekInMonth": "last", "dayInWeek": "sunday", "time": at(0, 0, "UTC")},
            "2021-02-28T00:00:00.000Z",
        ),
        (
            {"frequency": "monthlyrelative", "weekInMonth": "third", "dayInWeek": "monday", "time": at(0, 0, "UTC")},
            "2021-03-15T00:00:00.000Z",
        ),
        (
            {"frequency": "hourly", "hourlyInterval": 3, "lastHour": 20, "time": at(2, 30, "UTC")},
            "2021-02-25T14:30:00.000Z",
        ),
        (
            {"frequency": "hourly", "hourlyInterval": 3, "lastHour": 12, "time": at(2, 30, "UTC")},
            "2021-02-26T02:30:00.000Z",
        ),
        (
            {"frequency": "minutely", "minutelyInterval": 30, "lastHour": 13, "time": at(8, 0, "UTC")},
            "2021-02-25T12:30:00.000Z",
        ),
    ],
)
def test_next_run(schedule: dict[str, object], expected: str) -> None:
    run = next_run(schedule, NOW)
    assert run is not None
    assert iso(run) == expected


@pytest.mark.parametrize(("day", "expected"), [("2021-02-15", "2021-02-28"), ("2021-03-20", "2021-03-28")])
def test_the_last_sunday_is_not_the_one_before(day: str, expected: str) -> None:
    schedule = {"frequency": "monthlyrelative", "weekInMonth": "last", "dayInWeek": "sunday", "time": at(0, 0, "UTC")}
    run = next_run(schedule, datetime.fromisoformat(day).replace(tzinfo=UTC))
    assert run is not None
    assert run.date().isoformat() == expected


def test_an_event_schedule_has_no_next_run() -> None:
    assert next_run({"frequency": "eventdriven", "triggerRule": "x"}, NOW) is None


def test_a_skipped_local_time_is_moved_not_lost() -> None:
    """02:30 does not exist in Los Angeles on 2021-03-14."""
    schedule = {"frequency": "weekly", "daysOfWeek": ["sunday"], "time": at(2, 30)}
    run = next_run(schedule, datetime(2021, 3, 13, tzinfo=UTC))
    assert run == datetime(2021, 3, 14, 10, 30, tzinfo=UTC)


def test_the_zone_is_named_for_the_next_run() -> None:
    assert zone_facts(LA, datetime(2021, 1, 1, tzinfo=UTC)) == (-8.0, "Pacific Standard Time")
    assert zone_facts(LA, datetime(2021, 7, 1, tzinfo=UTC)) == (-7.0, "Pacific Daylight Time")
    assert zone_facts("Asia/Kolkata", NOW) == (5.5, "India Standard Time")
    assert zone_facts("Asia/Shanghai", NOW) == (8.0, "Asia/Shanghai"), "its CST is not the American one"


@given(
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.integers(0, 23),
    st.integers(0, 59),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
)
def test_a_weekly_run_is_in_the_coming_week_on_a_chosen_day(
    days: set[str], hour: int, minute: int, naive: datetime
) -> None:
    now = naive.replace(tzinfo=UTC)
    run = next_run({"frequency": "weekly", "daysOfWeek": sorted(days), "time": at(hour, minute, "UTC")}, now)
    assert run is not None
    assert now < run <= now + timedelta(days=7)
    assert (DAYS[run.weekday()] in days, run.hour, run.minute) == (True, hour, minute)


@pytest.mark.parametrize(
    ("schedule", "cron"),
    [
        ({"frequency": "weekly", "daysOfWeek": ["monday", "thursday"], "time": at(0, 0)}, "0 0 0 ? * 2,5"),
        ({"frequency": "daily", "time": at(4, 5)}, "0 5 4 ? * *"),
        ({"frequency": "monthly", "daysOfMonth": [1, 15], "time": at(4, 5)}, "0 5 4 1,15 * ?"),
        ({"frequency": "monthly", "daysOfMonth": [-1], "time": at(4, 5)}, "0 5 4 L * ?"),
        (
            {"frequency": "monthlyrelative", "weekInMonth": "last", "dayInWeek": "sunday", "time": at(4, 5)},
            "0 5 4 ? * 1L",
        ),
        (
            {"frequency": "monthlyrelative", "weekInMonth": "second", "dayInWeek": "monday", "time": at(4, 5)},
            "0 5 4 ? * 2#2",
        ),
        (
            {"frequency": "hourly", "hourlyInterval": 3, "lastHour": 20, "daysOfWeek": ["sunday"], "time": at(2, 30)},
            "0 30 2-20/3 ? * 1",
        ),
        ({"frequency": "minutely", "minutelyInterval": 30, "time": at(8, 0)}, "0 0/30 8-23 ? * *"),
        ({"frequency": "eventdriven", "triggerRule": "x"}, None),
    ],
)
def test_cron(schedule: dict[str, object], cron: str | None) -> None:
    assert quartz_cron(schedule) == cron
