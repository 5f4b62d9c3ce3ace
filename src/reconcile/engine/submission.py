"""One job started, once: look, write down the intent, call, and after an unclear answer look for what came of it.

This is the only way in which one-shot work leaves this program, whoever asks for it: a step of a pipeline, a job by
hand, or a workflow reset in an apply. The order is always the same:

1. Look at the jobs with the same target: is one under way, and which are known already?
2. Write down, durably, that the call is about to be made, with the platform's own time.
3. Make the call, once.
4. Write down what the answer says. If it says nothing (cut, timed out, a 5xx), look for a job with this target that
   was created since and is none of the known ones: one is ours, none after a while means that nothing was started.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import PlatformError, Unavailable
from reconcile.core.operation import Job, JobState, Order, Ready
from reconcile.core.run import ATTACHED
from reconcile.engine.desk import Desk, NotStarted, Outcome, Started, Unclear, moment, now, patiently, slack
from reconcile.engine.evidence import Sought, find_job, unknown
from reconcile.engine.loom import Script, call
from reconcile.engine.waits import Waits

# Jobs this young before the call are written down as known; older ones are out of the question by their time.
LOOKBACK = timedelta(hours=1)
# A call that started nothing, though nobody said "later" (409, nobody listens, a 5xx), is made this often in all.
MOST_REFUSALS = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do when it cannot begin at once. ``min_gap`` is in seconds."""

    when_busy: str = "wait"
    on_limit: str = "wait"
    min_gap: int | None = None
    waits: Waits = field(default_factory=Waits)


@dataclass(frozen=True, slots=True)
class _Later:
    """Not now: try again after so many seconds."""

    seconds: float


def submit(desk: Desk, order: Order, policy: Policy) -> Script[Outcome]:
    """Start the work, or take over what already does it; return what there is now. Never starts it twice."""
    try:
        ready = yield from patiently(desk, lambda: desk.operator.prepare(order))
    except PlatformError as error:
        return NotStarted(error.diagnostics[0], error)
    outcome = yield from submit_ready(desk, ready, policy)
    return outcome


def submit_ready(desk: Desk, ready: Ready, policy: Policy) -> Script[Outcome]:
    """Start work whose exact call is known; otherwise as ``submit``."""
    try:
        outcome = yield from _Submission(desk, ready, policy).run()
    except PlatformError as error:
        # Only what is read before the call raises here: nothing was started.
        return NotStarted(error.diagnostics[0], error)
    return outcome


def recover(desk: Desk, ready: Ready, at: datetime, known: Collection[str], *, taken: bool) -> Script[Outcome | None]:
    """Return what came of a call that was intended at ``at`` by a process that is gone; None when it started nothing.

    Raises ``PlatformError`` when the platform cannot be asked.
    """
    while not (yield from call(desk.claim.take)):
        desk.tell("somebody else is starting the same job: waiting", 2.0)
        yield from desk.settle(2.0)
    try:
        found = yield from find_job(desk, ready, Sought(at, frozenset(known), taken, is_old=True))
    finally:
        desk.claim.release()
    return found


class _Submission:
    """One order on its way."""

    def __init__(self, desk: Desk, ready: Ready, policy: Policy) -> None:
        self._desk, self._ready, self._policy = desk, ready, policy
        self._limits = self._refusals = 0
        self._is_doubtful = False
        self._told = ""

    def run(self) -> Script[Outcome]:
        while True:
            yield from self._keep_gap()
            if not (yield from self._desk.seat.take()):
                return NotStarted(_no_slot(self._ready))
            try:
                found = yield from self._claimed()
            except BaseException:
                self._desk.seat.give_back()
                raise
            if isinstance(found, Started):
                return found
            self._desk.seat.give_back()
            if not isinstance(found, _Later):
                return found
            yield from self._desk.rest(found.seconds)

    def _claimed(self) -> Script[Outcome | _Later]:
        desk = self._desk
        if not (yield from call(desk.claim.take)):
            self._say("somebody else is starting the same job: waiting", 2.0)
            return _Later(2.0)
        try:
            found = yield from self._attempt()
        finally:
            desk.claim.release()
        return found

    def _attempt(self) -> Script[Outcome | _Later]:
        desk, ready = self._desk, self._ready
        since = now(desk) - slack(desk) - LOOKBACK
        jobs = yield from patiently(desk, lambda: desk.operator.on_target(ready, since))
        busy = [job for job in jobs if not job.is_over]
        if busy:
            found = yield from self._while_busy(busy)
            return found
        desk.check()
        known = [job.id for job in jobs]
        at = now(desk)
        yield from call(lambda: desk.ledger.intended(ready, at, known))
        try:
            job = yield from call(lambda: desk.operator.submit(ready))
        except PlatformError as error:
            outcome = yield from self._unanswered(error, at, known)
            return outcome
        if job is None:
            yield from call(desk.ledger.taken)
            ours = yield from self._looked_for(at, known, taken=True)
            return ours or _Later(0.0)
        yield from call(lambda: desk.ledger.submitted(job, ""))
        return Started(job)

    def _unanswered(self, error: PlatformError, at: datetime, known: Collection[str]) -> Script[Outcome | _Later]:
        desk = self._desk
        is_refusal = error.status in desk.operation.refusals
        if error.may_have_happened and not is_refusal:
            if not desk.operation.watchable:
                return Unclear(unknown(error.diagnostics[0], desk.operation))
            desk.tell(f"{error.diagnostics[0].detail}: looking whether the job was started", 0.0)
            ours = yield from self._looked_for(at, known, taken=False)
            return ours or self._lost(error)
        self._is_doubtful |= error.may_have_happened
        if not error.may_have_happened:
            yield from call(lambda: desk.ledger.dropped(error.diagnostics[0].detail))
        # A limit that is told otherwise (Salesforce's daily one, a 403) is not lifted by waiting for a free place.
        return self._refused(error, is_limit=is_refusal or error.status == 429)

    def _refused(self, error: PlatformError, *, is_limit: bool) -> Outcome | _Later:
        failed = self._given_up(error.diagnostics[0], error)
        if is_limit:
            self._limits += 1
            if self._policy.on_limit == "fail":
                return failed
            seconds = self._policy.waits.before(self._limits, error.retry_after)
            if seconds is None:
                return failed if error.retry_after is None else self._given_up(_too_long(error), error)
            self._desk.tell(error.diagnostics[0].detail, seconds)
            return _Later(seconds)
        self._refusals += 1
        if error.status == 409 and self._policy.when_busy != "fail" and self._refusals < MOST_REFUSALS:
            seconds = self._desk.poll_interval
        elif isinstance(error, Unavailable) and error.status in (None, 408) and self._refusals < self._most_refusals():
            seconds = self._pause()
        else:
            return failed
        self._desk.tell(error.diagnostics[0].detail, seconds)
        return _Later(seconds)

    def _lost(self, error: PlatformError) -> Outcome | _Later:
        """Return what to do after a call that had no clear answer and, as was found out, started nothing."""
        self._refusals += 1
        if self._refusals >= self._most_refusals():
            return self._given_up(error.diagnostics[0], error)
        return _Later(self._pause())

    def _pause(self) -> float:
        return min(self._policy.waits.longest, 60.0, 2.0 ** (self._refusals - 1))

    def _given_up(self, diagnostic: Diagnostic, error: PlatformError) -> Outcome:
        """Return what is known after the last refusal: one that may hide an effect (a 503) leaves a doubt."""
        if self._is_doubtful:
            return Unclear(unknown(diagnostic, self._desk.operation))
        return NotStarted(diagnostic, error)

    def _most_refusals(self) -> int:
        return min(MOST_REFUSALS, self._policy.waits.attempts or MOST_REFUSALS)

    def _looked_for(self, at: datetime, known: Collection[str], *, taken: bool) -> Script[Outcome | None]:
        """Return the job that the call started after all, None when it certainly started none."""
        try:
            return (yield from find_job(self._desk, self._ready, Sought(at, frozenset(known), taken)))
        except PlatformError as error:
            return Unclear(_unseen(self._ready, error))

    def _while_busy(self, busy: list[Job]) -> Script[Outcome | _Later]:
        desk, first = self._desk, busy[0]
        match self._policy.when_busy:
            case "attach":
                yield from call(lambda: desk.ledger.submitted(first, ATTACHED))
                return Started(first, ATTACHED)
            case "fail":
                return NotStarted(_is_busy(self._ready, first))
            case "replace":
                for job in busy:
                    self._say(f"job {job.id} does the same and is being stopped (when_busy: replace)", 0.0)
                    yield from patiently(desk, lambda job=job: desk.operator.stop(job.id))  # type: ignore[misc]
            case _:
                self._say(f"job {first.id} does the same: waiting for its end (when_busy: wait)", desk.poll_interval)
        return _Later(desk.poll_interval)

    def _keep_gap(self) -> Script[None]:
        desk, gap = self._desk, self._policy.min_gap
        while gap:
            last = yield from patiently(desk, lambda: desk.operator.last_on_subject(self._ready))
            if last is None:
                return
            if not last.is_over:
                self._say(f"job {last.id} is about the same: waiting for its end (min_gap)", desk.poll_interval)
                yield from desk.rest(desk.poll_interval)
                continue
            ended = moment(last.ended_at or last.started_at or last.created_at)
            left = gap - (now(desk) - ended).total_seconds() if ended else 0.0
            if left <= 0:
                return
            self._say(f"job {last.id} about the same ended at {last.ended_at}: keeping min_gap", left)
            yield from desk.rest(left)

    def _say(self, text: str, seconds: float) -> None:
        """Tell what is being waited for, but not again and again."""
        if text != self._told:
            self._told = text
            self._desk.tell(text, seconds)


# -- words -------------------------------------------------------------------------------------------------------------


def _no_slot(ready: Ready) -> Diagnostic:
    return Diagnostic(
        "no-slot",
        "No free slot",
        f"{ready.order.target} was not started: the platform's jobs at once are all in use (on_limit: fail).",
        "run it again when they are free, or use on_limit: wait",
    )


def _is_busy(ready: Ready, job: Job) -> Diagnostic:
    return Diagnostic(
        "busy",
        "The same job is under way",
        f"{ready.order.target} was not started: job {job.id} does the same ({job.platform_state or job.state}).",
        "wait for its end, or use when_busy: wait, attach or replace",
    )


def _unseen(ready: Ready, error: PlatformError) -> Diagnostic:
    return Diagnostic(
        "outcome-unknown",
        "It cannot be said whether this was done",
        f"The call that starts {ready.order.target} had no answer, and its jobs cannot be listed: "
        f"{error.diagnostics[0].detail}",
        "`reconcile resume RUN` looks again; it is not sent again before that",
    )


def _too_long(error: PlatformError) -> Diagnostic:
    diagnostic = error.diagnostics[0]
    return replace(diagnostic, detail=f"{diagnostic.detail}; it asks to wait {error.retry_after:.0f} s, too long")


def is_displaced(job: Job) -> bool:
    """Say whether the platform refused a job because the same work was queued already."""
    return job.displaced and job.state is JobState.FAILED
