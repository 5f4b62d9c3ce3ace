"""Findings about schedules that depend on each other."""

from calendar_samples import at, days, hourly, recipe

from reconcile.calendar.occurrences import Runs, occurrences
from reconcile.calendar.relation import gaps_too_short, too_many, triggers, unfinished
from reconcile.calendar.trigger import Scheduled, agenda
from reconcile.core.address import Address
from reconcile.core.timing import Daily, EventDriven, Timing, Unscheduled

WEEK = days("2026-06-01 00:00", 7)


def scheduled(name: str, timing: Timing, seconds: float | None = None) -> Scheduled:
    return Scheduled(recipe(name), timing, frozenset((name,)), seconds)


def after(*names: str) -> EventDriven:
    return EventDriven(" AND ".join(names), names)


def test_a_recipe_that_starts_before_its_sync_ends() -> None:
    schedules = (scheduled("sync", hourly(12, "01:00"), 2400), scheduled("r", Daily(at("01:30"))))
    (found,) = unfinished(schedules, agenda(schedules, WEEK), {recipe("r"): (recipe("sync"),)})
    assert found.code == "upstream-unfinished"
    assert found.address == str(recipe("r"))
    assert "usually takes 40 min" in found.detail
    assert "7 of 7 runs" in found.detail
    assert "2026-06-01 01:30 UTC" in found.detail


def test_a_recipe_that_starts_as_its_sync_ends_or_before_it_begins_is_well() -> None:
    for time in ("01:40", "00:59"):
        schedules = (scheduled("sync", Daily(at("01:00")), 2400), scheduled("r", Daily(at(time))))
        assert unfinished(schedules, agenda(schedules, WEEK), {recipe("r"): (recipe("sync"),)}) == []


def test_nothing_is_said_without_a_duration_or_of_what_is_triggered() -> None:
    needs = {recipe("r"): (recipe("sync"),), recipe("gone"): (recipe("sync"),), recipe("sync"): (recipe("nobody"),)}
    unmeasured = (scheduled("sync", Daily(at("01:00"))), scheduled("r", Daily(at("01:00"))))
    assert unfinished(unmeasured, agenda(unmeasured, WEEK), needs) == []
    triggered = (scheduled("sync", Daily(at("01:00")), 2400), scheduled("r", after("sync")))
    assert unfinished(triggered, agenda(triggered, WEEK), needs) == []


def test_more_than_five_dependents_on_one_event() -> None:
    schedules = [scheduled(str(n), after("sync")) for n in range(6)]
    assert too_many(schedules[:5], 5) == []
    found = too_many(schedules, 5)
    assert [each.address for each in found] == [str(recipe(str(n))) for n in range(6)]
    assert "6 schedules" in found[0].detail
    assert "allows 5" in found[0].detail


def test_each_connection_counts_its_own_dependents() -> None:
    here = [scheduled(str(n), after("sync")) for n in range(3)]
    there = [Scheduled(Address("other", "schedule", f"recipe:{n}"), after("sync")) for n in range(3)]
    assert too_many([*here, *there], 3) == []


def codes(*schedules: Scheduled) -> list[str]:
    return [f"{each.address}: {each.code}"[-40:] for each in triggers(schedules, agenda(schedules, WEEK))]


def test_triggers_that_lead_nowhere() -> None:
    found = triggers(
        schedules := (
            scheduled("a", after("b")), scheduled("b", after("a")), scheduled("c", after("a")),
            scheduled("d", after("nobody")), scheduled("e", EventDriven(None)), scheduled("f", after("off")),
            scheduled("off", Unscheduled()), scheduled("g", after("on")), scheduled("on", Daily(at("01:00"))),
        ),
        agenda(schedules, WEEK),
    )  # fmt: skip
    assert [(each.address or "")[-1] + " " + each.code for each in found] == [
        "a trigger-circle", "b trigger-circle", "c trigger-never",
        "d trigger-unknown", "e trigger-unknown", "f trigger-never",
    ]  # fmt: skip
    details = [each.detail for each in found]
    assert "recipe:a waits for sales/schedule/recipe:b" in details[0]
    assert "waits for nobody" in details[3]
    assert "does not show" in details[4]
    assert "recipe:off" in details[5]


def test_what_waits_for_itself() -> None:
    schedules = [scheduled("a", after("a"))]
    (found,) = triggers(schedules, agenda(schedules, WEEK))
    assert "waits for itself" in found.detail


def runs(time: str) -> Runs:
    return occurrences(Daily(at(time)), WEEK)


def test_tamr_wants_an_hour_between_jobs_for_one_object() -> None:
    (found,) = gaps_too_short({"dp_1": {recipe("a"): runs("01:00"), recipe("b"): runs("01:45")}})
    assert found.code == "gap-too-short"
    assert found.address == str(recipe("b"))
    assert "dp_1 45 min after sales/schedule/recipe:a (7 times" in found.detail
    assert "15 min" in found.hint


def test_an_hour_is_enough_and_other_objects_do_not_count() -> None:
    assert gaps_too_short({"dp_1": {recipe("a"): runs("01:00"), recipe("b"): runs("02:00")}}) == []
    assert gaps_too_short({"dp_1": {recipe("a"): runs("01:00")}, "dp_2": {recipe("b"): runs("01:01")}}) == []


def test_one_schedule_can_be_too_close_to_itself() -> None:
    (found,) = gaps_too_short({"dp_1": {recipe("a"): occurrences(hourly(1, "00:00"), WEEK)}}, least_minutes=90)
    assert "after its run before" in found.detail
    assert "30 min" in found.hint
