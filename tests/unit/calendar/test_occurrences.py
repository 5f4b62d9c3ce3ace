"""When single schedules fire: the platform page's own examples, and everything it leaves open."""

from datetime import datetime

import pytest
from calendar_samples import LA, at, days, hourly, instant, minutely, utc

from reconcile.calendar.occurrences import AtRisk, Horizon, Runs, next_runs, occurrences
from reconcile.core.occurrence import Assumption, Reason, Silence
from reconcile.core.timing import (
    Clock,
    Daily,
    EventDriven,
    Every,
    Frequency,
    Monthly,
    MonthlyRelative,
    Timing,
    Unclear,
    Unscheduled,
    Weekday,
    Weekly,
    WeekOfMonth,
)


def local(timing: Timing, start: str, count: int) -> list[str]:
    """Return the wall times of certain runs."""
    return [f"{each.local:%m-%d %H:%M}" for each in occurrences(timing, days(start, count)).occurrences() if each.local]


# Platform page 1.2: arithmetic checked from captures.
CAPTURED: dict[str, Timing] = {
    "2021-02-28 08:15": Weekly(frozenset({Weekday.SUNDAY}), at("00:15", LA)),
    "2021-03-07 09:00": MonthlyRelative(WeekOfMonth.FIRST, Weekday.SUNDAY, at("01:00", LA)),
    "2021-03-01 22:30": Monthly((1, 2, 5), at("14:30", LA)),
    "2021-03-02 09:00": Every(
        Frequency.HOURLY, 24 * 60, at("01:00", LA), frozenset({Weekday.TUESDAY, Weekday.THURSDAY})
    ),
}


@pytest.mark.parametrize("expected", CAPTURED)
def test_the_next_run_is_the_one_that_the_platform_showed(expected: str) -> None:
    # Captured in the last days of February 2021; the Thursday before had its run behind it.
    (first, *_) = next_runs(CAPTURED[expected], utc("2021-02-26 00:00")).occurrences()
    assert first.at == utc(expected)
    assert first.is_certain


def test_the_references_hourly_example_stops_before_the_evening() -> None:
    runs = occurrences(hourly(3, "02:30", 20), days("2026-06-01 00:00", 1))
    assert [f"{each.at:%H:%M}" for each in runs.occurrences()] == [
        "02:30", "05:30", "08:30", "11:30", "14:30", "17:30",
    ]  # fmt: skip
    assert not runs.at_risk


def test_without_a_last_hour_an_interval_ends_with_the_day_and_begins_anew() -> None:
    timing = minutely(7 * 60, "01:30")
    assert local(timing, "2026-06-01 00:00", 2) == [
        "06-01 01:30", "06-01 08:30", "06-01 15:30", "06-01 22:30",
        "06-02 01:30", "06-02 08:30", "06-02 15:30", "06-02 22:30",
    ]  # fmt: skip


def test_a_run_at_the_very_last_hour_is_at_risk() -> None:
    runs = occurrences(hourly(6, "06:00", 18), days("2026-06-01 00:00", 1))
    assert [f"{each.at:%H:%M}" for each in runs.occurrences()] == ["06:00", "12:00", "18:00"]
    (doubted,) = runs.at_risk
    assert doubted.reasons == (Reason.LAST_HOUR,)
    assert doubted.candidates == (instant("2026-06-01 18:00"),)
    assert (runs.fewest, runs.count, runs.most) == (2, 3, 3)


def test_a_last_hour_before_the_start_puts_every_run_at_risk_also_after_midnight() -> None:
    runs = occurrences(hourly(2, "21:00", 3), days("2026-06-01 12:00", 1))
    assert not runs.certain
    assert [f"{each.at:%d %H:%M}" for each in runs.occurrences()] == ["01 21:00", "01 23:00", "02 01:00", "02 03:00"]
    assert [run.reasons for run in runs.at_risk] == [(Reason.WRAP,)] * 3 + [(Reason.WRAP, Reason.LAST_HOUR)]
    assert runs.fewest == 0


def test_the_last_hour_counts_by_its_full_hour() -> None:
    """08:30 with last hour 8: queuing stops at 08:00, before the start."""
    runs = occurrences(hourly(1, "08:30", 8), days("2026-06-01 00:00", 1))
    assert not runs.certain
    assert {run.reasons for run in runs.at_risk} == {(Reason.WRAP,)}


def test_an_interval_longer_than_a_day_is_at_risk_and_one_of_a_day_is_not() -> None:
    assert occurrences(hourly(24, "01:00"), days("2026-06-01 00:00", 3)).certain
    runs = occurrences(hourly(36, "01:00"), days("2026-06-01 00:00", 3))
    assert [run.reasons for run in runs.at_risk] == [(Reason.LONG_INTERVAL,)] * 3
    assert not runs.certain


def test_a_time_in_the_gap_shows_both_instants_and_the_time_that_does_not_exist() -> None:
    runs = occurrences(Daily(at("02:30", LA)), days("2026-03-07 08:00", 3))
    assert runs.certain == (instant("2026-03-07 10:30"), instant("2026-03-09 09:30"))
    _, doubted, _ = runs.occurrences()
    assert doubted.reasons == (Reason.GAP,)
    assert doubted.candidates == (utc("2026-03-08 09:30"), utc("2026-03-08 10:30"))
    assert doubted.at == doubted.candidates[0]
    assert doubted.local == datetime(2026, 3, 8, 2, 30)
    assert (runs.fewest, runs.count, runs.most) == (2, 3, 3)


def test_a_time_in_the_overlap_runs_once_or_twice() -> None:
    runs = occurrences(Daily(at("01:30", LA)), days("2026-11-01 00:00", 1))
    assert runs.at_risk == (
        AtRisk(
            (instant("2026-11-01 08:30"), instant("2026-11-01 09:30")), (Reason.OVERLAP,), instant("2026-11-01 01:30")
        ),
    )
    assert (runs.fewest, runs.count, runs.most) == (1, 1, 2)


@pytest.mark.parametrize(
    ("zone", "time", "start", "candidates"),
    [
        ("Australia/Lord_Howe", "02:15", "2026-10-03 12:00", ("2026-10-03 15:15", "2026-10-03 15:45")),
        ("Africa/Casablanca", "02:30", "2026-03-22 00:00", ("2026-03-22 01:30", "2026-03-22 02:30")),
        ("Pacific/Apia", "12:00", "2011-12-29 22:00", ("2011-12-29 22:00", "2011-12-30 22:00")),
    ],
)
def test_gaps_of_half_an_hour_of_ramadan_and_of_a_whole_day(
    zone: str, time: str, start: str, candidates: tuple[str, str]
) -> None:
    runs = occurrences(Daily(at(time, zone)), days(start, 1))
    (doubted,) = [run for run in runs.at_risk if run.reasons == (Reason.GAP,)]
    assert doubted.candidates == tuple(instant(each) for each in candidates)


def test_an_odd_offset_is_just_an_offset() -> None:
    runs = occurrences(Daily(at("00:00", "Asia/Kathmandu")), days("2026-06-01 00:00", 1))
    assert runs.certain == (instant("2026-06-01 18:15"),)


def test_months_without_the_day_are_skipped_and_the_last_day_never_is() -> None:
    year = days("2026-01-01 00:00", 365)
    assert [each.at.month for each in occurrences(Monthly((31,), at("00:00")), year).occurrences()] == [
        1, 3, 5, 7, 8, 10, 12,
    ]  # fmt: skip
    last = occurrences(Monthly((), at("00:00"), on_last=True), year).occurrences()
    assert [each.at.day for each in last] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


SUNDAYS = ("05-03", "05-10", "05-17", "05-24", "05-31")


@pytest.mark.parametrize(("week", "day"), [*zip(WeekOfMonth, SUNDAYS, strict=True)])
def test_weeks_of_the_month(week: WeekOfMonth, day: str) -> None:
    assert local(MonthlyRelative(week, Weekday.SUNDAY, at("00:00")), "2026-05-01 00:00", 31) == [f"{day} 00:00"]


@pytest.mark.parametrize(
    ("timing", "silence"),
    [
        (Unscheduled(), Silence.UNSCHEDULED),
        (Unclear("why"), Silence.UNCLEAR),
        (EventDriven("$X", ("$X",)), Silence.EVENT),
        (Daily(Clock(0)), Silence.NO_ZONE),
        (Daily(Clock(0, "Mars/Olympus")), Silence.UNKNOWN_ZONE),
        (Daily(Clock(0, "../etc/passwd")), Silence.UNKNOWN_ZONE),
    ],
)
def test_silence_has_a_reason(timing: Timing, silence: Silence) -> None:
    assert occurrences(timing, days("2026-06-01 00:00", 3)) == Runs(silence=silence)
    assert next_runs(timing, utc("2026-06-01 00:00")).silence is silence


def test_what_was_assumed_is_said() -> None:
    timing = Every(Frequency.HOURLY, 60, Clock(0))
    runs = occurrences(timing, days("2026-06-01 00:00", 1), "UTC")
    assert runs.count == 24
    assert runs.assumptions == (Assumption.EVERY_DAY, Assumption.READERS_ZONE)
    assert occurrences(hourly(1, "00:00"), days("2026-06-01 00:00", 1)).assumptions == ()


def test_a_schedule_without_any_day_never_fires() -> None:
    runs = next_runs(Weekly(frozenset(), at("00:00")), utc("2026-06-01 00:00"))
    assert runs.count == 0
    assert runs.silence is None


def test_the_horizon_holds_its_start_and_not_its_end() -> None:
    run = instant("2026-06-01 12:00")
    timing = Daily(at("12:00"))
    assert occurrences(timing, Horizon(run, run + 1)).certain == (run,)
    assert occurrences(timing, Horizon(run - 1, run)).certain == ()
    assert Horizon.days(datetime.fromisoformat("2026-06-01T12:00:00.000001+00:00"), 1).start == run + 1


def test_the_next_runs_may_be_far_ahead() -> None:
    found = next_runs(Monthly((31,), at("00:00")), utc("2026-05-31 00:01")).occurrences(3)
    assert [f"{each.at:%m-%d}" for each in found] == ["07-31", "08-31", "10-31"]
