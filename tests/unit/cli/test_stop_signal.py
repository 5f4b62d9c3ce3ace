"""Being told to stop: once in peace, twice at once, and never not at all."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

import pytest

from reconcile.cli import stop_signal
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.stop_signal import Stop, stop_signals


@contextmanager
def made() -> Iterator[tuple[Stop, SimpleQueue[int]]]:
    left: SimpleQueue[int] = SimpleQueue()
    stop = Stop(lambda text: None, left.put)
    try:
        yield stop, left
    finally:
        stop.over()


def send(stop: Stop, *numbers: int) -> None:
    os.write(stop.wire, bytes(numbers))


def test_a_signal_ends_the_wait() -> None:
    with stop_signals(lambda text: None) as stop:
        assert not stop.wait(0)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(60)
        assert stop.code == ExitCode.DONE


def test_ctrl_c_has_a_code_of_its_own() -> None:
    with stop_signals(lambda text: None) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(60)
        assert stop.code == ExitCode.INTERRUPTED


def test_the_handlers_of_before_are_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_signals(lambda text: None):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_that_another_thread_gets_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wake the main thread, so no handler in Python runs before that one is done with its wait."""
    left: SimpleQueue[int] = SimpleQueue()
    monkeypatch.setattr(stop_signal, "leave", left.put)

    def twice() -> None:
        for _ in range(2):
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    with stop_signals(lambda text: None):
        threading.Thread(target=twice).start()
        assert left.get(timeout=60) == ExitCode.DONE


def test_a_thread_that_gets_no_signals_can_watch_as_well() -> None:
    with ThreadPoolExecutor() as pool:
        assert pool.submit(lambda: ended_by_itself(0)).result(timeout=60) is None


def ended_by_itself(seconds: float) -> ExitCode | None:
    with stop_signals(lambda text: None) as stop:
        assert not stop.wait(seconds)
        return stop.code


def test_a_second_signal_leaves_at_once() -> None:
    with made() as (stop, left):
        send(stop, signal.SIGTERM, signal.SIGINT)
        assert left.get(timeout=60) == ExitCode.DONE


def test_other_signals_do_not_end_it() -> None:
    with made() as (stop, _):
        send(stop, signal.SIGWINCH, signal.SIGHUP)
        assert not stop.wait(0)
        send(stop, signal.SIGINT)
        assert stop.wait(60)
        assert stop.code == ExitCode.INTERRUPTED


def test_what_does_not_end_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_signal, "GRACE_SECONDS", 0.01)
    with made() as (stop, left):
        send(stop, signal.SIGINT)
        assert left.get(timeout=60) == ExitCode.INTERRUPTED


def test_what_ends_in_time_is_not() -> None:
    with made() as (stop, left):
        send(stop, signal.SIGTERM)
        assert stop.wait(60)
    thread = next((each for each in threading.enumerate() if each.name == "stop"), None)
    if thread is not None:
        thread.join(60)
    assert left.empty()
