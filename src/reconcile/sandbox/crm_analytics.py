"""The CRM Analytics simulator: its routes under `/services/`.

Source: crm_analytics.md, sections named at each part. Everything that is not under `/services/oauth2/` needs a
session; every REST response carries `Sforce-Limit-Info` (1.6, H).
"""

import base64
import json
import re
from collections.abc import Callable

from reconcile.sandbox.clock import Clock
from reconcile.sandbox.crm_asset import Asset, Assets, matching
from reconcile.sandbox.crm_auth import Sessions
from reconcile.sandbox.crm_job import Jobs, job_view
from reconcile.sandbox.crm_render import encode_entities
from reconcile.sandbox.crm_schedule import Rules, ScheduleError, parse_schedule
from reconcile.sandbox.crm_view import Views
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Call, Json, Reply, dump, json_reply

COLLECTIONS = {"recipes": "recipe", "dataflows": "dataflow", "dataConnectors": "data_sync"}
_PAGE_DEFAULT, _PAGE_MOST = 25, 200  # 2.2, H


class CrmError(Exception):
    """A refusal in the platform's own shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class CrmAnalytics:
    """One org: assets, jobs, sessions."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self.switches = switches
        self.assets = Assets()
        self.jobs = Jobs(clock)
        self.sessions = Sessions(switches)
        self.views = Views(switches, clock)
        self.calls = 0

    def handle(self, call: Call) -> Reply:
        """Return the answer to one request."""
        if call.path == "/services/oauth2/token":
            return self.sessions.token(call)
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
        return {**self.assets.as_json(), "jobs": self.jobs.as_json(), "calls": self.calls}

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved."""
        self.assets.restore(saved)
        self.jobs.restore(saved["jobs"])
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
        if len(parts) < 4 or parts[:2] != ["services", "data"] or not re.fullmatch(r"v\d+\.\d", parts[2]):
            raise _not_found()
        version = parts[2]
        match parts[3:]:
            case ["wave", "asset", asset_id, "schedule"]:
                return self._schedule(call, asset_id)
            case ["wave", "recipes"]:
                _allow(call, "GET")
                return self._recipes(call, version)
            case ["wave", ("dataflows" | "dataConnectors") as name]:
                _allow(call, "GET")
                return self._whole_list(call, version, name)
            case ["wave", ("recipes" | "dataflows" | "dataConnectors") as name, key]:
                _allow(call, "GET")
                return self._one(call, version, name, key)
            case ["wave", "dataConnectors", key, "ingest"]:
                _allow(call, "POST")
                return self._ingest(call, version, key)
            case ["wave", "dataflowjobs", *rest] if len(rest) < 2:
                return self._job(call, version, *rest)
            case ["wave", "limits"]:
                _allow(call, "GET")
                return self._answer(_WAVE_LIMITS, call)
            case ["limits"]:
                _allow(call, "GET")
                return json_reply(self._org_limits())
        raise _not_found()

    # -- the schedule resource (1) ---------------------------------------------------------------------------------

    def _schedule(self, call: Call, asset_id: str) -> Reply:
        _allow(call, "GET", "PUT", "DELETE")
        asset = self.assets.find(asset_id)
        if asset is None:
            raise _not_found()
        handlers: dict[str, Callable[[Call, Asset], Reply]] = {"PUT": self._put, "DELETE": self._delete}
        if handler := handlers.get(call.method):
            return handler(call, asset)
        return self._answer(self.views.schedule(asset), call)

    def _put(self, call: Call, asset: Asset) -> Reply:
        try:
            kept = parse_schedule(_json_body(call), self.rules(asset.type))
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
            raise _not_found()
        if had_one:
            self.assets.schedule(asset, None, self.switches["list_lag"])
        if self.switches["delete_status"] == 204:  # 1.3, M
            return Reply(204, b"", {}, effect=had_one)
        return json_reply({}, effect=had_one)

    # -- lists (2) -------------------------------------------------------------------------------------------------

    def _recipes(self, call: Call, version: str) -> Reply:
        """Pages of `pageSize`; the token in `nextPageUrl` is opaque and carries all parameters (2.2, H)."""
        args = call.args
        if "page" in args:
            args = {**args, **_page_token(args["page"])}
        size, start = _page_size(args.get("pageSize")), int(args.get("start", 0))
        recipes = self.assets.of_type("recipe")
        if text := args.get("q"):
            recipes = matching(recipes, text)
        if args.get("format", "R3") != "R3":  # all recipes here are R3
            recipes = []
        shown = recipes[start : start + size]
        url, following = f"/services/data/{version}/wave/recipes", None
        if start + size < len(recipes):
            carried: dict[str, str] = {name: args[name] for name in ("q", "format", "sort") if name in args}
            carried |= {"pageSize": str(size), "start": str(start + size)}
            following = f"{url}?page={_make_token(carried)}"
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
            raise _not_found()
        if asset.type == "recipe" and self.switches["recipe_needs_format"] and call.args.get("format") != "R3":
            raise CrmError(
                404, "NOT_FOUND", "The requested resource does not exist (an R3 recipe: ask with ?format=R3)"
            )
        fragment = self.views.fragment(asset, version, encoded=self._encodes(call))
        return Reply(200, fragment.encode(), {"content-type": "application/json"})

    # -- jobs (3), a skeleton --------------------------------------------------------------------------------------

    def _job(self, call: Call, version: str, job_id: str | None = None) -> Reply:
        if job_id is None:
            _allow(call, "GET", "POST")
            return self._start(call, version) if call.method == "POST" else self._job_list(call, version)
        _allow(call, "GET", "PATCH")
        job = self.jobs.find(job_id)
        if job is None:
            raise _not_found()
        stopped = False
        if call.method == "PATCH":
            body = _json_body(call)
            if not isinstance(body, dict) or str(body.get("command", "")).lower() != "stop":
                raise CrmError(400, "INVALID_INPUT", "command must be stop")
            if stopped := not self.jobs.is_over(job):
                self.jobs.set_status(job, "Cancelled")
        reply = self._answer(job_view(job, version), call)
        reply.effect = stopped
        return reply

    def _start(self, call: Call, version: str) -> Reply:
        body = _json_body(call)
        if not isinstance(body, dict) or str(body.get("command", "")).lower() != "start":  # case-insensitive, H
            raise CrmError(400, "INVALID_INPUT", "command must be start")
        asset = self._started(str(body.get("dataflowId", "")))
        job = job_view(self.jobs.start(asset, "recipe_v3" if asset.type == "recipe" else "user"), version)
        if not self.switches["start_returns_id"]:
            job = {name: job[name] for name in ("progress", "status", "type")}
        reply = self._answer(job, call)
        reply.effect = True
        return reply

    def _started(self, given: str) -> Asset:
        """Return what is to run; a recipe starts through its target dataflow (3, H)."""
        asset = self.assets.find(given)
        if asset is not None and asset.type == "dataflow":
            return asset
        recipes = self.assets.of_type("recipe")
        found = next((each for each in recipes if given[:15] == each.target_dataflow_id[:15]), None)
        if found is None:
            raise _not_found()
        return found

    def _job_list(self, call: Call, version: str) -> Reply:
        jobs = self.jobs.of(call.args.get("dataflowId"))
        shown = [job_view(job, version) for job in jobs]
        return self._answer({"dataflowJobs": shown, "url": f"/services/data/{version}/wave/dataflowjobs"}, call)

    def _ingest(self, call: Call, version: str, key: str) -> Reply:
        asset = self.assets.find(key) or self.assets.named("data_sync", key)
        if asset is None or asset.type != "data_sync":
            raise CrmError(404, "269", f"Can't find connector by ID {key}")  # numeric code captured (1.6, H)
        self.jobs.start(asset, "datasync")
        message = f"Sync request was sent for connection {asset.id}."
        reply = self._answer({"message": message, "url": f"/services/data/{version}/wave/dataflowjobs"}, call)
        reply.effect = True
        return reply

    # -- common ----------------------------------------------------------------------------------------------------

    def _org_limits(self) -> Json:
        most = self.switches["daily_api_requests"]
        return {
            "DailyAnalyticsDataflowJobExecutions": {"Max": 60, "Remaining": 60},  # 2.4, H
            "DailyApiRequests": {"Max": most, "Remaining": max(0, most - self.calls)},
        }

    def _encodes(self, call: Call) -> bool:
        """Strings are escaped unless the request says not to (1.5, H)."""
        return bool(self.switches["entity_encoding"]) and call.header(b"x-chatter-entity-encoding").lower() != "false"

    def _encoded(self, value: object, call: Call) -> object:
        return encode_entities(value) if self._encodes(call) else value

    def _answer(self, value: object, call: Call) -> Reply:
        return json_reply(self._encoded(value, call))


def _not_found() -> CrmError:
    return CrmError(404, "NOT_FOUND", "The requested resource does not exist")  # 1.6, captured, H


def _allow(call: Call, *methods: str) -> None:
    if call.method not in methods:  # 1.6, M
        message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(methods)}"
        raise CrmError(405, "METHOD_NOT_ALLOWED", message)


def _json_body(call: Call) -> object:
    if call.header(b"content-type").partition(";")[0].strip().lower() != "application/json":  # 1.6, M
        message = "Content-Type header specified in HTTP request is not supported: use application/json"
        raise CrmError(415, "UNSUPPORTED_MEDIA_TYPE", message)
    try:
        return json.loads(call.body)
    except ValueError as error:
        raise CrmError(400, "JSON_PARSER_ERROR", f"Invalid Json Format: {error}") from None


def _page_size(given: str | None) -> int:
    """1 to 200, default 25 (2.2, H); what happens outside is not documented, 400 is assumed."""
    if given is None:
        return _PAGE_DEFAULT
    if given.isdigit() and 1 <= int(given) <= _PAGE_MOST:
        return int(given)
    raise CrmError(400, "INVALID_INPUT", f"pageSize must be between 1 and {_PAGE_MOST}")


def _make_token(carried: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(carried).encode()).decode().rstrip("=")


def _page_token(token: str) -> dict[str, str]:
    try:
        carried = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return {name: str(value) for name, value in carried.items()}
    except (ValueError, AttributeError):
        raise CrmError(400, "INVALID_INPUT", "The page token is not valid") from None


_WAVE_LIMITS = {  # 2.4, shape H, numbers invented
    "limits": [
        {
            "type": "DataflowAndRecipeRuns",
            "licenseAttributes": {"type": "EinsteinAnalytics"},
            "current": 0,
            "max": 60,
            "threshold": 80,
            "interval": 24,
        }
    ]
}
