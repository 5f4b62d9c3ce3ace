"""Findings about single schedules, and all findings together."""

import pytest
from calendar_samples import LA, NOON, at, days, hourly, minutely, recipe, utc

from reconcile.calendar.finding import length_of, listed
from reconcile.calendar.lint import (
    clock_changes,
    findings,
    intervals_without_effect,
    never_fires,
    short_intervals,
    short_months,
)
from reconcile.calendar.trigger import Scheduled
from reconcile.core.diagnostic import Severity
from reconcile.core.timing import Clock, Daily, EventDriven, Every, Frequency, Monthly, Timing, Unscheduled, Weekly


def scheduled(timing: Timing, seconds: float | None = None) -> Scheduled:
    return Scheduled(recipe("r"), timing, usual_seconds=seconds)


def test_a_skipped_run_is_named_with_its_date_and_both_instants() -> None:
    (found,) = clock_changes(scheduled(Daily(at("02:30", LA))), NOON)
    assert found.code == "dst-skipped"
    assert found.severity is Severity.WARNING
    assert found.address == "sales/schedule/recipe:r"
    assert "02:30 on Sunday 2027-03-14" in found.detail
    assert "2027-03-14 09:30 UTC or 2027-03-14 10:30 UTC" in found.detail
    assert 'time: "03:00"' in found.hint


def test_a_doubled_run_is_named() -> None:
    (found,) = clock_changes(scheduled(Daily(at("01:00", LA))), NOON)
    assert found.code == "dst-doubled"
    assert "01:00 on Sunday 2026-11-01" in found.detail
    assert "or at both" in found.detail


def test_all_times_of_an_interval_are_one_note() -> None:
    skipped, doubled = sorted(
        clock_changes(scheduled(minutely(30, "00:00", zone=LA)), NOON), key=lambda d: d.detail[::-1]
    )
    assert {skipped.severity, doubled.severity} == {Severity.NOTE}
    assert any("02:00 and 02:30" in each.detail for each in (skipped, doubled))


def test_an_interval_that_comes_once_a_day_has_nothing_around_it_that_makes_up_for_it() -> None:
    (found,) = clock_changes(scheduled(hourly(24, "02:30", zone=LA)), NOON)
    assert (found.code, found.severity) == ("dst-skipped", Severity.WARNING)


def test_nobody_is_told_to_begin_what_runs_all_day_at_another_time() -> None:
    assert {each.hint for each in clock_changes(scheduled(hourly(1, "00:00", zone=LA)), NOON)} == {""}


@pytest.mark.parametrize(
    ("time", "zone", "safe"),
    [
        ("01:30", LA, "03:00"),
        ("01:40", "Australia/Lord_Howe", "02:30"),
        ("02:30", "Europe/Berlin", "03:00"),
        ("23:30", "Asia/Beirut", "01:00"),
    ],
)
def test_the_time_that_is_said_to_be_safe_is_so_all_year(time: str, zone: str, safe: str) -> None:
    """In most zones what autumn repeats ends just where spring begins to skip."""
    found = clock_changes(scheduled(Daily(at(time, zone))), NOON)
    assert found
    assert all(f'time: "{safe}"' in each.hint for each in found)
    assert clock_changes(scheduled(Daily(at(safe, zone))), NOON) == []


@pytest.mark.parametrize(
    "timing",
    [Daily(at("03:00", LA)), Daily(at("02:30")), Daily(Clock(150)), Unscheduled(), Daily(Clock(150, "No/Zone"))],
)
def test_other_times_and_zones_are_safe(timing: Timing) -> None:
    assert clock_changes(scheduled(timing), NOON) == []


def test_a_change_of_the_clock_that_is_over_is_none() -> None:
    daily = scheduled(Daily(at("02:30", LA)))
    before, after = (clock_changes(daily, utc(f"2026-03-08 {time}")) for time in ("09:59", "10:00"))
    assert ["2026-03-08" in each.detail for each in before] == [True]
    # The next one, on 2027-03-14, is more than a year away.
    assert after == []


def test_only_days_on_which_it_fires_count() -> None:
    """The clock changes on Sundays; a monthly run on the 14th meets it only in a year in which that is one."""
    monthly = scheduled(Monthly((14,), at("02:30", LA)))
    assert [found.code for found in clock_changes(monthly, NOON)] == ["dst-skipped"]
    assert clock_changes(monthly, utc("2027-06-01 00:00")) == []


def test_a_schedule_without_days_never_fires() -> None:
    (found,) = never_fires(scheduled(Weekly(frozenset(), at("00:00"))), NOON)
    assert found.code == "never-fires"
    assert never_fires(scheduled(Monthly((31,), at("00:00"))), NOON) == []
    assert never_fires(scheduled(Unscheduled()), NOON) == []


def test_short_months_are_named() -> None:
    (found,) = short_months(scheduled(Monthly((1, 30, 31), at("00:00"))), NOON)
    assert "2027-02 (day 30 and 31)" in found.detail
    assert "2026-09 (day 31)" in found.detail
    assert "2026-06 (day 31)" in found.detail, "the next one that is skipped is this month's"
    assert "2027-06" not in found.detail, "a year is enough"
    assert short_months(scheduled(Monthly((28,), at("00:00"))), NOON) == []
    assert short_months(scheduled(Monthly((), at("00:00"), on_last=True)), NOON) == []


def test_day_29_is_missing_in_february_only_and_not_in_a_leap_year() -> None:
    timing = scheduled(Monthly((29,), at("00:00")))
    (found,) = short_months(timing, NOON)
    assert "does not run in 2027-02 (day 29):" in found.detail
    assert short_months(timing, utc("2027-06-01 00:00")) == []


@pytest.mark.parametrize(
    ("timing", "stop"),
    [(hourly(10, "16:40"), "23:59"), (hourly(3, "06:00", 8), "8:00"), (minutely(1500, "00:00"), "23:59")],
)
def test_an_interval_that_never_comes_round(timing: Every, stop: str) -> None:
    (found,) = intervals_without_effect(scheduled(timing))
    assert found.code == "interval-without-effect"
    assert f"queuing stops at {stop}" in found.detail


@pytest.mark.parametrize("timing", [hourly(24, "01:00"), hourly(3, "02:30", 20), Daily(at("01:00"))])
def test_an_interval_of_a_day_is_no_surprise(timing: Timing) -> None:
    assert intervals_without_effect(scheduled(timing)) == []


def test_an_interval_shorter_than_the_usual_duration() -> None:
    timing = minutely(30, "08:00", 17)
    week = days("2026-06-01 00:00", 7)
    (found,) = short_intervals(scheduled(timing, 2000), week)
    assert found.code == "short-interval"
    assert "after 30 min but usually takes 33 min" in found.detail
    assert short_intervals(scheduled(timing, 1800), week) == []
    assert short_intervals(scheduled(timing), week) == []
    assert short_intervals(scheduled(EventDriven("a", ("a",)), 2000), week) == []


def test_a_skipped_time_that_may_mean_another_run_is_no_short_interval() -> None:
    """In the week of 2026-03-08 the run of 02:00 may be at 01:00; nobody knows that two runs are close."""
    week = days("2026-03-07 12:00", 7)
    assert short_intervals(scheduled(hourly(1, "00:00", zone=LA), 300), week) == []
    (found,) = short_intervals(scheduled(hourly(1, "00:00", zone=LA), 4000), week)
    assert "due again after 60 min" in found.detail or "due again after 1 h" in found.detail


def test_all_findings_come_sorted_and_nothing_is_said_of_what_is_well() -> None:
    well = Scheduled(recipe("a"), Daily(at("04:00", LA)), frozenset(("a",)), 600)
    needs = {recipe("b"): (recipe("a"),)}
    assert findings([well, Scheduled(recipe("b"), Daily(at("05:00", LA)))], NOON, needs=needs) == ()
    found = findings(
        [
            Scheduled(recipe("z"), EventDriven("x", ("x",))),
            Scheduled(recipe("c"), EventDriven("a", ("a",))),
            Scheduled(recipe("b"), Monthly((14, 31), at("02:30", LA))),
            well,
        ],
        NOON,
        most_dependents=0,
    )
    assert [(each.address or "")[-1] + " " + each.code for each in found] == [
        "b dst-skipped", "b short-month", "c too-many-dependents", "z too-many-dependents", "z trigger-unknown",
    ]  # fmt: skip
    assert not any(each.is_error for each in found)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (60, "1 min"), (90, "90 s"), (4000, "67 min"), (3600, "1 h"), (9000, "2 h 30 min")],
)
def test_lengths(seconds: float, text: str) -> None:
    assert length_of(seconds) == text


def test_lists() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([str(n) for n in range(8)]) == "0, 1, 2, 3, 4 and 3 more"


def test_an_interval_without_days_is_looked_at_on_every_day() -> None:
    timing = Every(Frequency.HOURLY, 60, at("00:30", LA))
    assert [found.code for found in clock_changes(scheduled(timing), NOON)] == ["dst-doubled", "dst-skipped"]
