"""The request log: what the platforms were asked, without any secret."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconcile.sandbox.wire import Call, Json

LIMIT = 20_000
"""Entries kept; older ones fall off."""

MASK = "***"
_SECRET_PATHS = ("/services/oauth2/",)


@dataclass(slots=True)
class Entry:
    """One request. `status` stays None while it is under way and when no response was ever sent."""

    n: int
    time: float
    platform: str
    method: str
    path: str
    body: bytes | str
    status: int | None = None
    effect: bool = False
    fault: str | None = None

    def as_json(self) -> Json:
        """Return the entry as the admin endpoint shows it; `time` is UTC, `body` parsed where it is JSON."""
        return {
            "n": self.n,
            "time": datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds"),
            "platform": self.platform,
            "method": self.method,
            "path": self.path,
            "body": _parsed(self.body),
            "status": self.status,
            "effect": self.effect,
            "fault": self.fault,
        }


class RequestLog:
    """The last requests, oldest first. Headers are never stored, so no credential can be."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=LIMIT)
        self._next = 1

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def begin(self, platform: str, call: Call) -> Entry:
        """Return the new entry of a request that has just arrived."""
        secret = call.path.startswith(_SECRET_PATHS)
        path = call.target if not (secret and call.query) else f"{call.path}?{MASK}"
        body: bytes | str = MASK if secret and call.body else call.body
        entry = Entry(self._next, datetime.now(UTC).timestamp(), platform, call.method, path, body)
        self._next += 1
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget all entries; numbering goes on."""
        self._entries.clear()


def _parsed(body: bytes | str) -> Any:
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
