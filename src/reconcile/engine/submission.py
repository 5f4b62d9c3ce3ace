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

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import random
from typing import Protocol, TypeVar

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import AnswerLost, BadAnswer, LimitReached, PlatformError, Unavailable
from reconcile.core.operation import Job, JobState, Operation, Order, Ready
from reconcile.core.run import ATTACHED
from reconcile.engine.loom import Call, Clock, Rest, Script, call
from reconcile.providers.base import Operator

T = TypeVar("T")

# A job that an unanswered call started shows up within this many seconds, or there is none. The call has reached the
# platform or never will; this is for a list that lags behind.
SETTLE_SECONDS = 20.0
# Where a second job would do harm, it is looked for longer: lists may hide what has not begun (tailer page 2.2).
CAREFUL_SETTLE_SECONDS = 60.0
# A platform that took the call without naming the job has a job, so it is worth a longer look.
TAKEN_SECONDS = 600.0
# Clocks of one platform differ among its machines, and `Date` has whole seconds.
MARGIN = timedelta(seconds=90)
# Jobs this young before the call are written down as known; older ones are out of the question by their time.
LOOKBACK = timedelta(hours=1)
# While the platform has not told its time, the clock of this machine counts, which may be set to another zone.
UNTOLD = timedelta(hours=26)
# A failing read is tried for about two minutes before its error counts.
READ_ATTEMPTS = 8
# One that must tell what an unanswered call did, for about half an hour.
EVIDENCE_ATTEMPTS = 36
# A call that started nothing, though nobody said "later" (409, nobody listens, a 5xx), is made this often in all.
MOST_REFUSALS = 10


@dataclass(frozen=True, slots=True)
class Waits:
    """How to wait for a platform that says "not now": ``first`` seconds, doubled each time up to ``longest``.

    ``attempts`` in all, None for as long as it takes. ``longest`` also bounds what the platform may ask for; None for
    ``may_ask`` follows it whatever it asks.
    """

    first: float = 30.0
    longest: float = 300.0
    attempts: int | None = None
    may_ask: float | None = None

    def before(self, attempt: int, asked: float | None) -> float | None:
        """Return the seconds to wait before the attempt after number ``attempt``; None when it is to be given up."""
        if self.attempts is not None and attempt >= self.attempts:
            return None
        if asked is not None:
            if self.may_ask is not None and asked > self.may_ask:
                return None
            return asked + min(1.0, 0.1 * asked + 0.1) * random()  # noqa: S311 - jitter, no secret
        seconds = min(self.longest, self.first * 2.0 ** min(attempt - 1, 16))
        return min(self.longest, seconds * (1 + 0.5 * random()))  # noqa: S311


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do when it cannot begin at once. ``min_gap`` is in seconds."""

    when_busy: str = "wait"
    on_limit: str = "wait"
    min_gap: int | None = None
    waits: Waits = field(default_factory=Waits)


class Ledger(Protocol):
    """Who writes down what is about to be done and what came of it. Every method is durable when it returns."""

    def intended(self, ready: Ready, at: datetime, known: Collection[str]) -> None:
        """Note that the call is about to be made. Raises when that cannot be noted; then it must not be made."""

    def dropped(self, why: str) -> None:
        """Note that the intended call certainly started nothing."""

    def taken(self) -> None:
        """Note that the platform took the call without naming the job."""

    def submitted(self, job: Job, adopted: str) -> None:
        """Note which job it is. ``adopted`` says how that is known, "" when the answer told."""


class Claim(Protocol):
    """Keeps other runs from starting the same work at the same moment."""

    def take(self) -> bool:
        """Return True when the work is ours to start, False when somebody else is starting it just now."""

    def release(self) -> None:
        """Let others start it again. Safe to call twice."""


class Seat(Protocol):
    """A place among the jobs that may run at once."""

    def take(self) -> Script[bool]:
        """Return True when there is a place, False when the platform has none and nobody is to wait for it."""

    def give_back(self) -> None:
        """Let somebody else have it. Safe to call twice."""


class NoClaim:
    """A claim where nobody else can be starting the same work."""

    def take(self) -> bool:
        """Return True."""
        return True

    def release(self) -> None:
        """Do nothing."""


class NoSeat:
    """A place where there is no limit."""

    def take(self) -> Script[bool]:
        """Return True."""
        yield from ()
        return True

    def give_back(self) -> None:
        """Do nothing."""


class NoLedger:
    """A ledger where nothing is started, so that there is nothing to write down."""

    def intended(self, ready: Ready, at: datetime, known: Collection[str]) -> None:
        """Raise: what is not written down must not be started."""
        raise AssertionError("nothing may be started without a ledger")

    def dropped(self, why: str) -> None:
        """Do nothing."""

    def taken(self) -> None:
        """Do nothing."""

    def submitted(self, job: Job, adopted: str) -> None:
        """Do nothing."""


def plain_rest(seconds: float) -> Script[None]:
    """Wait."""
    yield Rest(seconds)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a submission works with.

    ``rest`` waits, and may raise to end the submission between calls; ``check`` raises likewise, without waiting;
    ``settle`` waits while it must still be found out what was started. ``tell`` is given what a person wants to know,
    with the seconds that nothing will happen. ``claimed`` returns the ids of jobs that belong to somebody we know of.
    """

    operator: Operator
    operation: Operation
    ledger: Ledger
    clock: Clock
    tell: Callable[[str, float], None]
    poll_interval: float = 30.0
    claim: Claim = field(default_factory=NoClaim)
    seat: Seat = field(default_factory=NoSeat)
    claimed: Callable[[], Collection[str]] = frozenset
    rest: Callable[[float], Script[None]] = plain_rest
    settle: Callable[[float], Script[None]] = plain_rest
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Started:
    """There is a job. ``adopted`` says how we know which, "" when the answer told."""

    job: Job
    adopted: str = ""


@dataclass(frozen=True, slots=True)
class NotStarted:
    """There certainly is none. ``error`` is the last answer, where there was one."""

    diagnostic: Diagnostic
    error: PlatformError | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody can say whether there is one, or which."""

    diagnostic: Diagnostic


Outcome = Started | NotStarted | Unclear


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
        found = yield from _evidence(desk, ready, _Evidence(at, frozenset(known), taken, is_old=True))
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
        since = now(desk) - _slack(desk) - LOOKBACK
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
                return Unclear(_unknown(error.diagnostics[0], desk.operation))
            desk.tell(f"{error.diagnostics[0].detail}: looking whether the job was started", SETTLE_SECONDS)
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
            return Unclear(_unknown(diagnostic, self._desk.operation))
        return NotStarted(diagnostic, error)

    def _most_refusals(self) -> int:
        return min(MOST_REFUSALS, self._policy.waits.attempts or MOST_REFUSALS)

    def _looked_for(self, at: datetime, known: Collection[str], *, taken: bool) -> Script[Outcome | None]:
        """Return the job that the call started after all, None when it certainly started none."""
        try:
            return (yield from _evidence(self._desk, self._ready, _Evidence(at, frozenset(known), taken)))
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


# -- evidence ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What is looked for: a job created since about ``at`` that is none of ``known``.

    ``is_old``: the call was made by an earlier process, so its job may have had all the time it needs to show up.
    """

    at: datetime
    known: frozenset[str]
    taken: bool = False
    is_old: bool = False


def _evidence(desk: Desk, ready: Ready, sought: _Evidence) -> Script[Outcome | None]:
    """Return the job that an unanswered call started, None when it certainly started none."""
    if not desk.operation.watchable:
        return Unclear(_unknown(_cut_off(ready), desk.operation))
    began, seconds = desk.clock.elapsed(), 1.0
    settle = SETTLE_SECONDS if desk.operation.harmless_twice else CAREFUL_SETTLE_SECONDS
    patience = TAKEN_SECONDS if sought.taken else settle
    while True:
        found = yield from _candidates(desk, ready, sought)
        if found:
            return (yield from _chosen(desk, ready, found))
        waited = desk.clock.elapsed() - began
        if sought.is_old:
            waited = max(waited, (now(desk) - sought.at).total_seconds())
        if waited >= patience:
            break
        yield from desk.settle(min(seconds, patience - waited))
        seconds = min(10.0, seconds * 2)
    if sought.taken:
        return Unclear(_nameless(ready))
    yield from call(lambda: desk.ledger.dropped("no job was created since"))
    return None


def _candidates(desk: Desk, ready: Ready, sought: _Evidence) -> Script[list[Job]]:
    since = sought.at - _slack(desk)
    look = partial(desk.operator.on_target, ready, since)
    # Whatever is asked of us meanwhile: that a job may have been started must not be forgotten.
    jobs = yield from patiently(replace(desk, rest=desk.settle), look, EVIDENCE_ATTEMPTS)
    fresh = [job for job in jobs if job.id not in sought.known and not _is_before(job, since)]
    if not fresh:
        return []
    claimed = yield from call(desk.claimed)
    return [job for job in fresh if job.id not in claimed]


def _chosen(desk: Desk, ready: Ready, found: list[Job]) -> Script[Outcome]:
    """Return ours among the jobs that may be: any, where a job of somebody else does as well."""
    if len(found) > 1 and not desk.operation.harmless_twice:
        return Unclear(_several(ready, found))
    active = [job for job in found if not job.is_over]
    job = active[0] if active else found[-1]
    desk.tell(f"found job {job.id}, created at {job.created_at}: going on with it", 0.0)
    yield from call(lambda: desk.ledger.submitted(job, "found"))
    return Started(job, "found")


def _is_before(job: Job, since: datetime) -> bool:
    created = moment(job.created_at)
    return created is not None and created < since


# -- time and patience -------------------------------------------------------------------------------------------------


def now(desk: Desk) -> datetime:
    """Return the platform's time, as it last told it; that of this machine when it never did."""
    return desk.operator.server_time() or desk.clock.utc()


def _slack(desk: Desk) -> timedelta:
    """Return how far apart the time of an intent and that of its job's creation may be."""
    return MARGIN if desk.operator.server_time() else UNTOLD


def moment(iso: str | None) -> datetime | None:
    """Return the instant that ISO 8601 text names, None when there is none."""
    return datetime.fromisoformat(iso) if iso else None


def patiently(desk: Desk, function: Callable[[], T], attempts: int = READ_ATTEMPTS) -> Script[T]:
    """Return what a read returns, trying again for about two minutes while the platform is not available.

    Raises the last ``PlatformError``, and any other at once.
    """
    for attempt in count(1):
        try:
            return (yield Call(function))  # type: ignore[no-any-return]
        except (Unavailable, LimitReached, AnswerLost, BadAnswer) as error:
            if attempt >= attempts:
                raise
            seconds = error.retry_after or min(60.0, 2.0 ** (attempt - 1))
            desk.tell(error.diagnostics[0].detail, seconds)
        yield from desk.rest(seconds)
    raise AssertionError("it counts for ever")


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


def _unknown(diagnostic: Diagnostic, operation: Operation) -> Diagnostic:
    return replace(
        diagnostic,
        code="outcome-unknown",
        summary="It cannot be said whether this was done",
        hint=f"look at the platform; {operation.name} cannot be looked at from here and is not sent again by itself",
    )


def _cut_off(ready: Ready) -> Diagnostic:
    detail = f"{ready.order.operation} of {ready.order.target} was about to be sent when the program was cut off."
    return Diagnostic("outcome-unknown", "It cannot be said whether this was done", detail)


def _nameless(ready: Ready) -> Diagnostic:
    return Diagnostic(
        "job-not-found",
        "The job cannot be found",
        f"The platform took the call that starts {ready.order.target}, named no job, and lists none created since.",
        "look at the platform; it is not sent again by itself",
    )


def _unseen(ready: Ready, error: PlatformError) -> Diagnostic:
    return Diagnostic(
        "outcome-unknown",
        "It cannot be said whether this was done",
        f"The call that starts {ready.order.target} had no answer, and its jobs cannot be listed: "
        f"{error.diagnostics[0].detail}",
        "`reconcile resume RUN` looks again; it is not sent again before that",
    )


def _several(ready: Ready, jobs: list[Job]) -> Diagnostic:
    names = ", ".join(f"{job.id} ({job.platform_state or job.state}, {job.created_at})" for job in jobs)
    return Diagnostic(
        "several-jobs",
        "Several jobs may be ours",
        f"The call that starts {ready.order.target} had no answer, and since then these were created: {names}.",
        "say which it is: `reconcile resume RUN --adopt STEP=JOB`, or `--again STEP`",
    )


def _too_long(error: PlatformError) -> Diagnostic:
    diagnostic = error.diagnostics[0]
    return replace(diagnostic, detail=f"{diagnostic.detail}; it asks to wait {error.retry_after:.0f} s, too long")


def is_displaced(job: Job) -> bool:
    """Say whether the platform refused a job because the same work was queued already."""
    return job.displaced and job.state is JobState.FAILED
