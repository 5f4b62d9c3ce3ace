"""How many runs a day and at once schedules come to, against what the platform allows; and how to get below.

Everything is data: the runs (``trigger.agenda``), how long each usually takes, the limits with their sources. A run at
risk counts at its earliest instant. A schedule of unknown duration counts as a run, but takes no time: what overlaps it
is not known, and ``Forecast.unmeasured`` names it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconcile.calendar.collision import Collision, Profile, collisions
from reconcile.calendar.load import Load
from reconcile.calendar.zone import moment
from reconcile.core.address import Address
from reconcile.core.limit import Limit, Measure


@dataclass(frozen=True, slots=True)
class Outlook:
    """One limit against what is to come.

    ``peak`` is the largest number within the horizon, ``peak_at`` when it is first reached, UTC; None without any run.
    ``collisions`` are of limits of runs at once only, in order of time.
    """

    limit: Limit
    peak: int
    peak_at: datetime | None
    collisions: tuple[Collision, ...] = ()

    @property
    def is_exceeded(self) -> bool:
        """Say whether more is to run than the limit allows."""
        return self.peak > self.limit.most


@dataclass(frozen=True, slots=True)
class Forecast:
    """All limits of one account, in the order given, and the schedules that nobody knows the duration of, sorted."""

    outlooks: tuple[Outlook, ...]
    unmeasured: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One limit before and after a plan."""

    limit: Limit
    before: Outlook
    after: Outlook

    @property
    def gets_worse(self) -> bool:
        """Say whether the plan is what exceeds the limit, or exceeds it by more."""
        return self.after.is_exceeded and self.after.peak > self.before.peak


def forecast(loads: Iterable[Load], limits: Iterable[Limit]) -> Forecast:
    """Return how the runs of one account stand against each limit, within the horizon that the loads were placed in."""
    loads = tuple(loads)
    unmeasured = sorted(load.address for load in loads if load.usual_seconds is None and load.runs.count)
    return Forecast(tuple(_outlook(loads, limit) for limit in limits), tuple(unmeasured))


def compared(before: Forecast, after: Forecast) -> tuple[Comparison, ...]:
    """Return each limit that both know, before and after, in the order of ``after``."""
    old = {outlook.limit: outlook for outlook in before.outlooks}
    return tuple(Comparison(each.limit, old[each.limit], each) for each in after.outlooks if each.limit in old)


def rolling_counts(instants: Sequence[int], window_seconds: int) -> list[int]:
    """Return, for each of the sorted instants, how many of them lie within the window that ends with it."""
    return [place + 1 - bisect_right(instants, at - window_seconds, 0, place + 1) for place, at in enumerate(instants)]


def _outlook(loads: Sequence[Load], limit: Limit) -> Outlook:
    of_limit = [load for load in loads if load.pool in limit.pools and _counts(load, limit)]
    if limit.measure is Measure.RUNS:
        return _rolling(of_limit, limit)
    return _at_once(of_limit, limit)


def _counts(load: Load, limit: Limit) -> bool:
    """Say whether a load counts; one of unknown duration does: better a warning too many."""
    return load.usual_seconds is None or load.usual_seconds >= limit.free_below_seconds


def _rolling(loads: Sequence[Load], limit: Limit) -> Outlook:
    instants = sorted(at for load in loads for at in load.runs.instants)
    counts = rolling_counts(instants, limit.window_seconds)
    if not counts:
        return Outlook(limit, 0, None)
    peak = max(counts)
    return Outlook(limit, peak, moment(instants[counts.index(peak)]))


def _at_once(loads: Sequence[Load], limit: Limit) -> Outlook:
    profile = Profile.of(loads)
    if not profile.times:
        return Outlook(limit, 0, None)
    peak = max(profile.counts)
    return Outlook(
        limit, peak, moment(profile.times[profile.counts.index(peak)]), collisions(loads, profile, limit.most)
    )
