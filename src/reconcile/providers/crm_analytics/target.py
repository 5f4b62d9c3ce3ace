"""One schedule to be read: which list it is on, what it is called there, and what that list says of it; pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.snapshot import Live, Reading, Values
from reconcile.providers.base import Wanted
from reconcile.providers.crm_analytics.api import Asset
from reconcile.providers.crm_analytics.convert import Unintelligible, from_compact, from_schedule
from reconcile.providers.crm_analytics.kinds import ID_KINDS


@dataclass(frozen=True, slots=True)
class Target:
    """One wanted object and what its address says of it: which list it is on, and its name or its id there."""

    wanted: Wanted
    kind: str
    name: str
    by_id: bool

    @property
    def address(self) -> Address:
        """The object's address."""
        return self.wanted.address


@dataclass(frozen=True, slots=True)
class Task:
    """An asset to be read alone; ``partial`` is what its list knows of it."""

    target: Target
    asset: Asset
    partial: Values | None = None


def target_of(wanted: Wanted) -> Target:
    """Return what an address of kind ``schedule`` says: ``recipe:NAME``, or ``id:ID`` whose prefix tells the list."""
    kind, _, name = wanted.address.name.partition(":")
    if kind == "id":
        return Target(wanted, ID_KINDS.get(name[:3], "recipe"), name, by_id=True)
    return Target(wanted, kind, name, by_id=False)


def as_listed(kind: str, target: Target, asset: Asset) -> tuple[Reading | None, Values | None]:
    """Return the reading, or None when only the asset itself can tell; and what the list knows in any case."""
    if kind == "dataflow":
        values = from_compact(asset.schedule) if asset.shown else None
        # The short form has no notification level, so a managed one must be looked up.
        if values is None or ("notification_level" in target.wanted.fields and values["frequency"] != "none"):
            return None, values
        return Live(target.address, values, asset.id, asset.label, modified=asset.modified), values
    if not asset.shown:
        return None, None
    try:
        values, unknown = from_schedule(asset.schedule)
    except Unintelligible:
        return None, None
    return Live(target.address, values, asset.id, asset.label, unknown, asset.modified), values
