"""Runs as they are written down: in order, once, whole when they are over, and readable whatever happened meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateDamaged, StateError, StateMoved, StateTooNew
from reconcile.core.operation import JobError
from reconcile.core.run import (
    Author,
    Began,
    Closed,
    Dropped,
    Ended,
    Event,
    Intended,
    Reopened,
    Restarted,
    Resumed,
    Run,
    RunState,
    StepPlan,
    StopAsked,
    Submitted,
    Taken,
    run_of,
)
from reconcile.state.backend import Backend, KeyTaken
from reconcile.state.run_log import (
    FOLDER,
    NoSuchRun,
    RunLog,
    Unreadable,
    ask_to_stop,
    begin_log,
    from_bytes,
    is_stop_asked,
    open_log,
    read_runs,
    to_bytes,
)

AT = "2026-11-22T14:00:00Z"
ME = Author("me", "host", "reconcile run p", None, "https://ci.example/1")
PLAN = StepPlan(
    "a", "tamr.load", "tamr", "source:a", "source:a", {"source": "a", "n": 1}, (), 60, None, "wait", "fail", 2
)
INTENDED = Intended("a", AT, "POST", "/jobs", {"configuration": {"load": {"sourceId": "a"}}}, False, "res", ("j0",))
EVERY: tuple[Event, ...] = (
    INTENDED,
    Dropped("a", "429"),
    Taken("a"),
    Submitted("a", "j1", AT, "found"),
    Ended("a", RunState.FAILED, AT, "DONE", AT, None, JobError("PLANNING_FAILED", "no source", by_hand=True)),
    Restarted(("a",), "retry 1 of 2", afresh=True),
    Reopened("a"),
    StopAsked(AT, "somebody"),
    Resumed(AT, ME),
    Closed(RunState.STOPPED, AT),
)


def began(id: str = "r1", *steps: StepPlan) -> Began:
    return Began(
        id, "p", "prod", AT, ME, steps or (PLAN, StepPlan("b", "tamr.load", "tamr", "s:b", "s:b", needs=("a",))), "key"
    )


def key(number: int, id: str = "r1") -> str:
    return f"{FOLDER}/{id}/{number:08d}.json"


@pytest.fixture(params=["folder", "memory"])
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.getfixturevalue(request.param)
    return found


class Watched:
    """A backend that calls ``before`` ahead of every write and delete, and may fail there."""

    def __init__(self, inner: Backend, before: Callable[[str, str], None]) -> None:
        self._inner, self._before = inner, before
        self.environment, self.place, self.read, self.list = inner.environment, inner.place, inner.read, inner.list

    def create(self, key: str, data: bytes) -> None:
        self._before("create", key)
        self._inner.create(key, data)

    def put(self, key: str, data: bytes) -> None:
        self._before("put", key)
        self._inner.put(key, data)

    def delete(self, key: str) -> None:
        self._before("delete", key)
        self._inner.delete(key)


def away(what: str, key: str) -> None:
    raise StateError(Diagnostic("away", "The drive is away"))


# -- writing -----------------------------------------------------------------------------------------------------------


def test_every_event_comes_back_as_it_was() -> None:
    for event in (began(), *EVERY):
        assert from_bytes(to_bytes([event]), "here") == [event]


def test_what_was_appended_is_there_for_the_next_process_at_once(backend: Backend) -> None:
    log = begin_log(backend, began())
    so_far: list[Event] = [began()]
    for event in EVERY[:-1]:
        told = log.append(event)
        so_far.append(event)
        assert told == log.run == open_log(backend, "r1").run == run_of(so_far)


def test_events_keep_their_order_past_ten_and_a_hundred(backend: Backend) -> None:
    log = begin_log(backend, began())
    for number in range(120):
        log.append(Submitted("a", f"j{number}", AT))
    assert open_log(backend, "r1").run.steps["a"].jobs == tuple(f"j{number}" for number in range(120))


def test_an_event_that_cannot_be_is_not_written(memory: Backend) -> None:
    log = begin_log(memory, began())
    with pytest.raises(ValueError, match="no step"):
        log.append(Taken("z"))
    assert memory.list(FOLDER) == [key(0)]
    log.append(Taken("a"))


def test_what_cannot_be_written_has_not_happened(memory: Backend) -> None:
    begin_log(memory, began())
    log = open_log(Watched(memory, away), "r1")
    before = log.run
    with pytest.raises(StateError, match="away"):
        log.append(INTENDED)
    with pytest.raises(StateError, match="away"):
        log.close(Closed(RunState.FAILED, AT))
    assert log.run == before
    assert open_log(memory, "r1").run == before


def test_an_answer_that_was_lost_is_no_other_process(memory: Backend) -> None:
    """A store may have written and not said so; its client asks again and finds the key taken."""

    class Deaf(Watched):
        def create(self, key: str, data: bytes) -> None:
            super().create(key, data)
            raise KeyTaken(key)

    log = begin_log(Deaf(memory, lambda what, key: None), began())
    assert log.append(INTENDED) == open_log(memory, "r1").run


def test_many_threads_write_one_after_the_other(backend: Backend) -> None:
    log = begin_log(backend, began())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: log.append(Submitted("a", f"j{n}", AT)), range(24)))
    assert {*open_log(backend, "r1").run.steps["a"].jobs} == {f"j{n}" for n in range(24)}


# -- two processes -----------------------------------------------------------------------------------------------------


def test_of_two_processes_one_is_told_before_it_acts(backend: Backend) -> None:
    begin_log(backend, began())
    one, other = open_log(backend, "r1"), open_log(backend, "r1")
    one.append(Resumed(AT, ME))
    with pytest.raises(StateMoved) as caught:
        other.append(Resumed("2026-11-22T14:00:01Z", ME))
    assert caught.value.diagnostics[0].code == "run-moved"
    assert len(open_log(backend, "r1").run.resumed) == 1
    with pytest.raises(StateMoved):
        other.append(INTENDED)
    one.append(INTENDED)


def test_of_two_processes_that_would_write_the_same_one_is_told(backend: Backend) -> None:
    """Two runners that intend the same call within a second write the same words; only one may make the call."""
    begin_log(backend, began())
    one, other = open_log(backend, "r1"), open_log(backend, "r1")
    one.append(INTENDED)
    with pytest.raises(StateMoved):
        other.append(INTENDED)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("always_closes", [True, False])
def test_a_process_that_slept_through_the_end_of_its_run_is_told(
    backend: Backend, times: int, *, always_closes: bool
) -> None:
    """It was suspended; others resumed the run and closed it, which removes the numbers that it would write next."""
    sleeper = begin_log(backend, began())
    sleeper.append(INTENDED)
    for turn in range(times):
        other = open_log(backend, "r1")
        other.append(Resumed(AT, ME))
        other.append(Submitted("a", "j1", AT))
        if always_closes or turn == times - 1:
            other.close(Closed(RunState.SUCCEEDED, AT))
    with pytest.raises(StateMoved):
        sleeper.append(Submitted("a", "j2", AT))
    with pytest.raises(StateMoved):
        sleeper.close(Closed(RunState.FAILED, AT))
    run = open_log(backend, "r1").run
    assert run.state is RunState.SUCCEEDED
    assert "j2" not in run.steps["a"].jobs


def test_whoever_loses_while_the_other_closes_is_told(memory: Backend) -> None:
    """The key that was taken is gone again when it is looked at."""
    begin_log(memory, began())

    class Racing(Watched):
        def create(self, key: str, data: bytes) -> None:
            raise KeyTaken(key)

    with pytest.raises(StateMoved):
        open_log(Racing(memory, away), "r1").append(INTENDED)


# -- closing -----------------------------------------------------------------------------------------------------------


def test_a_closed_run_is_one_object_and_reads_the_same(backend: Backend) -> None:
    log = begin_log(backend, began())
    for event in EVERY[:5]:
        log.append(event)
    ask_to_stop(backend, "r1")
    run = log.close(Closed(RunState.FAILED, AT))
    assert run.is_over
    assert run == open_log(backend, "r1").run == run_of([began(), *EVERY[:5], Closed(RunState.FAILED, AT)])
    assert backend.list(FOLDER) == [key(6)]
    assert not is_stop_asked(backend, "r1")


@pytest.mark.parametrize("deletes", range(5))
def test_closing_may_be_cut_off_anywhere(backend: Backend, deletes: int) -> None:
    left = deletes

    def fail(what: str, key: str) -> None:
        nonlocal left
        if what == "delete":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

    begin_log(backend, began())
    log = open_log(Watched(backend, fail), "r1")
    for event in EVERY[:4]:
        log.append(event)
    with pytest.raises(KeyboardInterrupt):
        log.close(Closed(RunState.FAILED, AT))
    run = open_log(backend, "r1").run
    assert run == run_of([began(), *EVERY[:4], Closed(RunState.FAILED, AT)])
    assert list(read_runs(backend)) == [run]


def test_a_run_that_is_closed_is_a_success_even_if_its_remains_cannot_be_removed(memory: Backend) -> None:
    def fail(what: str, key: str) -> None:
        if what == "delete":
            away(what, key)

    begin_log(memory, began())
    log = open_log(Watched(memory, fail), "r1")
    log.append(INTENDED)
    assert log.close(Closed(RunState.FAILED, AT)).is_over
    assert open_log(memory, "r1").run.is_over


def test_a_closed_run_can_be_gone_on_with_and_closed_again(backend: Backend) -> None:
    log = begin_log(backend, began())
    log.append(INTENDED)
    log.close(Closed(RunState.FAILED, AT))
    again = open_log(backend, "r1")
    again.append(Resumed(AT, ME))
    again.append(Submitted("a", "j1", AT))
    assert open_log(backend, "r1").run == again.run
    again.close(Closed(RunState.SUCCEEDED, AT))
    run = open_log(backend, "r1").run
    assert run.state is RunState.SUCCEEDED
    assert run.steps["a"].job == "j1"
    assert run == next(iter(read_runs(backend)))


def test_a_run_may_be_read_while_it_is_being_closed(memory: Backend) -> None:
    """The reader has listed the keys; then they are replaced by the whole one by one."""
    log = begin_log(memory, began())
    for event in EVERY[:4]:
        log.append(event)

    class Late(Watched):
        def __init__(self, inner: Backend) -> None:
            super().__init__(inner, lambda what, key: None)
            self.list = self._list
            self._reads = 0
            self.read = self._read

        def _list(self, folder: str) -> list[str]:
            return memory.list(folder)

        def _read(self, key: str) -> bytes:
            self._reads += 1
            if self._reads == 2:
                log.close(Closed(RunState.FAILED, AT))
            return memory.read(key)

    assert open_log(Late(memory), "r1").run == log.run
    assert log.run.is_over


# -- reading what is not as it should be -------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["r2", "r", "", "../r1", "a b", "r1/00000000.json", ".", "x" * 500])
def test_a_run_that_is_not_there_is_unknown(backend: Backend, id: str) -> None:
    begin_log(backend, began())
    with pytest.raises(NoSuchRun) as caught:
        open_log(backend, id)
    assert caught.value.diagnostics[0].code == "unknown-run"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_event_in_the_middle_that_is_missing_is_damage(backend: Backend, number: int) -> None:
    log = begin_log(backend, began())
    for event in EVERY[:3]:
        log.append(event)
    backend.delete(key(number))
    with pytest.raises(StateDamaged, match=f"{number:08d}"):
        open_log(backend, "r1")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\xff",
        to_bytes([INTENDED])[:-20],
        b"[]",
        b'{"format": "reconcile.run/1"}',
        to_bytes([]),
        to_bytes([INTENDED]).replace(b"intended", b"imagined"),
        to_bytes([INTENDED]).replace(b'"step":"a"', b'"step":"z"'),
        to_bytes([Closed(RunState.FAILED, AT)]).replace(b"failed", b"tired"),
        json.dumps({"format": "reconcile.run/1", "writer": "", "events": [{**asdict(Taken("a")), "more": 1}]}).encode(),
    ],
)
def test_a_torn_or_foreign_event_is_damage_and_says_where(backend: Backend, data: bytes) -> None:
    begin_log(backend, began())
    backend.create(key(1), data)
    with pytest.raises(StateDamaged) as caught:
        open_log(backend, "r1")
    (diagnostic,) = caught.value.diagnostics
    assert backend.place(f"{FOLDER}/r1") in diagnostic.detail
    assert diagnostic.hint


def test_a_run_of_a_newer_version_is_not_touched(backend: Backend) -> None:
    begin_log(backend, began())
    backend.create(key(1), to_bytes([INTENDED]).replace(b"reconcile.run/1", b"reconcile.run/2"))
    with pytest.raises(StateTooNew):
        open_log(backend, "r1")


def test_one_that_cannot_be_read_does_not_hide_the_others(backend: Backend) -> None:
    for name in ("r1", "r2", "r3", "r4"):
        begin_log(backend, began(name))
    backend.create(key(1, "r2"), b"{")
    backend.create(key(1, "r3"), to_bytes([INTENDED]).replace(b"reconcile.run/1", b"reconcile.run/9"))
    found = list(read_runs(backend))
    assert [each.id for each in found] == ["r4", "r3", "r2", "r1"]
    assert [type(each) for each in found] == [Run, Unreadable, Unreadable, Run]
    codes = [each.diagnostics[0].code for each in found if isinstance(each, Unreadable)]
    assert codes == ["run-too-new", "run-damaged"]


def test_runs_are_read_when_they_are_asked_for(memory: Backend) -> None:
    for name in ("r1", "r2"):
        begin_log(memory, began(name))
    reads: list[str] = []

    class Counted(Watched):
        def __init__(self) -> None:
            super().__init__(memory, lambda what, key: None)
            self.read = self._read

        def _read(self, key: str) -> bytes:
            reads.append(key)
            return memory.read(key)

    found = read_runs(Counted())
    assert reads == []
    next(found)
    assert reads == [key(0, "r2")]
    assert [each.id for each in read_runs(memory, ["r1"])] == ["r1"]
    with pytest.raises(NoSuchRun):
        list(read_runs(memory, ["r1", "r9"]))


def test_there_are_no_runs_where_there_is_no_state(backend: Backend) -> None:
    assert list(read_runs(backend)) == []


# -- the rest ----------------------------------------------------------------------------------------------------------


def test_secrets_are_never_written(backend: Backend) -> None:
    plan = StepPlan("a", "tamr.load", "tamr", "t", "t", {"deep": {"er": ["hunter2", 5, None, True]}})
    author = Author("me", "host", "reconcile run p --key hunter2")
    log = begin_log(backend, Began("r1", "p", "prod", AT, author, (plan,)), lambda text: text.replace("hunter2", "***"))
    log.append(Intended("a", AT, "POST", "/x?key=hunter2", {"k": {"secret": "hunter2"}}, False, "hunter2"))
    log.append(Ended("a", RunState.FAILED, AT, error=JobError("x", "key hunter2 refused")))
    written = [backend.read(each) for each in backend.list(FOLDER)]
    log.close(Closed(RunState.FAILED, AT))
    written += [backend.read(each) for each in backend.list(FOLDER)]
    assert len(written) == 4
    assert not any(b"hunter2" in data for data in written)
    assert b"***" in written[0]
    assert open_log(backend, "r1").run.steps["a"].plan.settings == {"deep": {"er": ["***", 5, None, True]}}


def test_a_stop_is_asked_once_and_for_all_processes(backend: Backend) -> None:
    log = begin_log(backend, began())
    assert not log.stop_is_asked()
    ask_to_stop(backend, "r1")
    ask_to_stop(backend, "r1")
    assert log.stop_is_asked()
    assert is_stop_asked(backend, "r1")
    assert open_log(backend, "r1").run == log.run


def test_a_stop_is_not_for_those_who_go_on_after_it(backend: Backend) -> None:
    begin_log(backend, began())
    ask_to_stop(backend, "r1")
    log = open_log(backend, "r1")
    assert log.stop_is_asked()
    log.append(Resumed(AT, ME))
    assert not log.stop_is_asked()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(chosen=st.lists(st.sampled_from(EVERY), max_size=10), reopens=st.sets(st.integers(0, 9), max_size=3))
def test_whoever_opens_a_log_has_what_was_written(memory: Backend, chosen: list[Event], reopens: set[int]) -> None:
    for key in memory.list(FOLDER):
        memory.delete(key)
    log: RunLog = begin_log(memory, began())
    for number, event in enumerate(chosen):
        if number in reopens:
            log = open_log(memory, "r1")
        if isinstance(event, Closed):
            log.close(event)
        else:
            log.append(event)
    assert open_log(memory, "r1").run == log.run == run_of([began(), *chosen])
