"""Lists: paging, embedded schedules, the string form, versions, entity encoding, lag."""

import json
import time

import pytest

from .client import CONNECTORS, DATAFLOWS, RECIPES, WEEKLY, Api


def all_pages(api: Api, first: str) -> tuple[list[str], int]:
    """Return all names and the number of pages."""
    names: list[str] = []
    pages, url = 0, first
    while url:
        answer = api.crm("GET", url).json()
        names += [each["name"] for each in answer["recipes"]]
        pages, url = pages + 1, answer["nextPageUrl"]
        assert url is None or url.startswith("/services/data/v60.0/wave/recipes?page=")
    return names, pages


def test_pages_cover_everything_once(api: Api) -> None:
    api.admin("POST", "reset", {"seed": "empty"})
    created = api.admin("POST", "crm/assets", {"type": "recipe", "count": 450, "prefix": "Recipe_", "schedule": WEEKLY})
    assert created["created"] == 450
    names, pages = all_pages(api, f"{RECIPES}?pageSize=200")
    assert (pages, names) == (3, [f"Recipe_{n}" for n in range(1, 451)])
    assert all_pages(api, RECIPES)[1] == 18, "25 to a page unless asked otherwise"
    assert len(set(all_pages(api, f"{RECIPES}?pageSize=7&q=ipe_10")[0])) == 11
    assert api.crm("GET", f"{RECIPES}?pageSize=1").json()["totalSize"] == 450


@pytest.mark.parametrize("query", ["pageSize=0", "pageSize=201", "pageSize=x", "page=nonsense", "page=MTI"])
def test_bad_paging_is_refused(api: Api, query: str) -> None:
    assert api.crm("GET", f"{RECIPES}?{query}").status_code == 400


def test_a_page_of_many_is_quick(api: Api) -> None:
    """No time limit, but 10,000 recipes must not be walked for one page."""
    api.admin("POST", "crm/assets", {"type": "recipe", "count": 10_000, "prefix": "R", "schedule": WEEKLY})
    answer = api.crm("GET", f"{RECIPES}?pageSize=200").json()
    assert (len(answer["recipes"]), answer["totalSize"]) == (200, 10_008)


def test_a_recipe_carries_its_schedule(api: Api) -> None:
    api.put("Pipeline_Snapshot", WEEKLY)
    shown = api.listed(RECIPES, "Pipeline_Snapshot")
    assert shown["scheduleAttributes"] == api.get("Pipeline_Snapshot")
    assert (shown["schedule"], shown["scheduleType"]) == ("0 45 0 ? * 2,5", "timedriven")
    assert shown["nextScheduledDate"] == shown["scheduleAttributes"]["nextScheduledDate"]
    idle = api.listed(RECIPES, "Quarter_Forecast")
    assert idle["scheduleAttributes"] == {"assetId": api.id_of("Quarter_Forecast"), "frequency": "none"}
    assert not {"schedule", "scheduleType", "nextScheduledDate"} & set(idle)


def test_the_version_asked_for_is_echoed_and_old_ones_embed_nothing(api: Api) -> None:
    new, old = "/services/data/v61.0/wave/recipes", "/services/data/v50.0/wave/recipes"
    assert api.crm("GET", new).json()["url"] == new
    shown = api.listed(old, "Board_Pack")
    assert shown["url"] == f"{old}/{api.id_of('Board_Pack')}"
    assert "scheduleAttributes" not in shown
    assert api.crm("GET", "/services/data/60/wave/recipes").status_code == 404


def test_one_asset(api: Api) -> None:
    recipe = f"{RECIPES}/{api.id_of('Board_Pack')}"
    assert api.crm("GET", recipe).status_code == 404
    assert api.crm("GET", f"{recipe}?format=R3").json() == api.listed(RECIPES, "Board_Pack")
    api.switch(recipe_needs_format=False)
    assert api.crm("GET", recipe).status_code == 200
    dataflow = api.id_of("Opportunities")
    assert api.crm("GET", f"{DATAFLOWS}/{dataflow}").json() == api.listed(DATAFLOWS, "Opportunities")
    assert api.crm("GET", f"{RECIPES}/{dataflow}?format=R3").status_code == 404
    assert api.crm("GET", f"{CONNECTORS}/SFDC_LOCAL").json()["connectorType"] == "SfdcLocal"


def test_a_dataflows_schedule_is_text(api: Api) -> None:
    shown = api.listed(DATAFLOWS, "SalesEdgeEltWorkflow")
    assert shown["label"] == "Default Salesforce Dataflow"
    assert json.loads(shown["scheduleAttributes"]) == {
        "scheduleType": "weekly",
        "timeZone": "America/Los_Angeles",
        "startTime": {"hour": 0, "minute": 0},
        "daysOfWeek": ["Sunday"],
    }
    api.put("After_Sync", {"frequency": "eventdriven", "triggerRule": "$ALL_SALESFORCE_OBJECTS"})
    text = api.listed(DATAFLOWS, "After_Sync")["scheduleAttributes"]
    assert text == '{"scheduleType":"eventdriven","triggerRule":"$ALL_SALESFORCE_OBJECTS"}'


def test_an_unscheduled_dataflow_has_no_text_or_a_blank_one(api: Api) -> None:
    assert "scheduleAttributes" not in api.listed(DATAFLOWS, "Opportunities")
    api.switch(unscheduled_dataflow="blank")
    assert api.listed(DATAFLOWS, "Opportunities")["scheduleAttributes"] == ""


@pytest.mark.parametrize(
    "body",
    [
        {"frequency": "hourly", "hourlyInterval": 3, "lastHour": 20, "daysOfWeek": ["Monday"]},
        {"frequency": "minutely", "minutelyInterval": 30},
        {"frequency": "daily"},
        {"frequency": "monthly", "daysOfMonth": [-1]},
        {"frequency": "monthlyrelative", "weekInMonth": "first", "dayInWeek": "Sunday"},
    ],
)
def test_the_text_of_other_frequencies_is_not_to_be_understood_unless_switched(
    api: Api, body: dict[str, object]
) -> None:
    assert api.put("Opportunities", {**body, "time": {"hour": 2, "minute": 30, "timeZone": "UTC"}}).status_code == 200
    shown = api.listed(DATAFLOWS, "Opportunities")
    text = json.loads(shown["scheduleAttributes"])
    assert text["scheduleType"] == body["frequency"]
    assert not set(body) - {"frequency"} & set(text)
    assert "nextScheduledDate" in shown
    api.switch(dataflow_string="all")
    text = json.loads(api.listed(DATAFLOWS, "Opportunities")["scheduleAttributes"])
    for name in set(body) - {"frequency"}:
        assert str(text[name]).lower() == str(body[name]).lower()


def test_strings_are_encoded_unless_the_request_says_no(api: Api) -> None:
    label = """<b>"Q&A"</b> it's \\o/"""
    api.create("recipe", "Odd", label=label)
    escaped = "&lt;b&gt;&quot;Q&amp;A&quot;&lt;/b&gt; it&#39;s &#92;o/"
    assert api.listed(RECIPES, "Odd", encoded=True)["label"] == escaped
    assert api.listed(RECIPES, "Odd")["label"] == label
    text = api.listed(DATAFLOWS, "SalesEdgeEltWorkflow", encoded=True)["scheduleAttributes"]
    assert text.startswith("{&quot;scheduleType&quot;:&quot;weekly&quot;")
    error = api.crm("POST", RECIPES, encoded=True).json()[0]["message"]
    assert error.startswith("HTTP Method &#39;POST&#39;")
    api.switch(entity_encoding=False)
    assert api.listed(RECIPES, "Odd", encoded=True)["label"] == label


def test_lists_may_lag_but_get_does_not(api: Api) -> None:
    api.switch(list_lag=0.3)
    api.put("Pipeline_Snapshot", WEEKLY)
    assert api.get("Pipeline_Snapshot")["frequency"] == "weekly"
    assert api.listed(RECIPES, "Pipeline_Snapshot")["scheduleAttributes"]["frequency"] == "none"
    time.sleep(0.35)
    assert api.listed(RECIPES, "Pipeline_Snapshot")["scheduleAttributes"]["frequency"] == "weekly"
