"""The same look again and again: when each round is due, and what came of it. Looks only, whatever it finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from reconcile.core.acknowledge import Sorted
from reconcile.core.alerted import Alerted
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError
from reconcile.engine.check import Checked

_NO_DRIFT = Sorted(())
# A watch whose last good look is older than this many periods is not to be relied on.
PERIODS_UNTIL_STALE = 3


class Verdict(StrEnum):
    """What a round came to. ``failed`` also when a part could not be looked at: of that, nothing is known."""

    IN_SYNC = "in-sync"
    DRIFT = "drift"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Pace:
    """When rounds are due: at once, then ``every`` so many seconds, counted from the first.

    ``now`` is seconds that never go back. ``wait`` waits for so many seconds and says whether the watch is over.
    ``delay`` returns seconds by which a round is put off, so that many watches do not ask at the same moment.
    """

    every: float
    now: Callable[[], float]
    wait: Callable[[float], bool]
    delay: Callable[[], float] = float


@dataclass(frozen=True, slots=True)
class Turn:
    """A round that is due: its number, from 1, and how many periods were ``skipped`` before it by a slow round."""

    number: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What a look came to, and what was told of it. ``checked`` is None when it came to nothing.

    ``drift`` is what was found, by whether somebody has accepted it. ``diagnostics`` are all there are, of the files,
    the look and the alerts. ``alerted`` is None when nobody asked for alerts.
    """

    checked: Checked | None
    drift: Sorted = _NO_DRIFT
    diagnostics: tuple[Diagnostic, ...] = ()
    alerted: Alerted | None = None

    @property
    def verdict(self) -> Verdict:
        """Return what it came to; drift that is accepted for a while counts as none."""
        if self.checked is None or self.checked.failed:
            return Verdict.FAILED
        return Verdict.DRIFT if self.drift.counted else Verdict.IN_SYNC


@dataclass(frozen=True, slots=True)
class Round:
    """A look that is over: how many ``seconds`` it took, and when it ``ended`` on the clock of the ``Pace``."""

    turn: Turn
    seconds: float
    ended: float
    look: Look


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of a watch at a moment. Times are on the clock of its ``Pace``; None for what never was."""

    rounds: int = 0
    verdict: Verdict | None = None
    ended: float | None = None
    succeeded: float | None = None

    def after(self, done: Round) -> Pulse:
        """Return the pulse when a round has ended."""
        verdict = done.look.verdict
        failed = verdict is Verdict.FAILED
        return Pulse(done.turn.number, verdict, done.ended, self.succeeded if failed else done.ended)

    def is_fresh(self, now: float, every: float) -> bool:
        """Say whether the last good look is at most three periods old."""
        return self.succeeded is not None and now - self.succeeded <= PERIODS_UNTIL_STALE * every


class Watched(Protocol):
    """What is done in a round. Nothing of one round may be kept for the next that grows with rounds."""

    def look(self) -> Look:
        """Look. Raises ``ReconcileError`` when that comes to nothing."""

    def failed(self, diagnostics: tuple[Diagnostic, ...]) -> Look:
        """Return the look that came to nothing, once people were told of it."""

    def tell(self, done: Round) -> None:
        """Take note of a round. What it raises ends the watch."""


def watch(watched: Watched, pace: Pace, most: int | None = None) -> Verdict:
    """Look when it is due, and tell of every round, until the watch is over or ``most`` rounds were made.

    A look that fails is a failed round, never the end. Rounds never overlap. Returns what the last one came to.
    """
    verdict = Verdict.FAILED
    for turn in turns(pace, most):
        done = _made(watched, turn, pace)
        watched.tell(done)
        verdict = done.look.verdict
    return verdict


def turns(pace: Pace, most: int | None = None) -> Iterator[Turn]:
    """Yield each turn when it is due, whatever the one before took.

    The grid stands still: rounds begin a whole number of periods after the first. One that is not over when the next
    is due puts that off to the next point of the grid; the points in between are skipped, not caught up with.
    """
    start, slot, turn = pace.now(), 0, Turn(1)
    while True:
        yield turn
        if turn.number == most:
            return
        due = _due(pace.now() - start, slot, pace.every)
        turn, slot = Turn(turn.number + 1, due - slot - 1), due
        if pace.wait(max(0.0, start + due * pace.every + pace.delay() - pace.now())):
            return


def _due(elapsed: float, slot: int, every: float) -> int:
    """Return the first point of the grid after ``slot`` that is not over yet."""
    return max(slot + 1, math.ceil(elapsed / every)) if every else slot + 1


def _made(watched: Watched, turn: Turn, pace: Pace) -> Round:
    began = pace.now()
    try:
        look = watched.look()
    except ReconcileError as error:
        look = watched.failed(error.diagnostics)
    ended = pace.now()
    return Round(turn, ended - began, ended, look)
