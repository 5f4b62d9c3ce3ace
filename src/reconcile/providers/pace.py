"""How fast requests may leave: evenly spaced, over all threads of a connection."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class Pace:
    """Gives each request its own moment, ``1 / per_second`` seconds after the one before.

    No burst is saved up while nothing is sent: platforms count in windows we do not know, and an even flow fits
    into every one. ``per_second`` of None lets everything through at once.
    """

    def __init__(self, per_second: float | None, clock: Callable[[], float]) -> None:
        self._interval = 1.0 / per_second if per_second else 0.0
        self._clock = clock
        self._next = float("-inf")
        self._lock = Lock()

    def reserve(self) -> float:
        """Take the next free moment and return how many seconds away it is; 0 when it is now."""
        if not self._interval:
            return 0.0
        with self._lock:
            now = self._clock()
            moment = max(now, self._next)
            self._next = moment + self._interval
        return moment - now
