"""Tailer's operator against the simulator: launches, looks, lists and its own verbs, however a refusal looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from reconcile.core.errors import LimitReached, ObjectNotFound, PlatformError, Rejected, Unavailable
from reconcile.core.operation import Job, JobQuery, JobState, Order, Ready
from reconcile.core.redact import Redactor
from reconcile.providers.base import Surroundings
from reconcile.providers.tailer.kinds import Connection
from reconcile.providers.tailer.operations import LAUNCH, RESET, SETTABLE, SUCCESS_WARNING, Launch, Reset
from reconcile.providers.tailer.operator import TailerOperator, open_operator
from reconcile.sandbox import Sandbox, Server, environment

PREPARE = "000099_iowa_liquor_prepare_pda_DEV"
LOAD = "000099_Load_PDA_f_traffic_ma_DEV"
WORKFLOW = "000099-iowa-liquor-load-pda"
KO_STYLES = ("http_text", "http_json", "ok_status_message", "ok_status_code")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class World:
    """The simulator with a standing clock, and an operator on it."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=10)
        auth = {"method": "token", "token": environment(url)["TAILER_API_JWT"]}
        self.connection = Connection.model_validate(
            {"provider": "tailer", "account": "000099", "environment": "DEV", "base_url": url, "auth": auth}
        )
        self.operator = open_operator("dev", self.connection, Surroundings(lambda _: None, Redactor(), {}))
        self.at("2026-11-22T10:00:00Z")
        # Runs end when a test says so.
        self.admin("PATCH", "switches", {"tailer_run_seconds": 1_000_000_000})

    def close(self) -> None:
        self.operator.close()
        self._http.close()

    def admin(self, method: str, path: str, body: object = None) -> Any:
        response = self._http.request(method, f"/_sandbox/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def at(self, moment: str) -> None:
        self.admin("PUT", "clock", {"now": moment})

    def end(self, run_id: str, status: str = "SUCCESS") -> None:
        self.admin("PUT", f"tailer/runs/{run_id}", {"status": status})

    def order(self, id: str = PREPARE, type: str = "table-to-table", **more: str) -> Order:
        settings = Launch.model_validate({"type": type, "id": id, **more})
        return LAUNCH.order(settings, self.connection)

    def launch(self, id: str = PREPARE, moment: str | None = None) -> Job:
        if moment:
            self.at(moment)
        job = self.operator.submit(self.operator.prepare(self.order(id)))
        assert job is not None
        return job

    def run(self, moment: str, id: str = PREPARE, status: str = "SUCCESS") -> Job:
        """Launch at this moment, and let it end at once: the next one need not wait."""
        job = self.launch(id, moment)
        self.end(job.id, status)
        return job

    def sent(self) -> list[str]:
        """Return the path of every call to Tailer so far."""
        return [entry["path"] for entry in self.admin("GET", "log")["entries"]]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(Sandbox()) as running:
        yield running


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    server.sandbox.reset("example")
    made = World(server.url)
    yield made
    made.close()


def test_a_launch_is_a_job_that_can_be_looked_at(world: World) -> None:
    """From the answer to the end: one call each."""
    operator, ready = world.operator, world.operator.prepare(world.order())
    job = operator.submit(ready)
    assert job is not None
    assert (job.operation, job.target, job.state) == (LAUNCH.name, f"table-to-table:{PREPARE}", JobState.PENDING)
    assert job.created_at == "2026-11-22T10:00:00Z"
    world.end(job.id, "RUNNING")
    assert operator.look(ready, job.id).state is JobState.RUNNING
    world.at("2026-11-22T10:01:24Z")
    world.end(job.id)
    done = operator.look(ready, job.id)
    assert (done.state, done.ended_at) == (JobState.SUCCEEDED, "2026-11-22T10:01:24Z")
    assert (done.id, done.target, done.operation) == (job.id, job.target, job.operation)
    assert operator.server_time() is not None
    assert world.sent() == ["/v1/dag/launch", "/v1/dag/status", "/v1/dag/status"]


SETTINGS = (
    {"tailer_type_names": "internal"},
    {"tailer_type_names": "documented"},
    {"tailer_unknown_status": "MELTING"},
    {"tailer_lists": "neither"},
    {"tailer_lookup": "id_only"},
)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_what_nobody_knows_of_the_platform_changes_nothing(world: World, setting: dict[str, str]) -> None:
    """A run is found, is the order's and is not over, whichever way the platform has it."""
    world.admin("PATCH", "switches", setting)
    operator, ready = world.operator, world.operator.prepare(world.order())
    job = world.launch()
    seen = operator.look(ready, job.id)
    assert (seen.id, seen.target, seen.operation, seen.is_over) == (job.id, job.target, job.operation, False)
    assert operator.on_target(ready, LONG_AGO) == (seen,)
    assert list(operator.jobs(JobQuery(operation="tailer.launch"))) == [seen]
    assert operator.show(job.id) == seen


def test_a_run_that_is_not_shown_yet_is_not_found(world: World) -> None:
    """The engine looks again; here it is said plainly, in rows or in words."""
    world.admin("PATCH", "switches", {"tailer_run_lag_seconds": 5, "tailer_unknown_run": "empty"})
    job, ready = world.launch(), world.operator.prepare(world.order())
    with pytest.raises(ObjectNotFound):
        world.operator.look(ready, job.id)
    world.admin("PATCH", "switches", {"tailer_unknown_run": "ko"})
    with pytest.raises(ObjectNotFound):
        world.operator.look(ready, job.id)
    assert world.operator.on_target(ready, LONG_AGO) == ()
    world.at("2026-11-22T10:00:05Z")
    assert world.operator.look(ready, job.id).id == job.id


def test_preparing_sends_nothing_and_takes_the_id_as_written(world: World) -> None:
    """Also with an execution date, and for the internal name of the type."""
    ready = world.operator.prepare(world.order("x", "gbq-to-gbq", execution_date="2026-11-09"))
    assert ready.request.body == {
        "action": "launch_job",
        "account": "000099",
        "environment": "DEV",
        "configuration_type": "table-to-table",
        "configuration_id": "x",
        "execution_date": "2026-11-09",
    }
    assert not ready.request.repeatable
    assert world.sent() == []


def test_a_launch_of_what_is_switched_off_fails_with_the_reason(world: World) -> None:
    """Platform page 2.2: it is answered like any other, and ends without work."""
    world.admin("PUT", f"tailer/configurations/table-to-table/{PREPARE}", {"activated": False, "archived": False})
    job = world.launch()
    world.end(job.id, "DEACTIVATED")
    seen = world.operator.look(world.operator.prepare(world.order()), job.id)
    assert seen.state is JobState.FAILED
    assert seen.error is not None
    assert seen.error.reason == "DEACTIVATED"


@pytest.mark.parametrize("style", KO_STYLES)
def test_a_refused_launch_started_nothing(world: World, style: str) -> None:
    """Whatever the refusal looks like, it is one: nothing may have happened."""
    world.admin("PATCH", "switches", {"ko_style": style})
    with pytest.raises(PlatformError) as raised:
        world.launch("unknown_DEV")
    assert isinstance(raised.value, Rejected | ObjectNotFound)
    assert not raised.value.may_have_happened
    assert ("not found" in str(raised.value)) == (style != "ok_status_code")
    assert world.admin("GET", "state")["tailer"]["runs"] == []


@pytest.mark.parametrize("style", KO_STYLES)
def test_an_unknown_run(world: World, style: str) -> None:
    """It is not found where Tailer says so by a number, and refused where there are words only."""
    world.admin("PATCH", "switches", {"ko_style": style})
    ready = world.operator.prepare(world.order())
    expected = Rejected if style == "ok_status_message" else ObjectNotFound
    with pytest.raises(expected) as raised:
        world.operator.look(ready, "20261122-100000-0a795c70-2557-4a60-ba16-788aa2bea179")
    assert not raised.value.may_have_happened


@pytest.mark.parametrize("style", KO_STYLES)
def test_a_reset_is_over_with_its_answer(world: World, style: str) -> None:
    """And a refused one changed nothing."""
    world.admin("PATCH", "switches", {"ko_style": style})
    operator = world.operator
    ready = operator.prepare(RESET.order(Reset(workflow=WORKFLOW), world.connection))
    assert operator.submit(ready) == Job("", "tailer.reset", f"workflow:{WORKFLOW}", JobState.SUCCEEDED, "ok")
    assert operator.on_target(ready, LONG_AGO) == ()
    assert operator.last_on_subject(ready) is None
    with pytest.raises(Rejected):
        operator.look(ready, "")
    unknown = operator.prepare(RESET.order(Reset(workflow="unknown"), world.connection))
    with pytest.raises(PlatformError) as raised:
        operator.submit(unknown)
    assert not raised.value.may_have_happened
    assert world.sent() == ["/v1/workflow/status"] * 2


def test_the_jobs_of_a_target(world: World) -> None:
    """What is not over, and what was created since; oldest first, and of this data operation only."""
    states = ("SUCCESS", "RUNNING", "FAILED")
    old = [world.run(f"2026-11-22T10:0{minute}:00Z", status=status) for minute, status in enumerate(states)]
    world.launch(LOAD)
    new = world.run("2026-11-22T11:00:00Z")
    ready = world.operator.prepare(world.order())
    found = world.operator.on_target(ready, datetime(2026, 11, 22, 11, 0, 0, 900_000, tzinfo=UTC))
    assert [job.id for job in found] == [old[1].id, new.id]
    assert {job.target for job in found} == {ready.order.target}
    everything = world.operator.on_target(ready, LONG_AGO)
    assert [job.id for job in everything] == [*(job.id for job in old), new.id]
    last = world.operator.last_on_subject(ready)
    assert last is not None
    assert last.id == new.id


def test_a_data_operation_that_never_ran(world: World) -> None:
    """Nothing is nothing, without an error."""
    ready = world.operator.prepare(world.order(LOAD))
    assert world.operator.on_target(ready, LONG_AGO) == ()
    assert world.operator.last_on_subject(ready) is None


def test_more_runs_than_a_first_answer_holds(world: World) -> None:
    """It asks for more until the answer reaches back far enough, and not once more."""
    runs = [world.run(f"2026-11-22T{10 + n // 60}:{n % 60:02}:00Z") for n in range(103)]
    ready = world.operator.prepare(world.order())
    world.admin("DELETE", "log")
    assert len(world.operator.on_target(ready, LONG_AGO)) == 103
    assert len(world.sent()) == 2
    assert len(world.operator.on_target(ready, datetime(2026, 11, 22, 11, 0, tzinfo=UTC))) == 43
    assert len(world.sent()) == 3
    listed = world.operator.jobs(JobQuery(settings={"type": "table-to-table", "id": PREPARE}))
    assert [next(listed).id for _ in range(100)] == [run.id for run in runs[:2:-1]]
    assert len(world.sent()) == 4, "a further answer is asked for when it is wanted"
    assert [job.id for job in listed] == [run.id for run in runs[2::-1]]
    assert len(world.sent()) == 5


def test_lists_of_every_type_and_of_one(world: World) -> None:
    """Newest first across data operations; each narrowing leaves what it says."""
    first = world.run("2026-11-22T10:00:00Z", status="CHECKED")
    second = world.run("2026-11-22T11:00:00Z", LOAD, "FAILED")
    third = world.run("2026-11-22T12:00:00Z", status="RUNNING")

    def ids(query: JobQuery) -> list[str]:
        return [job.id for job in world.operator.jobs(query)]

    assert ids(JobQuery()) == ids(JobQuery(operation="tailer.launch")) == [third.id, second.id, first.id]
    assert ids(JobQuery(settings={"type": "storage-to-storage"})) == []
    assert ids(JobQuery(settings={"type": "gbq-to-gbq", "id": PREPARE})) == [third.id, first.id]
    assert ids(JobQuery(settings={"execution_date": "2026-11-22"})) == [third.id, second.id, first.id]
    assert ids(JobQuery(settings={"execution_date": "2026-11-21"})) == []
    assert ids(JobQuery(words=("failed",))) == [second.id]
    assert ids(JobQuery(words=("FAILED", "CHECKED"))) == [second.id, first.id]
    assert ids(JobQuery(states=frozenset({JobState.FAILED}))) == [second.id, first.id]
    assert ids(JobQuery(states=frozenset({JobState.RUNNING}))) == [third.id]
    noon, eleven = datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert ids(JobQuery(since=eleven, until=noon)) == [second.id]
    assert ids(JobQuery(since=noon)) == [third.id]


WRONG_QUESTIONS: dict[str, tuple[JobQuery, str]] = {
    "a filter language": (JobQuery(expression="status eq x"), "filter language"),
    "jobs of a reset": (JobQuery(operation="tailer.reset"), "tailer.reset"),
    "another platform's field": (JobQuery(settings={"source": "src_a"}), "source"),
    "an id alone": (JobQuery(settings={"id": PREPARE}), PREPARE),
}


@pytest.mark.parametrize("name", WRONG_QUESTIONS)
def test_what_cannot_be_asked_is_refused_before_any_call(world: World, name: str) -> None:
    """A list that silently ignores a condition would be a wrong list."""
    query, words = WRONG_QUESTIONS[name]
    with pytest.raises(Rejected) as raised:
        world.operator.jobs(query)
    assert words in raised.value.diagnostics[0].detail
    assert raised.value.diagnostics[0].hint
    assert world.sent() == []


def test_one_run_by_its_id_alone(world: World) -> None:
    """Looked for in all types; one that nobody knows is not found, with a way out."""
    job = world.launch()
    world.launch(LOAD)
    assert world.operator.show(job.id).target == f"table-to-table:{PREPARE}"
    assert len(world.sent()) == 3, "the types that can be launched come first"
    with pytest.raises(ObjectNotFound) as raised:
        world.operator.show("20261122-100000-0a795c70-2557-4a60-ba16-788aa2bea179")
    assert "type and id" in raised.value.diagnostics[0].hint


def test_what_tailer_has_no_call_for(world: World) -> None:
    """Each says a way out, and nothing is sent."""
    for call in (world.operator.stop, world.operator.nodes):
        with pytest.raises(Rejected) as raised:
            call("20261122-100000-x")
        assert raised.value.diagnostics[0].hint
        assert not raised.value.may_have_happened
    assert world.operator.in_pool("jobs") == ()
    assert world.operator.slots("jobs") is None
    assert world.operator.limits() == ()
    assert world.operator.server_time() is None
    assert world.sent() == []


# -- Tailer's own verbs ------------------------------------------------------------------------------------------------


def test_last_status_and_by_status(world: World) -> None:
    """With everything that they can be narrowed by."""
    states = ("FAILED", "NO_MATCH", "CHECKED", "NO_MATCH", "RUNNING")
    jobs = [world.run(f"2026-11-{21 + n}T10:00:00Z", status=status) for n, status in enumerate(states)]
    operator = world.operator

    def ids(found: tuple[Job, ...]) -> list[str]:
        return [job.id for job in found]

    newest_first = ids(tuple(reversed(jobs)))
    assert ids(operator.last_status("table-to-table", PREPARE)) == newest_first[:3], "as many as Tailer likes"
    assert ids(operator.last_status("gbq-to-gbq", PREPARE, limit=2)) == newest_first[:2]
    assert ids(operator.last_status("table-to-table", PREPARE, status="FAILED")) == [jobs[0].id]
    assert ids(operator.last_status("table-to-table", PREPARE, execution_date="2026-11-23")) == [jobs[2].id]
    assert operator.last_status("table-to-table", PREPARE, job_id="gbq-to-gbq|other") == ()
    assert ids(operator.by_status("table-to-table", limit=4)) == newest_first[:4]
    assert ids(operator.by_status("table-to-table", status="FAILED", execution_date="2026-11-21")) == [jobs[0].id]
    assert operator.by_status("table-to-table", status="FAILED", execution_date="2026-11-22") == ()
    assert len(world.sent()) == len(jobs) + 8, "one call each"


def test_check_takes_a_job_id_or_derives_it(world: World) -> None:
    """A job id that is not this run's is refused by Tailer."""
    job = world.launch()
    assert world.operator.check("gbq-to-gbq", PREPARE, job.id).id == job.id
    assert world.operator.check("table-to-table", PREPARE, job.id, f"gbq-to-gbq|{PREPARE}").id == job.id
    with pytest.raises(ObjectNotFound):
        world.operator.check("table-to-table", PREPARE, job.id, "gbq-to-gbq|other")


@pytest.mark.parametrize("status", SETTABLE)
def test_every_status_that_can_be_set(world: World, status: str) -> None:
    """What is set is seen."""
    job = world.launch()
    world.operator.set_status("table-to-table", PREPARE, job.id, status)
    assert world.operator.check("table-to-table", PREPARE, job.id).platform_state == status


def test_setting_success_starts_what_waits_for_it(world: World) -> None:
    """Platform page 2.3, inferred: that is what the warning is about. CHECKED starts nothing."""
    job = world.launch()
    for status, started in (("CHECKED", 0), ("SUCCESS", 1)):
        world.operator.set_status("table-to-table", PREPARE, job.id, status)
        assert len(world.operator.last_status("table-to-table", LOAD)) == started
    assert "SUCCESS may start" in SUCCESS_WARNING


def test_a_status_that_cannot_be_set_is_never_sent(world: World) -> None:
    """The engine's own words are not for people."""
    job = world.launch()
    for status in ("WAITING", "DEACTIVATED", "success", ""):
        with pytest.raises(Rejected) as raised:
            world.operator.set_status("table-to-table", PREPARE, job.id, status)
        assert "CHECKED" in raised.value.diagnostics[0].hint
    assert world.sent() == ["/v1/dag/launch"]


@pytest.mark.parametrize("style", KO_STYLES)
def test_a_status_of_an_unknown_run_is_a_failure(world: World, style: str) -> None:
    """However it is said."""
    world.admin("PATCH", "switches", {"ko_style": style})
    with pytest.raises(PlatformError) as raised:
        world.operator.set_status("table-to-table", PREPARE, "20261122-x", "CHECKED")
    assert isinstance(raised.value, Rejected | ObjectNotFound)


# -- faults ------------------------------------------------------------------------------------------------------------


def test_a_launch_whose_answer_is_lost_may_have_happened(world: World) -> None:
    """And it did: the target's jobs are the evidence. Nothing is sent twice."""
    ready = world.operator.prepare(world.order())
    world.admin("POST", "faults", {"kind": "cut", "path": "launch", "after_effect": True, "times": 1})
    with pytest.raises(PlatformError) as raised:
        world.operator.submit(ready)
    assert raised.value.may_have_happened
    assert len(world.operator.on_target(ready, datetime(2026, 11, 22, 10, tzinfo=UTC))) == 1
    assert world.sent() == ["/v1/dag/launch", "/v1/dag/status"]


READS: dict[str, Callable[[World, Ready], object]] = {
    "look": lambda world, ready: world.operator.look(ready, "x"),
    "on_target": lambda world, ready: world.operator.on_target(ready, LONG_AGO),
    "last_on_subject": lambda world, ready: world.operator.last_on_subject(ready),
    "jobs": lambda world, ready: list(world.operator.jobs(JobQuery())),
    "show": lambda world, ready: world.operator.show("x"),
}


@pytest.mark.parametrize("kind", ["cut", "partial", "status", "html", "empty", "garbage"])
@pytest.mark.parametrize("name", READS)
def test_a_read_that_fails_is_one_error_and_nothing_happened(world: World, name: str, kind: str) -> None:
    """Statuses are asked for by POST, but they change nothing: no doubt, and no list that looks empty."""
    ready = world.operator.prepare(world.order())
    world.admin("POST", "faults", {"kind": kind, "path": "dag/status"})
    with pytest.raises(PlatformError) as raised:
        READS[name](world, ready)
    assert not raised.value.may_have_happened
    assert len(world.sent()) == 1, "waiting and asking again are the engine's"


def test_too_many_requests_say_how_long_to_wait(world: World) -> None:
    """And are not waited for here."""
    ready = world.operator.prepare(world.order())
    fault = {"kind": "status", "status": 429, "headers": {"Retry-After": "30"}, "platform": "tailer"}
    world.admin("POST", "faults", fault)
    with pytest.raises(LimitReached) as raised:
        world.operator.submit(ready)
    assert (raised.value.retry_after, raised.value.may_have_happened) == (30, False)
    with pytest.raises(LimitReached):
        world.operator.on_target(ready, LONG_AGO)
    assert len(world.sent()) == 2


def test_a_list_fails_whole_where_one_type_fails(world: World) -> None:
    """The second type is down: no half of a list is given as all of it."""
    world.launch()
    world.admin("POST", "faults", {"kind": "status", "status": 503, "path": "dag/status", "skip": 1})
    with pytest.raises(Unavailable):
        list(world.operator.jobs(JobQuery()))


def test_a_closed_operator_sends_nothing(server: Server) -> None:
    """And closing twice is safe."""
    world = World(server.url)
    ready = world.operator.prepare(world.order())
    world.operator.close()
    world.operator.close()
    with pytest.raises(PlatformError) as raised:
        world.operator.submit(ready)
    assert not raised.value.may_have_happened
    world.close()


def test_it_is_what_the_provider_opens(world: World) -> None:
    """The provider's operator is this one."""
    from reconcile.providers.tailer.provider import PROVIDER

    opened = PROVIDER.operator("dev", world.connection, Surroundings(lambda _: None, Redactor(), {}))
    assert isinstance(opened, TailerOperator)
    opened.close()
