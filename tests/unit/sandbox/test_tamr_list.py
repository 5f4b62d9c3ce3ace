"""The Tamr job list: pages, tokens, order, exact filters, and how the filter language reaches it."""

from typing import Any
from urllib.parse import urlencode

import pytest

from .client import Api
from .test_tamr import LOAD, PUBLISH, T0, UPDATE, WORKFLOW, advance, start, stop


def listed(api: Api, **args: object) -> Any:
    response = api.tamr("GET", f"jobs?{urlencode(args)}")
    assert response.status_code == 200, response.text
    return response.json()


def ids(answer: Any) -> list[str]:
    return [each["jobId"] for each in answer["jobs"]]


def found(api: Api, **args: object) -> list[str]:
    return ids(listed(api, **args))


def refused(api: Api, **args: object) -> str:
    response = api.tamr("GET", f"jobs?{urlencode(args)}")
    assert response.status_code == 400, response.text
    return str(response.json()["message"])


def many(api: Api, count: int) -> list[str]:
    """Return the ids of so many new jobs, newest first."""
    api.switch(tamr_concurrency=1000)
    return [start(api)["jobId"] for _ in range(count)][::-1]


# -- pages -------------------------------------------------------------------------------------------------------------


def test_a_page_has_10_jobs_unless_asked_otherwise(api: Api) -> None:
    all_ids = many(api, 32)
    assert found(api) == all_ids[:10]
    assert found(api, pageSize=0) == all_ids[:10]
    assert found(api, pageSize=3) == found(api, page_size=3) == all_ids[:3]
    assert found(api, pageSize=30) == all_ids[:30]


def test_more_than_30_on_a_page_is_a_switch(api: Api) -> None:
    all_ids = many(api, 32)
    assert found(api, pageSize=31) == all_ids[:30]
    api.switch(tamr_page_above_30="400")
    assert "30" in refused(api, pageSize=31)
    assert found(api, pageSize=30) == all_ids[:30]


@pytest.mark.parametrize("size", ["x", "-1", "1.5", "4294967296", "²"])
def test_a_wrong_page_size_is_400(api: Api, size: str) -> None:
    assert "pageSize" in refused(api, pageSize=size)


def test_tokens_lead_through_all_pages_whatever_their_size(api: Api) -> None:
    all_ids = many(api, 25)
    seen, token, sizes = [], "", [10, 4, 30]
    while True:
        page = listed(api, pageSize=sizes.pop(0), pageToken=token)
        seen += ids(page)
        token = page["nextPageToken"]
        if not token:
            break
    assert (seen, sizes) == (all_ids, [])


def test_the_last_page_has_an_empty_token_also_when_it_is_full(api: Api) -> None:
    many(api, 10)
    assert listed(api)["nextPageToken"] == ""


def test_new_jobs_do_not_shift_pages(api: Api) -> None:
    all_ids = many(api, 12)
    first = listed(api)
    start(api, PUBLISH)
    second = listed(api, pageToken=first["nextPageToken"])
    assert (ids(second), second["nextPageToken"]) == (all_ids[10:], "")
    assert listed(api, pageToken=first["nextPageToken"]) == second


def test_no_job_is_missed_when_jobs_start_between_pages(api: Api) -> None:
    api.at(T0)
    all_ids = many(api, 12)
    page = listed(api)
    seen = set(ids(page))
    while token := page["nextPageToken"]:
        advance(api, 1)
        page = listed(api, pageToken=token)
        seen |= set(ids(page))
    assert seen == set(all_ids)


@pytest.mark.parametrize("token", ["x", "W10", "WzEsMl0", "IkFCQ0Qi", "WzEsICIyIiwgSW5maW5pdHksICIiXQ", "ä"])
def test_a_made_up_token_is_400(api: Api, token: str) -> None:
    assert refused(api, pageToken=token) == "pageToken is not valid"


@pytest.mark.parametrize(
    "changed",
    [{}, {"sourceId": "src_b"}, {"sourceId": "src_a", "jobType": "LOAD"}, {"sourceId": "src_a", "filter": "job_id=x"}],
)
def test_a_token_belongs_to_its_filters(api: Api, changed: dict[str, object]) -> None:
    many(api, 3)
    token = listed(api, sourceId="src_a", pageSize=1)["nextPageToken"]
    assert len(found(api, source_id="src_a", pageSize=2, page_token=token)) == 2
    assert "other filters" in refused(api, pageToken=token, **changed)


# -- order -------------------------------------------------------------------------------------------------------------


def test_the_latest_start_is_first_and_pending_jobs_before_all(api: Api) -> None:
    api.at(T0)
    api.admin("PUT", "tamr/outcomes", {"src_a": {"pending": 10}, "src_b": {"pending": 100}})
    slow, quick = start(api)["jobId"], start(api, UPDATE)["jobId"]
    never = start(api, {"configuration": {"load": {"sourceId": "src_b"}}})
    pending = start(api, {"configuration": {"load": {"sourceId": "src_b"}}})["jobId"]
    assert found(api) == [pending, never["jobId"], quick, slow]
    stop(api, never)
    advance(api, 5)
    assert found(api) == [pending, slow, quick, never["jobId"]]
    advance(api, 60)
    assert found(api) == [pending, slow, quick, never["jobId"]], "by start, not by end or state"


# -- exact filters -----------------------------------------------------------------------------------------------------


@pytest.fixture
def by_type(api: Api) -> dict[str, str]:
    """One job of each type, by name."""
    bodies = {"load": LOAD, "update": UPDATE, "workflow": WORKFLOW, "publish": PUBLISH}
    return {name: start(api, body)["jobId"] for name, body in bodies.items()}


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ({"sourceId": "src_a"}, {"load"}),
        ({"source_id": "src_a"}, {"load"}),
        ({"sourceId": "src_b"}, set()),
        ({"sourceId": "src"}, set()),
        ({"destinationId": "Test 123"}, {"publish"}),
        ({"destination_id": "test 123"}, set()),
        ({"dataProductId": "dp_xyz"}, {"update", "publish"}),
        ({"data_product_id": "dp_xyz", "jobType": "UPDATE"}, {"update"}),
        ({"workflowId": "flow_xyz"}, {"workflow"}),
        ({"workflow_id": "flow_xyz", "dataProductId": "dp_xyz"}, set()),
        ({"jobType": "LOAD"}, {"load"}),
        ({"job_type": "PUBLISH"}, {"publish"}),
        ({"jobType": "JOB_TYPE_UNSPECIFIED"}, {"load", "update", "workflow", "publish"}),
        ({"sourceId": "", "colour": "red"}, {"load", "update", "workflow", "publish"}),
    ],
)
def test_exact_filters(api: Api, by_type: dict[str, str], args: dict[str, object], names: set[str]) -> None:
    assert set(found(api, **args)) == {by_type[name] for name in names}


@pytest.mark.parametrize("kind", ["load", "RESET", "1"])
def test_an_unknown_job_type_is_400(api: Api, kind: str) -> None:
    assert "JOB_TYPE_UNSPECIFIED, LOAD, UPDATE, PUBLISH" in refused(api, jobType=kind)


# -- filter ------------------------------------------------------------------------------------------------------------


def test_the_filter_narrows_together_with_the_rest(api: Api, by_type: dict[str, str]) -> None:
    text = 'configuration.update.data_product_id = "dp_xyz" OR configuration:publish'
    assert set(found(api, filter=text)) == {by_type["update"], by_type["publish"]}
    assert found(api, filter=text, jobType="PUBLISH") == [by_type["publish"]]
    assert found(api, filter="  ") == found(api)


def test_the_filter_sees_jobs_as_they_are_now(api: Api) -> None:
    api.at(T0)
    job = start(api)
    running = 'start_time() >= "2026-11-22T11:00:01+01:00" AND status.state != DONE'
    assert found(api, filter=running) == []
    advance(api, 1)
    assert found(api, filter=running) == [job["jobId"]]
    advance(api, 2)
    assert found(api, filter=running) == []


def test_what_the_filter_does_not_know_is_400(api: Api) -> None:
    assert refused(api, filter="colour = red") == "filter: colour is not a field that can be compared"


def test_an_older_tenant_refuses_the_filter_or_does_not_see_it(api: Api) -> None:
    job = start(api)
    api.switch(tamr_filter="unknown_400")
    assert "filter" in refused(api, filter="status.state = DONE")
    assert found(api) == [job["jobId"]]
    api.switch(tamr_filter="ignored")
    assert found(api, filter="status.state = DONE") == found(api, filter="((") == [job["jobId"]]
