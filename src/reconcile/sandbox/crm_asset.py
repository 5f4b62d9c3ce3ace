"""The assets of the simulated org: dataflows, recipes and data connectors, each with at most one schedule."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconcile.sandbox.crm_id import PREFIXES, long_id, make_id, short_id
from reconcile.sandbox.crm_schedule import Schedule
from reconcile.sandbox.wire import Json

TYPES = ("dataflow", "recipe", "data_sync")

_TARGET_OFFSET = 7_000_000
"""A recipe's target dataflow has an id of its own, kept apart from the numbers of real dataflows."""


@dataclass(slots=True)
class Asset:
    """One asset. Change its schedule through `Assets.schedule`, which keeps the lists' view in step."""

    id: str
    type: str
    name: str
    label: str
    schedule: Schedule | None = None
    connector_type: str = ""
    target_dataflow_id: str = ""
    ever_scheduled: bool = False
    modified_by: str = ""
    """Id of the user who last changed the asset, "" for the one who calls. Setting a schedule does not change it."""
    modified_at: str = ""
    """When that was, as the platform prints it; "" for when the asset was made."""
    stale: tuple[float, Schedule | None] | None = None
    """(until when by `time.monotonic`, what) lists still show, see the switch `list_lag`."""
    shown: dict[object, tuple[str, float]] = field(default_factory=dict)
    """Ready-made list entries by variant: (JSON text, good until as UTC timestamp)."""

    def listed(self) -> Schedule | None:
        """Return the schedule that lists show now."""
        if self.stale is not None:
            if time.monotonic() < self.stale[0]:
                return self.stale[1]
            self.stale = None
            self.shown.clear()
        return self.schedule

    def as_json(self) -> Json:
        """Return the asset as it is saved and as the admin endpoint shows it."""
        saved: Json = {"id": self.id, "type": self.type, "name": self.name, "label": self.label}
        if self.connector_type:
            saved["connectorType"] = self.connector_type
        if self.target_dataflow_id:
            saved["targetDataflowId"] = self.target_dataflow_id
        if self.modified_by:
            saved["modifiedBy"] = self.modified_by
        if self.modified_at:
            saved["modifiedAt"] = self.modified_at
        return {**saved, "everScheduled": self.ever_scheduled, "schedule": self.schedule}


class Assets:
    """All assets, found by id in either form or by type and name; lists keep the order of creation."""

    def __init__(self) -> None:
        self._by_id: dict[str, Asset] = {}
        self._by_type: dict[str, list[Asset]] = {each: [] for each in TYPES}
        self._next = 1

    def __len__(self) -> int:
        return len(self._by_id)

    def of_type(self, asset_type: str) -> list[Asset]:
        """Return all assets of a type; not a copy."""
        return self._by_type[asset_type]

    def find(self, given_id: str) -> Asset | None:
        """Return the asset of a 15- or 18-character id; a wrong checksum finds nothing."""
        key = short_id(given_id)
        return self._by_id.get(key) if key else None

    def named(self, asset_type: str, name: str) -> Asset | None:
        """Return the first asset of that type and API name."""
        return next((each for each in self._by_type.get(asset_type, ()) if each.name == name), None)

    def create(
        self,
        asset_type: str,
        name: str,
        label: str | None = None,
        asset_id: str | None = None,
        schedule: Schedule | None = None,
        connector_type: str | None = None,
    ) -> Asset:
        """Return a new asset; names may repeat, ids may not. A ValueError says what is wrong."""
        if asset_type not in TYPES:
            raise ValueError(f"type must be one of: {', '.join(TYPES)}")
        number, self._next = self._next, self._next + 1
        new_id = asset_id or make_id(PREFIXES[asset_type], number)
        key = short_id(new_id)
        if key is None or not key.startswith(PREFIXES[asset_type]):
            raise ValueError(f"{new_id} is not an id of a {asset_type}: {PREFIXES[asset_type]}..., 15 or 18 characters")
        if key in self._by_id:
            raise ValueError(f"there is an asset {new_id} already")
        # Responses always carry the 18-character form (crm_analytics.md 2.3, H).
        asset = Asset(long_id(key), asset_type, name, label or name.replace("_", " "), schedule)
        asset.ever_scheduled = schedule is not None
        if asset_type == "recipe":
            asset.target_dataflow_id = make_id(PREFIXES["dataflow"], _TARGET_OFFSET + number)
        if asset_type == "data_sync":
            asset.connector_type = connector_type or "SalesforceExternal"
        self._add(asset)
        return asset

    def remove(self, asset: Asset) -> None:
        """Delete the asset with its schedule."""
        del self._by_id[asset.id[:15]]
        self._by_type[asset.type].remove(asset)

    def schedule(self, asset: Asset, schedule: Schedule | None, lag: float = 0) -> None:
        """Set or clear (None) an asset's schedule; lists follow after `lag` seconds."""
        before = asset.listed()
        asset.stale = (time.monotonic() + lag, before) if lag > 0 else None
        asset.schedule = schedule
        asset.ever_scheduled = asset.ever_scheduled or schedule is not None
        asset.shown.clear()

    def modify(self, asset: Asset, user_id: str, at: str) -> None:
        """Note who last changed an asset, and when, as the platform prints it."""
        asset.modified_by, asset.modified_at = user_id, at
        asset.shown.clear()

    def forget_shown(self) -> None:
        """Throw away all ready-made list entries; after a switch or the clock has changed."""
        for asset in self._by_id.values():
            asset.shown.clear()

    def as_json(self) -> Json:
        """Return everything that is saved."""
        return {"next": self._next, "assets": [asset.as_json() for asset in self._by_id.values()]}

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved."""
        self._by_id = {}
        self._by_type = {each: [] for each in TYPES}
        self._next = saved["next"]
        for each in saved["assets"]:
            self._add(
                Asset(
                    each["id"],
                    each["type"],
                    each["name"],
                    each["label"],
                    each["schedule"],
                    each.get("connectorType", ""),
                    each.get("targetDataflowId", ""),
                    each["everScheduled"],
                    each.get("modifiedBy", ""),
                    each.get("modifiedAt", ""),
                )
            )

    def _add(self, asset: Asset) -> None:
        self._by_id[asset.id[:15]] = asset
        self._by_type[asset.type].append(asset)


def matching(assets: Iterable[Asset], text: str) -> list[Asset]:
    """Return the assets whose name or label contains the text, whatever its case (`q` of the lists)."""
    wanted = text.lower()
    return [each for each in assets if wanted in each.name.lower() or wanted in each.label.lower()]
