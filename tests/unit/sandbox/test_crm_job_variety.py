"""Two things that real orgs do with jobs: a data sync of several, and a start that names a request."""

import pytest

from .client import CONNECTORS, JOBS, Api

NOON = "2026-11-22T12:00:00Z"


@pytest.fixture(autouse=True)
def _noon(api: Api) -> None:
    api.at(NOON)
    api.switch(crm_queued_seconds=10, crm_running_seconds=60)


def sync(api: Api, name: str = "SFDC_LOCAL") -> None:
    assert api.crm("POST", f"{CONNECTORS}/{name}/ingest", {}).status_code == 200


def statuses(api: Api) -> list[str]:
    """Return the statuses of all data syncs, oldest first."""
    return [each["status"] for each in reversed(api.jobs("jobTypes=datasync"))]


# -- a data sync of several jobs ---------------------------------------------------------------------------------------


def test_a_sync_makes_a_job_for_each_object(api: Api) -> None:
    api.switch(crm_sync_jobs=3)
    sync(api)
    jobs = list(reversed(api.jobs("jobTypes=datasync")))
    assert [each["label"] for each in jobs] == [
        f"{name} (SFDC_LOCAL)" for name in ("Account", "Contact", "Opportunity")
    ]
    assert {each["createdDate"] for each in jobs} == {"2026-11-22T12:00:00.000Z"}
    assert {each["source"]["name"] for each in jobs} == {"SFDC_LOCAL"}
    assert len({each["id"] for each in jobs}) == 3
    api.pass_time(10)
    assert statuses(api) == ["Running"] * 3, "they run side by side"
    api.pass_time(60)
    assert statuses(api) == ["Success"] * 3


def test_a_sync_of_more_objects_than_are_known_by_name(api: Api) -> None:
    api.switch(crm_sync_jobs=12)
    sync(api)
    labels = [each["label"] for each in api.jobs("jobTypes=datasync")]
    assert len(set(labels)) == 12
    assert "Object12 (SFDC_LOCAL)" in labels


def test_jobs_of_a_sync_wait_for_places(api: Api) -> None:
    api.switch(crm_sync_jobs=5)
    sync(api)
    api.pass_time(10)
    assert statuses(api) == ["Running"] * 3 + ["Queued"] * 2
    sync(api)
    assert api.jobs("jobTypes=datasync")[0]["id"].startswith("030"), "one is queued still"
    api.pass_time(60)
    assert statuses(api)[:5] == ["Success"] * 3 + ["Running"] * 2


def test_another_sync_of_the_same_connection_waits_for_the_whole(api: Api) -> None:
    api.switch(crm_sync_jobs=2, crm_syncs_at_once=10)
    api.admin("PUT", "crm/outcomes", {"SFDC_LOCAL": [{"times": 1}, {"running_seconds": 100, "times": 1}]})
    sync(api)
    api.pass_time(10)
    sync(api)
    api.pass_time(80)
    assert statuses(api) == ["Success", "Running", "Queued", "Queued"]
    api.pass_time(20)
    assert statuses(api) == ["Success", "Success", "Running", "Running"]


@pytest.mark.parametrize(("failing", "words"), [(0, "SSS"), (1, "SSF"), (2, "SFF"), (3, "FFF"), (9, "FFF")])
def test_the_last_jobs_of_a_sync_may_fail(api: Api, failing: int, words: str) -> None:
    api.switch(crm_sync_jobs=3, crm_sync_failing=failing)
    recipe = api.started("Board_Pack")
    sync(api)
    api.pass_time(100)
    assert [each[0] for each in statuses(api)] == list(words)
    assert api.job(recipe)["status"] == "Success"
    status = api.crm("GET", f"{CONNECTORS}/SFDC_LOCAL/status").json()["status"]
    assert status == ("Failure" if failing else "Success")


def test_each_job_of_a_sync_uses_up_its_own_script(api: Api) -> None:
    api.switch(crm_sync_jobs=3)
    script = [{"times": 1}, {"outcome": "failure", "message": "no access", "times": 1}, {"outcome": "warning"}]
    api.admin("PUT", "crm/outcomes", {"data_sync:SFDC_LOCAL": script})
    sync(api)
    api.pass_time(100)
    assert statuses(api) == ["Success", "Failure", "Warning"]


def test_a_sync_of_others_makes_as_many(api: Api) -> None:
    api.switch(crm_sync_jobs=2)
    body = {"type": "data_sync", "name": "SFDC_LOCAL", "created_at": "2026-11-22T11:59:30Z", "running_seconds": 100}
    first = api.admin("POST", "crm/jobs", body)
    assert first["label"] == "Account (SFDC_LOCAL)"
    assert statuses(api) == ["Running", "Running"]


# -- a start that names a request --------------------------------------------------------------------------------------


def test_a_start_may_name_a_request_that_lives_on_as_a_job(api: Api) -> None:
    api.switch(crm_start_id="request")
    answer = api.start("Board_Pack").json()
    request = answer["id"]
    assert (request[:3], answer["status"], answer["url"]) == ("030", "Queued", f"{JOBS}/{request}")
    assert api.job(request) == answer
    assert [each["id"] for each in api.jobs()] == [request]
    assert api.crm("GET", f"{JOBS}/{request}/nodes").json()["nodes"] == []
    api.pass_time(10)
    assert api.crm("GET", f"{JOBS}/{request}").status_code == 404
    assert api.crm("PATCH", f"{JOBS}/{request}", {"command": "stop"}).status_code == 404
    (job,) = api.jobs()
    assert (job["id"][:3], job["status"]) == ("0eP", "Running")
    assert (job["createdDate"], job["source"]) == (answer["createdDate"], answer["source"])
    assert len(api.crm("GET", f"{JOBS}/{job['id']}/nodes").json()["nodes"]) == 3


def test_the_job_of_a_request_is_not_there_before(api: Api) -> None:
    api.switch(crm_start_id="request")
    api.start("Opportunities", "dataflow")
    (saved,) = api.admin("GET", "state")["crm_analytics"]["jobs"]
    assert saved["id"].startswith("03C")
    assert api.crm("GET", f"{JOBS}/{saved['id']}").status_code == 404
    api.pass_time(10)
    assert api.job(saved["id"])["status"] == "Running"


def test_a_request_that_is_stopped_in_the_queue_stays_one(api: Api) -> None:
    api.switch(crm_start_id="request")
    request = api.started("Board_Pack")
    assert api.crm("PATCH", f"{JOBS}/{request}", {"command": "stop"}).json()["status"] == "Cancelled"
    api.pass_time(100)
    assert api.job(request)["status"] == "Cancelled"


def test_a_request_is_the_answer_even_when_it_does_not_wait(api: Api) -> None:
    api.switch(crm_start_id="request", crm_queued_seconds=0)
    answer = api.start("Board_Pack").json()
    assert (answer["id"][:3], answer["status"]) == ("030", "Queued")
    assert not {"executedDate", "endDate"} & set(answer)
    assert api.crm("GET", f"{JOBS}/{answer['id']}").status_code == 404


def test_a_refused_start_stays_a_request(api: Api) -> None:
    api.switch(crm_start_id="request")
    api.started("Board_Pack")
    refused = api.start("Board_Pack").json()
    assert (refused["id"][:3], refused["status"]) == ("030", "Failure")
    api.pass_time(100)
    assert api.job(refused["id"])["status"] == "Failure"


def test_saved_jobs_know_their_request_and_their_sync(api: Api) -> None:
    from reconcile.sandbox.crm_job import Job

    api.switch(crm_start_id="request", crm_sync_jobs=2)
    request = api.started("Board_Pack")
    sync(api)
    saved = api.admin("GET", "state")["crm_analytics"]["jobs"]
    jobs = [Job.from_json(each) for each in saved]
    assert jobs[0].shown_id == request
    assert [job.batch for job in jobs] == [1, 2, 2]
    older = [Job.from_json({name: value for name, value in each.items() if name != "batch"}) for each in saved]
    assert [job.batch for job in older] == [1, 2, 3]
