"""A platform in memory on which jobs are started and watched, in time that passes only where somebody waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue

from reconcile.core.errors import AnswerLost, ObjectNotFound, PlatformError, Unavailable
from reconcile.core.operation import Job, JobError, JobQuery, JobState, Limit, Node, Operation, Order, Ready
from reconcile.core.request import Request
from reconcile.engine.desk import Desk, Seat
from reconcile.engine.loom import Message, Rest, Script
from reconcile.engine.watch import StopAsked
from reconcile.providers.tamr.operations import JobOperation, Load

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
ORDER = Order("tamr.load", "source:a", "source:a", {"source": "a"})
READY = Ready(ORDER, Request("POST", "/jobs", {"configuration": {"load": {"sourceId": "a"}}}, repeatable=False))
OPERATION = JobOperation("tamr.load", Load, "load a source")
UNWATCHABLE = replace(OPERATION, watchable=False, stoppable=False, pool="")
CAREFUL = replace(OPERATION, harmless_twice=False)


class Clock:
    """Time that jumps to the end of each wait."""

    def __init__(self) -> None:
        self.now = 0.0

    def elapsed(self) -> float:
        return self.now

    def utc(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def wait(self, inbox: SimpleQueue[Message], seconds: float | None, *, busy: bool) -> Message | None:
        try:
            return inbox.get(timeout=10) if busy else inbox.get_nowait()
        except Empty:
            assert seconds is not None
            # Less than this would be lost in rounding, and time would stand still.
            self.now += seconds if not seconds else max(seconds, 1e-6)
            return None


@dataclass
class Platform:
    """An operator and what is behind it. Errors are used up one by one: None lets a call pass.

    ``before`` are raised by a start that has no effect, ``after`` by one that has. ``reads`` are for all reads,
    ``looks`` for those of one job. ``nameless`` takes starts without naming the job. ``list_lag`` and ``look_lag`` are
    how long a new job is not shown. ``shows_time``: answers have a date.
    """

    clock: Clock
    before: list[PlatformError | None] = field(default_factory=list)
    after: list[PlatformError | None] = field(default_factory=list)
    reads: list[PlatformError | None] = field(default_factory=list)
    looks: list[PlatformError | None] = field(default_factory=list)
    stops: list[PlatformError | None] = field(default_factory=list)
    nameless: bool = False
    list_lag: float = 0.0
    look_lag: float = 0.0
    shows_time: bool = True
    most: int | None = 5
    on_submit: Callable[[], object] = lambda: None
    jobs_: dict[str, Job] = field(default_factory=dict)
    ends: dict[str, tuple[float, Job]] = field(default_factory=dict)
    calls: list[tuple[str, float]] = field(default_factory=list)
    runs_for: float = 60.0

    def add(self, at: float | None = None, *, id: str = "", ends: float | None = None, **more: object) -> Job:
        """Return a job made at ``at`` seconds, by somebody else; it ends by itself at ``ends``."""
        created = START + timedelta(seconds=self.clock.now if at is None else at)
        job = Job(
            id or f"j{len(self.jobs_) + 1}", "tamr.load", ORDER.target, JobState.RUNNING, "RUNNING", _iso(created)
        )
        job = replace(job, **more)  # type: ignore[arg-type]
        self.jobs_[job.id] = job
        if ends is not None:
            over = replace(
                job, state=JobState.SUCCEEDED, platform_state="DONE", ended_at=_iso(START + timedelta(seconds=ends))
            )
            self.ends[job.id] = (ends, over)
        return job

    def end(self, job_id: str, at: float, state: JobState = JobState.SUCCEEDED, error: JobError | None = None) -> None:
        """Let a job end at ``at`` seconds."""
        over = replace(self.jobs_[job_id], state=state, platform_state="DONE", error=error)
        self.ends[job_id] = (at, replace(over, ended_at=_iso(START + timedelta(seconds=at))))

    def count(self, what: str) -> int:
        return sum(each == what for each, _ in self.calls)

    def times(self, what: str) -> list[float]:
        return [at for each, at in self.calls if each == what]

    # -- as providers.base.Operator promises

    def prepare(self, order: Order) -> Ready:
        self._called("prepare", self.reads)
        return Ready(order, READY.request)

    def submit(self, ready: Ready) -> Job | None:
        self.on_submit()
        self._called("submit", self.before)
        job = self.add(ends=self.clock.now + self.runs_for)
        if error := _next(self.after):
            raise error
        return None if self.nameless else job

    def look(self, ready: Ready, job_id: str) -> Job:
        self._called("look", self.looks)
        job = self._now().get(job_id)
        if job is None or self._age(job) < self.look_lag:
            raise ObjectNotFound(f"no job {job_id}", status=404)
        return job

    def on_target(self, ready: Ready, since: datetime) -> tuple[Job, ...]:
        self._called("list", self.reads)
        return tuple(
            job
            for job in self._now().values()
            if self._age(job) >= self.list_lag and (not job.is_over or _made(job) is None or _made(job) >= since)  # type: ignore[operator]
        )

    def last_on_subject(self, ready: Ready) -> Job | None:
        self._called("last", self.reads)
        return next(reversed([*self._now().values()]), None)

    def stop(self, job_id: str) -> None:
        self._called("stop", self.stops)
        if not self._now()[job_id].is_over:
            self.end(job_id, self.clock.now, JobState.STOPPED, JobError("STOPPED_BY_USER"))

    def in_pool(self, pool: str) -> tuple[Job, ...]:
        self._called("pool", self.reads)
        return tuple(job for job in self._now().values() if not job.is_over)

    def slots(self, pool: str) -> int | None:
        return self.most

    def jobs(self, query: JobQuery) -> Iterator[Job]:
        yield from reversed([*self._now().values()])

    def show(self, job_id: str) -> Job:
        return self.look(READY, job_id)

    def nodes(self, job_id: str) -> tuple[Node, ...]:
        return ()

    def limits(self) -> tuple[Limit, ...]:
        return ()

    def server_time(self) -> datetime | None:
        return self.clock.utc().replace(microsecond=0) if self.shows_time else None

    def close(self) -> None:
        return None

    def _called(self, what: str, errors: list[PlatformError | None]) -> None:
        self.calls.append((what, self.clock.now))
        if error := _next(errors):
            raise error

    def _now(self) -> dict[str, Job]:
        ended = {name: over for name, (at, over) in self.ends.items() if at <= self.clock.now}
        return {**self.jobs_, **ended}

    def _age(self, job: Job) -> float:
        made = _made(job)
        return (self.clock.utc() - made).total_seconds() if made else 1e9


@dataclass
class Ledger:
    """What was written down, in order, as (what, detail). ``fails`` raises at the first of that name."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)
    at: datetime | None = None
    known: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        return [what for what, _ in self.lines]

    def intended(self, ready: Ready, at: datetime, known: Collection[str]) -> None:
        self._note("intended", ",".join(known))
        self.at, self.known = at, tuple(known)

    def dropped(self, why: str) -> None:
        self._note("dropped", why)

    def taken(self) -> None:
        self._note("taken", "")

    def submitted(self, job: Job, adopted: str) -> None:
        self._note("submitted", f"{job.id} {adopted}".strip())

    def _note(self, what: str, detail: str) -> None:
        if what in self.fails:
            raise self.fails.pop(what)
        self.lines.append((what, detail))


@dataclass
class Claim:
    """A claim that somebody else has for the first ``taken`` times."""

    taken: int = 0
    held: bool = False

    def take(self) -> bool:
        self.taken -= 1
        self.held = self.taken < 0
        return self.held

    def release(self) -> None:
        self.held = False


class Seats(Seat):
    """A seat that counts. ``free`` False is a platform without a place, for somebody who does not wait."""

    def __init__(self, *, free: bool = True) -> None:
        self.free, self.held, self.taken = free, False, 0

    def take(self) -> Script[bool]:
        yield from ()
        self.held = self.free
        self.taken += 1
        return self.free

    def give_back(self) -> None:
        self.held = False


@dataclass
class Office:
    """A desk on a platform, and everything around it. ``stop_at``: when the run is asked to be stopped."""

    platform: Platform
    clock: Clock
    operation: Operation = OPERATION
    ledger: Ledger = field(default_factory=Ledger)
    claim: Claim = field(default_factory=Claim)
    seat: Seats = field(default_factory=Seats)
    claimed: set[str] = field(default_factory=set)
    stop_at: float | None = None
    told: list[tuple[str, float]] = field(default_factory=list)

    def desk(self) -> Desk:
        return Desk(
            operator=self.platform,
            operation=self.operation,
            ledger=self.ledger,
            clock=self.clock,
            tell=lambda text, seconds: self.told.append((text, seconds)),
            poll_interval=30.0,
            claim=self.claim,
            seat=self.seat,
            claimed=lambda: self.claimed,
            rest=self._rest,
            check=self._check,
        )

    def _rest(self, seconds: float) -> Script[None]:
        self._check()
        left = seconds if self.stop_at is None else min(seconds, max(0.0, self.stop_at - self.clock.now))
        yield Rest(left)
        self._check()
        if left < seconds:
            yield Rest(seconds - left)

    def _check(self) -> None:
        if self.stop_at is not None and self.clock.now >= self.stop_at:
            self.stop_at = None
            raise StopAsked


def office(**platform: object) -> Office:
    """Return a desk on a fresh platform."""
    clock = Clock()
    return Office(Platform(clock, **platform), clock)  # type: ignore[arg-type]


def lost() -> AnswerLost:
    """Return what is known when no answer came: it may have happened."""
    return AnswerLost("cut")


def lost_5xx() -> AnswerLost:
    return AnswerLost("500: oh no", status=500)


def nobody() -> Unavailable:
    """Return what is known when nobody listens: it did not happen."""
    return Unavailable("connection refused")


def _next(errors: list[PlatformError | None]) -> PlatformError | None:
    return errors.pop(0) if errors else None


def _made(job: Job) -> datetime | None:
    return datetime.fromisoformat(job.created_at) if job.created_at else None


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
