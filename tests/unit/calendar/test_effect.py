"""Runs gained, lost and moved."""

from datetime import timedelta

import pytest
from calendar_samples import LA, NOON, at, days, hourly, recipe, utc

from reconcile.calendar.effect import Span, _paired, effect_of, effect_of_runs, span_of
from reconcile.calendar.occurrences import Runs
from reconcile.calendar.trigger import Scheduled, agenda
from reconcile.core.effect import Tally
from reconcile.core.occurrence import Silence
from reconcile.core.timing import (
    Clock,
    Daily,
    EventDriven,
    Monthly,
    MonthlyRelative,
    Timing,
    Unclear,
    Unscheduled,
    Weekday,
    Weekly,
    WeekOfMonth,
)


def weekly(*weekdays: Weekday, time: str = "02:00") -> Weekly:
    return Weekly(frozenset(weekdays), at(time))


def figures(tally: Tally) -> tuple[int, int, int, int, int]:
    return tally.before, tally.after, tally.gained, tally.lost, tally.moved


def test_a_deletion_stops_so_many_runs_a_month() -> None:
    effect = effect_of(Daily(at("02:00")), Unscheduled(), NOON)
    assert effect.stops
    assert effect.horizon_days == 31
    assert (effect.runs_before, effect.runs_after) == (31, 0)
    assert figures(effect.week) == (7, 0, 0, 7, 0)
    assert effect.first_changed == utc("2026-06-02 02:00")
    assert effect.next_after == ()
    assert effect.is_known


def test_a_creation_gains() -> None:
    effect = effect_of(Unscheduled(), Daily(at("02:00")), NOON)
    assert figures(effect.month) == (0, 31, 31, 0, 0)
    assert not effect.stops
    assert [each.at for each in effect.next_after] == [utc(f"2026-06-0{day} 02:00") for day in (2, 3, 4)]
    assert effect.next_before == ()


def test_a_daily_run_moves_by_an_hour() -> None:
    effect = effect_of(Daily(at("02:00")), Daily(at("03:00")), NOON)
    assert figures(effect.month) == (31, 31, 0, 0, 31)
    assert effect.shift == timedelta(hours=1)
    assert effect.first_changed == utc("2026-06-02 02:00")


def test_todays_run_comes_again_when_the_new_time_is_still_ahead() -> None:
    effect = effect_of(Daily(at("11:00")), Daily(at("13:00")), NOON)
    assert figures(effect.month) == (31, 31, 1, 1, 30)
    assert effect.first_changed == utc("2026-06-01 13:00")


def test_a_weekly_run_moves_to_another_day_of_the_week() -> None:
    effect = effect_of(weekly(Weekday.TUESDAY), weekly(Weekday.THURSDAY), NOON)
    assert figures(effect.month) == (5, 5, 0, 0, 5)
    assert effect.shift == timedelta(days=2)


def test_one_of_two_days_stays() -> None:
    before, after = weekly(Weekday.TUESDAY, Weekday.SATURDAY), weekly(Weekday.TUESDAY, Weekday.FRIDAY)
    effect = effect_of(before, after, NOON)
    assert effect.week.kept == 1
    assert figures(effect.week) == (2, 2, 0, 0, 1)


def test_from_daily_to_weekly_runs_are_lost() -> None:
    effect = effect_of(Daily(at("02:00")), weekly(Weekday.TUESDAY), NOON)
    assert figures(effect.week) == (7, 1, 0, 6, 0)


def test_another_zone_moves_the_runs_of_the_same_local_day() -> None:
    effect = effect_of(Daily(at("23:00", LA)), Daily(at("23:00")), NOON)
    assert effect.week.moved == 7
    assert effect.shift == timedelta(hours=-7)


def test_a_coarser_interval_keeps_what_it_can_and_each_move_is_to_the_nearest() -> None:
    effect = effect_of(hourly(2, "00:00"), hourly(3, "00:00"), utc("2026-06-01 00:00"))
    assert effect.week.kept == 4 * 7
    assert figures(effect.week) == (84, 56, 0, 28, 28)
    assert effect.shift == timedelta(hours=1)


def test_no_two_runs_move_to_the_same_one() -> None:
    """22 and 23 o'clock both are nearest to 6 o'clock; each of more is nearest to one of fewer."""
    assert _paired([22, 23], [2, 4, 6]) == [(22, 4), (23, 6)]
    assert _paired([2, 4, 6], [22, 23]) == [(4, 22), (6, 23)]
    assert _paired([5], [1, 4, 7, 9]) == [(5, 4)]
    assert _paired([], [1]) == []


def test_moves_over_a_clock_change_have_no_common_shift() -> None:
    effect = effect_of(Daily(at("05:00", LA)), Daily(at("05:00")), utc("2026-03-01 00:00"))
    assert effect.month.moved == 31
    assert effect.shift is None


def test_the_figures_add_up_where_a_skipped_time_may_mean_another_run() -> None:
    """On 2026-03-08 the run of 02:00 may be at 01:00, when there is one anyway: both are runs, and one is lost."""
    before, after = hourly(1, "00:00", zone=LA), Daily(at("01:00", LA))
    month = effect_of(before, after, utc("2026-03-07 12:00")).month
    assert (month.before, month.after, month.kept) == (745, 31, 31)
    assert month.lost == 745 - 31
    assert effect_of(before, before, utc("2026-03-07 12:00")).month.kept == 745


def test_a_monthly_run_moves_within_its_month() -> None:
    effect = effect_of(Monthly((5,), at("00:00")), Monthly((20,), at("00:00")), NOON)
    assert figures(effect.month) == (1, 1, 0, 0, 1)
    assert effect.week.lost == 1


def test_nothing_changes_when_the_runs_are_the_same() -> None:
    effect = effect_of(Daily(at("02:00")), Weekly(frozenset(Weekday), at("02:00")), NOON)
    assert effect.month.is_zero
    assert effect.first_changed is None
    assert effect.month.kept == 31


def test_runs_at_risk_are_counted_on_both_sides() -> None:
    effect = effect_of(Daily(at("02:30", LA)), Daily(at("03:30", LA)), utc("2026-03-01 00:00"))
    assert (effect.at_risk_before, effect.at_risk_after) == (1, 0)


@pytest.mark.parametrize(("after", "silence"), [(Daily(Clock(0)), Silence.NO_ZONE), (Unclear("why"), Silence.UNCLEAR)])
def test_a_side_that_is_not_known_is_not_zero(after: Timing, silence: Silence) -> None:
    effect = effect_of(Daily(at("02:00")), after, NOON)
    assert effect.silence_after is silence
    assert not effect.is_known
    assert not effect.stops


def test_a_default_zone_serves_both_sides() -> None:
    assert effect_of(Daily(Clock(60)), Daily(Clock(120)), NOON, "UTC").month.moved == 31


def test_what_waits_moves_with_what_it_waits_for() -> None:
    horizon = days("2026-06-01 12:00", 31)

    def placed(time: str) -> Runs:
        trigger = Scheduled(recipe("a"), Daily(at(time)), frozenset(("a",)), 600)
        waiting = Scheduled(recipe("b"), EventDriven("a", ("a",)))
        return agenda((trigger, waiting), horizon)[recipe("b")]

    effect = effect_of_runs(placed("01:00"), placed("02:00"), horizon)
    assert effect.month.moved == 31
    assert effect.next_after[0].at == utc("2026-06-02 02:10")


def test_spans() -> None:
    relative = MonthlyRelative(WeekOfMonth.LAST, Weekday.SUNDAY, at("00:00"))
    assert [span_of(each) for each in (hourly(1, "00:00"), weekly(Weekday.MONDAY), relative)] == list(Span)
