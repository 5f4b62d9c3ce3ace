"""Apply: exactly the plan's requests, in order, read again and read back; each object with its own outcome."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.harness import FLOW, PREPARE, TABLE, World, flags, recipe, reset


def outcomes(document: Any) -> dict[str, str]:
    return {each["address"].rpartition(":")[2]: each["outcome"] for each in document["results"]}


def test_requests_of_the_plan_are_what_apply_sends(world: World) -> None:
    """Method, path and body of every write, in the plan and on the wire, on both platforms."""
    world.sales(
        recipe("Board_Pack"),
        recipe("Adhoc_Export", frequency="weekly", days_of_week=["Monday"]),
        {"recipe": "Retired_Report", "frequency": "none"},
        {"dataflow": "After_Sync", "frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"},
        {"data_sync": "Warehouse", "frequency": "hourly", "hourly_interval": 3, "time": "02:30", "timezone": "UTC"},
    )
    world.tailer([flags(), flags(FLOW, activated=True, type_="workflow")], [reset("x")])
    plan = world.plan()
    shown = world.run("plan", "--requests").out
    assert world.sent() == []
    world.apply()
    planned = [(r["method"], r["path"], r["body"]) for c in plan["changes"] for r in c["requests"]]
    assert sorted(planned, key=str) == sorted(world.sent(), key=str)
    for method, path, body in planned:
        assert f"{method} {path}" in shown
        assert body is None or json.dumps(body) in shown


def test_plan_reads_only(world: World) -> None:
    """Plan, drift and validate send GETs and logins, take no lock and write no file."""
    world.sales(recipe("Board_Pack"))
    world.tailer([flags()], [reset("x")])
    for command in (["validate"], ["plan"], ["plan", "--exact"], ["drift"]):
        assert world.run(*command).code == 0
    assert {entry["method"] for entry in world.log()} == {"GET", "POST"}
    assert world.sent() == []
    assert not [p for p in (world.root / ".reconcile").rglob("*") if p.is_file()]


def test_validate_makes_no_call(world: World) -> None:
    """No network at all."""
    world.sales(recipe("Board_Pack"))
    assert world.run("validate").code == 0
    assert world.log() == []


def test_an_object_that_is_as_the_file_says_is_adopted(world: World) -> None:
    """Nothing is sent, it is unchanged, and from then on it is ours: drift is seen, removal deletes it."""
    by_hand = {"frequency": "daily", "time": "04:00", "timezone": "Europe/Paris", "notification_level": "warnings"}
    others = [recipe(name) for name in ("Board_Pack", "Month_Close", "Churn_Score", "Adhoc_Export")]
    world.sales({"data_sync": "Marketing_Cloud", **by_hand}, *others)
    assert world.plan()["summary"]["unchanged"] == 1
    world.apply()
    assert not any("0It" in path for _, path, _ in world.sent())
    world.by_hand("data_sync", "Marketing_Cloud", {"frequency": "daily", "time": {"hour": 5, "minute": 0}})
    assert world.run("drift").code == 5
    world.sales(*others)
    world.apply()
    assert world.live("Marketing_Cloud")["frequency"] == "none"


def test_a_field_that_is_not_in_the_file_is_not_managed(world: World) -> None:
    """It is never sent and never drift."""
    world.sales(recipe("Board_Pack"))
    world.apply()
    assert world.sent()[0][2].keys() == {"frequency", "time"}
    level = {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}, "notificationLevel": "Always"}
    world.by_hand("recipe", "Board_Pack", level)
    world.settled()


def test_moved_since_the_plan_is_refused_alone(world: World) -> None:
    """A PUT by somebody else between plan and write: refused with the third value; the rest goes on; exit 4."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.run("plan")
    world.http.timeout = 30
    # The first list is for the plan, the second is the look before the write: in between somebody moves it.
    moved = {"frequency": "daily", "time": {"hour": 7, "minute": 7, "timeZone": "UTC"}}
    with world.meanwhile("/wave/", seen=1, do=lambda: world.by_hand("recipe", "Board_Pack", moved)):
        result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 4, result
    assert outcomes(result.json) == {"Board_Pack": "refused", "Month_Close": "done"}
    fields = next(r for r in result.json["results"] if r["outcome"] == "refused")["fields"]
    assert {"path": "time", "before": "02:00", "after": "07:07"} in fields
    assert world.live("Board_Pack")["time"]["hour"] == 7


def test_all_moved_is_a_refusal(world: World) -> None:
    """When every object moved nothing was changed: exit 3, and the text shows planned, wanted and third value."""
    world.sales(recipe("Board_Pack"))
    moved = {"frequency": "daily", "time": {"hour": 7, "minute": 7, "timeZone": "UTC"}}
    with world.meanwhile("/wave/", seen=1, do=lambda: world.by_hand("recipe", "Board_Pack", moved)):
        result = world.run("apply", "--yes")
    assert result.code == 3, result
    assert "time: planned 02:00 -> 01:00, but it is 07:07 now" in result.out
    assert world.sent() == []


def test_already_moved_to_the_desired_value_is_done(world: World) -> None:
    """Somebody already did it: done, nothing sent, and recorded as ours."""
    world.sales(recipe("Board_Pack"))
    wanted = {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}}
    with world.meanwhile("/wave/", seen=1, do=lambda: world.by_hand("recipe", "Board_Pack", wanted)):
        result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 0, result
    assert outcomes(result.json) == {"Board_Pack": "done"}
    assert world.sent() == []
    world.settled()


def test_a_field_that_the_platform_does_not_keep_is_named(world: World) -> None:
    """A PUT that answers 200 and drops a field is a failure that names the field; it is not recorded as done."""
    world.switch(drop_fields=["notificationLevel"])
    world.sales(recipe("Board_Pack", notification_level="always"), recipe("Month_Close"))
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 4, result
    assert outcomes(result.json) == {"Board_Pack": "failed", "Month_Close": "done"}
    assert "notification_level" in result.err
    assert world.plan()["summary"]["update"] == 1


def test_a_list_that_lags_convicts_nobody(world: World) -> None:
    """Read back, a list that still shows the old value is not believed before the object itself is asked."""
    world.switch(list_lag=600)
    world.sales(recipe("Board_Pack"), recipe("Adhoc_Export"))
    result = world.run("apply", "--yes")
    assert result.code == 0, result


def test_one_failure_stops_no_other(world: World) -> None:
    """One recipe of three is refused by the platform: the others are done, exit 4, the reason is told."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"), recipe("Adhoc_Export"))
    bad = world.asset("Month_Close")["id"]
    body = [{"errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "no access, sorry"}]
    world.fault("status", method="PUT", path=bad, status=403, body=body)
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 4, result
    assert outcomes(result.json) == {"Board_Pack": "done", "Month_Close": "failed", "Adhoc_Export": "done"}
    assert "no access, sorry" in result.err
    world.clear_faults()
    assert [c["address"] for c in world.plan()["changes"]] == ["sales/schedule/recipe:Month_Close"]
    world.apply()


def test_every_change_failed_is_exit_1(world: World) -> None:
    """Nothing was changed."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.fault("status", method="PUT", status=403)
    assert world.run("apply", "--yes").code == 1


def test_an_unknown_name_is_an_error_with_a_suggestion_and_stops_no_other(world: World) -> None:
    """plan exits 1; apply does the rest and exits 4; nothing is sent for the unknown one."""
    world.sales(recipe("Board_Pak"), recipe("Month_Close"))
    plan = world.run("plan", "--format", "json")
    assert plan.code == 1
    assert plan.codes == ["unknown-object"]
    assert "Board_Pack" in plan.json["diagnostics"][0]["hint"]
    assert world.run("apply", "--yes").code == 4
    assert len(world.sent()) == 1


def test_an_ambiguous_name_is_an_error_that_says_how_to_name_it(world: World) -> None:
    """Two recipes of one name: nothing is guessed, the ids are shown."""
    ids = [world.create("recipe", "Twin"), world.create("recipe", "Twin")]
    world.sales(recipe("Twin"))
    plan = world.run("plan", "--format", "json")
    assert plan.code == 1
    assert plan.codes == ["ambiguous-name"]
    assert all(each in plan.json["diagnostics"][0]["detail"] for each in ids)


def test_a_label_is_not_a_name(world: World) -> None:
    """The hint says which API name the label belongs to."""
    world.sales({"dataflow": "After Sync", "frequency": "daily", "time": "01:00", "timezone": "UTC"})
    plan = world.run("plan", "--format", "json")
    assert plan.code == 1
    assert "After_Sync" in plan.json["diagnostics"][0]["hint"]


# -- Tailer ------------------------------------------------------------------------------------------------------------


def test_what_tailer_cannot_show_is_said_to_be_as_last_applied(world: World) -> None:
    """Never guessed: no drift, no claim; --reassert sends everything again."""
    world.tailer([flags()])
    world.apply()
    world.admin("PUT", f"tailer/configurations/table-to-table/{TABLE}", {"activated": True})
    plan = world.run("plan")
    assert "last applied by us at 20" in plan.out
    assert world.run("drift").code == 0
    world.forget_log()
    again = world.plan("--reassert")
    assert [c["action"] for c in again["changes"]] == ["assert"]
    world.apply("--reassert")
    assert world.flags(TABLE) == (False, False)


def test_first_adoption_writes_and_the_next_apply_sends_only_what_differs(world: World) -> None:
    """Two on first sight, one after an edit of one."""
    world.tailer([flags(TABLE), flags(PREPARE, activated=True)])
    world.apply()
    assert len(world.sent()) == 2
    world.forget_log()
    world.tailer([flags(TABLE), flags(PREPARE)])
    plan = world.plan()
    assert [(c["action"], c["why"]) for c in plan["changes"]] == [("update", "file")]
    world.apply()
    assert [body["configuration_id"] for _, _, body in world.sent()] == [PREPARE]


def test_tailer_order_off_and_on(world: World) -> None:
    """Off: workflows first. On: targets first, then workflows, the reset last (platform page 5.6)."""
    off = [flags(TABLE), flags(FLOW, type_="workflow")]
    on = [flags(TABLE, activated=True), flags(FLOW, activated=True, type_="workflow")]
    mixed = [flags(TABLE), flags(PREPARE, activated=True), flags(FLOW, activated=True, type_="workflow")]
    world.tailer(off)
    world.apply()
    assert [body["configuration_id"] for _, _, body in world.sent()] == [FLOW, TABLE]
    world.forget_log()
    world.tailer(on, [reset("go")])
    world.apply()
    assert [b.get("configuration_id") for _, _, b in world.sent()] == [TABLE, FLOW, FLOW]
    assert world.sent()[-1][1] == "/v1/workflow/status"
    world.forget_log()
    world.tailer(mixed)
    world.apply()
    assert [b["configuration_id"] for _, _, b in world.sent()] == [TABLE, PREPARE]


def test_a_reset_is_made_once_for_each_note(world: World) -> None:
    """The same note: never again. A changed note: once more. A removed entry: nothing, also when it comes back."""
    world.tailer(resets=[reset("one")])
    world.apply()
    world.apply()
    world.apply("--reassert")
    assert world.resets() == 1
    world.tailer(resets=[reset("two")])
    assert [c["action"] for c in world.plan()["changes"]] == ["run"]
    world.apply()
    assert world.resets() == 2
    world.tailer()
    world.apply()
    world.tailer(resets=[reset("two")])
    world.apply()
    assert world.resets() == 2


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_reset_without_an_answer_is_unknown_and_not_sent_again(world: World, after_effect: bool) -> None:
    """The connection is cut: exit 1, unknown; plan says so; no apply sends it again; a new note does, once."""
    world.tailer(resets=[reset("one")])
    world.fault("cut", path="/v1/workflow/status", times=1, after_effect=after_effect)
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 1, result
    assert [r["outcome"] for r in result.json["results"]] == ["unknown"]
    assert len(world.sent()) == 1
    plan = world.run("plan", "--format", "json")
    assert plan.code == 0
    assert plan.codes == ["outcome-unknown"]
    assert plan.json["changes"] == []
    assert world.run("apply", "--yes").code == 0
    assert world.run("apply", "--yes", "--reassert").code == 0
    assert len(world.sent()) == 1
    world.tailer(resets=[reset("two")])
    assert world.run("apply", "--yes").code == 0
    assert len(world.sent()) == 2
    world.settled()


def test_a_reset_that_was_refused_may_be_tried_again(world: World) -> None:
    """A KO had no effect: failed, and the next plan wants it still."""
    world.tailer(resets=[reset("one")])
    world.fault("status", path="/v1/workflow/status", times=1, status=403)
    assert world.run("apply", "--yes").code == 1
    assert [c["action"] for c in world.plan()["changes"]] == ["run"]
    world.apply()
    assert world.resets() == 1


@pytest.mark.parametrize("after_effect", [False, True])
def test_the_flag_setter_is_sent_again_when_the_answer_is_lost(world: World, after_effect: bool) -> None:
    """An absolute setter may be repeated: it ends well, and says that it waited."""
    world.tailer([flags()])
    world.fault("cut", path="/v1/configuration/status", times=1, after_effect=after_effect)
    result = world.run("apply", "--yes")
    assert result.code == 0, result
    assert "waiting" in result.err
    assert world.flags(TABLE) == (False, False)


def test_a_flag_whose_answer_stays_lost_is_asserted_again(world: World) -> None:
    """Unknown, exit 1; the next plan sends it again (assert, why unknown) and says why."""
    world.tailer([flags()])
    world.fault("cut", path="/v1/configuration/status", after_effect=True)
    assert world.run("apply", "--yes").code == 1
    world.clear_faults()
    assert [(c["action"], c["why"]) for c in world.plan()["changes"]] == [("assert", "unknown")]
    world.apply()


def test_an_id_without_its_environment_is_doubted_aloud(world: World) -> None:
    """A table-to-table whose id lacks _DEV is a warning with a suggestion, on stderr; it is no error."""
    world.tailer([flags("000099_Load_PDA_f_traffic_ma")])
    result = world.run("validate")
    assert result.code == 0
    assert "000099_Load_PDA_f_traffic_ma_DEV" in result.err


def test_gbq_to_gbq_is_table_to_table(world: World) -> None:
    """The alias names the same object: twice is a duplicate, switching the word changes nothing."""
    world.tailer([flags(type_="gbq-to-gbq")])
    world.apply()
    world.tailer([flags()])
    world.settled()
    world.tailer([flags(), flags(type_="gbq-to-gbq")])
    assert world.run("validate").code == 1
