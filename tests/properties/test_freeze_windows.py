"""Windows of freezes agree with an oracle that walks from UTC to what the clock on the wall shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.calendar.freeze import active, until_free, windows
from reconcile.core.freeze import Freeze, Weekly, Window

ZONES = ("UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu")
STEP = 15 * 60

instants = st.integers(
    int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) // STEP, int(datetime(2028, 1, 1, tzinfo=UTC).timestamp()) // STEP
)
quarters = st.integers(0, 95)
weeklies = st.builds(
    lambda days, start, length: Weekly(days, start * 15, (start + length - 1) * 15 % 1440 + 15),
    st.frozensets(st.integers(0, 6), min_size=1),
    quarters,
    st.integers(1, 95),
)
freezes = st.builds(Freeze, st.just("x"), weeklies, st.sampled_from(ZONES))


def shows(weekly: Weekly, wall: datetime) -> bool:
    """Say whether a wall-clock time is within the hours: of its own day, or of the day before."""
    minutes = wall.hour * 60 + wall.minute
    before = (wall.weekday() - 1) % 7
    if weekly.start < weekly.end:
        return wall.weekday() in weekly.days and weekly.start <= minutes < weekly.end
    return (wall.weekday() in weekly.days and minutes >= weekly.start) or (
        before in weekly.days and minutes < weekly.end
    )


def is_plain(at: datetime, zone: ZoneInfo) -> bool:
    """Say whether the clock is not changed for two hours around: what a repeated hour means is not the oracle's."""
    offsets = {(at + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in (-2, -1, 0, 1, 2)}
    return len(offsets) == 1


@settings(max_examples=150)
@given(freezes, instants, st.integers(1, 200))
def test_an_hour_is_frozen_as_the_clock_on_the_wall_says(freeze: Freeze, first: int, count: int) -> None:
    zone = ZoneInfo(freeze.zone)
    assert isinstance(freeze.when, Weekly)
    found = windows((freeze,), first * STEP, (first + count) * STEP)
    for number in range(first, first + count):
        at = datetime.fromtimestamp(number * STEP, UTC)
        is_frozen = any(each.start <= number * STEP < each.end for each in found)
        if is_plain(at, zone):
            assert is_frozen is shows(freeze.when, at.astimezone(zone)), at


@settings(max_examples=100)
@given(st.lists(freezes, max_size=3), instants)
def test_what_is_said_of_a_moment_is_one(several: list[Freeze], number: int) -> None:
    """Active, free again and the windows are three views of the same."""
    at = datetime.fromtimestamp(number * STEP, UTC)
    window, free = active(several, at), until_free(several, at)
    around = windows(several, number * STEP, number * STEP + 1)
    assert (window in around) if window else not around
    assert free is None or (free == at) is (window is None)
    if free is not None:
        assert active(several, free) is None
        assert all(active(several, at + (free - at) * part) for part in (0.0, 0.25, 0.5, 0.75) if free > at)


@settings(max_examples=100)
@given(freezes, instants, st.integers(1, 400), st.integers(1, 400))
def test_two_looks_side_by_side_are_one_look(freeze: Freeze, first: int, one: int, other: int) -> None:
    start, middle, end = first * STEP, (first + one) * STEP, (first + one + other) * STEP
    parts: set[Window] = {*windows((freeze,), start, middle), *windows((freeze,), middle, end)}
    whole = windows((freeze,), start, end)
    assert parts == set(whole)
    assert list(whole) == sorted(whole, key=lambda each: (each.start, each.end))
