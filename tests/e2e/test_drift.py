"""Drift: recorded against live, read only by construction; pending file changes are told apart."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.harness import World, flags, recipe, reset

NINE = {"frequency": "daily", "time": {"hour": 9, "minute": 0, "timeZone": "UTC"}}


@pytest.fixture
def applied(world: World) -> World:
    """Two recipes, a flag and a reset, applied."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.tailer([flags()], [reset("x")])
    world.apply()
    world.forget_log()
    return world


def drift_of(world: World, code: int = 5) -> Any:
    result = world.run("drift", "--format", "json")
    assert result.code == code, result
    assert result.json["format"] == "reconcile.drift/1"
    return result.json


def test_no_drift(applied: World) -> None:
    """Exit 0, an empty list, GETs only."""
    assert drift_of(applied, 0)["drift"] == []
    assert applied.sent() == []
    assert applied.log(platform="tailer") == []


def test_what_moved_from_what_to_what(applied: World) -> None:
    """Recorded and live value, file and line, why; plan shows the same drift apart from its changes; apply heals it."""
    applied.by_hand("recipe", "Board_Pack", NINE)
    (item,) = drift_of(applied)["drift"]
    assert item["address"] == "sales/schedule/recipe:Board_Pack"
    assert item["why"] == "drift"
    assert item["fields"] == [{"path": "time", "before": "01:00", "after": "09:00"}]
    assert item["source"] == {"file": "sales.yaml", "line": 3, "column": 5}
    text = applied.run("drift")
    assert text.code == 5
    assert "01:00" in text.out
    assert "09:00" in text.out
    plan = applied.plan()
    assert [d["address"] for d in plan["drift"]] == [item["address"]]
    assert [c["why"] for c in plan["changes"]] == ["drift"]
    applied.apply()


def test_a_pending_file_change_is_no_drift(applied: World) -> None:
    """Exit 0, pending counts it."""
    applied.sales(recipe("Board_Pack", time="03:00"), recipe("Month_Close"))
    document = drift_of(applied, 0)
    assert (document["drift"], document["pending"]) == ([], 1)


def test_file_and_platform_moved(applied: World) -> None:
    """why is both, in drift and in plan."""
    applied.sales(recipe("Board_Pack", time="03:00"), recipe("Month_Close"))
    applied.by_hand("recipe", "Board_Pack", NINE)
    assert [d["why"] for d in drift_of(applied)["drift"]] == ["both"]
    assert [c["why"] for c in applied.plan()["changes"]] == ["both"]


def test_moved_to_where_the_file_wants_it(applied: World) -> None:
    """Somebody did by hand what the file will ask for: drift (it moved), nothing pending; apply records it quietly."""
    applied.sales(recipe("Board_Pack", time="09:00"), recipe("Month_Close"))
    applied.by_hand("recipe", "Board_Pack", NINE)
    document = drift_of(applied)
    assert [d["why"] for d in document["drift"]] == ["both"]
    assert document["pending"] == 0
    applied.forget_log()
    applied.apply()
    assert applied.sent() == []


def test_a_gone_asset_is_drift(applied: World) -> None:
    """ "no longer exists", exit 5, never silence; plan is an error for what a file asks for."""
    applied.remove_asset("Board_Pack")
    (item,) = drift_of(applied)["drift"]
    assert item["gone"] is True
    assert "no longer exists" in applied.run("drift").out
    plan = applied.run("plan", "--format", "json")
    assert plan.code == 1
    assert plan.codes == ["unknown-object"]
    assert [d["gone"] for d in plan.json["drift"]] == [True]


def test_an_asset_made_again_under_the_same_name(applied: World) -> None:
    """The name decides: another id under it is the same object; what is live there counts."""
    applied.remove_asset("Board_Pack")
    applied.create("recipe", "Board_Pack")
    (item,) = drift_of(applied)["drift"]
    assert item["gone"] is False
    applied.apply()
    assert applied.live("Board_Pack")["frequency"] == "daily"


def test_a_schedule_cleared_by_hand_is_drift(applied: World) -> None:
    """From daily to none."""
    applied.by_hand("recipe", "Board_Pack", None)
    (item,) = drift_of(applied)["drift"]
    assert item["fields"][0]["path"] == "frequency"
    assert [c["action"] for c in applied.plan()["changes"]] == ["create"]
    applied.apply()


def test_a_schedule_made_by_hand_where_none_is_recorded_is_drift(world: World) -> None:
    """frequency: none is recorded, too."""
    world.sales({"recipe": "Adhoc_Export", "frequency": "none"}, recipe("Board_Pack"))
    world.apply()
    world.by_hand("recipe", "Adhoc_Export", NINE)
    assert [d["address"] for d in drift_of(world)["drift"]] == ["sales/schedule/recipe:Adhoc_Export"]


def test_a_removed_entry_that_moved_is_drift(applied: World) -> None:
    """What we recorded and no file asks for any more is still ours to look at, until an apply."""
    applied.sales(recipe("Month_Close"))
    applied.by_hand("recipe", "Board_Pack", NINE)
    assert [d["why"] for d in drift_of(applied)["drift"]] == ["both"]


def test_nothing_recorded_is_no_drift(world: World) -> None:
    """Before the first apply there is nothing that could have moved."""
    world.sales(recipe("Board_Pack"))
    document = drift_of(world, 0)
    assert (document["drift"], document["pending"]) == ([], 1)


def test_a_failed_read_is_exit_1_and_not_in_sync(applied: World) -> None:
    """What cannot be read is not said to be in sync; what can be read and moved is still shown."""
    applied.by_hand("recipe", "Board_Pack", NINE)
    applied.fault("status", method="GET", path="/wave/recipes", status=500)
    result = applied.run("drift", "--format", "json")
    assert result.code == 1, result
    assert "No drift" not in applied.run("drift").out
    assert any(each["severity"] == "error" for each in result.json["diagnostics"])


def test_the_daily_of_the_ui_is_no_drift(applied: World) -> None:
    """The UI writes daily as weekly on seven days; the order of days means nothing; other names of UTC neither."""
    week = ["Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    time = {"hour": 1, "minute": 0, "timeZone": "Etc/UTC"}
    applied.by_hand("recipe", "Board_Pack", {"frequency": "weekly", "daysOfWeek": week, "time": time})
    applied.settled()
    assert drift_of(applied, 0)["drift"] == []


def test_drift_is_found_in_what_a_selection_names(applied: World) -> None:
    """--select narrows it down."""
    applied.by_hand("recipe", "Board_Pack", NINE)
    assert applied.run("drift", "--select", "*Month*").code == 0
    assert applied.run("drift", "--select", "*Board*").code == 5


def test_drift_as_markdown(applied: World) -> None:
    """For a pull-request comment or an issue."""
    applied.by_hand("recipe", "Board_Pack", NINE)
    result = applied.run("drift", "--format", "markdown")
    assert result.code == 5
    assert "Board_Pack" in result.out
