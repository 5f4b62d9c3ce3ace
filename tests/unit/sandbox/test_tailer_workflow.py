"""The Tailer workflow engine: completions, triggers, resets by hand and by schedule."""

from typing import Any

import pytest

from .client import DEV, PREPARE, PREPARE_JOB, TABLE, WORKFLOW, Api

RESET = "/v1/workflow/status"
TARGET = str(TABLE["configuration_id"])


@pytest.fixture(autouse=True)
def _noon(api: Api) -> None:
    api.at("2026-11-22T12:00:00Z")
    api.switch(tailer_run_seconds=60)


def deploy(api: Api, type_: str, id_: str, **more: object) -> dict[str, object]:
    identity: dict[str, object] = {**DEV, "configuration_type": type_, "configuration_id": id_}
    api.admin("POST", "tailer/deploy", {**identity, **more})
    return identity


def state(api: Api, id_: str) -> Any:
    return next(each for each in api.admin("GET", "state")["tailer"]["workflows"] if each["key"][1::2] == ["DEV", id_])


def runs_of(api: Api, id_: str) -> list[dict[str, Any]]:
    return [run for run in api.admin("GET", "state")["tailer"]["runs"] if run["configuration_id"] == id_]


def test_the_last_completion_triggers_the_target_at_its_own_instant(api: Api) -> None:
    api.launch()
    api.pass_time(59.9)
    assert PREPARE_JOB not in api.workflow()["jobs"]
    api.pass_time(10_000)
    workflow = api.workflow()
    assert [each["executed"] for each in workflow["jobs"].values()] == [False] * 3
    assert workflow["jobs"][PREPARE_JOB]["execution_date"] == "2026-11-22T12:00:00+00:00"
    assert workflow["target_dag_last_executed"] == workflow["last_modified"] == "2026-11-22T12:01:00+00:00"
    (event,) = workflow["history"]
    assert (event["event"], event["at"]) == ("triggered", "2026-11-22T12:01:00+00:00")
    assert all(each["executed"] for each in event["jobs"].values())
    (run,) = runs_of(api, TARGET)
    assert (run["created"], run["status"], run["updated"]) == (
        "2026-11-22T12:01:00+00:00",
        "SUCCESS",
        "2026-11-22T12:02:00+00:00",
    )
    assert run["run_id"].startswith("20261122-120100-")


@pytest.mark.parametrize("outcome", ["FAILED", "NO_MATCH"])
def test_only_success_counts(api: Api, outcome: str) -> None:
    api.admin("PUT", "tailer/outcomes", {PREPARE["configuration_id"]: {"outcome": outcome}})
    api.launch()
    api.pass_time(100)
    assert PREPARE_JOB not in api.workflow()["jobs"]


def test_an_unbalanced_workflow_as_in_the_docs(api: Api) -> None:
    """JC runs twice and counts for the next round (the docs' example of why resets exist)."""
    jobs = []
    for name in "ABC":
        deploy(api, "table-to-table", f"J{name}")
        jobs.append(f"gbq-to-gbq|J{name}")
    deploy(api, "table-to-table", "JT")
    deploy(
        api,
        "workflow",
        "W",
        authorized_job_ids=jobs,
        target_dag={"configuration_type": "gbq-to-gbq", "configuration_id": "JT"},
    )
    for name in ("JA", "JB", "JC", "JC"):
        api.launch(configuration_id=name)
        api.pass_time(100)
    arrived = {job: each["executed"] for job, each in state(api, "W")["jobs"].items()}
    assert arrived == dict(zip(jobs, (False, False, True), strict=True))
    assert len(runs_of(api, "JT")) == 1
    for name in ("JA", "JB"):
        api.launch(configuration_id=name)
        api.pass_time(100)
    assert len(runs_of(api, "JT")) == 2


@pytest.mark.parametrize("archived", [False, True])
def test_what_arrives_at_a_disabled_workflow_is_not_made_up_for(api: Api, archived: bool) -> None:
    identity = {name: WORKFLOW[name] for name in ("configuration_type", "configuration_id")}
    api.flags(activated=False, archived=archived, **identity)
    api.launch()
    api.pass_time(100)
    api.flags(activated=True, archived=archived, **identity)
    api.pass_time(100)
    assert PREPARE_JOB not in api.workflow()["jobs"]
    assert runs_of(api, TARGET) == []
    api.launch()
    api.pass_time(100)
    assert len(runs_of(api, TARGET)) == 1, "archived does not matter, activated does"


def test_a_disabled_target_ends_deactivated(api: Api) -> None:
    api.flags(activated=False)
    api.launch()
    api.pass_time(100)
    assert [run["status"] for run in runs_of(api, TARGET)] == ["DEACTIVATED"]


@pytest.mark.parametrize(
    ("target", "type_"),
    [
        ({"configuration_type": "table-to-table", "configuration_id": "T"}, "table-to-table"),
        ({"configuration_type": "gbq-to-gbq", "configuration_id": "T"}, "table-to-table"),
        ({"configuration_type": "storage-to-table", "configuration_id": "T"}, "storage-to-tables"),
        ({"configuration_type": "vm-launcher", "configuration_id": "T"}, "vm-launcher"),
        ("T", "table-to-table"),
    ],
)
def test_a_target_is_named_in_several_ways(api: Api, target: object, type_: str) -> None:
    deploy(api, type_, "T")
    deploy(api, "workflow", "W", authorized_job_ids=[PREPARE_JOB], target_dag=target)
    api.launch()
    api.pass_time(100)
    assert len(runs_of(api, "T")) == 1


@pytest.mark.parametrize("target", [None, "nobody", {"configuration_type": "workflow", "configuration_id": "nobody"}])
def test_a_target_that_is_not_there_is_nobodys_problem(api: Api, target: object) -> None:
    deploy(api, "workflow", "W", authorized_job_ids=[PREPARE_JOB], target_dag=target)
    api.launch()
    api.pass_time(100)
    assert state(api, "W")["target_dag_last_executed"]
    assert len(api.admin("GET", "state")["tailer"]["runs"]) == 2, "that of the example's workflow"


def test_workflows_set_each_other_off(api: Api) -> None:
    for name in "ABC":
        deploy(api, "table-to-table", name)
    for first, second in ("AB", "BC"):
        target = {"configuration_type": "table-to-table", "configuration_id": second}
        deploy(api, "workflow", f"{first}{second}", authorized_job_ids=[f"gbq-to-gbq|{first}"], target_dag=target)
    api.launch(configuration_id="A")
    api.pass_time(10_000)
    (last,) = runs_of(api, "C")
    assert (last["created"], last["updated"]) == ("2026-11-22T12:02:00+00:00", "2026-11-22T12:03:00+00:00")


def test_setting_success_counts_unless_switched_off(api: Api) -> None:
    api.switch(tailer_set_run_triggers=False)
    run = api.launch()
    api.status("set_run_status", run_id=run, status="SUCCESS")
    assert PREPARE_JOB not in api.workflow()["jobs"]
    api.switch(tailer_set_run_triggers=True)
    api.status("set_run_status", run_id=run, status="SUCCESS")
    assert len(runs_of(api, TARGET)) == 1


def test_a_redeploy_leaves_what_arrived_and_what_is_no_longer_waited_for(api: Api) -> None:
    before = set(api.workflow()["jobs"])
    api.admin("POST", "tailer/deploy", {**WORKFLOW, "authorized_job_ids": [PREPARE_JOB], "target_dag": "x"})
    assert set(api.workflow()["jobs"]) == before
    api.launch()
    api.pass_time(60)
    assert api.workflow()["target_dag_last_executed"]
    assert set(api.workflow()["jobs"]) == before | {PREPARE_JOB}
    api.tailer(RESET, {"action": "reset_workflow_status", **WORKFLOW})
    assert (api.workflow()["jobs"], [e["event"] for e in api.workflow()["history"]]) == ({}, ["triggered", "reset"])


def test_a_run_that_came_in_before_a_reset_is_forgotten_by_it(api: Api) -> None:
    """The reset comes when the run has ended but nobody has looked yet."""
    api.tailer(RESET, {"action": "reset_workflow_status", **WORKFLOW})
    api.launch()
    api.pass_time(61)
    api.tailer(RESET, {"action": "reset_workflow_status", **WORKFLOW})
    assert list(api.workflow()["history"][1]["jobs"]) == [PREPARE_JOB]
    assert api.workflow()["jobs"] == {}


# -- resets by schedule ------------------------------------------------------------------------------------------------


def with_reset(api: Api, cron: object) -> None:
    document = next(
        each for each in api.admin("GET", "state")["tailer"]["configurations"] if each["type"] == "workflow"
    )
    api.admin("POST", "tailer/deploy", {**document["document"], "schedule_interval_reset": cron})


def test_a_schedule_resets_every_day(api: Api) -> None:
    with_reset(api, "59 23 * * *")
    assert len(api.workflow()["jobs"]) == 2
    api.at("2026-11-22T23:58:59Z")
    assert len(api.workflow()["jobs"]) == 2
    api.at("2026-11-22T23:59:00Z")
    workflow = api.workflow()
    assert (workflow["jobs"], workflow["resets"], workflow["last_modified"]) == ({}, 0, "2026-11-22T23:59:00+00:00")
    assert [each["event"] for each in workflow["history"]] == ["scheduled reset"]
    api.launch()
    api.at("2026-11-30T12:00:00Z")
    workflow = api.workflow()
    assert [each["at"] for each in workflow["history"]] == ["2026-11-22T23:59:00+00:00", "2026-11-23T23:59:00+00:00"]
    assert workflow["next_reset"] == "2026-11-30T23:59:00+00:00"


def test_a_reset_and_completions_come_in_their_order(api: Api) -> None:
    """Two have arrived; the reset is due before the third, so that one stands alone."""
    with_reset(api, "0 12 * * *")
    api.at("2026-11-23T11:59:30Z")
    api.launch()
    api.at("2026-11-25T00:00:00Z")
    assert runs_of(api, TARGET) == []
    events = [(each["at"], len(each["jobs"])) for each in api.workflow()["history"]]
    assert events == [("2026-11-23T12:00:00+00:00", 2), ("2026-11-24T12:00:00+00:00", 1)]


@pytest.mark.parametrize("cron", [None, "None", "none", ""])
def test_no_schedule_is_none(api: Api, cron: object) -> None:
    with_reset(api, cron)
    api.pass_time(10 * 86_400)
    assert len(api.workflow()["jobs"]) == 2
    assert api.workflow()["next_reset"] is None


@pytest.mark.parametrize("cron", ["0 0 * * 1", "*/5 * * * *", "60 1 * * *", "0 24 * * *", "daily", 5])
def test_a_schedule_that_the_sandbox_cannot_do_is_refused(api: Api, cron: object) -> None:
    body = {**WORKFLOW, "schedule_interval_reset": cron}
    response = api.http.post("/_sandbox/tailer/deploy", json=body)
    assert response.status_code == 400
    assert "59 23 * * *" in response.json()["error"]
    assert len(api.workflow()["jobs"]) == 2


def test_a_schedule_follows_a_clock_that_is_put_back(api: Api) -> None:
    with_reset(api, "59 23 * * *")
    api.at("2027-06-01T00:00:00Z")
    api.at("2026-11-22T12:00:00Z")
    assert api.workflow()["next_reset"] == "2026-11-22T23:59:00+00:00"
