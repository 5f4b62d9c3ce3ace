"""What is removed of the past, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError, StateMoved
from reconcile.core.retention import FEWEST, Retention
from reconcile.core.run import Author, Began, Closed, RunState, StepPlan
from reconcile.core.snapshot import Recorded
from reconcile.state.backend import Backend
from reconcile.state.format import Applied, Origin, State
from reconcile.state.journal import Journal
from reconcile.state.retention import MOST_AT_ONCE, remove_old_runs, remove_old_versions
from reconcile.state.run_log import ask_to_stop, begin_log, open_log, read_runs
from reconcile.state.store import Store

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
A = Address("sales", "schedule", "recipe:A")
ME = Author("me", "host", "reconcile run p")
PLAN = StepPlan("a", "tamr.load", "tamr", "source:a", "source:a")


@pytest.fixture(params=["folder", "memory"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Both places that need no server."""
    found: Backend = request.getfixturevalue(request.param)
    return found


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def versions(backend: Backend, count: int, age: Callable[[int], timedelta] = lambda _: timedelta()) -> State:
    """Write versions 1 to ``count``; ``age`` of each."""
    store, state = Store(backend), Store(backend).latest()
    for number in range(state.serial + 1, count + 1):
        at = text(NOW - age(number))
        applied = Applied(Origin(f"a{number}", at, "kim", "ci", "reconcile apply"), "done")
        state = store.write(state, {A: Recorded(A, {"n": number}, at)}, applied, at=at)
    return state


def kept(backend: Backend) -> list[int]:
    return Store(backend).serials()


def test_the_newest_so_many_are_kept(backend: Backend) -> None:
    versions(backend, 30)
    assert remove_old_versions(backend, 30, Retention(applies=20), NOW) == 10
    assert kept(backend) == list(range(11, 31))
    assert Store(backend).latest().recorded[A].values == {"n": 30}
    assert remove_old_versions(backend, 30, Retention(applies=20), NOW) == 0


def test_so_few_are_never_asked_for(backend: Backend) -> None:
    versions(backend, 30)
    remove_old_versions(backend, 30, Retention(applies=1, days=1), NOW + timedelta(days=999))
    assert kept(backend) == list(range(31 - FEWEST, 31))


def test_a_first_removal_takes_several_applies(memory: Backend) -> None:
    total = MOST_AT_ONCE + 40
    versions(memory, total)
    assert remove_old_versions(memory, total, Retention(applies=20), NOW) == MOST_AT_ONCE
    assert kept(memory)[0] == MOST_AT_ONCE + 1
    assert remove_old_versions(memory, total, Retention(applies=20), NOW) == 20


def test_a_version_is_as_old_as_the_one_that_took_its_place(backend: Backend) -> None:
    """The newest version of last year is what the first apply of this year started from: its undo needs it."""
    versions(backend, 30, lambda number: timedelta(days=400 if number <= 15 else 1))
    assert remove_old_versions(backend, 30, Retention(days=365), NOW) == 14
    assert kept(backend)[:2] == [15, 16]


def test_age_alone_reads_only_what_it_removes(backend: Backend) -> None:
    versions(backend, 30)
    reading = Counting(backend)
    assert remove_old_versions(reading, 30, Retention(days=365), NOW) == 0
    assert reading.reads == 1


def test_a_young_state_is_not_even_listed(memory: Backend) -> None:
    versions(memory, 12)
    counting = Counting(memory)
    assert remove_old_versions(counting, 12, Retention(), NOW) == 0
    assert counting.lists == 0


def test_while_an_apply_is_not_accounted_for_nothing_is_removed(backend: Backend) -> None:
    state = versions(backend, 30)
    Journal.begin(backend, Origin("late", text(NOW), "kim", "ci", "reconcile apply"), (), state).leave()
    assert remove_old_versions(backend, 30, Retention(applies=10), NOW) == 0
    assert len(kept(backend)) == 30


def test_whoever_is_not_the_newest_any_more_removes_nothing(backend: Backend) -> None:
    versions(backend, 30)
    assert remove_old_versions(backend, 29, Retention(applies=10), NOW) == 0


def test_a_slow_runner_that_comes_back_after_a_removal_cannot_record(backend: Backend) -> None:
    """It began on version 3; there is room for a version 4 again, and it must not take it."""
    base = versions(backend, 3)
    versions(backend, 40)
    assert remove_old_versions(backend, 40, Retention(applies=10), NOW) == 30
    with pytest.raises(StateMoved):
        Store(backend).write(base, {}, None, at=text(NOW))
    assert kept(backend)[0] == 31
    assert Store(backend).latest().serial == 40


def test_what_cannot_be_removed_is_an_error_and_leaves_the_state_whole(backend: Backend) -> None:
    versions(backend, 30)
    with pytest.raises(StateError):
        remove_old_versions(Stuck(backend), 30, Retention(applies=10), NOW)
    assert Store(backend).latest().serial == 30


# -- runs --------------------------------------------------------------------------------------------------------------


def run(backend: Backend, number: int, *, at: datetime, closed: bool = True, name: str = "") -> str:
    """Write a run that began at some time, and close it."""
    id_ = name or f"{at:%Y%m%d-%H%M%S}-p-{number:06}"
    log = begin_log(backend, Began(id_, "p", "prod", text(at), ME, (PLAN,)))
    if closed:
        log.close(Closed(RunState.STOPPED, text(at)))
    return id_


def runs(backend: Backend) -> list[str]:
    return sorted(found.id for found in read_runs(backend))


def test_the_newest_runs_are_kept(backend: Backend) -> None:
    then = NOW - timedelta(days=9)
    every = [run(backend, n, at=then + timedelta(hours=n)) for n in range(25)]
    ask_to_stop(backend, every[0])
    assert remove_old_runs(backend, Retention(runs=12), NOW) == 13
    assert runs(backend) == every[13:]
    assert not [key for key in backend.list("runs") if every[0] in key]


def test_a_run_that_may_go_on_is_kept_however_old(backend: Backend) -> None:
    then = NOW - timedelta(days=900)
    left = run(backend, 0, at=then, closed=False)
    resumed = run(backend, 1, at=then)
    open_log(backend, resumed)
    every = [run(backend, n + 2, at=then + timedelta(hours=n)) for n in range(20)]
    remove_old_runs(backend, Retention(runs=10, days=1), NOW)
    assert runs(backend) == sorted([left, *every[-10:]])


def test_a_run_of_today_is_kept_however_many_there_are(backend: Backend) -> None:
    """Its process may only be asleep."""
    every = [run(backend, n, at=NOW - timedelta(minutes=n)) for n in range(30)]
    assert remove_old_runs(backend, Retention(runs=10), NOW) == 0
    assert runs(backend) == sorted(every)


def test_runs_grow_old(backend: Backend) -> None:
    old = [run(backend, n, at=NOW - timedelta(days=50 - n)) for n in range(20)]
    named = run(backend, 0, at=NOW, name="zz-moved-here-by-hand")
    assert remove_old_runs(backend, Retention(days=45), NOW) == 5
    assert runs(backend) == sorted([*old[5:], named])


class Counting:
    """Counts what is read, and what is asked for at all."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.environment = backend.environment
        self.reads = self.lists = 0

    def place(self, key: str) -> str:
        return self._backend.place(key)

    def create(self, key: str, data: bytes) -> None:
        self._backend.create(key, data)

    def put(self, key: str, data: bytes) -> None:
        self._backend.put(key, data)

    def read(self, key: str) -> bytes:
        self.reads += 1
        return self._backend.read(key)

    def list(self, folder: str) -> list[str]:
        self.lists += 1
        return self._backend.list(folder)

    def delete(self, key: str) -> None:
        self._backend.delete(key)


class Stuck(Counting):
    """A place where nothing can be removed."""

    def delete(self, key: str) -> None:
        raise StateError(Diagnostic("state-forbidden", "No right to use the state", f"Cannot delete {key}."))
