"""How long to wait for a platform that says "not now", and when to give up."""

from __future__ import annotations

from dataclasses import dataclass
from random import random


@dataclass(frozen=True, slots=True)
class Waits:
    """How to wait for a platform that says "not now": ``first`` seconds, doubled each time up to ``longest``.

    ``attempts`` in all, None for as long as it takes. ``longest`` also bounds what the platform may ask for; None for
    ``may_ask`` follows it whatever it asks.
    """

    first: float = 30.0
    longest: float = 300.0
    attempts: int | None = None
    may_ask: float | None = None

    def before(self, attempt: int, asked: float | None) -> float | None:
        """Return the seconds to wait before the attempt after number ``attempt``; None when it is to be given up."""
        if self.attempts is not None and attempt >= self.attempts:
            return None
        if asked is not None:
            if self.may_ask is not None and asked > self.may_ask:
                return None
            return asked + min(1.0, 0.1 * asked + 0.1) * random()  # noqa: S311 - jitter, no secret
        seconds = min(self.longest, self.first * 2.0 ** min(attempt - 1, 16))
        return min(self.longest, seconds * (1 + 0.5 * random()))  # noqa: S311
