"""The `Date` of platform answers is the simulated time, whatever else goes wrong."""

import pytest

from .client import RECIPES, Api
from .test_fault import raw

THEN = "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.fixture(autouse=True)
def _then(api: Api) -> None:
    api.at("2026-11-22T10:00:00.900Z")


def test_every_platform_says_what_time_it_is_there(api: Api) -> None:
    answers = [
        api.crm("GET", RECIPES),
        api.crm("GET", RECIPES, token="wrong"),
        api.crm("GET", "/services/nowhere"),
        api.http.post("/services/oauth2/token", data={}),
        api.crm("DELETE", api.schedule_path("Board_Pack")),
        api.flags(),
        api.flags(configuration_id="nobody"),
        api.tamr("GET", "jobs"),
        api.tamr("GET", "nowhere"),
    ]
    assert {answer.headers.get_list("date", split_commas=False)[0] for answer in answers} == {THEN}
    assert all(len(answer.headers.get_list("date", split_commas=False)) == 1 for answer in answers)
    api.pass_time(60)
    assert api.crm("GET", RECIPES).headers["date"] == "Sun, 22 Nov 2026 10:01:00 GMT"


@pytest.mark.parametrize("kind", ["status", "html", "empty", "garbage", "delay"])
@pytest.mark.parametrize("after", [False, True])
def test_faults_that_answer_say_it_too(api: Api, kind: str, after: bool) -> None:
    api.fault(kind=kind, after_effect=after, seconds=0, times=1)
    assert api.crm("GET", RECIPES).headers["date"] == THEN


def test_half_an_answer_says_it(api: Api) -> None:
    api.fault(kind="partial", times=1)
    assert raw(api, "GET", RECIPES).count(f"date: {THEN}".encode()) == 1


def test_a_fault_may_have_another(api: Api) -> None:
    api.fault(kind="status", headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}, times=1)
    assert api.crm("GET", RECIPES).headers.get_list("date", split_commas=False) == ["Thu, 01 Jan 1970 00:00:00 GMT"]


def test_it_can_be_switched_off(api: Api) -> None:
    api.switch(date_header=False)
    api.fault(kind="html", path="/nowhere")
    for answer in (api.crm("GET", RECIPES), api.flags(), api.tamr("GET", "jobs"), api.crm("GET", "/services/nowhere")):
        assert "date" not in answer.headers
