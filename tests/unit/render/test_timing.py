"""When something fires, in words."""

from __future__ import annotations

import pytest

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
from reconcile.render.timing import (
    assumption_words,
    interval_words,
    reason_words,
    silence_words,
    timing_words,
    weekday_words,
)

LA = "America/Los_Angeles"
WORKDAYS = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}
NIGHT = Clock(0, "UTC")


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        (
            Every(Frequency.HOURLY, 180, Clock(150, LA), WORKDAYS, 20),
            "every 3 h from 02:30 until 20:00, Mon-Fri, America/Los_Angeles",
        ),
        (Every(Frequency.MINUTELY, 30, Clock(360)), "every 30 min from 06:00"),
        (Every(Frequency.MINUTELY, 30, NIGHT, frozenset(Weekday)), "every 30 min from 00:00, every day, UTC"),
        (Every(Frequency.MINUTELY, 30, NIGHT, frozenset(), 0), "every 30 min from 00:00 until 00:00, on no day, UTC"),
        (Every(Frequency.HOURLY, 1440, Clock(60, LA)), "every 24 h from 01:00, America/Los_Angeles"),
        (Daily(Clock(150, LA)), "daily at 02:30, America/Los_Angeles"),
        (Daily(Clock(1439)), "daily at 23:59"),
        (Weekly(frozenset({Weekday.SUNDAY, Weekday.MONDAY}), NIGHT), "weekly on Mon, Sun at 00:00, UTC"),
        (Weekly(WORKDAYS, NIGHT), "weekly on Mon-Fri at 00:00, UTC"),
        (Weekly(frozenset(), NIGHT), "weekly on no day at 00:00, UTC"),
        (Monthly((1, 15), NIGHT, on_last=True), "monthly on days 1, 15 and last at 00:00, UTC"),
        (Monthly((1, 15), NIGHT), "monthly on days 1, 15 at 00:00, UTC"),
        (Monthly((31,), NIGHT), "monthly on day 31 at 00:00, UTC"),
        (Monthly((), NIGHT, on_last=True), "monthly on the last day at 00:00, UTC"),
        (MonthlyRelative(WeekOfMonth.LAST, Weekday.SUNDAY, NIGHT), "monthly on the last Sunday at 00:00, UTC"),
        (EventDriven("recipe:05v1", ("recipe:05v1",)), "after recipe:05v1"),
        (EventDriven("a AND b", ("data_sync:SFDC_LOCAL", "recipe:1")), "after data_sync:SFDC_LOCAL and recipe:1"),
        (EventDriven("odd\x1b[31m rule"), "after odd\\x1b[31m rule"),
        (EventDriven(None), "after an event that the platform does not show"),
        (Unscheduled(), "not scheduled"),
        (Unclear("it has no time of day"), "unclear: it has no time of day"),
    ],
)
def test_every_timing_has_words(timing: Timing, words: str) -> None:
    assert timing_words(timing) == words


def test_every_frequency_is_among_them() -> None:
    mark = next(each for each in test_every_timing_has_words.pytestmark if each.name == "parametrize")  # type: ignore[attr-defined]
    assert {timing.frequency for timing, _ in mark.args[1]} == set(Frequency)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("", ""),
        ("0", "Mon"),
        ("01", "Mon, Tue"),
        ("012", "Mon-Wed"),
        ("01256", "Mon-Wed, Sat, Sun"),
        ("0246", "Mon, Wed, Fri, Sun"),
        ("0123456", "every day"),
    ],
)
def test_days_in_a_row_are_a_span(days: str, words: str) -> None:
    assert weekday_words(Weekday(int(each)) for each in days) == words


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (30, "30 min"), (60, "1 h"), (90, "1 h 30 min"), (2880, "48 h")]
)
def test_intervals_are_as_short_as_they_can_be_said(minutes: int, words: str) -> None:
    assert interval_words(minutes) == words


def test_each_doubt_has_words_of_its_own() -> None:
    for words in ([*map(reason_words, Reason)], [*map(silence_words, Silence)], [*map(assumption_words, Assumption)]):
        assert len(set(words)) == len(words)
        assert all(words)
