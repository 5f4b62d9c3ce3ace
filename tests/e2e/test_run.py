"""Pipelines through the real program: once each, also when it is killed, interrupted, or run twice."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from unittest import mock

import pytest

from e2e.harness import ALL_THREE, FLOW, PREPARE, Result, World, ended, killed, until
from reconcile.engine.loom import Message
from reconcile.sandbox import Sandbox

EXAMPLE = Path(__file__).parents[2] / "desired_state"
REFRESH = """\
connection: tamr
pipelines:
  refresh:
    steps:
      source_a: {tamr.load: {source: src_a}}
      source_b: {tamr.load: {source: src_b}}
      product:  {tamr.update: {data_product: dp_xyz}, needs: [source_a, source_b]}
      output:   {tamr.publish: {destination: Test 123, data_product: dp_xyz}, needs: [product]}
"""
QUICK = ("--poll-interval", "0.05")
STARTED = ("source_a", "source_b", "product", "output")


class SimulatedClock:
    """Waits that move the sandbox's clock and take no time."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._began = sandbox.clock.now()
        sandbox.clock.set(self._began)

    def elapsed(self) -> float:
        return (self._sandbox.clock.now() - self._began).total_seconds()

    def utc(self) -> datetime:
        return self._sandbox.clock.now()

    def wait(self, inbox: SimpleQueue[Message], seconds: float | None, *, busy: bool) -> Message | None:
        if busy:
            return inbox.get(timeout=30)
        try:
            return inbox.get_nowait()
        except Empty:
            assert seconds is not None, "nothing will ever happen"
            with self._sandbox.lock:
                self._sandbox.clock.advance(seconds)
            return None


@contextmanager
def simulated(world: World) -> Iterator[SimulatedClock]:
    """Let the program, run in this process, live by the sandbox's clock."""
    clock = SimulatedClock(world.server.sandbox)
    with mock.patch("reconcile.cli.clock.clock", return_value=clock):
        yield clock


@pytest.fixture
def tamr(world: World) -> World:
    """A workspace with three connections and one pipeline; jobs take a moment."""
    world.write("reconcile.yaml", ALL_THREE)
    world.write("pipelines.yaml", REFRESH)
    world.switch(tamr_pending_seconds=0.02, tamr_running_seconds=0.1, tamr_stopping_seconds=0.05)
    return world


def starts(world: World) -> Counter[str]:
    """Return how many jobs took effect, by what they work on."""
    found: Counter[str] = Counter()
    for entry in world.log(method="POST", platform="tamr"):
        if entry["path"].endswith("/jobs") and entry["effect"]:
            configuration: Mapping[str, Mapping[str, str]] = entry["body"]["configuration"]
            ((kind, ids),) = configuration.items()
            found[f"{kind} {' '.join(sorted(ids.values()))}"] += 1
    return found


ONCE_EACH = Counter({"load src_a": 1, "load src_b": 1, "update dp_xyz": 1, "publish Test 123 dp_xyz": 1})


def steps_of(result: Result) -> dict[str, dict[str, Any]]:
    (run,) = result.json["runs"]
    return {step["name"]: step for step in run["steps"]}


def states(result: Result) -> dict[str, str]:
    return {name: step["state"] for name, step in steps_of(result).items()}


def only_run(world: World) -> dict[str, Any]:
    (run,) = world.run("runs", "--format", "json").json["runs"]
    found: dict[str, Any] = run
    return found


# -- the examples ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["refresh", "customers"])
def test_the_shipped_examples_run_to_their_end(world: World, name: str) -> None:
    """As they stand in the repository, against the sandbox, each job once."""
    for path in EXAMPLE.rglob("*.yaml"):
        world.write(str(path.relative_to(EXAMPLE)), path.read_text(encoding="utf-8"))
    with simulated(world) as clock:
        result = world.run("run", name, "--format", "json")
    assert result.code == 0, result
    assert set(states(result).values()) == {"succeeded"}
    assert max(starts(world).values()) == 1
    assert clock.elapsed() > 90, "each tier takes at least one look"


def test_a_run_starts_each_job_once_and_in_order(tamr: World) -> None:
    result = tamr.run("run", "refresh", *QUICK, "--format", "json")
    assert result.code == 0, result
    assert (result.json["format"], result.json["diagnostics"]) == ("reconcile.runs/1", [])
    assert starts(tamr) == ONCE_EACH
    order = [entry["body"]["configuration"] for entry in tamr.log(method="POST", platform="tamr")]
    assert [next(iter(each)) for each in order] == ["load", "load", "update", "publish"]
    listed = tamr.admin("GET", "state")["tamr"]["jobs"]
    assert {step["job"] for step in steps_of(result).values()} == {job["jobId"] for job in listed}
    again = only_run(tamr)
    assert {key: again[key] for key in ("id", "pipeline", "state")} == {
        "id": result.json["runs"][0]["id"],
        "pipeline": "refresh",
        "state": "succeeded",
    }


def test_text_names_every_step_and_its_job(tamr: World) -> None:
    result = tamr.run("run", "refresh", *QUICK)
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].endswith("of refresh: succeeded")
    assert [line.split()[:2] for line in lines if line.startswith("  succeeded")] == [["succeeded", n] for n in STARTED]
    assert "source_a: starting tamr.load" in result.err
    listing = tamr.run("runs")
    assert "succeeded" in listing.out
    assert "4 succeeded" in listing.out


# -- looking before ----------------------------------------------------------------------------------------------------


def test_plan_shows_order_calls_and_what_is_under_way_and_starts_nothing(tamr: World) -> None:
    tamr.admin("POST", "tamr/jobs", {"configuration": {"update": {"dataProductId": "dp_xyz"}}, "running": 100})
    result = tamr.run("run", "refresh", "--plan", "--format", "json")
    assert result.code == 0, result
    assert result.json["format"] == "reconcile.run-plan/1"
    found = {step["name"]: step for step in result.json["steps"]}
    assert [found[name]["tier"] for name in STARTED] == [1, 1, 2, 3]
    assert found["product"]["request"] == {
        "method": "POST",
        "path": "/api/v1beta1/jobs",
        "body": {"configuration": {"update": {"dataProductId": "dp_xyz"}}},
    }
    assert [len(found[name]["busy"]) for name in STARTED] == [0, 0, 1, 0]
    assert result.json["slots"] == {"tamr jobs at once": {"used": 1, "most": 5}}
    assert starts(tamr) == Counter()
    assert not (tamr.root / ".reconcile" / "default" / "runs").exists()


def test_plan_says_which_name_does_not_exist(tamr: World) -> None:
    steps = "connection: sales\npipelines:\n  x:\n    steps:\n      a: {crm_analytics.start: {recipe: Bord_Pack}}\n"
    tamr.write("pipelines.yaml", steps)
    result = tamr.run("run", "x", "--plan")
    assert result.code == 1
    assert "Board_Pack" in result.err
    assert "Bord_Pack" in result.out


def test_nothing_is_started_while_a_name_does_not_exist(tamr: World) -> None:
    """The last of five steps is misspelled: exit 1, and no job has been made for it."""
    wrong = "      board: {crm_analytics.start: {recipe: Bord_Pack}, connection: sales, needs: [output]}\n"
    tamr.write("pipelines.yaml", REFRESH + wrong)
    result = tamr.run("run", "refresh", *QUICK, "--format", "json")
    assert (result.code, result.codes) == (1, ["unknown-object"])
    assert "Board_Pack" in result.json["diagnostics"][0]["hint"]
    assert starts(tamr) == Counter()
    assert tamr.run("runs", "--format", "json").json["runs"] == []


def test_an_unknown_pipeline_is_told_with_near_names(tamr: World) -> None:
    result = tamr.run("run", "refrsh")
    assert result.code == 1
    assert 'did you mean "refresh"?' in result.err


# -- failure -----------------------------------------------------------------------------------------------------------


def test_a_failed_step_blocks_what_needs_it_and_other_branches_finish(tamr: World) -> None:
    tamr.admin("PUT", "tamr/outcomes", {"src_a": {"reason": "PLANNING_FAILED", "message": "no such table"}})
    more = REFRESH + "      index: {tamr.update: {workflow: flow_xyz}, needs: [source_b]}\n"
    tamr.write("pipelines.yaml", more)
    result = tamr.run("run", "refresh", *QUICK, "--format", "json")
    assert result.code == 6, result
    assert states(result) == {
        "source_a": "failed",
        "source_b": "succeeded",
        "product": "blocked",
        "output": "blocked",
        "index": "succeeded",
    }
    assert steps_of(result)["source_a"]["error"] == {"reason": "PLANNING_FAILED", "message": "no such table"}
    assert result.json["runs"][0]["state"] == "failed"


def test_resume_tries_again_what_failed_and_what_it_blocked(tamr: World) -> None:
    tamr.admin("PUT", "tamr/outcomes", {"src_a": [{"reason": "X_FAILED", "times": 1}]})
    first = tamr.run("run", "refresh", *QUICK, "--format", "json")
    assert first.code == 6, first
    result = tamr.run("resume", first.json["runs"][0]["id"][-6:], *QUICK, "--format", "json")
    assert result.code == 0, result
    assert starts(tamr) == ONCE_EACH + Counter({"load src_a": 1})
    assert len(result.json["runs"][0]["resumed_at"]) == 1


def test_an_unwatched_step_ends_with_7_and_the_job_goes_on(tamr: World) -> None:
    tamr.switch(tamr_running_seconds=3600)
    tamr.write("pipelines.yaml", REFRESH.replace("src_a}}", "src_a}, wait_timeout: 1m}"))
    with simulated(tamr):
        result = tamr.run("run", "refresh", "--format", "json")
        assert result.code == 7, result
        assert states(result)["source_a"] == "running"
        assert "resume" in result.err
        tamr.switch(tamr_running_seconds=10)
        again = tamr.run("resume", result.json["runs"][0]["id"], "--format", "json")
    assert again.code in (0, 7)
    assert starts(tamr)["load src_a"] == 1


def test_a_reset_without_a_clear_answer_is_unknown_and_a_person_decides(tamr: World) -> None:
    steps = f"connection: tailer\npipelines:\n  x:\n    steps:\n      forget: {{tailer.reset: {{workflow: {FLOW}}}}}\n"
    tamr.write("pipelines.yaml", steps)
    tamr.fault("cut", path="/v1/workflow/status", after_effect=True, times=1)
    with simulated(tamr):
        first = tamr.run("run", "x", "--format", "json")
        assert (first.code, states(first)) == (1, {"forget": "unknown"})
        run = first.json["runs"][0]["id"]
        again = tamr.run("resume", run, "--format", "json")
        assert (again.code, states(again)) == (1, {"forget": "unknown"})
        assert tamr.resets() == 1
        done = tamr.run("resume", run, "--done", "forget", "--format", "json")
    assert (done.code, states(done), tamr.resets()) == (0, {"forget": "succeeded"}, 1)


# -- once --------------------------------------------------------------------------------------------------------------


def test_under_one_key_a_run_is_made_once(tamr: World) -> None:
    first = tamr.run("run", "refresh", *QUICK, "--once", "2026-11-22", "--format", "json")
    second = tamr.run("run", "refresh", *QUICK, "--once", "2026-11-22", "--format", "json")
    assert (first.code, second.code) == (0, 0)
    assert first.json["runs"] == second.json["runs"]
    assert starts(tamr) == ONCE_EACH
    third = tamr.run("run", "refresh", *QUICK, "--once", "2026-11-23", "--format", "json")
    assert third.code == 0
    assert set(starts(tamr).values()) == {2}


# Where the process dies: what holds it there, and what shows that it has come so far.
JOBS = "/api/v1beta1/jobs"
POINTS: dict[str, tuple[dict[str, object], Callable[[World], object]]] = {
    "while looking at what is under way": (
        {"method": "GET", "path": f"{JOBS}?"},
        lambda w: [e for e in w.log(method="GET", platform="tamr") if "?" in e["path"]],
    ),
    "before the first job is made": ({"method": "POST"}, lambda w: w.log(method="POST", platform="tamr")),
    "after the first job was made": (
        {"method": "POST", "after_effect": True},
        lambda w: w.log(method="POST", platform="tamr"),
    ),
    "before the third job is made": (
        {"method": "POST", "skip": 2},
        lambda w: len(w.log(method="POST", platform="tamr")) > 2,
    ),
    "after the last job was made": (
        {"method": "POST", "skip": 3, "after_effect": True},
        lambda w: len(w.log(method="POST", platform="tamr")) > 3,
    ),
    "while a job is looked at": (
        {"method": "GET", "path": f"{JOBS}/"},
        lambda w: [e for e in w.log(method="GET", platform="tamr") if f"{JOBS}/" in e["path"]],
    ),
}


@pytest.mark.parametrize("verb", ["run", "resume"])
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_it_is_gone_on_with_and_every_job_is_made_once(tamr: World, point: str, verb: str) -> None:
    """kill -9, then the same command again, or ``resume``."""
    rule, has_come = POINTS[point]
    tamr.fault("hang", platform="tamr", **rule)
    process = tamr.start("run", "refresh", *QUICK)
    try:
        until(lambda: has_come(tamr))
    finally:
        killed(process)
    tamr.clear_faults()
    left = only_run(tamr)
    assert left["state"] == "running"
    with simulated(tamr):
        result = tamr.run(verb, left["id"] if verb == "resume" else "refresh", "--format", "json")
    assert result.code == 0, result
    assert result.json["runs"][0]["id"] == left["id"]
    assert set(states(result).values()) == {"succeeded"}
    assert starts(tamr) == ONCE_EACH


def test_two_runners_at_the_same_time_make_each_job_once(tamr: World) -> None:
    tamr.switch(tamr_running_seconds=0.6)
    runners = [tamr.start("run", "refresh", *QUICK) for _ in range(3)]
    codes = sorted(ended(runner).code for runner in runners)
    assert codes == [0, 3, 3]
    assert starts(tamr) == ONCE_EACH


# -- Ctrl-C ------------------------------------------------------------------------------------------------------------


@contextmanager
def going(world: World, *arguments: str) -> Iterator[Any]:
    """Yield a run as a process of its own whose first jobs are going on."""
    world.switch(tamr_running_seconds=30)
    process = world.start("run", "refresh", *QUICK, *arguments)
    try:
        until(lambda: len(starts(world)) == 2 and "RUNNING" in job_states(world))
        yield process
    finally:
        process.kill()
        process.communicate()


def job_states(world: World) -> list[str]:
    return [job["status"]["state"] for job in world.admin("GET", "state")["tamr"]["jobs"]]


def test_ctrl_c_once_leaves_the_jobs_alone_and_says_how_to_go_on(tamr: World) -> None:
    with going(tamr) as process:
        process.send_signal(signal.SIGINT)
        result = ended(process)
    run = only_run(tamr)
    assert (result.code, run["state"]) == (7, "running")
    assert f"reconcile resume {run['id']}" in result.err
    assert set(job_states(tamr)) <= {"PENDING", "RUNNING"}
    assert not [e for e in tamr.log(method="POST", platform="tamr") if e["path"].endswith(":stop")]


def test_ctrl_c_twice_stops_the_jobs(tamr: World) -> None:
    with going(tamr) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        result = ended(process)
    assert result.code == 130, result
    assert only_run(tamr)["state"] == "stopped"
    assert set(job_states(tamr)) == {"DONE"}
    assert len(starts(tamr)) == 2


def test_two_signals_at_once_are_one_press(tamr: World) -> None:
    """`timeout -s INT` signals the process and its group: nobody asked for the jobs to be stopped."""
    with going(tamr) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        result = ended(process)
    assert result.code == 7, result
    assert set(job_states(tamr)) <= {"PENDING", "RUNNING"}


def test_sigterm_leaves_at_once(tamr: World) -> None:
    with going(tamr) as process:
        process.send_signal(signal.SIGTERM)
        result = ended(process)
    assert result.code == 7, result
    assert set(job_states(tamr)) <= {"PENDING", "RUNNING"}


def test_stop_asks_the_process_that_runs_it(tamr: World) -> None:
    with going(tamr) as process:
        stopped = tamr.spawn("stop", only_run(tamr)["id"], *QUICK, "--format", "json")
        result = ended(process)
    assert (stopped.code, result.code) == (0, 6), f"{stopped}\n{result}"
    assert stopped.json["runs"][0]["state"] == "stopped"
    assert set(job_states(tamr)) == {"DONE"}


def test_stop_stops_a_run_that_nobody_watches(tamr: World) -> None:
    with going(tamr) as process:
        killed(process)
    with simulated(tamr):
        result = tamr.run("stop", only_run(tamr)["id"], "--format", "json")
    assert result.code == 0, result
    assert states(result)["source_a"] == "stopped"
    assert set(job_states(tamr)) == {"DONE"}
    assert len(starts(tamr)) == 2


# -- words -------------------------------------------------------------------------------------------------------------


def test_no_runs_is_said(tamr: World) -> None:
    assert tamr.run("runs").out == "There are no runs.\n"
    assert tamr.run("runs", "--format", "json").json["runs"] == []


@pytest.mark.parametrize("verb", ["resume", "stop", "runs"])
def test_an_unknown_run_is_told(tamr: World, verb: str) -> None:
    result = tamr.run(verb, "20261122-nothing", "--format", "json")
    assert (result.code, result.codes) == (1, ["unknown-run"])


def test_a_wrong_key_shows_no_secret_anywhere(tamr: World) -> None:
    """Login fails: the step has failed, the key is in no output and no file."""
    key = "apk_very-secret-key"
    result = tamr.run("run", "refresh", *QUICK, "-v", env={"TAMR_API_KEY": key})
    assert result.code == 6, result
    assert "auth-failed" in result.out
    kept = b"".join(path.read_bytes() for path in tamr.root.rglob("*") if path.is_file())
    assert key not in result.out + result.err
    assert key.encode() not in kept


def test_the_step_of_another_platform_uses_its_own_connection(tamr: World) -> None:
    steps = (
        "connection: tailer\npipelines:\n  x:\n    steps:\n"
        f"      traffic: {{tailer.launch: {{type: table-to-table, id: {PREPARE}}}}}\n"
        "      board: {crm_analytics.start: {recipe: Board_Pack}, connection: sales, needs: [traffic]}\n"
    )
    tamr.write("pipelines.yaml", steps)
    with simulated(tamr):
        result = tamr.run("run", "x", "--format", "json")
    assert result.code == 0, result
    assert [(s["connection"], s["target"]) for s in steps_of(result).values()] == [
        ("tailer", f"table-to-table:{PREPARE}"),
        ("sales", "recipe:Board_Pack"),
    ]
