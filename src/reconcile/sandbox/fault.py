"""Injected faults: which request goes wrong, how, and before or after its effect."""

import re
from dataclasses import dataclass, field
from typing import Any

from reconcile.sandbox.wire import PLATFORMS, Json, Reply, dump, error_body

KINDS = {
    "status": "answer with `status` (default 503) and `body` (default: the platform's own error shape)",
    "cut": "close the connection without sending a byte",
    "partial": "send the real response's head and half of its body, then close the connection",
    "hang": "send nothing for `seconds` (default: until the client leaves), then close the connection",
    "html": "answer with an HTML maintenance page, as an edge proxy does (`status` default 503)",
    "empty": "answer with an empty body (`status` default 200)",
    "garbage": "answer with text that claims to be JSON and is not (`status` default 200)",
    "delay": "wait `seconds` (default 1), then go on as if nothing had happened",
}


@dataclass(slots=True)
class Fault:
    """One rule. It fires for the requests it matches, after letting `skip` of them pass, `times` times."""

    kind: str
    id: int = 0
    platform: str | None = None
    method: str | None = None
    path: str | None = None
    after_effect: bool = False
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    skip: int = 0
    seconds: float | None = None
    fired: int = 0

    def matches(self, platform: str, method: str, target: str) -> bool:
        """Return whether the rule is about this request."""
        return (
            (self.platform is None or self.platform == platform)
            and (self.method is None or self.method == method)
            and (self.path is None or _path_matches(self.path, target))
        )

    def reply(self, platform: str) -> Reply:
        """Return the response of a fault that has one (`status`, `html`, `empty`, `garbage`)."""
        status = self.status or (503 if self.kind in ("status", "html") else 200)
        content_type = "application/json"
        if self.kind == "html":
            content_type, body = "text/html; charset=utf-8", _MAINTENANCE
        elif self.kind == "garbage":
            body = b'{"recipes": [{"id": "05v'
        elif self.kind == "empty":
            body = b""
        elif isinstance(self.body, str):
            content_type, body = "text/plain; charset=utf-8", self.body.encode()
        else:
            body = dump(error_body(platform, status) if self.body is None else self.body)
        given = {name.lower(): value for name, value in self.headers.items()}
        return Reply(status, body, {"content-type": content_type, **given})

    def as_json(self) -> Json:
        """Return the rule with its id and how often it has fired."""
        return {name: getattr(self, name) for name in self.__slots__}


class Faults:
    """The active rules, in the order in which they were added."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._next = 1

    def add(self, rule: Json) -> Fault:
        """Return a new rule made from JSON; a ValueError says what is wrong with it."""
        fault = _checked(rule)
        fault.id = self._next
        self._next += 1
        self.rules.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        """Return whether there was a rule of that id; it is gone now."""
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if rule.id != fault_id]
        return len(self.rules) < before

    def clear(self) -> None:
        """Remove all rules."""
        self.rules.clear()

    def take(self, platform: str, method: str, target: str) -> tuple[float, Fault | None]:
        """Return the seconds to wait first and the fault that hits this request, used up by one.

        Every matching `delay` counts; of the other kinds the first that is due fires. A rule that fired for the last
        time is removed.
        """
        wait = 0.0
        hit: Fault | None = None
        for rule in tuple(self.rules):
            if (hit and rule.kind != "delay") or not rule.matches(platform, method, target):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            self._use(rule)
            if rule.kind == "delay":
                wait += 1.0 if rule.seconds is None else rule.seconds
            else:
                hit = rule
        return wait, hit

    def _use(self, rule: Fault) -> None:
        rule.fired += 1
        if rule.times is not None:
            rule.times -= 1
            if rule.times <= 0:
                self.rules.remove(rule)


def _path_matches(pattern: str, target: str) -> bool:
    """Substring; with a `*` in it a glob over the path, with or without the query."""
    if "*" not in pattern:
        return pattern in target
    regex = ".*".join(re.escape(part) for part in pattern.split("*"))
    return any(re.fullmatch(regex, text) for text in (target, target.partition("?")[0]))


def _checked(rule: Json) -> Fault:
    known = set(Fault.__slots__) - {"id", "fired"}
    if unknown := sorted(set(rule) - known):
        raise ValueError(f"unknown key {unknown[0]!r}; a fault has: {', '.join(sorted(known))}")
    if rule.get("kind") not in KINDS:
        raise ValueError(f"kind must be one of: {', '.join(KINDS)}")
    if rule.get("platform") not in (None, *PLATFORMS):
        raise ValueError(f"platform must be one of: {', '.join(PLATFORMS)}")
    for name in ("status", "times", "skip"):
        if not (rule.get(name) is None or _is_count(rule[name])):
            raise ValueError(f"{name} must be a whole number of 0 or more")
    if rule.get("status") is not None and not 200 <= rule["status"] <= 599:
        raise ValueError("status must be 200 to 599")
    if rule.get("times") == 0:
        raise ValueError("times must be 1 or more, or null for ever")
    seconds = rule.get("seconds")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0):
        raise ValueError("seconds must be a number of 0 or more")
    headers = {str(name): str(value) for name, value in (rule.get("headers") or {}).items()}
    method = rule["method"].upper() if rule.get("method") else None
    return Fault(**{**rule, "headers": headers, "method": method, "skip": rule.get("skip") or 0})


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_MAINTENANCE = b"""<!DOCTYPE html><html><head><title>Down for maintenance</title></head>
<body><h1>We'll be back soon</h1><p>The service is temporarily unavailable.</p></body></html>
"""
