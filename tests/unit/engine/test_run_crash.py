"""A run whose process is killed at every write and every start of a job, and gone on with: each job is started once."""

from __future__ import annotations

import gc
import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.mortal import Life, dying, mortal
from engine.simulated import Bed, states
from reconcile.core.run import Run, RunState
from reconcile.engine import by_hand
from reconcile.engine.by_hand import HandWork
from reconcile.engine.pipeline import Control
from reconcile.engine.runs import Watching
from reconcile.providers.tamr.operations import Load
from reconcile.sandbox import Server

RESOURCES = ("src_a", "src_b", "dp_xyz", "flow_stage", "flow_apply", "Test 123")
PIPELINE = """
a: {tamr.load: {source: src_a}}
b: {tamr.load: {source: src_b}}
stage: {tamr.update: {workflow: flow_stage}, needs: [a, b]}
apply: {tamr.update: {workflow: flow_apply}, needs: [stage], restart_from: stage}
publish: {tamr.publish: {destination: Test 123, data_product: dp_xyz}, needs: [a]}
"""
STAGE, APPLY = "update flow_stage", "update flow_apply"
ONCE = {"load src_a": 1, "load src_b": 1, APPLY: 1, "publish Test 123": 1}
# After the longest wait for evidence there is nothing left that a lagging list could still bring.
LATER = 45.0


@pytest.fixture(autouse=True)
def buried() -> Iterator[None]:
    """Collect what the dead left open, so that it troubles no other test."""
    yield
    gc.collect()


def bed_of(server: Server, root: Path) -> Bed:
    bed = Bed(server, root)
    bed.resources(*RESOURCES)
    bed.durations(pending=5.0, running=40.0)
    return bed


def live(bed: Bed, life: Life, text: str = PIPELINE) -> None:
    """Run the pipeline in a process of that life."""
    with dying(life):
        bed.run(text, place=mortal(bed.place(), life))


@cache
def steps_of_a_life(server: Server, root: Path) -> tuple[tuple[str, str], ...]:
    life = Life()
    live(bed_of(server, root), life)
    return tuple(life.steps)


def ended(bed: Bed, text: str = PIPELINE) -> Run:
    """Return the run after going on with it, unless it was over and only its remains were left to be removed."""
    return bed.runs()[0] if is_over(bed) else bed.run(text).run


def is_over(bed: Bed) -> bool:
    found = bed.runs()
    return bool(found) and found[0].is_over


def check(bed: Bed, run: Run, *, deaths: int = 1) -> None:
    """Each step has succeeded with one job; a stage is started once more for each time that it was cut off."""
    assert run.state is RunState.SUCCEEDED, (run, bed.said())
    jobs = bed.jobs()
    stages = jobs.pop(STAGE)
    assert jobs == ONCE, (jobs, states(run))
    assert 1 <= stages <= 1 + deaths
    # What the record names is what the platform has: no job of ours is unknown to us.
    assert sum(len(step.jobs) for step in run.steps.values()) == stages + sum(jobs.values())
    # The apply came after the last stage, with nothing of the pair in between.
    order = [f"{j.kind} {next(iter(j.ids.values()))}" for j in sorted(bed.sandbox.tamr.jobs, key=lambda j: j.number)]
    pair = [each for each in order if each in (STAGE, APPLY)]
    assert pair[-2:] == [STAGE, APPLY]
    assert [each for each in bed.runs() if not each.is_over] == []


def is_worth(step: tuple[str, str], *, before: bool) -> bool:
    """Leave out what would be tried twice: before a lock or a removal is as after the write before it."""
    return not (before and ("locks/" in step[1] or step[0] == "delete"))


def test_there_is_a_crash_to_be_had_at_every_write_and_every_start(server: Server, tmp_path: Path) -> None:
    steps = steps_of_a_life(server, tmp_path)
    kinds = Counter(what for what, _ in steps)
    assert kinds["post"] == 5
    assert sum(key.startswith("runs/") for what, key in steps if what == "create") == 1 + 3 * 5 + 1


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("part", range(4))
def test_killed_anywhere_and_gone_on_with_every_job_is_started_once(
    server: Server, tmp_path: Path, part: int, *, before: bool
) -> None:
    """The order of what runs side by side may vary; so may where number ``at`` falls. Every number is tried."""
    known = steps_of_a_life(server, tmp_path)
    for at in range(part, len(known), 4):
        if not is_worth(known[at], before=before):
            continue
        bed, life = bed_of(server, tmp_path), Life(at, before)
        live(bed, life)
        assert life.is_over
        if at % 2:
            bed.time.pass_by(LATER)
        check(bed, ended(bed))


@pytest.mark.parametrize("seed", range(6))
def test_killed_again_and_again_every_job_is_started_once(server: Server, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    bed, deaths = bed_of(server, tmp_path), 0
    while not is_over(bed):
        life = Life(chance.randrange(10), chance.random() < 0.5)
        live(bed, life)
        deaths += life.is_over
        bed.time.pass_by(chance.choice([0.0, 3.0, LATER]))
    assert deaths
    check(bed, bed.runs()[0], deaths=deaths)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_job_by_hand_that_was_cut_off_in_doubt_is_not_started_twice(
    server: Server, tmp_path: Path, *, before: bool
) -> None:
    work = HandWork("tamr", "tamr.load", Load(source="src_a"), when_busy="wait")
    bed = bed_of(server, tmp_path)

    def start(life: Life) -> by_hand.HandResult:
        with bed.time.clock() as clock:
            return by_hand.start(mortal(bed.place(), life), work, Watching(clock, Control()))

    whole = Life()
    start(whole)
    at = whole.steps.index(("post", "source:src_a"))
    bed = bed_of(server, tmp_path)
    life = Life(at, before)
    with dying(life):
        start(life)
    assert life.is_over
    result = start(Life())
    assert result.went_on
    assert result.run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load src_a": 1}


# -- at random ---------------------------------------------------------------------------------------------------------

FAULTS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"kind": st.sampled_from(["cut", "partial"]), "after_effect": st.booleans()}),
        st.fixed_dictionaries(
            {"kind": st.just("status"), "status": st.sampled_from([500, 502, 503, 504]), "after_effect": st.booleans()}
        ),
        st.fixed_dictionaries({"kind": st.just("status"), "status": st.just(429)}),
    ).flatmap(
        lambda fault: st.fixed_dictionaries(
            {
                **{name: st.just(value) for name, value in fault.items()},
                # A 429 has no effect, and reads have none either.
                "method": st.just("POST") if fault.get("after_effect") else st.sampled_from(["GET", "POST"]),
                "skip": st.integers(0, 12),
                "times": st.integers(1, 2),
            }
        )
    ),
    max_size=3,
)


@st.composite
def graphs(draw: Any) -> str:
    """Draw a pipeline: steps on targets of their own, each needing some of those before it."""
    lines = []
    for number in range(draw(st.integers(1, 5))):
        needs = draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else set()
        lines.append(f"s{number}: {{tamr.load: {{source: r{number}}}, needs: [{', '.join(f's{n}' for n in needs)}]}}")
    return "\n".join(lines)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    text=graphs(),
    faults=FAULTS,
    lag=st.sampled_from([0.0, 4.0]),
    deaths=st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=2),
)
def test_whatever_happens_every_step_has_one_job(
    server: Server, tmp_path: Path, text: str, faults: list[dict[str, Any]], lag: float, deaths: list[tuple[int, bool]]
) -> None:
    bed = Bed(server, tmp_path)
    bed.resources(*(f"r{number}" for number in range(5)))
    bed.durations(pending=2.0, running=20.0)
    bed.switch(tamr_get_lag_seconds=lag, tamr_list_lag_seconds=lag)
    for fault in faults:
        bed.fault(**fault)
    for at, before in deaths:
        if not is_over(bed):
            live(bed, Life(at, before), text)
    run = ended(bed, text)
    assert run.state is RunState.SUCCEEDED, (states(run), bed.said())
    assert bed.jobs() == {f"load r{number}": 1 for number in range(len(run.steps))}, bed.said()
