"""The Tamr jobs skeleton: routes, states by the clock, stop, limits, paging."""

from typing import Any

import pytest

from .client import Api

LOAD = {"configuration": {"load": {"sourceId": "src_a"}}}
PUBLISH = {"configuration": {"publish": {"destinationId": "Test 123", "dataProductId": "dp_xyz"}}}


def state(api: Api, job: Any) -> Any:
    return api.tamr("GET", f"jobs/{job['jobId']}").json()["status"]


def test_a_job_runs_by_the_clock(api: Api) -> None:
    api.at("2026-11-22T10:00:00Z")
    response = api.tamr("POST", "jobs", LOAD)
    job = response.json()
    assert response.status_code == 200
    assert job["configuration"] == LOAD["configuration"]
    assert (job["status"], job["statusHistory"]) == (
        {"state": "PENDING", "stateStartTime": "2026-11-22T10:00:00.000Z"},
        [],
    )
    api.admin("PUT", "clock", {"advance": 1.5})
    assert state(api, job)["state"] == "RUNNING"
    api.admin("PUT", "clock", {"advance": 60})
    done = api.tamr("GET", f"jobs/{job['jobId']}").json()
    assert done["status"] == {"state": "DONE", "stateStartTime": "2026-11-22T10:00:03.000Z"}
    assert [each["state"] for each in done["statusHistory"]] == ["RUNNING", "PENDING"]


def test_a_key_is_needed(api: Api) -> None:
    for headers in ({}, {"X-API-KEY": "wrong"}):
        response = api.http.get("/api/v1beta1/jobs", headers=headers)
        assert response.status_code == 401
        assert response.json() == {"statusCode": 401, "message": "Unauthorized"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"configuration": {}},
        {"configuration": {"load": {"sourceID": "src_a"}}},
        {"configuration": {"load": {"sourceId": "src_a"}, "update": {"dataProductId": "dp_xyz"}}},
        {"configuration": {"publish": {"dataProductId": "dp_xyz"}}},
        {"configuration": {"load": {"sourceId": 1}}},
    ],
)
def test_a_bad_job_is_400(api: Api, body: object) -> None:
    response = api.tamr("POST", "jobs", body)
    assert (response.status_code, response.json()["statusCode"]) == (400, 400)


def test_snake_case_is_accepted_on_input(api: Api) -> None:
    job = api.tamr("POST", "jobs", {"configuration": {"update": {"workflow_id": "flow_xyz"}}}).json()
    assert job["configuration"] == {"update": {"workflowId": "flow_xyz"}}


def test_unknown_addresses_are_404(api: Api) -> None:
    for method, path in (("GET", "jobs/job_x"), ("POST", "jobs/job_x:stop"), ("DELETE", "jobs"), ("GET", "projects")):
        response = api.tamr(method, path)
        assert (response.status_code, response.json()["statusCode"]) == (404, 404)


@pytest.mark.parametrize(("style", "status"), [("404", 404), ("400", 400), ("planning_failed", 200)])
def test_an_unknown_resource(api: Api, style: str, status: int) -> None:
    api.switch(tamr_unknown_resource=style)
    response = api.tamr("POST", "jobs", {"configuration": {"load": {"sourceId": "src_nobody"}}})
    assert response.status_code == status
    if status == 200:
        api.admin("PUT", "clock", {"advance": 60})
        assert state(api, response.json())["error"]["reason"] == "PLANNING_FAILED"


def test_the_sixth_job_is_refused_until_one_ends(api: Api) -> None:
    api.at("2026-11-22T10:00:00Z")
    statuses = [api.tamr("POST", "jobs", LOAD).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    api.switch(tamr_retry_after=7)
    refused = api.tamr("POST", "jobs", LOAD)
    assert (refused.json(), refused.headers["retry-after"]) == (
        {"statusCode": 429, "message": "Too Many Requests"},
        "7",
    )
    api.switch(tamr_counts="running")
    assert api.tamr("POST", "jobs", LOAD).status_code == 200, "all the others are pending"
    api.switch(tamr_counts="not_done")
    api.admin("PUT", "clock", {"advance": 60})
    assert api.tamr("POST", "jobs", LOAD).status_code == 200


def test_stop(api: Api) -> None:
    api.at("2026-11-22T10:00:00Z")
    pending, running = (api.tamr("POST", "jobs", LOAD).json() for _ in range(2))
    assert api.tamr("POST", f"jobs/{pending['jobId']}:stop", {}).json() == {}
    assert state(api, pending)["error"]["reason"] == "STOPPED_BY_USER"
    api.admin("PUT", "clock", {"advance": 1.5})
    api.tamr("POST", f"jobs/{running['jobId']}:stop", {})
    assert state(api, running)["state"] == "STOPPING"
    api.admin("PUT", "clock", {"advance": 1.5})
    done = state(api, running)
    assert (done["state"], done["error"]["reason"]) == ("DONE", "STOPPED_BY_USER")
    assert api.tamr("POST", f"jobs/{running['jobId']}:stop", {}).status_code == 200
    assert state(api, running) == done


def test_an_outcome_can_be_scripted(api: Api) -> None:
    api.admin("PUT", "tamr/outcomes", {"dp_xyz": {"reason": "OUT_OF_LUCK", "message": "no"}})
    job = api.tamr("POST", "jobs", PUBLISH).json()
    api.admin("PUT", "clock", {"advance": 60})
    assert state(api, job)["error"] == {"reason": "OUT_OF_LUCK", "message": "no"}
    api.admin("PUT", "tamr/outcomes", {"dp_xyz": None})
    job = api.tamr("POST", "jobs", PUBLISH).json()
    api.admin("PUT", "clock", {"advance": 60})
    assert "error" not in state(api, job)


def test_unset_values_have_two_looks(api: Api) -> None:
    api.switch(tamr_no_error="null", tamr_empty_ids="empty")
    job = api.tamr("POST", "jobs", {"configuration": {"update": {"dataProductId": "dp_xyz"}}}).json()
    assert job["configuration"] == {"update": {"dataProductId": "dp_xyz", "workflowId": ""}}
    assert job["status"]["error"] is None


def test_the_list_is_newest_first_and_its_pages_do_not_shift(api: Api) -> None:
    api.switch(tamr_concurrency=100)
    ids = [api.tamr("POST", "jobs", LOAD).json()["jobId"] for _ in range(12)]
    first = api.tamr("GET", "jobs").json()
    assert [each["jobId"] for each in first["jobs"]] == ids[:1:-1]
    api.tamr("POST", "jobs", PUBLISH)
    second = api.tamr("GET", f"jobs?pageToken={first['nextPageToken']}").json()
    assert [each["jobId"] for each in second["jobs"]] == ids[1::-1]
    assert second["nextPageToken"] == ""
    assert len(api.tamr("GET", "jobs?destinationId=Test%20123").json()["jobs"]) == 1
    assert len(api.tamr("GET", "jobs?pageSize=3").json()["jobs"]) == 3
    for bad in ("pageToken=x", "pageSize=x", "filter=x"):
        assert api.tamr("GET", f"jobs?{bad}").status_code == 400
