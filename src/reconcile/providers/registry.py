"""Which providers there are: a literal table, and whatever installed packages add through entry points."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from reconcile.providers.base import Provider

BUILT_IN = {
    "crm_analytics": "reconcile.providers.crm_analytics.provider",
    "tailer": "reconcile.providers.tailer.provider",
    "tamr": "reconcile.providers.tamr.provider",
}
ENTRY_POINT_GROUP = "reconcile.providers"


@cache
def providers() -> dict[str, Provider]:
    """Return every provider by name. A package's module offers its provider as ``PROVIDER``; built-in names win."""
    found = {point.name: cast("Provider", point.load()) for point in entry_points(group=ENTRY_POINT_GROUP)}
    found.update({name: cast("Provider", import_module(module).PROVIDER) for name, module in BUILT_IN.items()})
    return found
