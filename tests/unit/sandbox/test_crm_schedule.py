"""The schedule resource: what is accepted, refused, kept and shown, under every switch."""

from typing import Any

import pytest

from reconcile.sandbox import Sandbox

from .client import CONNECTORS, DATAFLOWS, RECIPES, WEEKLY, Api, V

UTC_TIME = {"hour": 8, "minute": 5, "timeZone": "UTC"}
BODIES: dict[str, dict[str, Any]] = {
    "hourly": {"hourlyInterval": 3, "lastHour": 20, "daysOfWeek": ["Monday", "Friday"], "time": UTC_TIME},
    "minutely": {"minutelyInterval": 30, "daysOfWeek": ["Monday"], "time": UTC_TIME},
    "daily": {"time": UTC_TIME},
    "weekly": {"daysOfWeek": ["Thursday", "Monday"], "time": UTC_TIME, "notificationLevel": "Failures"},
    "monthly": {"daysOfMonth": [1, 31, 15], "time": UTC_TIME},
    "monthlyrelative": {"weekInMonth": "Last", "dayInWeek": "Sunday", "time": UTC_TIME},
    "eventdriven": {"triggerRule": "$ALL_SALESFORCE_OBJECTS"},
}


@pytest.mark.parametrize("frequency", BODIES)
def test_every_frequency_is_kept_and_shown_in_lower_case(api: Api, frequency: str) -> None:
    response = api.put("Pipeline_Snapshot", {"frequency": frequency.upper(), **BODIES[frequency]})
    assert (response.status_code, response.content) == (200, b"")
    shown = api.get("Pipeline_Snapshot")
    expected = {name: _lower(value) for name, value in BODIES[frequency].items() if name != "time"}
    clock = shown.pop("time", None)
    run = shown.pop("nextScheduledDate", None)
    assert shown == {"assetId": api.id_of("Pipeline_Snapshot"), "frequency": frequency, **expected}
    if frequency == "eventdriven":
        assert (clock, run) == (None, None)
    else:
        zone = {"gmtOffset": 0.0, "name": "Coordinated Universal Time", "zoneId": "UTC"}
        assert clock == {"hour": 8, "minute": 5, "timeZone": zone}
        assert run.endswith(":05:00.000Z") or frequency in ("hourly", "minutely")


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(each) for each in value]
    return value.lower() if isinstance(value, str) and not value.startswith("$") else value


def test_the_next_date_and_the_zone_follow_the_clock(api: Api) -> None:
    api.put("Pipeline_Snapshot", {**WEEKLY, "daysOfWeek": ["Sunday"], "time": {**WEEKLY["time"], "minute": 15}})  # type: ignore[dict-item]
    api.at("2021-02-25T12:00:00Z")
    shown = api.get("Pipeline_Snapshot")
    assert shown["nextScheduledDate"] == "2021-02-28T08:15:00.000Z"
    assert shown["time"]["timeZone"] == {
        "gmtOffset": -8.0,
        "name": "Pacific Standard Time",
        "zoneId": "America/Los_Angeles",
    }
    assert api.listed(RECIPES, "Pipeline_Snapshot")["nextScheduledDate"] == "2021-02-28T08:15:00.000Z"
    api.at("2021-07-01T12:00:00Z")
    assert api.get("Pipeline_Snapshot")["time"]["timeZone"]["gmtOffset"] == -7.0
    assert api.listed(RECIPES, "Pipeline_Snapshot")["nextScheduledDate"] == "2021-07-04T07:15:00.000Z"


def test_a_list_entry_is_made_anew_when_its_run_has_passed(api: Api, sandbox: Sandbox) -> None:
    """The clock is moved behind the back of the admin endpoint, which would throw ready-made entries away."""
    api.put("Pipeline_Snapshot", {"frequency": "daily", "time": UTC_TIME})
    api.at("2026-01-01T08:04:59Z")
    before = api.listed(RECIPES, "Pipeline_Snapshot")["nextScheduledDate"]
    sandbox.clock.advance(2)
    after = api.listed(RECIPES, "Pipeline_Snapshot")["nextScheduledDate"]
    assert (before, after) == ("2026-01-01T08:05:00.000Z", "2026-01-02T08:05:00.000Z")


TIMED = {"time": UTC_TIME}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"time": UTC_TIME},
        {"frequency": "yearly", **TIMED},
        {"frequency": "weekly", **TIMED},
        {"frequency": "weekly", "daysOfWeek": [], **TIMED},
        {"frequency": "weekly", "daysOfWeek": ["Mon"], **TIMED},
        {"frequency": "weekly", "daysOfWeek": ["Monday"]},
        {"frequency": "daily", "time": {**UTC_TIME, "hour": 24}},
        {"frequency": "daily", "time": {**UTC_TIME, "minute": 60}},
        {"frequency": "daily", "time": {**UTC_TIME, "hour": True}},
        {"frequency": "daily", "time": {**UTC_TIME, "timeZone": "Mars/Olympus"}},
        {"frequency": "daily", "time": {**UTC_TIME, "timeZone": {"zoneId": "UTC"}}},
        {"frequency": "daily", "time": {**UTC_TIME, "timeZone": "../../etc/passwd"}},
        {"frequency": "hourly", "hourlyInterval": 0, **TIMED},
        {"frequency": "hourly", **TIMED},
        {"frequency": "hourly", "hourlyInterval": 3, "lastHour": 24, **TIMED},
        {"frequency": "monthly", "daysOfMonth": [0], **TIMED},
        {"frequency": "monthly", "daysOfMonth": [32], **TIMED},
        {"frequency": "monthly", "daysOfMonth": [-1, 1], **TIMED},
        {"frequency": "monthlyrelative", "weekInMonth": "fifth", "dayInWeek": "Sunday", **TIMED},
        {"frequency": "monthlyrelative", "weekInMonth": "first", "daysOfWeek": ["Sunday"], **TIMED},
        {"frequency": "eventdriven"},
        {"frequency": "eventdriven", "triggerRule": "x", **TIMED},
        {"frequency": "daily", "notificationLevel": "loud", **TIMED},
        {"schedule": {"frequency": "daily", **TIMED}},
    ],
)
def test_a_bad_body_is_refused_with_400_and_changes_nothing(api: Api, body: object) -> None:
    response = api.put("Board_Pack", body)
    assert response.status_code == 400
    assert set(response.json()[0]) == {"errorCode", "message"}
    assert api.get("Board_Pack")["frequency"] == "monthlyrelative"
    assert not api.log()[-2]["effect"]


def test_a_connector_has_no_event_schedule(api: Api) -> None:
    response = api.put("Warehouse", {"frequency": "eventdriven", **BODIES["eventdriven"]})
    assert (response.status_code, response.json()[0]["errorCode"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("echoed", ["assetId", "nextScheduledDate", "cron"])
def test_unknown_fields_are_refused_unless_the_switch_is_off(api: Api, echoed: str) -> None:
    body = {**WEEKLY, echoed: "x"}
    response = api.put("Pipeline_Snapshot", body)
    assert (response.status_code, response.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert f"[{echoed}]" in response.json()[0]["message"]
    api.switch(strict_fields=False)
    assert api.put("Pipeline_Snapshot", body).status_code == 200
    assert echoed not in api.admin("GET", "state")["crm_analytics"]["assets"][3]["schedule"]


def test_the_old_zone_key_is_a_switch(api: Api) -> None:
    old = {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timezone": "Europe/Paris"}}
    assert api.put("Pipeline_Snapshot", old).status_code == 200
    assert api.get("Pipeline_Snapshot")["time"]["timeZone"]["zoneId"] == "Europe/Paris"
    api.switch(timezone_alias="reject")
    assert api.put("Pipeline_Snapshot", old).status_code == 400
    api.switch(strict_fields=False)
    assert api.put("Pipeline_Snapshot", old).status_code == 200
    assert api.get("Pipeline_Snapshot")["time"]["timeZone"]["zoneId"] == "America/Los_Angeles", "ignored"


def test_without_a_zone_the_users_counts(api: Api) -> None:
    api.switch(user_zone="Asia/Tokyo")
    api.put("Pipeline_Snapshot", {"frequency": "daily", "time": {"hour": 1, "minute": 0}})
    assert api.get("Pipeline_Snapshot")["time"]["timeZone"]["zoneId"] == "Asia/Tokyo"


@pytest.mark.parametrize("body", [{}, {"frequency": "none"}, {"frequency": "None"}])
def test_two_bodies_clear(api: Api, body: object) -> None:
    assert api.put("Board_Pack", body).status_code == 200
    assert api.get("Board_Pack") == {"assetId": api.id_of("Board_Pack"), "frequency": "none"}


@pytest.mark.parametrize(("style", "expected"), [("empty", b""), ("{}", b"{}"), ("object", None)])
def test_put_answers_in_three_styles(api: Api, style: str, expected: bytes | None) -> None:
    api.switch(put_response=style)
    response = api.put("Pipeline_Snapshot", WEEKLY)
    assert response.status_code == 200
    if expected is None:
        assert response.json() == api.get("Pipeline_Snapshot")
    else:
        assert response.content == expected


@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b"{}")])
def test_delete_answers_in_two_styles(api: Api, status: int, body: bytes) -> None:
    api.switch(delete_status=status)
    path = api.schedule_path("Board_Pack")
    first, second = (api.crm("DELETE", path) for _ in range(2))
    assert (first.status_code, first.content) == (status, body)
    assert second.status_code == status
    assert api.get("Board_Pack")["frequency"] == "none"
    assert [each["effect"] for each in api.log() if each["method"] == "DELETE"] == [True, False]


def test_delete_of_nothing_may_be_404(api: Api) -> None:
    api.switch(delete_unscheduled="404")
    assert api.crm("DELETE", api.schedule_path("Pipeline_Snapshot")).status_code == 404
    assert api.crm("DELETE", api.schedule_path("Board_Pack")).status_code == 204


def test_put_may_lose_fields(api: Api) -> None:
    api.switch(drop_fields=["lastHour", "notificationLevel", "time"])
    body = {"frequency": "hourly", **BODIES["hourly"], "notificationLevel": "never"}
    assert api.put("Pipeline_Snapshot", body).status_code == 200
    shown = api.get("Pipeline_Snapshot")
    assert not {"lastHour", "notificationLevel", "time"} & set(shown)
    assert shown["hourlyInterval"] == 3
    for path, name in ((RECIPES, "Pipeline_Snapshot"), (DATAFLOWS, "Opportunities")):
        api.put(name, body)
        assert api.listed(path, name)["scheduleAttributes"]


def test_get_may_hide_the_trigger_rule(api: Api) -> None:
    api.put("Pipeline_Snapshot", {"frequency": "eventdriven", **BODIES["eventdriven"]})
    api.switch(event_get_hides_trigger_rule=True)
    assert api.get("Pipeline_Snapshot") == {"assetId": api.id_of("Pipeline_Snapshot"), "frequency": "eventdriven"}
    listed = api.listed(RECIPES, "Pipeline_Snapshot")
    assert listed["scheduleAttributes"]["triggerRule"] == "$ALL_SALESFORCE_OBJECTS"
    assert listed["scheduleType"] == "eventdriven"
    assert not {"schedule", "nextScheduledDate"} & set(listed)


@pytest.mark.parametrize(
    ("look", "listed", "alone"),
    [
        ("weekly_empty", {"frequency": "weekly", "daysOfWeek": [], "notificationLevel": "warnings"}, None),
        ("days_only", {"daysOfWeek": [], "notificationLevel": "warnings"}, None),
        ("absent", None, {"frequency": "none"}),
        ("none", {"frequency": "none"}, None),
    ],
)
def test_a_connector_that_never_had_a_schedule(api: Api, look: str, listed: Any, alone: Any) -> None:
    api.switch(never_scheduled_connector=look)
    seen, got = api.listed(CONNECTORS, "Warehouse").get("ingestionSchedule"), api.get("Warehouse")
    for each in (seen, got):
        if each is not None:
            each.pop("assetId", None)
    assert seen == listed
    assert got == (alone or listed)
    api.put("Warehouse", WEEKLY)
    assert api.listed(CONNECTORS, "Warehouse")["ingestionSchedule"]["daysOfWeek"] == ["monday", "thursday"]
    api.crm("DELETE", api.schedule_path("Warehouse"))
    assert api.listed(CONNECTORS, "Warehouse")["ingestionSchedule"]["frequency"] == "none", "it had one once"


def test_errors_of_the_wrong_kind_of_call(api: Api) -> None:
    path = api.schedule_path("Board_Pack")
    post = api.crm("POST", path, WEEKLY)
    assert (post.status_code, post.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
    form = api.crm("PUT", path, headers={"Content-Type": "text/plain"})
    assert (form.status_code, form.json()[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    broken = api.crm("PUT", path, content='{"frequency":')
    assert (broken.status_code, broken.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    for missing in (f"{V}/asset/05v5e0000009999AAA/schedule", f"{V}/asset/Board_Pack/schedule", f"{V}/nowhere"):
        answer = api.crm("GET", missing)
        assert answer.status_code == 404
        assert answer.json() == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def test_a_recipe_is_not_scheduled_through_its_target_dataflow(api: Api) -> None:
    target = api.listed(RECIPES, "Board_Pack")["targetDataflowId"]
    assert api.crm("GET", f"{V}/asset/{target}/schedule").status_code == 404


def test_a_trailing_slash_is_a_switch(api: Api) -> None:
    path = api.schedule_path("Board_Pack") + "/"
    assert api.crm("GET", path).status_code == 200
    api.switch(trailing_slash="404")
    assert api.crm("GET", path).status_code == 404


def test_every_response_carries_the_usage_and_it_runs_out(api: Api) -> None:
    api.switch(daily_api_requests=2)
    path = api.schedule_path("Board_Pack")
    answers = [api.crm("GET", path) for _ in range(3)]
    assert [each.headers["sforce-limit-info"] for each in answers] == [f"api-usage={n}/2" for n in (1, 2, 3)]
    assert [each.status_code for each in answers] == [200, 200, 403]
    assert answers[2].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_limits(api: Api) -> None:
    limits = api.crm("GET", "/services/data/v60.0/limits").json()
    assert limits["DailyApiRequests"] == {"Max": 1_000_000, "Remaining": 999_999}
    assert limits["DailyAnalyticsDataflowJobExecutions"]["Max"] == 60
    assert api.crm("GET", f"{V}/limits").json()["limits"][0]["max"] == 60
