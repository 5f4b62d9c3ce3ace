"""The list of CRM Analytics jobs: the seven days, pages, filters."""

from datetime import UTC, datetime

import pytest

from .client import JOBS, Api

NOW = "2026-11-22T12:00:00Z"


@pytest.fixture(autouse=True)
def _past(api: Api) -> None:
    """Thirty jobs of a recipe, one a day, the newest twelve hours old; and three others today."""
    api.at(NOW)
    api.switch(crm_queued_seconds=0, crm_running_seconds=60)
    for day in range(30):
        at = datetime(2026, 11, 22, tzinfo=UTC).timestamp() - day * 86_400
        moment = datetime.fromtimestamp(at, UTC).isoformat()
        api.admin("POST", "crm/jobs", {"type": "recipe", "name": "Board_Pack", "created_at": moment})
    for asset_type, name, outcome in (
        ("dataflow", "Opportunities", "success"),
        ("data_sync", "SFDC_LOCAL", "failure"),
        ("recipe", "Month_Close", "warning"),
    ):
        body = {"type": asset_type, "name": name, "outcome": outcome, "created_at": "2026-11-22T10:00:00Z"}
        api.admin("POST", "crm/jobs", body)


def test_without_a_page_it_is_the_last_seven_days_and_no_totals(api: Api) -> None:
    answer = api.crm("GET", JOBS).json()
    assert set(answer) == {"dataflowJobs", "url"}
    assert len(answer["dataflowJobs"]) == 10
    dates = [each["createdDate"] for each in answer["dataflowJobs"]]
    assert dates == sorted(dates, reverse=True)
    assert dates[-1] == "2026-11-16T00:00:00.000Z"
    since = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    assert len(api.jobs(f"startedAfter={since:.0f}")) == 10, "a wider bound does not help"


def test_pages_have_all_jobs_once(api: Api) -> None:
    url, seen, pages = f"{JOBS}?pageSize=10", [], 0
    while url:
        answer = api.crm("GET", url).json()
        assert answer["totalSize"] == 33
        seen += [each["id"] for each in answer["dataflowJobs"]]
        pages, url = pages + 1, answer["nextPageUrl"]
        assert url is None or url.startswith(f"{JOBS}?page=")
    assert (pages, len(seen), len(set(seen))) == (4, 33, 33)
    assert len(api.jobs("pageSize=200")) == 33
    assert len(api.crm("GET", f"{JOBS}?pageSize=25").json()["dataflowJobs"]) == 25


def test_a_page_token_carries_the_filters(api: Api) -> None:
    answer = api.crm("GET", f"{JOBS}?pageSize=20&jobTypes=recipe_v3&status=Success&q=board").json()
    assert answer["totalSize"] == 30
    rest = api.crm("GET", answer["nextPageUrl"]).json()
    assert (len(rest["dataflowJobs"]), rest["totalSize"], rest["nextPageUrl"]) == (10, 30, None)


def test_a_new_job_moves_what_is_on_the_next_page(api: Api) -> None:
    first = api.crm("GET", f"{JOBS}?pageSize=5").json()
    api.started("Adhoc_Export")
    second = api.crm("GET", first["nextPageUrl"]).json()
    assert second["dataflowJobs"][0] == first["dataflowJobs"][-1]


@pytest.mark.parametrize(
    "query", ["pageSize=0", "pageSize=201", "pageSize=x", "page=nonsense", "page=eyJzdGFydCI6Ii0xIn0"]
)
def test_bad_paging_is_refused(api: Api, query: str) -> None:
    assert api.crm("GET", f"{JOBS}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("jobTypes=recipe_v3", 31),
        ("jobTypes=user,datasync", 2),
        ("jobTypes=report", 0),
        ("status=Failure", 1),
        ("status=warning", 1),
        ("q=month", 1),
        ("q=Opp", 1),
        ("licenseType=Sonic", 33),
        ("licenseType=EinsteinAnalytics", 0),
        ("startedAfter=1795305600", 4),
        ("startedBefore=1795305600", 30),
        ("startedAfter=1795305600&startedBefore=1795305601", 1),
        ("dataflowId=02K5e0000009999", 0),
        ("dataflowId=nonsense", 0),
    ],
)
def test_filters(api: Api, query: str, count: int) -> None:
    assert len(api.jobs(f"pageSize=200&{query}")) == count
    assert api.crm("GET", f"{JOBS}?pageSize=1&{query}").json()["totalSize"] == count


@pytest.mark.parametrize("value", ["yesterday", "1e999", ""])
def test_a_bound_is_in_epoch_seconds(api: Api, value: str) -> None:
    assert api.crm("GET", f"{JOBS}?startedAfter={value}").status_code == 400


def test_a_dataflow_id_finds_dataflows_and_target_dataflows(api: Api) -> None:
    flow = api.id_of("Opportunities")
    target = next(
        each["targetDataflowId"]
        for each in api.admin("GET", "state")["crm_analytics"]["assets"]
        if each["name"] == "Month_Close"
    )
    assert [each["label"] for each in api.jobs(f"dataflowId={flow}")] == ["Opportunities"]
    assert [each["label"] for each in api.jobs(f"dataflowId={flow[:15]}")] == ["Opportunities"]
    assert [each["label"] for each in api.jobs(f"dataflowId={target}")] == ["Month Close"]
