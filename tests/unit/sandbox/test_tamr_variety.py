"""What varies between Tamr tenants or goes wrong on the way: looks of values, errors, lags, lost answers."""

from typing import Any

import httpx
import pytest

from .client import Api
from .test_tamr import LOAD, T0, UPDATE, WORKFLOW, advance, shown, start, stop

# -- looks -------------------------------------------------------------------------------------------------------------


def test_an_unset_error_can_be_null(api: Api) -> None:
    api.switch(tamr_no_error="null")
    api.admin("PUT", "tamr/outcomes", {"src_a": {"reason": "OUT_OF_LUCK"}})
    job = start(api)
    assert job["status"]["error"] is None
    advance(api, 60)
    done = shown(api, job)
    assert done["status"]["error"]["reason"] == "OUT_OF_LUCK"
    assert [each["error"] for each in done["statusHistory"]] == [None, None]


def test_an_unset_id_can_be_empty(api: Api) -> None:
    api.switch(tamr_empty_ids="empty")
    assert start(api, UPDATE)["configuration"] == {"update": {"dataProductId": "dp_xyz", "workflowId": ""}}
    assert start(api, WORKFLOW)["configuration"] == {"update": {"dataProductId": "", "workflowId": "flow_xyz"}}
    assert start(api, LOAD)["configuration"] == {"load": {"sourceId": "src_a"}}


def test_there_can_be_fields_that_nobody_knows_on_every_level(api: Api) -> None:
    api.at(T0)
    api.admin("PUT", "tamr/outcomes", {"src_a": {"reason": "OUT_OF_LUCK"}})
    job = start(api)
    advance(api, 60)
    plain = api.tamr("GET", "jobs").json()
    api.switch(tamr_extra_fields=True)
    rich = api.tamr("GET", "jobs").json()
    assert rich["totalSize"] == 1
    parts = [
        (rich, plain),
        (rich["jobs"][0], plain["jobs"][0]),
        *((rich["jobs"][0][key], plain["jobs"][0][key]) for key in ("configuration", "status")),
        (rich["jobs"][0]["configuration"]["load"], plain["jobs"][0]["configuration"]["load"]),
        (rich["jobs"][0]["status"]["error"], plain["jobs"][0]["status"]["error"]),
        (rich["jobs"][0]["statusHistory"][0], plain["jobs"][0]["statusHistory"][0]),
    ]
    for more, less in parts:
        assert set(more) > set(less)
        assert next(iter(more)) not in less, "the unknown ones stand first"
    assert without_extras(rich, plain) == plain
    assert rich["jobs"][0] == shown(api, job)


def without_extras(rich: Any, plain: Any) -> Any:
    if isinstance(plain, dict):
        return {key: without_extras(rich[key], plain[key]) for key in plain}
    if isinstance(plain, list):
        return [without_extras(*pair) for pair in zip(rich, plain, strict=True)]
    return rich


def test_running_can_have_a_name_that_nobody_knows(api: Api) -> None:
    api.at(T0)
    api.switch(tamr_unknown_state="QUEUED_FOR_PLANNING", tamr_concurrency=1, tamr_counts="running")
    job = start(api)
    advance(api, 1)
    assert shown(api, job)["status"]["state"] == "QUEUED_FOR_PLANNING"
    assert api.tamr("POST", "jobs", LOAD).status_code == 429
    for text, count in (("status.state = QUEUED_FOR_PLANNING", 1), ("status.state = RUNNING", 0)):
        answer = api.http.get("/api/v1beta1/jobs", params={"filter": text}, headers={"X-API-KEY": "apk_sandbox"})
        assert len(answer.json()["jobs"]) == count
    advance(api, 2)
    done = shown(api, job)
    assert [each["state"] for each in (done["status"], *done["statusHistory"])] == [
        "DONE",
        "QUEUED_FOR_PLANNING",
        "PENDING",
    ]


# -- errors ------------------------------------------------------------------------------------------------------------


def test_errors_can_look_like_a_plain_gateways(api: Api) -> None:
    api.switch(tamr_error_style="gateway", tamr_concurrency=1, tamr_busy="409")
    first = start(api)
    refused = api.tamr("POST", "jobs", UPDATE)
    assert (refused.status_code, refused.json()) == (429, {"code": 8, "message": "Too Many Requests", "details": []})
    api.switch(tamr_concurrency=5)
    codes = {
        (response.status_code, response.json()["code"])
        for response in (
            api.tamr("POST", "jobs", {}),
            api.tamr("GET", "jobs/nobody"),
            api.tamr("POST", "jobs", LOAD),
            api.tamr("DELETE", "jobs"),
            api.http.get(f"/api/v1beta1/jobs/{first['jobId']}"),
        )
    }
    assert codes == {(400, 3), (404, 5), (409, 10), (501, 12), (401, 16)}


def test_the_same_work_twice_can_be_a_conflict(api: Api) -> None:
    api.switch(tamr_busy="409")
    api.admin("POST", "tamr/jobs", {**UPDATE, "hidden": True})
    refused = api.tamr("POST", "jobs", UPDATE)
    assert (refused.status_code, refused.json()["statusCode"]) == (409, 409)
    assert start(api, WORKFLOW)
    advance(api, 60)
    assert start(api, UPDATE)


def test_the_same_work_twice_is_two_jobs_by_default(api: Api) -> None:
    assert start(api, UPDATE)["jobId"] != start(api, UPDATE)["jobId"]


# -- lags --------------------------------------------------------------------------------------------------------------


def test_a_job_can_be_unknown_for_a_while_after_its_creation(api: Api) -> None:
    api.at(T0)
    api.switch(tamr_get_lag_seconds=3)
    job = start(api)
    advance(api, 2.999)
    assert api.tamr("GET", f"jobs/{job['jobId']}").status_code == 404
    assert len(api.tamr("GET", "jobs").json()["jobs"]) == 1
    advance(api, 0.001)
    assert shown(api, job)["status"]["state"] == "DONE"


def test_a_job_can_be_missing_in_the_list_for_a_while(api: Api) -> None:
    api.at(T0)
    old = start(api)
    advance(api, 5)
    api.switch(tamr_list_lag_seconds=3)
    young = start(api)
    assert [each["jobId"] for each in api.tamr("GET", "jobs").json()["jobs"]] == [old["jobId"]]
    assert shown(api, young) == young
    advance(api, 3)
    assert len(api.tamr("GET", "jobs").json()["jobs"]) == 2


def test_a_clock_that_is_set_back_hides_no_job(api: Api) -> None:
    api.at(T0)
    job = start(api)
    api.at("2026-11-22T09:00:00Z")
    assert shown(api, job) == job
    assert len(api.tamr("GET", "jobs").json()["jobs"]) == 1


# -- the request log and faults ----------------------------------------------------------------------------------------


def test_the_log_tells_which_requests_had_an_effect(api: Api) -> None:
    job = start(api)
    api.tamr("POST", "jobs", {})
    shown(api, job)
    stop(api, job)
    stop(api, job)
    entries = [each for each in api.log() if each["platform"] == "tamr"]
    told = [(each["method"], each["path"].removeprefix("/api/v1beta1/"), each["effect"]) for each in entries]
    stopped = f"jobs/{job['jobId']}:stop"
    assert told == [
        ("POST", "jobs", True),
        ("POST", "jobs", False),
        ("GET", f"jobs/{job['jobId']}", False),
        ("POST", stopped, True),
        ("POST", stopped, False),
    ]
    assert entries[0]["body"] == LOAD
    assert "apk_sandbox" not in str(entries)


@pytest.mark.parametrize("kind", ["cut", "partial", "status", "html"])
def test_a_job_whose_answer_is_lost_is_there(api: Api, kind: str) -> None:
    api.fault(kind=kind, platform="tamr", method="POST", path="/api/v1beta1/jobs", after_effect=True, times=1)
    try:
        assert api.tamr("POST", "jobs", LOAD).status_code == 503
    except httpx.TransportError:
        assert kind in ("cut", "partial")
    (entry,) = api.log()
    assert entry["effect"]
    assert len(api.tamr("GET", "jobs").json()["jobs"]) == 1


@pytest.mark.parametrize("kind", ["cut", "status"])
def test_a_request_that_is_lost_starts_nothing(api: Api, kind: str) -> None:
    api.fault(kind=kind, platform="tamr", method="POST", times=1)
    try:
        assert api.tamr("POST", "jobs", LOAD).json() == {"statusCode": 503, "message": "Service Unavailable"}
    except httpx.TransportError:
        assert kind == "cut"
    (entry,) = api.log()
    assert not entry["effect"]
    assert api.tamr("GET", "jobs").json()["jobs"] == []
