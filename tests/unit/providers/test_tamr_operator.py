"""Tamr jobs over real sockets: calls made once, errors that say what may have happened, nothing read by halves."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from http_server import CUT, Reply, script
from tamr_tenant import KEY, LOAD, UPDATE, Desk, Tenant, job, operating, operator_of, order, ready, refusal

from reconcile.core.errors import (
    AnswerLost,
    AuthFailed,
    BadAnswer,
    Forbidden,
    LimitReached,
    ObjectNotFound,
    PlatformError,
    Rejected,
    Unavailable,
)
from reconcile.core.operation import JobQuery, JobState, Limit
from reconcile.core.request import Request
from reconcile.providers.base import Operator
from reconcile.sandbox.server import Server as SandboxServer
from reconcile.sandbox.world import Sandbox

SINCE = datetime(2025, 12, 2, 14, 30, tzinfo=UTC)
PENDING = job("job_1", LOAD, "2025-12-02T14:40:00Z", state="PENDING")
ASKS: dict[str, Callable[[Operator], object]] = {
    "submit": lambda operator: operator.submit(ready_load(operator)),
    "look": lambda operator: operator.look(ready_load(operator), "job_1"),
    "show": lambda operator: operator.show("job_1"),
    "stop": lambda operator: operator.stop("job_1"),
    "on_target": lambda operator: operator.on_target(ready_load(operator), SINCE),
    "last_on_subject": lambda operator: operator.last_on_subject(ready_load(operator)),
    "in_pool": lambda operator: operator.in_pool("jobs"),
}
READS = [name for name in ASKS if name not in {"submit", "stop"}]
LISTS = ["on_target", "last_on_subject", "in_pool"]


def ready_load(operator: Operator) -> Any:
    return operator.prepare(order("load", source="src_a"))


def failing(desk: Desk, ask: str) -> PlatformError:
    """Ask, once, and return the error."""
    with pytest.raises(PlatformError) as caught:
        ASKS[ask](desk.operator)
    assert (len(desk.server.seen), desk.waits, desk.notices) == (1, [], [])
    return caught.value


@pytest.mark.parametrize(
    ("name", "settings", "configuration"),
    [
        ("load", {"source": "src_a"}, {"load": {"sourceId": "src_a"}}),
        ("update", {"data_product": "dp"}, {"update": {"dataProductId": "dp"}}),
        ("update", {"workflow": "flow"}, {"update": {"workflowId": "flow"}}),
        (
            "publish",
            {"destination": "Test 123", "data_product": "dp"},
            {"publish": {"destinationId": "Test 123", "dataProductId": "dp"}},
        ),
    ],
)
def test_a_job_is_started_with_one_call(name: str, settings: dict[str, str], configuration: dict[str, Any]) -> None:
    tenant = Tenant()
    with operating(tenant) as desk:
        prepared = ready(desk.operator, name, **settings)
        assert prepared.request == Request("POST", "/api/v1beta1/jobs", {"configuration": configuration}, False)
        assert tenant.posted == []
        started = desk.operator.submit(prepared)
    assert tenant.posted == [("/api/v1beta1/jobs", {"configuration": configuration})]
    assert desk.server.seen[0].headers["x-api-key"] == KEY
    assert "authorization" not in desk.server.seen[0].headers
    assert (started.id, started.state, started.platform_state) == ("job_0", JobState.PENDING, "PENDING")
    assert (started.operation, started.target) == (prepared.order.operation, prepared.order.target)
    assert started.created_at == "2025-12-02T14:40:00.100Z"


def test_an_answer_that_does_not_tell_the_work_is_about_what_was_asked() -> None:
    with operating(lambda seen: Reply(200, {"jobId": "j"})) as desk:
        started = desk.operator.submit(ready_load(desk.operator))
    assert (started.operation, started.target, started.state) == ("tamr.load", "source:src_a", JobState.UNKNOWN)


@pytest.mark.parametrize("body", [{}, {"jobId": ""}, [], {"configuration": LOAD}, b"", b"<html>login</html>", b"null"])
def test_a_start_without_a_job_id_may_have_happened(body: Any) -> None:
    with operating(lambda seen: Reply(200, body)) as desk:
        error = failing(desk, "submit")
    assert isinstance(error, BadAnswer)
    assert error.may_have_happened


@pytest.mark.parametrize(
    "body", [{}, {"jobId": "another"}, [], {"jobs": {}}, {"jobs": [{}]}, b"", b"<html>login</html>"]
)
@pytest.mark.parametrize("ask", READS)
def test_an_answer_that_makes_no_sense_is_an_error(ask: str, body: Any) -> None:
    if ask in LISTS and isinstance(body, dict) and "jobs" not in body:
        body = {"statusCode": 500, "message": "but the status was 200"}
    with operating(lambda seen: Reply(200, body)) as desk:
        error = failing(desk, ask)
    assert isinstance(error, BadAnswer)
    assert not error.may_have_happened
    assert "/api/v1beta1/jobs" in str(error)


@pytest.mark.parametrize(
    ("status", "kind", "maybe"),
    [
        (400, Rejected, False),
        (401, AuthFailed, False),
        (403, Forbidden, False),
        (404, ObjectNotFound, False),
        (409, Rejected, False),
        (429, LimitReached, False),
        (500, AnswerLost, True),
        (503, AnswerLost, True),
        (504, AnswerLost, True),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        {"statusCode": 499, "message": "what was wrong"},
        {"code": 8, "message": "what was wrong", "details": []},
        b"<!doctype html><html><h1>what was wrong</h1></html>",
    ],
)
def test_a_refused_start_says_whether_it_may_have_happened(
    status: int, kind: type[PlatformError], maybe: bool, body: Any
) -> None:
    with operating(script(Reply(status, body))) as desk:
        error = failing(desk, "submit")
    assert type(error) is kind
    assert (error.status, error.may_have_happened) == (status, maybe)
    assert f"{status}: what was wrong" in str(error)
    assert error.diagnostics[0].hint


@pytest.mark.parametrize("status", [403, 404, 409, 429, 500, 503])
@pytest.mark.parametrize("ask", READS)
def test_a_failed_read_is_an_error_and_never_nothing(ask: str, status: int) -> None:
    with operating(lambda seen: refusal(status, "no")) as desk:
        error = failing(desk, ask)
    assert (error.status, error.may_have_happened) == (status, False)


@pytest.mark.parametrize("ask", LISTS)
def test_a_list_that_is_refused_without_a_filter_too_is_an_error(ask: str) -> None:
    with operating(lambda seen: refusal(400, "no")) as desk, pytest.raises(Rejected):
        ASKS[ask](desk.operator)
    assert len(desk.server.seen) == 2


def test_a_cut_connection() -> None:
    with operating(script(CUT)) as desk:
        assert isinstance(failing(desk, "submit"), AnswerLost)
    with operating(script(CUT)) as desk:
        assert isinstance(failing(desk, "look"), Unavailable)


def test_the_wait_that_the_platform_asks_for_is_told_and_not_made() -> None:
    with operating(lambda seen: refusal(429, "Too Many Requests", Retry_After="17")) as desk:
        error = failing(desk, "submit")
    assert isinstance(error, LimitReached)
    assert (error.retry_after, error.may_have_happened) == (17.0, False)
    with operating(lambda seen: refusal(429, "Too Many Requests")) as desk:
        assert failing(desk, "submit").retry_after is None


@pytest.mark.parametrize("ask", list(ASKS))
def test_a_refused_key_is_in_no_text(ask: str) -> None:
    wrong = "apk_wrong_0123456789"
    with operating(lambda seen: refusal(401, f"the key {wrong} is not known"), key=wrong) as desk:
        error = failing(desk, ask)
        assert desk.server.seen[0].headers["x-api-key"] == wrong
        assert wrong not in repr(desk.operator)
    assert isinstance(error, AuthFailed)
    assert wrong not in str(error) + repr(error) + repr(error.diagnostics)
    assert "Admin Center > API Keys" in error.diagnostics[0].hint


def test_a_job_is_looked_at_by_id() -> None:
    tenant = Tenant([job("job_1", UPDATE, "2025-12-02T14:40:00Z", state="RUNNING")])
    with operating(tenant) as desk:
        seen = desk.operator.look(ready(desk.operator, "update", data_product="dp_xyz"), "job_1")
        assert (seen.id, seen.target, seen.state) == ("job_1", "data_product:dp_xyz", JobState.RUNNING)
        assert desk.operator.show("job_1") == seen
        with pytest.raises(ObjectNotFound):
            desk.operator.show("job_2")


@pytest.mark.parametrize("job_id", ["a/b", "a b", 'a"b', "../jobs", "a?b=c#d", "a%2Fb", "é", "x:stop", "{}", "*"])
def test_an_id_is_one_part_of_the_path(job_id: str) -> None:
    tenant = Tenant([job(job_id, LOAD, "2025-12-02T14:40:00Z")])
    with operating(tenant) as desk:
        assert desk.operator.show(job_id).id == job_id
        desk.operator.stop(job_id)
    assert tenant.posted == [(f"/api/v1beta1/jobs/{job_id}:stop", {})]


@pytest.mark.parametrize("job_id", ["", " ", ".", "..", "a\nb", "\x1b[31m", "\udcff"])
def test_what_cannot_be_an_id_is_not_asked_for(job_id: str) -> None:
    with operating(Tenant()) as desk:
        with pytest.raises(ObjectNotFound):
            desk.operator.show(job_id)
        with pytest.raises(ObjectNotFound):
            desk.operator.stop(job_id)
    assert desk.server.seen == []


def test_stopping_may_be_repeated() -> None:
    """The call is the same for a job that is over; a lost answer is told with its way out."""
    tenant = Tenant([job("job_1", LOAD, "2025-12-02T14:40:00Z")])
    with operating(tenant) as desk:
        desk.operator.stop("job_1")
        desk.operator.stop("job_1")
        with pytest.raises(ObjectNotFound):
            desk.operator.stop("job_2")
    assert tenant.posted[0] == ("/api/v1beta1/jobs/job_1:stop", {})
    with operating(lambda seen: refusal(503, "later")) as desk:
        assert "stop it again" in failing(desk, "stop").diagnostics[0].hint


def test_slots_and_limits() -> None:
    words = ["PENDING", "RUNNING", "STOPPING", "DONE", "RESTING"]
    jobs = [job(word, {"export": {}}, "2025-12-02T14:40:00Z", state=word) for word in words]
    with operating(Tenant(jobs), max_jobs=7) as desk:
        assert {each.id for each in desk.operator.in_pool("jobs")} == {"PENDING", "RUNNING", "STOPPING", "RESTING"}
        assert desk.operator.limits() == (Limit("jobs at once", 4, 7),)
        assert (desk.operator.slots("jobs"), desk.operator.slots("other")) == (7, None)
        assert desk.operator.in_pool("other") == ()
    with operating(Tenant()) as desk:
        assert (desk.operator.in_pool("jobs"), desk.operator.slots("jobs")) == ((), 5)


def test_there_are_no_parts() -> None:
    with operating(Tenant([PENDING])) as desk, pytest.raises(Rejected, match="Tamr shows no parts of a job"):
        desk.operator.nodes("job_1")
    assert desk.server.seen == []


def test_the_platforms_time() -> None:
    with operating(Tenant([PENDING])) as desk:
        assert desk.operator.server_time() is None
        desk.operator.show("job_1")
        assert desk.operator.server_time() == datetime(2025, 12, 2, 14, 40, 9, tzinfo=UTC)


def test_closing_twice() -> None:
    with operating(Tenant([PENDING])) as desk:
        desk.operator.show("job_1")
        desk.operator.close()
        desk.operator.close()
        with pytest.raises(Unavailable):
            desk.operator.show("job_1")


@pytest.mark.parametrize("no_error", ["absent", "null"])
@pytest.mark.parametrize("empty_ids", ["absent", "empty"])
@pytest.mark.parametrize(("outcome", "end"), [(None, JobState.SUCCEEDED), ("EXECUTION_FAILED", JobState.FAILED)])
def test_a_life_in_the_sandbox(no_error: str, empty_ids: str, outcome: str | None, end: JobState) -> None:
    sandbox = Sandbox()
    sandbox.set_switches({"tamr_no_error": no_error, "tamr_empty_ids": empty_ids, "tamr_running_seconds": 60})
    sandbox.clock.set(datetime(2026, 5, 1, 10, tzinfo=UTC))
    with SandboxServer(sandbox) as server, operator_of(server.url, "apk_sandbox") as (operator, *_):
        failure = {"reason": outcome, "message": "m"} if outcome else None
        httpx.put(f"{server.url}/_sandbox/tamr/outcomes", json={"dp_xyz": failure}).raise_for_status()
        work = ready(operator, "update", data_product="dp_xyz")
        started = operator.submit(work)
        assert (started.state, started.target, started.error) == (JobState.PENDING, "data_product:dp_xyz", None)
        sandbox.clock.advance(30)
        running = operator.look(work, started.id)
        assert (running.state, running.created_at, running.ended_at) == (JobState.RUNNING, started.created_at, None)
        assert [each.id for each in operator.in_pool("jobs")] == [started.id]
        sandbox.clock.advance(3600)
        (ended,) = operator.on_target(work, datetime(2026, 5, 1, 9, tzinfo=UTC))
        assert (ended.id, ended.state, ended.error.reason if ended.error else None) == (started.id, end, outcome)
        assert ended == operator.last_on_subject(work) == operator.show(started.id)
        assert operator.on_target(work, datetime(2026, 5, 1, 10, 30, tzinfo=UTC)) == ()
        assert operator.in_pool("jobs") == ()


def test_a_stop_in_the_sandbox() -> None:
    """Asynchronous for what runs; and no error when all is over."""
    sandbox = Sandbox()
    sandbox.set_switches({"tamr_running_seconds": 60, "tamr_stopping_seconds": 10})
    sandbox.clock.set(datetime(2026, 5, 1, 10, tzinfo=UTC))
    with SandboxServer(sandbox) as server, operator_of(server.url, "apk_sandbox") as (operator, *_):
        started = operator.submit(ready_load(operator))
        sandbox.clock.advance(30)
        operator.stop(started.id)
        stopping = operator.show(started.id)
        assert (stopping.state, stopping.platform_state) == (JobState.RUNNING, "STOPPING")
        sandbox.clock.advance(30)
        operator.stop(started.id)
        stopped = operator.show(started.id)
        assert (stopped.state, stopped.platform_state) == (JobState.STOPPED, "DONE")
        assert stopped.error
        assert stopped.error.reason == "STOPPED_BY_USER"


@pytest.mark.parametrize("filters", ["supported", "unknown_400", "ignored"])
def test_the_sandbox_is_asked_the_same_with_and_without_filters(filters: str) -> None:
    """The simulator's reading of the filter language is its own."""
    sandbox = Sandbox()
    sandbox.set_switches({"tamr_filter": filters, "tamr_running_seconds": 7200, "tamr_empty_ids": "empty"})
    sandbox.clock.set(datetime(2026, 5, 1, 10, tzinfo=UTC))
    with SandboxServer(sandbox) as server, operator_of(server.url, "apk_sandbox") as (operator, *_):
        orders = [
            ready(operator, "load", source="src_a"),
            ready(operator, "update", data_product="dp_xyz"),
            ready(operator, "update", workflow="flow_xyz"),
            ready(operator, "publish", destination="Test 123", data_product="dp_xyz"),
        ]
        started = []
        for each in orders:
            started.append(operator.submit(each).id)
            sandbox.clock.advance(60)
        since = datetime(2026, 5, 1, 9, tzinfo=UTC)
        assert [[job.id for job in operator.on_target(each, since)] for each in orders] == [[each] for each in started]
        last = [operator.last_on_subject(each) for each in orders]
        assert [job.id for job in last if job] == [started[0], started[3], started[2], started[3]]
        assert [job.id for job in operator.in_pool("jobs")] == started
        running = JobQuery(settings={"data_product": "dp_xyz"}, states=frozenset({JobState.RUNNING}), since=since)
        assert [job.id for job in operator.jobs(running)] == [started[3], started[1]]
        refused = [entry.status for entry in sandbox.log if entry.status != 200]
    assert refused == ([400] if filters == "unknown_400" else [])
