"""What starting a job takes: who makes the calls, who writes them down, the clock, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol, TypeVar

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import AnswerLost, BadAnswer, LimitReached, PlatformError, Unavailable
from reconcile.core.operation import Job, Operation, Ready
from reconcile.engine.loom import Call, Clock, Rest, Script
from reconcile.providers.base import Operator

T = TypeVar("T")

# Clocks of one platform differ among its machines, and `Date` has whole seconds.
MARGIN = timedelta(seconds=90)
# While the platform has not told its time, the clock of this machine counts, which may be set to another zone.
UNTOLD = timedelta(hours=26)
# A failing read is tried for about two minutes before its error counts; in a run that nobody may be looking at, for
# about half an hour: a platform that is being maintained must not cost a night.
READ_ATTEMPTS = 8
PATIENT_ATTEMPTS = 36


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
    read_attempts: int = READ_ATTEMPTS
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


# -- time and patience -------------------------------------------------------------------------------------------------


def now(desk: Desk) -> datetime:
    """Return the platform's time, as it last told it; that of this machine when it never did."""
    return desk.operator.server_time() or desk.clock.utc()


def slack(desk: Desk) -> timedelta:
    """Return how far apart the time of an intent and that of its job's creation may be."""
    return MARGIN if desk.operator.server_time() else UNTOLD


def moment(iso: str | None) -> datetime | None:
    """Return the instant that ISO 8601 text names, None when there is none."""
    return datetime.fromisoformat(iso) if iso else None


def patiently(desk: Desk, function: Callable[[], T], attempts: int | None = None) -> Script[T]:
    """Return what a read returns, trying again while the platform is not available.

    ``attempts`` in all, None for as many as the desk has. Raises the last ``PlatformError``; at once one that will not
    pass by itself.
    """
    attempts = attempts or desk.read_attempts
    for attempt in count(1):
        try:
            return (yield Call(function))  # type: ignore[no-any-return]
        except (Unavailable, LimitReached, AnswerLost, BadAnswer) as error:
            if attempt >= attempts or not error.passes:
                raise
            seconds = error.retry_after or min(60.0, 2.0 ** (attempt - 1))
            desk.tell(error.diagnostics[0].detail, seconds)
        yield from desk.rest(seconds)
    raise AssertionError("it counts for ever")
