"""Killed, interrupted, two at once: nothing is lost, nothing is done twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from functools import partial

import pytest

from e2e.harness import FLOW, PREPARE, TABLE, World, ended, flags, killed, recipe, reset, until

NAMES = ("Pipeline_Snapshot", "Month_Close", "Board_Pack", "Quarter_Forecast")


@pytest.fixture
def busy(world: World) -> World:
    """Four recipes, two flags and a reset to be applied, one call at a time."""
    world.workspace(crm="concurrency: 1", tailer="concurrency: 1")
    world.sales(*(recipe(name) for name in NAMES))
    world.tailer([flags(TABLE), flags(FLOW, activated=True, type_="workflow")], [reset("go")])
    return world


def writes(world: World, path: str = "") -> int:
    return sum(e["method"] in ("PUT", "POST") and path in e["path"] and "oauth2" not in e["path"] for e in world.log())


def _more_writes(world: World, than: int) -> bool:
    return writes(world, "/wave/asset") > than


def kill_when(world: World, condition: Callable[[], object]) -> None:
    process = world.start("apply", "--yes")
    try:
        until(condition)
    finally:
        killed(process)


# Where the process dies: a fault that holds it there, and what shows that it has come so far.
POINTS: dict[str, tuple[dict[str, object], Callable[[World], object]]] = {
    "while logging in": ({"path": "oauth2"}, lambda w: any("oauth2" in e["path"] for e in w.log())),
    "while reading": ({"path": "/wave/recipes"}, lambda w: any("/wave/recipes" in e["path"] for e in w.log())),
    "before the first PUT has its effect": ({"method": "PUT"}, lambda w: writes(w, "/wave/asset")),
    "after the first PUT had its effect": ({"method": "PUT", "after_effect": True}, lambda w: writes(w, "/wave/asset")),
    "between two PUTs": ({"method": "PUT", "skip": 2}, lambda w: writes(w, "/wave/asset") > 2),
    "while reading back": (
        {"method": "GET", "path": "/wave/recipes", "skip": 2},
        lambda w: sum("/wave/recipes" in e["path"] for e in w.log()) > 2,
    ),
    "before a flag is set": ({"path": "/v1/configuration"}, lambda w: writes(w, "/v1/configuration")),
    "after a flag was set": (
        {"path": "/v1/configuration", "after_effect": True},
        lambda w: writes(w, "/v1/configuration"),
    ),
}


@pytest.mark.parametrize("point", POINTS)
def test_killed_and_applied_again_converges(busy: World, point: str) -> None:
    """kill -9, then plan says what was in flight (when calls had begun), and apply ends with everything done."""
    rule, condition = POINTS[point]
    busy.fault("hang", times=1, **rule)
    kill_when(busy, lambda: condition(busy))
    had_begun = writes(busy) > 0
    plan = busy.run("plan")
    assert plan.code == 0, plan
    assert ("was cut off" in plan.err) == had_begun
    assert busy.run("drift").code in (0, 5)
    busy.apply()
    assert busy.resets() <= 1
    assert busy.flags(TABLE) == (False, False)
    assert [busy.live(name)["frequency"] for name in NAMES] == ["daily"] * 4
    assert "cut off" not in busy.run("plan").err
    assert not list((busy.root / ".reconcile").rglob("journal/*/*"))


@pytest.mark.parametrize("after_effect", [False, True])
def test_killed_while_a_reset_is_under_way(busy: World, after_effect: bool) -> None:
    """Nobody knows whether it was done, so it is said and never sent again by itself; a new note does it once."""
    busy.fault("hang", path="/v1/workflow/status", times=1, after_effect=after_effect)
    kill_when(busy, lambda: writes(busy, "/v1/workflow"))
    plan = busy.run("plan")
    assert plan.code == 0, plan
    assert "cut off" in plan.err
    assert f"tailer/workflow_reset/{FLOW}" in plan.err
    busy.run("apply", "--yes")
    busy.run("apply", "--yes")
    assert writes(busy, "/v1/workflow") == 1
    assert "Nobody knows whether this was done" in busy.run("plan").err
    busy.tailer([flags(TABLE), flags(FLOW, activated=True, type_="workflow")], [reset("once more, I looked")])
    busy.apply()
    assert writes(busy, "/v1/workflow") == 2


def test_killed_right_after_the_reset_was_confirmed(busy: World) -> None:
    """The platform said ok, and the process dies in the PUTs that follow: at most one reset, whatever is known."""
    busy.fault("hang", method="PUT", skip=3, times=1)
    kill_when(busy, lambda: writes(busy, "/wave/asset") > 3 and writes(busy, "/v1/workflow"))
    busy.run("apply", "--yes")
    assert busy.run("plan", "--detailed-exitcode").code == 0
    assert busy.resets() == 1


def test_killed_again_and_again(busy: World) -> None:
    """Three kills in a row, one call further each time, with ever the same journal growing, and then it converges."""
    for count in (1, 2, 3):
        busy.clear_faults()
        before = writes(busy, "/wave/asset")
        busy.fault("hang", method="PUT", skip=1)
        kill_when(busy, partial(_more_writes, busy, before + (count < 3)))
        assert busy.run("plan").code == 0
    busy.clear_faults()
    busy.run("apply", "--yes")
    assert busy.run("plan", "--detailed-exitcode").code == 0
    assert busy.resets() <= 1


def test_killed_during_a_delete(world: World) -> None:
    """The deleted schedule is neither forgotten half-way nor deleted twice for nothing."""
    world.sales(*(recipe(name) for name in NAMES))
    world.apply()
    world.sales(*(recipe(name) for name in NAMES[1:]))
    world.fault("hang", method="DELETE", times=1, after_effect=True)
    kill_when(world, lambda: any(e["method"] == "DELETE" for e in world.log()))
    plan = world.plan()
    assert plan["summary"]["delete"] == 0, plan
    world.apply()
    assert f"recipe:{NAMES[0]}" not in world.run("state", "list").out


def test_a_drifted_object_in_flight_is_no_drift(world: World) -> None:
    """What we may have written ourselves is no accusation: after a kill drift is not reported for it."""
    world.sales(recipe(NAMES[0]))
    world.apply()
    world.sales(recipe(NAMES[0], time="09:00"))
    world.fault("hang", method="PUT", times=1, after_effect=True)
    kill_when(world, lambda: sum(e["method"] == "PUT" for e in world.log()) > 1)
    drift = world.run("drift")
    assert drift.code == 0, drift
    assert "cut off" in drift.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_finishes_what_is_under_way(busy: World, number: signal.Signals) -> None:
    """130; the call under way is finished and recorded, the rest is not begun; the next apply does it."""
    busy.admin("POST", "crm/assets", {"type": "recipe", "count": 12, "prefix": "Many_"})
    busy.sales(*(recipe(f"Many_{n}") for n in range(1, 13)))
    busy.fault("delay", method="PUT", seconds=1.5, skip=1, times=1)
    process = busy.start("apply", "--yes", "--format", "json")
    until(lambda: writes(busy, "/wave/asset") > 1)
    process.send_signal(number)
    result = ended(process)
    assert result.code == 130, result
    assert writes(busy, "/wave/asset") == 2
    ends = [r["outcome"] for r in result.json["results"] if "/schedule/" in r["address"]]
    assert sorted(ends) == ["done"] * 2 + ["skipped"] * 10
    assert "cut off" not in busy.run("plan").err
    busy.apply()
    assert busy.resets() == 1


def test_interrupted_while_planning(busy: World) -> None:
    """Before anything is sent: 130, nothing changed, and no lock stays behind."""
    busy.fault("delay", method="GET", path="/wave/recipes", seconds=2, times=1)
    process = busy.start("apply", "--yes")
    until(lambda: any("/wave/recipes" in e["path"] for e in busy.log()))
    process.send_signal(signal.SIGINT)
    result = ended(process)
    assert result.code == 130, result
    assert busy.sent() == []
    assert not (busy.root / ".reconcile" / "default" / "lock.json").exists()
    busy.apply()


def test_interrupted_twice(busy: World) -> None:
    """The second Ctrl-C ends it at once with 130, and the next plan says what was in flight."""
    busy.fault("hang", method="PUT", times=1, seconds=300)
    process = busy.start("apply", "--yes")
    until(lambda: writes(busy, "/wave/asset"))
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    result = ended(process)  # fails after a minute; the call would hang for five
    assert result.code == 130, result
    assert "Traceback" not in result.err
    assert "cut off" in busy.run("plan").err


def test_interrupted_while_waiting_for_the_platform(world: World) -> None:
    """Ctrl-C ends a plan that waits for a Retry-After at once, also when another list is being read beside it."""
    world.workspace(longest_wait=600)
    world.sales(recipe("Board_Pack"), {"dataflow": "Opportunities", "frequency": "none"})
    world.fault("status", method="GET", path="/wave/recipes", status=503, headers={"Retry-After": "300"}, times=1)
    process = world.start("plan")
    until(lambda: any("/wave/recipes" in e["path"] for e in world.log()))
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert ended(process).code == 130  # fails after a minute; the wait would take five


def test_interrupted_still_prints_one_document(world: World) -> None:
    """On an error stdout is still one JSON document; an interrupt is one."""
    world.sales(recipe("Board_Pack"))
    world.fault("delay", method="GET", path="/wave/recipes", seconds=2, times=1)
    process = world.start("plan", "--format", "json")
    until(lambda: any("/wave/recipes" in e["path"] for e in world.log()))
    process.send_signal(signal.SIGINT)
    result = ended(process)
    assert result.code == 130
    assert result.json["format"]


def test_two_applies_at_once(busy: World) -> None:
    """One wins; the other is refused with exit 3, says who holds the lock, and sends no write."""
    busy.fault("delay", method="PUT", seconds=1.5, times=1)
    first = busy.start("apply", "--yes")
    until(lambda: writes(busy, "/wave/asset"))
    second = busy.run("apply", "--yes", "--format", "json")
    assert second.code == 3, second
    assert second.codes == ["lock-held"]
    plan = busy.run("plan")
    assert plan.code == 0, "a plan needs no lock"
    assert "cut off" not in plan.err
    result = ended(first)
    assert result.code == 0, result
    assert writes(busy, "/wave/asset") == len(NAMES)
    busy.settled()


def test_two_applies_that_start_together(busy: World) -> None:
    """Whoever wins, every write and the reset are made once."""
    busy.fault("delay", method="PUT", seconds=0.5, times=1)
    both = [busy.start("apply", "--yes") for _ in range(2)]
    results = [ended(process) for process in both]
    assert sorted(result.code for result in results) in ([0, 0], [0, 3]), results
    assert writes(busy, "/wave/asset") == len(NAMES)
    assert busy.resets() == 1
    busy.settled()


def test_the_lock_broken_under_a_running_apply(busy: World) -> None:
    """`state unlock` and another apply meanwhile: one cannot record and says so; nothing is done twice."""
    busy.fault("delay", method="PUT", seconds=3, skip=3, times=1)
    first = busy.start("apply", "--yes")
    until(lambda: writes(busy, "/wave/asset") > 3 and writes(busy, "/v1/workflow"))
    assert busy.run("state", "unlock", "--yes").code == 0
    second = busy.run("apply", "--yes")
    result = ended(first)
    assert second.code in (0, 3, 4), second
    assert result.code != 0 or second.code == 3, (result, second)
    assert "Traceback" not in result.err + second.err
    busy.run("apply", "--yes")
    busy.settled()
    assert busy.resets() == 1


def test_a_lock_left_by_a_dead_process_is_taken_over(busy: World) -> None:
    """After kill -9 the next apply says whose lock it took over, and works."""
    busy.fault("hang", method="PUT", times=1)
    kill_when(busy, lambda: writes(busy, "/wave/asset"))
    assert (busy.root / ".reconcile" / "default" / "lock.json").exists()
    result = busy.run("apply", "--yes")
    assert result.code == 0, result
    assert "taken over" in result.err or "held it since" in result.err
    assert PREPARE not in result.err
