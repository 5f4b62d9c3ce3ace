"""Paused on purpose, with the real program: off while it is held, said at every turn, and back afterwards by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from e2e.harness import FLOW, TABLE, World, flags, recipe, reset

PAST, FUTURE = "2020-01-01", "2999-01-01"


def held(until: str | None = FUTURE) -> dict[str, Any]:
    return {"hold": {"reason": "moving house", **({"until": until} if until else {})}}


def actions(plan: Any) -> list[tuple[str, str]]:
    return [(change["action"], change["address"].rpartition("/")[2]) for change in plan["changes"]]


def test_a_schedule_is_held_and_comes_back(world: World) -> None:
    """Applied, held, the hold runs out: the same schedule is there again, and nothing of the hold is left."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.apply()
    before = world.live("Board_Pack")
    world.sales(recipe("Board_Pack", **held()), recipe("Month_Close"))
    plan = world.plan()
    assert actions(plan) == [("delete", "recipe:Board_Pack")]
    assert plan["changes"][0]["hold"]["reason"] == "moving house"
    world.apply()
    assert world.live("Board_Pack")["frequency"] == "none"
    assert [item["address"] for item in world.plan()["held"]] == ["sales/schedule/recipe:Board_Pack"]
    # The clock is not ours to turn: what was the future is written as the past.
    soon = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.sales(recipe("Board_Pack", **held(soon)), recipe("Month_Close"))
    plan = world.plan()
    assert actions(plan) == [("create", "recipe:Board_Pack")]
    assert plan["changes"][0]["why"] == "file"
    assert "the hold ended at" in plan["changes"][0]["note"]
    world.apply()
    assert world.live("Board_Pack") == before
    assert world.plan()["held"] == []
    notes = world.run("plan", "-v")
    assert "note[hold-over]" in notes.err
    assert "hold-over" not in world.run("plan").err


def test_removing_the_hold_restores_too(world: World) -> None:
    """As the file says by then, whatever it said before."""
    world.sales(recipe("Board_Pack", **held(None)))
    world.apply()
    world.sales(recipe("Board_Pack", time="05:00"))
    assert "the hold was removed" in world.run("plan").out
    world.apply()
    assert world.live("Board_Pack")["time"]["hour"] == 5


def test_a_schedule_that_nobody_recorded_is_held(world: World) -> None:
    """The first apply of an entry with a hold takes away what a person had made, and shows why."""
    assert world.live("Board_Pack")["frequency"] != "none"
    world.sales(recipe("Board_Pack", **held()))
    text = world.run("plan").out
    assert "held: moving house (until 2999-01-01)" in text
    world.apply()
    assert world.live("Board_Pack")["frequency"] == "none"


def test_a_change_by_hand_during_a_hold_is_drift_and_is_taken_back(world: World) -> None:
    """drift says that it moved and that it is held."""
    world.sales(recipe("Board_Pack", **held()))
    world.apply()
    world.by_hand("recipe", "Board_Pack", {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}})
    drift = world.run("drift")
    assert drift.code == 5, drift
    assert "held: moving house" in drift.out
    world.apply()
    assert world.live("Board_Pack")["frequency"] == "none"
    quiet = world.run("drift")
    assert quiet.code == 0
    assert "held: 1 object, since" in quiet.out


def test_a_configuration_is_held_and_switched_on_again(world: World) -> None:
    """``activated`` follows the hold, ``archived`` never."""
    world.tailer([flags(activated=True)])
    world.apply()
    assert world.flags(TABLE) == (True, False)
    world.tailer([{**flags(activated=True), **held()}])
    world.apply()
    assert world.flags(TABLE) == (False, False)
    world.tailer([{**flags(activated=True), **held(PAST)}])
    world.apply()
    assert world.flags(TABLE) == (True, False)


def test_a_reset_waits_for_the_end_of_its_hold(world: World) -> None:
    """Not sent while it is held; sent once afterwards."""
    world.tailer([], [{**reset("relaunched by hand"), **held()}])
    world.apply()
    assert world.resets() == 0
    (item,) = world.plan()["held"]
    assert item["address"] == f"tailer/workflow_reset/{FLOW}"
    world.tailer([], [{**reset("relaunched by hand"), **held(PAST)}])
    world.apply()
    world.apply()
    assert world.resets() == 1


ENVIRONMENTS = 'environments: {dev: {hold: {reason: "dev sleeps", until: "UNTIL"}}, prod: {}}'


def test_an_environment_is_held_as_a_whole(world: World) -> None:
    """Everything in it is off, protected or not, and no guard minds; other environments know nothing of it."""
    world.workspace(top=ENVIRONMENTS.replace("UNTIL", PAST))
    world.sales(*(recipe(name, protect=True) for name in ("Board_Pack", "Month_Close", "Churn_Score")))
    world.tailer([flags(activated=True)], [reset("first")])
    assert world.run("apply", "--yes", "--env", "dev").code == 0
    world.workspace(top=ENVIRONMENTS.replace("UNTIL", FUTURE))
    world.tailer([flags(activated=True)], [reset("second")])
    result = world.run("apply", "--yes", "--env", "dev")
    assert result.code == 0, result
    assert [world.live(name)["frequency"] for name in ("Board_Pack", "Month_Close", "Churn_Score")] == ["none"] * 3
    assert world.flags(TABLE) == (False, False)
    assert world.resets() == 1
    text = world.run("plan", "--env", "dev").out
    assert "held: 5 objects, since" in text
    assert "Plan: nothing to do; 5 unchanged, 5 held (environment dev)." in text
    assert world.plan("--env", "prod")["held"] == []
    world.workspace(top=ENVIRONMENTS.replace("UNTIL", PAST))
    assert world.run("apply", "--yes", "--env", "dev").code == 0
    assert world.live("Board_Pack")["frequency"] == "daily"
    assert world.flags(TABLE) == (True, False)
    assert world.resets() == 2


def test_the_record_says_since_when(world: World) -> None:
    """state list and state show; the age does not begin anew with another reason."""
    world.sales(recipe("Board_Pack", **held()))
    world.apply()
    address = "sales/schedule/recipe:Board_Pack"
    (item,) = world.run("state", "list", "--format", "json").json["objects"]
    since = item["held_since"]
    assert datetime.fromisoformat(since) > datetime.now(UTC) - timedelta(minutes=5)
    assert "(held since " in world.run("state", "list").out
    assert "held since " in world.run("state", "show", address).out
    world.sales(recipe("Board_Pack", hold={"reason": "another one"}))
    world.apply()
    assert world.run("state", "show", address, "--format", "json").json["held_since"] == since


def test_the_words_of_a_hold_are_checked(world: World) -> None:
    """With the place and what to write, before anything is read."""
    world.sales(recipe("Board_Pack", hold={"until": "next week"}))
    result = world.run("validate")
    assert result.code == 1
    assert 'needs "reason" in "hold"' in result.err
    assert "write it as 2026-12-01" in result.err


# -- giving up what is held --------------------------------------------------------------------------------------------


@pytest.fixture
def kept(world: World) -> World:
    """Five recorded recipes, the first of them protected and held."""
    world.sales(recipe("Board_Pack", protect=True, **held()), *OTHERS)
    world.apply()
    world.forget_log()
    return world


OTHERS = tuple(recipe(name) for name in ("Month_Close", "Pipeline_Snapshot", "Churn_Score", "Quarter_Forecast"))


@pytest.mark.parametrize("entries", [(), ({"recipe": "Board_Pack", "frequency": "none"},)])
def test_protection_holds_during_a_hold(kept: World, entries: tuple[dict[str, Any], ...]) -> None:
    """Neither a removed entry nor ``frequency: none`` loses for good what is only held."""
    kept.sales(*entries, *OTHERS)
    plan = kept.run("plan", "--format", "json", "--allow-deletes", "9")
    assert (plan.code, "guard-protected" in plan.codes) == (3, True)
    assert [(c["action"], c["requests"]) for c in plan.json["changes"]] == [("delete", [])]
    assert kept.run("apply", "--yes").code == 3


def test_a_held_entry_can_be_given_up(kept: World) -> None:
    """As ever: lift the protection, apply, remove. Nothing is sent, and the record forgets it."""
    kept.sales(recipe("Board_Pack", protect=False, **held()), *OTHERS)
    kept.apply()
    kept.sales(*OTHERS)
    kept.apply()
    assert kept.sent() == []
    assert "Board_Pack" not in kept.run("state", "list").out


def test_by_hand_on_a_held_configuration_says_that_it_is_held(world: World) -> None:
    """``tailer activate`` does it, and the next apply takes it back."""
    world.tailer([{**flags(activated=True), **held()}])
    world.apply()
    words = ("--type", "table-to-table", "--id", TABLE)
    result = world.run("tailer", "activate", *words)
    assert result.code == 0, result
    assert "held (moving house)" in result.err
    assert actions(world.plan()) == [("update", f"table-to-table:{TABLE}")]
    world.apply()
    assert world.flags(TABLE) == (False, False)


def test_a_saved_plan_holds_and_restores(world: World) -> None:
    """What was planned with a hold is applied with it; the record is as old as the apply."""
    world.sales(recipe("Board_Pack", **held()))
    assert world.run("plan", "--out", "held.plan").code == 0
    assert world.run("apply", "held.plan").code == 0
    assert world.live("Board_Pack")["frequency"] == "none"
    world.settled()
    world.sales(recipe("Board_Pack"))
    assert world.run("plan", "--out", "back.plan").code == 0
    assert world.run("apply", "back.plan").code == 0
    assert world.live("Board_Pack")["frequency"] == "daily"
    world.settled()
