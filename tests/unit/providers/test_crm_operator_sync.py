"""Data syncs of several jobs, and requests that became jobs, over real sockets: what is asked, what is made of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from crm_jobs import BASE, D1, DATE, JOBS, LOCAL, NOT_FOUND, REMOTE, Org, job, operating, page, start, sync
from http_server import Reply

from reconcile.core.errors import ObjectNotFound, PlatformError, Rejected, Unavailable
from reconcile.core.operation import Job, JobQuery, JobState, Order, Ready
from reconcile.core.request import Request
from reconcile.providers.crm_analytics.operator import CrmAnalyticsOperator

SINCE = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
FOLLOWING = f"{JOBS}?page=2"
REQUEST = "030000000000005AAA"
REFUSAL = Reply(400, [{"errorCode": "INVALID_INPUT", "message": "cannot be stopped"}])


def part(number: int, status: str = "Running", name: str = "LOCAL", minute: int = 20, **more: Any) -> dict[str, Any]:
    """Return the job of one object of a data sync, as captured: only its label tells the connection."""
    moment = f"2026-01-05T07:{minute:02}:00.000Z"
    label = f"Object{number} ({name})"
    return job(number, status, jobType="datasync", label=label, createdDate=moment, startDate=moment, **more)


def id_of(number: int) -> str:
    return str(part(number)["id"])


def stoppable(org: Org, *parts: dict[str, Any]) -> None:
    """Let these jobs be stopped: what is answered is the job as it was."""
    for each in parts:
        org.at("PATCH", f"{JOBS}/{each['id']}", Reply(body=each))


def stopped(org: Org) -> list[int]:
    """Return the numbers of the jobs that were asked to stop, in order."""
    return [int(urlsplit(seen.path).path[-15:-3]) for seen in org.seen if seen.method == "PATCH"]


def bare(operation: str = "crm_analytics.sync", target: str = "data_sync:LOCAL", **settings: str) -> Ready:
    """Return an order as a later process has it, or somebody who only knows the job's id: nothing is looked up."""
    return Ready(Order(operation, target, target, settings), Request("POST", "/"))


# -- looking at a sync -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ready", [None, bare(data_sync="LOCAL"), bare(), bare(target="")])
def test_a_look_at_a_sync_is_one_request(ready: Ready | None) -> None:
    """The list has the job itself; the connections are asked for once. However little is known of the order."""
    org = Org()
    other = part(4, "Failure", "REMOTE")
    org.jobs(page(part(3, "Success"), other, part(2), part(1, "Success")))
    with operating(org) as operator:
        ready = ready or sync(operator)
        for _ in range(3):
            found = operator.look(ready, id_of(2))
    assert (found.id, found.state, found.target) == (id_of(2), JobState.RUNNING, ready.order.target)
    assert found.facts["objects"] == "2 of 3 done"
    assert org.listings() == [{"jobTypes": "DataSync", "pageSize": "200"}] * 3
    assert org.count("GET", f"{JOBS}/{id_of(2)}") == 0
    assert org.count("GET", f"{BASE}/wave/dataConnectors") == 1


def test_a_sync_fails_when_an_object_does() -> None:
    """It is said which; the others are waited for."""
    org = Org()
    bad = part(2, "Failure", message="no access")
    org.jobs(page(part(1, "Success"), bad, part(3)), page(part(1, "Success"), bad, part(3, "Success")))
    with operating(org) as operator:
        ready = sync(operator)
        assert not operator.look(ready, id_of(1)).is_over
        found = operator.look(ready, id_of(1))
    assert (found.id, found.state) == (id_of(1), JobState.FAILED)
    assert str(found.error) == "Failure: Object2 (LOCAL): no access"


def test_jobs_that_name_no_connection_count() -> None:
    """Captured syncs have them beside those that do: `Account (Replication)`."""
    org = Org()
    org.jobs(page(part(1, "Success"), part(2, name="Replication")))
    with operating(org) as operator:
        assert not operator.look(sync(operator), id_of(1)).is_over


def test_a_job_that_nobody_can_place_is_looked_at_alone() -> None:
    """It names no connection, and neither does whoever asks."""
    org = Org()
    org.jobs(page(part(1, "Success", "Replication"), part(2)))
    with operating(org) as operator:
        found = operator.look(bare(target=""), id_of(1))
    assert (found.state, found.facts.get("objects")) == (JobState.SUCCEEDED, None)


def test_the_only_connection_is_the_one() -> None:
    """Then a job need not name it."""
    org = Org()
    org.connectors({"id": LOCAL, "name": "LOCAL", "label": "Local org"})
    org.jobs(page(part(1, "Success", "Replication"), part(2)))
    with operating(org) as operator:
        assert not operator.look(bare(target=""), id_of(1)).is_over


def test_an_earlier_sync_does_not_count() -> None:
    """Nor does a later one: a sync that is started again after it failed is not the failed one."""
    org = Org()
    first = [part(1, "Failure", duration=10), part(2, "Success", duration=20)]
    second = [part(3, "Success", minute=21), part(4, "Success", minute=21)]
    org.jobs(page(*second, *first))
    with operating(org) as operator:
        ready = sync(operator)
        assert operator.look(ready, id_of(3)).state is JobState.SUCCEEDED
        assert operator.look(ready, id_of(2)).state is JobState.FAILED


def test_a_sync_over_two_pages() -> None:
    """Pages are followed until most of one is older than the sync."""
    org = Org()
    earlier = [part(number, "Success", minute=10) for number in (6, 7)]
    pages = (
        page(part(9, minute=30), part(1, "Success"), following=FOLLOWING),
        page(part(2), *earlier, following=FOLLOWING + "3"),
        page(part(8)),
    )
    with operating(org) as operator:
        ready = sync(operator)
        org.jobs(*pages)
        found = operator.look(ready, id_of(1))
    assert found.facts["objects"] == "1 of 2 done"
    assert len(org.listings()) == 2


def test_a_job_that_is_not_on_the_first_page_is_asked_for() -> None:
    """Its own word says how far back the list is to be followed."""
    org = Org()
    org.at("GET", f"{JOBS}/{id_of(1)}", Reply(body=part(1, "Success")))
    org.jobs(page(part(9, minute=40), following=FOLLOWING), page(part(2), part(1, "Success")))
    with operating(org) as operator:
        found = operator.look(sync(operator), id_of(1))
    assert (found.id, found.facts["objects"]) == (id_of(1), "1 of 2 done")
    assert (len(org.listings()), org.count("GET", f"{JOBS}/{id_of(1)}")) == (2, 1)


def test_a_sync_that_no_list_shows() -> None:
    """It is the job alone, or not there (yet)."""
    org = Org()
    org.jobs(page())
    with operating(org) as operator:
        with pytest.raises(ObjectNotFound):
            operator.look(sync(operator), id_of(1))
        org.at("GET", f"{JOBS}/{id_of(1)[:15]}", Reply(body=part(1)))
        assert operator.look(sync(operator), id_of(1)[:15]).id == id_of(1)


def test_a_list_that_fails_says_nothing_about_a_sync() -> None:
    """Nothing is made up from a part of it."""
    org = Org()
    org.jobs(page(part(1, "Success"), following=FOLLOWING), Reply(503, b""))
    with operating(org) as operator, pytest.raises(Unavailable):
        operator.look(sync(operator), id_of(1))


# -- syncs on a target -------------------------------------------------------------------------------------------------


def test_a_sync_is_one_job_on_its_target() -> None:
    """Under its first id; two syncs are two jobs, oldest first."""
    org = Org()
    org.jobs(page(part(5, minute=40), part(4, "Queued", minute=40), part(1, "Success"), part(2, "Failure")))
    with operating(org) as operator:
        first, second = operator.on_target(sync(operator), SINCE)
    assert [(each.id, each.state) for each in (first, second)] == [
        (id_of(1), JobState.FAILED),
        (id_of(4), JobState.RUNNING),
    ]


def test_a_sync_counts_when_any_of_it_does() -> None:
    """One job that goes on, or that was made since, brings the whole."""
    org = Org()
    late = {"createdDate": "2026-01-05T07:20:01.000Z"}
    org.jobs(page(part(2, "Success") | late, part(1, "Success"), part(8, "Success", minute=2), part(9, minute=2)))
    with operating(org) as operator:
        ready = sync(operator)
        since = datetime(2026, 1, 5, 7, 20, 1, tzinfo=UTC)
        assert [each.facts["objects"] for each in operator.on_target(ready, since)] == ["1 of 2 done", "2 of 2 done"]


def test_the_last_sync_is_a_whole_one() -> None:
    """A gap is kept to the end of its last job."""
    org = Org()
    org.jobs(page(part(3, "Success", duration=90), part(2, "Success", duration=30), part(1, "Success", minute=1)))
    with operating(org) as operator:
        found = operator.last_on_subject(sync(operator))
    assert found is not None
    assert (found.id, found.ended_at) == (id_of(2), "2026-01-05T07:21:30Z")


def test_lists_show_each_job_alone() -> None:
    """As the platform does; so does a look by id alone."""
    org = Org()
    org.jobs(page(part(2), part(1, "Success")))
    org.at("GET", f"{JOBS}/{id_of(1)}", Reply(body=part(1, "Success")))
    with operating(org) as operator:
        found = list(operator.jobs(JobQuery(settings={"data_sync": "LOCAL"})))
        assert [each.state for each in found] == [JobState.RUNNING, JobState.SUCCEEDED]
        assert operator.show(id_of(1)).state is JobState.SUCCEEDED


# -- stopping a sync ---------------------------------------------------------------------------------------------------


def test_stopping_a_sync_stops_all_of_its_jobs() -> None:
    """Those that are not over, and no other connection's."""
    org = Org()
    parts = [part(1), part(2, "Success"), part(3, "Queued"), part(4)]
    org.jobs(page(part(5, name="REMOTE"), part(6, minute=10), *parts))
    stoppable(org, *parts)
    with operating(org) as operator:
        operator.stop(id_of(1))
    assert stopped(org) == [1, 3, 4]
    assert all(json.loads(seen.body) == {"command": "stop"} for seen in org.seen if seen.method == "PATCH")


@pytest.mark.parametrize(("beside", "expected"), [([], [1, 2, 3]), ([part(5, name="REMOTE")], [1, 3])])
def test_what_may_be_anothers_is_not_stopped(beside: list[dict[str, Any]], expected: list[int]) -> None:
    """A job without a connection is ours, unless another connection syncs at that moment, too."""
    org = Org()
    parts = [part(1), part(2, name="Replication"), part(3)]
    org.jobs(page(*parts, *beside))
    stoppable(org, *parts)
    with operating(org) as operator:
        operator.stop(id_of(1))
    assert stopped(org) == expected


@pytest.mark.parametrize(("was_seen", "expected"), [(True, [2, 1, 3]), (False, [2])])
def test_stopping_a_job_without_a_connection(was_seen: bool, expected: list[int]) -> None:
    """It stops the sync that it was looked at as a part of; otherwise nobody knows more than the job."""
    org = Org()
    parts = [part(1), part(2, name="Replication"), part(3)]
    org.jobs(page(*parts))
    stoppable(org, *parts)
    with operating(org) as operator:
        if was_seen:
            operator.look(sync(operator), id_of(2))
        operator.stop(id_of(2))
    assert stopped(org) == expected


@pytest.mark.parametrize("answer", [Reply(204, b""), Reply(200, b"<html>ok</html>"), Reply(body={})])
def test_a_stop_that_says_nothing(answer: Reply) -> None:
    """The job itself tells that it is one of several."""
    org = Org()
    org.jobs(page(part(1), part(2)))
    stoppable(org, part(2))
    org.at("PATCH", f"{JOBS}/{id_of(1)}", answer)
    org.at("GET", f"{JOBS}/{id_of(1)}", Reply(body=part(1)))
    with operating(org) as operator:
        operator.stop(id_of(1))
    assert stopped(org) == [1, 2]


def test_a_refusal_does_not_keep_the_others_running() -> None:
    """It is raised when all were asked; that of a job which is over is none."""
    org = Org()
    org.jobs(page(part(1), part(2), part(3)))
    for number, status in ((1, "Success"), (2, "Running")):
        org.at("PATCH", f"{JOBS}/{id_of(number)}", REFUSAL)
        org.at("GET", f"{JOBS}/{id_of(number)}", Reply(body=part(number, status)))
    stoppable(org, part(3))
    with operating(org) as operator, pytest.raises(Rejected, match="cannot be stopped"):
        operator.stop(id_of(1))
    assert stopped(org) == [1, 2, 3]


# -- requests that became jobs -----------------------------------------------------------------------------------------


def run(number: int, status: str = "Running", minute: int = 5) -> dict[str, Any]:
    moment = f"2026-01-05T07:{minute:02}:00.000Z"
    return job(number, status, source={"id": D1}, createdDate=moment, startDate=moment)


def started(org: Org, operator: CrmAnalyticsOperator) -> Ready:
    """Return the order of a start that was answered with a request."""
    body = job(5, "Queued", "030")
    org.at("POST", JOBS, Reply(body=body, headers={"Date": DATE}))
    ready = start(operator, dataflow="D1")
    found = operator.submit(ready)
    assert found is not None
    assert (found.id, found.state) == (REQUEST, JobState.PENDING)
    return ready


def looked(operator: CrmAnalyticsOperator, ready: Ready) -> Job:
    return operator.look(ready, REQUEST)


def test_a_request_lives_on_as_a_job() -> None:
    """It is shown under the id that is known; from then on a look is one request."""
    org = Org()
    org.jobs(page(run(9, minute=50), run(7), run(3, "Success", minute=1), job(4, "Failure", "030")))
    org.at("GET", f"{JOBS}/{id_of(7)}", Reply(body=run(7)), Reply(body=run(7, "Success")))
    with operating(org) as operator:
        ready = started(org, operator)
        found = looked(operator, ready)
        assert (found.id, found.state, found.target) == (REQUEST, JobState.RUNNING, "dataflow:D1")
        assert found.facts["lives on as"] == id_of(7)
        assert len(org.listings()) == 1
        assert [looked(operator, ready).state for _ in range(2)] == [JobState.RUNNING, JobState.SUCCEEDED]
    assert len(org.listings()) == 1
    assert org.count("GET", f"{JOBS}/{REQUEST}") == 1


def test_a_request_that_is_there_is_looked_at() -> None:
    """Only what is not known any more is looked for elsewhere."""
    org = Org()
    org.at("GET", f"{JOBS}/{REQUEST}", Reply(body=job(5, "Queued", "030")))
    with operating(org) as operator:
        assert looked(operator, started(org, operator)).state is JobState.PENDING
    assert org.listings() == []


@pytest.mark.parametrize(
    "jobs",
    [
        [],
        [run(7) | {"createdDate": "2026-01-05T09:03:00.000Z"}],
        [run(7, minute=4)],
        [run(7), run(8)],
        [job(6, "Queued", "030")],
        [run(7) | {"source": {"id": "02K000000000002EAA"}}],
    ],
)
def test_a_request_whose_job_cannot_be_told(jobs: list[dict[str, Any]]) -> None:
    """It is not there; nothing is guessed."""
    org = Org()
    org.jobs(page(*jobs))
    with operating(org) as operator:
        ready = started(org, operator)
        with pytest.raises(ObjectNotFound):
            looked(operator, ready)


def test_a_request_that_was_seen_on_its_target() -> None:
    """After an unclear start; its job may be made when it leaves the queue, so it is looked for until shortly after."""
    org = Org()
    # The platform's clock says 09:00 when it is seen.
    later = run(7) | {"createdDate": "2026-01-05T09:01:00.000Z"}
    org.jobs(page(job(5, "Queued", "030")), page(later))
    with operating(org) as operator:
        ready = start(operator, dataflow="D1")
        (seen,) = operator.on_target(ready, SINCE)
        assert seen.id == REQUEST
        assert looked(operator, ready).facts["lives on as"] == id_of(7)


@pytest.mark.parametrize("order", [bare("crm_analytics.start", "dataflow:D1", dataflow="D1")])
@pytest.mark.parametrize(("jobs", "is_found"), [([run(7)], True), ([run(7), run(8, minute=1)], False), ([], False)])
def test_a_request_of_an_earlier_process(order: Ready, jobs: list[dict[str, Any]], is_found: bool) -> None:
    """Nobody remembers when it was made: the only job of a day is it. The order is prepared for that."""
    org = Org()
    org.jobs(page(*jobs, job(2, createdDate="2026-01-03T00:00:00.000Z")))
    org.at("GET", f"{JOBS}/{REQUEST}", Reply(404, NOT_FOUND.body, {"Date": DATE}))
    with operating(org) as operator:
        if is_found:
            assert looked(operator, order).facts["lives on as"] == id_of(7)
        else:
            with pytest.raises(ObjectNotFound):
                looked(operator, order)
    assert [asked["dataflowId"] for asked in org.listings()] == [D1]


@pytest.mark.parametrize(
    "order",
    [
        bare("crm_analytics.start", "dataflow:D1"),
        bare("crm_analytics.start", "dataflow:Gone", dataflow="Gone"),
        bare("", ""),
    ],
)
def test_a_request_of_an_order_that_says_too_little(order: Ready) -> None:
    """It is not there, as before."""
    org = Org()
    org.at("GET", f"{JOBS}/{REQUEST}", Reply(404, NOT_FOUND.body, {"Date": DATE}))
    with operating(org) as operator, pytest.raises(ObjectNotFound, match="NOT_FOUND"):
        looked(operator, order)
    assert org.listings() == []


def test_a_job_that_is_gone_is_gone() -> None:
    """Only requests live on."""
    org = Org()
    org.jobs(page(run(7)))
    org.at("GET", f"{JOBS}/{id_of(1)}", Reply(404, NOT_FOUND.body, {"Date": DATE}))
    with operating(org) as operator, pytest.raises(ObjectNotFound):
        operator.look(start(operator, dataflow="D1"), id_of(1))
    assert org.listings() == []


@pytest.mark.parametrize("was_looked_at", [True, False])
def test_stopping_a_request_stops_its_job(was_looked_at: bool) -> None:
    """Whether or not it is known already which it is."""
    org = Org()
    org.jobs(page(run(7)))
    stoppable(org, run(7))
    with operating(org) as operator:
        ready = started(org, operator)
        if was_looked_at:
            looked(operator, ready)
        operator.stop(REQUEST)
    assert stopped(org)[-1] == 7


def test_stopping_a_request_that_nobody_remembers() -> None:
    """Its id says nothing about its target."""
    org = Org()
    with operating(org) as operator, pytest.raises(PlatformError):
        operator.stop(REQUEST)
    assert org.listings() == []


def test_a_request_for_a_sync_lives_on_as_the_sync() -> None:
    """Each object has a job then."""
    org = Org()
    waiting = part(5, "Queued") | {"id": REQUEST, "label": "LOCAL", "source": {"id": LOCAL}}
    org.jobs(page(waiting), page(part(2), part(1, "Success"), part(9, name="REMOTE", source={"id": REMOTE})))
    with operating(org) as operator:
        ready = sync(operator)
        assert looked(operator, ready).state is JobState.PENDING
        for _ in range(2):
            found = looked(operator, ready)
            assert (found.id, found.facts["objects"]) == (REQUEST, "1 of 2 done")
            assert found.facts["lives on as"] == id_of(1)
