"""What a change does to runs, as people read it and as programs do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from reconcile.calendar.effect import effect_of
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
from reconcile.render.effect import effect_document, effect_line, effect_lines, shift_words

# A Monday, 02:00 UTC.
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
EVERY_DAY = frozenset(Weekday)
WEEKS = (WeekOfMonth.FOURTH, WeekOfMonth.LAST)


def at(time: str, zone: str | None = "UTC") -> Clock:
    return Clock(int(time[:2]) * 60 + int(time[3:]), zone)


def weekly(*days: Weekday) -> Weekly:
    return Weekly(frozenset(days), at("01:00"))


LINES: list[tuple[Timing, Timing, str]] = [
    (Unscheduled(), Daily(at("09:00")), "starts 31 runs a month, from Mon 2026-11-23 09:00 UTC"),
    (Daily(at("09:00")), Unscheduled(), "stops 31 runs a month, from Mon 2026-11-23 09:00 UTC"),
    (weekly(Weekday.FRIDAY), Unscheduled(), "stops 4 runs a month, from Fri 2026-11-27 01:00 UTC"),
    (Monthly((1,), at("00:00")), Unscheduled(), "stops 1 run a month, from Tue 2026-12-01 00:00 UTC"),
    (Daily(at("09:00")), Daily(at("09:45")), "31 runs in 31 days move by +45 min, from Mon 2026-11-23 09:00 UTC"),
    (
        Monthly((1,), at("02:00")),
        Monthly((1,), at("00:00")),
        "1 run in 31 days moves by -2 h, from Tue 2026-12-01 00:00 UTC",
    ),
    (
        weekly(Weekday.MONDAY),
        weekly(Weekday.MONDAY, Weekday.FRIDAY),
        "4 -> 8 runs in 31 days (4 gained), from Fri 2026-11-27 01:00 UTC",
    ),
    (
        Daily(at("02:15")),
        Every(Frequency.HOURLY, 180, at("02:30"), EVERY_DAY, 20),
        "31 -> 186 runs in 31 days (155 gained, 31 moved by +15 min), from Mon 2026-11-23 02:15 UTC",
    ),
    (Daily(at("01:00")), Daily(at("01:00")), "no run of the next 31 days changes"),
    (
        Every(Frequency.HOURLY, 60, at("00:00"), EVERY_DAY),
        Every(Frequency.HOURLY, 60, at("00:00"), EVERY_DAY, 23),
        "no run moves; at risk are 0 -> 31 of 744 runs in 31 days",
    ),
    (Unscheduled(), Unscheduled(), "no run, before or after"),
    (
        Monthly((5,), at("00:00")),
        Monthly((31,), at("00:00")),
        "1 -> 0 runs in 31 days (1 lost), from Sat 2026-12-05 00:00 UTC",
    ),
    (
        EventDriven("$X", ("$X",)),
        Daily(at("01:00")),
        "not known when it runs before: it waits for an event; 31 runs in 31 days after",
    ),
    (Unclear("?"), Unclear("?"), "not known when it runs: its schedule does not say when"),
    (
        Unscheduled(),
        Daily(at("01:00", None)),
        "not known when it runs after: nothing says in which time zone; 0 runs in 31 days before",
    ),
]


@pytest.mark.parametrize(("before", "after", "line"), LINES)
def test_an_effect_in_one_line(before: Timing, after: Timing, line: str) -> None:
    assert effect_line(effect_of(before, after, NOW), "UTC") == line


def test_a_change_that_is_felt_later() -> None:
    """Nothing of the next 31 days changes, and the line says what does."""
    later = datetime(2026, 1, 2, tzinfo=UTC)
    effect = effect_of(Monthly((31,), at("00:00")), Monthly((31,), at("00:00"), on_last=True), later)
    unchanged = "no run of the next 31 days changes; the first change is from"
    assert effect_line(effect, "UTC") == f"{unchanged} Tue 2026-03-31 00:00 to Sat 2026-02-28 00:00"
    november = datetime(2026, 11, 1, tzinfo=UTC)
    created = effect_of(Unscheduled(), Monthly((31,), at("09:00")), november)
    assert created.month.is_zero
    assert effect_line(created, "UTC") == f"{unchanged} none to Thu 2026-12-31 09:00"
    gone = effect_of(Monthly((31,), at("09:00")), Unscheduled(), november)
    assert effect_line(gone, "UTC") == f"{unchanged} Thu 2026-12-31 09:00 to none"


def test_what_changes_later_than_the_next_three_runs_is_not_denied() -> None:
    """From February to April 2027 the fourth Sunday is the last one; in May it is not."""
    fourth, last = (MonthlyRelative(week, Weekday.SUNDAY, at("00:00")) for week in WEEKS)
    effect = effect_of(fourth, last, datetime(2027, 2, 1, tzinfo=UTC))
    assert effect_line(effect, "UTC") == "no run of the next 31 days changes"


def test_times_are_the_readers_and_in_brackets_the_schedules_own() -> None:
    effect = effect_of(Unscheduled(), Daily(at("01:00", "America/Los_Angeles")), NOW)
    assert effect_line(effect, "Asia/Kathmandu") == "starts 31 runs a month, from Mon 2026-11-23 14:45 Asia/Kathmandu"
    assert effect_lines(effect, "Asia/Kathmandu") == [
        "next 7 days: 0 -> 7 runs (7 gained)",
        "next runs (Asia/Kathmandu; in brackets the schedule's own clock)",
        "  before  after",
        "  none    Mon 2026-11-23 14:45 (01:00)",
        "          Tue 2026-11-24 14:45 (01:00)",
        "          Wed 2026-11-25 14:45 (01:00)",
    ]


def test_runs_at_risk_are_said_to_be_with_the_reason() -> None:
    """02:30 does not exist in Los Angeles on 2027-03-14."""
    gap = datetime(2027, 3, 13, 12, tzinfo=UTC)
    effect = effect_of(Unscheduled(), Daily(at("02:30", "America/Los_Angeles")), gap)
    assert effect_line(effect, "UTC") == "starts 31 runs a month, from Sun 2027-03-14 09:30 UTC; 1 at risk"
    assert effect_lines(effect, "UTC")[-1].startswith("at risk: the clock skips this time")
    stopped = effect_of(Daily(at("02:30", "America/Los_Angeles")), Unscheduled(), gap)
    assert effect_line(stopped, "UTC").endswith("from Sun 2027-03-14 09:30 UTC (1 of them at risk)")
    (first, *_) = effect_document(effect)["next_after"]  # type: ignore[index]
    assert first == {
        "at": "2027-03-14T09:30:00Z",
        "local": "2027-03-14T02:30:00",
        "certain": False,
        "reasons": ["gap"],
        "candidates": ["2027-03-14T09:30:00Z", "2027-03-14T10:30:00Z"],
    }


def test_the_effect_of_the_contract() -> None:
    effect = effect_of(Daily(at("01:00")), weekly(Weekday.MONDAY), NOW)
    document = json.loads(json.dumps(effect_document(effect)))
    assert {key: document[key] for key in ("horizon_days", "runs_before", "runs_after", "first_changed")} == {
        "horizon_days": 31,
        "runs_before": 31,
        "runs_after": 4,
        "first_changed": "2026-11-24T01:00:00Z",
    }
    assert document["month"] == {"days": 31, "before": 31, "after": 4, "gained": 0, "lost": 27, "moved": 0, "kept": 4}
    assert document["week"]["lost"] == 6
    assert document["known"] is True
    assert [run["at"] for run in document["next_after"]] == [
        "2026-11-30T01:00:00Z",
        "2026-12-07T01:00:00Z",
        "2026-12-14T01:00:00Z",
    ]


def test_what_is_not_known_is_null_and_never_zero() -> None:
    document = effect_document(effect_of(EventDriven(None), Daily(at("01:00")), NOW))
    assert document is not None
    assert (document["runs_before"], document["runs_after"], document["month"]) == (None, None, None)
    assert (document["known"], document["silence_before"]) == (False, "event")
    assert effect_document(None) is None


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(45, "+45 min"), (-90, "-1 h 30 min"), (1440, "+1 day"), (-2880, "-2 days"), (1500, "+25 h"), (0.5, "+30 s")],
)
def test_shifts(minutes: float, words: str) -> None:
    assert shift_words(timedelta(minutes=minutes)) == words
