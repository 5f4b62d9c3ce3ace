"""Many waits in one thread: what is side by side, what is in turn, and what wakes whom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.engine.loom import Call, Gate, Loom, Message, RealClock, Rest, Script, call, run_alone


class Clock:
    """Time that jumps to the end of each wait. ``waits`` are the seconds asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def elapsed(self) -> float:
        return self.now

    def utc(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.now)

    def wait(self, inbox: SimpleQueue[Message], seconds: float | None, *, busy: bool) -> Message | None:
        if busy:
            return inbox.get(timeout=10)
        try:
            return inbox.get_nowait()
        except Empty:
            assert seconds is not None, "nothing will ever happen"
            self.waits.append(seconds)
            self.now += seconds
            return None


class Ends:
    """What became of scripts, in order."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.errors: list[BaseException] = []

    def __call__(self, result: Any, error: BaseException | None) -> None:
        if error is not None:
            self.errors.append(error)
        else:
            self.results.append(result)


def woven(*scripts: Script[Any], width: int = 4, clock: Clock | None = None) -> Ends:
    loom, ends = Loom(clock or Clock(), width), Ends()
    for script in scripts:
        loom.start(script, ends)
    loom.run()
    return ends


def resting(seconds: float, name: str, log: list[str]) -> Script[str]:
    yield Rest(seconds)
    log.append(name)
    return name


# -- calls -------------------------------------------------------------------------------------------------------------


def test_calls_are_made_side_by_side_up_to_the_width() -> None:
    together, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(3, timeout=10)

    def counted() -> None:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        full.wait()  # only three at once can pass
        with lock:
            together -= 1

    ends = woven(*(call(counted) for _ in range(9)), width=3)
    assert len(ends.results) == 9
    assert most == 3


def test_calls_are_made_in_other_threads_and_scripts_go_on_in_this_one() -> None:
    def script() -> Script[tuple[int, int]]:
        there = yield from call(threading.get_ident)
        return there, threading.get_ident()

    ((there, here),) = woven(script()).results
    assert here == threading.get_ident() != there


def test_a_hundred_watches_share_the_threads_of_one_pool() -> None:
    threads: set[str] = set()

    def script() -> Script[None]:
        for _ in range(3):
            threads.add((yield from call(lambda: threading.current_thread().name)))
            yield Rest(30.0)

    before = threading.active_count()
    assert len(woven(*(script() for _ in range(100)), width=4).results) == 100
    assert len(threads) <= 4
    assert threading.active_count() == before


def test_an_error_of_a_call_is_raised_in_its_script_only() -> None:
    def broken() -> None:
        raise OSError("cut")

    def bears() -> Script[str]:
        try:
            yield from call(broken)
        except OSError as error:
            return f"bore {error}"
        raise AssertionError

    ends = woven(bears(), call(broken), call(lambda: "fine"))
    assert sorted(ends.results) == ["bore cut", "fine"]
    assert [str(error) for error in ends.errors] == ["cut"]


def test_an_error_of_a_script_leaves_the_others_alone() -> None:
    def bad() -> Script[None]:
        yield Rest(1.0)
        raise ValueError("bad")

    log: list[str] = []
    ends = woven(bad(), resting(5.0, "good", log))
    assert [str(error) for error in ends.errors] == ["bad"]
    assert ends.results == ["good"]


def test_what_is_no_error_ends_the_loom() -> None:
    class Killed(BaseException):
        pass

    def killed() -> None:
        raise Killed

    with pytest.raises(Killed):
        woven(call(killed), resting(1.0, "x", []))


def test_what_a_done_raises_ends_the_loom() -> None:
    def done(_: object, __: object) -> None:
        raise RuntimeError("cannot be written down")

    loom = Loom(Clock(), 1)
    loom.start(resting(1.0, "x", []), done)
    with pytest.raises(RuntimeError, match="written down"):
        loom.run()


def test_a_done_may_start_more() -> None:
    loom, ends = Loom(Clock(), 1), Ends()
    loom.start(resting(1.0, "first", []), lambda result, error: loom.start(resting(1.0, f"after {result}", []), ends))
    loom.run()
    assert ends.results == ["after first"]


def test_a_loom_without_scripts_is_done() -> None:
    clock = Clock()
    woven(clock=clock)
    assert clock.waits == []


# -- rests -------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_rests_end_in_the_order_of_their_ends_and_then_of_their_beginnings(seconds: list[int]) -> None:
    log: list[str] = []
    clock = Clock()
    woven(*(resting(float(each), f"{each} {number}", log) for number, each in enumerate(seconds)), clock=clock)
    assert log == [f"{each} {number}" for each, number in sorted((each, n) for n, each in enumerate(seconds))]
    assert clock.now == max(seconds)


def test_a_negative_rest_is_none() -> None:
    clock = Clock()
    assert woven(resting(-5.0, "x", []), clock=clock).results == ["x"]
    assert clock.now == 0.0


def test_a_year_of_waiting_takes_no_time() -> None:
    def script() -> Script[None]:
        for _ in range(365 * 24):
            yield Rest(3600.0)

    clock = Clock()
    woven(script(), clock=clock)
    assert clock.now == 365 * 24 * 3600
    assert sum(clock.waits) == clock.now


def test_a_rest_goes_on_while_calls_are_under_way() -> None:
    """With the real clock a slow call keeps nobody from waking."""
    woken, log = threading.Event(), list[str]()

    def slow() -> bool:
        return woken.wait(10)

    def other() -> Script[None]:
        yield Rest(0.01)
        log.append("woke")
        woken.set()

    loom, ends = Loom(RealClock(), 2), Ends()
    loom.start(call(slow), ends)
    loom.start(other(), ends)
    loom.run()
    assert log == ["woke"]
    assert True in ends.results


# -- gates and stirs ---------------------------------------------------------------------------------------------------


def test_a_gate_lets_pass_in_turn_one_at_each_opening() -> None:
    loom, ends = Loom(Clock(), 1), Ends()
    gate = loom.gate()
    log: list[str] = []

    def waiter(name: str) -> Script[None]:
        yield gate
        log.append(name)

    def opener() -> Script[None]:
        for _ in range(3):
            yield Rest(10.0)
            loom.open(gate)
            log.append("open")

    for script in (waiter("a"), waiter("b"), waiter("c"), opener()):
        loom.start(script, ends)
    loom.run()
    assert log == ["open", "a", "open", "b", "open", "c"]


def test_an_opening_is_not_kept_for_later() -> None:
    loom, ends = Loom(Clock(), 1), Ends()
    gate = loom.gate()
    loom.open(gate)

    def waiter() -> Script[float]:
        yield gate
        return loom.clock.elapsed()

    def opener() -> Script[None]:
        yield Rest(10.0)
        loom.open(gate)

    loom.start(waiter(), ends)
    loom.start(opener(), Ends())
    loom.run()
    assert ends.results == [10.0]


@pytest.mark.parametrize("from_another_thread", [True, False])
def test_a_stir_wakes_all_that_rest_or_wait_and_no_call(*, from_another_thread: bool) -> None:
    clock = Clock()
    loom, ends = Loom(clock, 2), Ends()
    gate = loom.gate()
    stirred = threading.Event()

    def waiter(what: Rest | Gate) -> Script[float]:
        yield what
        return clock.elapsed()

    def stir() -> str:
        loom.stir()
        stirred.set()
        return "called"

    def stirrer() -> Script[str]:
        yield Rest(1.0)
        if from_another_thread:
            return (yield from call(stir))
        yield Call(lambda: None)
        return stir()

    for script in (waiter(Rest(100.0)), waiter(Rest(50.0)), waiter(gate)):
        loom.start(script, ends)
    loom.start(stirrer(), ends)
    loom.run()
    assert ends.results.count(1.0) == 3
    assert clock.now == 1.0
    assert stirred.is_set()


def test_a_script_that_is_stirred_can_rest_on() -> None:
    clock = Clock()
    loom, ends = Loom(clock, 1), Ends()

    def patient() -> Script[float]:
        until = clock.elapsed() + 20.0
        while clock.elapsed() < until:
            yield Rest(until - clock.elapsed())
        return clock.elapsed()

    def stirrer() -> Script[None]:
        for _ in range(3):
            yield Rest(3.0)
            loom.stir()

    loom.start(patient(), ends)
    loom.start(stirrer(), Ends())
    loom.run()
    assert ends.results == [20.0]


def test_stirring_a_loom_that_has_not_begun_or_is_over_does_no_harm() -> None:
    loom, ends = Loom(Clock(), 1), Ends()
    loom.stir()
    loom.start(resting(2.0, "x", []), ends)
    loom.run()
    loom.stir()
    assert ends.results == ["x"]


# -- alone -------------------------------------------------------------------------------------------------------------


def mixed(steps: list[tuple[str, int]], fail: Callable[[int], object]) -> Script[list[object]]:
    found: list[object] = []
    for what, number in steps:
        match what:
            case "rest":
                yield Rest(float(number))
            case "call":
                found.append((yield Call(partial(pow, number, 2))))
            case _:
                try:
                    yield Call(partial(fail, number))
                except ValueError as error:
                    found.append(str(error))
    return found


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["rest", "call", "fail"]), st.integers(0, 9)), max_size=8))
def test_alone_a_script_comes_to_the_same(steps: list[tuple[str, int]]) -> None:
    def fail(number: int) -> None:
        raise ValueError(f"no {number}")

    alone, together = Clock(), Clock()
    result = run_alone(mixed(steps, fail), alone)
    assert woven(mixed(steps, fail), clock=together).results == [result]
    assert alone.now == together.now == sum(number for what, number in steps if what == "rest")


def test_alone_errors_come_out_and_calls_are_made_here() -> None:
    def broken() -> None:
        raise OSError(str(threading.get_ident()))

    with pytest.raises(OSError, match=str(threading.get_ident())):
        run_alone(call(broken), Clock())


def test_alone_nobody_opens_a_gate() -> None:
    def stuck() -> Script[None]:
        yield Gate()

    with pytest.raises(AssertionError, match="nobody opens"):
        run_alone(stuck(), Clock())


def test_the_real_clock_gives_the_message_at_once_and_none_after_the_time() -> None:
    clock, inbox = RealClock(), SimpleQueue[Message]()
    inbox.put((None, 1, None))
    assert clock.wait(inbox, None, busy=False) == (None, 1, None)
    before = clock.elapsed()
    assert clock.wait(inbox, 0.01, busy=False) is None
    assert clock.elapsed() >= before
    assert clock.utc().tzinfo is UTC
