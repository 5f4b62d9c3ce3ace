"""How many runs a day and at once schedules come to, against what the platform allows; and how to get below.

Everything is data: the runs (``trigger.agenda``), how long each usually takes, the limits with their sources. A run at
risk counts at its earliest instant. A schedule of unknown duration counts as a run, but takes no time: what overlaps it
is not known, and ``Forecast.unmeasured`` names it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from reconcile.calendar.collision import Profile, collisions
from reconcile.calendar.load import Load
from reconcile.calendar.zone import moment
from reconcile.core.limit import Limit, Measure
from reconcile.core.standing import Comparison, Forecast, Standing


def forecast(loads: Iterable[Load], limits: Iterable[Limit]) -> Forecast:
    """Return how the runs of one account stand against each limit of runs, within the horizon of the loads."""
    loads = tuple(loads)
    unmeasured = sorted(load.address for load in loads if load.usual_seconds is None and load.runs.count)
    counted = [limit for limit in limits if limit.measure in (Measure.RUNS, Measure.AT_ONCE)]
    return Forecast(tuple(_standing(loads, limit) for limit in counted), tuple(unmeasured))


def compared(before: Forecast, after: Forecast) -> tuple[Comparison, ...]:
    """Return each limit that both know, before and after, in the order of ``after``."""
    old = {standing.limit: standing for standing in before.standings}
    return tuple(Comparison(each.limit, old[each.limit], each) for each in after.standings if each.limit in old)


def rolling_counts(instants: Sequence[int], window_seconds: int) -> list[int]:
    """Return, for each of the sorted instants, how many of them lie within the window that ends with it."""
    return [place + 1 - bisect_right(instants, at - window_seconds, 0, place + 1) for place, at in enumerate(instants)]


def _standing(loads: Sequence[Load], limit: Limit) -> Standing:
    of_limit = [load for load in loads if load.pool in limit.pools and _counts(load, limit)]
    if limit.measure is Measure.RUNS:
        return _rolling(of_limit, limit)
    return _at_once(of_limit, limit)


def _counts(load: Load, limit: Limit) -> bool:
    """Say whether a load counts; one of unknown duration does: better a warning too many."""
    return load.usual_seconds is None or load.usual_seconds >= limit.free_below_seconds


def _rolling(loads: Sequence[Load], limit: Limit) -> Standing:
    instants = sorted(at for load in loads for at in load.runs.instants)
    counts = rolling_counts(instants, limit.window_seconds)
    if not counts:
        return Standing(limit, 0, None)
    peak = max(counts)
    return Standing(limit, peak, moment(instants[counts.index(peak)]))


def _at_once(loads: Sequence[Load], limit: Limit) -> Standing:
    profile = Profile.of(loads)
    if not profile.times:
        return Standing(
            limit, 0, None, is_known=not any(load.runs.count and load.usual_seconds is None for load in loads)
        )
    peak = max(profile.counts)
    return Standing(
        limit, peak, moment(profile.times[profile.counts.index(peak)]), collisions(loads, profile, limit.most)
    )
