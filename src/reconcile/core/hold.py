"""Holds: what is kept off on purpose, why, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Later than every moment that a file can name: what has no end.
_NEVER = "~"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an object is kept off. Times are UTC, ISO 8601, to the second and with a Z.

    It ends at ``until``, and without one when it leaves the file. ``since`` is when it was first applied, None before
    that, and where it keeps nothing from being (what is held would be off anyway).
    """

    reason: str
    until: str | None = None
    since: str | None = None

    def is_over(self, now: str) -> bool:
        """Say whether it has ended by ``now``, UTC, ISO 8601."""
        return self.until is not None and self.until <= now


def in_force(holds: Iterable[Hold | None], now: str) -> Hold | None:
    """Return the hold that ends last of those that are not over, the first of several; None when there is none."""
    found = [hold for hold in holds if hold is not None and not hold.is_over(now)]
    return max(found, key=lambda hold: hold.until or _NEVER, default=None)
