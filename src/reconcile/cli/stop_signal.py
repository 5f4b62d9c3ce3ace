"""SIGTERM and Ctrl-C for a process that lives long: it ends between rounds, or soon."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

from reconcile.cli.exit_codes import ExitCode

# Below the 10 seconds after which `docker stop` kills.
GRACE_SECONDS = 8.0


class Stop:
    """Whether somebody wants the process to end, and the exit code that it then has."""

    def __init__(self, say: Callable[[str], None], leave: Callable[[int], None]) -> None:
        self.code: ExitCode | None = None
        self._say, self._leave = say, leave
        # Signals arrive in the thread that waits, between any two of its steps: there, only a queue of this kind may be
        # touched. No lock, no Event, no new thread, and nothing printed.
        self._came: SimpleQueue[None] = SimpleQueue()
        self._told: SimpleQueue[bool] = SimpleQueue()
        threading.Thread(target=self._attend, name="stop", daemon=True).start()

    def take(self, number: int, frame: object = None) -> None:
        """Take a signal: the first one asks to stop, and gives what is under way a few seconds; the second one ends."""
        if self.code is None:
            self.code = ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.DONE
            self._came.put(None)
        self._told.put(True)

    def wait(self, seconds: float) -> bool:
        """Wait so many seconds, or until somebody wants the end; return whether somebody does."""
        if self.code is None:
            with suppress(Empty):
                self._came.get(timeout=seconds)
        return self.code is not None

    def over(self) -> None:
        """Note that the process ends by itself."""
        self._told.put(False)

    def _attend(self) -> None:
        if not self._told.get():
            return
        self._say("stopping: a check that is under way has a few seconds to end")
        try:
            if not self._told.get(timeout=GRACE_SECONDS):
                return
        except Empty:
            pass
        self._say("stopped: the check that was under way is abandoned; it changes nothing")
        self._leave(ExitCode.DONE if self.code is None else self.code)


def leave(code: int) -> None:
    """End the process now, with what was printed so far."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


@contextmanager
def stop_signals(say: Callable[[str], None]) -> Iterator[Stop]:
    """Yield what takes SIGTERM and Ctrl-C meanwhile. In a thread that gets no signals it takes none."""
    stop = Stop(say, leave)
    kept = {}
    if threading.current_thread() is threading.main_thread():
        kept = {number: signal.signal(number, stop.take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        stop.over()
        for number, handler in kept.items():
            signal.signal(number, handler)
