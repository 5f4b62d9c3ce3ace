"""The human page: it renders, escapes, and its forms do what they say."""

import html
import re
from html.parser import HTMLParser

import pytest

from .client import RECIPES, TABLE, WEEKLY, WORKFLOW, Api

EVIL = """<script>alert("x")</script>'&"""


class Balance(HTMLParser):
    """Checks that elements nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("input", "meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(api: Api, path: str = "/") -> str:
    response = api.http.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    checker = Balance()
    checker.feed(response.text)
    assert checker.open == []
    return response.text


def test_the_page_shows_everything_and_needs_nothing_from_elsewhere(api: Api) -> None:
    api.tamr("POST", "jobs", {"configuration": {"load": {"sourceId": "src_a"}}})
    api.crm("GET", RECIPES)
    job, run = api.started("Board_Pack"), api.launch()
    api.fault(kind="html", path="/somewhere")
    shown = page(api)
    for text in (
        "Pipeline_Snapshot",
        "Default Salesforce Dataflow",
        "SFDC_LOCAL",
        "monthlyrelative on the last Sunday at 02:00 America/Los_Angeles",
        str(TABLE["configuration_id"]),
        "{{FD_DATE}}",
        "job_",
        job,
        run,
        RECIPES,
        "/somewhere",
        "put_response",
        'lang="en"',
        "prefers-color-scheme: dark",
        'name="viewport"',
    ):
        assert text in shown, text
    assert not re.search(r"<(script|link|img|iframe)|https?://", shown)


def test_every_control_has_a_name(api: Api) -> None:
    for path in ("/", f"/_sandbox/ui/schedule/{api.id_of('Board_Pack')}"):
        shown = page(api, path)
        labelled = re.findall(r"<label>.*?</label>", shown, re.DOTALL)
        for control in re.findall(r"<(?:input|select)[^>]*>", shown):
            named = "aria-label=" in control or 'type="hidden"' in control
            assert named or any(control in label for label in labelled), control


def test_names_from_outside_are_escaped(api: Api) -> None:
    api.create("recipe", EVIL, label=EVIL)
    api.switch(create_unknown=True)
    api.flags(configuration_id=EVIL, configuration_type="workflow")
    api.put("Pipeline_Snapshot", {"frequency": "eventdriven", "triggerRule": EVIL})
    api.crm("GET", f"{RECIPES}?q={EVIL}")
    api.fault(kind="cut", path=EVIL)
    for path in ("/", f"/?q={EVIL}", f"/_sandbox/ui/schedule/{api.id_of(EVIL)}"):
        shown = page(api, path)
        assert "<script" not in shown
        assert html.escape(EVIL) in shown


def test_a_search_narrows_the_assets_and_many_are_cut_off(api: Api) -> None:
    api.admin("POST", "crm/assets", {"type": "recipe", "count": 300, "prefix": "Bulk_"})
    assert page(api).count("Bulk_") < 300
    narrowed = page(api, "/?q=bulk_29")
    assert narrowed.count("<strong>Bulk_") == 11
    assert "Board_Pack" not in narrowed


FORM = {"time": "00:45", "timeZone": "America/Los_Angeles", "triggerRule": "$ALL_SALESFORCE_OBJECTS"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"frequency": "weekly", "daysOfWeek": ["monday", "thursday"]}, "weekly on Mon, Thu at 00:45"),
        (
            {"frequency": "hourly", "interval": "3", "lastHour": "20", "daysOfWeek": ["monday"]},
            "hourly every 3 h until 20:00 on Mon at 00:45",
        ),
        ({"frequency": "minutely", "interval": "30"}, "minutely every 30 min at 00:45"),
        ({"frequency": "daily", "notificationLevel": "never"}, "daily at 00:45 America/Los_Angeles, notify never"),
        ({"frequency": "monthly", "daysOfMonth": "1, 15"}, "monthly on day 1, 15 at 00:45"),
        ({"frequency": "monthly", "daysOfMonth": "last"}, "monthly on the last day at 00:45"),
        (
            {"frequency": "monthlyrelative", "weekInMonth": "first", "dayInWeek": "sunday"},
            "monthlyrelative on the first Sunday at 00:45",
        ),
        ({"frequency": "eventdriven"}, "eventdriven $ALL_SALESFORCE_OBJECTS"),
        ({"frequency": "none"}, "no schedule"),
    ],
)
def test_the_form_sets_every_kind_of_schedule(api: Api, fields: dict[str, object], words: str) -> None:
    where = f"/_sandbox/ui/schedule/{api.id_of('Board_Pack')}"
    response = api.http.post(where, data={**FORM, **fields})
    assert (response.status_code, response.headers["location"]) == (303, "/#crm")
    assert words in page(api, where)
    assert api.listed(RECIPES, "Board_Pack")["scheduleAttributes"]["frequency"] == fields["frequency"]


def test_saving_the_form_unchanged_changes_nothing(api: Api) -> None:
    """What the form offers as current values is what it would send."""
    api.put("Board_Pack", {**WEEKLY, "notificationLevel": "failures"})
    before, where = api.get("Board_Pack"), f"/_sandbox/ui/schedule/{api.id_of('Board_Pack')}"
    shown = page(api, where)
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<select name="(\w+)">.*?<option value="(\w*)" selected>', shown, re.DOTALL):
        fields[name] = [value]
    for kind, name, value, checked in re.findall(r'<input type="(\w+)" name="(\w+)" value="([^"]*)"( checked)?', shown):
        if kind != "checkbox" or checked:
            fields.setdefault(name, []).append(html.unescape(value))
    assert api.http.post(where, data=fields).status_code == 303
    assert api.get("Board_Pack") == before


@pytest.mark.parametrize(
    "fields",
    [{"frequency": "weekly"}, {"frequency": "daily", "time": "soon"}, {"frequency": "daily", "timeZone": "<b>"}],
)
def test_a_wrong_form_is_explained(api: Api, fields: dict[str, object]) -> None:
    response = api.http.post(f"/_sandbox/ui/schedule/{api.id_of('Board_Pack')}", data={**FORM, **fields})
    assert response.status_code == 400
    assert "That did not work" in response.text
    assert "<b>" not in response.text
    assert api.http.get("/_sandbox/ui/schedule/nope").status_code == 404


def test_buttons(api: Api) -> None:
    def press(action: str, **fields: str) -> None:
        assert api.http.post(f"/_sandbox/ui/{action}", data=fields).status_code == 303

    press(f"clear/{api.id_of('Board_Pack')}")
    assert api.get("Board_Pack")["frequency"] == "none"
    key = '["000099", "DEV", "%s", "%s"]'
    table = key % (TABLE["configuration_type"], TABLE["configuration_id"])
    for state, flags in {"off": (False, False), "archive": (False, True), "on": (True, False)}.items():
        press("flags", key=table, state=state)
        found = api.configuration()
        assert (found["activated"], found["archived"]) == flags
    press("reset-workflow", key=key % ("workflow", WORKFLOW["configuration_id"]))
    assert api.workflow()["resets"] == 1
    press("switch", name="put_response", value='"object"')
    assert api.put("Board_Pack", WEEKLY).json()["frequency"] == "weekly"
    api.fault(kind="cut")
    press("clear-faults")
    assert api.crm("GET", RECIPES).status_code == 200
    press("reset")
    assert api.get("Board_Pack")["frequency"] == "monthlyrelative"


def test_buttons_of_other_sites_do_nothing(api: Api) -> None:
    response = api.http.post("/_sandbox/ui/reset", headers={"Origin": "https://evil.test"})
    assert response.status_code == 403
