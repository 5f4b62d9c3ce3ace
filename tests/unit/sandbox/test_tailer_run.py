"""Tailer runs: how they move, what the four actions on them answer, and what somebody else may do."""

import re

import pytest

from .client import PREPARE, PREPARE_JOB, TABLE, Api

NOON = "2026-11-22T12:00:00Z"
PREPARE_ID = str(PREPARE["configuration_id"])
STORAGE = {
    "configuration_type": "storage-to-storage",
    "configuration_id": "000099-jarvis-demo-iowa-liquor-storage-to-storage",
}
RUN_ID = re.compile(r"\d{8}(-\d{6})?-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(autouse=True)
def _noon(api: Api) -> None:
    api.at(NOON)
    api.switch(tailer_waiting_seconds=10, tailer_run_seconds=60)


def last(api: Api, **body: object) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = api.status("get_last_status", **body).json()["results"]
    return rows


def test_a_run_waits_runs_and_ends_by_itself(api: Api) -> None:
    run = api.launch()
    assert RUN_ID.fullmatch(run)
    seen = []
    for seconds in (0, 9.9, 0.1, 59.9, 0.1):
        api.pass_time(seconds)
        seen.append(api.run(run)["status"])
    assert seen == ["WAITING", "WAITING", "RUNNING", "RUNNING", "SUCCESS"]


def test_a_row_is_as_documented_and_knows_its_instants_whenever_one_looks(api: Api) -> None:
    run = api.launch()
    assert "duration" not in api.run(run)
    api.pass_time(86_400)
    assert api.run(run) == {
        **PREPARE,
        "job_id": PREPARE_JOB,
        "run_id": run,
        "duration": "0:01:00",
        "start_execution_date": "2026-11-22T12:00:10+00:00",
        "last_update_date": "2026-11-22T12:01:10+00:00",
        "status": "SUCCESS",
    }


def test_a_duration_beyond_a_day_has_days(api: Api) -> None:
    api.admin("PUT", "tailer/outcomes", {PREPARE_ID: {"running_seconds": 93_784.5}})
    run = api.launch()
    api.pass_time(200_000)
    assert api.run(run)["duration"] == "1 day, 2:03:04.500000"


@pytest.mark.parametrize("status", ["FAILED", "NO_MATCH", "SUCCESS"])
def test_outcomes_are_scripted_and_used_up(api: Api, status: str) -> None:
    script = [{"outcome": status, "running_seconds": 5, "waiting_seconds": 0, "times": 1}]
    api.admin("PUT", "tailer/outcomes", {f"gbq-to-gbq:{PREPARE_ID}": script})
    first = api.launch()
    api.pass_time(5)
    assert (api.run(first)["status"], api.run(first)["duration"]) == (status, "0:00:05")
    second = api.launch()
    api.pass_time(70)
    assert (api.run(second)["status"], api.run(second)["duration"]) == ("SUCCESS", "0:01:00")
    assert api.admin("GET", "state")["tailer"]["outcomes"] == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"nobody": None}, 404),
        ({f"workflow:{PREPARE_ID}": None}, 404),
        ({PREPARE_ID: {"outcome": "CHECKED"}}, 400),
        ({PREPARE_ID: {"outcome": "FAILED", "times": 0}}, 400),
        ({PREPARE_ID: {"message": "x"}}, 400),
    ],
)
def test_a_wrong_script_changes_nothing(api: Api, body: dict[str, object], status: int) -> None:
    sent = {TABLE["configuration_id"]: {"outcome": "FAILED"}, **body}
    assert api.http.put("/_sandbox/tailer/outcomes", json=sent).status_code == status
    assert api.admin("GET", "state")["tailer"]["outcomes"] == {}


def test_one_run_of_a_table_at_a_time_unless_its_file_says_otherwise(api: Api) -> None:
    first, second = api.launch(), api.launch()
    other = api.launch(configuration_id=TABLE["configuration_id"])
    api.pass_time(69)
    assert [api.run(run)["status"] for run in (first, second)] == ["RUNNING", "WAITING"]
    assert api.run(other, configuration_id=TABLE["configuration_id"])["status"] == "RUNNING"
    api.pass_time(1000)
    assert api.run(second)["start_execution_date"] == api.run(first)["last_update_date"]
    api.admin("POST", "tailer/deploy", {**PREPARE, "max_active_runs": 2})
    runs = [api.launch() for _ in range(3)]
    api.pass_time(10)
    assert [api.run(run)["status"] for run in runs] == ["RUNNING", "RUNNING", "WAITING"]


def test_a_disabled_operation_is_deactivated_when_its_turn_comes_and_uses_up_no_script(api: Api) -> None:
    api.admin("PUT", "tailer/outcomes", {PREPARE_ID: {"outcome": "FAILED", "times": 1}})
    api.flags(activated=False, configuration_id=PREPARE_ID)
    run = api.launch()
    assert api.run(run)["status"] == "WAITING"
    api.pass_time(1000)
    row = api.run(run)
    assert (row["status"], row["last_update_date"]) == ("DEACTIVATED", "2026-11-22T12:00:10+00:00")
    assert "duration" not in row
    api.flags(activated=True, configuration_id=PREPARE_ID)
    again = api.launch()
    api.pass_time(1000)
    assert api.run(again)["status"] == "FAILED"


def test_switched_off_while_it_runs_it_goes_on(api: Api) -> None:
    run = api.launch()
    api.pass_time(20)
    api.flags(activated=False, configuration_id=PREPARE_ID)
    api.pass_time(60)
    assert api.run(run)["status"] == "SUCCESS"


def test_an_archived_operation_that_is_activated_runs(api: Api) -> None:
    api.flags(activated=True, archived=True, configuration_id=PREPARE_ID)
    run = api.launch()
    api.pass_time(70)
    assert api.run(run)["status"] == "SUCCESS"


# -- what the actions answer -------------------------------------------------------------------------------------------


def test_last_status_is_newest_first_and_can_be_narrowed(api: Api) -> None:
    runs = []
    for outcome in ("SUCCESS", "FAILED", "SUCCESS", "SUCCESS"):
        api.admin("PUT", "tailer/outcomes", {PREPARE_ID: {"outcome": outcome, "times": 1}})
        runs.append(api.launch())
        api.pass_time(43_200)
    assert [row["run_id"] for row in last(api)] == runs[:0:-1]
    assert [row["run_id"] for row in last(api, limit=10)] == runs[::-1]
    assert [row["run_id"] for row in last(api, limit=1, status="SUCCESS")] == [runs[3]]
    assert [row["run_id"] for row in last(api, status="FAILED")] == [runs[1]]
    assert [row["run_id"] for row in last(api, execution_date="2026-11-23")] == [runs[2], runs[1]]
    assert len(last(api, job_id=PREPARE_JOB)) == 3
    assert last(api, job_id="gbq-to-gbq|other") == []
    assert last(api, configuration_type="gbq-to-gbq") == last(api)
    api.switch(tailer_default_limit=1)
    assert len(last(api)) == 1


@pytest.mark.parametrize("limit", [0, -1, "3", True, 1.5])
def test_a_limit_is_a_positive_number(api: Api, limit: object) -> None:
    assert api.status("get_last_status", limit=limit).status_code == 400


def test_by_status_goes_over_all_operations_of_a_type(api: Api) -> None:
    mine, other = api.launch(), api.launch(configuration_id=TABLE["configuration_id"])
    prod = api.launch(environment="PROD", configuration_id="000099_iowa_liquor_prepare_pda_PROD")
    api.admin("POST", "tailer/runs", STORAGE)
    api.pass_time(10)

    def found(**body: object) -> set[str]:
        sent = {"action": "get_by_status", "account": "000099", "configuration_type": "table-to-table", **body}
        return {row["run_id"] for row in api.tailer("/v1/dag/status", sent).json()["results"]}

    assert found() == {mine, other, prod}
    assert found(configuration_type="gbq-to-gbq", environment="DEV") == {mine, other}
    assert found(status="RUNNING", execution_date="2026-11-22", limit=15) == {mine, other, prod}
    assert found(status="FAILED") == found(execution_date="2026-11-21") == found(account="000100") == set()
    assert len(found(limit=2)) == 2
    missing = api.tailer("/v1/dag/status", {"action": "get_by_status", "account": "000099"})
    assert missing.status_code == 400


@pytest.mark.parametrize(
    ("style", "checked", "listed"),
    [
        ("as_sampled", "table-to-table", "gbq-to-gbq"),
        ("documented", "table-to-table", "table-to-table"),
        ("internal", "gbq-to-gbq", "gbq-to-gbq"),
    ],
)
def test_the_name_of_the_type_in_results_is_a_switch(api: Api, style: str, checked: str, listed: str) -> None:
    api.switch(tailer_type_names=style)
    run = api.launch()
    assert api.run(run)["configuration_type"] == checked
    assert last(api)[0]["configuration_type"] == listed


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("all", {"WAITING", "DEACTIVATED", "SUCCESS"}),
        ("no_waiting", {"DEACTIVATED", "SUCCESS"}),
        ("no_deactivated", {"WAITING", "SUCCESS"}),
        ("neither", {"SUCCESS"}),
    ],
)
def test_whether_lists_have_waiting_and_deactivated_runs_is_a_switch(
    api: Api, setting: str, expected: set[str]
) -> None:
    for activated in (False, True):
        api.flags(activated=activated, configuration_id=PREPARE_ID)
        api.launch()
        api.pass_time(70)
    waiting = api.launch()
    api.switch(tailer_lists=setting)
    assert {row["status"] for row in last(api)} == expected
    assert api.run(waiting)["status"] == "WAITING", "asked by its id it is there"


def test_a_run_may_not_be_shown_yet(api: Api) -> None:
    api.switch(tailer_run_lag_seconds=15)
    run = api.launch()
    api.pass_time(14.9)
    assert last(api) == []
    assert api.status("check_run_status", run_id=run).status_code == 404
    assert api.status("set_run_status", run_id=run, status="FAILED").status_code == 404
    api.pass_time(0.1)
    assert last(api)[0]["status"] == api.run(run)["status"] == "RUNNING"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("check_run_status", {"run_id": "20260101-000000-nope"}),
        ("check_run_status", {"job_id": "gbq-to-gbq|other"}),
        ("check_run_status", {"environment": "PROD"}),
        ("check_run_status", {"configuration_id": TABLE["configuration_id"]}),
        ("get_last_status", {"configuration_id": "nope"}),
    ],
)
def test_what_is_not_there_is_a_ko_or_no_results(api: Api, action: str, body: dict[str, object]) -> None:
    sent = {"run_id": api.launch(), **body}
    assert api.status(action, **sent).status_code == 404
    api.switch(ko_style="ok_status_code")
    assert api.status(action, **sent).json() == {"code": 404, "data": {}, "message": "ko"}
    api.switch(tailer_unknown_run="empty")
    assert api.status(action, **sent).json() == {"results": []}


def test_a_status_may_be_unknown(api: Api) -> None:
    api.switch(tailer_unknown_status="PAUSED")
    run = api.launch()
    api.pass_time(10)
    assert api.run(run)["status"] == "PAUSED"
    api.pass_time(60)
    assert api.run(run)["status"] == "SUCCESS"


def test_a_launch_takes_a_date_that_is_text(api: Api) -> None:
    api.launch(execution_date="2026-01-31")
    wrong = api.tailer("/v1/dag/launch", {"action": "launch_job", **PREPARE, "execution_date": 20260131})
    assert wrong.status_code == 400
    (saved,) = api.admin("GET", "state")["tailer"]["runs"]
    assert saved["execution_date"] == "2026-01-31"
    assert "execution_date" not in last(api)[0]


# -- by hand -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["SUCCESS", "FAILED", "RUNNING", "NO_MATCH", "CHECKED"])
def test_a_status_that_was_set_stays(api: Api, status: str) -> None:
    run = api.launch()
    api.pass_time(40)
    answer = api.status("set_run_status", run_id=run, status=status)
    assert (answer.status_code, answer.json()) == (200, {"message": "ok"})
    api.pass_time(1000)
    row = api.run(run)
    assert (row["status"], row["last_update_date"]) == (status, "2026-11-22T12:00:40+00:00")
    assert row.get("duration") == (None if status == "RUNNING" else "0:00:30")


def test_a_failed_run_that_is_checked_keeps_its_duration(api: Api) -> None:
    api.admin("PUT", "tailer/outcomes", {PREPARE_ID: {"outcome": "FAILED"}})
    run = api.launch()
    api.pass_time(500)
    api.status("set_run_status", run_id=run, status="CHECKED", environment=None)
    assert (api.run(run)["status"], api.run(run)["duration"]) == ("CHECKED", "0:01:00")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "WAITING"}, 400),
        ({"status": "DEACTIVATED"}, 400),
        ({"status": None}, 400),
        ({"account": ""}, 400),
        ({"account": "000100"}, 404),
        ({"configuration_type": "workflow"}, 404),
        ({"environment": "PROD"}, 404),
        ({"run_id": "x"}, 404),
    ],
)
def test_a_wrong_status_or_run_is_refused(api: Api, body: dict[str, object], status: int) -> None:
    run = api.launch()
    assert api.status("set_run_status", **{"run_id": run, "status": "FAILED", **body}).status_code == status
    assert api.run(run)["status"] == "WAITING"


def test_others_start_runs_too(api: Api) -> None:
    job = f"storage-to-storage|000099|{STORAGE['configuration_id']}|DEV|stores-{{{{FD_DATE}}}}.csv"
    made = api.admin("POST", "tailer/runs", {**STORAGE, "job_id": job, "outcome": "NO_MATCH"})
    assert (made["status"], made["account"], made["environment"]) == ("WAITING", "000099", "DEV")
    assert re.fullmatch(r"20261122-[0-9a-f]{8}-.*", made["run_id"]), "no time of day in a file event's run"
    api.pass_time(70)
    (row,) = last(api, **STORAGE)
    assert (row["status"], row["job_id"], row["duration"]) == ("NO_MATCH", job, "0:01:00")
    assert "last_update_date" not in row


def test_others_started_runs_in_the_past(api: Api) -> None:
    body = {**PREPARE, "running_seconds": 30, "execution_date": "2026-11-20"}
    old = api.admin("POST", "tailer/runs", {**body, "created_at": "2026-11-21T00:00:00Z", "outcome": "FAILED"})
    assert (old["status"], old["duration"], old["run_id"][:15]) == ("FAILED", "0:00:30", "20261121-000000")
    running = api.admin("POST", "tailer/runs", {**body, "created_at": "2026-11-22T11:59:30Z"})
    assert running["status"] == "RUNNING"
    mine = api.launch()
    assert [row["run_id"] for row in last(api)] == [mine, running["run_id"], old["run_id"]]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"created_at": "2027-01-01T00:00:00Z"}, 400),
        ({"configuration_id": None}, 400),
        ({"configuration_id": "nobody"}, 404),
        ({"environment": "PROD"}, 404),
        ({"times": 2}, 400),
        ({"message": "x"}, 400),
    ],
)
def test_a_wrong_run_of_others_is_refused(api: Api, more: dict[str, object], status: int) -> None:
    assert api.http.post("/_sandbox/tailer/runs", json={**PREPARE, **more}).status_code == status
    assert api.admin("GET", "state")["tailer"]["runs"] == []


@pytest.mark.parametrize("status", ["WAITING", "DEACTIVATED", "FAILED"])
def test_a_person_may_put_a_run_into_any_state(api: Api, status: str) -> None:
    run = api.launch()
    assert api.admin("PUT", f"tailer/runs/{run}", {"status": status})["status"] == status
    api.pass_time(1000)
    assert api.run(run)["status"] == status
    assert api.http.put(f"/_sandbox/tailer/runs/{run}", json={"status": "ASLEEP"}).status_code == 400
    assert api.http.put("/_sandbox/tailer/runs/nope", json={"status": "FAILED"}).status_code == 404


def test_looking_is_no_effect(api: Api) -> None:
    run = api.launch()
    api.pass_time(1000)
    api.run(run)
    launched, looked = api.log()
    assert (launched["effect"], looked["effect"]) == (True, False)
