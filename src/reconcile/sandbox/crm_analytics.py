"""The CRM Analytics simulator: its routes under `/services/`.

Source: crm_analytics.md, sections named at each part. Everything that is not under `/services/oauth2/` needs a
session; every REST response carries `Sforce-Limit-Info` (1.6, H).
"""

import re
from collections.abc import Callable

from reconcile.sandbox.clock import Clock
from reconcile.sandbox.crm_asset import Asset, Assets, matching
from reconcile.sandbox.crm_auth import Sessions
from reconcile.sandbox.crm_call import (
    CrmError,
    allow,
    json_body,
    next_page,
    not_found,
    page_args,
    page_size,
    page_start,
)
from reconcile.sandbox.crm_job_api import Answer, JobCalls
from reconcile.sandbox.crm_job_queue import Jobs
from reconcile.sandbox.crm_people import People
from reconcile.sandbox.crm_render import encode_entities
from reconcile.sandbox.crm_schedule import Rules, ScheduleError, parse_schedule
from reconcile.sandbox.crm_view import Views
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Call, Json, Reply, dump, json_reply

COLLECTIONS = {"recipes": "recipe", "dataflows": "dataflow", "dataConnectors": "data_sync"}

_SEASONS = ("Spring", "Summer", "Winter")
# What an org of 2026 lists (REST API Developer Guide, "Versions": shape H; a list needs no login there, here it does).
_VERSIONS = [
    {
        "label": f"{_SEASONS[number % 3]} '{4 + number // 3 + (number % 3 == 2):02}",
        "url": f"/services/data/v{number}.0",
        "version": f"{number}.0",
    }
    for number in range(31, 67)
]


class CrmAnalytics:
    """One org: assets, jobs, sessions."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self.switches = switches
        self.assets = Assets()
        self.jobs = Jobs(switches, clock)
        self.job_calls = JobCalls(switches, clock, self.assets, self.jobs)
        self.sessions = Sessions(switches)
        self.people = People(switches)
        self.views = Views(switches, clock, self.people)
        self.calls = 0

    def handle(self, call: Call) -> Reply:
        """Return the answer to one request."""
        if call.path == "/services/oauth2/token":
            return self.sessions.token(call)
        if call.path == "/services/oauth2/userinfo":  # a call of the login, not of the API
            return self.people.info(call, is_known=self.sessions.accepts(call.bearer()))
        self.calls += 1
        try:
            self._admit(call)
            reply = self._route(call)
        except CrmError as refusal:
            error = [{"errorCode": refusal.code, "message": str(refusal)}]
            reply = json_reply(self._encoded(error, call), refusal.status)
        reply.headers["sforce-limit-info"] = f"api-usage={self.calls}/{self.switches['daily_api_requests']}"
        return reply

    def rules(self, asset_type: str, *, by_hand: bool = False) -> Rules:
        """Return what a PUT on an asset of that type is checked against; a person in the UI loses no fields."""
        return Rules(
            asset_type,
            strict=self.switches["strict_fields"],
            alias=by_hand or self.switches["timezone_alias"] == "accept",
            user_zone=self.switches["user_zone"],
            drop=() if by_hand else tuple(self.switches["drop_fields"]),
        )

    def as_json(self) -> Json:
        """Return everything that is saved; sessions are not."""
        return {**self.assets.as_json(), **self.jobs.as_json(), "users": self.people.as_json(), "calls": self.calls}

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved."""
        self.assets.restore(saved)
        self.jobs.restore(saved)
        self.people.restore(saved.get("users", []))
        self.calls = saved["calls"]

    def _admit(self, call: Call) -> None:
        if not self.sessions.accepts(call.bearer()):
            raise CrmError(401, "INVALID_SESSION_ID", "Session expired or invalid")  # 1.6, H
        if self.calls > self.switches["daily_api_requests"]:
            raise CrmError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")  # 1.6, H

    def _route(self, call: Call) -> Reply:
        path = call.path
        if path.endswith("/") and self.switches["trailing_slash"] == "accept":
            path = path.rstrip("/")
        parts = path.split("/")[1:]
        if parts == ["services", "data"]:
            allow(call, "GET")
            return json_reply(_VERSIONS)
        if len(parts) < 4 or parts[:2] != ["services", "data"] or not re.fullmatch(r"v\d+\.\d", parts[2]):
            raise not_found()
        version = parts[2]
        match parts[3:]:
            case ["wave", "asset", asset_id, "schedule"]:
                return self._schedule(call, asset_id)
            case ["wave", "recipes"]:
                allow(call, "GET")
                return self._recipes(call, version)
            case ["wave", ("dataflows" | "dataConnectors") as name]:
                allow(call, "GET")
                return self._whole_list(call, version, name)
            case ["wave", ("recipes" | "dataflows" | "dataConnectors") as name, key]:
                allow(call, "GET")
                return self._one(call, version, name, key)
            case ["wave", "dataConnectors", key, "ingest"]:
                return self._job_answer(self.job_calls.ingest(call, version, key), call)
            case ["wave", "dataConnectors", key, "status"]:
                return self._job_answer(self.job_calls.sync_status(call, version, key), call)
            case ["wave", "dataflowjobs", *rest]:
                return self._job_answer(self.job_calls.handle(call, version, rest), call)
            case ["wave", "limits"]:
                allow(call, "GET")
                return self._answer(self.job_calls.wave_limits(), call)
        return self._core_api(call, version, parts[3:])

    def _core_api(self, call: Call, version: str, parts: list[str]) -> Reply:
        """Return the answer of the core REST API, which escapes nothing."""
        match parts:
            case ["query"]:
                allow(call, "GET")
                return json_reply(self.people.query(call.args.get("q"), version))
            case ["query", locator]:
                allow(call, "GET")
                return json_reply(self.people.more(locator, version))
            case ["limits"]:
                allow(call, "GET")
                return json_reply(self._org_limits())
        raise not_found()

    # -- the schedule resource (1) ---------------------------------------------------------------------------------

    def _schedule(self, call: Call, asset_id: str) -> Reply:
        allow(call, "GET", "PUT", "DELETE")
        asset = self.assets.find(asset_id)
        if asset is None:
            raise not_found()
        handlers: dict[str, Callable[[Call, Asset], Reply]] = {"PUT": self._put, "DELETE": self._delete}
        if handler := handlers.get(call.method):
            return handler(call, asset)
        return self._answer(self.views.schedule(asset), call)

    def _put(self, call: Call, asset: Asset) -> Reply:
        try:
            kept = parse_schedule(json_body(call), self.rules(asset.type))
        except ScheduleError as refusal:
            raise CrmError(400, refusal.code, str(refusal)) from None
        self.assets.schedule(asset, kept, self.switches["list_lag"])
        match self.switches["put_response"]:  # 1.3, H that it varies
            case "empty":
                return Reply(200, b"", {}, effect=True)
            case "{}":
                return json_reply({}, effect=True)
        reply = self._answer(self.views.schedule(asset), call)
        reply.effect = True
        return reply

    def _delete(self, call: Call, asset: Asset) -> Reply:
        had_one = asset.schedule is not None
        if not had_one and self.switches["delete_unscheduled"] == "404":  # 1.3, L
            raise not_found()
        if had_one:
            self.assets.schedule(asset, None, self.switches["list_lag"])
        if self.switches["delete_status"] == 204:  # 1.3, M
            return Reply(204, b"", {}, effect=had_one)
        return json_reply({}, effect=had_one)

    # -- lists (2) -------------------------------------------------------------------------------------------------

    def _recipes(self, call: Call, version: str) -> Reply:
        """Pages of `pageSize`; the token in `nextPageUrl` is opaque and carries all parameters (2.2, H)."""
        args = page_args(call)
        size, start = page_size(args), page_start(args)
        recipes = self.assets.of_type("recipe")
        if text := args.get("q"):
            recipes = matching(recipes, text)
        if args.get("format", "R3") != "R3":  # all recipes here are R3
            recipes = []
        shown = recipes[start : start + size]
        url = f"/services/data/{version}/wave/recipes"
        following = next_page(url, args, ("q", "format", "sort"), len(recipes))
        head = {"nextPageUrl": following, "totalSize": len(recipes), "url": url}
        return self._collection(call, version, "recipes", shown, head)

    def _whole_list(self, call: Call, version: str, name: str) -> Reply:
        """Dataflows and connectors have no paging (2.1, H)."""
        assets = self.assets.of_type(COLLECTIONS[name])
        if text := call.args.get("q"):
            assets = matching(assets, text)
        head = {"url": f"/services/data/{version}/wave/{name}"}
        return self._collection(call, version, name, assets, head)

    def _collection(self, call: Call, version: str, name: str, assets: list[Asset], head: Json) -> Reply:
        encoded = self._encodes(call)
        items = ",".join([self.views.fragment(asset, version, encoded=encoded) for asset in assets])
        start = dump(encode_entities(head) if encoded else head)[:-1]
        body = start + f',"{name}":[{items}]}}'.encode()
        return Reply(200, body, {"content-type": "application/json"})

    def _one(self, call: Call, version: str, name: str, key: str) -> Reply:
        """Connectors are also found by API name (3, H for ingest; assumed here)."""
        asset = self.assets.find(key)
        if asset is None and name == "dataConnectors":
            asset = self.assets.named("data_sync", key)
        if asset is None or asset.type != COLLECTIONS[name]:
            raise not_found()
        if asset.type == "recipe" and self.switches["recipe_needs_format"] and call.args.get("format") != "R3":
            raise CrmError(
                404, "NOT_FOUND", "The requested resource does not exist (an R3 recipe: ask with ?format=R3)"
            )
        fragment = self.views.fragment(asset, version, encoded=self._encodes(call))
        return Reply(200, fragment.encode(), {"content-type": "application/json"})

    # -- common ----------------------------------------------------------------------------------------------------

    def _org_limits(self) -> Json:
        most = self.switches["daily_api_requests"]
        return {
            "DailyAnalyticsDataflowJobExecutions": self.job_calls.executions(),  # 2.4, H
            "DailyApiRequests": {"Max": most, "Remaining": max(0, most - self.calls)},
        }

    def _encodes(self, call: Call) -> bool:
        """Strings are escaped unless the request says not to (1.5, H)."""
        return bool(self.switches["entity_encoding"]) and call.header(b"x-chatter-entity-encoding").lower() != "false"

    def _encoded(self, value: object, call: Call) -> object:
        return encode_entities(value) if self._encodes(call) else value

    def _job_answer(self, answer: Answer, call: Call) -> Reply:
        value, changed = answer
        reply = self._answer(value, call)
        reply.effect = changed
        return reply

    def _answer(self, value: object, call: Call) -> Reply:
        return json_reply(self._encoded(value, call))
