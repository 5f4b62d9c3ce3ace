"""A run from where it is to its end: steps begin when what they need has succeeded, each job is started once.

Everything is written to the run's log before or after the call it is about, so a run that was cut off anywhere is gone
on with by reading the log: a job that is known is watched on, an intent without an answer is looked into, the rest
begins as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from threading import Event as Flag

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError, PlatformError
from reconcile.core.operation import Job, JobError, JobState, Operation, Ready
from reconcile.core.request import Request
from reconcile.core.run import (
    Attempt,
    Closed,
    Dropped,
    Ended,
    Intended,
    Restarted,
    Run,
    RunState,
    StepPlan,
    StopAsked,
    Submitted,
    Taken,
    blocked_steps,
    final_state,
    ready_of,
    restarts_with,
)
from reconcile.engine import watch as watching
from reconcile.engine.claim import TargetClaim
from reconcile.engine.desk import (
    PATIENT_ATTEMPTS,
    READ_ATTEMPTS,
    Desk,
    NotStarted,
    Outcome,
    Started,
    Unclear,
    moment,
    now,
)
from reconcile.engine.events import Listener, RunBegan, StepMoved, StepTold
from reconcile.engine.loom import Clock, Loom, Rest, Script, call
from reconcile.engine.seat import Pool, PoolSeat
from reconcile.engine.submission import Policy, is_displaced, recover, submit
from reconcile.engine.watch import Bounds, GoesOn, Lost, Over, Seen, watch
from reconcile.providers.base import Operator
from reconcile.state.backend import Backend
from reconcile.state.lock import Owner
from reconcile.state.run_log import RunLog, Unreadable, read_runs

# Threads that make calls; every watch of every step shares them.
WIDTH = 16
# Before a failed job is started again; doubled each time.
FIRST_RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 600.0
# How often a job that the platform refused because the same was queued is tried again.
MOST_DISPLACED = 20
# Where a job may be that has no answer: in how many of the newest runs it is looked for.
RUNS_TO_ASK = 50


class Control:
    """What a person wants of a run that is going on. Set from any thread, also from a signal handler."""

    def __init__(self) -> None:
        self._leave, self._stop = Flag(), Flag()
        self.stir: Callable[[], None] = lambda: None

    @property
    def leaves(self) -> bool:
        """Whether watching is to end; jobs go on."""
        return self._leave.is_set()

    @property
    def stops(self) -> bool:
        """Whether the jobs are to be stopped, and waited for."""
        return self._stop.is_set()

    def leave(self) -> None:
        """End the watching as soon as what is being sent has its answer."""
        self._leave.set()
        self.stir()

    def stop(self) -> None:
        """Stop the jobs. Wins over leaving."""
        self._stop.set()
        self._leave.clear()
        self.stir()


@dataclass(frozen=True, slots=True)
class Crew:
    """What a run works with. ``operators`` and ``operations`` are by connection and by full name.

    ``watches``: False leaves each job alone once it is started.
    """

    operators: Mapping[str, Operator]
    operations: Mapping[str, Operation]
    backend: Backend
    owner: Owner
    clock: Clock
    listener: Listener
    poll_interval: float = 30.0
    watches: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """How far a run has come. ``left`` says, by step, why somebody's job goes on unwatched; empty when none does.

    ``diagnostics`` say, in the order in which it was found out, why steps have no job, or one that nobody can judge.
    """

    run: Run
    left: Mapping[str, Diagnostic] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


class Leave(Exception):
    """Raised where a script rests: nobody wants to wait any longer."""


def execute(log: RunLog, crew: Crew, control: Control) -> Result:
    """Go on with a run until its steps are over, or until nobody wants to watch. Returns how far it has come.

    Raises ``StateError`` when the log cannot be written, ``StateMoved`` when another process goes on with the run.
    """
    return _Runner(log, crew, control).run()


class _Runner:
    def __init__(self, log: RunLog, crew: Crew, control: Control) -> None:
        self._log, self._crew, self._control = log, crew, control
        self._loom = Loom(crew.clock, WIDTH)
        self._active: set[str] = set()
        self._left: dict[str, Diagnostic] = {}
        self._delays: dict[str, float] = {}
        self._pools: dict[tuple[str, str], Pool] = {}
        self._seats: dict[str, PoolSeat] = {}
        self._stopped: set[str] = set()
        self._taken_back: set[str] = set()
        self._failure: BaseException | None = None
        self._diagnostics: list[Diagnostic] = []
        control.stir = self._loom.stir

    # -- the run

    def run(self) -> Result:
        steps = self._log.run.steps
        over = sum(step.state.is_over for step in steps.values())
        self._crew.listener(RunBegan(self._log.run.id, over, len(steps)))
        self._restart_pairs()
        self._advance()
        if self._active:
            self._loom.start(self._listen(), self._heard)
        self._loom.run()
        if self._failure:
            raise self._failure
        return self._closed()

    def _closed(self) -> Result:
        if self._control.stops:
            for name, step in self._log.run.steps.items():
                if step.state is RunState.PENDING:
                    self._end(name, RunState.STOPPED, JobError("stopped", "the run was stopped before it began"))
        run = self._log.run
        blocked = blocked_steps(run)
        if not all(step.state.is_over or name in blocked for name, step in run.steps.items()):
            return Result(run, dict(self._left), tuple(self._diagnostics))
        for name in blocked:
            self._end(name, RunState.BLOCKED, _blocker(self._log.run, name))
        run = self._log.close(Closed(final_state(self._log.run), self._now()))
        return Result(run, dict(self._left), tuple(self._diagnostics))

    def _advance(self) -> None:
        """Begin what can begin."""
        if self._control.leaves or self._failure:
            return
        steps = self._log.run.steps
        for name, step in steps.items():
            is_ready = all(steps[need].state is RunState.SUCCEEDED for need in step.plan.needs)
            if self._control.stops and step.state is not RunState.RUNNING:
                continue  # only what may have a job is looked after, to be stopped
            is_left = name in self._left and (not self._control.stops or name in self._taken_back)
            if not step.state.is_over and name not in self._active and not is_left and is_ready:
                if self._left.pop(name, None):
                    self._taken_back.add(name)  # nobody watched it any more, but it is to be stopped
                self._active.add(name)
                self._loom.start(self._step(name), lambda _, error, name=name: self._stepped(name, error))  # type: ignore[misc]

    def _stepped(self, name: str, error: BaseException | None) -> None:
        self._active.discard(name)
        seat = self._seats.pop(name, None)
        if seat:
            seat.give_back()
        try:
            if isinstance(error, watching.StopAsked):
                self._stopped_early(name)
            elif error is not None and not isinstance(error, Leave):
                self._fail(error)
            self._advance()
        except Exception as failure:
            self._fail(failure)
        if not self._active:
            self._loom.stir()

    def _stopped_early(self, name: str) -> None:
        """Write down that a step was stopped while it waited to be started."""
        if self._log.run.steps[name].attempt.is_dangling:
            detail = "the run was stopped after a call whose effect nobody knows"
            self._end(name, RunState.UNKNOWN, JobError("outcome-unknown", detail))
        else:
            self._end(name, RunState.STOPPED, JobError("stopped", "the run was stopped before its job was started"))

    def _fail(self, failure: BaseException) -> None:
        """End the run: nothing more may be begun when it cannot be written down; what is on its way ends first."""
        self._failure = self._failure or failure
        self._control.leave()

    def _listen(self) -> Script[None]:
        """Notice when another process asks for this run to be stopped."""
        while self._active and not (self._control.stops or self._control.leaves):
            yield Rest(self._crew.poll_interval)
            if self._active and (yield from call(self._log.stop_is_asked)):
                self._log.append(StopAsked(self._now(), "somebody"))
                self._control.stop()

    def _heard(self, _: object, error: BaseException | None) -> None:
        if error:
            self._fail(error)

    # -- one step

    def _step(self, name: str) -> Script[None]:
        plan = self._log.run.steps[name].plan
        try:
            desk = self._desk(plan)
        except (ConfigError, PlatformError) as error:
            return self._unopened(name, error.diagnostics[0])
        if seconds := self._delays.pop(name, 0.0):
            desk.tell("its job failed; it is started again", seconds)
            yield from desk.rest(seconds)
        for turn in range(MOST_DISPLACED):
            found = yield from self._begun(desk, name, anew=turn > 0)
            match found:
                case None:
                    return
                case NotStarted(diagnostic=diagnostic):
                    return self._end_for(name, RunState.FAILED, diagnostic)
                case Unclear(diagnostic=diagnostic):
                    return self._end_for(name, RunState.UNKNOWN, diagnostic)
                case Started(job=job):
                    self._seat(plan).holds(job.id)
                    seen = yield from self._watched(desk, name, job)
            if not (isinstance(seen, Over) and is_displaced(seen.job)):
                return self._seen(name, seen)
            if plan.when_busy == "fail":
                return self._seen(name, seen)
            self._seat(plan).give_back()
            desk.tell("the platform refused the job because the same is queued already", desk.poll_interval)
            yield from desk.rest(desk.poll_interval)
        return self._seen(name, seen)

    def _unopened(self, name: str, diagnostic: Diagnostic) -> None:
        """Note that a step's connection cannot be opened; its job, if it may have one, goes on."""
        attempt = self._log.run.steps[name].attempt
        if attempt.is_dangling or attempt.job:
            self._left[name] = diagnostic
        else:
            self._end(name, RunState.FAILED, JobError(diagnostic.code, diagnostic.detail))

    def _begun(self, desk: Desk, name: str, *, anew: bool) -> Script[Outcome | None]:
        """Return the step's job: the one it has (unless ``anew``), the one an unanswered call started, or a new one.

        None when the step is not to go on now.
        """
        step = self._log.run.steps[name]
        plan, attempt = step.plan, step.attempt
        if step.state is RunState.RUNNING and attempt.job and not anew:
            job = yield from self._known(desk, plan, attempt.job)
            return Started(job)
        if attempt.is_dangling and attempt.intent:
            try:
                found = yield from self._recovered(desk, ready_of(step, attempt.intent), attempt)
            except PlatformError as error:
                self._left[name] = error.diagnostics[0]
                return None
            if found is not None:
                return found
            if plan.restart_from:
                self._restart(name, f"{plan.restart_from} must come right before it")
                return None
        self._check(name)
        policy = Policy(plan.when_busy, plan.on_limit, plan.min_gap)
        self._tell(plan, RunState.PENDING)
        return (yield from submit(desk, plan.order, policy))

    def _recovered(self, desk: Desk, ready: Ready, attempt: Attempt) -> Script[Outcome | None]:
        desk.tell("an earlier process was cut off while it started the job: looking what came of it", 0.0)
        intent = attempt.intent
        at = (moment(intent.at) if intent else None) or desk.clock.utc()
        known = intent.known if intent else ()
        return (yield from recover(desk, ready, at, known, taken=attempt.taken))

    def _known(self, desk: Desk, plan: StepPlan, job_id: str) -> Script[Job]:
        """Return a job of an earlier process as it is now, or as little as is known of it."""
        ready = _ready(plan)
        try:
            # Once: whatever is amiss, the watching bears with it.
            return (yield from call(lambda: desk.operator.look(ready, job_id)))
        except PlatformError as error:
            desk.tell(error.diagnostics[0].detail, 0.0)
            return Job(job_id, plan.operation, plan.target, JobState.UNKNOWN, "")

    def _watched(self, desk: Desk, name: str, job: Job) -> Script[Seen]:
        plan = self._log.run.steps[name].plan
        if not self._crew.watches and not job.is_over:
            self._moved(plan, job, is_news=True)
            return GoesOn(_unwatched(job))
        since = moment(self._log.run.steps[name].attempt.submitted_at)
        elapsed = self._crew.clock.elapsed()
        # Both by the platform's clock, where it tells: another machine may have started the job.
        age = (now(desk) - since).total_seconds() if since else 0.0
        bounds = Bounds(plan.wait_timeout, plan.stop_after, elapsed - max(0.0, age), elapsed)
        shown: list[Job] = []

        def seen(job: Job) -> None:
            is_news = not shown or (shown[-1].state, shown[-1].platform_state) != (job.state, job.platform_state)
            shown[:] = [job]
            self._moved(plan, job, is_news=is_news, seconds=self._crew.clock.elapsed() - bounds.submitted)

        return (yield from watch(desk, _ready(plan), job, bounds, seen))

    def _seen(self, name: str, seen: Seen) -> None:
        match seen:
            case GoesOn(diagnostic=diagnostic):
                self._left[name] = replace(diagnostic, hint=self._way_on(name))
            case Lost(diagnostic=diagnostic):
                self._end_for(name, RunState.UNKNOWN, diagnostic)
            case Over(job=job, stopped_for=why):
                self._over(name, job, why)

    def _over(self, name: str, job: Job, stopped_for: str) -> None:
        state, error = RunState(job.state.value), job.error
        if job.state is JobState.STOPPED and stopped_for:
            error = JobError(job.error.reason if job.error else "stopped", stopped_for)
        if job.state is JobState.SUCCEEDED:
            error = None
        # A person who stops a job wants it stopped; what we stopped because it took too long may be tried again.
        by_hand = job.state is JobState.STOPPED and (not stopped_for or self._control.stops)
        by_hand = by_hand or bool(job.error and job.error.by_hand)
        step = self._log.run.steps[name]
        self._end(name, state, error, job)
        is_bad = state in (RunState.FAILED, RunState.STOPPED) and not by_hand and not self._control.stops
        if is_bad and step.tries < step.plan.retries:
            names = self._restart(name, f"retry {step.tries + 1} of {step.plan.retries}")
            for first in names:
                if not {*names} & {*self._log.run.steps[first].plan.needs}:
                    self._delays[first] = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0**step.tries)

    # -- what is written down

    def _end(self, name: str, state: RunState, error: JobError | None, job: Job | None = None) -> None:
        ended = Ended(name, state, self._now(), error=error)
        if job is not None:
            ended = Ended(name, state, self._now(), job.platform_state, job.started_at, job.ended_at, error)
        step = self._log.append(ended).steps[name]
        told = error.beside(state) if error else ""
        self._crew.listener(
            StepMoved(name, step.plan.operation, state, ended.platform_state, step.job or "", error=told)
        )

    def _end_for(self, name: str, state: RunState, diagnostic: Diagnostic) -> None:
        """End a step that has no job to tell why; what it says of files and hints is for whoever is here now."""
        run = self._log.run
        hint = diagnostic.hint.replace("RUN", run.id).replace("STEP", name)
        detail = f"{name}: {diagnostic.detail}" if run.pipeline else diagnostic.detail
        self._diagnostics.append(replace(diagnostic, detail=detail, hint=hint))
        self._end(name, state, JobError(diagnostic.code, diagnostic.detail))

    def _way_on(self, name: str) -> str:
        """Return how to go on watching the job of a step."""
        run = self._log.run
        step = run.steps[name]
        if run.pipeline:
            return f"go on watching it: `reconcile resume {run.id}`"
        return f"watch it: `reconcile jobs wait {step.job} --connection {step.plan.connection}`"

    def _restart(self, name: str, why: str) -> tuple[str, ...]:
        names = restarts_with(self._log.run, name)
        self._log.append(Restarted(names, why))
        return names

    def _restart_pairs(self) -> None:
        """Take back the first parts of pairs whose second part was never sent: what they staged may be gone by now."""
        for name, step in self._log.run.steps.items():
            first = step.plan.restart_from
            begun = step.attempt.is_dangling or step.job
            if not (first and self._log.run.resumed) or begun or step.state.is_over:
                continue
            if self._log.run.steps[first].state is RunState.SUCCEEDED:
                self._restart(name, f"{first} and {name} belong together")

    def _now(self) -> str:
        return stamp(self._crew.clock.utc())

    # -- what it works with

    def _desk(self, plan: StepPlan) -> Desk:
        crew = self._crew
        operator = crew.operators[plan.connection]
        return Desk(
            operator=operator,
            operation=crew.operations[plan.operation],
            ledger=_StepLedger(self._log, plan.name, lambda: operator.server_time() or crew.clock.utc()),
            clock=crew.clock,
            tell=lambda text, seconds: crew.listener(StepTold(plan.name, text, seconds)),
            poll_interval=crew.poll_interval,
            read_attempts=PATIENT_ATTEMPTS if self._log.run.pipeline else READ_ATTEMPTS,
            claim=TargetClaim(crew.backend, crew.owner, plan.connection, plan.target),
            seat=self._seat(plan),
            claimed=lambda: self._claimed(plan),
            rest=lambda seconds: self._rest(plan.name, seconds),
            settle=self._settle,
            check=lambda: self._check(plan.name),
        )

    def _settle(self, seconds: float) -> Script[None]:
        """Wait also while jobs are to be stopped: what may have been started has to be found first."""
        yield Rest(seconds)
        if self._control.leaves:
            raise Leave

    def _rest(self, name: str, seconds: float) -> Script[None]:
        self._check(name)
        yield Rest(seconds)
        self._check(name)

    def _check(self, name: str) -> None:
        """Raise when the step is not to go on waiting as if nothing had been said."""
        if self._control.leaves:
            raise Leave
        if self._control.stops and name not in self._stopped:
            self._stopped.add(name)
            raise watching.StopAsked

    def _seat(self, plan: StepPlan) -> PoolSeat:
        if plan.name not in self._seats:
            pool = self._pool(plan.connection, self._crew.operations[plan.operation].pool)
            waits = plan.on_limit == "wait"
            self._seats[plan.name] = PoolSeat(
                pool, lambda: self._desk(plan), lambda: self._check(plan.name), waits=waits
            )
        return self._seats[plan.name]

    def _pool(self, connection: str, name: str) -> Pool:
        key = (connection, name)
        if key not in self._pools:
            operator = self._crew.operators[connection]
            self._pools[key] = Pool(self._loom, operator, name, operator.slots(name) if name else None)
        return self._pools[key]

    def _claimed(self, plan: StepPlan) -> Collection[str]:
        """Return the jobs on this connection that are known to have been started for something else."""
        own = self._log.run
        written = islice(read_runs(self._crew.backend), RUNS_TO_ASK)
        others = [run for run in written if not isinstance(run, Unreadable) and run.id != own.id]
        return {job for run in (own, *others) for connection, job in run.jobs if connection == plan.connection}

    def _moved(self, plan: StepPlan, job: Job, *, is_news: bool, seconds: float = 0.0) -> None:
        state = RunState.PENDING if job.state is JobState.PENDING else RunState.RUNNING
        if job.is_over:
            return  # told when it is written down
        self._crew.listener(
            StepMoved(plan.name, plan.operation, state, job.platform_state, job.id, job.link, seconds, is_news=is_news)
        )

    def _tell(self, plan: StepPlan, state: RunState) -> None:
        self._crew.listener(StepMoved(plan.name, plan.operation, state))


class _StepLedger:
    """Writes down what one step is about to do and what came of it."""

    def __init__(self, log: RunLog, step: str, now: Callable[[], datetime]) -> None:
        self._log, self._step, self._now = log, step, now

    def intended(self, ready: Ready, at: datetime, known: Collection[str]) -> None:
        request = ready.request
        self._log.append(
            Intended(
                self._step,
                stamp(at),
                request.method,
                request.path,
                request.body,
                request.repeatable,
                ready.resource,
                tuple(sorted(known)),
            )
        )

    def dropped(self, why: str) -> None:
        self._log.append(Dropped(self._step, why))

    def taken(self) -> None:
        self._log.append(Taken(self._step))

    def submitted(self, job: Job, adopted: str) -> None:
        # With fractions where there are any: how long a job has been going on is counted from here.
        at = self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._log.append(Submitted(self._step, job.id, at, adopted))


def stamp(time: datetime) -> str:
    """Return an aware time as it is written down: UTC, ISO 8601, whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ready(plan: StepPlan) -> Ready:
    """Return what a job of this step is looked at with; its call was made before."""
    return Ready(plan.order, Request("POST", "/"))


def _blocker(run: Run, name: str) -> JobError:
    """Return why a step can never begin: the steps that it needs and that did not succeed, nearest first."""
    steps = run.steps
    bad = [need for need in steps[name].plan.needs if steps[need].state is not RunState.SUCCEEDED]
    return JobError("blocked", f"{', '.join(bad)} did not succeed")


def _unwatched(job: Job) -> Diagnostic:
    return Diagnostic("not-watched", "Not watched", f"Job {job.id} was started and is not watched.")
