"""What pipeline steps may ask of Tamr Cloud. Payload facts: platform page 1.4."""

from __future__ import annotations

from pydantic import model_validator

from reconcile.providers.connection import Strict, Text


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


OPERATIONS = {"tamr.load": Load, "tamr.update": Update, "tamr.publish": Publish}
