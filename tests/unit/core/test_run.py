"""What the events of a run add up to, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.core.needs import needed_by
from reconcile.core.operation import JobError, Order
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
    after,
    begun,
    blocked_steps,
    final_state,
    ready_of,
    restarts_with,
    run_of,
)

AT = "2026-11-22T14:00:00Z"
ME = Author("me", "host", "reconcile run p")
OVER = (RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED, RunState.BLOCKED, RunState.UNKNOWN)


def plan(name: str, *needs: str, restart_from: str = "", connection: str = "tamr") -> StepPlan:
    return StepPlan(
        name,
        "tamr.load",
        connection,
        f"source:{name}",
        f"source:{name}",
        {"source": name},
        needs,
        restart_from=restart_from,
    )


def intended(step: str = "a", *known: str) -> Intended:
    return Intended(step, AT, "POST", "/jobs", {"x": 1}, False, "res", known)


def run_with(*events: Event, steps: tuple[StepPlan, ...] = (plan("a"), plan("b", "a"))) -> Run:
    return run_of([Began("r1", "p", "prod", AT, ME, steps), *events])


# -- the fold ----------------------------------------------------------------------------------------------------------


def test_a_run_begins_with_every_step_pending() -> None:
    run = run_with()
    assert (run.id, run.pipeline, run.environment, run.started_at, run.author) == ("r1", "p", "prod", AT, ME)
    assert [(name, step.state) for name, step in run.steps.items()] == [
        ("a", RunState.PENDING),
        ("b", RunState.PENDING),
    ]
    assert run.state is RunState.RUNNING
    assert not run.is_over


@pytest.mark.parametrize("events", [[], [Resumed(AT, ME)], [Closed(RunState.FAILED, AT)]])
def test_what_does_not_begin_is_no_run(events: list[Event]) -> None:
    with pytest.raises(ValueError, match="beginning"):
        run_of(events)


def test_a_run_begins_once() -> None:
    with pytest.raises(ValueError, match="begins once"):
        after(run_with(), Began("r2", "p", "prod", AT, ME, ()))


@pytest.mark.parametrize("event", [intended("z"), Dropped("z"), Taken("z"), Submitted("z", "j", AT), Reopened("z")])
def test_an_event_of_a_step_that_is_not_there_cannot_be(event: Event) -> None:
    with pytest.raises(ValueError, match="no step 'z'"):
        after(run_with(), event)


def test_an_intent_dangles_until_it_is_answered() -> None:
    step = run_with(intended("a", "j0")).steps["a"]
    assert step.state is RunState.RUNNING
    assert step.attempt.is_dangling
    assert step.attempt.intent == intended("a", "j0")
    assert step.job is None


@pytest.mark.parametrize(
    ("answer", "dangles"), [(Dropped("a", "429"), False), (Taken("a"), True), (Submitted("a", "j1", AT), False)]
)
def test_an_answer_says_whether_a_job_may_be_somewhere(answer: Event, *, dangles: bool) -> None:
    assert run_with(intended(), answer).steps["a"].attempt.is_dangling is dangles


def test_a_dropped_intent_leaves_nothing_of_the_step() -> None:
    step = run_with(intended(), Dropped("a", "429")).steps["a"]
    assert step.state is RunState.PENDING
    assert step.job is None


def test_a_job_that_is_found_belongs_to_the_intent() -> None:
    step = run_with(intended(), Taken("a"), Submitted("a", "j1", AT, "found")).steps["a"]
    assert len(step.attempts) == 1
    assert (step.job, step.attempt.adopted, step.attempt.submitted_at) == ("j1", "found", AT)


@pytest.mark.parametrize("before", [(), (intended(), Dropped("a")), (intended(), Submitted("a", "j0", AT))])
def test_a_job_that_was_attached_to_has_no_intent_of_ours(before: tuple[Event, ...]) -> None:
    step = run_with(*before, Submitted("a", "j1", AT, "attached")).steps["a"]
    assert step.attempt.intent is None
    assert step.job == "j1"
    assert step.state is RunState.RUNNING


def test_what_a_run_attached_to_is_not_its_own() -> None:
    events = (Submitted("a", "theirs", AT, "attached"), intended("b"), Submitted("b", "ours", AT))
    run = run_with(*events)
    assert run.jobs == {("tamr", "ours")}
    assert run.steps["a"].jobs == ("theirs",)


def test_the_end_of_a_step_is_its_jobs() -> None:
    error = JobError("PLANNING_FAILED", "no such source")
    ended = Ended("a", RunState.FAILED, AT, "DONE", "2026-11-22T13:00:00Z", "2026-11-22T13:30:00Z", error)
    step = run_with(intended(), Submitted("a", "j1", AT), ended).steps["a"]
    assert (step.state, step.platform_state, step.error) == (RunState.FAILED, "DONE", error)
    assert (step.started_at, step.ended_at) == ("2026-11-22T13:00:00Z", "2026-11-22T13:30:00Z")
    assert run_with(Ended("a", RunState.FAILED, AT)).steps["a"].ended_at == AT


def test_a_restarted_step_forgets_its_end_and_remembers_its_jobs() -> None:
    done = (intended(), Submitted("a", "j1", AT), Ended("a", RunState.FAILED, AT, "DONE", AT, AT, JobError("X")))
    step = run_with(*done, Restarted(("a",), "retry")).steps["a"]
    assert (step.state, step.job, step.jobs, step.tries) == (RunState.PENDING, None, ("j1",), 1)
    assert (step.platform_state, step.started_at, step.ended_at, step.error) == ("", None, None, None)
    again = run_with(*done, Restarted(("a",), "retry"), intended(), Submitted("a", "j2", AT)).steps["a"]
    assert again.jobs == ("j1", "j2")
    assert again.attempt.intent is not None


def test_only_what_failed_counts_as_tried() -> None:
    begun_ = (intended(), Submitted("a", "j1", AT))
    taken_along = run_with(*begun_, Ended("a", RunState.SUCCEEDED, AT), Restarted(("a",), "b failed")).steps["a"]
    assert taken_along.tries == 0
    never_sent = run_with(intended(), Dropped("a"), Restarted(("a",), "b failed")).steps["a"]
    assert never_sent.tries == 0
    stopped = run_with(*begun_, Ended("a", RunState.STOPPED, AT), Restarted(("a",), "retry")).steps["a"]
    assert stopped.tries == 1
    afresh = run_with(
        *begun_,
        Ended("a", RunState.FAILED, AT),
        Restarted(("a",), "retry"),
        intended(),
        Ended("a", RunState.FAILED, AT),
        Restarted(("a",), "resumed", afresh=True),
    )
    assert afresh.steps["a"].tries == 0


@pytest.mark.parametrize(
    ("before", "state"),
    [
        ((intended(),), RunState.RUNNING),
        ((intended(), Submitted("a", "j1", AT)), RunState.RUNNING),
        ((intended(), Dropped("a")), RunState.PENDING),
        ((), RunState.PENDING),
    ],
)
def test_a_reopened_step_is_where_its_newest_attempt_is(before: tuple[Event, ...], state: RunState) -> None:
    step = run_with(*before, Ended("a", RunState.UNKNOWN, AT, error=JobError("x")), Reopened("a")).steps["a"]
    assert (step.state, step.error, step.ended_at) == (state, None, None)


def test_a_run_that_is_gone_on_with_is_not_over_and_not_to_be_stopped() -> None:
    closed = run_with(StopAsked(AT, "somebody"), Closed(RunState.STOPPED, AT))
    assert closed.is_over
    assert closed.stop_asked == f"somebody at {AT}"
    resumed = after(closed, Resumed(AT, ME))
    assert (resumed.is_over, resumed.state, resumed.stop_asked) == (False, RunState.RUNNING, "")
    assert [each.author for each in resumed.resumed] == [ME]


def test_an_intent_can_be_sent_again_as_it_was() -> None:
    step = run_with(intended()).steps["a"]
    assert step.attempt.intent
    ready = ready_of(step, step.attempt.intent)
    assert ready.order == Order("tamr.load", "source:a", "source:a", {"source": "a"})
    assert (ready.request.method, ready.request.path, ready.request.body) == ("POST", "/jobs", {"x": 1})
    assert (ready.request.repeatable, ready.resource) == (False, "res")


# -- what follows ------------------------------------------------------------------------------------------------------


PAIR = (
    plan("load"),
    plan("stage", "load"),
    plan("mid", "stage"),
    plan("apply", "mid", restart_from="stage"),
    plan("z", "stage"),
)


def test_a_restart_takes_along_the_first_of_its_pair_and_all_between() -> None:
    run = run_with(steps=PAIR)
    assert restarts_with(run, "apply") == ("stage", "mid", "apply")
    assert restarts_with(run, "stage") == ("stage",)
    assert restarts_with(run, "z") == ("z",)


def test_what_is_taken_along_takes_along_its_own() -> None:
    steps = (plan("a"), plan("b", "a", restart_from="a"), plan("c", "b", restart_from="b"))
    assert restarts_with(run_with(steps=steps), "c") == ("a", "b", "c")


def test_final_state_is_the_worst() -> None:
    def final(*states: RunState) -> RunState:
        steps = tuple(plan(f"s{number}") for number in range(len(states)))
        return final_state(run_with(*(Ended(f"s{n}", s, AT) for n, s in enumerate(states)), steps=steps))

    assert final(RunState.SUCCEEDED, RunState.SUCCEEDED) is RunState.SUCCEEDED
    assert final(RunState.STOPPED, RunState.SUCCEEDED) is RunState.STOPPED
    assert final(RunState.STOPPED, RunState.FAILED, RunState.BLOCKED) is RunState.FAILED
    assert final(RunState.FAILED, RunState.UNKNOWN, RunState.BLOCKED) is RunState.UNKNOWN


# -- laws --------------------------------------------------------------------------------------------------------------

NAMES = tuple("abcde")
LAW = settings(max_examples=50)


@st.composite
def plans(draw: st.DrawFn) -> tuple[StepPlan, ...]:
    """Draw steps whose needs lead back in the order of their names, listed in any order."""
    found: dict[str, StepPlan] = {}
    for name in NAMES[: draw(st.integers(1, 5))]:
        needs = tuple(draw(st.sets(st.sampled_from([*found]), max_size=3))) if found else ()
        before = sorted(needed_by(name, {**{n: p.needs for n, p in found.items()}, name: needs}))
        first = draw(st.sampled_from(["", *before]))
        found[name] = plan(name, *needs, restart_from=first)
    return tuple(draw(st.permutations([*found.values()])))


def step_events(name: str) -> st.SearchStrategy[Event]:
    job = st.sampled_from(["j1", "j2"])
    return st.one_of(
        st.just(intended(name)),
        st.just(Dropped(name)),
        st.just(Taken(name)),
        st.builds(Submitted, st.just(name), job, st.just(AT), st.sampled_from(["", "found", "attached"])),
        st.builds(Ended, st.just(name), st.sampled_from(OVER), st.just(AT)),
        st.just(Reopened(name)),
        st.builds(Restarted, st.just((name,)), st.just("why"), st.booleans()),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    steps = draw(plans())
    of_run = st.sampled_from([Resumed(AT, ME), StopAsked(AT, "you"), Closed(RunState.FAILED, AT)])
    of_step = st.one_of([step_events(each.name) for each in steps])
    rest: list[Event] = draw(st.lists(st.one_of(of_run, of_step), max_size=12))
    return [Began("r1", "p", "prod", AT, ME, steps), *rest]


@LAW
@given(histories())
def test_folding_one_by_one_is_folding_all(events: list[Event]) -> None:
    first, *rest = events
    assert isinstance(first, Began)
    run = begun(first)
    for event in rest:
        before, shown = run, repr(run)
        run = after(run, event)
        assert repr(before) == shown  # a run is a value: what somebody holds stays as it was
    assert run == run_of(events)
    assert [*run.steps] == [each.name for each in first.steps]


@LAW
@given(histories(), st.integers(0, 12))
def test_a_beginning_and_the_rest_make_the_whole(events: list[Event], cut: int) -> None:
    run = run_of(events[: cut + 1])
    for event in events[cut + 1 :]:
        run = after(run, event)
    assert run == run_of(events)


@LAW
@given(histories())
def test_no_job_is_ever_forgotten(events: list[Event]) -> None:
    run = run_of(events)
    submitted = {(e.step, e.job) for e in events if isinstance(e, Submitted)}
    assert {(name, job) for name, step in run.steps.items() for job in step.jobs} == submitted


@LAW
@given(plans(), st.data())
def test_a_restart_holds_the_step_and_is_closed(steps: tuple[StepPlan, ...], data: st.DataObject) -> None:
    run = run_with(steps=steps)
    needs: Mapping[str, Any] = {each.name: each.needs for each in steps}
    name = data.draw(st.sampled_from([each.name for each in steps]))
    found = restarts_with(run, name)
    assert name in found
    assert [*found] == [each for each in run.steps if each in found]
    for each in found:
        assert set(restarts_with(run, each)) <= set(found)
        first = run.steps[each].plan.restart_from
        if first:
            between = {n for n in needed_by(each, needs) if first in needed_by(n, needs)}
            assert {first, *between} <= set(found)
    # Nothing is taken along that does not come before.
    assert set(found) <= {name, *needed_by(name, needs)}


@LAW
@given(histories())
def test_a_step_is_blocked_exactly_when_something_before_it_ended_badly(events: list[Event]) -> None:
    run = run_of(events)
    needs = {name: step.plan.needs for name, step in run.steps.items()}
    for name, step in run.steps.items():
        bad = any(
            run.steps[each].state.is_over and run.steps[each].state is not RunState.SUCCEEDED
            for each in needed_by(name, needs)
        )
        assert (name in blocked_steps(run)) == (bad and step.state is RunState.PENDING)


@LAW
@given(plans())
def test_what_a_step_needs_is_needed_by_all_that_need_it(steps: tuple[StepPlan, ...]) -> None:
    needs = {each.name: each.needs for each in steps}
    for name in needs:
        found = needed_by(name, needs)
        assert name not in found
        assert found == {*needs[name]} | {each for need in needs[name] for each in needed_by(need, needs)}
