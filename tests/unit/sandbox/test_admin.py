"""Log, switches, clock, state, assets by hand, reset."""

from typing import Any

import pytest

from reconcile.sandbox import log as log_module
from reconcile.sandbox.log import RequestLog
from reconcile.sandbox.switch import SWITCHES
from reconcile.sandbox.wire import Call

from .client import RECIPES, WEEKLY, Api


def test_the_log_tells_what_was_asked(api: Api) -> None:
    path = api.schedule_path("Pipeline_Snapshot")
    api.crm("GET", f"{RECIPES}?pageSize=5")
    api.put("Pipeline_Snapshot", WEEKLY)
    api.flags()
    read, write, flags = api.log()
    assert (read["method"], read["path"], read["status"], read["effect"]) == (
        "GET",
        f"{RECIPES}?pageSize=5",
        200,
        False,
    )
    assert (write["path"], write["body"], write["effect"], write["platform"]) == (path, WEEKLY, True, "crm_analytics")
    assert (flags["platform"], flags["body"]["action"]) == ("tailer", "set_configuration_status")
    assert (write["n"], flags["n"]) == (read["n"] + 1, read["n"] + 2)
    assert write["time"].endswith("+00:00")


def test_the_log_can_be_narrowed_and_cleared(api: Api) -> None:
    api.crm("GET", RECIPES)
    api.put("Pipeline_Snapshot", WEEKLY)
    api.tamr("GET", "jobs")
    first = api.log()[0]["n"]
    assert [each["method"] for each in api.admin("GET", "log?method=put")["entries"]] == ["PUT"]
    assert len(api.admin("GET", f"log?since={first}")["entries"]) == 2
    assert len(api.admin("GET", "log?platform=tamr")["entries"]) == 1
    assert api.http.get("/_sandbox/log?platform=x").status_code == 400
    assert api.http.get("/_sandbox/log?since=x").status_code == 400
    api.admin("DELETE", "log")
    assert api.log() == []


def test_no_secret_is_in_the_log_the_state_file_or_the_page(api: Api) -> None:
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    token = api.http.post("/services/oauth2/token", data=form).json()["access_token"]
    api.http.post("/services/oauth2/token?client_secret=sandbox-secret", data=form)
    api.crm("GET", RECIPES, token=token)
    api.flags()
    api.tamr("GET", "jobs")
    everything = api.http.get("/_sandbox/log").text
    state = api.admin("GET", "state")
    state.pop("switches")
    assert len(api.log()) == 5
    assert api.log()[0]["body"] == "***"
    for secret in ("sandbox-secret", token, api.jwt, "apk_sandbox", "sandbox-client"):
        assert secret not in everything
        assert secret not in str(state)


def test_the_log_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert log_module.LIMIT == 20_000
    monkeypatch.setattr(log_module, "LIMIT", 3)
    log = RequestLog()
    for _ in range(5):
        log.begin("tamr", Call("GET", "/api"))
    assert [entry.n for entry in log] == [3, 4, 5]


def test_a_body_that_is_not_json_is_logged_as_text(api: Api) -> None:
    api.crm("PUT", api.schedule_path("Board_Pack"), content="{oops")
    assert api.log()[-1]["body"] == "{oops"


def test_every_switch_tells_its_values_and_accepts_its_default(api: Api) -> None:
    described = api.admin("GET", "switches")["switches"]
    assert [each["name"] for each in described] == [each.name for each in SWITCHES]
    for each in described:
        assert each["value"] == each["default"]
        assert each["values"]
        assert each["meaning"]
        api.switch(**{each["name"]: each["default"]})


@pytest.mark.parametrize("switch", [each for each in SWITCHES if isinstance(each.values[0], str | bool | int)])
def test_switches_take_their_values_and_no_others(api: Api, switch: Any) -> None:
    if isinstance(switch.values[0], str) and callable(switch.values[-1]):
        bad: list[object] = [{"not": "that"}, -1]
    else:
        for value in switch.values:
            api.switch(**{switch.name: value})
        bad = ["nonsense", 17, None]
    for value in bad:
        response = api.http.patch("/_sandbox/switches", json={switch.name: value})
        assert response.status_code == 400, value
        assert switch.name in response.json()["error"]


def test_switches_change_all_or_none(api: Api) -> None:
    response = api.http.patch("/_sandbox/switches", json={"put_response": "{}", "put_respones": "{}"})
    assert response.status_code == 400
    assert "put_response" in response.json()["error"]
    assert api.put("Board_Pack", WEEKLY).content == b""
    assert api.http.patch("/_sandbox/switches", json={"strict_fields": 1}).status_code == 400, "1 is not true"


def test_the_clock(api: Api) -> None:
    api.at("2030-01-01T00:00:00+01:00")
    assert api.admin("GET", "clock") == {"now": "2029-12-31T23:00:00+00:00", "standing": True}
    assert api.admin("PUT", "clock", {"advance": 60})["now"] == "2029-12-31T23:01:00+00:00"
    assert api.admin("DELETE", "clock")["standing"] is False
    for bad in ({}, {"now": "later"}, {"now": "2030-01-01", "advance": 1}):
        assert api.http.put("/_sandbox/clock", json=bad).status_code == 400


def test_a_persons_edit_shows_everywhere_at_once(api: Api) -> None:
    api.switch(list_lag=60, drop_fields=["notificationLevel"])
    body = {**WEEKLY, "notificationLevel": "always"}
    api.admin("PUT", "crm/assets/recipe/Board_Pack/schedule", body)
    shown = api.listed(RECIPES, "Board_Pack")["scheduleAttributes"]
    assert (shown["frequency"], shown["notificationLevel"]) == ("weekly", "always")
    assert api.get("Board_Pack") == shown
    api.admin("PUT", "crm/assets/recipe/Board_Pack/schedule", None)
    assert api.get("Board_Pack")["frequency"] == "none"
    assert api.log()[-1]["method"] == "GET", "an edit by hand is no platform request"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("crm/assets/recipe/Nobody/schedule", WEEKLY, 404),
        ("crm/assets/dataflow/Board_Pack/schedule", WEEKLY, 404),
        ("crm/assets/recipe/Board_Pack/schedule", {"frequency": "often"}, 400),
    ],
)
def test_a_wrong_edit_is_refused(api: Api, path: str, body: object, status: int) -> None:
    assert api.http.put(f"/_sandbox/{path}", json=body).status_code == status


def test_assets_come_and_go(api: Api) -> None:
    made = api.create("dataflow", "New", WEEKLY, label="Brand new")
    assert made.startswith("02K")
    assert api.get("New")["daysOfWeek"] == ["monday", "thursday"]
    twin = api.create("dataflow", "New")
    assert twin != made
    fixed = api.create("recipe", "Fixed", id="05v000000000001")
    assert fixed == "05v000000000001AAA"
    api.admin("DELETE", f"crm/assets/{made}")
    assert api.crm("GET", f"/services/data/v60.0/wave/asset/{made}/schedule").status_code == 404
    assert api.http.delete(f"/_sandbox/crm/assets/{made}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"type": "dashboard", "name": "x"},
        {"type": "recipe"},
        {"type": "recipe", "name": "x", "id": "02K000000000001"},
        {"type": "recipe", "name": "x", "colour": "red"},
        {"type": "recipe", "name": "x", "schedule": {"frequency": "often"}},
        None,
    ],
)
def test_a_wrong_asset_is_refused(api: Api, body: object) -> None:
    assert api.http.post("/_sandbox/crm/assets", json=body).status_code == 400


def test_reset_returns_to_the_seed(api: Api) -> None:
    before = api.admin("GET", "state")
    api.put("Board_Pack", WEEKLY)
    api.flags()
    api.switch(put_response="object")
    api.fault(kind="cut")
    api.admin("PUT", "latency", {"seconds": 0.01})
    api.admin("POST", "reset")
    assert api.admin("GET", "state") == before
    assert api.admin("GET", "faults")["faults"] == []
    assert api.admin("GET", "latency") == {"seconds": 0.0}
    api.admin("POST", "reset", {"seed": "empty"})
    assert api.admin("GET", "state")["crm_analytics"]["assets"] == []
    assert api.http.post("/_sandbox/reset", json={"seed": "x"}).status_code == 400
    api.admin("POST", "reset", {"seed": "example"})


def test_the_example_world(api: Api) -> None:
    state = api.admin("GET", "state")
    assets = {(each["type"], each["name"]): each["schedule"] for each in state["crm_analytics"]["assets"]}
    assert len(assets) == 14
    assert assets["recipe", "Pipeline_Snapshot"] is None
    assert assets["recipe", "Board_Pack"] == {
        "frequency": "monthlyrelative",
        "weekInMonth": "last",
        "dayInWeek": "sunday",
        "time": {"hour": 2, "minute": 0, "timeZone": "America/Los_Angeles"},
    }
    assert assets["recipe", "Retired_Report"]["frequency"] == "weekly"
    assert {each["environment"] for each in state["tailer"]["configurations"]} == {"DEV", "PROD"}
    assert all(each["activated"] for each in state["tailer"]["configurations"])
    assert [sum(each["executed"] for each in w["jobs"].values()) for w in state["tailer"]["workflows"]] == [2, 2]
    assert state["tamr"]["resources"] == ["src_a", "src_b", "dp_xyz", "flow_xyz", "Test 123"]


def test_other_sites_cannot_reach_the_admin_endpoints(api: Api) -> None:
    foreign = api.http.post("/_sandbox/reset", headers={"Origin": "https://evil.test"})
    rebound = api.http.get("/_sandbox/state", headers={"Host": "evil.test"})
    assert (foreign.status_code, rebound.status_code) == (403, 403)
    own = str(api.http.base_url).rstrip("/")
    assert api.http.post("/_sandbox/reset", headers={"Origin": own}).status_code == 200
