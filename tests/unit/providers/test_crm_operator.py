"""Jobs of CRM Analytics, started, watched and stopped over real sockets: what is asked, and what is made of answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from crm_jobs import (
    BASE,
    D1,
    DATE,
    JOB_ID,
    JOBS,
    LOCAL,
    NOT_FOUND,
    R1,
    RUN1,
    Org,
    connection,
    job,
    operating,
    start,
    sync,
)
from http_server import CUT, TOKEN, Reply

from reconcile.core.errors import (
    AnswerLost,
    BadAnswer,
    Forbidden,
    LimitReached,
    ObjectNotFound,
    PlatformError,
    Rejected,
    Unavailable,
)
from reconcile.core.operation import JobState, Limit
from reconcile.core.redact import Redactor
from reconcile.providers.base import Surroundings
from reconcile.providers.crm_analytics.provider import PROVIDER

INGEST = f"{BASE}/wave/dataConnectors/{LOCAL}/ingest"
FORBIDDEN = Reply(403, [{"errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "no"}])
NO_MORE = Reply(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])


# -- preparing -------------------------------------------------------------------------------------------------------


def test_a_dataflow_is_started_by_its_id() -> None:
    """The request is written down before it is made, and is not repeatable."""
    with operating(Org()) as operator:
        ready = start(operator, dataflow="D1")
    assert (ready.resource, ready.order.target) == (D1, "dataflow:D1")
    assert (ready.request.method, ready.request.path, ready.request.repeatable) == ("POST", JOBS, False)
    assert ready.request.body == {"dataflowId": D1, "command": "start"}


def test_a_recipe_is_started_through_its_target_dataflow() -> None:
    """The recipe's own id starts nothing (page 3)."""
    with operating(Org()) as operator:
        ready = start(operator, recipe="R1")
    assert (ready.resource, ready.order.target) == (RUN1, "recipe:R1")
    assert ready.request.body == {"dataflowId": RUN1, "command": "start"}


def test_a_sync_is_asked_of_its_connector() -> None:
    """With an empty object as body."""
    with operating(Org()) as operator:
        ready = sync(operator)
    assert (ready.resource, ready.request.path, ready.request.body) == (LOCAL, INGEST, {})
    assert not ready.request.repeatable


@pytest.mark.parametrize("target", [{}, {"targetDataflowId": None}, {"targetDataflowId": ""}])
def test_a_recipe_without_a_target_dataflow_cannot_be_started(target: dict[str, str | None]) -> None:
    """It says which recipe, and what is missing."""
    org = Org()
    org.recipes({"id": R1, "name": "R1", **target})
    with operating(org) as operator, pytest.raises(Rejected) as caught:
        start(operator, recipe="R1")
    (told,) = caught.value.diagnostics
    assert told.code == "no-target-dataflow"
    assert R1 in told.detail


def test_a_name_that_is_not_there() -> None:
    """Near names are offered."""
    with operating(Org()) as operator, pytest.raises(ObjectNotFound) as caught:
        start(operator, dataflow="D11")
    (told,) = caught.value.diagnostics
    assert (told.code, told.summary) == ("unknown-object", "Unknown dataflow")
    assert told.detail == 'Connection "sales" has no dataflow named "D11".'
    assert '"D1"' in told.hint


def test_a_label_is_no_name() -> None:
    """The hint gives the name that belongs to the label."""
    with operating(Org()) as operator, pytest.raises(ObjectNotFound) as caught:
        sync(operator, "Local org")
    assert caught.value.diagnostics[0].hint == '"Local org" is a label; the API name is "LOCAL"'


def test_a_name_that_is_there_twice() -> None:
    """The ids are named, and one of them may be given instead."""
    org = Org()
    other = "02K000000000003EAA"
    org.dataflows({"id": D1, "name": "D1"}, {"id": other, "name": "D1"})
    with operating(org) as operator:
        with pytest.raises(Rejected) as caught:
            start(operator, dataflow="D1")
        assert start(operator, dataflow=other[:15]).resource == other
    (told,) = caught.value.diagnostics
    assert told.code == "ambiguous-name"
    assert D1 in told.detail
    assert other in told.detail
    assert told.hint == f"name it by its id: `dataflow: {D1}`"


def test_a_short_list_says_nothing_about_a_name() -> None:
    """What the platform promised and did not show may be the very recipe."""
    org = Org()
    org.at("GET", f"{BASE}/wave/recipes", Reply(body={"recipes": [], "totalSize": 3}))
    with operating(org) as operator, pytest.raises(BadAnswer) as caught:
        start(operator, recipe="R1")
    assert caught.value.diagnostics[0].code == "incomplete-listing"
    assert not caught.value.may_have_happened


def test_a_list_that_is_none_names_the_connection() -> None:
    """An answer that makes no sense is not an empty list."""
    org = Org()
    org.at("GET", f"{BASE}/wave/dataflows", Reply(body={"dataflows": None}))
    with operating(org) as operator, pytest.raises(BadAnswer, match="sales"):
        start(operator, dataflow="D1")


def test_each_list_is_asked_for_once() -> None:
    """However many orders are prepared."""
    org = Org()
    with operating(org) as operator:
        for _ in range(3):
            start(operator, dataflow="D1")
            start(operator, dataflow="D2")
            start(operator, recipe="R1")
    assert [org.count("GET", f"{BASE}/wave/{name}") for name in ("dataflows", "recipes", "dataConnectors")] == [1, 1, 0]


def test_a_new_name_is_looked_for_once_more() -> None:
    """An asset made since the last list is found; one that is not costs one call more, each time."""
    org = Org()
    with operating(org) as operator:
        start(operator, dataflow="D1")
        org.dataflows({"id": D1, "name": "D1"}, {"id": "02K000000000005EAA", "name": "D5"})
        assert start(operator, dataflow="D5").resource == "02K000000000005EAA"
        assert org.count("GET", f"{BASE}/wave/dataflows") == 2
        with pytest.raises(ObjectNotFound):
            start(operator, dataflow="Nowhere")
    assert org.count("GET", f"{BASE}/wave/dataflows") == 3


# -- starting --------------------------------------------------------------------------------------------------------


def test_a_start_that_answers_with_an_id() -> None:
    """The job has the order's names."""
    org = Org()
    org.at("POST", JOBS, Reply(body=job(7, "Queued", "0eP", jobType="recipe_v3")))
    with operating(org) as operator:
        found = operator.submit(start(operator, recipe="R1"))
    assert found is not None
    assert (found.id, found.state) == ("0eP000000000007AAA", JobState.PENDING)
    assert (found.operation, found.target) == ("crm_analytics.start", "recipe:R1")
    (posted,) = [seen for seen in org.seen if seen.method == "POST"]
    assert json.loads(posted.body) == {"dataflowId": RUN1, "command": "start"}
    assert posted.headers["x-chatter-entity-encoding"] == "false"


@pytest.mark.parametrize(
    "body", [{"progress": 0, "status": "Queued", "type": "dataflowjob"}, {}, b"", {"id": None, "status": "Queued"}]
)
def test_a_start_that_answers_without_an_id(body: object) -> None:
    """It was taken; which job it is, only the list can tell (page 3)."""
    org = Org()
    org.at("POST", JOBS, Reply(body=body))
    with operating(org) as operator:
        assert operator.submit(start(operator, dataflow="D1")) is None


def test_a_start_while_one_is_queued() -> None:
    """The platform answers with a request that failed (page 3)."""
    message = "The dataflow job can\N{RIGHT SINGLE QUOTATION MARK}t start because it&#39;s already in the queue."
    org = Org()
    org.at("POST", JOBS, Reply(body=job(1, "Failure", "030", message=message)))
    with operating(org) as operator:
        found = operator.submit(start(operator, dataflow="D1"))
    assert found is not None
    assert found.displaced
    assert found.error is not None
    assert found.error.reason == "already-queued"
    assert "it's already" in found.error.message


def test_a_sync_says_no_job() -> None:
    """The answer is a sentence and a link to the list."""
    org = Org()
    org.at(
        "POST",
        INGEST,
        Reply(body={"message": f"Sync request was sent for connection {LOCAL}.", "url": JOBS, "id": "x"}),
    )
    with operating(org) as operator:
        assert operator.submit(sync(operator)) is None
    assert org.count("POST", INGEST) == 1


def test_a_connector_that_has_gone() -> None:
    """The platform's code is a number in a text (page 1.6)."""
    org = Org()
    org.at("POST", INGEST, Reply(404, [{"errorCode": "269", "message": "Can&#39;t find connector by ID 0It"}]))
    with operating(org) as operator, pytest.raises(ObjectNotFound, match="269: Can't find connector"):
        operator.submit(sync(operator))


@pytest.mark.parametrize(
    ("reply", "kind", "doubtful"),
    [
        (CUT, AnswerLost, True),
        (Reply(500, [{"errorCode": "UNKNOWN_EXCEPTION", "message": "?"}]), AnswerLost, True),
        (Reply(503, b"<html>maintenance</html>"), AnswerLost, True),
        (Reply(429, []), LimitReached, False),
        (Reply(400, [{"errorCode": "INVALID_INPUT", "message": "no"}]), Rejected, False),
        (FORBIDDEN, Forbidden, False),
        (NO_MORE, LimitReached, False),
        (Reply(200, b"<html>hello</html>"), BadAnswer, True),
        (Reply(200, [1]), BadAnswer, True),
    ],
)
def test_a_start_that_fails_is_sent_once(reply: Reply, kind: type[PlatformError], doubtful: bool) -> None:
    """Whether it may have happened is what the caller decides by; nothing is repeated here, and nothing waits."""
    org = Org()
    org.at("POST", JOBS, reply)
    with operating(org) as operator:
        ready = start(operator, dataflow="D1")
        with pytest.raises(kind) as caught:
            operator.submit(ready)
    assert caught.value.may_have_happened is doubtful
    assert org.count("POST", JOBS) == 1
    assert TOKEN not in str(caught.value)


def test_a_wait_that_is_asked_for_is_handed_on() -> None:
    """Waiting is the engine's."""
    org = Org()
    org.at("POST", JOBS, Reply(429, [], {"Retry-After": "31"}))
    with operating(org) as operator:
        ready = start(operator, dataflow="D1")
        with pytest.raises(LimitReached) as caught:
            operator.submit(ready)
    assert caught.value.retry_after == 31


# -- watching --------------------------------------------------------------------------------------------------------


def test_looking_at_a_job() -> None:
    """One call; the target is the order's."""
    org = Org()
    org.at("GET", f"{JOBS}/{JOB_ID}", Reply(body=job(1, "Running")))
    with operating(org) as operator:
        found = operator.look(start(operator, recipe="R1"), JOB_ID)
    assert (found.state, found.target, found.link) == (JobState.RUNNING, "recipe:R1", "")
    assert org.count("GET", f"{JOBS}/{JOB_ID}") == 1


def test_a_job_that_is_not_there_yet() -> None:
    """The caller decides whether it will be."""
    with operating(Org()) as operator:
        ready = start(operator, dataflow="D1")
        with pytest.raises(ObjectNotFound):
            operator.look(ready, JOB_ID)


@pytest.mark.parametrize("job_id", [JOB_ID, JOB_ID[:15]])
def test_ids_of_both_lengths(job_id: str) -> None:
    """15 and 18 characters name the same job (page 2.3), which calls itself by the long id."""
    org = Org()
    org.at("GET", f"{JOBS}/{job_id}", Reply(body=job(1, source={"id": D1, "name": ""})))
    with operating(org) as operator:
        assert operator.show(job_id).id == JOB_ID


@pytest.mark.parametrize("job_id", ["", "..", "nope", "../../limits", f"{JOB_ID}?x=1", f"{JOB_ID}/nodes"])
def test_an_id_becomes_no_other_path(job_id: str) -> None:
    """What is no id is no job, and nothing is asked."""
    org = Org()
    with operating(org) as operator:
        for call in (operator.show, operator.stop, operator.nodes):
            with pytest.raises(ObjectNotFound, match="no job"):
                call(job_id)
    assert org.seen == []


def test_names_that_are_known_name_the_target() -> None:
    """A job's source is an id; the name behind it is told once a list was read, and nothing is read for it."""
    org = Org()
    org.at("GET", f"{JOBS}/{JOB_ID}", Reply(body=job(1, jobType="recipe_v3", source={"id": RUN1[:15], "name": ""})))
    with operating(org) as operator:
        assert operator.show(JOB_ID).target == ""
        start(operator, recipe="R1")
        assert operator.show(JOB_ID).target == "recipe:R1"
    assert org.count("GET", f"{BASE}/wave/recipes") == 1


@pytest.mark.parametrize("first", ["recipe", "dataflow"])
def test_a_dataflow_that_runs_a_recipe_is_the_recipe(first: str) -> None:
    """It may be on the list of dataflows, too; whichever list was read first."""
    org = Org()
    org.dataflows({"id": RUN1, "name": "R1_flow"})
    org.at("GET", f"{JOBS}/{JOB_ID}", Reply(body=job(1, source={"id": RUN1, "name": "R1_flow"})))
    orders = [{"recipe": "R1"}, {"dataflow": "R1_flow"}]
    with operating(org) as operator:
        for settings in orders if first == "recipe" else reversed(orders):
            start(operator, **settings)
        assert operator.show(JOB_ID).target == "recipe:R1"


@pytest.mark.parametrize("body", [[], {}, {"status": "Running"}, b"<html>"])
def test_a_job_that_is_none(body: object) -> None:
    """Nothing is made up."""
    org = Org()
    org.at("GET", f"{JOBS}/{JOB_ID}", Reply(body=body))
    with operating(org) as operator, pytest.raises(BadAnswer, match="sales"):
        operator.show(JOB_ID)


@pytest.mark.parametrize(
    ("reply", "kind"), [(Reply(503, b""), Unavailable), (NO_MORE, LimitReached), (CUT, Unavailable)]
)
def test_a_look_that_fails_had_no_effect(reply: Reply, kind: type[PlatformError]) -> None:
    """It is made once, and may be made again by whoever waits."""
    org = Org()
    org.at("GET", f"{JOBS}/{JOB_ID}", reply)
    with operating(org) as operator, pytest.raises(kind) as caught:
        operator.show(JOB_ID)
    assert not caught.value.may_have_happened
    assert org.count("GET", f"{JOBS}/{JOB_ID}") == 1


def test_the_platforms_time() -> None:
    """From its last answer, to the second; unknown before the first."""
    org = Org()
    org.at("GET", f"{JOBS}/{JOB_ID}", Reply(body=job(), headers={"Date": DATE}))
    with operating(org) as operator:
        assert operator.server_time() is None
        operator.show(JOB_ID)
        assert operator.server_time() == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


# -- stopping --------------------------------------------------------------------------------------------------------


def test_stopping() -> None:
    """A PATCH that says so."""
    org = Org()
    org.at("PATCH", f"{JOBS}/{JOB_ID}", Reply(body=job(1, "Cancelled")))
    with operating(org) as operator:
        operator.stop(JOB_ID)
    assert [json.loads(seen.body) for seen in org.seen] == [{"command": "stop"}]


def test_stopping_what_has_ended_is_no_error() -> None:
    """Whatever the platform says to it: the job is looked at."""
    org = Org()
    org.at("PATCH", f"{JOBS}/{JOB_ID}", Reply(400, [{"errorCode": "INVALID_INPUT", "message": "not running"}]))
    org.at("GET", f"{JOBS}/{JOB_ID}", Reply(body=job(1, "Failure")), Reply(body=job(1, "Running")))
    with operating(org) as operator:
        operator.stop(JOB_ID)
        with pytest.raises(Rejected, match="not running"):
            operator.stop(JOB_ID)


def test_stopping_what_is_not_there() -> None:
    """That is an error."""
    with operating(Org()) as operator, pytest.raises(ObjectNotFound):
        operator.stop(JOB_ID)


# -- nodes, limits ---------------------------------------------------------------------------------------------------


def test_nodes() -> None:
    """In the platform's order, over pages if there are any."""
    nodes = f"{JOBS}/{JOB_ID}/nodes"
    first = {"id": "03L000000000001AAA", "name": "Load", "inputRows": {}, "outputRows": {}, "status": "success"}
    second = {"id": "03L000000000002AAA", "name": "Register", "status": "running", "outputRows": {"processedCount": 9}}
    org = Org()
    org.at(
        "GET", nodes, Reply(body={"nodes": [first], "nextPageUrl": f"{nodes}?page=x"}), Reply(body={"nodes": [second]})
    )
    org.at("GET", f"{nodes}/03L000000000002", Reply(body=second))
    with operating(org) as operator:
        assert [(n.name, n.rows_in, n.rows_out) for n in operator.nodes(JOB_ID)] == [
            ("Load", None, None),
            ("Register", None, 9),
        ]
        assert operator.node(JOB_ID, "03L000000000002").state is JobState.RUNNING
        with pytest.raises(ObjectNotFound, match="no node"):
            operator.node(JOB_ID, "..")


def test_a_request_that_never_ran_has_no_nodes() -> None:
    """The platform shows an empty collection for 030 (page 2.2)."""
    org = Org()
    org.at("GET", f"{JOBS}/030000000000001AAA/nodes", Reply(body={"nodes": []}))
    with operating(org) as operator:
        assert operator.nodes("030000000000001AAA") == ()


@pytest.mark.parametrize("body", [{}, {"nodes": {}}, {"nodes": [{"name": "x"}]}, {"nodes": [None]}])
def test_nodes_that_are_none(body: object) -> None:
    """An answer without a list is no empty list."""
    org = Org()
    org.at("GET", f"{JOBS}/{JOB_ID}/nodes", Reply(body=body))
    with operating(org) as operator, pytest.raises(BadAnswer):
        operator.nodes(JOB_ID)


ORG_LIMITS = Reply(body={"DailyAnalyticsDataflowJobExecutions": {"Max": 60, "Remaining": 48}})
WAVE_LIMITS = Reply(body={"limits": [{"type": "Runs", "licenseAttributes": {"type": "Sonic"}, "current": 1, "max": 2}]})
OF_ORG, OF_WAVE = Limit("runs in 24 h", 12, 60), Limit("Runs (Sonic)", 1, 2)


@pytest.mark.parametrize(
    ("org_answer", "wave_answer", "expected"),
    [
        (ORG_LIMITS, WAVE_LIMITS, (OF_ORG, OF_WAVE)),
        (FORBIDDEN, WAVE_LIMITS, (OF_WAVE,)),
        (ORG_LIMITS, NOT_FOUND, (OF_ORG,)),
        (FORBIDDEN, NOT_FOUND, ()),
        (Reply(body={}), Reply(body={"limits": []}), ()),
    ],
)
def test_limits_are_those_that_are_told(org_answer: Reply, wave_answer: Reply, expected: tuple[Limit, ...]) -> None:
    """What this user may not see, or this version does not have, is left out."""
    org = Org()
    org.at("GET", f"{BASE}/limits", org_answer)
    org.at("GET", f"{BASE}/wave/limits", wave_answer)
    with operating(org) as operator:
        assert operator.limits() == expected


def test_limits_that_fail() -> None:
    """No answer is not the same as none."""
    org = Org()
    org.at("GET", f"{BASE}/limits", NO_MORE)
    with operating(org) as operator, pytest.raises(LimitReached):
        operator.limits()


def test_nothing_refuses_a_job() -> None:
    """The platform queues; so there is no pool, and no call for one."""
    org = Org()
    with operating(org) as operator:
        assert (operator.in_pool("jobs"), operator.slots("jobs")) == ((), None)
    assert org.seen == []


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_no_error_shows_the_token() -> None:
    """Not even when the platform repeats it."""
    org = Org()
    org.at("POST", JOBS, Reply(400, [{"errorCode": "INVALID_INPUT", "message": f"bad {TOKEN}"}]))
    with operating(org) as operator:
        ready = start(operator, dataflow="D1")
        with pytest.raises(Rejected) as caught:
            operator.submit(ready)
        assert TOKEN not in repr(ready)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(caught.value.diagnostics)


def test_opening_makes_no_call() -> None:
    """The provider opens it; it may be closed twice."""
    settings = connection("http://127.0.0.1:9")
    operator = PROVIDER.operator("sales", settings, Surroundings(lambda notice: None, Redactor(), {}))
    assert operator.server_time() is None
    operator.close()
    operator.close()
