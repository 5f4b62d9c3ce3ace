"""Freezes as instants: every expected one is computed by hand from the zone's rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconcile.calendar.freeze import active, until_free, windows
from reconcile.core.freeze import Dates, Event, Freeze, Once, Weekly

MONDAY, SATURDAY, SUNDAY = 0, 5, 6
ALWAYS = Freeze("for ever", Weekly(frozenset(range(7))))


def at(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(freeze: Freeze, start: str, end: str) -> list[tuple[str, str]]:
    """Return the windows between two moments, as UTC."""
    found = windows((freeze,), int(at(start).timestamp()), int(at(end).timestamp()))
    return [tuple(f"{datetime.fromtimestamp(each, UTC):%m-%d %H:%M}" for each in (w.start, w.end)) for w in found]  # type: ignore[misc]


def weekly(day: int, start: str, until: str, zone: str) -> Freeze:
    minutes = [int(text[:2]) * 60 + int(text[3:]) for text in (start, until)]
    return Freeze("weekly", Weekly(frozenset({day}), *minutes), zone)


# Berlin: 02:00 to 03:00 is left out on Sunday 2027-03-28 (at 01:00Z), 02:00 to 03:00 comes twice on Sunday 2027-10-31.
@pytest.mark.parametrize(
    ("start", "until", "spring", "autumn"),
    [
        ("00:00", "24:00", [("03-27 23:00", "03-28 22:00")], [("10-30 22:00", "10-31 23:00")]),
        ("02:30", "05:00", [("03-28 01:00", "03-28 03:00")], [("10-31 00:30", "10-31 04:00")]),
        ("01:00", "02:30", [("03-28 00:00", "03-28 01:00")], [("10-30 23:00", "10-31 01:30")]),
        ("02:10", "02:20", [], [("10-31 00:10", "10-31 01:20")]),
        ("04:00", "05:00", [("03-28 02:00", "03-28 03:00")], [("10-31 03:00", "10-31 04:00")]),
        ("22:00", "06:00", [("03-28 20:00", "03-29 04:00")], [("10-31 21:00", "11-01 05:00")]),
    ],
)
def test_weekly_hours_over_a_change_of_the_clock(
    start: str, until: str, spring: list[tuple[str, str]], autumn: list[tuple[str, str]]
) -> None:
    freeze = weekly(SUNDAY, start, until, "Europe/Berlin")
    assert hours(freeze, "2027-03-27T12:00", "2027-03-30") == spring
    assert hours(freeze, "2027-10-30T12:00", "2027-11-02") == autumn


@pytest.mark.parametrize(
    ("freeze", "start", "end", "expected"),
    [
        # The night in which the clock goes from 02:00 to 03:00 has seven hours from 22:00 to 06:00.
        (
            weekly(SATURDAY, "22:00", "06:00", "Europe/Berlin"),
            "2027-03-27",
            "2027-03-29",
            ("03-27 21:00", "03-28 04:00"),
        ),
        # Lord Howe turns back by half an hour, at 02:00 to 01:30 (15:00Z): 01:45 comes twice.
        (
            weekly(SUNDAY, "01:00", "01:45", "Australia/Lord_Howe"),
            "2027-04-03",
            "2027-04-04",
            ("04-03 14:00", "04-03 15:15"),
        ),
        # Santiago has no 00:00 on 2026-09-06: the clock jumps to 01:00, at 04:00Z.
        (
            weekly(SUNDAY, "00:00", "24:00", "America/Santiago"),
            "2026-09-06",
            "2026-09-08",
            ("09-06 04:00", "09-07 03:00"),
        ),
        (
            weekly(SATURDAY, "00:00", "24:00", "America/Santiago"),
            "2026-09-05",
            "2026-09-07",
            ("09-05 04:00", "09-06 04:00"),
        ),
        (
            weekly(MONDAY, "09:00", "17:30", "Asia/Kathmandu"),
            "2026-11-23",
            "2026-11-25",
            ("11-23 03:15", "11-23 11:45"),
        ),
    ],
)
def test_hours_in_other_zones(freeze: Freeze, start: str, end: str, expected: tuple[str, str]) -> None:
    assert hours(freeze, start, end) == [expected]


def test_dates_are_times_of_the_zone_unless_they_have_an_offset() -> None:
    plain = Dates(datetime(2026, 12, 20), datetime(2027, 1, 3))
    assert hours(Freeze("x", plain, "Europe/Paris"), "2026-12-01", "2027-02-01") == [("12-19 23:00", "01-02 23:00")]
    assert hours(Freeze("x", plain), "2026-12-01", "2027-02-01") == [("12-20 00:00", "01-03 00:00")]
    own = Dates(datetime.fromisoformat("2026-12-20T06:00+02:00"), datetime(2027, 1, 3))
    assert hours(Freeze("x", own, "Europe/Paris"), "2026-12-01", "2027-02-01") == [("12-20 04:00", "01-02 23:00")]


def test_dates_that_meet_a_change_of_the_clock() -> None:
    both = Dates(datetime(2027, 3, 28, 2, 30), datetime(2027, 10, 31, 2, 30))
    assert hours(Freeze("x", both, "Europe/Berlin"), "2027-01-01", "2028-01-01") == [("03-28 01:00", "10-31 01:30")]


def test_windows_are_whole_sorted_and_apart() -> None:
    """One that is under way is told from its own beginning; the same hours of two freezes are two windows."""
    wide = Freeze("wide", Dates(datetime(2026, 12, 1), datetime(2026, 12, 31)))
    narrow = Freeze("narrow", Dates(datetime(2026, 12, 10), datetime(2026, 12, 11)))
    start, end = (int(at(text).timestamp()) for text in ("2026-12-10T12:00", "2026-12-10T13:00"))
    assert [each.reason for each in windows((narrow, wide), start, end)] == ["wide", "narrow"]
    ends = int(at("2026-12-11").timestamp())
    assert [each.reason for each in windows((narrow, wide), ends, ends + 1)] == ["wide"]
    begins = int(at("2026-12-10").timestamp())
    assert [each.reason for each in windows((narrow,), begins - 1, begins)] == []


def test_a_long_event_is_found_from_its_end() -> None:
    event = Event("move", Once(datetime(2026, 1, 1)), days=300)
    assert hours(Freeze("", (event,), "Asia/Tokyo"), "2026-10-20", "2026-10-21") == [("12-31 15:00", "10-27 15:00")]


def test_the_active_window_is_the_one_that_ends_last() -> None:
    day = Freeze("day", Dates(datetime(2026, 12, 10), datetime(2026, 12, 11)))
    month = Freeze("month", Dates(datetime(2026, 12, 1), datetime(2026, 12, 31)))
    found = active((day, month), at("2026-12-10T12:00"))
    assert found is not None
    assert found.reason == "month"
    assert active((day,), at("2026-12-11")) is None
    almost = at("2026-12-11") - timedelta(microseconds=1)
    assert active((day,), almost) is not None
    assert active((day,), at("2026-12-10") - timedelta(microseconds=1)) is None
    assert active((), almost) is None


def test_when_it_is_free_again_follows_what_comes_at_once() -> None:
    """Friday's own freeze, the weekend after it, and a Monday that begins within the weekend."""
    friday = Freeze("release", Dates(datetime(2026, 11, 27, 12), datetime(2026, 11, 28)))
    weekend = Freeze("weekend", Weekly(frozenset({SATURDAY, SUNDAY})))
    monday = Freeze("audit", Dates(datetime(2026, 11, 29, 20), datetime(2026, 11, 30, 9)))
    freezes = (monday, weekend, friday)
    assert until_free(freezes, at("2026-11-27T13:00")) == at("2026-11-30T09:00")
    assert until_free(freezes, at("2026-11-27T11:00")) == at("2026-11-27T11:00")
    assert until_free((weekend,), at("2026-11-28T11:00")) == at("2026-11-30")


def test_what_never_ends_is_never_free() -> None:
    assert until_free((ALWAYS,), at("2026-11-27T13:00")) is None
    century = Freeze("x", Dates(datetime(2000, 1, 1), datetime(2100, 1, 1)))
    assert until_free((century,), at("2026-11-27T13:00")) is None


def test_reasons_are_joined() -> None:
    event = Event("Closing", Once(datetime(2026, 12, 1)), days=1)
    now = at("2026-12-01T12:00")
    texts = [active((Freeze(reason, (event,)),), now) for reason in ("year end", "")]
    assert [each and each.reason for each in texts] == ["year end: Closing", "Closing"]
