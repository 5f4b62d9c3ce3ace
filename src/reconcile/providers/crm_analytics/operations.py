"""What pipeline steps may ask of CRM Analytics."""

from __future__ import annotations

from pydantic import model_validator

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


OPERATIONS = {"crm_analytics.start": Start, "crm_analytics.sync": Sync}
