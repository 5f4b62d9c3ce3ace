"""What a change of a schedule does to its runs, as values. ``calendar/effect.py`` says how runs are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reconcile.core.occurrence import Occurrence, Silence


@dataclass(frozen=True, slots=True)
class Tally:
    """How many runs in the next ``days`` times 24 hours, before and after, and how they differ."""

    days: int
    before: int
    after: int
    gained: int
    lost: int
    moved: int
    kept: int

    @property
    def is_zero(self) -> bool:
        """Say whether every run stays as it is."""
        return not (self.gained or self.lost or self.moved)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to the runs of one schedule.

    ``first_changed`` is the first instant, UTC, at which a run is lost, gained or moved away or to; None when no run of
    the next 31 days changes. ``next_before`` and ``next_after`` are the first three runs, however far ahead. ``shift``
    is by how much runs move, when all of them move by the same. ``at_risk_before`` and ``at_risk_after`` count the runs
    of 31 days that cannot be said for certain. A silence says why one side has no runs; unless it is ``UNSCHEDULED``,
    the figures of that side are not known rather than zero.
    """

    week: Tally
    month: Tally
    first_changed: datetime | None
    next_before: tuple[Occurrence, ...]
    next_after: tuple[Occurrence, ...]
    shift: timedelta | None
    at_risk_before: int
    at_risk_after: int
    silence_before: Silence | None = None
    silence_after: Silence | None = None

    @property
    def horizon_days(self) -> int:
        """How far ahead ``runs_before`` and ``runs_after`` count."""
        return self.month.days

    @property
    def runs_before(self) -> int:
        """How many runs the next 31 days would have had; what a deletion stops in a month."""
        return self.month.before

    @property
    def runs_after(self) -> int:
        """How many runs the next 31 days will have."""
        return self.month.after

    @property
    def is_known(self) -> bool:
        """Say whether both sides are known, so that the figures mean something."""
        return {self.silence_before, self.silence_after} <= {None, Silence.UNSCHEDULED}

    @property
    def stops(self) -> bool:
        """Say whether there were runs and will never be one again."""
        return self.runs_before > 0 and self.silence_after is Silence.UNSCHEDULED
