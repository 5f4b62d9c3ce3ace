"""How assets look in lists and alone. Source: crm_analytics.md 2.1 and 2.2 (H unless noted)."""

import json
import re

from reconcile.sandbox.clock import Clock, iso
from reconcile.sandbox.crm_asset import Asset
from reconcile.sandbox.crm_people import People
from reconcile.sandbox.crm_render import Outlooks, dataflow_string, encode_entities, quartz_cron, rest_schedule
from reconcile.sandbox.crm_schedule import Schedule
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Json

_RECIPES_EMBED_SINCE = 53
"""Real v50 output lacks scheduleAttributes in the recipe list; v53 has it (2.1, H)."""

_MADE = "2026-01-05T07:00:00.000Z"
"""When every asset was made."""

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Views:
    """The representations of assets, under the current switches."""

    def __init__(self, switches: Switches, clock: Clock, people: People) -> None:
        self._switches = switches
        self._people = people
        self._clock = clock
        self._outlooks = Outlooks(clock)

    def schedule(self, asset: Asset) -> Json:
        """Return the body of GET schedule: always current, 200 also where there is none (1.2, H)."""
        if asset.schedule is None and asset.type == "data_sync" and not asset.ever_scheduled:
            return self._never_scheduled(asset) or rest_schedule(asset.id, None)
        shown = self._rest(asset, asset.schedule)
        if self._switches["event_get_hides_trigger_rule"]:
            shown.pop("triggerRule", None)
        return shown

    def fragment(self, asset: Asset, version: str, *, encoded: bool) -> str:
        """Return an asset's JSON text, ready-made where possible; it is good until its next run."""
        listed = asset.listed()
        variant = (version, encoded)
        now = self._clock.now().timestamp()
        known = asset.shown.get(variant)
        if known is not None and now < known[1]:
            return known[0]
        view = self.asset(asset, version, listed)
        text = _ENCODER.encode(encode_entities(view) if encoded else view)
        outlook = self._outlooks.of(listed) if listed else None
        until = outlook.until.timestamp() if outlook and outlook.next_run else float("inf")
        if len(asset.shown) >= 4:
            asset.shown.clear()
        asset.shown[variant] = (text, until)
        return text

    def asset(self, asset: Asset, version: str, listed: Schedule | None) -> Json:
        """Return an asset's representation with the schedule that lists show."""
        match asset.type:
            case "recipe":
                return self._recipe(asset, version, listed)
            case "dataflow":
                return self._dataflow(asset, version, listed)
            case _:
                return self._connector(asset, version, listed)

    def _recipe(self, asset: Asset, version: str, listed: Schedule | None) -> Json:
        shown: Json = {
            **self._head(asset, version, "recipes"),
            "format": "R3",
            "status": "Success" if listed else "New",
            "targetDataflowId": asset.target_dataflow_id,
            "licenseAttributes": {"type": "EinsteinAnalytics"},
        }
        if _major(version) < _RECIPES_EMBED_SINCE:
            return shown
        shown["scheduleAttributes"] = attributes = self._rest(asset, listed)
        if listed:
            shown["scheduleType"] = "eventdriven" if listed["frequency"] == "eventdriven" else "timedriven"
            if cron := quartz_cron(listed):
                shown["schedule"] = cron
        if "nextScheduledDate" in attributes:
            shown["nextScheduledDate"] = attributes["nextScheduledDate"]
        return shown

    def _dataflow(self, asset: Asset, version: str, listed: Schedule | None) -> Json:
        head = self._head(asset, version, "dataflows")
        shown: Json = {
            **head,
            "historiesUrl": f"{head['url']}/histories",
            "emailNotificationLevel": (listed or {}).get("notificationLevel", "warnings"),
        }
        if listed is None:
            return {**shown, "scheduleAttributes": ""} if self._switches["unscheduled_dataflow"] == "blank" else shown
        run = self._outlooks.of(listed).next_run
        readable = self._switches["dataflow_string"] == "all"
        shown["scheduleAttributes"] = dataflow_string(listed, all_readable=readable)
        return {**shown, "nextScheduledDate": iso(run)} if run else shown

    def _connector(self, asset: Asset, version: str, listed: Schedule | None) -> Json:
        shown: Json = {
            **self._head(asset, version, "dataConnectors"),
            "type": "dataconnector",
            "connectorType": asset.connector_type,
        }
        schedule = self._rest(asset, listed)
        if listed is None and not asset.ever_scheduled:
            quirk = self._never_scheduled(asset)
            return {**shown, "ingestionSchedule": quirk} if quirk else shown
        return {**shown, "ingestionSchedule": schedule}

    def _never_scheduled(self, asset: Asset) -> Json | None:
        """Four captured looks of a connector that never had a schedule (1.2, H); None = the key is absent."""
        days_only: Json = {"daysOfWeek": [], "notificationLevel": "warnings"}
        looks: dict[str, Json | None] = {
            "weekly_empty": {"assetId": asset.id, "frequency": "weekly", **days_only},
            "days_only": days_only,
            "absent": None,
            "none": rest_schedule(asset.id, None),
        }
        return looks[self._switches["never_scheduled_connector"]]

    def _rest(self, asset: Asset, schedule: Schedule | None) -> Json:
        return rest_schedule(asset.id, self._outlooks.of(schedule) if schedule else None)

    def _head(self, asset: Asset, version: str, collection: str) -> Json:
        """Return what all assets have; both users as captured (2.1, H), who made it is the caller.

        The dates have the names of "Base Wave Asset" in the REST API guide (H); their form is that of other dates.
        """
        return {
            "id": asset.id,
            "type": asset.type,
            "name": asset.name,
            "label": asset.label,
            "createdBy": self._people.shown(""),
            "createdDate": _MADE,
            "lastModifiedBy": self._people.shown(asset.modified_by),
            "lastModifiedDate": asset.modified_at or _MADE,
            "url": f"/services/data/{version}/wave/{collection}/{asset.id}",
        }


def _major(version: str) -> int:
    found = re.match(r"v(\d+)", version)
    return int(found.group(1)) if found else 0
