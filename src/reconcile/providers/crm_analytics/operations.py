"""What CRM Analytics can be asked to do: run a dataflow or a recipe, run a data sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import model_validator

from reconcile.core.operation import Operation, Order
from reconcile.providers.connection import Strict, Text


class Start(Strict):
    """Run a dataflow or a recipe now."""

    dataflow: Text | None = None
    recipe: Text | None = None

    @model_validator(mode="after")
    def _one_asset(self) -> Start:
        if (self.dataflow is None) == (self.recipe is None):
            raise ValueError("name either dataflow or recipe")
        return self


class Sync(Strict):
    """Run a data sync now."""

    data_sync: Text


@dataclass(frozen=True, slots=True)
class JobOperation:
    """One type of job. Too many at once are queued by the platform and not refused (page 4), so there is no pool."""

    name: str
    entry: Any
    summary: str
    when_busy: str = "wait"
    watchable: bool = True
    stoppable: bool = True
    # A run computes its datasets anew from what is there.
    harmless_twice: bool = True
    pool: str = ""
    refusals: frozenset[int] = frozenset({429})

    def order(self, settings: Start | Sync, connection: Any) -> Order:
        """Return the work, by API name; ids are looked up when it is prepared."""
        match settings:
            case Sync(data_sync=name):
                target = f"data_sync:{name}"
            case Start(dataflow=None, recipe=name):
                target = f"recipe:{name}"
            case Start(dataflow=name):
                target = f"dataflow:{name}"
        return Order(self.name, target, target, settings.model_dump(exclude_none=True))


START = JobOperation("crm_analytics.start", Start, "run a dataflow or a recipe")
SYNC = JobOperation("crm_analytics.sync", Sync, "run a data sync")
OPERATIONS: Mapping[str, Operation] = {START.name: START, SYNC.name: SYNC}
