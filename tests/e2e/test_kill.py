"""kill -9 of the real program at every change to its state and every write to a platform; then plan and apply.

How many points there are is found by an apply that lives, and that does the same.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e import victim
from e2e.harness import FLOW, TABLE, Result, World, flags, recipe, reset
from reconcile.sandbox import Sandbox
from reconcile.sandbox.wire import Call, Reply

NAMES = ("Pipeline_Snapshot", "Month_Close", "Board_Pack", "Quarter_Forecast")
UPDATED, DELETED = NAMES[0], NAMES[1]

# What is to be done: as the sandbox's log has it -> the object.
WRITES = {
    "PUT": f"sales/schedule/recipe:{UPDATED}",
    "DELETE": f"sales/schedule/recipe:{DELETED}",
    "/v1/configuration/status": f"tailer/configuration/table-to-table:{TABLE}",
    "/v1/workflow/status": f"tailer/workflow_reset/{FLOW}",
}
PARTS = 3


@pytest.fixture
def world(world: World) -> World:
    """A workspace in which an update, a delete, two flags and a reset are to be made, one after the other."""
    world.workspace(crm="concurrency: 1", tailer="concurrency: 1")
    prepare(world)
    return world


def prepare(world: World) -> None:
    """Have everything recorded again as before, whatever was done, and the same changes to be made."""
    for path in sorted((world.root / ".reconcile").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    world.server.sandbox.reset("example")
    world.sales(*(recipe(name) for name in NAMES))
    world.tailer()
    world.apply()
    world.forget_log()
    world.sales(recipe(UPDATED, time="02:00"), *(recipe(name) for name in NAMES if name not in (UPDATED, DELETED)))
    world.tailer([flags(TABLE)], [reset("go")])


def start(world: World, at: int) -> tuple[subprocess.Popen[bytes], Path]:
    """Start an apply that dies right before its ``at``-th change to the state; 0: never."""
    log = world.home / "steps.txt"
    log.unlink(missing_ok=True)
    command = [sys.executable, victim.__file__, str(at), str(log), "apply", "--yes"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=world.home, env=world.env, **quiet), log  # type: ignore[call-overload]


@dataclass
class Left:
    """What a killed apply left: on the platforms (what had its effect), and in the state."""

    done: set[str]
    has_begun: bool
    settled: set[str]
    is_locked: bool


def effects(world: World) -> Counter[str]:
    """Return how often each write had its effect."""
    found = Counter[str]()
    for entry in world.log():
        if entry["effect"] and entry["method"] != "GET" and "oauth2" not in entry["path"]:
            found[WRITES[entry["method"] if "/wave/" in entry["path"] else entry["path"]]] += 1
    return found


def look(world: World) -> Left:
    state = world.root / ".reconcile" / "default"
    versions = [json.loads(path.read_bytes())["serial"] for path in sorted(state.glob("state/*.json"))]
    assert versions == list(range(1, len(versions) + 1))
    journals = list(state.glob("journal/*/begin.json"))
    outcomes: dict[str, str] = {}
    for path in sorted(state.glob("journal/*/*-settled.json")):
        outcomes |= json.loads(path.read_bytes())["outcomes"]
    return Left(
        done=set(effects(world)),
        has_begun=bool(journals) and len(versions) == 1,
        settled={address for address, outcome in outcomes.items() if outcome == "done"},
        is_locked=(state / "lock.json").exists(),
    )


def check(world: World) -> None:
    """Plan, which says what was in flight; apply, which ends with everything done, and nothing of it twice."""
    left = look(world)
    plan = world.run("plan")
    assert plan.code == 0, plan
    assert ("was cut off" in plan.err) == left.has_begun, plan
    if left.has_begun:
        told = re.sub(r"\s+", " ", plan.err)
        assert all(address in told for address in left.done - left.settled), plan
    assert world.run("state", "list").code == 0
    applied = world.run("apply", "--yes")
    assert applied.code == 0, applied
    assert ("taken over" in applied.err or "held it since" in applied.err) == left.is_locked, applied
    check_settled(world, world.run("plan", "--detailed-exitcode"))


def check_settled(world: World, plan: Result) -> None:
    assert plan.code == 0, plan
    assert "cut off" not in plan.err, plan
    assert world.live(UPDATED)["time"]["hour"] == 2
    assert world.flags(TABLE) == (False, False)
    updated, deleted, set_, reset_ = (effects(world)[address] for address in WRITES.values())
    assert (updated, deleted) == (1, 1)
    assert set_ in (1, 2)
    # Either it was done and everybody knows, or nobody knows and it is said: it is not done again by itself.
    assert reset_ == 1 or (reset_ == 0 and "Nobody knows whether this was done" in plan.err), plan
    state = world.root / ".reconcile" / "default"
    # A folder with nothing in it may stay: it is no journal.
    assert not list(state.glob("journal/*/*"))
    assert not (state / "lock.json").exists()


def steps(world: World) -> list[str]:
    """Return what an apply that lives does to its state."""
    hold_the_reset(world)
    process, log = start(world, 0)
    assert process.wait(60) == 0
    found = log.read_text().splitlines()
    world.clear_faults()
    check_settled(world, world.run("plan", "--detailed-exitcode"))
    return found


def hold_the_reset(world: World) -> None:
    """Have the last call answered late, so that outcomes are noted in the journal meanwhile."""
    world.fault("delay", path="/v1/workflow/status", seconds=0.4, times=1)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_before_every_change_to_the_state(world: World, part: int) -> None:
    """Bytes, names, removals, folders: whatever is the last thing that got through."""
    known = steps(world)
    kinds = Counter(step.split()[0] for step in known)
    assert kinds["rename"] >= 5, "the lock, the journal's beginning, a reset about to be sent, outcomes, the state"
    assert kinds["put"] == kinds["rename"]
    assert kinds["delete"] >= 4, "the parts of the journal, and the lock"
    for at in range(1 + part, len(known) + 1, PARTS):
        prepare(world)
        hold_the_reset(world)
        process, log = start(world, at)
        assert process.wait(60) == -signal.SIGKILL
        assert len(log.read_text().splitlines()) == at
        world.clear_faults()
        check(world)


class Killer:
    """Stands between the sockets and the simulators, and kills a process at one of its writes."""

    def __init__(self, sandbox: Sandbox, *, after: bool) -> None:
        self._handle, self._after = sandbox.handle, after
        self.left = 0
        self.pid: int | None = None
        self.count = 0

    def handle(self, platform: str, call: Call) -> Reply:
        """Answer a request, unless it is the one: then whoever sent it is dead before it is answered."""
        if call.method == "GET" or "oauth2" in call.path:
            return self._handle(platform, call)
        self.count += 1
        if self.count != self.left or self.pid is None:
            return self._handle(platform, call)
        reply = self._handle(platform, call) if self._after else Reply(503)
        os.kill(self.pid, signal.SIGKILL)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        return reply


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_write_to_a_platform(world: World, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """The call is on its way: it has its effect, or not, and nobody is there any more to hear the answer."""
    for at in range(1, len(WRITES) + 1):
        prepare(world)
        killer = Killer(world.server.sandbox, after=after)
        monkeypatch.setattr(world.server.sandbox, "handle", killer.handle)
        process, _ = start(world, 0)
        killer.left, killer.pid = at, process.pid
        assert process.wait(60) == -signal.SIGKILL
        monkeypatch.undo()
        assert killer.count >= at
        check(world)
