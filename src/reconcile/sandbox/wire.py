"""What travels between the socket and a simulator: one call in, one reply out.

The simulators are plain functions of a `Call` and their own state, so they run the same under a server, in a test
and behind a fault. Nothing here knows a platform.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]
"""A JSON object."""

CRM_ANALYTICS = "crm_analytics"
TAILER = "tailer"
TAMR = "tamr"
PLATFORMS = (CRM_ANALYTICS, TAILER, TAMR)


@dataclass(slots=True)
class Call:
    """One HTTP request, read completely."""

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """Return path and query as they stood in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def args(self) -> dict[str, str]:
        """Return the query parameters; of a repeated one the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}

    def header(self, name: bytes) -> str:
        """Return a header's value by its lower-case name, "" when absent."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    def bearer(self) -> str:
        """Return the token of `Authorization: Bearer ...`, "" when there is none."""
        scheme, _, token = self.header(b"authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def base_url(self) -> str:
        """Return the address the client used, e.g. `http://127.0.0.1:8080`."""
        return f"http://{self.header(b'host') or '127.0.0.1'}"


@dataclass(slots=True)
class Reply:
    """One HTTP response. `effect` is true when a write was carried out, whatever the client gets to see of it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    effect: bool = False


def dump(value: object) -> bytes:
    """Return compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def json_reply(
    value: object, status: int = 200, *, effect: bool = False, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return a JSON response."""
    return Reply(status, dump(value), {"content-type": "application/json", **(headers or {})}, effect)


def error_body(platform: str, status: int) -> object:
    """Return what a platform's own error of this status looks like, for injected faults.

    Sources: crm_analytics.md 1.6 (array; 401, 403, 404 captured, the rest assumed), tailer.md 3 (gateway shape, M),
    tamr.md 1.7 (A).
    """
    if platform == CRM_ANALYTICS:
        code, message = _CRM_ERRORS.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred"))
        return [{"errorCode": code, "message": message}]
    message = _REASONS.get(status, "Error")
    return {"code": status, "message": message} if platform == TAILER else {"statusCode": status, "message": message}


_CRM_ERRORS = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    405: ("METHOD_NOT_ALLOWED", "HTTP Method not allowed"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Content-Type header specified in HTTP request is not supported"),
    429: ("REQUEST_LIMIT_EXCEEDED", "Too many requests"),
    503: ("SERVER_UNAVAILABLE", "The server is temporarily unavailable"),
}
_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "upstream request timeout",
}
