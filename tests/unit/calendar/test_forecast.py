"""Runs against limits."""

from dataclasses import replace

from calendar_samples import at, days, instant, minutely, recipe, utc

from reconcile.calendar.forecast import compared, forecast, rolling_counts
from reconcile.calendar.load import Load
from reconcile.calendar.occurrences import Runs, occurrences
from reconcile.core.limit import Limit, Measure
from reconcile.core.standing import Suggestion
from reconcile.core.timing import Daily, Timing

WEEK = days("2026-06-01 00:00", 7)
TWO = Limit("recipes at once", Measure.AT_ONCE, 2, frozenset(("recipe",)), "the test")
TEN_A_DAY = Limit("runs a day", Measure.RUNS, 10, frozenset(("recipe",)), "the test", free_below_seconds=120)


def load(name: str, timing: Timing, seconds: float | None = 1800, pool: str = "recipe") -> Load:
    return Load(recipe(name), pool, occurrences(timing, WEEK), seconds)


def test_rolling_counts() -> None:
    assert rolling_counts([0, 10, 20, 21], 20) == [1, 2, 2, 3]
    assert rolling_counts([5, 5], 1) == [1, 2]
    assert rolling_counts([], 20) == []


def test_a_rolling_day_counts_across_midnight() -> None:
    (standing,) = forecast(
        [load("a", minutely(60, "18:00")), load("b", minutely(60, "00:00", 5))], [TEN_A_DAY]
    ).standings
    # From 18:00 six runs, then six more until 05:00.
    assert standing.peak == 12
    assert standing.peak_at == utc("2026-06-01 23:00")
    assert standing.is_exceeded
    assert standing.collisions == ()


def test_short_runs_and_other_pools_are_free_and_unknown_durations_count() -> None:
    loads = [
        load("short", minutely(60, "00:00"), 119), load("sync", minutely(60, "00:00"), 600, "data_sync"),
        load("unknown", Daily(at("01:00")), None), load("long", Daily(at("02:00")), 120),
    ]  # fmt: skip
    found = forecast(loads, [TEN_A_DAY])
    assert found.standings[0].peak == 2
    assert found.unmeasured == (recipe("unknown"),)
    assert not found.standings[0].is_exceeded


def test_a_collision_is_one_however_often_it_comes_and_has_a_way_out() -> None:
    loads = [load("a", Daily(at("02:00"))), load("b", Daily(at("02:10"))), load("c", Daily(at("02:20")))]
    (standing,) = forecast(loads, [TWO]).standings
    assert standing.peak == 3
    assert standing.peak_at == utc("2026-06-01 02:20")
    (collision,) = standing.collisions
    assert collision.addresses == (recipe("a"), recipe("b"), recipe("c"))
    assert collision.first == utc("2026-06-01 02:20")
    assert collision.times == 7
    assert collision.suggestion == Suggestion(recipe("c"), 10)


def test_a_collision_is_named_for_those_that_run_when_it_is_worst() -> None:
    times = {"a": "02:00", "b": "02:05", "c": "02:10", "d": "02:15"}
    (standing,) = forecast([load(name, Daily(at(time))) for name, time in times.items()], [TWO]).standings
    (collision,) = standing.collisions
    assert collision.addresses == tuple(recipe(name) for name in times)
    assert collision.first == utc("2026-06-01 02:10")
    assert standing.peak_at == utc("2026-06-01 02:15")


def test_the_suggestion_really_ends_the_collision() -> None:
    times = {"a": "02:00", "b": "02:10", "c": "02:20", "d": "02:50"}
    (standing,) = forecast([load(name, Daily(at(time))) for name, time in times.items()], [TWO]).standings
    (collision,) = standing.collisions
    suggestion = collision.suggestion
    assert suggestion is not None
    moved = {
        name: at(time).minute_of_day + (suggestion.minutes if recipe(name) == suggestion.address else 0)
        for name, time in times.items()
    }
    loads = [load(name, Daily(at(f"{minute // 60}:{minute % 60}"))) for name, minute in moved.items()]
    assert not forecast(loads, [TWO]).standings[0].is_exceeded


def test_a_move_that_leaves_others_too_many_is_not_said_to_end_it() -> None:
    loads = [load(name, Daily(at("02:00"))) for name in "abcd"]
    (collision,) = forecast(loads, [TWO]).standings[0].collisions
    assert collision.suggestion == Suggestion(recipe("a"), 30, ends=False)


def test_a_move_that_ends_a_collision_goes_before_a_smaller_one_that_does_not() -> None:
    """From 02:20 on c takes a's place: it ends when c stays away, and not when a does."""
    times = {"a": ("02:00", 1800), "b": ("02:00", 7200), "d": ("02:10", 7200), "e": ("02:30", 1800)}
    loads = [load(name, Daily(at(time)), seconds) for name, (time, seconds) in times.items()]
    (collision,) = forecast(loads, [TWO]).standings[0].collisions
    assert collision.addresses == (recipe("a"), recipe("b"), recipe("d"))
    suggestion = collision.suggestion
    assert suggestion is not None
    assert suggestion.ends
    shifted = {
        name: load(name, Daily(at(time)), seconds)
        if recipe(name) != suggestion.address
        else load(name, Daily(replace(at(time), minute_of_day=at(time).minute_of_day + suggestion.minutes)), seconds)
        for name, (time, seconds) in times.items()
    }
    assert not forecast(shifted.values(), [TWO]).standings[0].is_exceeded


def test_what_runs_at_once_is_not_known_where_no_duration_of_its_pool_is() -> None:
    syncs = Limit("data syncs at once", Measure.AT_ONCE, 3, frozenset(("data_sync",)), "the test")
    loads = [load(name, Daily(at("02:00")), None) for name in "abc"]
    loads.append(load("s", Daily(at("02:00")), 600, "data_sync"))
    recipes, synced = forecast(loads, [TWO, syncs]).standings
    assert (recipes.is_known, recipes.peak) == (False, 0)
    assert (synced.is_known, synced.peak) == (True, 1)
    assert forecast([], [TWO]).standings[0].is_known
    assert forecast([*loads, load("d", Daily(at("02:00")))], [TWO]).standings[0].is_known


def test_a_run_that_ends_as_another_begins_is_not_at_once_with_it() -> None:
    loads = [load(name, Daily(at(time))) for name, time in (("a", "02:00"), ("b", "02:00"), ("c", "02:30"))]
    (standing,) = forecast(loads, [TWO]).standings
    assert standing.peak == 2
    assert standing.collisions == ()


def test_a_schedule_is_never_at_once_with_itself() -> None:
    busy = load("a", minutely(10, "00:00"), 1800)
    (standing,) = forecast([busy], [TWO]).standings
    assert standing.peak == 1
    # From the first run of the week to half an hour after the last one, without a break.
    assert busy.spans() == [(instant("2026-06-01 00:00"), instant("2026-06-08 00:20"))]
    assert load("b", minutely(720, "00:00"), 43_200).spans() == [(WEEK.start, WEEK.end)]


def test_without_room_there_is_no_suggestion() -> None:
    loads = [load(str(n), minutely(60, "00:00"), 3600) for n in range(3)]
    (standing,) = forecast(loads, [TWO]).standings
    (collision,) = standing.collisions
    assert collision.suggestion is None


def test_what_waits_is_not_told_to_move() -> None:
    waiting = Load(recipe("c"), "recipe", Runs((instant("2026-06-01 02:20"),), after=(recipe("a"),)), 1800)
    loads = [load("a", Daily(at("02:00"))), load("b", Daily(at("02:10"))), waiting]
    (collision,) = forecast(loads, [TWO]).standings[0].collisions
    assert collision.suggestion is not None
    assert collision.suggestion.address != recipe("c")
    assert collision.times == 1


def test_nothing_to_run_is_nothing_to_fear() -> None:
    assert [(each.peak, each.peak_at) for each in forecast([], [TWO, TEN_A_DAY]).standings] == [(0, None)] * 2


def test_before_and_after() -> None:
    quiet = [load("a", Daily(at("02:00"))), load("b", Daily(at("02:00")))]
    before, after = forecast(quiet, [TWO]), forecast([*quiet, load("c", Daily(at("02:00")))], [TWO, TEN_A_DAY])
    (comparison,) = compared(before, after)
    assert comparison.limit is TWO
    assert comparison.gets_worse
    assert (comparison.before.peak, comparison.after.peak) == (2, 3)
    assert not compared(after, after)[0].gets_worse
