"""When rounds are due, whatever they take; and that a round that fails is one round."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError
from reconcile.engine.watching import Look, Pace, Pulse, Round, Turn, Verdict, turns, watch

BROKEN = Diagnostic("state-damaged", "The state is damaged")


class Time:
    """A clock that goes on only when somebody waits or works. After ``most`` waits the watch is over."""

    def __init__(self, most: int = 100) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self._most = most

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return len(self.waits) >= self._most

    def pace(self, every: float, delay: Callable[[], float] = float) -> Pace:
        return Pace(every, lambda: self.now, self.wait, delay)


def begun(time: Time, pace: Pace, work: list[float]) -> list[tuple[float, int]]:
    """Return when each round began, after the first, and how many were skipped before it."""
    found = []
    for turn, seconds in zip(turns(pace, len(work)), work, strict=True):
        found.append((time.now - 1000, turn.skipped))
        time.now += seconds
    return found


def test_the_first_round_is_at_once_and_the_period_does_not_drift() -> None:
    """Rounds that take 3 s begin every 60 s, not every 63 s."""
    time = Time()
    assert begun(time, time.pace(60), [3.0] * 5) == [(0, 0), (60, 0), (120, 0), (180, 0), (240, 0)]
    assert time.waits == [57] * 4


def test_a_slow_round_delays_the_next_one_to_the_grid() -> None:
    """130 s of 60 s periods: two are skipped, none is caught up with, and the grid stands where it stood."""
    time = Time()
    assert begun(time, time.pace(60), [130.0, 1.0, 1.0]) == [(0, 0), (180, 2), (240, 0)]


def test_a_round_that_ends_when_the_next_is_due() -> None:
    """It begins without a wait, and nothing is skipped."""
    time = Time()
    assert begun(time, time.pace(60), [60.0, 1.0]) == [(0, 0), (60, 0)]
    assert time.waits == [0]


def test_jitter_puts_off_rounds_and_not_the_grid() -> None:
    time = Time()
    delays = iter([5.0, 0.0, 2.0])
    assert begun(time, time.pace(60, lambda: next(delays)), [1.0] * 4) == [(0, 0), (65, 0), (120, 0), (182, 0)]


def test_it_ends_when_the_wait_says_so() -> None:
    time = Time(most=3)
    assert [turn.number for turn in turns(time.pace(60))] == [1, 2, 3]


class Failing:
    """Every second look comes to nothing."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.rounds: list[Round] = []
        self.looks = 0

    def look(self) -> Look:
        self.looks += 1
        self.time.now += 2
        if self.looks % 2 == 0:
            raise StateError(BROKEN)
        return Look(None)

    def failed(self, diagnostics: tuple[Diagnostic, ...]) -> Look:
        return Look(None, diagnostics=diagnostics)

    def tell(self, done: Round) -> None:
        self.rounds.append(done)


def test_a_failed_round_is_told_and_the_next_one_comes() -> None:
    time = Time()
    watched = Failing(time)
    watch(watched, time.pace(60), most=4)
    assert [each.turn.number for each in watched.rounds] == [1, 2, 3, 4]
    assert [each.look.diagnostics for each in watched.rounds] == [(), (BROKEN,), (), (BROKEN,)]
    assert [each.seconds for each in watched.rounds] == [2] * 4


class Scripted(Failing):
    """Each look comes to what was written down for it."""

    def __init__(self, time: Time, verdicts: list[Verdict]) -> None:
        super().__init__(time)
        self.verdicts = verdicts

    def look(self) -> Look:
        self.looks += 1
        return come_to(self.verdicts[self.looks - 1])


@pytest.mark.parametrize("last", list(Verdict))
def test_the_last_round_says_what_the_watch_came_to(last: Verdict) -> None:
    time = Time()
    assert watch(Scripted(time, [*Verdict, last]), time.pace(60), most=4) is last


def test_what_telling_raises_ends_the_watch() -> None:
    """Nobody reads stdout any more."""
    time = Time()
    watched = Failing(time)

    def closed(done: Round) -> None:
        raise BrokenPipeError

    watched.tell = closed  # type: ignore[method-assign]
    with pytest.raises(BrokenPipeError):
        watch(watched, time.pace(60))
    assert watched.looks == 1


def come_to(verdict: Verdict) -> Look:
    class Ended(Look):
        @property
        def verdict(self) -> Verdict:
            return verdict

    return Ended(None)


def ended(number: int, at: float, verdict: Verdict) -> Round:
    return Round(Turn(number), 1, at, come_to(verdict))


def test_the_pulse_is_fresh_for_three_periods_after_a_good_look() -> None:
    """A failed look does not make it stale at once, and does not keep it fresh."""
    pulse = Pulse()
    assert not pulse.is_fresh(0, 60)
    pulse = pulse.after(ended(1, 100, Verdict.DRIFT)).after(ended(2, 160, Verdict.FAILED))
    assert (pulse.rounds, pulse.verdict, pulse.ended, pulse.succeeded) == (2, Verdict.FAILED, 160, 100)
    assert pulse.is_fresh(280, 60)
    assert not pulse.is_fresh(280.1, 60)
