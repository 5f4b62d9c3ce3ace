"""What an org allows: by its connection's settings, by its own word, or by what is documented, in this order.

Platform page, sections 2.4 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconcile.core.limit import Limit, Measure
from reconcile.providers.crm_analytics.job_convert import limits_from_org
from reconcile.providers.crm_analytics.kinds import Limits

_SOURCE = "Analytics Setup Guide"
_COUNTED = "runs under 2 minutes and data syncs do not count, but once it is reached nothing runs"

DAILY_RUNS = Limit(
    "runs a day",
    Measure.RUNS,
    60,
    frozenset(("dataflow", "recipe")),
    f"{_SOURCE}; {_COUNTED}",
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


def told_by(org_limits: Mapping[str, Any]) -> dict[str, Limit]:
    """Return the limits that an org tells of by itself, by name, out of ``/limits``.

    ``/wave/limits`` is not asked: none of the types that are documented for it is about runs (CRM Analytics REST API
    guide, "Wave Analytics Limit": queries, rows, output volumes, hours a month). A maximum of 0 is that of an org
    without CRM Analytics, and says nothing.
    """
    most = next((limit.most for limit in limits_from_org(org_limits)), None)
    if not most:
        return {}
    source = f"DailyAnalyticsDataflowJobExecutions of the org; {_COUNTED}"
    return {DAILY_RUNS.name: replace(DAILY_RUNS, most=most, source=source)}
