"""The Tailer simulator: flags, resets, runs, every style of answer."""

import base64
import json
from typing import Any

import pytest

from .client import TABLE, WORKFLOW, Api

SETTER, RESET = "/v1/configuration/status", "/v1/workflow/status"
LAUNCH, STATUS = "/v1/dag/launch", "/v1/dag/status"
PREPARE = {**TABLE, "configuration_id": "000099_iowa_liquor_prepare_pda_DEV"}
PREPARE_JOB = "gbq-to-gbq|000099_iowa_liquor_prepare_pda_DEV"


def reset(api: Api, **changed: object) -> Any:
    return api.tailer(RESET, {"action": "reset_workflow_status", **WORKFLOW, **changed})


@pytest.mark.parametrize(("activated", "archived"), [(False, False), (True, False), (False, True), (True, True)])
def test_flags_are_set_as_given(api: Api, activated: bool, archived: bool) -> None:
    response = api.flags(activated, archived)
    assert (response.status_code, response.json()) == (200, {"message": "ok"})
    found = api.configuration()
    assert (found["activated"], found["archived"]) == (activated, archived)


def test_the_internal_name_of_the_type_is_the_same(api: Api) -> None:
    assert api.flags(configuration_type="gbq-to-gbq").json() == {"message": "ok"}
    assert not api.configuration()["activated"]


@pytest.mark.parametrize(
    ("style", "case", "expected"),
    [
        ("message", "lower", {"message": "ok"}),
        ("message", "upper", {"message": "OK"}),
        ("code", "title", {"code": 200, "data": {}, "message": "Ok"}),
    ],
)
def test_success_has_styles(api: Api, style: str, case: str, expected: object) -> None:
    api.switch(ok_style=style, ok_case=case)
    assert api.flags().json() == expected


KO_CAUSES: list[dict[str, object]] = [
    {"configuration_id": "unknown"},
    {"environment": "PROD"},
    {"configuration_type": "workflow"},
    {"account": ""},
    {"activated": "false"},
    {"action": "deactivate_conf"},
]


@pytest.mark.parametrize("cause", KO_CAUSES)
@pytest.mark.parametrize("style", ["http_text", "http_json", "ok_status_message", "ok_status_code"])
def test_refusals_have_styles_and_no_effect(api: Api, style: str, cause: dict[str, object]) -> None:
    api.switch(ko_style=style)
    before = api.admin("GET", "state")["tailer"]
    response = api.flags(**cause)
    if style == "http_text":
        assert response.status_code in (400, 404)
        assert response.headers["content-type"].startswith("text/plain")
        with pytest.raises(ValueError):
            response.json()
    elif style == "http_json":
        assert response.json()["code"] == response.status_code >= 400
    else:
        assert response.status_code == 200
        assert response.json()["message"].lower() != "ok"
        assert ("code" in response.json()) == (style == "ok_status_code")
    assert api.admin("GET", "state")["tailer"] == before
    assert not api.log()[-1]["effect"]


def test_an_unknown_id_may_be_created(api: Api) -> None:
    api.switch(create_unknown=True)
    assert api.flags(configuration_id="new_DEV").json() == {"message": "ok"}
    assert api.configuration("new_DEV")["activated"] is False


def test_environment_may_not_matter_for_lookup(api: Api) -> None:
    assert api.flags(environment="PROD").status_code == 404
    api.switch(tailer_lookup="id_only")
    assert api.flags(environment="PROD").status_code == 200
    assert not api.configuration()["activated"]


@pytest.mark.parametrize(
    ("switch", "body"),
    [
        ({"partial_flags": "reject"}, {"activated": False}),
        ({"both_flags": "reject"}, {"activated": True, "archived": True}),
    ],
)
def test_undocumented_bodies_are_switches(api: Api, switch: dict[str, object], body: dict[str, object]) -> None:
    sent = {"action": "set_configuration_status", **TABLE, **body}
    assert api.tailer(SETTER, sent).status_code == 200
    api.switch(**switch)
    assert api.tailer(SETTER, sent).status_code == 400


def test_one_flag_leaves_the_other_alone(api: Api) -> None:
    api.flags(activated=False, archived=True)
    api.tailer(SETTER, {"action": "set_configuration_status", **TABLE, "activated": False})
    assert api.configuration()["archived"]


def test_unarchiving_may_be_forbidden(api: Api) -> None:
    api.flags(activated=False, archived=True)
    api.switch(unarchive="reject")
    assert api.flags(activated=False, archived=False).status_code == 403
    api.switch(unarchive="accept")
    assert api.flags(activated=False, archived=False).status_code == 200


def test_nothing_reads_flags(api: Api) -> None:
    """The public API has four URLs, and none answers a GET or shows a flag (tailer.md 0)."""
    for path in (SETTER, RESET, LAUNCH, STATUS):
        response = api.http.get(path, headers={"Authorization": f"Bearer {api.jwt}"})
        assert response.status_code == 405
        assert "activated" not in response.text
    for path in ("/v1/configuration", "/v1/configuration/status/x", "/v1/"):
        response = api.http.post(path, json={})
        assert (response.status_code, response.json()["code"]) == (404, 404)


def test_a_reset_forgets_the_arrived_jobs_and_nothing_else(api: Api) -> None:
    before = api.workflow()
    assert len(before["jobs"]) == 2
    response = reset(api)
    assert response.json() == {"code": 200, "data": {}, "message": "ok"}
    after = api.workflow()
    assert (after["jobs"], after["resets"]) == ({}, 1)
    assert after["history"][0]["jobs"] == before["jobs"]
    assert reset(api).status_code == 200, "resetting an empty one is harmless"
    assert api.workflow()["resets"] == 2
    assert api.admin("GET", "state")["tailer"]["runs"] == []


@pytest.mark.parametrize("changed", [{"configuration_type": "table-to-table"}, {"configuration_id": "nope"}])
def test_only_workflows_are_reset(api: Api, changed: dict[str, object]) -> None:
    assert reset(api, **changed).status_code in (400, 404)
    assert api.workflow()["resets"] == 0


def test_the_last_arrival_triggers_the_target_and_starts_over(api: Api) -> None:
    run_id = api.tailer(LAUNCH, {"action": "launch_job", **PREPARE}).json()["run_id"]
    assert PREPARE_JOB not in api.workflow()["jobs"]
    api.admin("PUT", f"tailer/runs/{run_id}", {"status": "SUCCESS"})
    workflow = api.workflow()
    assert [each["executed"] for each in workflow["jobs"].values()] == [False, False, False]
    assert workflow["target_dag_last_executed"]
    runs = api.admin("GET", "state")["tailer"]["runs"]
    assert runs[-1]["configuration_id"] == TABLE["configuration_id"]


def test_a_disabled_workflow_does_not_remember(api: Api) -> None:
    api.flags(activated=False, **{k: v for k, v in WORKFLOW.items() if k.startswith("conf")})
    run_id = api.tailer(LAUNCH, {"action": "launch_job", **PREPARE}).json()["run_id"]
    api.admin("PUT", f"tailer/runs/{run_id}", {"status": "SUCCESS"})
    assert PREPARE_JOB not in api.workflow()["jobs"]


def test_a_deploy_overwrites_the_flags_and_keeps_what_workflows_remember(api: Api) -> None:
    api.flags(activated=False, archived=True)
    deployed = api.admin("POST", "tailer/deploy", {**TABLE, "activated": False})
    assert (deployed["activated"], deployed["archived"]) == (False, False)
    assert deployed["history"][0]["archived"]
    api.switch(ttt_deploy_keeps_flags=False)
    assert api.admin("POST", "tailer/deploy", {**TABLE, "activated": False})["activated"]
    api.admin("POST", "tailer/deploy", {**WORKFLOW, "authorized_job_ids": ["x"]})
    assert len(api.workflow()["jobs"]) == 2


def test_a_person_may_edit_flags(api: Api) -> None:
    path = f"tailer/configurations/table-to-table/{TABLE['configuration_id']}"
    assert api.admin("PUT", path, {"activated": False})["activated"] is False
    assert api.admin("PUT", path, {"archived": True})["archived"] is True
    wrong = api.http.put(f"/_sandbox/{path}", json={"activated": "no"})
    assert wrong.status_code == 400
    assert api.http.put(f"/_sandbox/{path}?environment=PROD", json={"activated": True}).status_code == 404


def test_runs_are_launched_watched_and_listed(api: Api) -> None:
    api.at("2026-11-22T10:00:00Z")
    run_id = api.tailer(LAUNCH, {"action": "launch_job", **PREPARE}).json()["run_id"]
    assert run_id.startswith("20261122-100000-")
    check = {"action": "check_run_status", **PREPARE, "job_id": PREPARE_JOB, "run_id": run_id}
    running = api.tailer(STATUS, check).json()["results"][0]
    assert (running["status"], running["configuration_type"], "duration" in running) == (
        "RUNNING",
        "table-to-table",
        False,
    )
    api.admin("PUT", "clock", {"advance": 84})
    assert api.tailer(STATUS, check).json()["results"][0]["status"] == "SUCCESS"
    for _ in range(4):
        api.admin("PUT", "clock", {"advance": 60})
        api.tailer(LAUNCH, {"action": "launch_job", **PREPARE})
    rows = api.tailer(STATUS, {"action": "get_last_status", **PREPARE}).json()["results"]
    assert len(rows) == 3
    assert rows == sorted(rows, key=lambda row: row["start_execution_date"], reverse=True)
    assert {row["configuration_type"] for row in rows} == {"gbq-to-gbq"}
    by_status = {
        "action": "get_by_status",
        "account": "000099",
        "configuration_type": "table-to-table",
        "status": "RUNNING",
    }
    assert len(api.tailer(STATUS, by_status).json()["results"]) == 1
    assert api.tailer(STATUS, {**by_status, "limit": 0}).status_code == 400


def test_set_run_status(api: Api) -> None:
    run_id = api.tailer(LAUNCH, {"action": "launch_job", **PREPARE}).json()["run_id"]
    body = {"action": "set_run_status", **PREPARE, "run_id": run_id, "status": "CHECKED"}
    body.pop("environment")
    assert api.tailer(STATUS, body).json() == {"message": "ok"}
    assert api.tailer(STATUS, {**body, "status": "WAITING"}).status_code == 400
    assert api.tailer(STATUS, {**body, "run_id": "x"}).status_code == 404


def test_a_run_of_a_disabled_configuration_ends_deactivated(api: Api) -> None:
    api.flags(activated=False)
    api.tailer(LAUNCH, {"action": "launch_job", **TABLE})
    rows = api.tailer(STATUS, {"action": "get_last_status", **TABLE}).json()["results"]
    assert [row["status"] for row in rows] == ["DEACTIVATED"]


def test_only_tables_are_launched(api: Api) -> None:
    assert api.tailer(LAUNCH, {"action": "launch_job", **WORKFLOW}).status_code == 400


def a_jwt(**claims: object) -> str:
    given = {"iss": "a@b.test", "aud": "https://tailer-api-nqonovswsq-ew.a.run.app", "exp": 4_102_444_800, **claims}
    parts = (json.dumps({"alg": "RS256", "typ": "JWT"}), json.dumps(given), "signature")
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(
    ("token", "status", "message"),
    [
        (a_jwt(), 200, "ok"),
        (a_jwt(exp=1), 401, "Jwt is expired"),
        (a_jwt(aud="https://example.test"), 403, "Audiences in Jwt are not allowed"),
        ("opaque", 401, "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"),
        ("a.b.c", 401, "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"),
    ],
)
def test_tokens(api: Api, token: str, status: int, message: str) -> None:
    response = api.tailer(SETTER, {"action": "set_configuration_status", **TABLE, "activated": True}, token)
    assert (response.status_code, response.json()["message"]) == (status, message)


def test_the_own_address_is_an_audience_and_opaque_tokens_can_be_allowed(api: Api) -> None:
    own = a_jwt(aud=str(api.http.base_url).rstrip("/"))
    api.switch(tailer_tokens=["opaque"])
    for token in (own, "opaque"):
        assert api.tailer(RESET, {"action": "reset_workflow_status", **WORKFLOW}, token).status_code == 200
    missing = api.http.post(RESET, json={})
    assert (missing.status_code, missing.json()) == (401, {"code": 401, "message": "Jwt is missing"})
