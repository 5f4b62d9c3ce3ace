"""What an org allows: by its connection's settings, by its own word, or by what is documented, in this order.

Platform page, sections 2.4 and 4.
"""

from __future__ import annotations

from dataclasses import replace

from reconcile.core.limit import Limit, Measure
from reconcile.providers.crm_analytics.kinds import Limits

_SOURCE = "Analytics Setup Guide"
COUNTED = "runs under 2 minutes and data syncs do not count, but once it is reached nothing runs"

DAILY_RUNS = Limit(
    "runs a day",
    Measure.RUNS,
    60,
    frozenset(("dataflow", "recipe")),
    f"{_SOURCE}; {COUNTED}",
    free_below_seconds=120,
)
RECIPES = Limit("recipes at once", Measure.AT_ONCE, 3, frozenset(("recipe",)), _SOURCE)
DATAFLOWS = Limit(
    "dataflows at once",
    Measure.AT_ONCE,
    2,
    frozenset(("dataflow",)),
    f"{_SOURCE}, for the Plus edition; Growth has 1, a sandbox has 1",
)
SYNCS = Limit(
    "data syncs at once", Measure.AT_ONCE, 3, frozenset(("data_sync",)), "help.salesforce.com, troubleshooting of syncs"
)

_BY_SETTING = {"runs_a_day": DAILY_RUNS, "recipes": RECIPES, "dataflows": DATAFLOWS, "data_syncs": SYNCS}

DEPENDENTS = Limit(
    "schedules behind one event", Measure.DEPENDENTS, 5, frozenset(("dataflow", "recipe")), f"{_SOURCE}, as quoted"
)


def limits_of(settings: Limits) -> tuple[Limit, ...]:
    """Return every limit, as the settings have it or as it is documented."""
    counted = (_limit(limit, getattr(settings, name)) for name, limit in _BY_SETTING.items())
    return (*counted, DEPENDENTS)


def _limit(documented: Limit, most: int | None) -> Limit:
    return documented if most is None else replace(documented, most=most, source="limits of the connection")
