"""The operator against the simulator: what both understand of the platform page has to agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from crm_jobs import operating_at, start, sync

from reconcile.core.errors import AuthFailed, ObjectNotFound
from reconcile.core.operation import Job, JobState, Ready
from reconcile.core.request import Request
from reconcile.providers.crm_analytics.operator import CrmAnalyticsOperator
from reconcile.sandbox import Sandbox, Server

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(Sandbox()) as running:
        yield running


@pytest.fixture
def sandbox(server: Server) -> Sandbox:
    server.sandbox.reset("example")
    return server.sandbox


@pytest.fixture
def operator(server: Server, sandbox: Sandbox) -> Iterator[CrmAnalyticsOperator]:
    with operating_at(server.url, "sandbox-access-token") as operator:
        yield operator


@pytest.mark.parametrize("settings", [{"dataflow": "Opportunities"}, {"recipe": "Board_Pack"}])
def test_a_start_is_found_again(operator: CrmAnalyticsOperator, settings: dict[str, str]) -> None:
    """By its id, and on its target; a stop of it may be said twice."""
    ready = start(operator, **settings)
    job = operator.submit(ready)
    assert job is not None
    now = operator.server_time()
    assert now is not None
    assert operator.look(ready, job.id[:15]).id == job.id
    assert [each.id for each in operator.on_target(ready, now - timedelta(minutes=1))] == [job.id]
    last = operator.last_on_subject(ready)
    assert last is not None
    assert (last.id, last.target) == (job.id, ready.order.target)
    operator.stop(job.id)
    operator.stop(job.id)
    assert operator.show(job.id).state in (JobState.STOPPED, JobState.FAILED)


def test_a_start_without_an_id_is_found_on_its_target(sandbox: Sandbox, operator: CrmAnalyticsOperator) -> None:
    """The list of its dataflow has it, and that of another one does not."""
    sandbox.switches.update({"start_returns_id": False})
    ready, other = start(operator, recipe="Month_Close"), start(operator, recipe="Board_Pack")
    assert operator.submit(ready) is None
    now = operator.server_time()
    assert now is not None
    (job,) = operator.on_target(ready, now - timedelta(minutes=1))
    assert (job.operation, job.target, job.is_over) == ("crm_analytics.start", "recipe:Month_Close", False)
    assert operator.on_target(other, now - timedelta(minutes=1)) == ()


def test_a_sync_is_found_on_its_connector(operator: CrmAnalyticsOperator) -> None:
    """The answer to it names no job."""
    ready = sync(operator, "SFDC_LOCAL")
    assert operator.submit(ready) is None
    now = operator.server_time()
    assert now is not None
    (job,) = operator.on_target(ready, now - timedelta(minutes=1))
    assert (job.operation, job.target) == ("crm_analytics.sync", "data_sync:SFDC_LOCAL")


# -- syncs of several jobs, starts that name a request -----------------------------------------------------------------


def at(sandbox: Sandbox, seconds: float) -> None:
    """Set the simulated clock to so many seconds after noon."""
    sandbox.clock.set(NOON + timedelta(seconds=seconds))


def the_sync(operator: CrmAnalyticsOperator, ready: Ready) -> Job:
    """Return the only sync that was asked for since the last answer but one."""
    now = operator.server_time()
    assert now is not None
    (job,) = operator.on_target(ready, now - timedelta(seconds=2))
    return job


@pytest.mark.parametrize("source", ["connector", "empty"])
def test_a_sync_of_several_jobs_is_one(sandbox: Sandbox, operator: CrmAnalyticsOperator, source: str) -> None:
    """On its target, and when it is looked at until all are done."""
    at(sandbox, 0)
    switches = {"crm_sync_jobs": 5, "crm_queued_seconds": 10, "crm_running_seconds": 30, "sync_source": source}
    sandbox.switches.update(switches)
    ready = sync(operator, "SFDC_LOCAL")
    assert operator.submit(ready) is None
    job = the_sync(operator, ready)
    assert (job.state, job.facts["objects"]) == (JobState.PENDING, "0 of 5 done")
    seen = []
    for seconds in (10, 40, 70):
        at(sandbox, seconds)
        now = operator.look(ready, job.id)
        seen.append((now.id, now.state, now.facts["objects"]))
    assert seen == [
        (job.id, JobState.RUNNING, "0 of 5 done"),
        (job.id, JobState.RUNNING, "3 of 5 done"),
        (job.id, JobState.SUCCEEDED, "5 of 5 done"),
    ]


def test_a_sync_that_failed_and_its_next(sandbox: Sandbox, operator: CrmAnalyticsOperator) -> None:
    """One object fails the sync; the next sync, a few seconds later, is another one."""
    at(sandbox, 0)
    sandbox.switches.update({"crm_sync_jobs": 3, "crm_sync_failing": 1})
    ready = sync(operator, "SFDC_LOCAL")
    operator.submit(ready)
    first = the_sync(operator, ready)
    at(sandbox, 5)
    failed = operator.look(ready, first.id)
    assert failed.state is JobState.FAILED
    assert str(failed.error) == "Failure: Opportunity (SFDC_LOCAL): The object could not be read."
    sandbox.switches.update({"crm_sync_failing": 0})
    operator.submit(ready)
    second = the_sync(operator, ready)
    assert second.id != first.id
    at(sandbox, 10)
    assert operator.look(ready, second.id).state is JobState.SUCCEEDED
    assert operator.look(ready, first.id) == failed


def test_a_sync_is_stopped_as_a_whole(sandbox: Sandbox, operator: CrmAnalyticsOperator) -> None:
    """What runs and what is queued; another connection's sync goes on."""
    at(sandbox, 0)
    sandbox.switches.update({"crm_sync_jobs": 4, "crm_queued_seconds": 0, "crm_running_seconds": 60})
    ready, other = sync(operator, "SFDC_LOCAL"), sync(operator, "Warehouse")
    operator.submit(ready)
    operator.submit(other)
    ours, theirs = the_sync(operator, ready), the_sync(operator, other)
    operator.stop(ours.id)
    stopped = operator.look(ready, ours.id)
    assert (stopped.state, stopped.facts["objects"]) == (JobState.STOPPED, "4 of 4 done")
    assert operator.look(other, theirs.id).facts["objects"] == "0 of 4 done"


@pytest.mark.parametrize("queued_seconds", [0, 10])
@pytest.mark.parametrize("settings", [{"dataflow": "Opportunities"}, {"recipe": "Board_Pack"}])
def test_a_start_that_names_a_request_is_watched_to_its_end(
    server: Server,
    sandbox: Sandbox,
    operator: CrmAnalyticsOperator,
    settings: dict[str, str],
    queued_seconds: int,
) -> None:
    """Under the id of the request; by this process, and by one that knows nothing but the id."""
    at(sandbox, 0)
    switches = {"crm_start_id": "request", "crm_queued_seconds": queued_seconds, "crm_running_seconds": 30}
    sandbox.switches.update(switches)
    ready = start(operator, **settings)
    job = operator.submit(ready)
    assert job is not None
    assert (job.id[:3], job.state) == ("030", JobState.PENDING)
    for seconds, state in ((20, JobState.RUNNING), (60, JobState.SUCCEEDED)):
        at(sandbox, seconds)
        seen = operator.look(ready, job.id)
        assert (seen.id, seen.state) == (job.id, state)
    with operating_at(server.url, "sandbox-access-token") as later:
        resumed = later.look(Ready(ready.order, Request("POST", "/")), job.id)
    assert (resumed.id, resumed.state) == (job.id, JobState.SUCCEEDED)


def test_a_request_that_began_is_stopped(sandbox: Sandbox, operator: CrmAnalyticsOperator) -> None:
    """Though the platform does not know it by that id any more."""
    at(sandbox, 0)
    sandbox.switches.update({"crm_start_id": "request", "crm_queued_seconds": 10, "crm_running_seconds": 300})
    ready = start(operator, recipe="Board_Pack")
    job = operator.submit(ready)
    assert job is not None
    at(sandbox, 20)
    operator.stop(job.id)
    assert operator.look(ready, job.id).state is JobState.STOPPED


def test_names_of_the_simulated_org(operator: CrmAnalyticsOperator) -> None:
    """A label is answered with its name, a near miss with a near name."""
    with pytest.raises(ObjectNotFound) as label:
        start(operator, dataflow="After Sync")
    assert "After_Sync" in label.value.diagnostics[0].hint
    with pytest.raises(ObjectNotFound) as near:
        start(operator, recipe="Board_Pakc")
    assert "Board_Pack" in near.value.diagnostics[0].hint


def test_limits_of_the_simulated_org(operator: CrmAnalyticsOperator) -> None:
    """Runs of a day, and more."""
    first, *_ = operator.limits()
    assert (first.name, first.used, first.most) == ("runs in 24 h", 0, 60)


def test_a_refused_login(server: Server, sandbox: Sandbox) -> None:
    """An access token cannot be renewed; it is not shown either."""
    with operating_at(server.url, "another-access-token") as operator, pytest.raises(AuthFailed) as caught:
        start(operator, dataflow="Opportunities")
    assert "another-access-token" not in str(caught.value)
