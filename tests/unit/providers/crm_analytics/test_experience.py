"""What is asked for a forecast, how often, and that nothing odd in an answer gets further than a note."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pytest

from reconcile.core.address import Address
from reconcile.core.diagnostic import Severity
from reconcile.core.errors import Forbidden, ObjectNotFound, PlatformError, Unavailable
from reconcile.core.experience import Experience
from reconcile.core.snapshot import Live
from reconcile.providers.base import Remembers
from reconcile.providers.crm_analytics.reader import ScheduleReader

from .org import BASE, DAILY, Org, id_of, recipe, wanted

JOBS, USER_INFO, LIMITS, USERS = "/wave/dataflowjobs", "/services/oauth2/userinfo", "/limits", "/query"
ANN, BOB = "005000000000001AAA", "005000000000002AAA"
R1, R2, LOCAL = wanted("recipe:R1"), wanted("recipe:R2"), wanted("data_sync:LOCAL")
ZONE = {"zoneinfo": "Europe/Paris", "user_id": ANN}
MOST = {"DailyAnalyticsDataflowJobExecutions": {"Max": 90, "Remaining": 80}}


def job(number: int, minutes: int = 2, of: str = id_of(1), **more: Any) -> dict[str, Any]:
    begin, end = f"2026-01-{number:02}T07:00:00.000Z", f"2026-01-{number:02}T07:{minutes:02}:00.000Z"
    shown = {"id": f"0eP{number:012}AAA", "jobType": "recipe_v3", "status": "Success", "source": {"id": of}}
    return {**shown, "createdDate": begin, "executedDate": begin, "endDate": end, **more}


def by(user: str) -> dict[str, Any]:
    return {"lastModifiedBy": {"id": user, "name": "shown in the list", "profilePhotoUrl": "/x.png"}}


def user(id: str, active: bool, name: str = "Ann Example") -> dict[str, Any]:
    return {"attributes": {"type": "User", "url": "/x"}, "Id": id, "Name": name, "IsActive": active}


class Talkative(Org):
    """An org that answers everything that a forecast asks: two recipes, a connection, a job of the first recipe."""

    def __init__(self) -> None:
        super().__init__()
        self.recipes(recipe(1, DAILY, **by(ANN)), recipe(2, **by(BOB)))
        self.connectors({"id": id_of(1, "0It"), "name": "LOCAL", "ingestionSchedule": DAILY})
        self.jobs(job(1))
        self.answers |= {USER_INFO: ZONE, LIMITS: MOST, USERS: {"records": [user(ANN, True)], "done": True}}

    def jobs(self, *pages: dict[str, Any] | list[dict[str, Any]]) -> None:
        """Fill the list of jobs: each page one job or several."""
        for number, page in enumerate(pages):
            items = page if isinstance(page, list) else [page]
            following = f"{BASE}{JOBS}?page={number + 1}" if number + 1 < len(pages) else None
            place = f"{JOBS}?page={number}" if number else JOBS
            self.answers[place] = {"dataflowJobs": items, "nextPageUrl": following}

    def get(self, path: str, params: Any = None) -> Any:
        """Answer a GET; a call about users is kept as ``/query`` and its text."""
        return super().get(path if path.startswith(BASE) else BASE + path, params)

    def asked_for(self, place: str) -> list[str]:
        return [asked for asked in self.asked if asked.partition("?")[0] == place]


def read(org: Org, *items: Any) -> tuple[ScheduleReader, list[Live]]:
    """Return a reader that has read these as a plan does, and what is live; forget what that asked."""
    reader = org.reader()
    found = reader.read(items).by_address.values()
    live = [each for each in found if isinstance(each, Live)]
    assert len(live) == len(items)
    org.asked.clear()
    return reader, live


def told(org: Org, *items: Any) -> Experience:
    reader, live = read(org, *items)
    return reader.experience(live)


def test_what_an_org_tells_of_a_recipe() -> None:
    """Four calls, and none for the list that was read before."""
    org = Talkative()
    found = told(org, R1)
    assert found.usual_seconds == {R1.address: 120.0}
    assert {name: limit.most for name, limit in found.limits.items()} == {"runs a day": 90}
    assert found.zone == "Europe/Paris"
    assert found.diagnostics == ()
    assert sorted(asked.partition("?")[0] for asked in org.asked) == [LIMITS, USERS, USER_INFO, JOBS]


def test_a_reader_remembers() -> None:
    assert isinstance(Talkative().reader(), Remembers)


def test_syncs_are_asked_for_apart_and_only_where_one_is_scheduled() -> None:
    """A sync is many jobs: they would push the runs of recipes off the pages."""
    org = Talkative()
    told(org, R1, LOCAL)
    assert len(org.asked_for(JOBS)) == 2
    assert sum("DataSync" in asked for asked in org.asked_for(JOBS)) == 1
    told(org, LOCAL)
    assert [asked for asked in org.asked if "Recipe_V3" in asked or asked.startswith(USERS)] == []


def test_nothing_live_costs_the_limit_and_the_zone() -> None:
    """What is about to be created depends on these, too."""
    org = Talkative()
    found = org.reader().experience([])
    assert sorted(org.asked) == [LIMITS, USER_INFO]
    assert (found.zone, found.diagnostics) == ("Europe/Paris", ())


def test_a_list_that_was_not_read_yet_is_read_once() -> None:
    org = Talkative()
    reader = org.reader()
    reader.experience([Live(R1.address, {"frequency": "daily"}, id_of(1))])
    assert len(org.asked_for("/wave/recipes")) == 1


def test_what_the_settings_say_is_not_asked() -> None:
    org = Talkative()
    reader = ScheduleReader("sales", org.api(), org.surroundings(), org.close, asks_limits=False)
    found = reader.experience([])
    assert (org.asked, found.limits) == ([USER_INFO], {})


def test_pages_end_when_every_asset_has_enough_runs() -> None:
    org = Talkative()
    org.jobs([job(9), job(8), job(7)], [job(6, 50)])
    assert told(org, R1).usual_seconds == {R1.address: 120.0}
    assert len(org.asked_for(JOBS)) == 1


def test_an_asset_that_never_ran_does_not_make_a_long_history_be_read() -> None:
    org = Talkative()
    org.jobs(*(job(number) for number in range(9, 0, -1)))
    assert told(org, R1, R2).usual_seconds == {R1.address: 120.0}
    assert len(org.asked_for(JOBS)) == 3


def test_a_long_history_of_syncs_is_not_read_whole() -> None:
    org = Talkative()
    org.jobs(*(job(number, jobType="datasync", source={"id": id_of(1, "0It")}) for number in range(9, 0, -1)))
    assert told(org, LOCAL).usual_seconds == {LOCAL.address: 120.0}
    assert len(org.asked_for(JOBS)) == 2


# -- owners ------------------------------------------------------------------------------------------------------------


def test_a_schedule_of_an_inactive_user_is_a_warning_that_promises_no_more_than_is_known() -> None:
    org = Talkative()
    org.answers[USERS] = {"records": [user(ANN, False), user(BOB, False)], "done": True}
    (warning,) = told(org, R1, R2).diagnostics
    assert (warning.code, warning.severity) == ("owner-inactive", Severity.WARNING)
    assert warning.address == str(R1.address), "the other one has no schedule"
    assert "last changed by Ann Example, who is inactive" in warning.detail
    assert "may be somebody else" in warning.detail
    assert BOB not in org.asked_for(USERS)[0]


def test_many_people_are_asked_for_in_several_queries() -> None:
    """An address has an end; 201 users are two queries."""
    org = Talkative()
    people = [f"005{number:012}AAA" for number in range(1, 202)]
    org.recipes(*(recipe(number, DAILY, **by(each)) for number, each in enumerate(people, 1)))
    org.answers[USERS] = {"records": [user(people[-1], False, "Zoe")], "done": True}
    found = told(org, *(wanted(f"recipe:R{number}") for number in range(1, 202)))
    assert len(org.asked_for(USERS)) == 2
    assert [each.address for each in found.diagnostics] == ["sales/schedule/recipe:R201"]


def test_the_rest_of_a_query_is_asked_for() -> None:
    org = Talkative()
    org.answers[USERS] = {"records": [], "done": False, "nextRecordsUrl": f"{BASE}/query/01g-2000"}
    org.answers["/query/01g-2000"] = {"records": [user(ANN, False)], "done": True}
    assert [each.code for each in told(org, R1).diagnostics] == ["owner-inactive"]


@pytest.mark.parametrize(
    "owner", ["", None, 5, "x", "005000000000001' OR Name LIKE '%", "05v000000000001AAA", ["005000000000001AAA"]]
)
def test_only_the_id_of_a_user_gets_into_a_query(owner: Any) -> None:
    """The list comes from outside; nobody is asked for by what is no id."""
    org = Talkative()
    org.recipes(recipe(1, DAILY, lastModifiedBy={"id": owner}), recipe(2, DAILY, lastModifiedBy=owner))
    assert told(org, R1, R2).diagnostics == ()
    assert org.asked_for(USERS) == []


@pytest.mark.parametrize(
    "records",
    [[], [None, 5, {}], [{"Id": ANN}], [{"Id": ANN, "IsActive": "false"}], [{"Id": 5, "IsActive": False}]],
)
def test_only_a_plain_no_makes_somebody_inactive(records: list[Any]) -> None:
    """A user whom this one may not see is not in the answer."""
    org = Talkative()
    org.answers[USERS] = {"records": records, "done": True}
    assert told(org, R1).diagnostics == ()


def test_a_user_without_a_name_is_named_by_the_id() -> None:
    org = Talkative()
    org.answers[USERS] = {"records": [{"Id": ANN, "Name": None, "IsActive": False}]}
    assert f"user {ANN}" in told(org, R1).diagnostics[0].detail


# -- what is refused, missing or odd -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One answer, and what a note says is missing without it."""

    place: str
    about: str
    missing: Collection[str]


PARTS = (
    Part(JOBS, "how long dataflows and recipes run", {"usual_seconds"}),
    Part(LIMITS, "how many runs a day it allows", {"limits"}),
    Part(USER_INFO, "the time zone of its user", {"zone"}),
    Part(USERS, "who is inactive", set()),
)
ODD: tuple[Any, ...] = ("<html><body>Maintenance</body></html>", "", [], {}, {"records": 5, "dataflowJobs": {}}, "null")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.about)
@pytest.mark.parametrize("error", [Forbidden("403 no"), ObjectNotFound("404 gone"), Unavailable("503 later")])
def test_one_refusal_is_one_note_and_spoils_nothing_else(part: Part, error: PlatformError) -> None:
    org = Talkative()
    org.answers[part.place] = error
    found = told(org, R1)
    (note,) = found.diagnostics
    assert (note.code, note.severity, note.address) == ("experience-unread", Severity.NOTE, None)
    assert part.about in note.detail
    assert error.diagnostics[0].detail in note.detail
    empty = {name for name in ("usual_seconds", "limits", "zone") if not getattr(found, name)}
    assert empty == set(part.missing)


def test_several_refusals_are_one_note() -> None:
    org = Talkative()
    for part in PARTS:
        org.answers[part.place] = Forbidden("403 no")
    found = told(org, R1)
    assert found == Experience(diagnostics=found.diagnostics)
    (note,) = found.diagnostics
    assert all(part.about in note.detail for part in PARTS)
    assert "limits: {runs_a_day: ...}" in note.hint


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.about)
@pytest.mark.parametrize("answer", ODD, ids=repr)
def test_an_odd_answer_is_at_most_a_note(part: Part, answer: Any) -> None:
    org = Talkative()
    org.answers[part.place] = answer
    found = told(org, R1)
    empty = {name for name in ("usual_seconds", "limits", "zone") if not getattr(found, name)}
    assert empty == set(part.missing)
    assert all(each.severity is Severity.NOTE for each in found.diagnostics)
    # An org need not tell of its limit.
    assert len(found.diagnostics) == (0 if part.place == LIMITS and isinstance(answer, dict) else 1)


@pytest.mark.parametrize("zone", [None, "", "Mars/Phobos", 5, "../../etc/passwd", "America", ["UTC"]])
def test_a_zone_that_nobody_knows_is_no_zone(zone: Any) -> None:
    org = Talkative()
    org.answers[USER_INFO] = {**ZONE, "zoneinfo": zone}
    found = told(org, R1)
    assert found.zone is None
    assert [each.code for each in found.diagnostics] == ["experience-unread"]


def test_a_list_that_fails_leaves_its_runs_unknown() -> None:
    org = Talkative()
    org.answers["/wave/recipes"] = Forbidden("403 no")
    live = Live(Address("sales", "schedule", "recipe:R1"), {"frequency": "daily"}, id_of(1))
    found = org.reader().experience([live])
    assert (found.usual_seconds, found.zone) == ({}, "Europe/Paris")
    assert "which recipe a job is of" in found.diagnostics[0].detail
    assert org.asked_for(JOBS) == []


def test_jobs_with_odd_fields_are_left_out() -> None:
    org = Talkative()
    org.jobs(
        [
            {"id": "03C000000000001AAA"},
            {"id": 5, "status": 5, "jobType": 5, "source": 5, "createdDate": 5, "endDate": [], "duration": {}},
            job(3, status=None),
            job(4, source={"id": 5, "name": ["x"]}),
            job(5, 7),
        ]
    )
    found = told(org, R1)
    assert found.usual_seconds == {R1.address: 420.0}
    assert found.diagnostics == ()


def test_a_live_object_without_an_id_is_left_out() -> None:
    org = Talkative()
    found = org.reader().experience([Live(R1.address, {"frequency": "daily"})])
    assert (found.usual_seconds, found.diagnostics) == ({}, ())
