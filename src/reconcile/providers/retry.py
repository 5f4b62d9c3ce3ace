"""When a failed request is sent again, and after how many seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import random

import stamina
import stamina.instrumentation

from reconcile.core.lapse import readable
from reconcile.providers.answer import Answer
from reconcile.providers.base import Notice

# stamina would log every retry to stderr, or to structlog where that is installed. Waits are told through notices,
# which know the connection and go where the command line shows progress.
stamina.instrumentation.set_on_retry_hooks(())

# An answer of 500 is more often a defect met by this very request than a bad moment.
MOST_REPEATS_OF_500 = 2

# Nobody listens, or no way leads there: worth a few seconds (a restart, a network coming up), not half a minute.
MOST_CONNECTS = 4


@dataclass(frozen=True, slots=True)
class Timing:
    """The clocks and the chance of a connection, so that tests need neither time nor luck.

    ``now`` is seconds since 1970, ``monotonic`` seconds since any moment, ``jitter`` is 0 to 1. ``pause`` waits for
    the given seconds; None is a real wait that ends early when the client is closed.
    """

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random
    pause: Callable[[float], object] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Which failures allow sending the request again: answers of these statuses, and lost answers if ``lost``.

    A request that never left is always sent again.
    """

    statuses: frozenset[int]
    lost: bool


# Sending it twice leaves the world as sending it once: GET, PUT, DELETE, and a POST that says so.
REPEATABLE = Rule(frozenset({408, 429, 500, 502, 503, 504}), lost=True)
# Whatever the answer, a second one could do the work twice; who sends it decides what to do next (engine.submission).
ONE_SHOT = Rule(frozenset(), lost=False)
# A login changes no object, but a refresh token may be good for one use only.
LOGIN = Rule(frozenset({429, 503}), lost=False)


class Trouble(Exception):
    """An exchange that did not end well; ``translate`` makes a ``PlatformError`` of it. No answer: ``answer`` is None.

    ``sent`` says whether any part of the request can have reached the platform; ``final`` that trying again is
    pointless. The rest is filled in while attempts go on: their number, whether one of them ``may_have_happened``,
    and how long the platform ``asked`` us to wait if that was too long.
    """

    def __init__(self, reason: str, *, answer: Answer | None = None, sent: bool = True, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer
        self.sent = sent
        self.final = final
        self.hint = ""
        self.attempts = 1
        self.may_have_happened = False
        self.asked: float | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How a connection retries: at most ``attempts`` in all, and no single wait above ``longest_wait`` seconds.

    Waits are ``first_wait`` seconds, doubled each time, up to half as much again by chance, so that threads that
    failed together do not come back together. ``pause`` returns True when the client was closed meanwhile.
    """

    connection: str
    attempts: int
    first_wait: float
    longest_wait: float
    notify: Callable[[Notice], None]
    pause: Callable[[float], object]
    timing: Timing

    def run(self, call: Callable[[], Answer], place: str, rule: Rule) -> Answer:
        """Return what ``call`` returns, calling again after a ``Trouble`` that ``rule`` allows to repeat.

        Raises the last ``Trouble``; any other exception passes at once.
        """
        course = _Course(self, place, rule)
        for attempt in stamina.retry_context(on=course.may_go_on, attempts=self.attempts, timeout=None):
            with attempt:
                return call()
        raise AssertionError("stamina ends with a result or an exception")


class _Course:
    """The attempts of one request."""

    def __init__(self, patience: Patience, place: str, rule: Rule) -> None:
        self._patience = patience
        self._place = place
        self._rule = rule
        self._attempt = 0
        self._answers_of_500 = 0
        self._may_have_happened = False

    def may_go_on(self, failure: BaseException) -> bool | float:
        """Say whether to try again, having waited. This is stamina's hook: 0.0 means "now", False "give up"."""
        if not isinstance(failure, Trouble):
            return False
        self._attempt += 1
        self._note(failure)
        if not self._allowed(failure):
            return False
        seconds = self._wait(failure)
        if seconds is None:
            return False
        self._tell(failure, seconds)
        # We wait here and not in stamina, whose sleep nothing can end: closing the client must.
        return False if self._patience.pause(seconds) is True else 0.0

    def _note(self, trouble: Trouble) -> None:
        status = trouble.answer.status if trouble.answer else None
        self._answers_of_500 += status == 500
        # Once one attempt may have had its effect, no later refusal takes that back.
        self._may_have_happened |= status >= 500 and status != 501 if status else trouble.sent
        trouble.attempts = self._attempt
        trouble.may_have_happened = self._may_have_happened

    def _allowed(self, trouble: Trouble) -> bool:
        if trouble.final or self._attempt >= self._patience.attempts:
            return False
        if trouble.answer is None and not trouble.sent:
            return self._attempt < MOST_CONNECTS
        if trouble.answer is None:
            return self._rule.lost
        if trouble.answer.status == 500 and self._answers_of_500 > MOST_REPEATS_OF_500:
            return False
        return trouble.answer.status in self._rule.statuses

    def _wait(self, trouble: Trouble) -> float | None:
        patience = self._patience
        asked = retry_after(trouble.answer, patience.timing.now) if trouble.answer else None
        if asked is not None:
            if asked > patience.longest_wait:
                trouble.asked = asked
                return None
            # Never earlier than asked; all threads of a connection are asked the same.
            return asked + min(1.0, 0.1 * asked + 0.1) * patience.timing.jitter()
        seconds = min(patience.longest_wait, patience.first_wait * 2 ** (self._attempt - 1))
        return float(min(patience.longest_wait, seconds * (1 + 0.5 * patience.timing.jitter())))

    def _tell(self, trouble: Trouble, seconds: float) -> None:
        what = f"{trouble.answer.status} from" if trouble.answer else f"{trouble.reason} at"
        text = (
            f"{what} {self._place}: waiting {readable(seconds)} "
            f"(attempt {self._attempt + 1} of {self._patience.attempts} follows)"
        )
        self._patience.notify(Notice(self._patience.connection, text, seconds))


def retry_after(answer: Answer, now: Callable[[], float]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, never below 0; None without a header that makes sense.

    Both forms of RFC 9110 section 10.2.3: seconds, and a date. A date is measured from the answer's own ``Date``
    where it has one, so that a wrong clock on this machine does not lengthen the wait.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        # Any number of digits is valid; beyond this one it is "never" all the same, and still a number to show.
        return min(float(text), 1e9)
    moment = _moment(text)
    if moment is None:
        return None
    here = _moment(answer.headers.get("Date", ""))
    return max(0.0, moment - (now() if here is None else here))


def moment_of(text: str) -> datetime | None:
    """Return the UTC time that an HTTP date spells, None when it is none."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _moment(text: str) -> float | None:
    moment = moment_of(text)
    return moment.timestamp() if moment else None
