"""SIGTERM and Ctrl-C for a process that lives long: it ends between rounds, or soon."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress

from reconcile.cli.exit_codes import ExitCode

# Below the 10 seconds after which `docker stop` kills.
GRACE_SECONDS = 8.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether somebody wants the process to end, and the exit code that it then has."""

    def __init__(self, say: Callable[[str], None], leave: Callable[[int], None]) -> None:
        self.code: ExitCode | None = None
        self._say, self._leave = say, leave
        self._wanted = threading.Event()
        self._heard, self._wire = socket.socketpair()
        self._wire.setblocking(False)
        threading.Thread(target=self._attend, name="stop", daemon=True).start()

    @property
    def wire(self) -> int:
        """The file descriptor that takes a byte for each signal: its number."""
        return self._wire.fileno()

    def wait(self, seconds: float) -> bool:
        """Wait so many seconds, or until somebody wants the end; return whether somebody does."""
        return self._wanted.wait(seconds)

    def over(self) -> None:
        """Note that the process ends by itself."""
        self._wire.close()

    def _attend(self) -> None:
        """Take signals: the first asks to stop, and gives what is under way a few seconds; the second one ends."""
        with self._heard:
            first = self._next()
            if first is None:
                return
            self.code = ExitCode.INTERRUPTED if first == signal.SIGINT else ExitCode.DONE
            self._wanted.set()
            self._say("stopping: a check that is under way has a few seconds to end")
            self._heard.settimeout(GRACE_SECONDS)
            with suppress(TimeoutError):
                if self._next() is None:
                    return
        self._say("stopped: the check that was under way is abandoned; it changes nothing")
        self._leave(self.code)

    def _next(self) -> int | None:
        """Wait for a signal that ends, and return its number; None when the process ends by itself."""
        while byte := self._heard.recv(1):
            if byte[0] in _SIGNALS:
                return byte[0]
        return None


def leave(code: int) -> None:
    """End the process now, with what was printed so far."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


@contextmanager
def stop_signals(say: Callable[[str], None]) -> Iterator[Stop]:
    """Yield what takes SIGTERM and Ctrl-C meanwhile. In a thread that gets no signals it takes none.

    A handler in Python runs once the main thread comes back from what it waits for, and a signal that arrives as it
    begins to wait does not wake it. The byte on the wire is written as the signal arrives, whatever that thread does.
    """
    stop = Stop(say, leave)
    try:
        with _on_the_wire(stop) if threading.current_thread() is threading.main_thread() else nullcontext():
            yield stop
    finally:
        stop.over()


@contextmanager
def _on_the_wire(stop: Stop) -> Iterator[None]:
    before = signal.set_wakeup_fd(stop.wire, warn_on_full_buffer=False)
    kept = {number: signal.signal(number, _is_on_the_wire) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)


def _is_on_the_wire(number: int, frame: object) -> None:
    """Keep the signal from ending the process."""
