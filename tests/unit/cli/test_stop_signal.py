"""Being told to stop: once in peace, twice at once, and never not at all."""

from __future__ import annotations

import os
import signal
from queue import SimpleQueue

import pytest

from reconcile.cli import stop_signal
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.stop_signal import Stop, stop_signals


def made() -> tuple[Stop, SimpleQueue[int]]:
    left: SimpleQueue[int] = SimpleQueue()
    return Stop(lambda text: None, left.put), left


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


def test_a_second_signal_leaves_at_once() -> None:
    stop, left = made()
    stop.take(signal.SIGTERM)
    stop.take(signal.SIGINT)
    assert left.get(timeout=60) == ExitCode.DONE


def test_what_does_not_end_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_signal, "GRACE_SECONDS", 0.01)
    stop, left = made()
    stop.take(signal.SIGINT)
    assert left.get(timeout=60) == ExitCode.INTERRUPTED


def test_what_ends_in_time_is_not() -> None:
    stop, left = made()
    stop.take(signal.SIGTERM)
    stop.over()
    assert left.empty()
