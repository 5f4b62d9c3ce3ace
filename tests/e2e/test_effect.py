"""What a plan says of runs: effects, forecasts, findings; over sockets, and kept apart from what it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .harness import World

DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
MONTH_CLOSE = "sales/schedule/recipe:Month_Close"


def daily(name: str, time: str, **more: object) -> dict[str, Any]:
    return {"recipe": name, "frequency": "daily", "time": time, "timezone": "UTC", **more}


def ran(world: World, asset_type: str, name: str, minutes: int) -> None:
    """Let an asset have run three times for so long."""
    for days in (1, 2, 3):
        at = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        script = {"running_seconds": minutes * 60, "created_at": at}
        world.admin("POST", "crm/jobs", {"type": asset_type, "name": name, **script})


def codes(document: Any, address: str) -> list[str]:
    return [each["code"] for each in document["diagnostics"] if each["address"] == address]


@pytest.fixture
def world(world: World) -> World:
    world.workspace()
    world.env["TZ"] = "UTC"
    return world


def test_a_change_says_what_becomes_of_its_runs(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    document = world.plan()
    (change,) = document["changes"]
    effect = change["effect"]
    assert effect["runs_after"] == 31
    assert effect["month"]["gained"] + effect["month"]["moved"] + effect["month"]["kept"] == 31
    assert len(effect["next_after"]) == 3
    assert effect["next_after"][0]["at"][11:] == "03:00:00Z"
    text = world.run("plan").out
    assert "\n    => " in text
    assert "next runs" not in text
    more = world.run("plan", "-v").out
    assert "\n       next runs (UTC; in brackets the schedule's own clock)\n" in more
    assert all(len(line) <= 100 for line in more.splitlines() if "next" in line)


def test_a_deletion_says_what_it_stops(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    world.apply()
    world.sales({"recipe": "Month_Close", "frequency": "none"})
    plan = world.run("plan", "--allow-deletes", "1")
    assert "=> stops 31 runs a month, from " in plan.out
    (change,) = world.plan("--allow-deletes", "1")["changes"]
    assert (change["effect"]["stops"], change["effect"]["runs_before"], change["effect"]["runs_after"]) == (True, 31, 0)


def test_forgetting_what_is_gone_stops_nothing(world: World) -> None:
    world.create("recipe", "Short_Lived", None)
    world.sales(daily("Month_Close", "03:00"), daily("Short_Lived", "03:00"))
    world.apply()
    world.remove_asset("Short_Lived")
    world.sales(daily("Month_Close", "03:00"))
    plan = world.run("plan")
    assert "x forget  sales/schedule/recipe:Short_Lived" in plan.out
    assert "=> " not in plan.out
    world.forget_log()
    (change,) = world.plan()["changes"]
    assert (change["action"], change["effect"]) == ("forget", None)
    assert not [path for _, path in world.calls() if "dataflowjobs" in path]


def test_an_asset_that_is_named_by_its_id_from_now_on_is_one_schedule(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    world.apply()
    by_id = {"id": world.asset("Month_Close")["id"], "frequency": "daily", "time": "04:00", "timezone": "UTC"}
    world.sales(by_id)
    document = world.plan()
    assert {each["action"]: bool(each["effect"]) for each in document["changes"]} == {"update": True, "forget": False}
    assert document["outlook"]["schedules"] == 1


def test_apply_and_undo_say_it_too(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    applied = world.run("apply", "--yes", "--format", "json")
    assert applied.json["plan"]["changes"][0]["effect"]["runs_after"] == 31
    undone = world.run("undo", applied.json["id"], "--yes")
    assert undone.code == 0, undone
    assert "\n    => " in undone.out


def test_times_are_on_the_readers_clock(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    assert "Asia/Kathmandu" in world.run("plan", "--zone", "Asia/Kathmandu").out
    assert world.plan("--zone", "Asia/Kathmandu")["outlook"]["zone"] == "Asia/Kathmandu"
    wrong = world.run("plan", "--zone", "Asia/Katmandoo")
    assert (wrong.code, wrong.out) == (64, "")
    assert "Asia/Kat" in wrong.err


def test_a_plan_that_changes_nothing_asks_nothing_more(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    world.apply()
    world.forget_log()
    assert world.plan()["outlook"] is None
    assert not [path for _, path in world.calls() if "dataflowjobs" in path or path.endswith("/limits")]
    assert world.plan("--forecast")["outlook"]["limits"]
    assert [path for _, path in world.calls() if "dataflowjobs" in path]


def test_recipes_that_collide_are_told_with_a_way_out(world: World) -> None:
    """Three at once are allowed; each of these takes an hour."""
    names = ("Board_Pack", "Month_Close", "Churn_Score", "Pipeline_Snapshot")
    for name in names:
        ran(world, "recipe", name, 60)
    world.sales(*(daily(name, f"03:{10 * place:02}") for place, name in enumerate(names)))
    text = world.run("plan").out
    assert "recipes at once: at most" in text
    assert "-> 4 of 3, too many: " in text
    assert "hint: moving sales/schedule/recipe:" in text
    (limit,) = (each for each in world.plan()["outlook"]["limits"] if each["name"] == "recipes at once")
    assert limit["after"]["exceeded"]
    assert limit["after"]["collisions"][0]["addresses"] == [f"sales/schedule/recipe:{name}" for name in sorted(names)]


def test_limits_are_settings_too(world: World) -> None:
    world.workspace(crm="limits: {recipes: 1}")
    for name in ("Board_Pack", "Month_Close"):
        ran(world, "recipe", name, 60)
    world.sales(daily("Board_Pack", "03:00"), daily("Month_Close", "03:30"))
    (limit,) = (each for each in world.plan()["outlook"]["limits"] if each["name"] == "recipes at once")
    assert (limit["most"], limit["source"], limit["after"]["peak"]) == (1, "limits of the connection", 2)


def test_an_interval_shorter_than_the_run_usually_takes(world: World) -> None:
    ran(world, "recipe", "Month_Close", 50)
    often = {"recipe": "Month_Close", "frequency": "minutely", "minutely_interval": 15, "time": "00:00"}
    world.sales({**often, "last_hour": 23, "timezone": "UTC", "days_of_week": DAYS})
    document = world.plan()
    assert "short-interval" in codes(document, MONTH_CLOSE)
    (told,) = (each for each in document["diagnostics"] if each["code"] == "short-interval")
    assert "due again after 15 min but usually takes 50 min" in told["detail"]
    assert (told["file"].endswith("sales.yaml"), told["line"] > 0) == (True, True)


def test_a_recipe_before_the_sync_that_it_reads_has_ended(world: World) -> None:
    ran(world, "data_sync", "SFDC_LOCAL", 60)
    sync = {"data_sync": "SFDC_LOCAL", "frequency": "daily", "time": "01:00", "timezone": "UTC"}
    world.sales(sync, daily("Month_Close", "01:30"))
    assert "upstream-unfinished" in codes(world.plan(), MONTH_CLOSE)
    world.sales(sync, daily("Month_Close", "03:30"))
    assert "upstream-unfinished" not in codes(world.plan(), MONTH_CLOSE)


def test_whose_zone_it_runs_in(world: World) -> None:
    entry = daily("Month_Close", "03:00")
    del entry["timezone"]
    world.sales(entry)
    world.switch(user_zone="Europe/Lisbon")
    plan = world.run("plan")
    assert "takes that of the user who applies: Europe/Lisbon" in plan.err
    assert "no-timezone" not in plan.err
    (change,) = world.plan()["changes"]
    assert change["effect"]["known"]
    assert "warning[no-timezone]" in world.run("validate").err


def test_an_owner_who_left(world: World) -> None:
    world.admin("PUT", "crm/users", {"Kim Former": {"active": False, "assets": ["recipe:Month_Close"]}})
    world.sales(daily("Month_Close", "03:00"))
    plan = world.run("plan")
    assert plan.code == 0
    assert "warning[owner-inactive]" in plan.err


def test_an_org_that_tells_nothing_of_itself_is_planned_all_the_same(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    for path in ("dataflowjobs", "limits", "userinfo", "query"):
        world.fault("status", status=403, path=path, times=100)
    document = world.plan()
    assert document["changes"][0]["effect"]["runs_after"] == 31
    assert [each["severity"] for each in document["diagnostics"] if each["code"] == "experience-unread"] == ["note"]


def test_validate_says_what_the_clock_does_and_allow_says_that_it_is_right(world: World) -> None:
    gap = daily("Month_Close", "02:30") | {"timezone": "America/Los_Angeles"}
    world.sales(gap)
    told = world.run("validate")
    assert told.code == 0
    assert "warning[dst-skipped]" in told.err
    assert "dst-skipped" in codes(world.plan(), MONTH_CLOSE)

    world.sales({**gap, "allow": [{"code": "dst-skipped", "reason": "runs twice are harmless"}]})
    quiet = world.run("validate")
    assert "dst-skipped" not in quiet.err
    assert "Accepted: runs twice are harmless" in world.run("validate", "-v").err
    (accepted,) = world.run("validate", "--format", "json").json["allowed"]
    assert (accepted["code"], accepted["address"], accepted["reason"]) == (
        "dst-skipped",
        MONTH_CLOSE,
        "runs twice are harmless",
    )
    assert codes(world.plan(), MONTH_CLOSE) == []


def test_allow_in_the_workspace_file_is_for_what_it_names(world: World) -> None:
    world.workspace(top="allow: [{code: dst-skipped, objects: ['sales/*:Month_*'], reason: known}]")
    gap = {"timezone": "America/Los_Angeles"}
    world.sales(daily("Month_Close", "02:30") | gap, daily("Board_Pack", "02:30") | gap)
    told = world.run("validate").err
    assert told.count("warning[dst-skipped]") == 1
    assert "recipe:Board_Pack is due" in told


def test_more_than_five_behind_one_event(world: World) -> None:
    names = [f"Extra_{number}" for number in range(6)]
    for name in names:
        world.admin("POST", "crm/assets", {"type": "recipe", "name": name})
    world.sales(*({"recipe": n, "frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"} for n in names))
    assert world.run("validate").err.count("warning[too-many-dependents]") == 6
    document = world.plan()
    assert "too-many-dependents" in codes(document, "sales/schedule/recipe:Extra_0")


def test_runs_inside_a_freeze_are_shown(world: World) -> None:
    world.workspace(top="freezes: [{weekly: {days_of_week: [Saturday, Sunday]}, reason: quiet weekends}]")
    world.sales(daily("Month_Close", "03:00"))
    (frozen,) = world.plan()["outlook"]["frozen"]
    assert (frozen["address"], frozen["reason"]) == (MONTH_CLOSE, "quiet weekends")
    assert frozen["times"] in (8, 9, 10)


def test_the_forecast_counts_what_no_file_names_when_it_is_asked_for(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    assert world.plan()["outlook"]["schedules"] == 1
    assert world.plan("--unmanaged")["outlook"]["schedules"] > 1


def test_findings_know_of_what_no_file_names_when_the_effect_does(world: World) -> None:
    """The sync is live every six hours from 00:30, takes an hour, and is in no file."""
    ran(world, "data_sync", "SFDC_LOCAL", 60)
    waiting = {"recipe": "Month_Close", "frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"}
    world.sales(waiting, daily("Board_Pack", "06:45"))
    files_alone = world.plan()
    assert not {each["address"]: each for each in files_alone["changes"]}[MONTH_CLOSE]["effect"]["known"]
    assert "trigger-unknown" in codes(files_alone, MONTH_CLOSE)
    document = world.plan("--unmanaged")
    assert {each["address"]: each for each in document["changes"]}[MONTH_CLOSE]["effect"]["runs_after"] == 124
    assert "trigger-unknown" not in codes(document, MONTH_CLOSE)
    assert "upstream-unfinished" in codes(document, "sales/schedule/recipe:Board_Pack")


def test_a_saved_plan_holds_the_effect_and_applies_as_ever(world: World) -> None:
    world.sales(daily("Month_Close", "03:00"))
    saved = world.run("plan", "--out", "p.json")
    assert saved.code == 0, saved
    assert '"runs_after": 31' in (world.home / "p.json").read_text(encoding="utf-8")
    applied = world.run("apply", "p.json")
    assert applied.code == 0, applied
    assert "=> " in applied.out
