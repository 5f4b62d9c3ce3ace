"""Runs begun, gone on with, stopped: under a lock, so that of any number of processes one does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from reconcile.config.pipeline import Pipeline
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.errors import ConfigError, LockHeld, Refused, StateError
from reconcile.core.operation import JobError, Operation
from reconcile.core.run import (
    Author,
    Began,
    Closed,
    Ended,
    Reopened,
    Restarted,
    Resumed,
    Run,
    RunState,
    StepPlan,
    Submitted,
    final_state,
    restarts_with,
)
from reconcile.engine.claim import pipeline_key
from reconcile.engine.link import open_operators
from reconcile.engine.loom import Clock
from reconcile.engine.pipeline import Control, Crew, Result, execute, stamp
from reconcile.engine.place import Place
from reconcile.state.backend import Backend
from reconcile.state.lock import LockInfo, acquire, read_holder
from reconcile.state.retention import remove_old_runs
from reconcile.state.run_log import (
    FOLDER,
    RunLog,
    Unreadable,
    ask_to_stop,
    begin_log,
    open_log,
    read_runs,
    unclosed_ids,
)

# A run that was cut off longer ago than this is not gone on with unasked: what it began with is old by now.
STALE = timedelta(hours=24)

# What begins the name of a lock that is on no pipeline.
BY_HAND = "by hand: "


@dataclass(frozen=True, slots=True)
class Watching:
    """How a command runs: its clock, what a person wants meanwhile, seconds between two looks at a job."""

    clock: Clock
    control: Control
    poll_interval: float = 30.0
    watches: bool = True


@dataclass(frozen=True, slots=True)
class Opening:
    """What a command goes on with. ``is_new``: begun just now; ``is_done``: over, there is nothing to go on with.

    ``given_up`` is the id of a run that was cut off and that nobody will go on with any more, "" when there was none.
    """

    run: Run
    log: RunLog
    is_new: bool = False
    is_done: bool = False
    given_up: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says about steps that nobody can judge.

    ``adopt``: step -> its job; ``again``: steps to be started once more; ``done``: steps to be taken for succeeded.
    """

    adopt: Mapping[str, str]
    again: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


def operations_of(place: Place) -> Mapping[str, Operation]:
    """Return the operations of every connection's provider, by full name."""
    return {name: found for link in place.links.values() for name, found in link.operations.items()}


def step_plans(place: Place, pipeline: Pipeline) -> tuple[StepPlan, ...]:
    """Return the steps of a pipeline as a run keeps them."""
    operations = operations_of(place)
    plans = []
    for step in pipeline.steps:
        order = operations[step.operation].order(step.settings, place.links[step.connection].settings)
        plans.append(
            StepPlan(
                step.name,
                step.operation,
                step.connection,
                order.target,
                order.subject,
                dict(order.settings),
                step.needs,
                step.wait_timeout,
                step.stop_after,
                step.when_busy,
                step.on_limit,
                step.retries,
                step.min_gap,
                step.restart_from,
            )
        )
    return tuple(plans)


@contextmanager
def holding(place: Place, name: str) -> Iterator[None]:
    """Keep every other process from going on with runs of this name meanwhile. Raises ``Refused`` when one does."""
    try:
        what = f"job {name.removeprefix(BY_HAND)}" if name.startswith(BY_HAND) else f"pipeline {name}"
        lock = acquire(place.backend, place.owner, lambda: datetime.now(UTC), key=pipeline_key(name), what=what)
    except LockHeld:
        raise Refused(_going_on(place.backend, name)) from None
    with lock:
        yield


def lock_name(pipeline: str, steps: tuple[StepPlan, ...]) -> str:
    """Return the name that runs of this pipeline share; a job by hand shares one with others of the same work."""
    return pipeline or f"{BY_HAND}{steps[0].connection}/{steps[0].operation}/{steps[0].target}"


def open_run(
    place: Place, pipeline: str, steps: tuple[StepPlan, ...], clock: Clock, *, once: str = "", anew: bool = False
) -> Opening:
    """Return the run to go on with: one that was cut off, or a new one. To be called while ``holding``.

    With ``once`` a run that was asked for under the same key is the one, over or not. ``anew`` closes what was cut off
    and begins; so does a job by hand, unless it was cut off a short while ago and nobody knows whether it was started.
    Raises ``Refused`` when the one that was cut off is too old to be gone on with unasked.
    """
    backend, clean = place.backend, place.outside.redactor.clean
    if once and (found := _asked_before(backend, pipeline, once)):
        log = open_log(backend, found.id, clean)
        if not log.run.is_over:
            log.append(Resumed(stamp(clock.utc()), _author(place)))
        return Opening(log.run, log, is_done=log.run.is_over)
    left = None if anew and _is_unreadable(backend, pipeline, steps) else cut_off(backend, pipeline, steps)
    if left and not anew and not once and (pipeline or _is_in_doubt(left, clock)):
        if _is_old(left, clock):
            raise Refused(_is_stale(left))
        log = open_log(backend, left.id, clean)
        log.append(Resumed(stamp(clock.utc()), _author(place)))
        return Opening(log.run, log)
    if left:
        _abandon(open_log(backend, left.id, clean), clock)
    log = begin_log(backend, _began(place, pipeline, steps, clock, once), clean)
    return Opening(log.run, log, is_new=True, given_up=left.id if left else "")


def reopen(place: Place, id: str, clock: Clock, choice: Choice) -> Opening:
    """Return a run to go on with: what was cut off, and what failed, was stopped or blocked once more.

    To be called while ``holding``. Raises ``NoSuchRun``, ``ConfigError`` for a choice that cannot be.
    """
    log = open_log(place.backend, id, place.outside.redactor.clean)
    _check_choice(log.run, choice)
    if log.run.is_over and log.run.state is RunState.SUCCEEDED and not choice.again:
        return Opening(log.run, log, is_done=True)
    at = stamp(clock.utc())
    log.append(Resumed(at, _author(place)))
    for name in choice.done:
        log.append(Ended(name, RunState.SUCCEEDED, at, "taken for succeeded"))
    for name, job in choice.adopt.items():
        log.append(Submitted(name, job, at, "chosen"))
    steps = log.run.steps
    failed = {name for name, step in steps.items() if step.state in (RunState.FAILED, RunState.STOPPED)}
    failed |= {*choice.again}
    blocked = {name for name, step in steps.items() if step.state is RunState.BLOCKED}
    again = blocked | {each for name in failed for each in restarts_with(log.run, name)}
    for name in steps:
        if steps[name].state is RunState.UNKNOWN and name not in again:
            log.append(Reopened(name))
    if again:
        log.append(Restarted(tuple(name for name in steps if name in again), "resumed", afresh=True))
    return Opening(log.run, log)


def open_again(place: Place, id: str, clock: Clock) -> Opening:
    """Return a run as it was left, to bring it to its end. To be called while ``holding``. Raises ``NoSuchRun``."""
    log = open_log(place.backend, id, place.outside.redactor.clean)
    if not log.run.is_over:
        log.append(Resumed(stamp(clock.utc()), _author(place)))
    return Opening(log.run, log, is_done=log.run.is_over)


def go_on(place: Place, opening: Opening, watching: Watching) -> Result:
    """Go on with a run until it is over or nobody watches it any more. To be called while ``holding``."""
    run = opening.run
    if opening.is_done:
        return Result(run)
    _check_steps(place, run)
    with open_operators(place.links, place.outside) as operators:
        crew = Crew(
            operators=operators,
            operations=operations_of(place),
            backend=place.backend,
            owner=place.owner,
            clock=watching.clock,
            listener=place.outside.listener,
            poll_interval=watching.poll_interval,
            watches=watching.watches,
        )
        result = execute(opening.log, crew, watching.control)
    has_jobs = all(step.state.is_over or step.job for step in result.run.steps.values())
    if not watching.watches and result.left and has_jobs and not result.run.is_over:
        # A job by hand that nobody wants to watch: its run is over with its start, once it is known which job it is.
        result = replace(result, run=opening.log.close(Closed(RunState.RUNNING, stamp(watching.clock.utc()))))
    if result.run.is_over:
        # What cannot be removed stays for the next run.
        with suppress(StateError):
            remove_old_runs(place.backend, place.retention, watching.clock.utc())
    return result


def runner_of(place: Place, run: Run) -> LockInfo | None:
    """Return who goes on with a run at this moment; None when nobody does."""
    if run.is_over:
        return None
    name = lock_name(run.pipeline, tuple(step.plan for step in run.steps.values()))
    return read_holder(place.backend, datetime.now(UTC), pipeline_key(name))


def tell_to_stop(place: Place, run: Run) -> None:
    """Ask the process that goes on with a run to stop it."""
    ask_to_stop(place.backend, run.id)


def find_run(backend: Backend, id: str) -> Run:
    """Return a run by its id, or by a beginning that only it has. Raises ``NoSuchRun`` or ``ConfigError``."""
    ids = sorted({key.split("/")[1] for key in backend.list(FOLDER)})
    near = [each for each in ids if each.startswith(id) or each.endswith(id)] if len(id) >= 4 else []
    if id not in ids and len(near) > 1:
        raise ConfigError(
            Diagnostic("ambiguous-run", "Several runs", f'"{id}" may be {", ".join(near[:5])}.', "say more of the id")
        )
    return open_log(backend, near[0] if id not in ids and near else id).run


def cut_off(backend: Backend, pipeline: str, steps: tuple[StepPlan, ...]) -> Run | None:
    """Return the newest run of a pipeline (or of the same work by hand) that is not over.

    Raises ``StateError`` when one that may be it cannot be read: what it started would be started again.
    """
    name = lock_name(pipeline, steps)
    for run in read_runs(backend, unclosed_ids(backend)):
        if isinstance(run, Unreadable):
            if f"-{_word(pipeline, steps)}-" in run.id:
                raise StateError(run.diagnostics)
            continue
        if run.is_over:
            continue
        if lock_name(run.pipeline, tuple(step.plan for step in run.steps.values())) == name:
            return run
    return None


def _is_unreadable(backend: Backend, pipeline: str, steps: tuple[StepPlan, ...]) -> bool:
    try:
        cut_off(backend, pipeline, steps)
    except StateError:
        return True
    return False


def _asked_before(backend: Backend, pipeline: str, once: str) -> Run | None:
    for run in read_runs(backend):
        if not isinstance(run, Unreadable) and run.pipeline == pipeline and run.once == once:
            return run
    return None


def _abandon(log: RunLog, clock: Clock) -> None:
    """Close a run that nobody will go on with; what is not over in it will never be known."""
    at = stamp(clock.utc())
    if not log.run.pipeline and any(step.state is RunState.RUNNING and step.job for step in log.run.steps.values()):
        # As with one that was started and not watched: it is over with its start.
        log.close(Closed(RunState.RUNNING, at))
        return
    error = JobError("given-up", "the run was given up before this step was over")
    for name, step in log.run.steps.items():
        if step.state is RunState.RUNNING:
            log.append(Ended(name, RunState.UNKNOWN, at, error=error))
        elif step.state is RunState.PENDING:
            log.append(Ended(name, RunState.STOPPED, at, error=error))
    log.close(Closed(final_state(log.run), at))


def _is_in_doubt(run: Run, clock: Clock) -> bool:
    """Say whether a job by hand was cut off, not long ago, where nobody can say whether it was started."""
    return any(step.attempt.is_dangling for step in run.steps.values()) and not _is_old(run, clock)


def _is_old(run: Run, clock: Clock) -> bool:
    return clock.utc() - _last_sign(run) > STALE


def _began(place: Place, pipeline: str, steps: tuple[StepPlan, ...], clock: Clock, once: str) -> Began:
    at = clock.utc()
    # Sortable by time, and readable.
    name = f"{at.astimezone(UTC):%Y%m%d-%H%M%S}-{_word(pipeline, steps)}-{uuid4().hex[:6]}"
    return Began(name, pipeline, place.environment, stamp(at), _author(place), steps, once)


def _word(pipeline: str, steps: tuple[StepPlan, ...]) -> str:
    """Return what a run's id says of it; what may not stand in a key is left out."""
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in pipeline or steps[0].operation)[:40].strip("-")


def _author(place: Place) -> Author:
    origin = place.origin
    return Author(origin.by, origin.host, origin.command, origin.commit, origin.job)


def _last_sign(run: Run) -> datetime:
    times = [run.started_at, *(each.at for each in run.resumed)]
    times += [attempt.submitted_at for step in run.steps.values() for attempt in step.attempts if attempt.submitted_at]
    times += [a.intent.at for step in run.steps.values() for a in step.attempts if a.intent]
    times += [step.ended_at for step in run.steps.values() if step.ended_at]
    return max(datetime.fromisoformat(time) for time in times)


def _check_steps(place: Place, run: Run) -> None:
    """Raise ``ConfigError`` when a run needs a connection or an operation that the files no longer have."""
    operations = operations_of(place)
    for name, step in run.steps.items():
        if step.plan.connection not in place.links or step.plan.operation not in operations:
            detail = f"Step {name} of run {run.id} is {step.plan.operation} on connection {step.plan.connection}."
            hint = "put the connection back into reconcile.yaml to go on with this run"
            raise ConfigError(Diagnostic("connection-removed", "The run needs what is gone", detail, hint))


def _check_choice(run: Run, choice: Choice) -> None:
    for name in (*choice.adopt, *choice.again, *choice.done):
        if name not in run.steps:
            hint = did_you_mean(name, run.steps) or f"steps: {', '.join(run.steps)}"
            raise ConfigError(Diagnostic("unknown-step", "Unknown step", f'{run.id} has no step "{name}".', hint))
        if run.steps[name].state is RunState.SUCCEEDED and name not in choice.again:
            raise ConfigError(
                Diagnostic("step-is-over", "The step is over", f"Step {name} of {run.id} has succeeded already.")
            )


def _going_on(backend: Backend, name: str) -> Diagnostic:
    holder = read_holder(backend, datetime.now(UTC), pipeline_key(name))
    who = f"{holder.owner.by} on {holder.owner.host} (`{holder.owner.command}`)" if holder else "Another process"
    until = f" (its lock holds until {stamp(holder.until)})" if holder else ""
    return Diagnostic(
        "run-goes-on",
        "It is running already",
        f'{who} is running "{name}" at this moment{until}; nothing was started.',
        "`reconcile runs` shows how it goes, `reconcile stop RUN` stops it",
    )


def _is_stale(run: Run) -> Diagnostic:
    return Diagnostic(
        "run-cut-off",
        "An earlier run was cut off",
        f"Run {run.id} was cut off; its last sign of life is from {stamp(_last_sign(run))}, more than a day ago.",
        f"`reconcile resume {run.id}` goes on with it; `--new` gives it up and begins anew",
    )
