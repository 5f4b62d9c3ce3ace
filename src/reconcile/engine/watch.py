"""One job watched to its end: polled once an interval, through outages, stopped when it takes too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import (
    AnswerLost,
    AuthFailed,
    BadAnswer,
    Forbidden,
    LimitReached,
    ObjectNotFound,
    PlatformError,
    Unavailable,
)
from reconcile.core.operation import Job, JobState, Ready
from reconcile.engine.desk import Desk
from reconcile.engine.loom import Script, call

# A job that was just created may not be found for a moment; longer than this it does not exist.
UNSEEN_SECONDS = 600.0
# An outage of the platform of this length ends the watching, not the job.
OUTAGE_SECONDS = 1800.0
# A login that is refused so often in a row will not heal by itself.
MOST_DENIALS = 3


class StopAsked(Exception):
    """Raised by ``Desk.rest`` when the job is to be stopped; raised once."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long to watch (``wait_timeout``, from ``watched`` on), and when to stop the job (``stop_after``).

    ``stop_after`` counts from ``submitted``, when the job was submitted as far as this is known. All are seconds; both
    moments are on the loom's clock.
    """

    wait_timeout: float | None = None
    stop_after: float | None = None
    submitted: float = 0.0
    watched: float = 0.0


@dataclass(frozen=True, slots=True)
class Over:
    """The job is over. ``stopped_for`` says why we had asked for that, "" when we had not."""

    job: Job
    stopped_for: str = ""


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The job goes on, or may: nobody watches it any more."""

    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Lost:
    """The platform does not know the job (any more), so what became of it cannot be said."""

    diagnostic: Diagnostic


Seen = Over | GoesOn | Lost


def watch(desk: Desk, ready: Ready, job: Job, bounds: Bounds, seen: Callable[[Job], None]) -> Script[Seen]:
    """Return how the job ended, or why it is not watched to its end. ``seen`` is told of every look."""
    return (yield from _Watch(desk, ready, job, bounds, seen).run())


class _Watch:
    def __init__(self, desk: Desk, ready: Ready, job: Job, bounds: Bounds, seen: Callable[[Job], None]) -> None:
        self._desk, self._ready, self._job, self._bounds, self._seen = desk, ready, job, bounds, seen
        self._was_found = job.state is not JobState.UNKNOWN or bool(job.platform_state)
        self._outage_since: float | None = None
        self._missing_since: float | None = None
        self._denials = 0
        self._stopped_for = ""
        self._must_stop = self._is_unstoppable = False

    def run(self) -> Script[Seen]:
        self._seen(self._job)
        while not self._job.is_over:
            # From the end of the last look: so there is always less than one in an interval.
            ended = yield from self._until(self._desk.clock.elapsed() + self._desk.poll_interval)
            if self._must_stop:
                yield from self._send_stop()
            ended = ended or (yield from self._look())
            if ended:
                return ended
        return Over(self._job, self._stopped_for)

    def _until(self, due: float) -> Script[Seen | None]:
        """Wait for the next look; keep the bounds meanwhile."""
        while True:
            now = self._desk.clock.elapsed()
            ended = yield from self._bounded(now)
            if ended or now >= due:
                return ended
            limits = [due, *(each for each in self._limits() if each > now)]
            try:
                yield from self._desk.rest(min(limits) - now)
            except StopAsked:
                yield from self._stop("the run is being stopped")

    def _limits(self) -> list[float]:
        found = []
        if self._bounds.stop_after is not None and not self._is_stopping:
            found.append(self._bounds.submitted + self._bounds.stop_after)
        if self._bounds.wait_timeout is not None:
            found.append(self._bounds.watched + self._bounds.wait_timeout)
        return found

    def _bounded(self, now: float) -> Script[Seen | None]:
        bounds = self._bounds
        if bounds.stop_after is not None and not self._is_stopping and now >= bounds.submitted + bounds.stop_after:
            yield from self._stop(f"it took longer than stop_after ({bounds.stop_after:.0f} s)")
        if bounds.wait_timeout is not None and now >= bounds.watched + bounds.wait_timeout:
            return GoesOn(_timed_out(self._job, bounds.wait_timeout))
        return None

    @property
    def _is_stopping(self) -> bool:
        return bool(self._stopped_for) or self._is_unstoppable

    def _stop(self, why: str) -> Script[None]:
        if not self._desk.operation.stoppable:
            self._is_unstoppable = True
            self._desk.tell(f"job {self._job.id} cannot be stopped: the platform has no such call; it goes on", 0.0)
            return
        self._stopped_for, self._must_stop = why, True
        self._desk.tell(f"stopping job {self._job.id}: {why}", 0.0)
        yield from self._send_stop()

    def _send_stop(self) -> Script[None]:
        """Ask for the job to be stopped; where nobody answers, again before each look. Stopping twice does no harm."""
        try:
            yield from call(lambda: self._desk.operator.stop(self._job.id))
            self._must_stop = False
        except PlatformError as error:
            self._must_stop = isinstance(error, Unavailable | LimitReached | AnswerLost | BadAnswer | ObjectNotFound)
            self._desk.tell(f"job {self._job.id} could not be stopped: {error.diagnostics[0].detail}", 0.0)

    def _look(self) -> Script[Seen | None]:
        desk = self._desk
        try:
            job = yield from call(lambda: desk.operator.look(self._ready, self._job.id))
        except ObjectNotFound as error:
            return self._not_found(error)
        except (AuthFailed, Forbidden) as error:
            self._denials += 1
            return GoesOn(error.diagnostics[0]) if self._denials >= MOST_DENIALS else self._outage(error)
        except PlatformError as error:
            self._denials = 0
            return self._outage(error)
        if job.state is JobState.UNKNOWN and job.platform_state != self._job.platform_state:
            desk.tell(f"job {job.id} is in a state that is not known here, {job.platform_state!r}: watching on", 0.0)
        self._was_found, self._outage_since, self._missing_since, self._denials = True, None, None, 0
        self._job = job
        self._seen(job)
        return None

    def _not_found(self, error: PlatformError) -> Seen | None:
        now = self._desk.clock.elapsed()
        if self._missing_since is None:
            self._missing_since = now  # one odd answer is no more than that
        self._outage_since, self._denials = None, 0
        if now - self._missing_since >= UNSEEN_SECONDS:
            return Lost(_gone(self._job, error))
        if self._was_found:
            self._desk.tell(f"{error.diagnostics[0].detail}: looking again", self._desk.poll_interval)
        return None

    def _outage(self, error: PlatformError) -> Seen | None:
        now = self._desk.clock.elapsed()
        if self._outage_since is None:
            self._outage_since = now
        self._missing_since = None
        self._desk.tell(f"{error.diagnostics[0].detail}: looking again", self._desk.poll_interval)
        return GoesOn(error.diagnostics[0]) if now - self._outage_since >= OUTAGE_SECONDS else None


def _timed_out(job: Job, seconds: float) -> Diagnostic:
    return Diagnostic(
        "wait-timeout",
        "Stopped watching",
        f"Job {job.id} was watched for {seconds:.0f} s (wait_timeout) and goes on ({job.platform_state or job.state}).",
    )


def _gone(job: Job, error: PlatformError) -> Diagnostic:
    return Diagnostic(
        "job-lost",
        "The platform does not know the job",
        f"{error.diagnostics[0].detail}; what became of job {job.id} cannot be said.",
        "look at the platform",
    )
