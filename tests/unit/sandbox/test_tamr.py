"""The Tamr simulator: routes, job JSON, states by the clock, stop, the limit on jobs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.sandbox import Sandbox
from reconcile.sandbox.tamr_model import STOPPED, Status
from reconcile.sandbox.wire import Call

from .client import Api

LOAD = {"configuration": {"load": {"sourceId": "src_a"}}}
UPDATE = {"configuration": {"update": {"dataProductId": "dp_xyz"}}}
WORKFLOW = {"configuration": {"update": {"workflowId": "flow_xyz"}}}
PUBLISH = {"configuration": {"publish": {"destinationId": "Test 123", "dataProductId": "dp_xyz"}}}
T0 = "2026-11-22T10:00:00Z"


def start(api: Api, body: object = LOAD) -> Any:
    response = api.tamr("POST", "jobs", body)
    assert response.status_code == 200, response.text
    return response.json()


def shown(api: Api, job: Any) -> Any:
    response = api.tamr("GET", f"jobs/{job['jobId']}")
    assert response.status_code == 200, response.text
    return response.json()


def stop(api: Api, job: Any) -> Any:
    response = api.tamr("POST", f"jobs/{job['jobId']}:stop", {})
    assert (response.status_code, response.json()) == (200, {})


def advance(api: Api, seconds: float) -> None:
    api.admin("PUT", "clock", {"advance": seconds})


# -- routes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [LOAD, UPDATE, WORKFLOW, PUBLISH], ids=["load", "update", "workflow", "publish"])
def test_every_type_of_job_is_created_with_200(api: Api, body: Any) -> None:
    job = start(api, body)
    assert job["configuration"] == body["configuration"]
    assert job["jobId"].startswith("job_")
    assert len(job["jobId"]) == 20
    assert set(job) == {"jobId", "configuration", "status", "statusHistory"}
    assert shown(api, job)["jobId"] == job["jobId"]


def test_a_key_is_needed(api: Api) -> None:
    for headers in ({}, {"X-API-KEY": "wrong"}):
        for path in ("jobs", "jobs/job_x", "projects"):
            response = api.http.get(f"/api/v1beta1/{path}", headers=headers)
            assert (response.status_code, response.json()) == (401, {"statusCode": 401, "message": "Unauthorized"})


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"configuration": None},
        {"configuration": {}},
        {"configuration": {"load": "src_a"}},
        {"configuration": {"load": {"sourceID": "src_a"}}},
        {"configuration": {"load": {"sourceId": "src_a"}, "update": {"dataProductId": "dp_xyz"}}},
        {"configuration": {"publish": {"dataProductId": "dp_xyz"}}},
        {"configuration": {"load": {"sourceId": 1}}},
    ],
)
def test_a_bad_job_is_400(api: Api, body: object) -> None:
    response = api.tamr("POST", "jobs", body)
    assert (response.status_code, response.json()["statusCode"]) == (400, 400)
    assert api.admin("GET", "state")["tamr"]["jobs"] == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"null"])
def test_a_body_that_is_no_json_object_is_400(api: Api, content: bytes) -> None:
    job = start(api)
    for path in ("jobs", f"jobs/{job['jobId']}:stop"):
        if content or path == "jobs":
            response = api.http.post(f"/api/v1beta1/{path}", content=content, headers={"X-API-KEY": "apk_sandbox"})
            assert response.status_code == 400
    assert shown(api, job)["status"]["state"] == "PENDING"


def test_input_takes_snake_case_nulls_and_unknown_keys(api: Api) -> None:
    update = {"workflow_id": "flow_xyz", "dataProductID": "typo"}
    job = start(api, {"jobId": "mine", "configuration": {"update": update, "load": None}})
    assert job["configuration"] == {"update": {"workflowId": "flow_xyz"}}
    assert job["jobId"] != "mine"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "jobs/job_x"), ("POST", "jobs/job_x:stop"), ("GET", "projects"), ("POST", "jobs/a/b")]
)
def test_unknown_addresses_are_404(api: Api, method: str, path: str) -> None:
    response = api.tamr(method, path)
    assert (response.status_code, response.json()["statusCode"]) == (404, 404)


@pytest.mark.parametrize(("method", "path"), [("DELETE", "jobs"), ("PATCH", "jobs/job_x"), ("POST", "jobs/job_x")])
def test_a_wrong_method_is_answered_as_a_gateway_does(api: Api, method: str, path: str) -> None:
    response = api.tamr(method, path)
    assert (response.status_code, response.json()["message"]) == (501, "Method Not Allowed")


@pytest.mark.parametrize(("style", "status"), [("404", 404), ("400", 400), ("planning_failed", 200)])
def test_an_unknown_resource(api: Api, style: str, status: int) -> None:
    api.switch(tamr_unknown_resource=style)
    response = api.tamr("POST", "jobs", {"configuration": {"load": {"sourceId": "src_nobody"}}})
    assert response.status_code == status
    if status == 200:
        advance(api, 60)
        assert shown(api, response.json())["status"]["error"]["reason"] == "PLANNING_FAILED"


# -- states by the clock -----------------------------------------------------------------------------------------------


def test_a_job_runs_by_the_clock(api: Api) -> None:
    api.at(T0)
    job = start(api)
    assert (job["status"], job["statusHistory"]) == (
        {"state": "PENDING", "stateStartTime": "2026-11-22T10:00:00.000Z"},
        [],
    )
    advance(api, 0.999)
    assert shown(api, job)["status"]["state"] == "PENDING"
    advance(api, 0.001)
    assert shown(api, job)["status"] == {"state": "RUNNING", "stateStartTime": "2026-11-22T10:00:01.000Z"}
    advance(api, 60)
    done = shown(api, job)
    assert done["status"] == {"state": "DONE", "stateStartTime": "2026-11-22T10:00:03.000Z"}
    assert done["statusHistory"] == [
        {"state": "RUNNING", "stateStartTime": "2026-11-22T10:00:01.000Z"},
        {"state": "PENDING", "stateStartTime": "2026-11-22T10:00:00.000Z"},
    ]


@given(st.lists(st.integers(0, 4000), max_size=8), st.integers(0, 4), st.integers(0, 4))
def test_it_makes_no_difference_how_often_somebody_looks(looks: list[int], pending: int, running: int) -> None:
    """Looked at on the way or only at the end, a job is in the scheduled states since the scheduled instants."""
    sandbox = Sandbox()
    sandbox.clock.set(datetime.fromisoformat(T0))
    sandbox.set_switches({"tamr_pending_seconds": pending, "tamr_running_seconds": running})
    job = sandbox.tamr.add_foreign(LOAD)
    for milliseconds in (*looks, 0):
        sandbox.clock.advance(milliseconds / 1000)
        sandbox.tamr.settle()
    scheduled = [("PENDING", 0), ("RUNNING", pending), ("DONE", pending + running)]
    reached = [each for each in scheduled if each[1] * 1000 <= sum(looks)]
    since = datetime.fromisoformat(T0)
    assert job.statuses[::-1] == [Status(state, since + timedelta(seconds=seconds)) for state, seconds in reached]


# -- stop --------------------------------------------------------------------------------------------------------------


def test_a_pending_job_is_stopped_at_once(api: Api) -> None:
    api.at(T0)
    job = start(api)
    advance(api, 0.5)
    stop(api, job)
    done = shown(api, job)
    assert done["status"] == {"state": "DONE", "stateStartTime": "2026-11-22T10:00:00.500Z", "error": STOPPED}
    assert [each["state"] for each in done["statusHistory"]] == ["PENDING"]


def test_a_running_job_is_stopping_first(api: Api) -> None:
    api.at(T0)
    api.switch(tamr_stopping_seconds=20)
    job = start(api)
    advance(api, 1.5)
    stop(api, job)
    assert shown(api, job)["status"] == {"state": "STOPPING", "stateStartTime": "2026-11-22T10:00:01.500Z"}
    advance(api, 10)
    stop(api, job)
    advance(api, 30)
    done = shown(api, job)
    assert done["status"] == {"state": "DONE", "stateStartTime": "2026-11-22T10:00:21.500Z", "error": STOPPED}
    assert [each["state"] for each in done["statusHistory"]] == ["STOPPING", "RUNNING", "PENDING"]


def test_stopping_a_job_that_is_done_changes_nothing(api: Api) -> None:
    job = start(api)
    advance(api, 60)
    before = shown(api, job)
    stop(api, job)
    assert shown(api, job) == before
    assert "error" not in before["status"]


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ({"stop_race": "succeeds", "reason": "TOO_LATE"}, None),
        ({"stop_race": "fails", "reason": "OUT_OF_LUCK", "message": "no"}, {"reason": "OUT_OF_LUCK", "message": "no"}),
        ({"stop_race": "fails"}, {"reason": "INTERNAL_ERROR", "message": "The job failed while it was stopped."}),
    ],
)
def test_a_stopped_job_can_end_by_itself(api: Api, outcome: Any, error: Any) -> None:
    api.at(T0)
    api.admin("PUT", "tamr/outcomes", {"src_a": outcome})
    job = start(api)
    advance(api, 1.5)
    stop(api, job)
    assert shown(api, job)["status"]["state"] == "STOPPING"
    advance(api, 1)
    done = shown(api, job)["status"]
    assert (done["state"], done.get("error")) == ("DONE", error)


def test_only_a_running_job_can_win_the_race(api: Api) -> None:
    api.admin("PUT", "tamr/outcomes", {"src_a": {"stop_race": "succeeds", "pending": 60}})
    job = start(api)
    stop(api, job)
    assert shown(api, job)["status"]["error"] == STOPPED


# -- limit -------------------------------------------------------------------------------------------------------------


def test_the_sixth_job_is_refused_until_one_ends(api: Api) -> None:
    api.at(T0)
    assert [api.tamr("POST", "jobs", LOAD).status_code for _ in range(6)] == [200] * 5 + [429]
    assert len(api.admin("GET", "state")["tamr"]["jobs"]) == 5
    advance(api, 2.5)
    assert api.tamr("POST", "jobs", LOAD).status_code == 429
    advance(api, 0.5)
    assert api.tamr("POST", "jobs", LOAD).status_code == 200


def test_what_counts_for_the_limit_is_a_switch(api: Api) -> None:
    api.at(T0)
    api.switch(tamr_concurrency=1, tamr_counts="running")
    start(api)
    start(api)  # both are pending
    advance(api, 1)
    assert api.tamr("POST", "jobs", LOAD).status_code == 429


def test_a_job_that_is_stopping_holds_its_slot(api: Api) -> None:
    api.at(T0)
    api.switch(tamr_concurrency=1)
    job = start(api)
    advance(api, 1)
    stop(api, job)
    assert api.tamr("POST", "jobs", LOAD).status_code == 429
    advance(api, 1)
    assert api.tamr("POST", "jobs", LOAD).status_code == 200


def test_retry_after_is_only_told_when_the_switch_says_so(api: Api) -> None:
    api.switch(tamr_concurrency=1)
    start(api)
    refused = api.tamr("POST", "jobs", LOAD)
    assert refused.json() == {"statusCode": 429, "message": "Too Many Requests"}
    assert "retry-after" not in refused.headers
    api.switch(tamr_retry_after=7)
    assert api.tamr("POST", "jobs", LOAD).headers["retry-after"] == "7"


# -- without a server --------------------------------------------------------------------------------------------------


def test_the_simulator_is_a_function_of_a_call() -> None:
    key = ((b"x-api-key", b"apk_sandbox"),)
    reply = Sandbox().handle("tamr", Call("GET", "/api/v1beta1/jobs", "", key))
    assert (reply.status, reply.body, reply.effect) == (200, b'{"jobs":[],"nextPageToken":""}', False)
