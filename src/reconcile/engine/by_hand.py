"""One job by hand: started the way a pipeline's step is, or watched that is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError
from reconcile.core.operation import Job, JobState, Order, Ready
from reconcile.core.request import Request
from reconcile.core.run import Run, RunState, StepPlan
from reconcile.engine.desk import Desk, NoLedger, moment, patiently
from reconcile.engine.events import StepMoved, StepTold
from reconcile.engine.link import open_operators
from reconcile.engine.loom import Loom, Rest, Script
from reconcile.engine.pipeline import WIDTH, Leave, Result
from reconcile.engine.place import Place
from reconcile.engine.runs import Watching, go_on, holding, lock_name, open_run, operations_of
from reconcile.engine.watch import Bounds, GoesOn, Lost, Over, Seen, StopAsked, watch
from reconcile.providers.base import Operator


@dataclass(frozen=True, slots=True)
class HandWork:
    """A job to be started by hand. ``settings`` is an instance of the operation's own model.

    Times are in seconds, None where there is none; ``when_busy`` None is the operation's own way.
    """

    connection: str
    operation: str
    settings: Any
    when_busy: str | None = None
    on_limit: str = "wait"
    wait_timeout: int | None = None
    stop_after: int | None = None


@dataclass(frozen=True, slots=True)
class HandResult:
    """What became of a job by hand. ``went_on`` says that an earlier start of the same work had been cut off."""

    result: Result
    went_on: bool

    @property
    def run(self) -> Run:
        """The run of one step that it was written down as."""
        return self.result.run


def start(place: Place, work: HandWork, watching: Watching) -> HandResult:
    """Start one job, once, and watch it to its end if wanted; return the run of one step that it is written down as.

    Goes on with an earlier start of the same work that was cut off before anybody knew its job, unless that was more
    than a day ago. Raises ``Refused`` while another process is starting the same work, ``StateError`` when it cannot be
    written down.
    """
    plan = step_plan(place, work)
    with holding(place, lock_name("", (plan,))):
        opening = open_run(place, "", (plan,), watching.clock)
        result = go_on(place, opening, watching)
    return HandResult(result, went_on=not opening.is_new)


def step_plan(place: Place, work: HandWork) -> StepPlan:
    """Return a job by hand as the one step of a run, named like its operation."""
    operation = operations_of(place)[work.operation]
    order = operation.order(work.settings, place.links[work.connection].settings)
    return StepPlan(
        name=work.operation,
        operation=work.operation,
        connection=work.connection,
        target=order.target,
        subject=order.subject,
        settings=dict(order.settings),
        wait_timeout=work.wait_timeout,
        stop_after=work.stop_after,
        when_busy=work.when_busy or operation.when_busy,
        on_limit=work.on_limit,
    )


def wait_all(
    place: Place, jobs: Sequence[tuple[str, str]], watching: Watching, wait_timeout: float | None = None
) -> list[Seen | ReconcileError]:
    """Watch jobs (connection, id) together, whoever started them, until each is over or nobody wants to watch.

    Returns what came of each, in their order: how it was last seen, or why it could not be looked at.
    """
    with open_operators(place.links, place.outside) as operators:
        loom = Loom(watching.clock, WIDTH)
        watching.control.stir = loom.stir
        ends: dict[int, Seen | BaseException | None] = {}
        for number, (connection, job) in enumerate(jobs):
            script = _Waiting(place, connection, job, watching).script(operators, wait_timeout)
            loom.start(script, lambda seen, error, number=number: ends.update({number: error or seen}))  # type: ignore[misc]
        loom.run()
    return [_end(ends[number]) for number in range(len(jobs))]


def _end(found: Seen | BaseException | None) -> Seen | ReconcileError:
    if isinstance(found, Over | GoesOn | Lost | ReconcileError):
        return found
    raise found if found is not None else AssertionError("a script ends with something")


class _Waiting:
    """A job that is only watched."""

    def __init__(self, place: Place, connection: str, job_id: str, watching: Watching) -> None:
        self._place, self._connection, self._id, self._watching = place, connection, job_id, watching
        self._last: Job | None = None
        self._is_stopped = False

    def script(self, operators: Mapping[str, Operator], wait_timeout: float | None) -> Script[Seen]:
        operator = operators[self._connection]
        desk = self._desk(operator)
        try:
            # Stopping it can wait until it is known what it is.
            job = yield from patiently(replace(desk, rest=self._rest_unstopped), lambda: operator.show(self._id))
        except Leave:
            return GoesOn(_unwatched(self._id, "not seen yet", self._connection))
        operations = self._place.links[self._connection].operations
        desk = replace(desk, operation=operations.get(job.operation, desk.operation))
        ready = Ready(Order(job.operation, job.target, job.target), Request("POST", "/"))
        now = self._watching.clock.elapsed()
        try:
            return (yield from watch(desk, ready, job, Bounds(wait_timeout, None, now, now), self._seen))
        except Leave:
            last = self._last or job
            return GoesOn(_unwatched(last.id, last.platform_state or last.state, self._connection))

    def _desk(self, operator: Operator) -> Desk:
        listener = self._place.outside.listener
        return Desk(
            operator=operator,
            # What is asked of it is only whether such a job can be stopped; those of one platform are alike in that.
            operation=next(iter(self._place.links[self._connection].operations.values())),
            ledger=NoLedger(),
            clock=self._watching.clock,
            tell=lambda text, seconds: listener(StepTold(self._id, text, seconds)),
            poll_interval=self._watching.poll_interval,
            rest=self._rest,
        )

    def _seen(self, job: Job) -> None:
        before, self._last = self._last, job
        state = RunState(job.state.value) if job.state is not JobState.UNKNOWN else RunState.RUNNING
        is_news = before is None or before.platform_state != job.platform_state
        self._place.outside.listener(
            StepMoved(
                self._id,
                job.operation,
                state,
                job.platform_state,
                job.id,
                job.link,
                self._age(job),
                str(job.error or ""),
                is_news,
            )
        )

    def _age(self, job: Job) -> float:
        since = moment(job.started_at or job.created_at)
        return max(0.0, (self._watching.clock.utc() - since).total_seconds()) if since else 0.0

    def _rest(self, seconds: float) -> Script[None]:
        self._check()
        yield Rest(seconds)
        self._check()

    def _rest_unstopped(self, seconds: float) -> Script[None]:
        yield Rest(seconds)
        if self._watching.control.leaves:
            raise Leave

    def _check(self) -> None:
        control = self._watching.control
        if control.leaves:
            raise Leave
        if control.stops and not self._is_stopped:
            self._is_stopped = True
            raise StopAsked


def _unwatched(job_id: str, state: str, connection: str) -> Diagnostic:
    return Diagnostic(
        "not-watched",
        "Stopped watching",
        f"Job {job_id} goes on ({state}).",
        f"watch it again with `reconcile jobs wait {job_id} --connection {connection}`",
    )
