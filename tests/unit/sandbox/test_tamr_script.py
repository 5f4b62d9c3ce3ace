"""Scripted Tamr jobs: outcomes and durations by resource, jobs of others, jobs that are gone; kept over a restart."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reconcile.sandbox import Sandbox
from reconcile.sandbox.wire import Call

from .client import Api
from .test_tamr import LOAD, PUBLISH, T0, UPDATE, advance, shown, start, stop


def outcomes(api: Api, **by_resource: object) -> Any:
    return api.admin("PUT", "tamr/outcomes", by_resource)["outcomes"]


def ended(api: Api, body: object = LOAD) -> str:
    """Return how a job ends: its error's reason, or "ok"."""
    job = start(api, body)
    advance(api, 7200)
    status = shown(api, job)["status"]
    assert status["state"] == "DONE"
    return str(status.get("error", {}).get("reason", "ok"))


# -- outcomes ----------------------------------------------------------------------------------------------------------


def test_jobs_fail_until_the_outcome_is_taken_back(api: Api) -> None:
    outcomes(api, dp_xyz={"reason": "OUT_OF_LUCK", "message": "no"})
    assert [ended(api, PUBLISH), ended(api, UPDATE), ended(api, LOAD)] == ["OUT_OF_LUCK", "OUT_OF_LUCK", "ok"]
    assert outcomes(api, dp_xyz=None) == {}
    assert ended(api, PUBLISH) == "ok"


def test_an_outcome_can_be_for_some_jobs_only(api: Api) -> None:
    outcomes(api, src_a={"reason": "FIRST_TIME", "times": 1})
    assert [ended(api), ended(api)] == ["FIRST_TIME", "ok"]


def test_a_list_of_outcomes_is_used_up_in_turn(api: Api) -> None:
    left = outcomes(api, src_a=[{"reason": "BAD_DAY", "times": 2}, {"running": 5, "times": 1}, {"reason": "FOR_EVER"}])
    assert left["src_a"][0] == {"reason": "BAD_DAY", "message": "", "times": 2}
    assert [ended(api) for _ in range(5)] == ["BAD_DAY", "BAD_DAY", "ok", "FOR_EVER", "FOR_EVER"]


def test_a_refused_create_uses_no_outcome_up(api: Api) -> None:
    api.switch(tamr_concurrency=1)
    outcomes(api, src_a={"reason": "FIRST_TIME", "times": 1})
    other = start(api, UPDATE)
    assert api.tamr("POST", "jobs", LOAD).status_code == 429
    stop(api, other)
    assert ended(api) == "FIRST_TIME"


def test_the_destination_counts_before_its_data_product(api: Api) -> None:
    outcomes(api, **{"Test 123": {"reason": "DESTINATION_FULL"}, "dp_xyz": {"reason": "NOT_THIS"}})
    assert [ended(api, PUBLISH), ended(api, UPDATE)] == ["DESTINATION_FULL", "NOT_THIS"]


def test_durations_are_by_resource(api: Api) -> None:
    api.at(T0)
    outcomes(api, src_a={"pending": 10, "running": 3600, "stopping": 100})
    slow, usual = start(api), start(api, UPDATE)
    advance(api, 5)
    assert [shown(api, each)["status"]["state"] for each in (slow, usual)] == ["PENDING", "DONE"]
    advance(api, 3604)
    assert shown(api, slow)["status"] == {"state": "RUNNING", "stateStartTime": "2026-11-22T10:00:10.000Z"}
    stop(api, slow)
    advance(api, 99.9)
    assert shown(api, slow)["status"]["state"] == "STOPPING"
    advance(api, 0.1)
    assert shown(api, slow)["status"]["stateStartTime"] == "2026-11-22T11:01:49.000Z"


def test_a_job_that_cannot_be_planned_never_runs(api: Api) -> None:
    api.at(T0)
    outcomes(api, dp_xyz={"reason": "PLANNING_FAILED", "message": "no table"})
    job = start(api, UPDATE)
    advance(api, 1)
    done = shown(api, job)
    assert done["status"] == {
        "state": "DONE",
        "stateStartTime": "2026-11-22T10:00:01.000Z",
        "error": {"reason": "PLANNING_FAILED", "message": "no table"},
    }
    assert [each["state"] for each in done["statusHistory"]] == ["PENDING"]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ({"result": "x"}, "stop_race"),
        (["OUT"], "some of"),
        ({"reason": "not a constant"}, "capitals"),
        ({"reason": "R" * 64}, "3 to 63"),
        ({"message": "why?"}, "needs a reason"),
        ({"running": -1}, "seconds"),
        ({"pending": True}, "seconds"),
        ({"stop_race": "wins"}, "succeeds, fails"),
        ({"times": 0}, "1 or more"),
        ({"times": 1.5}, "1 or more"),
    ],
)
def test_a_wrong_outcome_is_refused_and_changes_nothing(api: Api, outcome: object, words: str) -> None:
    before = outcomes(api, src_a={"reason": "OUT_OF_LUCK"})
    response = api.http.put("/_sandbox/tamr/outcomes", json={"src_a": None, "src_b": outcome})
    assert response.status_code == 400
    assert words in response.json()["error"]
    assert api.admin("GET", "state")["tamr"]["outcomes"] == before


# -- jobs of others ----------------------------------------------------------------------------------------------------


def test_a_job_of_somebody_else_is_seen_and_holds_a_slot(api: Api) -> None:
    api.at(T0)
    api.switch(tamr_concurrency=1)
    foreign = api.admin("POST", "tamr/jobs", {**UPDATE, "reason": "THEIR_ERROR", "running": 50})
    assert shown(api, foreign) == foreign
    assert [each["jobId"] for each in api.tamr("GET", "jobs?dataProductId=dp_xyz").json()["jobs"]] == [foreign["jobId"]]
    assert api.tamr("POST", "jobs", LOAD).status_code == 429
    advance(api, 51)
    assert shown(api, foreign)["status"]["error"]["reason"] == "THEIR_ERROR"
    assert api.tamr("POST", "jobs", LOAD).status_code == 200


def test_jobs_of_others_know_no_limit_and_use_no_outcome_up(api: Api) -> None:
    api.switch(tamr_concurrency=1)
    outcomes(api, src_a={"reason": "FIRST_TIME", "times": 1})
    for _ in range(3):
        api.admin("POST", "tamr/jobs", LOAD)
    advance(api, 60)
    assert ended(api) == "FIRST_TIME"


def test_a_hidden_job_only_holds_a_slot(api: Api) -> None:
    api.switch(tamr_concurrency=1)
    hidden = api.admin("POST", "tamr/jobs", {**LOAD, "hidden": True})
    assert api.tamr("GET", "jobs").json()["jobs"] == []
    assert api.tamr("GET", f"jobs/{hidden['jobId']}").status_code == 404
    assert api.tamr("POST", f"jobs/{hidden['jobId']}:stop", {}).status_code == 404
    assert api.tamr("POST", "jobs", LOAD).status_code == 429
    assert f"{hidden['jobId']}</code> hidden from the API" in api.http.get("/").text
    advance(api, 60)
    assert api.tamr("POST", "jobs", LOAD).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"configuration": {}}, {**LOAD, "hidden": "yes"}, {**LOAD, "times": 1}, {**LOAD, "colour": "red"}, []]
)
def test_a_wrong_job_of_somebody_else_is_400(api: Api, body: object) -> None:
    response = api.http.post("/_sandbox/tamr/jobs", json=body)
    assert (response.status_code, set(response.json())) == (400, {"error"})
    assert api.admin("GET", "state")["tamr"]["jobs"] == []


def test_a_job_can_be_forgotten(api: Api) -> None:
    first, second = start(api), start(api, UPDATE)
    api.admin("DELETE", f"tamr/jobs/{first['jobId']}")
    assert api.tamr("GET", f"jobs/{first['jobId']}").status_code == 404
    assert [each["jobId"] for each in api.tamr("GET", "jobs").json()["jobs"]] == [second["jobId"]]
    assert api.http.delete(f"/_sandbox/tamr/jobs/{first['jobId']}").status_code == 404


# -- restart -----------------------------------------------------------------------------------------------------------


def ask(sandbox: Sandbox, method: str, path: str, body: object = None) -> Any:
    sent = b"" if body is None else json.dumps(body).encode()
    call = Call(method, f"/api/v1beta1/{path}", "", ((b"x-api-key", b"apk_sandbox"),), sent)
    return json.loads(sandbox.handle("tamr", call).body)


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    first = Sandbox(tmp_path)
    first.clock.set(datetime.fromisoformat(T0))
    first.tamr.outcomes.set({"src_a": [{"stop_race": "succeeds", "times": 1}, {"reason": "LATER_ON", "times": 2}]})
    stopped, pending = ask(first, "POST", "jobs", LOAD), ask(first, "POST", "jobs", LOAD)
    first.tamr.add_foreign({**UPDATE, "hidden": True})
    first.clock.advance(1)
    ask(first, "POST", f"jobs/{stopped['jobId']}:stop", {})
    first.flush()

    second = Sandbox(tmp_path)
    second.clock.set(first.clock.now())
    assert second.state()["tamr"] == first.state()["tamr"]
    assert second.tamr.outcomes.as_json() == {"src_a": {"reason": "LATER_ON", "message": "", "times": 1}}
    for each in (first, second):
        each.clock.advance(60)
    assert ask(second, "GET", "jobs") == ask(first, "GET", "jobs")
    assert "error" not in ask(second, "GET", f"jobs/{stopped['jobId']}")["status"]
    assert ask(second, "GET", f"jobs/{pending['jobId']}")["status"]["error"]["reason"] == "LATER_ON"


def test_state_of_before_scripts_can_be_restored() -> None:
    sandbox = Sandbox()
    created = {"state": "PENDING", "stateStartTime": "2026-11-22T10:00:00.000Z"}
    plan = {"pending": 1, "running": 2, "stopping": 1, "error": None}
    job = {"jobId": "job_old", **LOAD, "status": created, "statusHistory": [], "plan": plan}
    old = {"resources": ["src_a"], "outcomes": {"src_a": {"reason": "OUT_OF_LUCK", "message": ""}}, "jobs": [job]}
    sandbox.tamr.restore(old)
    assert ask(sandbox, "GET", "jobs/job_old")["jobId"] == "job_old"
    assert sandbox.tamr.outcomes.as_json() == old["outcomes"]
