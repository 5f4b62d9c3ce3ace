"""Whole pipelines on the simulated platforms, in virtual time: what begins when, what is stopped, what is left."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from engine.mortal import Life, dying, mortal
from engine.simulated import Bed, states
from reconcile.core.errors import AuthFailed, ConfigError, Refused, StateMoved
from reconcile.core.run import RunState
from reconcile.engine.link import Link
from reconcile.engine.pipeline import Control, Result
from reconcile.engine.runs import Choice, Watching, go_on, holding, reopen, step_plans
from reconcile.sandbox import Server
from reconcile.state.run_log import ask_to_stop, open_log

A, B, C = "{tamr.load: {source: a}", "{tamr.load: {source: b}", "{tamr.load: {source: c}"
LAUNCH = "{tailer.launch: {type: table-to-table, id: 000099_iowa_liquor_prepare_pda_DEV}, connection: tailer"
CHAIN = f"""
a: {A}}}
b: {B}, needs: [a]}}
c: {C}, needs: [b]}}
"""
WIDE = f"""
a: {A}}}
b: {B}}}
c: {C}}}
"""
PAIR = """
stage: {tamr.update: {workflow: stage}}
apply: {tamr.update: {workflow: apply}, needs: [stage], restart_from: stage}
"""
LOAD_A = {"load": {"sourceId": "a"}}


@pytest.fixture
def bed(bed: Bed) -> Bed:
    bed.resources(*"abcdefgh", "stage", "apply", *(f"r{number}" for number in range(60)))
    return bed


def ends(result: Result) -> dict[str, str]:
    return {name: str(state) for name, state in states(result.run).items()}


def resumed(bed: Bed, choice: Choice = Choice({}), **more: Any) -> Result:  # noqa: B008 - a frozen value
    """Go on with the newest run, as ``reconcile resume`` does."""
    place = bed.place()
    with bed.time.clock() as clock, holding(place, "p"):
        opening = reopen(place, bed.runs()[0].id, clock, choice)
        return go_on(place, opening, Watching(clock, more.get("control") or Control(), 30.0))


def error_of(result: Result, step: str) -> str:
    error = result.run.steps[step].error
    return error.reason if error else ""


# -- order -------------------------------------------------------------------------------------------------------------


def test_steps_begin_when_what_they_need_has_succeeded(bed: Bed) -> None:
    result = bed.run(CHAIN)
    assert result.run.state is RunState.SUCCEEDED
    jobs = [result.run.steps[name] for name in "abc"]
    assert all(job.ended_at and job.started_at for job in jobs)
    assert all(str(first.ended_at) <= str(then.started_at) for first, then in pairwise(jobs))
    assert bed.most_at_once() == 1


def test_what_does_not_depend_runs_side_by_side(bed: Bed) -> None:
    bed.run(WIDE)
    assert bed.most_at_once() == 3
    assert bed.time.elapsed == 60.0


def test_a_failed_step_blocks_what_needs_it_and_nothing_else(bed: Bed) -> None:
    bed.script(a={"reason": "OUT_OF_DISK", "running": 10})
    result = bed.run(f"a: {A}}}\nb: {B}, needs: [a]}}\nc: {C}, needs: [b]}}\nd: {{tamr.load: {{source: d}}}}\n")
    assert ends(result) == {"a": "failed", "b": "blocked", "c": "blocked", "d": "succeeded"}
    assert result.run.state is RunState.FAILED
    assert result.run.is_over
    assert error_of(result, "a") == "OUT_OF_DISK"
    assert error_of(result, "b") == "blocked"
    assert bed.jobs() == {"load a": 1, "load d": 1}


def test_a_step_that_cannot_be_started_fails_alone(bed: Bed) -> None:
    result = bed.run(f"a: {{tamr.load: {{source: nobody_knows}}}}\nb: {B}}}")
    assert ends(result) == {"a": "failed", "b": "succeeded"}
    assert bed.posts()["load nobody_knows"] == 1


def test_steps_across_platforms(bed: Bed) -> None:
    result = bed.run(
        f"""
a: {A}}}
traffic: {LAUNCH}, needs: [a]}}
sync: {{crm_analytics.sync: {{data_sync: SFDC_LOCAL}}, connection: sales, needs: [a]}}
board: {{crm_analytics.start: {{recipe: Board_Pack}}, connection: sales, needs: [sync, traffic]}}
"""
    )
    assert result.run.state is RunState.SUCCEEDED, (ends(result), bed.said())
    assert all(step.job for step in result.run.steps.values())


def test_a_connection_that_cannot_be_opened_fails_its_steps_alone(bed: Bed) -> None:
    class Broken:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def operator(self, *_: Any) -> Any:
            raise AuthFailed("sales: no certificate")

    place = bed.place()
    links = dict(place.links)
    links["sales"] = Link("sales", Broken(links["sales"].provider), links["sales"].settings)
    place = bed.place(links=links)
    text = f"a: {A}}}\nsync: {{crm_analytics.sync: {{data_sync: SFDC_LOCAL}}, connection: sales}}"
    assert ends(bed.run(text, place=place)) == {"a": "succeeded", "sync": "failed"}


# -- polling and places ------------------------------------------------------------------------------------------------


def test_no_job_is_looked_at_more_than_once_an_interval(bed: Bed) -> None:
    bed.durations(running=600.0)
    bed.run(WIDE)
    assert len(bed.entries("GET", "/api/v1beta1/jobs/")) == 3 * 20


def test_never_more_than_the_places_there_are_with_jobs_of_others(bed: Bed) -> None:
    for number in range(3):
        bed.foreign({"load": {"sourceId": f"theirs{number}"}}, running=100.0 + 10 * number)
    text = "\n".join(f"s{number}: {{tamr.load: {{source: r{number}}}}}" for number in range(12))
    result = bed.run(text)
    assert result.run.state is RunState.SUCCEEDED
    assert bed.most_at_once() == 5
    assert bed.posts() == {f"load r{number}": 1 for number in range(12)}  # no start was refused, so none was repeated
    assert bed.time.elapsed <= 240.0


def test_jobs_that_nobody_can_see_are_met_with_patience(bed: Bed) -> None:
    """The old scheduler's jobs hold places and are not listed: starts are refused until they are over."""
    for number in range(4):
        bed.foreign({"load": {"sourceId": f"theirs{number}"}}, hidden=True, running=500.0)
    result = bed.run(WIDE)
    assert result.run.state is RunState.SUCCEEDED
    assert bed.jobs()["load a"] == bed.jobs()["load b"] == bed.jobs()["load c"] == 1
    assert bed.most_at_once() <= 5


def test_on_limit_fail_fails_where_there_is_no_place(bed: Bed) -> None:
    for number in range(5):
        bed.foreign({"load": {"sourceId": f"theirs{number}"}}, running=500.0)
    result = bed.run(f"a: {A}, on_limit: fail}}\nb: {B}}}")
    assert ends(result) == {"a": "failed", "b": "succeeded"}
    assert error_of(result, "a") == "no-slot"


def test_two_steps_on_one_target_run_one_after_the_other_or_share_a_job(bed: Bed) -> None:
    wait = bed.run(f"one: {A}, when_busy: wait}}\ntwo: {A}, when_busy: wait}}")
    assert wait.run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load a": 2}
    assert bed.most_at_once() == 1
    share = bed.run(f"one: {B}, when_busy: attach}}\ntwo: {B}, when_busy: attach}}")
    assert share.run.state is RunState.SUCCEEDED
    assert bed.jobs()["load b"] == 1
    assert len({step.job for step in share.run.steps.values()}) == 1


def test_many_steps_take_hardly_longer_than_they_must(bed: Bed) -> None:
    text = "\n".join(f"s{number}: {{tamr.load: {{source: r{number}}}}}" for number in range(60))
    bed.durations(running=300.0)
    result = bed.run(text)
    assert result.run.state is RunState.SUCCEEDED
    assert bed.time.elapsed <= 60 / 5 * 300.0 * 1.1
    assert bed.most_at_once() == 5


# -- retries -----------------------------------------------------------------------------------------------------------


def test_a_failed_job_is_started_again_after_a_while_as_often_as_allowed(bed: Bed) -> None:
    bed.script(a=[{"reason": "FLAKY", "running": 10, "times": 2}])
    result = bed.run(f"a: {A}, retries: 2}}")
    assert result.run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load a": 3}
    assert result.run.steps["a"].tries == 2
    # The ends of jobs are seen at 30 and 90 + 30; then 30 and 60 seconds are waited.
    created = sorted(job.created for job in bed.sandbox.tamr.jobs)
    assert [(b - a).total_seconds() for a, b in pairwise(created)] == [60.0, 90.0]


def test_retries_come_to_an_end(bed: Bed) -> None:
    bed.script(a={"reason": "BROKEN", "running": 10})
    result = bed.run(f"a: {A}, retries: 1}}\nb: {B}, needs: [a]}}")
    assert ends(result) == {"a": "failed", "b": "blocked"}
    assert bed.jobs() == {"load a": 2}


def test_a_job_that_a_person_stopped_is_not_started_again(bed: Bed) -> None:
    bed.durations(running=1000.0)

    def by_hand() -> None:
        for job in bed.sandbox.tamr.jobs:
            job.stop(bed.time.now())

    bed.time.at(100.0, by_hand)
    result = bed.run(f"a: {A}, retries: 3}}")
    assert ends(result) == {"a": "stopped"}
    assert bed.jobs() == {"load a": 1}


def test_what_was_stopped_because_it_took_too_long_may_be_tried_again(bed: Bed) -> None:
    bed.script(a=[{"running": 1000, "times": 1}])
    result = bed.run(f"a: {A}, stop_after: 1m, retries: 1}}")
    assert result.run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load a": 2}


def test_stop_after_without_retries_is_stopped(bed: Bed) -> None:
    bed.durations(running=1000.0)
    result = bed.run(f"a: {A}, stop_after: 1m}}")
    assert ends(result) == {"a": "stopped"}
    error = result.run.steps["a"].error
    assert error
    assert "stop_after" in error.message


def test_what_succeeds_in_spite_of_a_stop_has_succeeded(bed: Bed) -> None:
    bed.script(a={"running": 1000, "stop_race": "succeeds", "stopping": 5})
    assert ends(bed.run(f"a: {A}, stop_after: 1m}}")) == {"a": "succeeded"}


# -- wait_timeout ------------------------------------------------------------------------------------------------------


def test_wait_timeout_leaves_the_run_open_and_the_rest_goes_on(bed: Bed) -> None:
    bed.script(a={"running": 500})
    text = f"a: {A}, wait_timeout: 2m}}\nb: {B}, needs: [a]}}\nc: {C}}}"
    result = bed.run(text)
    assert ends(result) == {"a": "running", "b": "pending", "c": "succeeded"}
    assert result.left["a"].code == "wait-timeout"
    assert not result.run.is_over
    bed.time.pass_by(500.0)
    assert ends(bed.run(text)) == {"a": "succeeded", "b": "succeeded", "c": "succeeded"}
    assert bed.jobs() == {"load a": 1, "load b": 1, "load c": 1}


# -- leaving and stopping ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0.0, 1.0, 30.0, 60.0, 61.0, 119.0, 180.0, 181.0])
def test_left_at_any_moment_the_run_is_gone_on_with_and_every_job_started_once(bed: Bed, at: float) -> None:
    control = Control()
    bed.time.at(at, control.leave)
    first = bed.run(CHAIN, control=control)
    posts = bed.posts().total()
    if not first.run.is_over:
        bed.time.pass_by(17.0)
        assert bed.posts().total() == posts
        assert ends(bed.run(CHAIN)) == {"a": "succeeded", "b": "succeeded", "c": "succeeded"}
    assert bed.jobs() == {"load a": 1, "load b": 1, "load c": 1}
    assert all(run.is_over for run in bed.runs())


def test_left_before_it_began_nothing_is_started(bed: Bed) -> None:
    control = Control()
    control.leave()
    assert ends(bed.run(CHAIN, control=control)) == {"a": "pending", "b": "pending", "c": "pending"}
    assert bed.posts().total() == 0


def test_left_when_everything_was_over_the_run_is_closed(bed: Bed) -> None:
    """Ctrl-C with the last answer on its way: the next ``run`` must not find a run that is over, and do nothing."""
    control = Control()
    place = bed.place()

    def listener(event: Any) -> None:
        if getattr(event, "state", "") == RunState.SUCCEEDED:
            control.leave()

    bed.hears.append(listener)
    assert bed.run(f"a: {A}}}", control=control, place=place).run.is_over


@pytest.mark.parametrize("at", [0.0, 1.0, 30.0, 60.0, 61.0, 119.0, 151.0])
@pytest.mark.parametrize("stopping", [0.0, 40.0])
def test_stopped_at_any_moment_nothing_runs_on(bed: Bed, at: float, stopping: float) -> None:
    bed.durations(running=60.0, stopping=stopping)
    control = Control()
    bed.time.at(at, control.stop)
    result = bed.run(CHAIN, control=control)
    assert result.run.is_over
    assert result.run.state in (RunState.STOPPED, RunState.SUCCEEDED)
    assert all(job.is_over for job in bed.sandbox.tamr.jobs)
    assert not {"running", "pending", "unknown"} & {*ends(result).values()}


def test_stopped_while_it_waits_for_a_place_nothing_is_started(bed: Bed) -> None:
    for number in range(5):
        bed.foreign({"load": {"sourceId": f"theirs{number}"}}, running=5000.0)
    control = Control()
    bed.time.at(100.0, control.stop)
    result = bed.run(WIDE, control=control)
    assert ends(result) == {"a": "stopped", "b": "stopped", "c": "stopped"}
    assert bed.time.elapsed == 100.0
    assert bed.posts().total() == 0


def test_stopped_while_it_waits_to_try_again_it_is_stopped(bed: Bed) -> None:
    bed.script(a={"reason": "BROKEN", "running": 10})
    control = Control()
    bed.time.at(40.0, control.stop)
    assert ends(bed.run(f"a: {A}, retries: 3}}", control=control)) == {"a": "stopped"}
    assert bed.jobs() == {"load a": 1}


def test_a_job_that_fails_while_the_run_is_stopped_has_failed(bed: Bed) -> None:
    bed.script(a={"running": 1000, "stop_race": "fails", "stopping": 5})
    control = Control()
    bed.time.at(40.0, control.stop)
    assert ends(bed.run(f"a: {A}, retries: 3}}", control=control)) == {"a": "failed"}


@pytest.mark.parametrize("after_effect", [True, False])
def test_stopped_while_it_looks_for_what_it_started(bed: Bed, *, after_effect: bool) -> None:
    """The answer is lost, the platform goes away, and then somebody stops the run: the job is found and stopped."""
    bed.durations(running=5000.0)
    bed.fault("cut", method="POST", path="/jobs", after_effect=after_effect, times=1)
    bed.fault("status", method="GET", skip=2, times=4)
    control = Control()
    bed.time.at(3.0, control.stop)
    result = bed.run(f"a: {A}}}", control=control)
    assert ends(result) == {"a": "stopped"}
    assert result.run.steps["a"].jobs == tuple(job.id for job in bed.sandbox.tamr.jobs)
    assert all(job.is_over for job in bed.sandbox.tamr.jobs)


def test_stopped_while_the_job_of_an_earlier_process_cannot_be_seen(bed: Bed) -> None:
    bed.durations(running=5000.0)
    first = Control()
    bed.time.at(100.0, first.leave)
    bed.run(f"a: {A}}}", control=first)
    bed.fault("status", method="GET", times=5)
    second = Control()
    bed.time.at(110.0, second.stop)
    assert ends(bed.run(f"a: {A}}}", control=second)) == {"a": "stopped"}
    assert all(job.is_over for job in bed.sandbox.tamr.jobs)


def test_a_step_that_nobody_watches_any_more_is_stopped_with_the_rest(bed: Bed) -> None:
    bed.durations(running=5000.0)
    control = Control()
    bed.time.at(400.0, control.stop)
    result = bed.run(f"a: {A}, wait_timeout: 1m}}\nb: {B}}}", control=control)
    assert ends(result) == {"a": "stopped", "b": "stopped"}
    assert all(job.is_over for job in bed.sandbox.tamr.jobs)


def test_another_process_can_ask_for_the_stop(bed: Bed) -> None:
    bed.durations(running=5000.0)
    bed.time.at(100.0, lambda: ask_to_stop(bed.backend, bed.runs()[0].id))
    result = bed.run(WIDE)
    assert ends(result) == {"a": "stopped", "b": "stopped", "c": "stopped"}
    assert result.run.stop_asked
    assert bed.time.elapsed <= 180.0


def test_a_stop_that_came_too_late_does_not_stop_the_next_one_who_goes_on(bed: Bed) -> None:
    control = Control()
    bed.time.at(10.0, control.leave)
    bed.run(CHAIN, control=control)
    ask_to_stop(bed.backend, bed.runs()[0].id)
    assert bed.run(CHAIN).run.state is RunState.SUCCEEDED


def test_leaving_and_then_stopping_stops(bed: Bed) -> None:
    bed.durations(running=5000.0)
    control = Control()
    control.leave()
    control.stop()
    assert control.stops
    assert not control.leaves
    assert ends(bed.run(WIDE, control=control)) == {"a": "stopped", "b": "stopped", "c": "stopped"}
    assert bed.posts().total() == 0


# -- pairs -------------------------------------------------------------------------------------------------------------


def order_of(bed: Bed) -> list[str]:
    return [next(iter(job.ids.values())) for job in bed.sandbox.tamr.jobs]


def test_a_failed_apply_begins_at_its_stage_again_after_the_wait(bed: Bed) -> None:
    bed.script(apply=[{"reason": "FLAKY", "running": 10, "times": 1}])
    result = bed.run(PAIR.replace("restart_from: stage", "restart_from: stage, retries: 1"))
    assert result.run.state is RunState.SUCCEEDED
    assert order_of(bed) == ["stage", "apply", "stage", "apply"]
    jobs = bed.sandbox.tamr.jobs
    ended = jobs[2].entered("DONE")
    assert ended
    assert (jobs[2].created - jobs[1].created).total_seconds() == 30.0 + 30.0  # it is the stage that waits
    assert (jobs[3].created - ended).total_seconds() == 0.0
    assert result.run.steps["stage"].tries == 0  # it has not failed


def test_a_stage_that_was_taken_along_keeps_its_own_retries(bed: Bed) -> None:
    bed.script(apply=[{"reason": "FLAKY", "running": 10, "times": 1}])
    bed.script(stage=[{"running": 10, "times": 1}, {"reason": "FLAKY", "running": 10, "times": 1}])
    text = PAIR.replace("stage}}\n", "stage}, retries: 1}\n").replace(
        "restart_from: stage", "restart_from: stage, retries: 1"
    )
    assert bed.run(text).run.state is RunState.SUCCEEDED
    assert order_of(bed) == ["stage", "apply", "stage", "stage", "apply"]


def test_cut_off_between_the_two_it_begins_at_the_stage(bed: Bed) -> None:
    def others() -> None:
        for number in range(5):
            bed.foreign({"load": {"sourceId": f"theirs{number}"}}, running=200.0)

    control = Control()
    bed.time.at(45.0, others)  # no place for the apply, so that it waits
    bed.time.at(100.0, control.leave)
    assert ends(bed.run(PAIR, control=control)) == {"stage": "succeeded", "apply": "pending"}
    bed.time.pass_by(300.0)
    assert bed.run(PAIR).run.state is RunState.SUCCEEDED
    assert [each for each in order_of(bed) if "theirs" not in each] == ["stage", "stage", "apply"]


def test_an_apply_that_was_refused_and_then_cut_off_begins_at_the_stage(bed: Bed) -> None:
    """The intent was written down and dropped: nothing was started, and what was staged may be gone by now."""
    control = Control()
    bed.fault("status", method="POST", path="/jobs", status=429, skip=1, times=1)
    bed.time.at(70.0, control.leave)
    assert ends(bed.run(PAIR, control=control)) == {"stage": "succeeded", "apply": "pending"}
    bed.time.pass_by(3600.0)
    assert bed.run(PAIR).run.state is RunState.SUCCEEDED
    assert order_of(bed) == ["stage", "stage", "apply"]


def test_an_apply_that_was_meant_and_never_sent_begins_at_the_stage(bed: Bed) -> None:
    whole = Life()
    bed.run(PAIR, place=mortal(bed.place(), whole))
    fresh = Bed(bed.server, bed.root)
    fresh.resources("stage", "apply")
    life = Life(whole.steps.index(("post", "workflow:apply")), before=True)
    with dying(life):
        fresh.run(PAIR, place=mortal(fresh.place(), life))
    assert fresh.runs()[0].steps["apply"].attempt.is_dangling
    assert fresh.run(PAIR).run.state is RunState.SUCCEEDED
    assert order_of(fresh) == ["stage", "stage", "apply"]


def test_an_active_apply_is_watched_on(bed: Bed) -> None:
    control = Control()
    bed.time.at(70.0, control.leave)
    assert ends(bed.run(PAIR, control=control)) == {"stage": "succeeded", "apply": "running"}
    assert bed.run(PAIR).run.state is RunState.SUCCEEDED
    assert order_of(bed) == ["stage", "apply"]


def test_a_run_that_failed_at_the_apply_is_resumed_at_the_stage(bed: Bed) -> None:
    bed.script(apply=[{"reason": "BROKEN", "running": 10, "times": 1}])
    assert ends(bed.run(PAIR)) == {"stage": "succeeded", "apply": "failed"}
    assert resumed(bed).run.state is RunState.SUCCEEDED
    assert order_of(bed) == ["stage", "apply", "stage", "apply"]


# -- faults ------------------------------------------------------------------------------------------------------------


def test_maintenance_before_a_start_costs_no_night(bed: Bed) -> None:
    """A platform that is away for ten minutes when a job is to be started: it is started when it is back."""
    bed.fault("html", platform="tamr")
    bed.time.at(600.0, bed.sandbox.faults.clear)
    result = bed.run(f"a: {A}}}")
    assert ends(result) == {"a": "succeeded"}
    assert bed.jobs() == {"load a": 1}
    assert any("503" in text for text in bed.said("a"))


def test_a_host_that_does_not_exist_is_not_waited_for(bed: Bed) -> None:
    """Nothing will make a misspelled name right: the step fails at once."""
    place = bed.place()
    tamr = place.links["tamr"]
    wrong = replace(tamr, settings=tamr.settings.model_copy(update={"base_url": "https://no-such-tenant.invalid"}))
    before = bed.time.elapsed
    assert ends(bed.run(f"a: {A}}}", place=bed.place(links={**place.links, "tamr": wrong}))) == {"a": "failed"}
    assert bed.time.elapsed - before < 60


FAULTS: dict[str, dict[str, Any]] = {
    "cut before": {"kind": "cut"},
    "cut after": {"kind": "cut", "after_effect": True},
    "partial": {"kind": "partial"},
    "500 after": {"kind": "status", "status": 500, "after_effect": True},
    "503 before": {"kind": "status", "status": 503},
    "html": {"kind": "html"},
    "garbage after": {"kind": "garbage", "after_effect": True},
    "empty after": {"kind": "empty", "after_effect": True},
    "429": {"kind": "status", "status": 429},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("lag", [0.0, 12.0])
def test_whatever_happens_to_the_answer_there_is_one_job_each(bed: Bed, fault: str, lag: float) -> None:
    bed.switch(tamr_get_lag_seconds=lag, tamr_list_lag_seconds=lag)
    bed.fault(method="POST", path="/jobs", times=2, **FAULTS[fault])
    result = bed.run(WIDE)
    assert result.run.state is RunState.SUCCEEDED, (ends(result), bed.said())
    assert bed.jobs() == {"load a": 1, "load b": 1, "load c": 1}


def test_a_platform_that_is_away_when_its_evidence_is_needed_leaves_a_doubt_that_a_resume_clears(bed: Bed) -> None:
    bed.fault("cut", method="POST", path="/jobs", after_effect=True, times=1)
    bed.fault("status", method="GET", status=403, skip=2)
    result = bed.run(f"a: {A}}}\nb: {B}, needs: [a]}}")
    assert ends(result) == {"a": "unknown", "b": "blocked"}
    with bed.sandbox.lock:
        bed.sandbox.faults.clear()
    assert ends(resumed(bed)) == {"a": "succeeded", "b": "succeeded"}
    assert bed.jobs() == {"load a": 1, "load b": 1}


def test_an_unknown_state_is_watched_on(bed: Bed) -> None:
    bed.switch(tailer_unknown_status="PONDERING", tailer_run_seconds=100)
    assert bed.run(f"t: {LAUNCH}}}").run.state is RunState.SUCCEEDED
    assert any("PONDERING" in text for text in bed.said("t"))


def test_a_record_that_cannot_be_written_ends_the_run_before_the_next_call(bed: Bed) -> None:
    """Another process has gone on with the run while this one was suspended."""
    bed.durations(running=100.0)

    def other() -> None:
        log = open_log(bed.backend, bed.runs()[0].id)
        log.append(log.run.resumed[0] if log.run.resumed else _resumed())

    bed.time.at(50.0, other)
    with pytest.raises(StateMoved):
        bed.run(CHAIN)
    assert bed.posts() == {"load a": 1}


def _resumed() -> Any:
    from reconcile.core.run import Author, Resumed

    return Resumed("2026-11-22T10:00:50Z", Author())


# -- two at the same time ----------------------------------------------------------------------------------------------


def together(*runs: Callable[[], Result]) -> list[Result | Exception]:
    """Return what became of runs in threads of their own, which share the time."""

    def caught(run: Callable[[], Result]) -> Result | Exception:
        try:
            return run()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(runs)) as pool:
        return [each.result(timeout=60) for each in [pool.submit(caught, run) for run in runs]]


def test_of_two_runners_of_one_pipeline_one_is_refused(bed: Bed) -> None:
    pipeline = bed.steps(CHAIN)
    found = together(
        lambda: bed.run(pipeline, place=bed.place(author="x")), lambda: bed.run(pipeline, place=bed.place(author="y"))
    )
    refused = [each for each in found if isinstance(each, Refused)]
    if len(refused) == 1:
        assert refused[0].diagnostics[0].code == "run-goes-on"
        assert bed.jobs() == {"load a": 1, "load b": 1, "load c": 1}
    else:  # the first had ended before the second began
        assert bed.jobs() == {"load a": 2, "load b": 2, "load c": 2}


def test_a_second_runner_meanwhile_is_refused(bed: Bed) -> None:
    errors: list[Refused] = []

    def second() -> None:
        with pytest.raises(Refused) as caught:
            bed.run(CHAIN, place=bed.place(author="second"))
        errors.append(caught.value)

    bed.time.at(40.0, second)
    assert bed.run(CHAIN).run.state is RunState.SUCCEEDED
    assert "me on host" in errors[0].diagnostics[0].detail
    assert bed.jobs() == {"load a": 1, "load b": 1, "load c": 1}


@pytest.mark.parametrize("fault", [None, "cut after", "cut before"])
def test_two_pipelines_on_one_target_never_run_its_job_twice_at_a_time(bed: Bed, fault: str | None) -> None:
    """Both want the same load at the same moment; each shall have its own, one after the other."""
    if fault:
        bed.fault(method="POST", path="/jobs", times=1, **FAULTS[fault])
    step = f"a: {A}, when_busy: wait}}"
    one, two = bed.steps(step), bed.steps(step, name="q")
    found = together(
        lambda: bed.run(one, place=bed.place(author="x")), lambda: bed.run(two, place=bed.place(author="y"))
    )
    assert [each.run.state for each in found if isinstance(each, Result)] == [RunState.SUCCEEDED] * 2, found
    assert bed.jobs() == {"load a": 2}
    assert bed.most_at_once() == 1
    assert len({run.steps["a"].job for run in bed.runs()}) == 2


def test_a_job_of_a_process_that_died_stays_its_own_when_another_attaches_to_it(bed: Bed) -> None:
    """It was killed before it knew its job; another run attached to that. Going on, it must not start a second one."""
    step = f"a: {A}, when_busy: attach}}"
    dead = Life()
    bed.run(step, place=mortal(bed.place(), dead))
    at = dead.steps.index(("post", "source:a"))
    fresh = Bed(bed.server, bed.root)
    fresh.resources("a")
    fresh.durations(running=500.0)
    life = Life(at)
    with dying(life):
        fresh.run(step, place=mortal(fresh.place(), life))
    assert fresh.run(fresh.steps(step, name="q")).run.steps["a"].attempt.adopted == "attached"
    assert fresh.run(step).run.state is RunState.SUCCEEDED
    assert fresh.jobs() == {"load a": 1}


def test_a_job_that_another_run_started_meanwhile_is_not_taken_for_ours(bed: Bed) -> None:
    """One was killed before its call left; another then started the same work. Each shall have a job of its own."""
    step = f"a: {A}, when_busy: wait}}"
    whole = Life()
    bed.run(step, place=mortal(bed.place(), whole))
    fresh = Bed(bed.server, bed.root)
    fresh.resources("a")
    life = Life(whole.steps.index(("post", "source:a")), before=True)
    with dying(life):
        fresh.run(step, place=mortal(fresh.place(), life))
    theirs = fresh.run(fresh.steps(step, name="q")).run.steps["a"].job
    ours = fresh.run(step).run.steps["a"].job
    assert ours != theirs
    assert fresh.jobs() == {"load a": 2}


# -- choices -----------------------------------------------------------------------------------------------------------


def test_a_job_that_a_person_names_is_watched(bed: Bed) -> None:
    bed.fault("cut", method="POST", path="/jobs", after_effect=True, times=1)
    bed.fault("status", method="GET", status=403, skip=2)
    bed.run(f"a: {A}}}\nb: {B}, needs: [a]}}")
    with bed.sandbox.lock:
        bed.sandbox.faults.clear()
    mine = bed.sandbox.tamr.jobs[0].id
    result = resumed(bed, Choice({"a": mine}))
    assert ends(result) == {"a": "succeeded", "b": "succeeded"}
    assert result.run.steps["a"].job == mine
    assert bed.jobs() == {"load a": 1, "load b": 1}


def test_a_step_that_is_taken_for_done_unblocks_the_rest(bed: Bed) -> None:
    bed.script(a={"reason": "BROKEN", "running": 10})
    bed.run(CHAIN)
    assert ends(resumed(bed, Choice({}, done=("a",)))) == {"a": "succeeded", "b": "succeeded", "c": "succeeded"}
    assert bed.jobs() == {"load a": 1, "load b": 1, "load c": 1}


def test_a_step_may_be_done_once_more_after_all(bed: Bed) -> None:
    bed.run(CHAIN)
    assert resumed(bed).run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load a": 1, "load b": 1, "load c": 1}
    assert resumed(bed, Choice({}, again=("b",))).run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load a": 1, "load b": 2, "load c": 1}


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (Choice({"z": "j"}), "unknown-step"),
        (Choice({}, again=("bb",)), "unknown-step"),
        (Choice({"a": "j"}), "step-is-over"),
        (Choice({}, done=("a",)), "step-is-over"),
    ],
)
def test_a_choice_that_cannot_be_changes_nothing(bed: Bed, choice: Choice, code: str) -> None:
    bed.script(b={"reason": "BROKEN", "running": 10})
    bed.run(CHAIN)
    before = bed.runs()
    with pytest.raises(ConfigError) as caught:
        resumed(bed, choice)
    assert caught.value.diagnostics[0].code == code
    assert bed.runs() == before


def test_plans_keep_what_the_files_say(server: Server, bed: Bed) -> None:
    text = f"a: {A}, wait_timeout: 1h, stop_after: 2m, when_busy: fail, on_limit: fail, retries: 2, min_gap: 10s}}"
    (plan,) = step_plans(bed.place(), bed.steps(text))
    assert (plan.name, plan.operation, plan.connection, plan.target) == ("a", "tamr.load", "tamr", "source:a")
    assert (plan.wait_timeout, plan.stop_after, plan.min_gap, plan.retries) == (3600, 120, 10, 2)
    assert (plan.when_busy, plan.on_limit) == ("fail", "fail")
    assert plan.order.settings == {"source": "a"}
