"""Killed at every write, once and twice: what is certain is true, no one-shot is sent twice, and it converges."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.core.address import Address
from reconcile.core.kind import Action
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded, Values
from reconcile.state.backend import Backend, open_backend
from reconcile.state.format import Applied, Origin
from reconcile.state.intent import Intent, Outcome
from reconcile.state.journal import Journal
from reconcile.state.store import Store
from reconcile.state.unfinished import discard, overlay, unfinished

AT = "2026-11-22T14:00:00Z"
WANTED: dict[Address, Values] = {
    Address("sales", "schedule", "recipe:A"): {"n": 1},
    Address("tailer_dev", "workflow_reset", "flow"): {"once": "x"},
    Address("sales", "schedule", "recipe:B"): {"n": 2},
    Address("tailer_dev", "workflow_reset", "other"): {"once": "y"},
}
CALLS = (Request("PUT", "/x", {}),)


class Crash(Exception):
    """The process is gone: nothing that comes after it has any effect."""


class Crashing:
    """A backend whose process is killed at its n-th write, just before the effect or just after it."""

    def __init__(self, inner: Backend, at: int, *, after: bool) -> None:
        self.inner, self.left, self.after = inner, at, after
        self.environment, self.place, self.read, self.list = inner.environment, inner.place, inner.read, inner.list

    def create(self, key: str, data: bytes) -> None:
        self.write(lambda: self.inner.create(key, data))

    def put(self, key: str, data: bytes) -> None:
        self.write(lambda: self.inner.put(key, data))

    def delete(self, key: str) -> None:
        self.write(lambda: self.inner.delete(key))

    def write(self, effect: Callable[[], None]) -> None:
        self.left -= 1
        if self.left > 0 or (self.left == 0 and self.after):
            effect()
        if self.left <= 0:
            raise Crash


class Platform:
    """What really happened."""

    def __init__(self) -> None:
        self.calls: list[Address] = []

    def call(self, address: Address) -> None:
        self.calls.append(address)

    def is_as_wanted(self, address: Address) -> bool:
        return address in self.calls


def is_one_shot(address: Address) -> bool:
    return address.kind == "workflow_reset"


def intents_for(recorded: dict[Address, Recorded]) -> list[Intent]:
    """Return what a planner would do: all that is in doubt once more, but for a one-shot that may have been done."""
    wanted = []
    for address, values in WANTED.items():
        known = recorded.get(address)
        if known and known.values == values and (known.certain or is_one_shot(address)):
            continue
        record = Recorded(address, values, AT)
        wanted.append(Intent(address, Action.UPDATE, {}, values, CALLS, record, one_shot=is_one_shot(address)))
    return wanted


def apply(backend: Backend, platform: Platform, id: str) -> None:
    """One apply, as the engine does it; every outcome is written on its own, so that every write can be the last."""
    store = Store(backend)
    state, left = store.latest(), unfinished(backend)
    recorded, _ = overlay(state.recorded, left)
    origin, intents = Origin(id, AT, "kim", "laptop", "reconcile apply"), intents_for(recorded)
    with Journal.begin(backend, origin, intents, state, gather_seconds=0) as journal:
        for intent in intents:
            if intent.one_shot:
                journal.sent(intent.address)
            platform.call(intent.address)
            journal.settled(intent.address, Outcome.DONE)
            journal.flush()
            recorded[intent.address] = Recorded(intent.address, intent.after, AT)
        store.write(state, recorded, Applied(origin, "done"), at=AT, took_in=[item.id for item in left])
        discard(backend, left)
        journal.close()


def check(backend: Backend, platform: Platform) -> None:
    """What anybody who looks now is told must be true."""
    recorded, _ = overlay(Store(backend).latest().recorded, unfinished(backend))
    for address in WANTED:
        known = recorded.get(address)
        if known and known.certain:
            assert platform.is_as_wanted(address), f"{address} counts as done, and was never sent"
        if platform.is_as_wanted(address):
            assert known, f"{address} was sent, and nobody knows of it"
    for address in WANTED:
        if is_one_shot(address):
            assert platform.calls.count(address) <= 1


def crashed(backend: Backend, platform: Platform, id: str, at: int, after: bool) -> bool:
    try:
        apply(Crashing(backend, at, after=after), platform, id)
    except Crash:
        return True
    return False


def converged(backend: Backend, platform: Platform) -> None:
    apply(backend, platform, "last")
    check(backend, platform)
    assert unfinished(backend) == []
    recorded = Store(backend).latest().recorded
    assert {a: r.values for a, r in recorded.items()} == WANTED
    assert all(r.certain or is_one_shot(a) for a, r in recorded.items())
    before = len(platform.calls)
    apply(backend, platform, "again")
    assert len(platform.calls) == before


def fresh(tmp_path: Path) -> Backend:
    return open_backend("memory://", tmp_path, "prod")


def writes(tmp_path: Path) -> int:
    """How many writes one apply makes."""
    return next(n for n in range(1, 100) if not crashed(fresh(tmp_path), Platform(), "a", n, after=False)) - 1


def test_the_writes_are_the_ones_we_know_of(tmp_path: Path) -> None:
    # begin, two one-shots sent, four outcomes, the state, and the seven objects of the journal removed
    assert writes(tmp_path) == 1 + 2 + 4 + 1 + 7


@pytest.mark.parametrize("after", [False, True])
def test_killed_once_at_every_write(tmp_path: Path, after: bool) -> None:
    for at in range(1, writes(tmp_path) + 1):
        backend, platform = fresh(tmp_path), Platform()
        assert crashed(backend, platform, "first", at, after)
        check(backend, platform)
        converged(backend, platform)


@pytest.mark.parametrize("after", [False, True])
def test_killed_twice_at_every_pair_of_writes(tmp_path: Path, after: bool) -> None:
    for first in range(1, writes(tmp_path) + 1):
        for second in range(1, 40):
            backend, platform = fresh(tmp_path), Platform()
            assert crashed(backend, platform, "first", first, after)
            went_on = not crashed(backend, platform, "second", second, after=not after)
            check(backend, platform)
            converged(backend, platform)
            if went_on:
                break


VICTIM = """
import os, signal, sys
from pathlib import Path

left = int(sys.argv[2])
real = os.fsync

def fsync(descriptor):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(descriptor)

os.fsync = fsync
sys.path.insert(0, sys.argv[3])
import test_state_crash as story

class Platform(story.Platform):
    def call(self, address):
        print(address, flush=True)

story.apply(story.open_backend(".reconcile", Path(sys.argv[1]), "prod"), Platform(), "first")
print("done", flush=True)
"""


def test_a_real_process_killed_while_it_writes(tmp_path: Path) -> None:
    # An apply syncs about thirty times: bytes before they have their name, folders after it.
    for at in random.sample(range(1, 30), 4):
        root = tmp_path / str(at)
        root.mkdir()
        command = [sys.executable, "-c", VICTIM, str(root), str(at), str(Path(__file__).parent)]
        victim = subprocess.run(command, capture_output=True, text=True, check=False)
        assert victim.returncode in (-signal.SIGKILL, 0), victim.stderr
        backend, platform = open_backend(".reconcile", root, "prod"), Platform()
        platform.calls = [Address.parse(line) for line in victim.stdout.splitlines() if line != "done"]
        check(backend, platform)
        converged(backend, platform)
