"""CRM Analytics jobs: what becomes of a start, a stop, a data sync, and how jobs and their nodes look."""

from typing import Any

import pytest

from .client import CONNECTORS, JOBS, Api, V

NOON = "2026-11-22T12:00:00Z"
QUEUED = "scheduled run failed The dataflow job can\u2019t start because it's already in the queue."


@pytest.fixture(autouse=True)
def _noon(api: Api) -> None:
    api.at(NOON)
    api.switch(crm_queued_seconds=10, crm_running_seconds=60)


def test_a_job_is_queued_runs_and_succeeds_by_itself(api: Api) -> None:
    started = api.start("Board_Pack").json()
    assert (started["status"], started["jobType"], started["type"]) == ("Queued", "recipe_v3", "dataflowjob")
    assert api.job(started["id"]) == started
    api.pass_time(9.999)
    assert api.job(started["id"])["status"] == "Queued"
    api.pass_time(0.001)
    running = api.job(started["id"])
    assert (running["status"], running["waitTime"]) == ("Running", 10)
    assert "endDate" not in running
    api.pass_time(60)
    done = api.job(started["id"])
    assert (done["status"], done["duration"], done["message"]) == ("Success", 60, "")


def test_every_step_happens_at_its_own_instant_and_not_when_somebody_looks(api: Api) -> None:
    job = api.started("Board_Pack")
    api.pass_time(86_400)
    shown = api.job(job)
    assert {name: shown[name] for name in shown if name.endswith("Date")} == {
        "createdDate": "2026-11-22T12:00:00.000Z",
        "startDate": "2026-11-22T12:00:00.000Z",
        "executedDate": "2026-11-22T12:00:10.000Z",
        "endDate": "2026-11-22T12:01:10.000Z",
    }


@pytest.mark.parametrize(
    ("asset_type", "name", "prefix", "job_type"),
    [("dataflow", "Opportunities", "03C", "user"), ("recipe", "Board_Pack", "0eP", "recipe_v3")],
)
def test_ids_tell_what_a_job_is(api: Api, asset_type: str, name: str, prefix: str, job_type: str) -> None:
    job = api.start(name, asset_type).json()
    assert (job["id"][:3], len(job["id"]), job["jobType"]) == (prefix, 18, job_type)
    assert api.job(job["id"][:15])["id"] == job["id"]
    assert job["source"]["name"] == name
    assert job["url"] == f"{JOBS}/{job['id']}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"command": "start", "dataflowId": "02K5e0000009999"}, 404),
        ({"command": "start", "dataflowId": "05v5e0000000007AAA"}, 404),
        ({"command": "run", "dataflowId": "02K5e0000000001AAA"}, 400),
        ([], 400),
    ],
)
def test_a_wrong_start_is_refused(api: Api, body: object, status: int) -> None:
    assert api.crm("POST", JOBS, body).status_code == status
    assert api.jobs() == []


def test_a_recipe_is_not_started_by_its_own_id(api: Api) -> None:
    answer = api.crm("POST", JOBS, {"command": "start", "dataflowId": api.id_of("Board_Pack")})
    assert answer.status_code == 404


def test_a_start_may_answer_without_an_id(api: Api) -> None:
    api.switch(start_returns_id=False)
    assert api.start("Opportunities", "dataflow").json() == {"progress": 0.0, "status": "Queued", "type": "dataflowjob"}
    assert len(api.jobs(f"dataflowId={api.id_of('Opportunities')}")) == 1


# -- the queue ---------------------------------------------------------------------------------------------------------


def test_one_runs_one_is_queued_and_a_third_fails(api: Api) -> None:
    first = api.started("Board_Pack")
    api.pass_time(10)
    second = api.started("Board_Pack")
    third = api.start("Board_Pack")
    assert third.status_code == 200
    shown = third.json()
    assert (shown["id"][:3], shown["status"], shown["message"]) == ("030", "Failure", QUEUED)
    assert [each["id"] for each in api.jobs()] == [shown["id"], second, first]
    assert api.crm("GET", f"{JOBS}/{shown['id']}/nodes").json()["nodes"] == []
    assert "executedDate" not in shown
    api.pass_time(59)
    assert (api.job(first)["status"], api.job(second)["status"]) == ("Running", "Queued")
    api.pass_time(1)
    assert (api.job(first)["status"], api.job(second)["status"]) == ("Success", "Running")
    assert api.job(second)["executedDate"] == api.job(first)["endDate"]


def test_what_a_start_says_of_its_failed_request_is_a_switch(api: Api) -> None:
    api.switch(crm_refused_start="queued")
    api.started("Board_Pack")
    answer = api.start("Board_Pack").json()
    assert (answer["id"][:3], answer["status"], answer["message"]) == ("030", "Queued", "")
    assert api.job(answer["id"])["status"] == "Failure"


def test_recipes_wait_for_a_place_first_in_first_out(api: Api) -> None:
    names = ("Board_Pack", "Month_Close", "Churn_Score", "Adhoc_Export", "Territory_Mix")
    jobs = []
    for name in names:
        jobs.append(api.started(name))
        api.pass_time(1)
    api.pass_time(20)
    assert [api.job(job)["status"] for job in jobs] == ["Running"] * 3 + ["Queued"] * 2
    flow = api.started("Opportunities", "dataflow")
    api.pass_time(10)
    assert api.job(flow)["status"] == "Running", "dataflows have places of their own"
    api.pass_time(1000)
    ends, begins = ([api.job(job)[name] for job in jobs] for name in ("endDate", "executedDate"))
    assert begins[3:] == ends[:2], "each takes the place of the one that ended, at that instant"


@pytest.mark.parametrize(
    ("switch", "asset_type", "most"),
    [("crm_dataflows_at_once", "dataflow", 2), ("crm_recipes_at_once", "recipe", 3), ("crm_syncs_at_once", "sync", 3)],
)
def test_places_at_once_are_switches(api: Api, switch: str, asset_type: str, most: int) -> None:
    kind = "data_sync" if asset_type == "sync" else asset_type
    for number in range(5):
        api.create(kind, f"N{number}")
        api.admin("POST", "crm/jobs", {"type": kind, "name": f"N{number}"})
    api.pass_time(10)
    assert len(api.jobs("status=Running")) == most
    api.switch(**{switch: 5})
    assert len(api.jobs("status=Running")) == 5


def test_the_clock_may_be_put_back(api: Api) -> None:
    api.pass_time(10_000)
    api.started("Board_Pack")
    api.at(NOON)
    job = api.started("Month_Close")
    api.pass_time(10)
    assert api.job(job)["status"] == "Running"


# -- stopping ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Cancelled", "Failure"])
@pytest.mark.parametrize("waited", [0, 30])
def test_a_stopped_job_ends_at_once(api: Api, status: str, waited: float) -> None:
    api.switch(crm_stop_status=status)
    job = api.started("Board_Pack")
    api.pass_time(waited)
    stopped = api.crm("PATCH", f"{JOBS}/{job}", {"command": "Stop"}).json()
    assert (stopped["status"], stopped["duration"]) == (status, 20 if waited else 0)
    api.pass_time(1000)
    assert api.job(job) == stopped


def test_stopping_may_take_its_time_and_keeps_the_place(api: Api) -> None:
    api.switch(crm_stopping_seconds=20, crm_recipes_at_once=1)
    job, following = api.started("Board_Pack"), api.started("Month_Close")
    api.pass_time(15)
    assert api.crm("PATCH", f"{JOBS}/{job}", {"command": "stop"}).json()["status"] == "Running"
    api.pass_time(19)
    assert api.job(following)["status"] == "Queued"
    api.pass_time(1)
    assert (api.job(job)["status"], api.job(following)["status"]) == ("Cancelled", "Running")


def test_a_job_that_ends_before_it_is_stopped_was_not_stopped(api: Api) -> None:
    api.switch(crm_stopping_seconds=20)
    job = api.started("Board_Pack")
    api.pass_time(60)
    api.crm("PATCH", f"{JOBS}/{job}", {"command": "stop"})
    api.pass_time(20)
    assert (api.job(job)["status"], api.job(job)["duration"]) == ("Success", 60)


def test_stopping_what_is_over_changes_nothing(api: Api) -> None:
    job = api.started("Board_Pack")
    api.pass_time(100)
    before = api.job(job)
    assert api.crm("PATCH", f"{JOBS}/{job}", {"command": "stop"}).json() == before
    assert not api.log()[-1]["effect"]
    assert api.crm("PATCH", f"{JOBS}/{job}", {"command": "pause"}).status_code == 400
    assert api.crm("DELETE", f"{JOBS}/{job}").status_code == 405


# -- scripts -----------------------------------------------------------------------------------------------------------


def test_outcomes_are_scripted_and_used_up(api: Api) -> None:
    script = [
        {"outcome": "failure", "message": "Field Amount is missing", "times": 1},
        {"outcome": "Warning", "message": "3 rows were skipped", "times": 2},
    ]
    api.admin("PUT", "crm/outcomes", {"recipe:Board_Pack": script})
    seen = []
    for _ in range(4):
        job = api.started("Board_Pack")
        api.pass_time(70)
        seen.append((api.job(job)["status"], api.job(job)["message"]))
    warning = ("Warning", "3 rows were skipped")
    assert seen == [("Failure", "Field Amount is missing"), warning, warning, ("Success", "")]
    assert api.admin("GET", "state")["crm_analytics"]["outcomes"] == {}


def test_a_request_that_the_queue_refuses_uses_up_nothing(api: Api) -> None:
    api.started("Board_Pack")
    api.script(of="Board_Pack", outcome="failure", times=1)
    assert api.start("Board_Pack").json()["id"].startswith("030")
    api.pass_time(10)
    job = api.started("Board_Pack")
    api.pass_time(120)
    assert api.job(job)["status"] == "Failure"


def test_durations_and_cancelling_by_somebody_are_scripted_until_taken_back(api: Api) -> None:
    api.script(of="Board_Pack", outcome="cancelled", message="by ann@example.test", queued_seconds=0, running_seconds=5)
    for _ in range(2):
        job = api.started("Board_Pack")
        assert api.job(job)["status"] == "Running"
        api.pass_time(5)
        assert (api.job(job)["status"], api.job(job)["message"]) == ("Cancelled", "by ann@example.test")
    api.script(of="Board_Pack")
    assert api.job(api.started("Board_Pack"))["status"] == "Queued"


@pytest.mark.parametrize("by", ["switch", "script"])
def test_a_status_may_be_unknown(api: Api, by: str) -> None:
    if by == "switch":
        api.switch(crm_unknown_status="Live")
    else:
        api.script(of="Board_Pack", while_running="Live")
    job = api.started("Board_Pack")
    api.pass_time(10)
    assert api.job(job)["status"] == "Live"
    api.pass_time(60)
    assert api.job(job)["status"] == "Success"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"Nobody": None}, 404),
        ({"recipe:Opportunities": None}, 404),
        ({"Board_Pack": {"outcome": "exploded"}}, 400),
        ({"Board_Pack": {"outcom": "failure"}}, 400),
        ({"Board_Pack": {"times": 0}}, 400),
        ({"Board_Pack": {"running_seconds": -1}}, 400),
        ({"Board_Pack": {"nodes": []}}, 400),
        ({"Board_Pack": 3}, 400),
        ({"Twin": None}, 400),
    ],
)
def test_a_wrong_script_changes_nothing(api: Api, body: dict[str, object], status: int) -> None:
    api.create("recipe", "Twin")
    api.create("dataflow", "Twin")
    response = api.http.put("/_sandbox/crm/outcomes", json={"Month_Close": {"outcome": "failure"}, **body})
    assert response.status_code == status
    assert api.admin("GET", "state")["crm_analytics"]["outcomes"] == {}


def test_by_hand_a_job_stays_as_it_was_put(api: Api) -> None:
    job = api.started("Board_Pack")
    for status in ("Preprocessing", "Running", "Queued"):
        assert api.admin("PUT", f"crm/jobs/{job}", {"status": status})["status"] == status
        api.pass_time(1000)
        assert api.job(job)["status"] == status
    assert api.start("Board_Pack").json()["id"].startswith("030"), "it is queued"
    api.admin("PUT", f"crm/jobs/{job}", {"status": "Failure"})
    assert "endDate" in api.job(job)
    assert api.http.put(f"/_sandbox/crm/jobs/{job}", json={"status": "Asleep"}).status_code == 400
    assert api.http.put("/_sandbox/crm/jobs/03C5e0000009999", json={"status": "Failure"}).status_code == 404


# -- nodes and progress ------------------------------------------------------------------------------------------------


def nodes(api: Api, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.crm("GET", f"{JOBS}/{job}/nodes").json()["nodes"]
    return found


def words(api: Api, job: str) -> list[str]:
    return [node["status"] for node in nodes(api, job)]


def test_nodes_run_one_after_the_other(api: Api) -> None:
    job = api.started("Board_Pack")
    assert words(api, job) == ["pending"] * 3
    api.pass_time(10)
    assert words(api, job) == ["running", "pending", "pending"]
    api.pass_time(25)
    assert words(api, job) == ["success", "running", "pending"]
    api.pass_time(60)
    done = nodes(api, job)
    assert words(api, job) == ["success"] * 3
    assert [node["startDate"][14:19] for node in done] == ["00:10", "00:30", "00:50"]
    assert [node["duration"] for node in done] == [20, 20, 20]
    assert (done[0]["inputRows"], done[0]["outputRows"]["failedCount"]) == ({}, 0)
    assert done[1]["inputRows"] == done[0]["outputRows"]
    assert {node["type"] for node in done} == {"dataflowjobnode"}
    one = done[1]
    assert one["id"].startswith("03L")
    assert api.crm("GET", one["url"]).json() == one
    assert api.crm("GET", f"{JOBS}/{job}/nodes/{one['id'][:15]}").json() == one
    assert api.crm("GET", f"{JOBS}/{job}/nodes/03L5e0000009999").status_code == 404
    assert api.crm("GET", f"{JOBS}/{job}/nodes/{one['id']}/rows").status_code == 404
    assert api.crm("POST", f"{JOBS}/{job}/nodes", {}).status_code == 405


def test_a_job_fails_at_the_scripted_node(api: Api) -> None:
    message = "Field Amount is missing"
    api.script(of="Board_Pack", outcome="failure", message=message, node="Join", nodes=["Load", "Join", "Save", "Tell"])
    job = api.started("Board_Pack")
    api.pass_time(39.5)
    assert words(api, job) == ["running", "pending", "pending", "pending"]
    api.pass_time(10)
    assert words(api, job) == ["success", "running", "pending", "pending"]
    api.pass_time(60)
    found = nodes(api, job)
    assert words(api, job) == ["success", "error", "aborted", "aborted"]
    assert [node["message"] for node in found] == ["", message, "", ""]
    assert (found[1]["outputRows"]["failedCount"], found[2]["outputRows"]) == (1, {})
    assert (api.job(job)["status"], api.job(job)["message"]) == ("Failure", message)


def test_a_failing_node_that_nobody_named_is_there_all_the_same(api: Api) -> None:
    api.script(of="Board_Pack", outcome="failure", node="Prediction")
    job = api.started("Board_Pack")
    api.pass_time(100)
    assert [(n["name"], n["status"]) for n in nodes(api, job)][-1] == ("Prediction", "error")


def test_what_is_stopped_is_aborted_and_a_warning_is_on_the_last_node(api: Api) -> None:
    job = api.started("Board_Pack")
    api.pass_time(35)
    api.crm("PATCH", f"{JOBS}/{job}", {"command": "stop"})
    assert words(api, job) == ["success", "aborted", "aborted"]
    api.script(of="Month_Close", outcome="warning")
    second = api.started("Month_Close")
    api.pass_time(100)
    assert words(api, second) == ["success", "success", "warning"]
    third = api.started("Adhoc_Export")
    api.pass_time(35)
    api.admin("PUT", f"crm/jobs/{third}", {"status": "Failure"})
    assert words(api, third) == ["success", "error", "aborted"]


@pytest.mark.parametrize(
    ("style", "half", "end"), [("fraction", 0.5, 1.0), ("percent", 50.0, 100.0), ("zero", 0.0, 0.0)]
)
def test_progress_is_not_to_be_trusted(api: Api, style: str, half: float, end: float) -> None:
    api.switch(crm_progress=style)
    job = api.started("Board_Pack")
    assert api.job(job)["progress"] == 0.0
    api.pass_time(40)
    assert api.job(job)["progress"] == half
    api.pass_time(40)
    assert api.job(job)["progress"] == end


def test_no_time_at_all_is_a_time(api: Api) -> None:
    api.switch(crm_queued_seconds=0, crm_running_seconds=0)
    job = api.start("Board_Pack").json()
    assert (job["status"], job["duration"]) == ("Success", 0)
    assert words(api, job["id"]) == ["success"] * 3


# -- data syncs --------------------------------------------------------------------------------------------------------


def test_a_sync_is_asked_for_by_id_or_name_and_the_answer_does_not_name_its_job(api: Api) -> None:
    answer = api.crm("POST", f"{CONNECTORS}/Warehouse/ingest", {}).json()
    connector = api.id_of("Warehouse")
    assert answer == {"message": f"Sync request was sent for connection {connector}.", "url": JOBS}
    (job,) = api.jobs("jobTypes=datasync")
    assert (job["id"][:3], job["status"], job["label"]) == ("03C", "Queued", "Warehouse")
    assert job["source"] == {"id": connector, "name": "Warehouse", "url": ""}
    api.switch(sync_source="empty")
    assert api.job(job["id"])["source"] == {"id": "", "name": "", "url": ""}
    second = api.crm("POST", f"{CONNECTORS}/{connector}/ingest", {})
    assert second.status_code == 200
    assert [each["id"][:3] for each in api.jobs("jobTypes=datasync")] == ["030", "03C"]
    missing = api.crm("POST", f"{CONNECTORS}/Nowhere/ingest", {})
    assert (missing.status_code, missing.json()[0]["errorCode"]) == (404, "269")
    assert api.crm("GET", f"{CONNECTORS}/Warehouse/ingest").status_code == 405


def test_a_connector_tells_how_its_last_sync_ended(api: Api) -> None:
    api.script(of="Warehouse", outcome="failure", message="Login failed", times=1)
    path = f"{CONNECTORS}/Warehouse/status"
    seen = []
    for _ in range(2):
        seen.append(api.crm("GET", path).json()["status"])
        api.crm("POST", f"{CONNECTORS}/Warehouse/ingest", {})
        api.pass_time(100)
        seen.append(api.crm("GET", path).json()["status"])
    assert seen == ["Success", "Failure", "Failure", "Success"]
    assert set(api.crm("GET", path).json()) == {"message", "status", "url"}
    assert api.crm("GET", f"{CONNECTORS}/Nowhere/status").status_code == 404


# -- somebody else's jobs, lag -----------------------------------------------------------------------------------------


def test_others_start_jobs_too(api: Api) -> None:
    made = api.admin("POST", "crm/jobs", {"type": "recipe", "name": "Board_Pack", "running_seconds": 5})
    assert (made["status"], made["id"][:3]) == ("Queued", "0eP")
    assert api.start("Board_Pack").json()["id"].startswith("030"), "they are in the same queue"
    api.pass_time(15)
    assert api.job(made["id"])["status"] == "Success"


def test_others_started_jobs_in_the_past(api: Api) -> None:
    body = {"type": "dataflow", "name": "Opportunities", "running_seconds": 60}
    old = api.admin("POST", "crm/jobs", {**body, "created_at": "2026-11-01T00:00:00Z", "outcome": "failure"})
    assert (old["status"], old["ended"]) == ("Failure", "2026-11-01T00:01:10+00:00")
    running = api.admin("POST", "crm/jobs", {**body, "created_at": "2026-11-22T11:59:30"})
    assert api.job(running["id"])["executedDate"] == "2026-11-22T11:59:40.000Z"
    queued = api.admin("POST", "crm/jobs", {**body, "created_at": "2026-11-22T11:59:55Z"})
    assert queued["status"] == "Queued"
    api.pass_time(5)
    assert api.job(queued["id"])["status"] == "Queued", "one of the dataflow is running"
    api.pass_time(35)
    assert (api.job(running["id"])["status"], api.job(queued["id"])["status"]) == ("Success", "Running")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"created_at": "2027-01-01T00:00:00Z"}, 400),
        ({"created_at": "yesterday"}, 400),
        ({"times": 2}, 400),
        ({"colour": "red"}, 400),
        ({"name": "Nobody"}, 404),
        ({"type": "dataflow"}, 404),
    ],
)
def test_a_wrong_job_of_others_is_refused(api: Api, more: dict[str, object], status: int) -> None:
    body = {"type": "recipe", "name": "Board_Pack", **more}
    assert api.http.post("/_sandbox/crm/jobs", json=body).status_code == status
    assert api.admin("GET", "state")["crm_analytics"]["jobs"] == []


def test_a_job_may_not_be_shown_yet(api: Api) -> None:
    api.switch(crm_job_lag_seconds=15)
    job = api.started("Board_Pack")
    for _ in range(2):
        assert api.crm("GET", f"{JOBS}/{job}").status_code == 404
        assert api.crm("GET", f"{JOBS}/{job}/nodes").status_code == 404
        assert api.jobs() == []
        api.pass_time(7)
    assert api.start("Board_Pack").json()["id"][:3] == "0eP", "it runs since 4 s, seen or not"
    api.pass_time(1)
    assert api.job(job)["status"] == "Running"
    assert len(api.jobs()) == 1


# -- the daily limit ---------------------------------------------------------------------------------------------------


def limits(api: Api) -> tuple[Any, Any]:
    org = api.crm("GET", "/services/data/v60.0/limits").json()["DailyAnalyticsDataflowJobExecutions"]
    return org, api.crm("GET", f"{V}/limits").json()["limits"][0]


def test_runs_of_two_minutes_count_for_a_day(api: Api) -> None:
    api.script(of="Board_Pack", running_seconds=119.9)
    api.script(of="Month_Close", running_seconds=120)
    api.script(of="SFDC_LOCAL", running_seconds=500)
    for name in ("Board_Pack", "Month_Close"):
        api.started(name)
    api.crm("POST", f"{CONNECTORS}/SFDC_LOCAL/ingest", {})
    api.pass_time(129)
    assert limits(api)[0] == {"Max": 60, "Remaining": 60}
    api.pass_time(1)
    org, wave = limits(api)
    assert org == {"Max": 60, "Remaining": 59}
    assert (wave["current"], wave["max"], wave["interval"]) == (1, 60, 24)
    api.pass_time(86_400 - 130 + 9)
    assert limits(api)[0]["Remaining"] == 59
    api.pass_time(1)
    assert limits(api)[0]["Remaining"] == 60


def test_a_run_counts_from_its_second_minute_and_not_while_it_is_done_again(api: Api) -> None:
    job = api.started("Board_Pack")
    api.admin("PUT", f"crm/jobs/{job}", {"status": "Running"})
    api.pass_time(119)
    assert limits(api)[0]["Remaining"] == 60
    api.pass_time(1)
    assert limits(api)[0]["Remaining"] == 59
    for status in ("Success", "Failure"):
        api.admin("PUT", f"crm/jobs/{job}", {"status": status})
        assert limits(api)[0]["Remaining"] == 59
    api.admin("PUT", f"crm/jobs/{job}", {"status": "Queued"})
    assert limits(api)[0]["Remaining"] == 60


def use_up(api: Api) -> None:
    api.switch(crm_daily_runs=2)
    for name in ("Board_Pack", "Month_Close"):
        body = {"type": "recipe", "name": name, "running_seconds": 300, "created_at": "2026-11-22T08:00:00Z"}
        api.admin("POST", "crm/jobs", body)


def test_beyond_the_limit_nothing_runs(api: Api) -> None:
    use_up(api)
    assert limits(api)[0] == {"Max": 2, "Remaining": 0}
    job = api.start("Opportunities", "dataflow").json()
    assert (job["id"][:3], job["status"]) == ("030", "Failure")
    assert "limit of 2" in job["message"]
    assert api.crm("POST", f"{CONNECTORS}/SFDC_LOCAL/ingest", {}).status_code == 200
    assert api.jobs("jobTypes=datasync")[0]["status"] == "Failure"
    api.at("2026-11-23T08:00:11Z")
    assert api.start("Opportunities", "dataflow").json()["status"] == "Queued"


def test_the_limit_may_be_an_error(api: Api) -> None:
    use_up(api)
    api.switch(crm_limit_reached="error")
    refused = api.start("Opportunities", "dataflow")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "LIMIT_EXCEEDED")
    assert api.crm("POST", f"{CONNECTORS}/SFDC_LOCAL/ingest", {}).status_code == 403
    assert len(api.jobs()) == 2


def test_what_is_queued_when_the_limit_is_reached_fails(api: Api) -> None:
    api.switch(crm_daily_runs=1, crm_recipes_at_once=1)
    api.script(of="Board_Pack", running_seconds=200)
    first, second = api.started("Board_Pack"), api.started("Month_Close")
    api.pass_time(500)
    assert (api.job(first)["status"], api.job(second)["status"]) == ("Success", "Failure")
    assert api.job(second)["endDate"] == api.job(first)["endDate"]
    assert words(api, second) == ["aborted"] * 3
