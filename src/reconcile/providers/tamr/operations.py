"""What Tamr Cloud can be asked to do. Payload facts: platform page 1.4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import model_validator

from reconcile.core.operation import Operation, Order
from reconcile.providers.connection import Strict, Text

# Jobs at once per tenant; one more is refused (page 1.7). There is one limit for all types of job.
POOL = "jobs"


class Load(Strict):
    """Refresh a source, for every data product that uses it."""

    source: Text


class Update(Strict):
    """Run a data product, or a workflow that updates the RealTime index."""

    data_product: Text | None = None
    workflow: Text | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Update:
        if (self.data_product is None) == (self.workflow is None):
            raise ValueError("name either data_product or workflow")
        return self


class Publish(Strict):
    """Publish to a destination. Its id is the exact name of the publish configuration, unique per data product."""

    destination: Text
    data_product: Text | None = None


@dataclass(frozen=True, slots=True)
class JobOperation:
    """One type of Tamr job. Run twice, each leaves the world as run once: all records are processed anew (page 3)."""

    name: str
    entry: Any
    summary: str
    when_busy: str = "wait"
    watchable: bool = True
    stoppable: bool = True
    harmless_twice: bool = True
    pool: str = POOL
    # Only 429 says for certain that no job was made (page 1.7).
    refusals: frozenset[int] = frozenset({429})

    def order(self, settings: Load | Update | Publish, connection: Any) -> Order:
        """Return the work; a publish is about its data product, as the update of one is."""
        match settings:
            case Load(source=source):
                target = subject = f"source:{source}"
            case Update(data_product=None, workflow=workflow):
                target = subject = f"workflow:{workflow}"
            case Update(data_product=data_product):
                target = subject = f"data_product:{data_product}"
            case Publish(destination=destination, data_product=None):
                target = subject = f"destination:{destination}"
            case Publish(destination=destination, data_product=data_product):
                target, subject = f"destination:{data_product}/{destination}", f"data_product:{data_product}"
        return Order(self.name, target, subject, settings.model_dump(exclude_none=True))


OPERATIONS: Mapping[str, Operation] = {
    each.name: each
    for each in (
        # A load serves every data product that uses the source, so one that is under way serves us, too (page 1.4).
        JobOperation("tamr.load", Load, "load (refresh) a source", when_busy="attach"),
        JobOperation("tamr.update", Update, "run a data product, or a workflow"),
        JobOperation("tamr.publish", Publish, "publish a data product to a destination"),
    )
}
