"""Platforms made by hand from the platform pages, sharing nothing with the sandbox: other legal choices than its own.

What holds against the sandbox and not here is a habit of our simulator, not a fact about the platform.
"""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Body = dict[str, Any]

# crm_analytics.md 1.1: the keys of a request, and those each frequency needs.
_KEYS = {
    *("frequency", "time", "notificationLevel", "daysOfWeek", "daysOfMonth", "hourlyInterval", "minutelyInterval"),
    *("lastHour", "weekInMonth", "dayInWeek", "triggerRule"),
}
_NEEDS: dict[str, tuple[str, ...]] = {
    "hourly": ("hourlyInterval",),
    "minutely": ("minutelyInterval",),
    "weekly": ("daysOfWeek",),
    "monthly": ("daysOfMonth",),
    "monthlyrelative": ("weekInMonth", "dayInWeek"),
    "eventdriven": ("triggerRule",),
    "daily": (),
}


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Platform:
    """A fake on a socket: ``answer`` is asked for (status, headers, body) of every request."""

    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    def answer(self, request: Seen) -> tuple[int, dict[str, str], bytes]:
        raise NotImplementedError

    def writes(self) -> list[tuple[str, str, Any]]:
        return [(s.method, s.path, s.body) for s in self.seen if s.method != "GET" and "oauth2" not in s.path]


@dataclass
class Asset:
    """Something with a schedule, held as it was PUT."""

    id: str
    name: str
    kind: str
    put: Body | None = None


@dataclass
class Crm(Platform):
    """An org that is old where the sandbox is new, terse where it is talkative, and the other way round.

    ``lists_schedules`` False is an org before v53, whose recipe list has no ``scheduleAttributes`` (page 2.1).
    """

    assets: list[Asset] = field(default_factory=list)
    token: str = "00D!odd.Token_with~chars"
    lists_schedules: bool = True
    page: int = 200
    always_escapes: bool = False

    def answer(self, request: Seen) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(request.path)
        if url.path == "/services/oauth2/token":
            return self._login(request)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _json(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
        match url.path.removeprefix("/services/data/v60.0/wave/").split("/"):
            case ["recipes"] if request.method == "GET":
                return self._out(request, self._recipes(parse_qs(url.query)))
            case ["dataflows"] if request.method == "GET":
                rows = [self._dataflow(a) for a in self._of("dataflow")]
                return self._out(request, {"dataflows": rows, "somethingNew": {"a": [1]}})
            case ["dataConnectors"] if request.method == "GET":
                rows = [self._connector(a) for a in self._of("data_sync")]
                return self._out(request, {"dataConnectors": rows})
            case ["asset", asset_id, "schedule"]:
                return self._schedule(request, asset_id)
        return self._out(request, [{"errorCode": "NOT_FOUND", "message": "no <such> thing"}], 404)

    # -- pieces

    def _login(self, request: Seen) -> tuple[int, dict[str, str], bytes]:
        form = parse_qs(request.body)
        if form.get("grant_type") != ["client_credentials"] or form.get("client_secret") != ["not-the-sandbox's"]:
            return _json(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        # With the slash that `sf` shows too, and without expires_in (page 5).
        return _json(200, {"access_token": self.token, "instance_url": f"{self.url}/", "token_type": "Bearer", "x": 1})

    def _of(self, kind: str) -> list[Asset]:
        return [asset for asset in self.assets if asset.kind == kind]

    def _recipes(self, args: dict[str, list[str]]) -> Body:
        recipes, start = self._of("recipe"), 0
        if "page" in args:
            start = int(args["page"][0].removeprefix("opaque/+= "))
        size = min(self.page, int(args.get("pageSize", ["25"])[0])) if "page" not in args else self.page
        body: Body = {"recipes": [self._recipe(a) for a in recipes[start : start + size]]}
        if start + size < len(recipes):
            # Percent signs and all: a link is followed as given, not built again.
            body["nextPageUrl"] = f"/services/data/v60.0/wave/recipes?page=opaque%2F%2B%3D%20{start + size}"
        return body

    def _recipe(self, asset: Asset) -> Body:
        row: Body = {"id": asset.id, "name": asset.name, "label": f"L <{asset.name}>", "format": "R3", "later": None}
        if self.lists_schedules:
            row["scheduleAttributes"] = self._shown(asset) if asset.put else {"frequency": "none"}
        return row

    def _dataflow(self, asset: Asset) -> Body:
        row: Body = {"id": asset.id, "name": asset.name, "label": asset.name}
        put = asset.put
        if put is None:
            return row
        row["nextScheduledDate"] = "2031-01-01T00:00:00.000Z"
        if put["frequency"] == "eventdriven":
            row["scheduleAttributes"] = html.escape(
                json.dumps({"scheduleType": "eventdriven", "triggerRule": put["triggerRule"]})
            )
        elif put["frequency"] == "weekly":
            time = put["time"]
            compact = {"startTime": {"minute": time["minute"], "hour": time["hour"]}, "daysOfWeek": put["daysOfWeek"]}
            row["scheduleAttributes"] = json.dumps(
                {"scheduleType": "weekly", "timeZone": time.get("timeZone", "UTC"), **compact}
            )
        else:
            # Not documented; this one resembles the weekly form and must not be taken for it.
            row["scheduleAttributes"] = json.dumps({"scheduleType": put["frequency"], "startTime": {"hour": 9}})
        return row

    def _connector(self, asset: Asset) -> Body:
        row: Body = {"id": asset.id, "name": asset.name, "connectorType": "SfdcLocal"}
        if asset.put:
            row["ingestionSchedule"] = self._shown(asset)
        elif asset.name.endswith("_odd"):
            row["ingestionSchedule"] = {"daysOfWeek": [], "notificationLevel": "warnings"}
        return row

    def _shown(self, asset: Asset) -> Body:
        put = asset.put
        if put is None:
            return {"assetId": asset.id, "frequency": "none"}
        shown: Body = {"assetId": asset.id, "nextScheduledDate": "2031-01-01T00:00:00.000Z", "brandNew": {"x": 1}}
        for key, value in put.items():
            if key in ("frequency", "weekInMonth", "dayInWeek", "notificationLevel"):
                shown[key] = value.lower()
            elif key == "daysOfWeek":
                shown[key] = sorted((day.lower() for day in value), reverse=True)
            elif key == "daysOfMonth":
                shown[key] = list(reversed(value))
            elif key == "time":
                zone = value.get("timeZone", "America/Denver")
                zone = "Etc/UTC" if zone == "UTC" else zone
                shown[key] = {**value, "timeZone": {"zoneId": zone, "gmtOffset": 0.0, "name": "A Zone"}}
            else:
                shown[key] = value
        shown.setdefault("notificationLevel", "warnings")
        return shown

    def _schedule(self, request: Seen, asset_id: str) -> tuple[int, dict[str, str], bytes]:
        asset = next((a for a in self.assets if a.id[:15] == asset_id[:15]), None)
        if asset is None:
            return self._out(request, [{"errorCode": "269", "message": f"Can't find asset {asset_id}"}], 404)
        if request.method == "PUT":
            problem = _refused(request)
            if problem:
                return self._out(request, [{"errorCode": "JSON_PARSER_ERROR", "message": problem}], 400)
            asset.put = {**request.body, "frequency": request.body["frequency"].lower()}
            return 204, {}, b""
        if request.method == "DELETE":
            asset.put = None
            return self._out(request, {"assetId": asset.id, "frequency": "none"})
        shown = self._shown(asset)
        if shown.get("frequency") == "eventdriven":
            del shown["triggerRule"]
        return self._out(request, shown)

    def _out(self, request: Seen, body: Any, status: int = 200) -> tuple[int, dict[str, str], bytes]:
        if self.always_escapes or request.headers.get("x-chatter-entity-encoding") != "false":
            body = _escaped(body)
        return _json(status, body)


@dataclass
class Tailer(Platform):
    """Flags by identity. Success is spelled in capitals; a refusal is a 200 with another message (page 3)."""

    known: dict[tuple[str, str], tuple[bool, bool]] = field(default_factory=dict)
    resets: list[str] = field(default_factory=list)

    def answer(self, request: Seen) -> tuple[int, dict[str, str], bytes]:
        if request.headers.get("authorization") != "Bearer tailer-token-by-hand":
            return _json(401, {"code": 401, "message": "Jwt is missing"})
        body = request.body
        identity = {"account": "000099", "environment": "DEV"}
        if request.method != "POST" or not isinstance(body, dict) or not identity.items() <= body.items():
            return _json(200, {"message": "KO"})
        key = (str(body.get("configuration_type")), str(body.get("configuration_id")))
        if key not in self.known:
            return _json(200, {"code": 200, "data": {}, "message": f"unknown configuration {key[1]}"})
        match request.path, body.get("action"):
            case "/v1/configuration/status", "set_configuration_status":
                if set(body) != {
                    *identity,
                    "action",
                    "activated",
                    "archived",
                    "configuration_type",
                    "configuration_id",
                }:
                    return _json(200, {"message": "KO"})
                self.known[key] = (body["activated"], body["archived"])
                return _json(200, {"message": "OK"})
            case "/v1/workflow/status", "reset_workflow_status" if key[0] == "workflow":
                self.resets.append(key[1])
                return _json(200, {"code": 200, "data": {}, "message": "ok"})
        return 404, {"Content-Type": "text/plain"}, b"nothing here"


@contextmanager
def listening(*platforms: Platform) -> Iterator[None]:
    """Put the platforms on loopback, each on a port of its own, until the end."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(platform)) for platform in platforms]
    for platform, server in zip(platforms, servers, strict=True):
        platform.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body: Any = data.decode()
            if headers.get("content-type", "").startswith("application/json"):
                body = json.loads(data)
            request = Seen(self.command, self.path, headers, body)
            platform.seen.append(request)
            status, extra, payload = platform.answer(request)
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            if status != 204:
                # Chunked, in small pieces: lengths are not announced.
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for start in range(0, len(payload), 997):
                    piece = payload[start : start + 997]
                    self.wfile.write(f"{len(piece):X}\r\n".encode() + piece + b"\r\n")
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.end_headers()

        do_GET = do_PUT = do_DELETE = do_POST = do_PATCH = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            return None

    return Handler


def _json(status: int, body: Any) -> tuple[int, dict[str, str], bytes]:
    head = {"Content-Type": "application/json;charset=UTF-8", "Sforce-Limit-Info": "api-usage=5/15000"}
    return status, head, json.dumps(body).encode()


def _escaped(value: Any) -> Any:
    match value:
        case str():
            return html.escape(value)
        case list():
            return [_escaped(each) for each in value]
        case dict():
            return {key: _escaped(each) for key, each in value.items()}
    return value


def _refused(request: Seen) -> str:
    """Return what is wrong with a PUT (pages 1.1, 1.4); empty when nothing is."""
    body = request.body
    if not isinstance(body, dict):
        return "Invalid Json Format"
    if unknown := sorted(set(body) - _KEYS):
        return f"Unrecognized field [{unknown[0]}] in type [ScheduleInputRepresentation], not marked as ignorable"
    frequency = str(body.get("frequency")).lower()
    if frequency not in _NEEDS:
        return f"bad frequency {frequency}"
    missing = [key for key in _NEEDS[frequency] if not body.get(key)]
    time = body.get("time", {})
    if missing or set(time) - {"hour", "minute", "timeZone"} or not isinstance(time.get("timeZone", ""), str):
        return f"missing {missing} or bad time"
    return ""
