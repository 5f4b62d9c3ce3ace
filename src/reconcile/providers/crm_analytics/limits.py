"""What an org allows unless its edition or its settings say otherwise. Platform page, section 4."""

from __future__ import annotations

from reconcile.core.limit import Limit, Measure

_SOURCE = "Analytics Setup Guide"

# An org's own maximum for the first one: /wave/limits and /limits (DailyAnalyticsDataflowJobExecutions), page 2.4.
DAILY_RUNS = Limit(
    "runs a day",
    Measure.RUNS,
    60,
    frozenset(("dataflow", "recipe")),
    f"{_SOURCE}; runs under 2 minutes and data syncs do not count, but once it is reached nothing runs",
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
LIMITS = (DAILY_RUNS, RECIPES, DATAFLOWS, SYNCS)

# How many schedules may wait for one event.
MOST_DEPENDENTS = 5
