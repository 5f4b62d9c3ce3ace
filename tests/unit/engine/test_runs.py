"""Runs begun, gone on with, given up, found; and jobs by hand."""

from __future__ import annotations

from typing import Any

import pytest

from engine.simulated import Bed
from reconcile.core.errors import ConfigError, LockHeld, ReconcileError, Refused
from reconcile.core.run import Began, Run, RunState
from reconcile.engine import by_hand
from reconcile.engine.by_hand import HandResult, HandWork
from reconcile.engine.claim import TargetClaim, pipeline_key, target_key
from reconcile.engine.pipeline import Control
from reconcile.engine.runs import (
    Choice,
    Opening,
    Watching,
    find_run,
    go_on,
    holding,
    lock_name,
    open_again,
    open_run,
    reopen,
    runner_of,
    step_plans,
    tell_to_stop,
)
from reconcile.engine.watch import GoesOn, Over, Seen
from reconcile.providers.tamr.operations import Load
from reconcile.state.run_log import NoSuchRun, begin_log, open_log

STEPS = "a: {tamr.load: {source: src_a}}\nb: {tamr.load: {source: src_b}, needs: [a]}"
DAY = 24 * 3600.0


def cut_off(bed: Bed, after: float = 10.0, text: str = STEPS) -> Run:
    """Return a run that somebody stopped watching after some seconds."""
    control = Control()
    bed.time.at(bed.time.elapsed + after, control.leave)
    run = bed.run(text, control=control).run
    assert not run.is_over
    return run


def opened(bed: Bed, text: str = STEPS, **more: Any) -> Opening:
    place, pipeline = bed.place(), bed.steps(text)
    with bed.time.clock() as clock, holding(place, "p"):
        return open_run(place, "p", step_plans(place, pipeline), clock, **more)


# -- beginning ---------------------------------------------------------------------------------------------------------


def test_a_new_run_is_written_down_before_anything_is_done(bed: Bed) -> None:
    opening = opened(bed, once="k1")
    assert opening.is_new
    (run,) = bed.runs()
    assert run == opening.run
    assert (run.pipeline, run.environment, run.once, run.author.by) == ("p", "default", "k1", "me")
    assert run.id.startswith("20261122-100000-p-")
    assert bed.entries() == []


def test_the_name_of_a_run_can_be_a_key_whatever_the_pipeline_is_called(bed: Bed) -> None:
    place = bed.place()
    with bed.time.clock() as clock:
        opening = open_run(place, "Größe/..: x", step_plans(place, bed.steps(STEPS)), clock)
    assert open_log(bed.backend, opening.run.id).run.pipeline == "Größe/..: x"


def test_runs_are_found_newest_first(bed: Bed) -> None:
    for _ in range(3):
        bed.run(STEPS)
        bed.time.pass_by(1.0)
    assert [run.started_at for run in bed.runs()] == sorted((run.started_at for run in bed.runs()), reverse=True)


def test_a_run_that_was_cut_off_is_gone_on_with(bed: Bed) -> None:
    left = cut_off(bed)
    opening = opened(bed)
    assert (opening.run.id, opening.is_new, opening.is_done) == (left.id, False, False)
    assert len(opening.run.resumed) == 1


def test_a_run_that_is_over_is_not(bed: Bed) -> None:
    first = bed.run(STEPS).run
    opening = opened(bed)
    assert opening.is_new
    assert opening.run.id != first.id


def test_a_run_of_another_pipeline_is_not(bed: Bed) -> None:
    left = cut_off(bed)
    place = bed.place()
    with bed.time.clock() as clock:
        assert open_run(place, "q", step_plans(place, bed.steps(STEPS)), clock).run.id != left.id


@pytest.mark.parametrize(("pause", "is_old"), [(DAY - 60.0, False), (DAY + 60.0, True)])
def test_a_run_that_was_cut_off_long_ago_is_not_gone_on_with_unasked(bed: Bed, pause: float, *, is_old: bool) -> None:
    left = cut_off(bed)
    bed.time.pass_by(pause)
    if not is_old:
        assert opened(bed).run.id == left.id
        return
    with pytest.raises(Refused) as caught:
        opened(bed)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "run-cut-off"
    assert left.id in diagnostic.hint
    assert bed.runs() == [left]


def test_its_last_sign_of_life_is_what_counts(bed: Bed) -> None:
    left = cut_off(bed)
    for _ in range(3):
        bed.time.pass_by(DAY - 60.0)
        assert opened(bed).run.id == left.id


def test_an_old_run_can_be_resumed_by_its_name(bed: Bed) -> None:
    left = cut_off(bed)
    bed.time.pass_by(3 * DAY)
    place = bed.place()
    with bed.time.clock() as clock, holding(place, "p"):
        opening = reopen(place, left.id, clock, Choice({}))
        result = go_on(place, opening, Watching(clock, Control()))
    assert result.run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load src_a": 1, "load src_b": 1}


def test_anew_gives_up_what_was_cut_off(bed: Bed) -> None:
    left = cut_off(bed)
    bed.time.pass_by(2 * DAY)
    opening = opened(bed, anew=True)
    assert opening.is_new
    given_up = open_log(bed.backend, left.id).run
    assert {name: step.state for name, step in given_up.steps.items()} == {"a": RunState.UNKNOWN, "b": RunState.STOPPED}
    assert given_up.state is RunState.UNKNOWN
    assert given_up.is_over
    assert all(step.error and step.error.reason == "given-up" for step in given_up.steps.values())


def test_anew_with_nothing_started_gives_up_nothing_unknown(bed: Bed) -> None:
    control = Control()
    control.leave()
    left = bed.run(STEPS, control=control).run
    opened(bed, anew=True)
    assert open_log(bed.backend, left.id).run.state is RunState.STOPPED


# -- once --------------------------------------------------------------------------------------------------------------


def test_a_key_is_good_for_one_run(bed: Bed) -> None:
    first = bed.run(STEPS, once="2026-11-22").run
    again = opened(bed, once="2026-11-22")
    assert (again.run.id, again.is_done, again.is_new) == (first.id, True, False)
    assert bed.run(STEPS, once="2026-11-22").run == first
    assert bed.jobs() == {"load src_a": 1, "load src_b": 1}
    assert bed.run(STEPS, once="2026-11-23").run.id != first.id


def test_a_key_whose_run_was_cut_off_goes_on_with_it_however_old(bed: Bed) -> None:
    control = Control()
    bed.time.at(10.0, control.leave)
    left = bed.run(STEPS, once="k", control=control).run
    bed.time.pass_by(2 * DAY)
    assert bed.run(STEPS, once="k").run.id == left.id
    assert bed.jobs() == {"load src_a": 1, "load src_b": 1}


def test_a_key_whose_run_failed_is_used_up(bed: Bed) -> None:
    bed.script(src_a={"reason": "BROKEN", "running": 5, "times": 1})
    assert bed.run(STEPS, once="k").run.state is RunState.FAILED
    assert bed.run(STEPS, once="k").run.state is RunState.FAILED
    assert bed.jobs() == {"load src_a": 1}


# -- going on ----------------------------------------------------------------------------------------------------------


def test_a_run_as_it_was_left_brings_back_nothing(bed: Bed) -> None:
    bed.script(src_a={"reason": "BROKEN", "running": 5})
    run = bed.run(STEPS).run
    place = bed.place()
    with bed.time.clock() as clock:
        opening = open_again(place, run.id, clock)
        assert opening.is_done
        assert go_on(place, opening, Watching(clock, Control())).run == run
    left = cut_off(bed, after=2.0)
    with bed.time.clock() as clock:
        assert not open_again(place, left.id, clock).is_done
    assert len(find_run(bed.backend, left.id).resumed) == 1


def test_a_run_whose_connection_is_gone_says_so_and_starts_nothing(bed: Bed) -> None:
    left = cut_off(bed)
    links = {name: link for name, link in bed.place().links.items() if name != "tamr"}
    place, before = bed.place(links=links), len(bed.entries())
    with bed.time.clock() as clock:
        opening = reopen(place, left.id, clock, Choice({}))
        with pytest.raises(ConfigError) as caught:
            go_on(place, opening, Watching(clock, Control()))
    assert caught.value.diagnostics[0].code == "connection-removed"
    assert len(bed.entries()) == before


def test_whoever_runs_it_can_be_told(bed: Bed) -> None:
    seen: list[Any] = []
    bed.time.at(20.0, lambda: seen.append(runner_of(bed.place(), bed.runs()[0])))
    run = bed.run(STEPS).run
    assert seen[0].owner.by == "me"
    assert runner_of(bed.place(), run) is None
    assert runner_of(bed.place(), cut_off(bed)) is None


def test_whoever_runs_it_can_be_asked_to_stop(bed: Bed) -> None:
    bed.durations(running=5000.0)
    bed.time.at(20.0, lambda: tell_to_stop(bed.place(), bed.runs()[0]))
    assert bed.run(STEPS).run.state is RunState.STOPPED


# -- finding -----------------------------------------------------------------------------------------------------------


def planted(bed: Bed, *names: str) -> None:
    author, plans = opened(bed).run.author, step_plans(bed.place(), bed.steps(STEPS))
    for name in names:
        begin_log(bed.backend, Began(name, "p", "default", "2026-11-22T10:00:00Z", author, plans))


def test_a_run_is_found_by_its_name_or_an_end_of_it(bed: Bed) -> None:
    planted(bed, "20261122-customers-1a2b3c", "20261123-customers-4d5e6f")
    for text in ("20261122-customers-1a2b3c", "20261122-cust", "1a2b3c", "2b3c"):
        assert find_run(bed.backend, text).id == "20261122-customers-1a2b3c"


def test_an_end_that_several_have_is_not_enough(bed: Bed) -> None:
    planted(bed, "20261122-a-x1", "20261122-b-x1")
    with pytest.raises(ConfigError) as caught:
        find_run(bed.backend, "20261122-")
    assert caught.value.diagnostics[0].code == "ambiguous-run"


@pytest.mark.parametrize("text", ["", "x1", "nothing", "../../etc", "a b", "*", "20261122-a-x1/00000000.json"])
def test_what_names_no_run_is_unknown(bed: Bed, text: str) -> None:
    planted(bed, "20261122-a-x1")
    with pytest.raises(NoSuchRun):
        find_run(bed.backend, text)


def test_a_name_wins_over_ends(bed: Bed) -> None:
    planted(bed, "20261122", "20261122-more")
    assert find_run(bed.backend, "20261122").id == "20261122"


# -- locks -------------------------------------------------------------------------------------------------------------


def test_locks_have_keys_for_any_name_and_none_twice() -> None:
    keys = {target_key("a", "b/c"), target_key("a/b", "c"), pipeline_key("a"), pipeline_key("by hand: a/b/c")}
    assert len({*keys, target_key("", "ü/..")}) >= 4
    assert all(key.replace("/", "").replace("-", "").replace(".", "").isalnum() for key in keys)


def test_a_claim_is_held_by_one_and_given_back(bed: Bed) -> None:
    one, other = (TargetClaim(bed.backend, bed.place(author=name).owner, "tamr", "source:a") for name in "xy")
    assert one.take()
    assert not other.take()
    one.release()
    one.release()
    assert other.take()
    assert TargetClaim(bed.backend, bed.place().owner, "tamr", "source:b").take()
    other.release()


def test_while_somebody_holds_the_name_of_a_pipeline_it_is_refused_with_who_it_is(bed: Bed) -> None:
    with holding(bed.place(author="first"), "p"):
        with pytest.raises(Refused) as caught, holding(bed.place(), "p"):
            raise AssertionError
        assert not isinstance(caught.value, LockHeld)
        assert "first on host" in caught.value.diagnostics[0].detail
        with holding(bed.place(), "q"):
            pass
    with holding(bed.place(), "p"):
        pass


# -- by hand -----------------------------------------------------------------------------------------------------------

WORK = HandWork("tamr", "tamr.load", Load(source="src_a"), when_busy="wait")


def started(bed: Bed, work: HandWork = WORK, control: Control | None = None, *, watches: bool = True) -> HandResult:
    with bed.time.clock() as clock:
        return by_hand.start(bed.place(), work, Watching(clock, control or Control(), watches=watches))


def test_a_job_by_hand_is_a_run_of_one_step(bed: Bed) -> None:
    result = started(bed)
    assert (result.run.pipeline, result.run.state, result.went_on) == ("", RunState.SUCCEEDED, False)
    assert [*result.run.steps] == ["tamr.load"]
    assert bed.runs() == [result.run]


def test_started_twice_there_are_two_jobs(bed: Bed) -> None:
    assert started(bed).run.id != started(bed).run.id
    assert bed.jobs() == {"load src_a": 2}


def test_started_and_not_watched_it_is_over_with_its_start(bed: Bed) -> None:
    result = started(bed, watches=False)
    assert (result.run.state, result.run.is_over) == (RunState.RUNNING, True)
    assert result.run.steps["tamr.load"].job
    assert result.result.left["tamr.load"].code == "not-watched"
    assert bed.time.elapsed == 0.0


def test_one_that_somebody_stopped_watching_is_not_taken_for_the_next_one(bed: Bed) -> None:
    """A job that ended yesterday is no answer to a start of today."""
    control = Control()
    bed.time.at(10.0, control.leave)
    first = started(bed, control=control)
    assert not first.run.is_over
    bed.time.pass_by(3600.0)
    second = started(bed)
    assert not second.went_on
    assert second.run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load src_a": 2}
    left = find_run(bed.backend, first.run.id)
    assert (left.state, left.is_over) == (RunState.RUNNING, True)


def test_one_that_was_left_before_it_was_started_is_begun_anew_as_asked_now(bed: Bed) -> None:
    for number in range(5):
        bed.foreign({"load": {"sourceId": f"theirs{number}"}}, running=500.0)
    control = Control()
    bed.time.at(10.0, control.leave)
    started(bed, control=control)
    result = started(bed, HandWork("tamr", "tamr.load", Load(source="src_a"), on_limit="fail"))
    assert not result.went_on
    assert result.run.state is RunState.FAILED
    assert all(run.is_over for run in bed.runs())


def doubtful(bed: Bed) -> HandResult:
    """Start a job whose answer is lost, and leave while it is looked for."""
    bed.switch(tamr_list_lag_seconds=15)
    bed.fault("cut", method="POST", path="/jobs", after_effect=True, times=1)
    control = Control()
    bed.time.at(5.0, control.leave)
    return started(bed, control=control)


def test_one_that_was_left_in_doubt_is_looked_for_first(bed: Bed) -> None:
    assert doubtful(bed).run.steps["tamr.load"].attempt.is_dangling
    result = started(bed)
    assert result.went_on
    assert result.run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load src_a": 1}


def test_one_that_was_left_in_doubt_days_ago_is_given_up(bed: Bed) -> None:
    first = doubtful(bed)
    bed.time.pass_by(2 * DAY)
    result = started(bed)
    assert not result.went_on
    assert bed.jobs() == {"load src_a": 2}
    assert find_run(bed.backend, first.run.id).state is RunState.UNKNOWN


def test_the_same_work_is_started_by_one_process_at_a_time(bed: Bed) -> None:
    place = bed.place(author="other")
    plan = by_hand.step_plan(place, WORK)
    with holding(place, lock_name("", (plan,))):
        with pytest.raises(Refused):
            started(bed)
        started(bed, HandWork("tamr", "tamr.load", Load(source="src_b")))
    assert bed.jobs() == {"load src_b": 1}


def test_bounds_and_busy_ways_hold_by_hand_too(bed: Bed) -> None:
    bed.durations(running=500.0)
    waited = started(bed, HandWork("tamr", "tamr.load", Load(source="src_a"), wait_timeout=60))
    assert waited.result.left["tamr.load"].code == "wait-timeout"
    busy = started(bed, HandWork("tamr", "tamr.load", Load(source="src_a"), when_busy="fail"))
    assert busy.run.state is RunState.FAILED
    attached = started(bed, HandWork("tamr", "tamr.load", Load(source="src_a")))  # a load attaches by itself
    assert attached.run.state is RunState.SUCCEEDED
    assert bed.jobs() == {"load src_a": 1}
    stopped = started(bed, HandWork("tamr", "tamr.load", Load(source="src_a"), stop_after=60))
    assert stopped.run.state is RunState.STOPPED


# -- watching what is there --------------------------------------------------------------------------------------------


def watched(bed: Bed, job: str, control: Control | None = None, **more: Any) -> Seen:
    with bed.time.clock() as clock:
        (end,) = by_hand.wait_all(bed.place(), [("tamr", job)], Watching(clock, control or Control()), **more)
    if isinstance(end, ReconcileError):
        raise end
    return end


def theirs(bed: Bed, **outcome: Any) -> str:
    return bed.foreign({"load": {"sourceId": "src_a"}}, **{"running": 100.0, **outcome})


def test_a_job_of_somebody_else_can_be_watched(bed: Bed) -> None:
    seen = watched(bed, theirs(bed))
    assert isinstance(seen, Over)
    assert bed.time.elapsed == 120.0
    assert bed.posts().total() == 0


def test_watching_can_be_left_or_bounded(bed: Bed) -> None:
    job = theirs(bed, running=5000.0)
    assert isinstance(watched(bed, job, wait_timeout=45.0), GoesOn)
    assert bed.time.elapsed == 45.0
    control = Control()
    bed.time.at(100.0, control.leave)
    seen = watched(bed, job, control)
    assert isinstance(seen, GoesOn)
    assert job in seen.diagnostic.hint


def test_a_watched_job_can_be_stopped(bed: Bed) -> None:
    control = Control()
    bed.time.at(10.0, control.stop)
    seen = watched(bed, theirs(bed, running=5000.0), control)
    assert isinstance(seen, Over)
    assert str(seen.job.state) == "stopped"


@pytest.mark.parametrize("stop", [True, False])
def test_left_or_stopped_before_it_could_be_seen(bed: Bed, *, stop: bool) -> None:
    job = theirs(bed, running=5000.0)
    bed.fault("status", method="GET", times=5)
    control = Control()
    bed.time.at(3.0, control.stop if stop else control.leave)
    seen = watched(bed, job, control)
    if stop:
        assert isinstance(seen, Over)
        assert str(seen.job.state) == "stopped"
    else:
        assert isinstance(seen, GoesOn)
        assert bed.entries("POST", ":stop") == []
