"""How the runs of one account stand against what the platform allows, as values. ``calendar/forecast.py`` counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconcile.core.address import Address
from reconcile.core.limit import Limit


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Moving one schedule by so many minutes (negative: earlier) leaves it in no collision of this limit.

    ``ends`` says whether the collision is over then: otherwise the others are still too many.
    """

    address: Address
    minutes: int
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Collision:
    """Runs of the same schedules that, perhaps more than once, are more at once than allowed.

    ``addresses`` are those that run when it is worst, sorted; ``first`` is when it begins for the first time, UTC;
    ``times`` is how often it happens within the horizon. ``suggestion`` is None when no small move helps, or when it
    would be one of too many suggestions.
    """

    addresses: tuple[Address, ...]
    first: datetime
    times: int
    suggestion: Suggestion | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One limit against what is to come.

    ``peak`` is the largest number within the horizon, ``peak_at`` when it is first reached, UTC; None without any run.
    ``collisions`` are of limits of runs at once only, in order of time. ``is_known`` is False where there are runs, but
    nobody knows how long any of them takes: what runs at once is then not known rather than nothing.
    """

    limit: Limit
    peak: int
    peak_at: datetime | None
    collisions: tuple[Collision, ...] = ()
    is_known: bool = True

    @property
    def is_exceeded(self) -> bool:
        """Say whether more is to run than the limit allows."""
        return self.peak > self.limit.most


@dataclass(frozen=True, slots=True)
class Forecast:
    """All limits of one account, in the order given, and the schedules that nobody knows the duration of, sorted."""

    standings: tuple[Standing, ...]
    unmeasured: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One limit before and after a plan."""

    limit: Limit
    before: Standing
    after: Standing

    @property
    def gets_worse(self) -> bool:
        """Say whether the plan is what exceeds the limit, or exceeds it by more."""
        return self.after.is_exceeded and self.after.peak > self.before.peak
