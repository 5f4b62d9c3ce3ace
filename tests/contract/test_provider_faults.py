"""What each provider makes of trouble: reads never shrink, what is safe is repeated, the rest said to be unknown."""

from __future__ import annotations

import time
from typing import Any

import pytest

from e2e.harness import FLOW, TABLE, World, flags, recipe, reset
from reconcile.core.address import Address
from reconcile.core.redact import Redactor
from reconcile.providers.base import Surroundings, Wanted
from reconcile.providers.registry import providers

Rule = dict[str, Any]

READS = ("/wave/recipes", "/wave/dataflows", "/wave/dataConnectors")


@pytest.fixture
def applied(world: World) -> World:
    """One recorded object of each type of asset, a flag and a reset."""
    daily = {"frequency": "daily", "time": "01:00", "timezone": "UTC"}
    world.sales(recipe("Board_Pack"), {"dataflow": "Opportunities", **daily}, {"data_sync": "Warehouse", **daily})
    world.tailer([flags()], [reset("x")])
    world.apply()
    world.forget_log()
    return world


def logins(world: World) -> int:
    return sum("oauth2" in entry["path"] for entry in world.log())


# -- reading -----------------------------------------------------------------------------------------------------------


def test_a_reader_can_only_get(world: World) -> None:
    """It has no method that sends; what it does, list and exact, are GETs and a login."""
    from reconcile.config.load import load

    world.sales(recipe("Board_Pack"), {"dataflow": "Opportunities", "frequency": "none"})
    world.tailer([flags()])
    config = load(world.root, None, world.env, providers())
    for name, connection in config.connections.items():
        surroundings = Surroundings(lambda notice: None, Redactor(), world.env)
        reader = providers()[connection.provider].reader(name, connection.settings, surroundings)
        mine = [Wanted(address) for address in config.desired if address.connection == name]
        for exact in (False, True):
            assert {type(each) for each in reader.read(mine, exact=exact).by_address} <= {Address}
        reader.close()
        assert not hasattr(reader, "send")
    assert {entry["method"] for entry in world.log() if "oauth2" not in entry["path"]} == {"GET"}
    assert world.sent() == []


# Passing trouble: met once, got over, seen on stderr.
PASSING: dict[str, Rule] = {
    "429": {"kind": "status", "status": 429},
    "429 with Retry-After": {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}},
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502},
    "503": {"kind": "status", "status": 503},
    "503 in HTML": {"kind": "html", "status": 503},
    "504": {"kind": "status", "status": 504},
    "cut": {"kind": "cut"},
    "cut in the middle": {"kind": "partial"},
}


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("trouble", PASSING)
def test_reads_are_repeated(applied: World, trouble: str, path: str) -> None:
    """The plan is as if nothing had been, and the wait was visible."""
    applied.fault(**PASSING[trouble], method="GET", path=path, times=1)
    plan = applied.run("plan", "--format", "json")
    assert plan.code == 0, plan
    assert plan.json["summary"]["unchanged"] == 5
    assert "waiting" in plan.err


# Trouble that stays, or answers that are none: an error, never an empty list.
LASTING: dict[str, Rule] = {
    **PASSING,
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "404": {"kind": "status", "status": 404},
    "400": {"kind": "status", "status": 400},
    "200 in HTML": {"kind": "html", "status": 200},
    "200 and nothing": {"kind": "empty"},
    "200 and garbage": {"kind": "garbage"},
    "204": {"kind": "empty", "status": 204},
    "200 and another list": {"kind": "status", "status": 200, "body": {"things": []}},
    "200 and null": {
        "kind": "status",
        "status": 200,
        "body": {"recipes": None, "dataflows": None, "dataConnectors": None},
    },
    "200 and an array": {"kind": "status", "status": 200, "body": []},
    "200 and items without id": {
        "kind": "status",
        "status": 200,
        "body": {"recipes": [{}], "dataflows": [{}], "dataConnectors": [{}]},
    },
}


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("trouble", LASTING)
def test_a_failed_list_is_an_error_and_changes_nothing(applied: World, trouble: str, path: str) -> None:
    """plan and drift exit 1 and say so; nothing is deleted, drifted or forgotten."""
    applied.fault(**LASTING[trouble], method="GET", path=path)
    plan = applied.run("plan", "--format", "json")
    assert plan.code == 1, plan
    assert plan.json["changes"] == plan.json["drift"] == []
    assert plan.json["summary"]["unchanged"] == 4
    assert applied.run("drift").code == 1
    applied.sales()
    assert applied.run("apply", "--yes").code != 0
    assert applied.sent() == []


def test_a_failing_second_page_is_no_shorter_list(world: World) -> None:
    """Objects of the first page are not planned as if the rest had gone."""
    world.admin("POST", "crm/assets", {"type": "recipe", "count": 300, "prefix": "Many_"})
    world.sales(recipe("Many_1"), recipe("Many_299"))
    world.apply()
    for rule in ({"kind": "status", "status": 500}, {"kind": "html", "status": 200}, {"kind": "cut"}):
        world.fault(**rule, method="GET", path="recipes?page=")
        plan = world.run("plan", "--format", "json")
        assert plan.code == 1, plan
        assert plan.json["changes"] == plan.json["drift"] == []
        world.clear_faults()


def test_an_empty_list_is_no_silence(applied: World) -> None:
    """Nothing listed: what a file asks for is an error, and drift says that it is gone."""
    applied.fault("status", method="GET", path="/wave/recipes", status=200, body={"recipes": [], "totalSize": 0})
    assert applied.run("plan").code == 1
    drift = applied.run("drift", "--format", "json")
    assert drift.code == 5, drift
    assert drift.json["drift"][0]["gone"] is True


def test_a_list_that_is_shorter_than_it_says(applied: World) -> None:
    """totalSize promises more: what is not on it is unknown, not gone."""
    applied.fault("status", method="GET", path="/wave/recipes", status=200, body={"recipes": [], "totalSize": 7})
    plan = applied.run("plan", "--format", "json")
    assert plan.code == 1
    assert "incomplete-listing" in plan.codes
    assert plan.json["drift"] == []


def test_a_list_without_end_is_given_up(applied: World) -> None:
    """A next page that points to itself."""
    body = {"recipes": [], "nextPageUrl": "/services/data/v60.0/wave/recipes?page=again"}
    applied.fault("status", method="GET", path="/wave/recipes", status=200, body=body)
    assert applied.run("plan").code == 1
    assert len(applied.log()) < 20


def test_an_expired_session_is_renewed_once(applied: World) -> None:
    """A 401 in the middle: one login more, and all is well; a session that is refused for ever: two logins, exit 1."""
    applied.fault("status", method="GET", path="/wave/dataflows", status=401, times=1)
    assert applied.run("plan").code == 0
    assert logins(applied) == 2
    applied.forget_log()
    applied.fault("status", method="GET", status=401)
    assert applied.run("plan").code == 1
    assert logins(applied) == 2
    applied.clear_faults()


def test_a_refused_login_is_tried_once(applied: World) -> None:
    """Wrong credentials: exit 1, one login for all objects, its words on stderr."""
    applied.env["SF_CLIENT_SECRET"] = "not-the-secret"
    result = applied.run("plan")
    assert result.code == 1
    assert "invalid_client" in result.err
    assert logins(applied) == 1
    assert [e for e in applied.log() if "oauth2" not in e["path"]] == []


def test_the_daily_limit_is_not_waited_for(applied: World) -> None:
    """403 REQUEST_LIMIT_EXCEEDED: said, and not tried again."""
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    applied.fault("status", method="GET", path="/wave/recipes", status=403, body=body)
    result = applied.run("plan")
    assert result.code == 1
    assert "TotalRequests Limit exceeded" in result.err
    assert sum("/wave/recipes" in entry["path"] for entry in applied.log()) == 1


def test_retry_after_is_kept(applied: World) -> None:
    """A platform that asks for a second gets it, visibly; one that asks for an hour is given up at once."""
    applied.workspace(longest_wait=5)
    applied.fault("status", method="GET", path="/wave/recipes", status=429, headers={"Retry-After": "1"}, times=1)
    began = time.monotonic()
    result = applied.run("plan")
    assert result.code == 0
    assert time.monotonic() - began >= 1
    assert "waiting 1" in result.err
    applied.fault("status", method="GET", path="/wave/recipes", status=503, headers={"Retry-After": "3600"})
    result = applied.run("plan")
    assert result.code == 1
    assert "longer than this connection waits" in result.err


# -- writing -----------------------------------------------------------------------------------------------------------

WRITES: dict[str, Rule] = {
    "PUT": {"method": "PUT", "path": "/schedule"},
    "DELETE": {"method": "DELETE", "path": "/schedule"},
    "setter": {"method": "POST", "path": "/v1/configuration/status"},
}


def want(world: World, write: str) -> None:
    """Declare something that takes just this call."""
    if write == "PUT":
        world.sales(recipe("Board_Pack"))
    elif write == "DELETE":
        world.sales({"recipe": "Board_Pack", "frequency": "none"})
    elif write == "setter":
        world.tailer([flags()])
    else:
        world.tailer([], [reset("x")])


def have(world: World, write: str) -> bool:
    """Say whether the platform is as wanted."""
    if write == "setter":
        return world.flags(TABLE) == (False, False)
    return bool(world.live("Board_Pack")["frequency"] == ("daily" if write == "PUT" else "none"))


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("trouble", [*PASSING, "401"])
@pytest.mark.parametrize("write", WRITES)
def test_what_is_safe_to_repeat_is_repeated(world: World, write: str, trouble: str, after_effect: bool) -> None:
    """PUT, DELETE and the setter go through, whether the first try had its effect or not."""
    if trouble == "401" and write == "setter":
        pytest.skip("a token that somebody else obtained cannot be renewed")
    rule = LASTING[trouble]
    want(world, write)
    world.fault(**rule, **WRITES[write], times=1, after_effect=after_effect)
    result = world.run("apply", "--yes")
    assert result.code == 0, result
    assert have(world, write)
    world.settled()


@pytest.mark.parametrize("trouble", ["400", "403", "404"])
@pytest.mark.parametrize("write", WRITES)
def test_a_refused_write_is_told_and_not_repeated(world: World, write: str, trouble: str) -> None:
    """Exit 1, one try, nothing recorded, and the next plan wants it still."""
    want(world, write)
    world.fault(**LASTING[trouble], **WRITES[write])
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 1, result
    assert [r["outcome"] for r in result.json["results"]] == ["failed"]
    assert len(world.sent()) == 1
    world.clear_faults()
    assert len(world.plan("--allow-deletes", "1")["changes"]) == 1


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("trouble", ["500", "503", "cut", "cut in the middle"])
@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_never_gets_an_answer(world: World, write: str, trouble: str, after_effect: bool) -> None:
    """What can be seen is looked at: done if it had its effect, else failed. A setter is unknown. Then it converges."""
    want(world, write)
    world.fault(**PASSING[trouble], **WRITES[write], after_effect=after_effect)
    result = world.run("apply", "--yes", "--format", "json")
    happened = after_effect or trouble == "cut in the middle"
    expected = "unknown" if write == "setter" else "done" if happened else "failed"
    assert [r["outcome"] for r in result.json["results"]] == [expected], result
    assert result.code == (0 if expected == "done" else 1)
    world.clear_faults()
    world.apply("--allow-deletes", "1")
    assert have(world, write)


@pytest.mark.parametrize("trouble", ["200 in HTML", "200 and nothing", "200 and garbage", "204"])
@pytest.mark.parametrize("write", ["PUT", "DELETE"])
def test_a_strange_success_is_decided_by_looking(world: World, write: str, trouble: str) -> None:
    """The answer to PUT and DELETE says nothing: with its effect it is done, without it failed."""
    for after_effect, expected in ((False, "failed"), (True, "done")):
        world.admin("POST", "reset", {"seed": "example"})
        want(world, write)
        world.fault(**LASTING[trouble], **WRITES[write], after_effect=after_effect)
        result = world.run("apply", "--yes", "--allow-deletes", "1", "--format", "json")
        assert [r["outcome"] for r in result.json["results"]] == [expected], result


@pytest.mark.parametrize("trouble", ["200 in HTML", "200 and nothing", "200 and garbage", "204", "200 and an array"])
def test_a_strange_success_of_a_setter_is_no_success(world: World, trouble: str) -> None:
    """Only "ok" is ok: exit 1, and the next apply sends the flags again."""
    want(world, "setter")
    world.fault(**LASTING[trouble], **WRITES["setter"], times=1)
    assert world.run("apply", "--yes").code == 1
    world.apply()
    assert have(world, "setter")


@pytest.mark.parametrize("style", ["http_text", "http_json", "ok_status_message", "ok_status_code"])
def test_every_style_of_ko_is_a_failure(world: World, style: str) -> None:
    """An unknown configuration and an unknown workflow, however the refusal looks."""
    world.switch(ko_style=style)
    world.tailer([flags("nobody_DEV")], [reset("x", "nobody")])
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 1, result
    assert [r["outcome"] for r in result.json["results"]] == ["failed", "failed"]
    assert world.plan()["summary"]["run"] == 1


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("trouble", ["500", "502", "504", "cut", "cut in the middle"])
def test_a_reset_is_never_sent_twice(world: World, trouble: str, after_effect: bool) -> None:
    """Without a clear answer it is unknown: one request, however often apply runs."""
    want(world, "reset")
    world.fault(**PASSING[trouble], path="/v1/workflow/status", after_effect=after_effect)
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 1, result
    assert [r["outcome"] for r in result.json["results"]] == ["unknown"]
    world.clear_faults()
    assert world.run("apply", "--yes").code == 0
    assert world.run("plan", "--format", "json").codes == ["outcome-unknown"]
    assert len(world.sent()) == 1


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_reset_waits_for_503_within_one_apply_only(world: World, after_effect: bool) -> None:
    """503 is waited for (tailer.md 3 allows it); when it stays it is unknown, and no later apply sends."""
    want(world, "reset")
    world.fault(**PASSING["503"], path="/v1/workflow/status", after_effect=after_effect)
    result = world.run("apply", "--yes", "--format", "json")
    assert [r["outcome"] for r in result.json["results"]] == ["unknown"]
    sent = len(world.sent())
    world.clear_faults()
    assert world.run("apply", "--yes").code == 0
    assert len(world.sent()) == sent


@pytest.mark.parametrize("trouble", ["200 in HTML", "200 and nothing", "200 and garbage", "204"])
def test_a_reset_with_a_strange_success_is_not_sent_again(world: World, trouble: str) -> None:
    """A 200 that does not say ok: nobody knows, so it is not repeated by itself."""
    want(world, "reset")
    world.fault(**LASTING[trouble], path="/v1/workflow/status", after_effect=True)
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 1, result
    world.clear_faults()
    world.run("apply", "--yes")
    assert len(world.sent()) == 1


def test_a_reset_waits_for_429(world: World) -> None:
    """Too many requests means that nothing was started: it is sent again, and done once."""
    want(world, "reset")
    world.fault(**PASSING["429"], path="/v1/workflow/status", times=1)
    world.apply()
    assert world.resets() == 1
    assert world.sent()[-1][2]["configuration_id"] == FLOW


def test_an_expired_tailer_token_is_told_with_a_hint(world: World) -> None:
    """A ready-made token cannot be renewed: exit 1, nothing changed, and what to do."""
    want(world, "setter")
    world.fault("status", platform="tailer", status=401, body={"code": 401, "message": "Jwt is expired"})
    result = world.run("apply", "--yes")
    assert result.code == 1
    assert "Jwt is expired" in result.err
    assert "hint:" in result.err
    world.clear_faults()
    world.apply()


@pytest.mark.parametrize("field", ["notificationLevel", "lastHour", "daysOfWeek", "time"])
def test_a_dropped_field_is_an_error_that_names_it(world: World, field: str) -> None:
    """A PUT that answers 200 and keeps all but one field."""
    names = {"notificationLevel": "notification_level", "lastHour": "last_hour", "daysOfWeek": "days_of_week"}
    world.switch(drop_fields=[field])
    world.sales(
        {"recipe": "Adhoc_Export", "frequency": "hourly", "hourly_interval": 3, "time": "02:30", "last_hour": 20}
        | {"days_of_week": ["Monday"], "timezone": "UTC", "notification_level": "failures"}
    )
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 1, result
    assert names.get(field, field) in result.json["results"][0]["error"]
    assert "not-kept" in result.codes
