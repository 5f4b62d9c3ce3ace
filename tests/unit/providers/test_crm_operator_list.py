"""Finding jobs of CRM Analytics in its list: pages, filters, and what cannot be told apart."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from crm_jobs import D1, D2, JOBS, LOCAL, REMOTE, RUN1, Org, job, operating, page, start, sync
from http_server import Reply

from reconcile.core.errors import BadAnswer, ObjectNotFound, Rejected, Unavailable
from reconcile.core.operation import JobQuery, JobState

SINCE = datetime(2026, 1, 5, 7, 10, tzinfo=UTC)
LONG_AGO = "2025-11-01T07:00:00.000Z"
FOLLOWING = f"{JOBS}?page=eyJwYWdlU3"
DOWN = Reply(503, b"")


def numbers(jobs: Any) -> list[int]:
    return [int(each.id[3:15]) for each in jobs]


def old(number: int, status: str = "Success", **more: Any) -> dict[str, Any]:
    return job(number, status, createdDate=LONG_AGO, startDate=LONG_AGO, **more)


# -- on a target -----------------------------------------------------------------------------------------------------


def test_jobs_on_a_target() -> None:
    """Every one that is not over, and every one since; oldest first, and the platform is asked for this dataflow."""
    org = Org()
    org.jobs(page(job(12), job(11, "Failure"), job(9), job(8, "Running"), job(7, "Mystery"), job(10)))
    with operating(org) as operator:
        found = operator.on_target(start(operator, recipe="R1"), SINCE)
    assert numbers(found) == [7, 8, 10, 11, 12]
    assert {each.target for each in found} == {"recipe:R1"}
    assert org.listings() == [{"dataflowId": RUN1, "pageSize": "200"}]


def test_every_listing_says_its_page_size() -> None:
    """Without it the platform shows seven days, and looks as if that were all (page 2.2)."""
    org = Org()
    org.jobs(page())
    with operating(org) as operator:
        ready, other = start(operator, dataflow="D1"), sync(operator)
        operator.on_target(ready, SINCE)
        operator.last_on_subject(ready)
        operator.on_target(other, SINCE)
        operator.last_on_subject(other)
        for query in (JobQuery(), JobQuery(settings={"recipe": "R1"}), JobQuery(operation="crm_analytics.sync")):
            list(operator.jobs(query))
    assert len(org.listings()) == 7
    assert {asked.get("pageSize") for asked in org.listings()} == {"200"}


def test_pages_are_followed_until_they_are_old() -> None:
    """A list is newest first by and large only: it takes a whole page of old jobs to stop."""
    org = Org()
    org.jobs(
        page(job(12), old(1), following=f"{FOLLOWING}&amp;n=2"),
        page(old(2, "Queued"), following=FOLLOWING + "3"),
        page(old(3), old(4), following=FOLLOWING + "4"),
        page(job(13)),
    )
    with operating(org) as operator:
        assert numbers(operator.on_target(start(operator, dataflow="D1"), SINCE)) == [2, 12]
    assert [asked.get("page") for asked in org.listings()] == [None, "eyJwYWdlU3", "eyJwYWdlU33"]
    assert org.listings()[1]["n"] == "2"


def test_a_page_that_is_a_little_old_is_not_the_last() -> None:
    """Real lists show jobs of the same hours in no order, so a newer one may follow."""
    org = Org()
    org.jobs(page(job(3), job(4), following=FOLLOWING), page(job(12)))
    with operating(org) as operator:
        assert numbers(operator.on_target(start(operator, dataflow="D1"), SINCE)) == [12]


def test_an_empty_page_is_not_the_end() -> None:
    """Only a page without a next one is."""
    org = Org()
    org.jobs(page(following=FOLLOWING), page(job(12)))
    with operating(org) as operator:
        assert numbers(operator.on_target(start(operator, dataflow="D1"), SINCE)) == [12]


def test_a_job_on_two_pages_is_one_job() -> None:
    """A list moves while it is paged: the later word counts, also when an id comes in its short form."""
    org = Org()
    org.jobs(
        page(job(12), job(9, "Running"), following=FOLLOWING),
        page({**job(12, "Failure"), "id": job(12)["id"][:15]}, job(9, "Success")),
    )
    with operating(org) as operator:
        (found,) = operator.on_target(start(operator, dataflow="D1"), SINCE)
    assert found.state is JobState.FAILED


def test_another_dataflows_jobs_are_left_out() -> None:
    """Should the platform not narrow the list; ids compare on 15 characters."""
    org = Org()
    jobs = [job(11, source={"id": D2}), job(12, source={"id": D1[:15]}), job(13)]
    org.jobs(page(*jobs))
    with operating(org) as operator:
        assert numbers(operator.on_target(start(operator, dataflow="D1"), SINCE)) == [12, 13]


def test_a_job_without_a_date_is_kept() -> None:
    """It cannot be said to be old."""
    org = Org()
    org.jobs(page(job(5, createdDate="", startDate=None), job(12)))
    with operating(org) as operator:
        assert numbers(operator.on_target(start(operator, dataflow="D1"), SINCE)) == [12, 5]


def test_a_displaced_request_is_on_the_target() -> None:
    """It is the evidence of a start that came to nothing."""
    org = Org()
    org.jobs(page(job(12, "Failure", "030", message="it's already in the queue.")))
    with operating(org) as operator:
        (found,) = operator.on_target(start(operator, dataflow="D1"), SINCE)
    assert found.displaced


def test_syncs_of_a_connector() -> None:
    """By source or label; a job whose source is empty is everybody's. No time is asked for: queued jobs lack one."""
    org = Org()
    sources = [
        {"id": LOCAL[:15]},
        {"id": REMOTE},
        {"name": "LOCAL"},
        {"label": "Local org"},
        {"id": "", "name": ""},
        None,
    ]
    jobs = [job(20 + n, jobType="datasync", source=source) for n, source in enumerate(sources)]
    jobs += [job(30, jobType="datasync", label="Account (REMOTE)"), job(31, jobType="datasync", label="Event (LOCAL)")]
    org.jobs(page(*reversed(jobs)))
    with operating(org) as operator:
        found = operator.on_target(sync(operator), SINCE)
    assert numbers(found) == [20, 22, 23, 24, 25, 31]
    assert {(each.operation, each.target) for each in found} == {("crm_analytics.sync", "data_sync:LOCAL")}
    assert org.listings() == [{"jobTypes": "DataSync", "pageSize": "200"}]


def test_a_connector_that_was_deleted_may_have_jobs() -> None:
    """Its id and its name are in the order."""
    org = Org()
    org.jobs(page(job(20, source={"id": LOCAL}), job(21, source={"name": "LOCAL"}), job(22, source={"name": "REMOTE"})))
    with operating(org) as operator:
        ready = sync(operator)
    org.connectors({"id": REMOTE, "name": "REMOTE"})
    with operating(org) as operator:
        assert numbers(operator.on_target(ready, SINCE)) == [20, 21]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (DOWN, Unavailable),
        (Reply(body={}), BadAnswer),
        (Reply(body={"dataflowJobs": None}), BadAnswer),
        (Reply(body={"dataflowJobs": [{"status": "Running"}]}), BadAnswer),
        (Reply(body=b""), BadAnswer),
    ],
)
def test_a_failing_page_never_looks_like_the_end(answer: Reply, kind: type[Exception]) -> None:
    """Nothing found must mean that nothing is there."""
    for pages in ((answer,), (page(job(12), following=FOLLOWING), answer)):
        org = Org()
        org.jobs(*pages)
        with operating(org) as operator:
            ready = start(operator, dataflow="D1")
            with pytest.raises(kind):
                operator.on_target(ready, SINCE)
            org.jobs(*pages)
            with pytest.raises(kind):
                list(operator.jobs(JobQuery()))


def test_a_list_that_goes_round_in_circles() -> None:
    """It is no list."""
    org = Org()
    org.jobs(page(job(12), following=FOLLOWING))
    with operating(org) as operator, pytest.raises(BadAnswer, match="does not end"):
        operator.on_target(start(operator, dataflow="D1"), SINCE)


def test_the_last_job_on_a_subject() -> None:
    """The newest that ran, wherever it stands on its page; a refused request is none."""
    org = Org()
    org.jobs(page(job(3), job(9), job(8), job(11, "Failure", "030", message="already in the queue")))
    with operating(org) as operator:
        found = operator.last_on_subject(start(operator, dataflow="D1"))
    assert found is not None
    assert numbers([found]) == [9]


def test_the_last_sync_may_be_on_a_later_page() -> None:
    """Pages are asked for until there is one; None when there is none at all."""
    org = Org()
    other, mine = job(12, source={"id": REMOTE}), old(4, source={"id": LOCAL})
    org.jobs(page(other, following=FOLLOWING), page(mine, following=FOLLOWING + "3"), page(other))
    with operating(org) as operator:
        found = operator.last_on_subject(sync(operator))
        assert found is not None
        assert numbers([found]) == [4]
        org.jobs(page(other))
        assert operator.last_on_subject(sync(operator)) is None


# -- by query --------------------------------------------------------------------------------------------------------


def test_a_list_newest_first() -> None:
    """The platform's order is nearly that; within a page it is made so."""
    org = Org()
    org.jobs(page(job(12), job(14), job(13), following=FOLLOWING), page(job(12), job(11)))
    with operating(org) as operator:
        assert numbers(operator.jobs(JobQuery())) == [14, 13, 12, 11]


def test_a_page_is_asked_for_when_it_is_wanted() -> None:
    """The first jobs of a long list cost one call."""
    org = Org()
    org.jobs(page(job(12), job(11), following=FOLLOWING), page(job(10), following=FOLLOWING + "3"))
    with operating(org) as operator:
        jobs = operator.jobs(JobQuery())
        assert org.listings() == []
        assert numbers(islice(jobs, 2)) == [12, 11]
        assert len(org.listings()) == 1
        assert numbers(islice(jobs, 1)) == [10]
        assert len(org.listings()) == 2


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (JobQuery(), {}),
        (JobQuery(operation="crm_analytics.start"), {"jobTypes": "Recipe,Recipe_V3,User"}),
        (JobQuery(operation="crm_analytics.sync"), {"jobTypes": "DataSync"}),
        (JobQuery(settings={"dataflow": "D1"}), {"dataflowId": D1}),
        (JobQuery(settings={"recipe": "R1"}, operation="crm_analytics.start"), {"dataflowId": RUN1}),
        (JobQuery(settings={"data_sync": "LOCAL"}), {"jobTypes": "DataSync"}),
        (JobQuery(words=("running",)), {"status": "Running"}),
        (JobQuery(words=("Queued", "Running")), {}),
        (JobQuery(states=frozenset({JobState.FAILED})), {"status": "Failure"}),
        (JobQuery(states=frozenset({JobState.SUCCEEDED})), {}),
        (JobQuery(states=frozenset({JobState.UNKNOWN})), {}),
        (JobQuery(expression="board pack"), {"q": "board pack"}),
        (JobQuery(since=SINCE, until=SINCE), {}),
    ],
)
def test_what_the_platform_narrows_down(query: JobQuery, asked: dict[str, str]) -> None:
    """Only what it can without leaving out a match: its times are about starts, and it takes one word for a state."""
    org = Org()
    org.jobs(page())
    with operating(org) as operator:
        assert list(operator.jobs(query)) == []
    assert org.listings() == [{"pageSize": "200", **asked}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (JobQuery(operation="crm_analytics.start"), [13, 12, 9]),
        (JobQuery(operation="crm_analytics.sync"), [11]),
        (JobQuery(states=frozenset({JobState.SUCCEEDED, JobState.RUNNING})), [12, 11, 9]),
        (JobQuery(words=("warning", "Queued")), [13, 11]),
        (JobQuery(words=("warning",), states=frozenset({JobState.FAILED})), []),
        (JobQuery(since=SINCE), [13, 12, 11, 10]),
        (JobQuery(until=SINCE), [9]),
        (
            JobQuery(since=datetime(2026, 1, 5, 7, 11, tzinfo=UTC), until=datetime(2026, 1, 5, 7, 13, tzinfo=UTC)),
            [12, 11],
        ),
        (JobQuery(settings={"data_sync": "LOCAL"}), [13, 12, 11, 10]),
        (JobQuery(settings={"recipe": "R1"}), [13, 12, 11, 10]),
    ],
)
def test_what_is_left_out_here(query: JobQuery, expected: list[int]) -> None:
    """Whatever the platform made of the parameters."""
    org = Org()
    org.jobs(
        page(
            job(13, "Queued", jobType="recipe_v3"),
            job(12, "Running"),
            job(11, "Warning", jobType="datasync"),
            job(10, "Failure", jobType="fileupload"),
            job(9, source={"id": REMOTE if "data_sync" in query.settings else D1}),
        )
    )
    with operating(org) as operator:
        assert numbers(operator.jobs(query)) == expected


def test_more_than_seven_days_back() -> None:
    """Pages end where a whole one is older than was asked for, with room for the platform's disorder."""
    org = Org()
    march = datetime(2025, 3, 1, tzinfo=UTC)
    just_before = job(5, createdDate="2025-02-28T00:00:00.000Z")
    org.jobs(
        page(job(12), old(3), following=FOLLOWING),
        page(just_before, following=FOLLOWING + "3"),
        page(job(6, createdDate="2025-03-01T00:00:00.000Z"), following=FOLLOWING + "4"),
        page(job(7, createdDate="2025-02-01T00:00:00.000Z"), following=FOLLOWING + "5"),
        page(job(8)),
    )
    with operating(org) as operator:
        assert numbers(operator.jobs(JobQuery(since=march))) == [12, 3, 6]
    assert len(org.listings()) == 4


def test_a_query_by_name_names_the_target() -> None:
    """Every job of a dataflow's list is that dataflow's."""
    org = Org()
    org.jobs(page(job(12, source={})))
    with operating(org) as operator:
        (found,) = operator.jobs(JobQuery(settings={"dataflow": "D1"}))
    assert found.target == "dataflow:D1"


@pytest.mark.parametrize(
    "query",
    [
        JobQuery(settings={"workflow": "w"}),
        JobQuery(settings={"dataflow": "D1", "recipe": "R1"}),
        JobQuery(settings={"recipe": "R1"}, operation="crm_analytics.sync"),
        JobQuery(operation="tamr.load"),
    ],
)
def test_a_query_that_cannot_be_asked(query: JobQuery) -> None:
    """It is refused at once, and nothing is asked."""
    org = Org()
    with operating(org) as operator, pytest.raises(Rejected):
        operator.jobs(query)
    assert org.seen == []


def test_a_query_about_an_unknown_name() -> None:
    """No such recipe is not the same as no jobs."""
    with operating(Org()) as operator, pytest.raises(ObjectNotFound):
        operator.jobs(JobQuery(settings={"recipe": "R2"}))
