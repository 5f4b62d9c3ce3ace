"""The lock: who holds it, when it may be taken over, and what it says."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from lock_bed import OURS, START, THEIRS, Clock, Dated, Undated

from reconcile.core.diagnostic import Severity
from reconcile.core.errors import LockHeld, StateDamaged, StateError, StateMoved, StateTooNew
from reconcile.state import lock as lock_module
from reconcile.state.backend import Backend, KeyTaken
from reconcile.state.lock import Lock, acquire, break_lock, read_holder, read_lock
from reconcile.state.store import Store
from reconcile.state.trouble import trouble


@pytest.fixture
def clock() -> Clock:
    """The clock of every machine, and of the place."""
    return Clock()


@pytest.fixture
def folder(folder: Backend, clock: Clock) -> Backend:
    return Dated(folder, clock)


@pytest.fixture
def memory(memory: Backend, clock: Clock) -> Backend:
    return Dated(memory, clock)


def test_a_lock_says_who_holds_it_since_when_and_until_when(folder: Backend, clock: Clock) -> None:
    lock = acquire(folder, OURS, clock, lease_seconds=900)
    found = read_lock(folder)
    assert found == lock.info
    assert found
    assert (found.owner, found.since, found.until) == (OURS, START, START + timedelta(minutes=15))
    assert lock.notes == ()


def test_a_held_lock_is_refused_with_all_there_is_to_know(folder: Backend, clock: Clock) -> None:
    acquire(folder, THEIRS, clock)
    before = folder.read("lock.json")
    clock.forward(minutes=14)
    with pytest.raises(LockHeld) as caught:
        acquire(folder, OURS, clock)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "lock-held"
    for word in ("ci", "runner-7", "reconcile apply --yes", "2026-11-22T14:00:00Z", "2026-11-22T14:15:00Z"):
        assert word in diagnostic.detail
    assert "wait" in diagnostic.hint
    assert "reconcile state unlock" in diagnostic.hint
    assert folder.read("lock.json") == before


def test_a_released_lock_is_free(folder: Backend, clock: Clock) -> None:
    lock = acquire(folder, THEIRS, clock)
    lock.release()
    lock.release()
    assert read_lock(folder) is None
    acquire(folder, OURS, clock)


def test_a_lock_whose_lease_is_over_is_taken_over_with_a_note(folder: Backend, clock: Clock) -> None:
    theirs = acquire(folder, THEIRS, clock)
    clock.forward(minutes=15)
    ours = acquire(folder, OURS, clock)
    (note,) = ours.notes
    assert (note.code, note.severity) == ("lock-taken-over", Severity.NOTE)
    assert "runner-7" in note.detail
    assert "lease ended at 2026-11-22T14:15:00Z" in note.detail
    # The one that lost it finds out, and does not take ours away with it.
    for call in (theirs.check, theirs.renew):
        with pytest.raises(LockHeld) as caught:
            call()
        assert caught.value.diagnostics[0].code == "lock-lost"
    theirs.release()
    ours.check()


def test_a_renewed_lock_is_held_longer(folder: Backend, clock: Clock) -> None:
    lock = acquire(folder, THEIRS, clock)
    clock.forward(minutes=10)
    lock.renew()
    clock.forward(minutes=10)
    with pytest.raises(LockHeld, match="until 2026-11-22T14:25:00Z"):
        acquire(folder, OURS, clock)


def test_times_of_any_zone_are_the_same_times(folder: Backend, clock: Clock) -> None:
    acquire(folder, THEIRS, clock)
    east = timezone(timedelta(hours=9))
    clock.forward(minutes=14)
    with pytest.raises(LockHeld):
        acquire(folder, OURS, lambda: clock().astimezone(east))
    clock.forward(minutes=2)
    acquire(folder, OURS, lambda: clock().astimezone(east))


HOLDER = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from reconcile.state.backend import open_backend
from reconcile.state.lock import Owner, acquire
backend = open_backend(".reconcile", Path(sys.argv[1]), "prod")
owner = Owner("a1", "ci", "here", os.getpid(), "reconcile apply")
acquire(backend, owner, lambda: datetime(2026, 11, 22, 14, tzinfo=UTC))
print("held", flush=True)
sys.stdin.readline()
"""


def test_the_lock_of_a_killed_process_blocks_nobody(folder: Backend, tmp_path: Path, clock: Clock) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld):
            acquire(folder, OURS, clock)
        assert read_holder(folder, START)
        holder.kill()
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        # Dead, and not yet taken notice of by its parent: a zombie.
        lock = acquire(folder, OURS, clock)
        assert f"process {holder.pid} does not run any more" in lock.notes[0].detail
    lock.check()


def test_of_many_threads_one_holds_it(memory: Backend, clock: Clock) -> None:
    held: list[Lock] = []
    barrier = threading.Barrier(8)

    def take() -> None:
        barrier.wait()
        with contextlib.suppress(LockHeld):
            held.append(acquire(memory, OURS, clock))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 1
    held[0].check()


def test_a_lock_written_by_a_request_whose_answer_was_lost_is_ours(memory: Backend, clock: Clock) -> None:
    backend = Undated(memory)

    def create(key: str, data: bytes) -> None:
        memory.create(key, data)
        raise KeyTaken(key)

    backend.create = create
    acquire(backend, OURS, clock).check()


def test_a_lock_that_comes_and_goes_is_refused_in_the_end(memory: Backend, clock: Clock) -> None:
    backend = Undated(memory)

    def create(key: str, data: bytes) -> None:
        raise KeyTaken(key)

    backend.create = create
    with pytest.raises(LockHeld, match="Others take and release"):
        acquire(backend, OURS, clock)


@pytest.mark.parametrize("data", [b"", b"{", b'{"format": "reconcile.lock/1"}', b"null"])
def test_a_damaged_lock_is_its_own_error_and_can_be_broken(folder: Backend, clock: Clock, data: bytes) -> None:
    folder.create("lock.json", data)
    for call in (lambda: acquire(folder, OURS, clock), lambda: read_lock(folder)):
        with pytest.raises(StateDamaged) as caught:
            call()
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "lock-damaged"
        assert folder.place("lock.json") in diagnostic.detail
        assert "reconcile state unlock" in diagnostic.hint
    assert read_holder(folder, START) is None
    assert break_lock(folder, OURS, clock) == ()
    acquire(folder, OURS, clock)


def test_a_lock_with_a_time_that_is_none_is_damaged(folder: Backend, clock: Clock) -> None:
    acquire(folder, OURS, clock)
    folder.put("lock.json", folder.read("lock.json").replace(b"2026-11-22T14:15:00Z", b"tomorrow"))
    with pytest.raises(StateDamaged):
        read_lock(folder)


def test_a_lock_of_a_newer_program_is_not_ours_to_judge(folder: Backend, clock: Clock) -> None:
    folder.create("lock.json", b'{"format": "reconcile.lock/2"}')
    with pytest.raises(StateTooNew) as caught:
        acquire(folder, OURS, clock)
    assert caught.value.diagnostics[0].code == "lock-too-new"


def test_a_lock_of_an_older_program_is_understood(folder: Backend, clock: Clock) -> None:
    acquire(folder, THEIRS, clock)
    document = json.loads(folder.read("lock.json"))
    for name in ("job", "lease", "what"):
        del document[name]
    folder.put("lock.json", json.dumps(document).encode())
    clock.forward(minutes=14)
    with pytest.raises(LockHeld):
        acquire(folder, OURS, clock)
    clock.forward(minutes=1)
    assert "2026-11-22T14:15:00Z" in acquire(folder, OURS, clock).notes[0].detail


def test_in_ci_a_lock_leads_to_the_job(folder: Backend, clock: Clock) -> None:
    job = "https://ci.example/acme/jobs/7"
    acquire(folder, replace(THEIRS, job=job), clock)
    with pytest.raises(LockHeld, match=r"`reconcile apply --yes`, https://ci\.example/acme/jobs/7\)"):
        acquire(folder, OURS, clock)


def test_a_lock_on_something_else_says_on_what(folder: Backend, clock: Clock) -> None:
    acquire(folder, THEIRS, clock, key="locks/pipeline-1.json", what="pipeline customers")
    with pytest.raises(LockHeld, match="has held the lock of pipeline customers since"):
        acquire(folder, OURS, clock, key="locks/pipeline-1.json", what="pipeline customers")
    acquire(folder, OURS, clock)


def test_breaking_a_lock_shuts_its_holder_out(folder: Backend, clock: Clock) -> None:
    lock, store = acquire(folder, THEIRS, clock), Store(folder)
    base = store.latest()
    assert break_lock(folder, OURS, clock) == ()
    assert break_lock(folder, OURS, clock) == ()
    assert read_lock(folder) is None
    with pytest.raises(LockHeld, match="nobody holds it"):
        lock.check()
    with pytest.raises(StateMoved):
        store.write(base, {}, None, at="2026-11-22T14:00:00Z")
    assert store.latest().serial == 1


def test_breaking_the_lock_of_a_dead_process_leaves_the_state_alone(folder: Backend, clock: Clock) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    acquire(folder, replace(THEIRS, pid=gone.pid), clock)
    assert break_lock(folder, OURS, clock) == ()
    assert folder.list("state") == []


def test_another_lock_than_the_one_that_was_shown_is_not_broken(folder: Backend, clock: Clock) -> None:
    shown = acquire(folder, THEIRS, clock)
    shown.release()
    now = acquire(folder, OURS, clock)
    with pytest.raises(LockHeld, match="now kim on laptop"):
        break_lock(folder, OURS, clock, expected=shown.info.token)
    now.check()


def test_a_lock_is_broken_even_where_the_state_cannot_be_read(folder: Backend, clock: Clock) -> None:
    acquire(folder, THEIRS, clock)
    folder.create("state/00000001.json", b"{")
    (warning,) = break_lock(folder, OURS, clock)
    assert (warning.code, warning.severity) == ("lock-still-recording", Severity.WARNING)
    assert folder.place("state/00000001.json") in warning.detail
    assert read_lock(folder) is None


def test_who_holds_it_at_this_moment(folder: Backend, clock: Clock) -> None:
    assert read_holder(folder, START) is None
    lock = acquire(folder, THEIRS, clock)
    assert read_holder(folder, START) == lock.info
    assert read_holder(folder, START + timedelta(minutes=16)) is None


def is_lost(lock: Lock) -> bool:
    return lock.lost


class Waits:
    """Lets the renewing thread go on step by step, without any time going by."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.asked = clock, list[float]()
        self.go, self.waits = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, stop: threading.Event, seconds: float) -> bool:
        self.asked.append(seconds)
        self.waits.release()
        self.go.acquire()
        self.clock.forward(seconds=seconds)
        return stop.is_set()

    def step(self) -> None:
        self.go.release()
        self.waits.acquire()

    def end(self) -> None:
        self.go.release(100)

    def step_to_the_end(self, lock: Lock) -> None:
        """Go on until the lock's thread has given up."""
        self.end()
        assert lock._thread
        lock._thread.join()


def test_a_lock_in_use_is_renewed_at_a_third_of_its_lease(folder: Backend, clock: Clock) -> None:
    waits = Waits(clock)
    with acquire(folder, OURS, clock, lease_seconds=900, wait=waits) as lock:
        waits.waits.acquire()
        for number in (1, 2, 3):
            waits.step()
            found = read_lock(folder)
            assert found
            assert found.until == START + timedelta(seconds=900 + number * 300)
        lock.check()
        waits.end()
    assert set(waits.asked) == {300.0}
    assert read_lock(folder) is None


def test_a_failed_renewal_is_tried_again_and_a_lost_lock_is_left_alone(memory: Backend, clock: Clock) -> None:
    waits, backend = Waits(clock), Undated(memory)

    def put(key: str, data: bytes) -> None:
        backend.put = memory.put
        raise trouble("write", key, OSError(5, "I/O"))

    backend.put = put
    lock = acquire(backend, OURS, clock, wait=waits)
    with lock:
        waits.waits.acquire()
        waits.step()
        assert lock.info.until == START + timedelta(seconds=900)
        waits.step()
        # Not a whole third of the lease later: a minute.
        assert lock.info.until == START + timedelta(seconds=300 + 60 + 900)
        break_lock(memory, THEIRS, clock)
        theirs = acquire(memory, THEIRS, clock)
        assert not is_lost(lock)
        waits.step_to_the_end(lock)
        assert is_lost(lock)
    theirs.check()


def test_renewals_that_fail_for_a_whole_lease_lose_the_lock(memory: Backend, clock: Clock) -> None:
    waits, backend, tries = Waits(clock), Undated(memory), list[datetime]()

    def put(key: str, data: bytes) -> None:
        tries.append(clock())
        raise trouble("write", key, OSError(5, "I/O"))

    backend.put = put
    lock = acquire(backend, OURS, clock, wait=waits)
    with lock:
        waits.step_to_the_end(lock)
        assert clock() == START + timedelta(minutes=15)
        assert lock.lost
        # Still nobody else's: what was done may be recorded.
        lock.check()
    # At 5 minutes and then each minute, as long as it is ours.
    assert tries == [START + timedelta(minutes=minutes) for minutes in range(5, 15)]
    assert read_lock(memory), "somebody may be taking it over at this moment"


def test_a_machine_that_slept_has_lost_its_lock(memory: Backend, clock: Clock) -> None:
    lock = acquire(memory, OURS, clock)
    assert not is_lost(lock)
    clock.forward(minutes=15)
    assert is_lost(lock)
    with pytest.raises(LockHeld, match="before its lease ended at 2026-11-22T14:15:00Z"):
        lock.renew()
    clock.forward(minutes=-10)
    assert lock.lost, "once lost, it stays so"


def test_a_renewal_that_was_held_up_is_not_believed(memory: Backend, clock: Clock) -> None:
    """It may have been written over somebody who had taken the lock over meanwhile; they put theirs back."""
    slow, taken = Undated(memory), list[Lock]()

    def put(key: str, data: bytes) -> None:
        clock.forward(minutes=20)
        taken.append(acquire(memory, OURS, clock))
        memory.put(key, data)

    theirs = acquire(slow, THEIRS, clock)
    slow.put = put
    with pytest.raises(LockHeld, match="could not be renewed"):
        theirs.renew()
    assert theirs.lost
    with pytest.raises(LockHeld):
        theirs.check()
    theirs.release()
    (ours,) = taken
    ours.check()
    found = read_lock(memory)
    assert found
    assert found.token == ours.info.token
    assert not ours.lost


def test_a_renewal_on_its_way_does_not_bring_a_released_lock_back(memory: Backend, clock: Clock) -> None:
    backend, in_put, deleted = Undated(memory), threading.Event(), threading.Event()

    def put(key: str, data: bytes) -> None:
        in_put.set()
        deleted.wait(0.2)  # as long as it takes to see that nobody deletes meanwhile
        memory.put(key, data)

    def delete(key: str) -> None:
        memory.delete(key)
        deleted.set()

    backend.put, backend.delete = put, delete
    with acquire(backend, OURS, clock, wait=lambda stop, seconds: stop.is_set()) as lock:
        in_put.wait()
    assert lock._thread
    lock._thread.join()
    assert read_lock(memory) is None


def test_a_lock_that_cannot_be_released_is_said_and_hides_nothing(memory: Backend, clock: Clock) -> None:
    backend = Undated(memory)

    def delete(key: str) -> None:
        raise trouble("delete", key, OSError(5, "I/O"))

    lock = acquire(backend, OURS, clock)
    backend.delete = delete
    with pytest.raises(RuntimeError, match="the real trouble"), lock:
        raise RuntimeError("the real trouble")
    assert [(d.code, d.severity) for d in lock.notes] == [("state-unavailable", Severity.WARNING)]
    with pytest.raises(StateError):
        lock.release()


def test_the_lease_is_long_enough_for_three_tries() -> None:
    assert lock_module.LEASE_SECONDS / 3 >= 60
