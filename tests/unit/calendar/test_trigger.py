"""Event-driven schedules, placed behind what triggers them."""

from calendar_samples import LA, at, days, instant, recipe

from reconcile.calendar.occurrences import Runs
from reconcile.calendar.trigger import Scheduled, Upstream, agenda, circles, dependents, upstreams
from reconcile.core.address import Address
from reconcile.core.occurrence import Reason, Silence
from reconcile.core.timing import Daily, EventDriven, Timing, Unscheduled

SYNC = Address("sales", "schedule", "data_sync:SFDC_LOCAL")
DAY = days("2026-06-01 00:00", 1)


def scheduled(name: str, timing: Timing, seconds: float | None = None) -> Scheduled:
    return Scheduled(recipe(name), timing, frozenset((f"recipe:{name}",)), seconds)


def after(*names: str) -> EventDriven:
    return EventDriven(" AND ".join(names), tuple(f"recipe:{name}" for name in names))


def placed(*schedules: Scheduled) -> dict[Address, Runs]:
    return agenda(schedules, DAY)


def test_a_recipe_runs_behind_the_sync_and_another_one_behind_it() -> None:
    found = placed(
        Scheduled(SYNC, Daily(at("01:00")), frozenset(("$ALL",)), 600),
        Scheduled(recipe("a"), EventDriven("$ALL", ("$ALL",)), frozenset(("recipe:a",)), 1200),
        scheduled("b", after("a")),
    )
    assert found[recipe("a")].certain == (instant("2026-06-01 01:10"),)
    assert found[recipe("a")].after == (SYNC,)
    assert found[recipe("b")].certain == (instant("2026-06-01 01:30"),)
    assert list(found) == [SYNC, recipe("a"), recipe("b")]


def test_without_a_known_duration_the_trigger_itself_is_the_earliest_instant() -> None:
    found = placed(scheduled("a", Daily(at("01:00"))), scheduled("b", after("a")))
    assert found[recipe("b")].certain == found[recipe("a")].certain


def test_what_began_before_the_horizon_triggers_within_it() -> None:
    found = placed(scheduled("a", Daily(at("23:30")), 3600), scheduled("b", after("a")))
    assert found[recipe("b")].certain == (instant("2026-06-01 00:30"),)
    assert found[recipe("a")].certain == (instant("2026-06-01 23:30"),)


def test_an_and_list_waits_for_the_last_of_a_round_and_is_at_risk() -> None:
    found = placed(
        scheduled("a", Daily(at("01:00")), 600), scheduled("b", Daily(at("03:00")), 60), scheduled("c", after("a", "b"))
    )
    (run,) = found[recipe("c")].at_risk
    assert run.candidates == (instant("2026-06-01 03:01"),)
    assert run.reasons == (Reason.AND_LIST,)
    assert found[recipe("c")].after == (recipe("a"), recipe("b"))


def test_doubt_is_handed_down() -> None:
    found = agenda(
        [scheduled("a", Daily(at("02:30", LA)), 60), scheduled("b", after("a")), scheduled("c", after("b"))],
        days("2026-03-08 00:00", 1),
    )
    for name, minutes in (("b", 1), ("c", 1)):
        (run,) = found[recipe(name)].at_risk
        assert run.reasons == (Reason.UPSTREAM, Reason.GAP)
        assert run.candidates == tuple(
            instant(each) + 60 * minutes for each in ("2026-03-08 09:30", "2026-03-08 10:30")
        )


def test_an_unknown_trigger_silences_and_is_named() -> None:
    schedules = (scheduled("a", Daily(at("01:00"))), scheduled("c", after("a", "nobody")))
    assert placed(*schedules)[recipe("c")] == Runs(silence=Silence.UNKNOWN_TRIGGER, after=(recipe("a"),))
    assert upstreams(schedules) == {recipe("c"): Upstream((recipe("a"),), ("recipe:nobody",))}


def test_a_rule_that_is_hidden_or_not_understood_silences() -> None:
    hidden, odd = scheduled("h", EventDriven(None)), scheduled("o", EventDriven("recipe:a OR recipe:b"))
    found = placed(hidden, odd)
    assert {each.silence for each in found.values()} == {Silence.UNKNOWN_TRIGGER}
    assert upstreams([odd])[recipe("o")].unknown == ("recipe:a OR recipe:b",)


def test_a_trigger_without_a_schedule_silences_everything_behind_it() -> None:
    found = placed(scheduled("a", Unscheduled()), scheduled("b", after("a")), scheduled("c", after("b")))
    assert [found[recipe(name)].silence for name in "bc"] == [Silence.TRIGGER_SILENT] * 2


def test_circles_end_and_are_named() -> None:
    schedules = [
        scheduled("a", after("c")), scheduled("b", after("a")), scheduled("c", after("b")),
        scheduled("d", after("a")), scheduled("e", after("e")),
    ]  # fmt: skip
    found = placed(*schedules)
    assert {each.silence for each in found.values()} == {Silence.TRIGGER_CYCLE}
    assert circles(schedules) == ((recipe("a"), recipe("b"), recipe("c")), (recipe("e"),))


def test_the_same_word_on_another_connection_is_another_thing() -> None:
    other = Scheduled(Address("other", "schedule", "recipe:a"), Daily(at("01:00")), frozenset(("recipe:a",)))
    assert placed(other, scheduled("b", after("a")))[recipe("b")].silence is Silence.UNKNOWN_TRIGGER


def test_all_that_depend_on_a_schedule_are_known() -> None:
    schedules = [
        scheduled("a", Daily(at("01:00"))), scheduled("c", after("b")), scheduled("b", after("a")),
        scheduled("d", Daily(at("01:00"))),
    ]  # fmt: skip
    assert dependents(schedules) == {recipe("a"): (recipe("b"), recipe("c")), recipe("b"): (recipe("c"),)}


def test_a_long_chain_is_no_problem() -> None:
    count = 3000
    schedules = [scheduled(str(n), after(str(n + 1))) for n in range(count)]
    found = placed(*schedules, scheduled(str(count), Daily(at("01:00"))))
    assert found[recipe("0")].certain == (instant("2026-06-01 01:00"),)
