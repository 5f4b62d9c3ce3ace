"""``calendar/`` agrees with an oracle that walks minute by minute, from UTC to local time.

The oracle goes the other way round than the program: it asks the zone database what the clock on the wall shows at
every minute, notes which wall times come once, twice or never, and only then asks whether a schedule is due at one.
"""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconcile.calendar.effect import effect_of, span_of
from reconcile.calendar.occurrences import AtRisk, Horizon, Runs, occurrences
from reconcile.calendar.trigger import Scheduled, agenda
from reconcile.core.address import Address
from reconcile.core.occurrence import Silence
from reconcile.core.timing import (
    Clock,
    Daily,
    EventDriven,
    Every,
    Frequency,
    Monthly,
    MonthlyRelative,
    Timed,
    Timing,
    Unscheduled,
    Weekday,
    Weekly,
    WeekOfMonth,
)

# Two years in which something happens: Samoa skipped a whole day at the end of 2011 and still had DST then.
YEARS = {
    "UTC": 2026,
    "America/Los_Angeles": 2026,
    "America/St_Johns": 2026,
    "Africa/Casablanca": 2026,
    "Asia/Kathmandu": 2026,
    "Australia/Lord_Howe": 2026,
    "Pacific/Chatham": 2026,
    "America/Santiago": 2026,
    "Europe/Dublin": 2026,
    "Pacific/Apia": 2011,
}

# -- the oracle --------------------------------------------------------------------------------------------------------

Found = tuple[set[int], set[tuple[tuple[int, ...], frozenset[str]]]]


# By wall time, in whole minutes since 1970-01-01 00:00 on the wall: how often it comes, and the instants it may mean.
Walked = dict[int, tuple[str, tuple[int, ...]]]


def wall_minutes(begin: int, zone: ZoneInfo) -> list[int]:
    """Return what the wall shows at each of the 15 minutes from an instant on."""
    first, last = (offset(begin + after, zone) for after in (0, 14 * 60))
    if first == last:
        return [(begin + first) // 60 + n for n in range(15)]
    return [(begin + n * 60 + offset(begin + n * 60, zone)) // 60 for n in range(15)]


def offset(at: int, zone: ZoneInfo) -> int:
    return int((datetime.fromtimestamp(at, zone).utcoffset() or timedelta()).total_seconds())


def walk(zone: ZoneInfo, start: int, end: int) -> Walked:
    """Return every wall minute between two instants: "once", "overlap" or "gap", and the instants it may mean."""
    found: Walked = {}
    before = wall_minutes(start - 15 * 60, zone)[-1]
    for begin in range(start, end, 15 * 60):
        for n, now in enumerate(wall_minutes(begin, zone)):
            at = begin + n * 60
            found[now] = ("overlap", (*found[now][1], at)) if now in found else ("once", (at,))
            skipped = now - before - 1
            for minute in range(skipped):
                late = at + minute * 60
                found[before + 1 + minute] = ("gap", (late - skipped * 60, late))
            before = now
    return found


def fires_on(timing: Timed, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    name = day.strftime("%A").upper()
    match timing:
        case Daily():
            return True
        case Every():
            return timing.weekdays is None or Weekday[name] in timing.weekdays
        case Weekly():
            return Weekday[name] in timing.weekdays
        case Monthly():
            return day.day in timing.days or (timing.on_last and day.day == last)
        case MonthlyRelative():
            same = [d for d in range(1, last + 1) if date(day.year, day.month, d).weekday() == timing.weekday]
            which = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}[timing.week]
            return day.day == same[which]


def due(timing: Timed, minute: int, *, begun_today: bool) -> frozenset[str] | None:
    """Return why it is in doubt that a firing day, or the one after it, has a run at a minute; None for no run."""
    begin = timing.clock.minute_of_day
    if not isinstance(timing, Every):
        return frozenset() if minute == begin and begun_today else None
    stop = timing.last_hour * 60 if timing.last_hour is not None else None
    wraps = stop is not None and stop < begin
    always = ({"wrap"} if wraps else set()) | ({"long_interval"} if timing.minutes > 24 * 60 else set())
    passed = minute if begun_today else minute + 24 * 60
    until = 24 * 60 - 1 if stop is None else stop + (24 * 60 if wraps else 0)
    if not begin <= passed <= until or (passed - begin) % timing.minutes:
        return None
    return frozenset(always | ({"last_hour"} if stop is not None and passed == until else set()))


def expected(timing: Timed, walked: Walked, horizon: Horizon) -> Found:
    certain: set[int] = set()
    at_risk: set[tuple[tuple[int, ...], frozenset[str]]] = set()
    table = [
        (minute, begun_today, reasons)
        for begun_today in (True, False)
        for minute in range(24 * 60)
        if (reasons := due(timing, minute, begun_today=begun_today)) is not None
    ]
    for day in range(min(walked) // 1440, max(walked) // 1440 + 1):
        today = date(1970, 1, 1) + timedelta(days=day)
        fires = {True: fires_on(timing, today), False: fires_on(timing, today - timedelta(days=1))}
        for minute, begun_today, reasons in table:
            if not fires[begun_today] or day * 1440 + minute not in walked:
                continue
            how, instants = walked[day * 1440 + minute]
            if not horizon.start <= instants[0] < horizon.end:
                continue
            if how == "once" and not reasons:
                certain.add(instants[0])
            else:
                at_risk.add((instants, reasons | ({how} if how != "once" else set())))
    return certain, at_risk


def as_found(runs: Runs) -> Found:
    assert list(runs.certain) == sorted(set(runs.certain))
    assert [run.candidates for run in runs.at_risk] == sorted(run.candidates for run in runs.at_risk)
    at_risk = {(run.candidates, frozenset(str(reason) for reason in run.reasons)) for run in runs.at_risk}
    assert len(at_risk) == len(runs.at_risk)
    return set(runs.certain), at_risk


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Return the quarters of an hour of two years at which the offset of a zone changes."""
    info, start = ZoneInfo(zone), int(datetime(YEARS[zone], 1, 1, tzinfo=UTC).timestamp())
    days = [start + day * 86_400 for day in range(2 * 365)]
    changing = [day for day in days if offset(day, info) != offset(day + 86_400, info)]
    quarters = [day + n * 900 for day in changing for n in range(96)]
    return tuple(datetime.fromtimestamp(at + 900, UTC) for at in quarters if offset(at, info) != offset(at + 900, info))


# -- schedules ---------------------------------------------------------------------------------------------------------

WEEKDAYS = st.frozensets(st.sampled_from(list(Weekday)), min_size=1)


@st.composite
def clocks(draw: st.DrawFn, zone: str | None = None) -> Clock:
    night = st.integers(0, 4 * 60)
    return Clock(draw(night | st.integers(0, 1439)), zone or draw(st.sampled_from(sorted(YEARS))))


@st.composite
def timings(draw: st.DrawFn, zone: str | None = None) -> Timed:
    clock = draw(clocks(zone))
    days = draw(st.none() | WEEKDAYS)
    last_hour = draw(st.none() | st.integers(0, 23))
    made: list[Timed] = [
        Daily(clock),
        Every(Frequency.HOURLY, 60 * draw(st.integers(1, 30)), clock, days, last_hour),
        Every(Frequency.MINUTELY, draw(st.integers(1, 1600)), clock, days, last_hour),
        Weekly(draw(WEEKDAYS), clock),
        Monthly(tuple(sorted(draw(st.sets(st.integers(1, 31), min_size=1)))), clock),
        Monthly((), clock, on_last=True),
        MonthlyRelative(draw(st.sampled_from(list(WeekOfMonth))), draw(st.sampled_from(list(Weekday))), clock),
    ]
    return draw(st.sampled_from(made))


@st.composite
def horizons(draw: st.DrawFn, zone: str, most_days: int = 8) -> Horizon:
    """A few days of the zone's two years, half of the time around a change of its clock."""
    seconds = draw(st.integers(0, 2 * 365 * 86_400))
    start = datetime(YEARS[zone], 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    near = draw(st.booleans())
    if near and changes(zone):
        start = draw(st.sampled_from(changes(zone))) - timedelta(seconds=draw(st.integers(0, 2 * 86_400)))
    begin = int(start.timestamp())
    return Horizon(begin, begin + draw(st.integers(1, most_days * 86_400)))


def walked_around(zone: str, horizon: Horizon) -> Walked:
    margin, quarter = 26 * 3600, 15 * 60
    return walk(ZoneInfo(zone), (horizon.start - margin) // quarter * quarter, horizon.end + margin)


# -- laws --------------------------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.data(), st.sampled_from(sorted(YEARS)))
def test_every_run_is_where_the_oracle_sees_it(data: st.DataObject, zone: str) -> None:
    horizon = data.draw(horizons(zone))
    walked = walked_around(zone, horizon)
    for timing in data.draw(st.lists(timings(zone), min_size=1, max_size=4)):
        assert as_found(occurrences(timing, horizon)) == expected(timing, walked, horizon), timing


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"])
def test_two_whole_years(zone: str) -> None:
    start = datetime(YEARS[zone], 1, 1, tzinfo=UTC)
    horizon = Horizon.days(start, 2 * 365)
    walked = walked_around(zone, horizon)
    for timing in (
        Every(Frequency.MINUTELY, 15, Clock(0, zone)),
        MonthlyRelative(WeekOfMonth.LAST, Weekday.SUNDAY, Clock(2 * 60 + 15, zone)),
        Monthly((29, 30, 31), Clock(2 * 60 + 30, zone)),
    ):
        assert as_found(occurrences(timing, horizon)) == expected(timing, walked, horizon)


@given(st.data(), st.sampled_from(sorted(YEARS)))
def test_two_halves_of_a_horizon_hold_what_the_whole_holds(data: st.DataObject, zone: str) -> None:
    whole = data.draw(horizons(zone, most_days=40))
    timing = data.draw(timings(zone))
    middle = data.draw(st.integers(whole.start, whole.end))
    parts = [occurrences(timing, each) for each in (Horizon(whole.start, middle), Horizon(middle, whole.end))]
    runs = occurrences(timing, whole)
    assert runs.certain == parts[0].certain + parts[1].certain
    assert runs.at_risk == parts[0].at_risk + parts[1].at_risk
    assert runs.within(Horizon(whole.start, middle)) == parts[0]
    assert runs.fewest <= runs.count <= runs.most
    assert len(runs.instants) == runs.count
    shown = runs.occurrences()
    assert [int(each.at.timestamp()) for each in shown] == list(runs.instants)
    assert runs.occurrences(3) == shown[:3]
    assert [each.is_certain for each in shown].count(False) == len(runs.at_risk)


ANY = timings() | st.just(Unscheduled())


@given(ANY, ANY, st.integers(0, 2 * 365 * 86_400))
def test_the_figures_of_an_effect_add_up(before: Timing, after: Timing, seconds: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    there, back = effect_of(before, after, start), effect_of(after, before, start)
    for tally, reverse in ((there.week, back.week), (there.month, back.month)):
        assert tally.after == tally.before - tally.lost + tally.gained
        assert tally.before == tally.kept + tally.moved + tally.lost
        assert min(tally.gained, tally.lost, tally.moved, tally.kept) >= 0
        assert (tally.gained, tally.lost, tally.moved) == (reverse.lost, reverse.gained, reverse.moved)
    assert there.first_changed == back.first_changed
    assert (there.first_changed is None) == there.month.is_zero
    assert there.first_changed is None or start <= there.first_changed < start + timedelta(days=31)
    assert effect_of(after, after, start).month.is_zero
    assert there.next_after == back.next_before
    assert all(each.at >= start for each in there.next_after)


@given(st.data(), st.integers(1, 119))
def test_a_shift_within_the_day_loses_nothing(data: st.DataObject, minutes: int) -> None:
    """At noon, a schedule of the night moves by up to two hours: all its runs move, by just that."""
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    clock = Clock(data.draw(st.integers(0, 600)), "UTC")
    weekdays = data.draw(WEEKDAYS)
    made: list[Timed] = [
        Daily(clock),
        Weekly(weekdays, clock),
        Monthly((5, 20), clock),
        MonthlyRelative(WeekOfMonth.SECOND, Weekday.FRIDAY, clock),
    ]
    before = data.draw(st.sampled_from(made))
    after = replace(before, clock=Clock(clock.minute_of_day + minutes, "UTC"))
    effect = effect_of(before, after, start)
    assert effect.month.moved == effect.month.before > 0
    assert effect.shift == timedelta(minutes=minutes)
    assert span_of(before) == span_of(after)


def schedule(n: int) -> Address:
    return Address("c", "schedule", f"recipe:{n}")


@example([Weekly(frozenset({Weekday.MONDAY}), Clock(0, "UTC")), Monthly((2, 30), Clock(0, "UTC")), {0, 1}])
@given(st.lists(st.one_of(timings("UTC"), st.sets(st.integers(0, 7), max_size=2)), min_size=1, max_size=8))
def test_what_waits_runs_never_before_what_it_waits_for(wanted: list[Timed | set[int]]) -> None:
    schedules = [
        Scheduled(
            schedule(n),
            EventDriven("rule", tuple(f"r{m}" for m in sorted(each))) if isinstance(each, set) else each,
            frozenset((f"r{n}",)),
            usual_seconds=60.0,
        )
        for n, each in enumerate(wanted)
    ]
    horizon = Horizon.days(datetime(2026, 6, 1, tzinfo=UTC), 3)
    found = agenda(schedules, horizon)
    assert list(found) == [each.address for each in schedules]
    for each in schedules:
        runs = found[each.address]
        if not isinstance(each.timing, EventDriven):
            assert runs == occurrences(each.timing, horizon)
            continue
        if runs.silence:
            assert runs.silence is not Silence.EVENT
            assert runs.count == 0
            continue
        assert runs.after
        ahead = [*runs.after]
        while ahead:
            trigger = wanted[int(ahead.pop().name.partition(":")[2])]
            if isinstance(trigger, set):
                ahead += (schedule(n) for n in trigger)
                continue
            # What began up to two days before the horizon may trigger a run inside it.
            began = occurrences(trigger, Horizon(horizon.start - 2 * 86_400, horizon.end)).instants
            assert all(any(start + 60 <= at for start in began) for at in runs.instants)


def test_the_oracle_itself_knows_gap_and_overlap() -> None:
    zone, half_past_two = "America/Los_Angeles", Clock(150, "America/Los_Angeles")
    gap = Horizon.days(datetime(2026, 3, 8, tzinfo=UTC), 1)
    spring = (1772962200, 1772965800)
    assert expected(Daily(half_past_two), walked_around(zone, gap), gap) == (set(), {(spring, frozenset({"gap"}))})
    assert occurrences(Daily(half_past_two), gap).at_risk == (AtRisk(spring, ("gap",), 1772937000),)  # type: ignore[arg-type]
