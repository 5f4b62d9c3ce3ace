"""What is to come, without a plan and with it. Computed by ``engine/outlook.py``, shown by ``render/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from reconcile.core.address import Address
from reconcile.core.effect import Effect
from reconcile.core.standing import Comparison


@dataclass(frozen=True, slots=True)
class Week:
    """How many runs begin in each hour of seven days, on the clock of ``zone`` (IANA).

    ``counts[day][hour]`` belongs to ``days[day]``. The first day is that of ``start`` (UTC, aware): what was before
    ``start`` is not counted. A run at risk counts once, at its earliest instant.
    """

    zone: str
    start: datetime
    days: tuple[date, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def total(self) -> int:
        """How many runs in all."""
        return sum(map(sum, self.counts))

    @property
    def most(self) -> int:
        """How many runs begin in the busiest hour."""
        return max(max(hours) for hours in self.counts)


@dataclass(frozen=True, slots=True)
class Lane:
    """The runs of one schedule in the week of an outlook: UTC, as seconds since 1970, sorted; by certainty.

    ``certain_*`` happen just then, ``at_risk_*`` cannot be said for certain (each at its earliest instant).
    """

    address: Address
    certain_before: tuple[int, ...] = ()
    certain_after: tuple[int, ...] = ()
    at_risk_before: tuple[int, ...] = ()
    at_risk_after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Prospect:
    """One account's limits before and after a plan.

    ``schedules`` is how many run after it, ``unmeasured`` those of which nobody knows how long a run usually takes,
    sorted: of those nothing can be said of what runs at once. ``unplaced`` are schedules of which it is not known when
    they run, sorted: no figure counts them.
    """

    connection: str
    limits: tuple[Comparison, ...]
    schedules: int = 0
    unmeasured: tuple[Address, ...] = ()
    unplaced: tuple[Address, ...] = ()

    @property
    def is_exceeded(self) -> bool:
        """Say whether a limit is exceeded after the plan."""
        return any(each.after.is_exceeded for each in self.limits)


@dataclass(frozen=True, slots=True)
class FrozenRun:
    """A schedule with runs, after the plan, inside a freeze: how many in 31 days, and the first, UTC."""

    address: Address
    reason: str
    times: int
    first: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """When things run, before and after a plan, as of ``start`` (UTC, aware) and on the clock of ``zone`` (IANA).

    ``effects`` is what the plan does to the runs of each object that it changes (an object that has nothing to do with
    time is not in it), ``felt`` the same of objects that it leaves as they are, but that wait for one that changes.
    ``before`` and ``after`` count all schedules that the plan has seen, ``schedules`` of them; ``lanes`` are those of
    ``effects`` and ``felt``. ``prospects`` is empty where nothing was asked of the platforms.
    """

    start: datetime
    zone: str
    schedules: int
    before: Week
    after: Week
    effects: Mapping[Address, Effect] = field(default_factory=dict)
    felt: Mapping[Address, Effect] = field(default_factory=dict)
    lanes: tuple[Lane, ...] = ()
    prospects: tuple[Prospect, ...] = ()
    frozen: tuple[FrozenRun, ...] = ()
