"""A run: one execution of a pipeline, as a sequence of events and what they add up to. Pure.

A run is written down event by event, each before or after the call it is about, so that whoever reads the events later
knows what was asked for, what may have been started, and what came of it: ``after`` is the whole of that knowledge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce
from typing import Any, Literal

from reconcile.core.needs import needed_by
from reconcile.core.operation import JobError, Order, Ready
from reconcile.core.request import Request

# As ``Submitted.adopted``: the job was under way already, and somebody else had started it.
ATTACHED = "attached"


class RunState(StrEnum):
    """What a run, or a step of it, is doing or has come to."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    BLOCKED = "blocked"  # a step that it needs did not succeed
    UNKNOWN = "unknown"  # nobody can say whether its job was started, or what became of it

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will happen by itself."""
        return self not in (RunState.PENDING, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class Author:
    """Who did it and where. ``job`` is the CI job's address, if any."""

    by: str = ""
    host: str = ""
    command: str = ""
    commit: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step as it stood in the files when the run began. Times are in seconds, None where there is none."""

    name: str
    operation: str
    connection: str
    target: str
    subject: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    wait_timeout: int | None = None
    stop_after: int | None = None
    when_busy: str = "wait"
    on_limit: str = "wait"
    retries: int = 0
    min_gap: int | None = None
    restart_from: str = ""

    @property
    def order(self) -> Order:
        """The work of this step."""
        return Order(self.operation, self.target, self.subject, self.settings)


# -- events ------------------------------------------------------------------------------------------------------------
# Times are UTC, ISO 8601. What an event says of a step is about its newest attempt.


@dataclass(frozen=True, slots=True)
class Began:
    """A run begins. ``pipeline`` is "" for a job started by hand; ``once`` is the key it was asked for under, or ""."""

    id: str
    pipeline: str
    environment: str
    at: str
    author: Author
    steps: tuple[StepPlan, ...]
    once: str = ""
    event: Literal["began"] = "began"


@dataclass(frozen=True, slots=True)
class Resumed:
    """Somebody goes on with the run."""

    at: str
    author: Author
    event: Literal["resumed"] = "resumed"


@dataclass(frozen=True, slots=True)
class Intended:
    """A call that starts a job is about to be made.

    ``at`` is the platform's own time, as far as it tells; ``known`` are the ids of the jobs with this target that were
    there before, so none of them can be ours.
    """

    step: str
    at: str
    method: str
    path: str
    body: Mapping[str, Any] | None
    repeatable: bool
    resource: str
    known: tuple[str, ...] = ()
    event: Literal["intended"] = "intended"


@dataclass(frozen=True, slots=True)
class Dropped:
    """The last intent certainly started nothing."""

    step: str
    why: str = ""
    event: Literal["dropped"] = "dropped"


@dataclass(frozen=True, slots=True)
class Taken:
    """The platform took the call without saying which job it is."""

    step: str
    event: Literal["taken"] = "taken"


@dataclass(frozen=True, slots=True)
class Submitted:
    """The step has its job. ``adopted`` says how we know: found or attached to, and not told by the answer."""

    step: str
    job: str
    at: str
    adopted: str = ""
    event: Literal["submitted"] = "submitted"


@dataclass(frozen=True, slots=True)
class Ended:
    """A step came to ``state``. Times and ``platform_state`` are the job's, "" and None where there was none."""

    step: str
    state: RunState
    at: str
    platform_state: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    error: JobError | None = None
    event: Literal["ended"] = "ended"


@dataclass(frozen=True, slots=True)
class Restarted:
    """Steps go back to pending, to be tried once more; ``afresh`` forgets how often they were tried."""

    steps: tuple[str, ...]
    why: str
    afresh: bool = False
    event: Literal["restarted"] = "restarted"


@dataclass(frozen=True, slots=True)
class Reopened:
    """A step whose outcome nobody could tell is looked into once more."""

    step: str
    event: Literal["reopened"] = "reopened"


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Somebody wants the run to be stopped."""

    at: str
    by: str
    event: Literal["stop-asked"] = "stop-asked"


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing more will happen in this run by itself."""

    state: RunState
    at: str
    event: Literal["closed"] = "closed"


Event = Began | Resumed | Intended | Dropped | Taken | Submitted | Ended | Restarted | Reopened | StopAsked | Closed


# -- what they add up to -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a step: an intent, and what is known of its job. ``dropped``: nothing was started."""

    intent: Intended | None = None
    taken: bool = False
    job: str | None = None
    adopted: str = ""
    submitted_at: str | None = None
    dropped: bool = False

    @property
    def is_dangling(self) -> bool:
        """Say whether a job may have been started of which we do not know the id."""
        return self.intent is not None and self.job is None and not self.dropped


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a run. ``attempts`` are oldest first; ``tries`` counts the jobs of it that failed and were retried."""

    plan: StepPlan
    state: RunState = RunState.PENDING
    attempts: tuple[Attempt, ...] = ()
    tries: int = 0
    platform_state: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    error: JobError | None = None

    @property
    def attempt(self) -> Attempt:
        """The newest attempt; an empty one when there is none."""
        return self.attempts[-1] if self.attempts else Attempt()

    @property
    def job(self) -> str | None:
        """The id of its job, None when there is none (yet)."""
        return self.attempt.job

    @property
    def jobs(self) -> tuple[str, ...]:
        """The ids of all its jobs, earlier tries included."""
        return tuple(attempt.job for attempt in self.attempts if attempt.job)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its events tell it. ``state`` is RUNNING until it is closed; ``stop_asked``: who wants it stopped."""

    id: str
    pipeline: str
    environment: str
    started_at: str
    author: Author
    steps: Mapping[str, Step]
    once: str = ""
    state: RunState = RunState.RUNNING
    ended_at: str | None = None
    stop_asked: str = ""
    resumed: tuple[Resumed, ...] = ()

    @property
    def is_over(self) -> bool:
        """Say whether the run is closed."""
        return self.ended_at is not None

    @property
    def jobs(self) -> frozenset[tuple[str, str]]:
        """Every job that this run started, as (connection, id); what it attached to is somebody else's."""
        return frozenset(
            (step.plan.connection, attempt.job)
            for step in self.steps.values()
            for attempt in step.attempts
            if attempt.job and attempt.adopted != ATTACHED
        )


def run_of(events: Iterable[Event]) -> Run:
    """Return what events add up to. Raises ``ValueError`` when the first one does not begin a run."""
    found = iter(events)
    first = next(found, None)
    if not isinstance(first, Began):
        raise ValueError("it does not begin with a beginning")  # noqa: TRY004 - the contents are wrong, not a type
    return reduce(after, found, begun(first))


def begun(event: Began) -> Run:
    """Return a run that has just begun."""
    steps = {plan.name: Step(plan) for plan in event.steps}
    return Run(event.id, event.pipeline, event.environment, event.at, event.author, steps, event.once)


def after(run: Run, event: Event) -> Run:
    """Return the run as it is after an event. Raises ``ValueError`` for an event that cannot be."""
    match event:
        case Began():
            raise ValueError("a run begins once")
        case Resumed():
            return replace(run, state=RunState.RUNNING, ended_at=None, stop_asked="", resumed=(*run.resumed, event))
        case StopAsked():
            return replace(run, stop_asked=f"{event.by} at {event.at}")
        case Closed():
            return replace(run, state=event.state, ended_at=event.at)
        case Restarted():
            steps = {n: _restarted(s, event.afresh) if n in event.steps else s for n, s in run.steps.items()}
            return replace(run, steps=steps)
    if event.step not in run.steps:
        raise ValueError(f"there is no step {event.step!r}")
    return replace(run, steps={**run.steps, event.step: _stepped(run.steps[event.step], event)})


def _stepped(step: Step, event: Intended | Dropped | Taken | Submitted | Ended | Reopened) -> Step:
    match event:
        case Reopened():
            state = RunState.RUNNING if step.attempt.job or step.attempt.is_dangling else RunState.PENDING
            return replace(step, state=state, error=None, ended_at=None)
        case Intended():
            return replace(step, state=RunState.RUNNING, attempts=(*step.attempts, Attempt(event)), error=None)
        case Dropped():
            # Nothing was started, so the step is where it was before: a run that is cut off now has nothing of it.
            return replace(_newest(step, replace(step.attempt, dropped=True)), state=RunState.PENDING)
        case Taken():
            return _newest(step, replace(step.attempt, taken=True))
        case Submitted():
            known = replace(step.attempt, job=event.job, adopted=event.adopted, submitted_at=event.at, dropped=False)
            if step.attempt.job or step.attempt.dropped or not step.attempts:
                # Attached to without an intent of our own.
                known = Attempt(None, job=event.job, adopted=event.adopted, submitted_at=event.at)
                return replace(step, state=RunState.RUNNING, attempts=(*step.attempts, known), error=None)
            return replace(_newest(step, known), state=RunState.RUNNING, error=None)
        case Ended():
            return replace(
                step,
                state=event.state,
                platform_state=event.platform_state,
                started_at=event.started_at,
                ended_at=event.ended_at or event.at,
                error=event.error,
            )


def _newest(step: Step, attempt: Attempt) -> Step:
    return replace(step, attempts=(*step.attempts[:-1], attempt))


def _restarted(step: Step, afresh: bool) -> Step:
    # A closed attempt ends the old try, so that the next one is not taken for its continuation.
    closed = (*step.attempts, Attempt(dropped=True)) if step.attempts else ()
    return replace(
        step,
        state=RunState.PENDING,
        attempts=closed,
        # One that is only taken along, or was never sent, has not failed: it keeps its own retries.
        tries=0 if afresh else step.tries + (step.state in (RunState.FAILED, RunState.STOPPED)),
        platform_state="",
        started_at=None,
        ended_at=None,
        error=None,
    )


# -- what follows from it ----------------------------------------------------------------------------------------------


def restarts_with(run: Run, name: str) -> tuple[str, ...]:
    """Return the steps that go back to pending when ``name`` does, itself included, in the order of the run.

    A step with ``restart_from`` takes along that step and all between the two; so do those it takes along.
    """
    needs = {step.plan.name: step.plan.needs for step in run.steps.values()}
    found: set[str] = set()
    left = [name]
    while left:
        step = left.pop()
        if step in found:
            continue
        found.add(step)
        first = run.steps[step].plan.restart_from
        if first:
            before = needed_by(step, needs)
            left += [first, *(each for each in before if first in needed_by(each, needs))]
    return tuple(each for each in run.steps if each in found)


def blocked_steps(run: Run) -> tuple[str, ...]:
    """Return the pending steps that can never begin, because one they need ended without success."""
    needs = {step.plan.name: step.plan.needs for step in run.steps.values()}
    bad = {name for name, step in run.steps.items() if step.state.is_over and step.state is not RunState.SUCCEEDED}
    return tuple(
        name
        for name, step in run.steps.items()
        if step.state is RunState.PENDING and not bad.isdisjoint(needed_by(name, needs))
    )


def final_state(run: Run) -> RunState:
    """Return what a run has come to whose steps are all over: the worst of them, ``unknown`` before ``failed``."""
    states = {step.state for step in run.steps.values()}
    for state in (RunState.UNKNOWN, RunState.FAILED, RunState.STOPPED):
        if state in states:
            return state
    return RunState.SUCCEEDED


def ready_of(step: Step, intent: Intended) -> Ready:
    """Return the call that an intent was about."""
    request = Request(intent.method, intent.path, intent.body, intent.repeatable)
    return Ready(step.plan.order, request, intent.resource)
