"""Ctrl-C while jobs are watched: once leaves them alone, twice stops them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import err
from reconcile.engine.pipeline import Control

# How long a second Ctrl-C is waited for before the first one is taken at its word.
SECOND_THOUGHT_SECONDS = 2.0
# Nobody presses Ctrl-C twice in less; `timeout -s INT` and some CI runners signal a process and its group, at once.
ONE_PRESS_SECONDS = 0.01


class Attention:
    """What a person said with Ctrl-C. SIGTERM (a CI job that is cancelled) leaves at once."""

    def __init__(self, control: Control, say: Callable[[str], None]) -> None:
        self._control, self._say = control, say
        self._timer: threading.Timer | None = None
        self._count = 0
        self._last = float("-inf")
        self.was_left = False
        self.was_stopped = False

    def interrupt(self) -> None:
        """Take a Ctrl-C."""
        before, self._last = self._last, time.monotonic()
        if self._last - before < ONE_PRESS_SECONDS:
            return
        self._count += 1
        match self._count:
            case 1:
                self.was_left = True
                self._say("\nCtrl-C: stops watching, jobs go on. Press it again now to stop the jobs instead.\n")
                self._timer = threading.Timer(SECOND_THOUGHT_SECONDS, self._control.leave)
                self._timer.daemon = True
                self._timer.start()
            case 2 if not self._control.leaves:
                self.cancel()
                self.was_left, self.was_stopped = False, True
                self._say("\nCtrl-C: stopping the jobs and waiting for their end. Once more leaves at once.\n")
                self._control.stop()
            case _:
                self._say("\nleft at once; what was in flight is looked into by `reconcile resume`\n")
                os._exit(ExitCode.INTERRUPTED)

    def terminate(self) -> None:
        """Take a SIGTERM."""
        self.was_left = True
        self._say("\nterminated: no longer watching; jobs go on\n")
        self._control.leave()

    def cancel(self) -> None:
        """Forget that somebody wanted to leave in a moment. Safe to call at any time."""
        if self._timer:
            self._timer.cancel()


@contextmanager
def attention(control: Control, say: Callable[[str], None] = lambda text: err(text)) -> Iterator[Attention]:
    """Yield what takes Ctrl-C and SIGTERM meanwhile. In a thread that gets no signals it does nothing."""
    found = Attention(control, say)
    if threading.current_thread() is not threading.main_thread():
        yield found
        return

    def take(number: int, frame: object) -> None:
        if number == signal.SIGINT:
            found.interrupt()
        else:
            found.terminate()

    kept: dict[int, Any] = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield found
    finally:
        found.cancel()
        for number, handler in kept.items():
            signal.signal(number, handler)
