"""A Tamr tenant in memory behind a real socket, and an operator of it. Shares no code with simulator or provider.

The filter language is AIP-160 as far as the platform page (1.6) tells of it: `OR` binds tighter than `AND`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from http_server import NOW, Reply, Seen, Server

from reconcile.core.operation import Order, Ready
from reconcile.core.redact import Redactor
from reconcile.providers.base import Notice, Surroundings
from reconcile.providers.http import Timing
from reconcile.providers.tamr.kinds import Connection
from reconcile.providers.tamr.operations import OPERATIONS
from reconcile.providers.tamr.operator import TamrOperator, open_operator

KEY = "apk_0123456789abcdef"
DATE = "Tue, 02 Dec 2025 14:40:09 GMT"
LOAD = {"load": {"sourceId": "src_a"}}
UPDATE = {"update": {"dataProductId": "dp_xyz"}}
Json = dict[str, Any]
Test = Callable[[Json], bool]


def job(
    job_id: str, configuration: Json, created: str, *, state: str = "DONE", error: Json | None = None, **more: Any
) -> Json:
    """Return a job as the platform shows it: made at ``created``, in a later state since the same moment."""
    status = {"state": state, "stateStartTime": created, **({"error": error} if error else {})}
    history = [] if state == "PENDING" else [{"state": "PENDING", "stateStartTime": created}]
    return {"jobId": job_id, "configuration": configuration, "status": status, "statusHistory": history, **more}


@dataclass
class Tenant:
    """Jobs, newest first. ``filters``: ``works``, ``refused`` (400) or ``ignored``.

    ``before`` is called before each request and may return the reply, or do something to the jobs.
    """

    jobs: list[Json] = field(default_factory=list)
    filters: str = "works"
    before: Callable[[Seen], Reply | None] = lambda seen: None
    asked: list[Mapping[str, str]] = field(default_factory=list)
    posted: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, seen: Seen) -> Reply:
        """Answer one request."""
        url = urlsplit(seen.path)
        args = dict(parse_qsl(url.query))
        if seen.method == "POST":
            self.posted.append((unquote(url.path), json.loads(seen.body)))
        elif url.path == "/api/v1beta1/jobs":
            self.asked.append(args)
        reply = self.before(seen) or self._answer(seen, url.path, args)
        return Reply(reply.status, reply.body, {"Date": DATE, **reply.headers}, reply.cut)

    def _answer(self, seen: Seen, path: str, args: Mapping[str, str]) -> Reply:
        if seen.headers.get("x-api-key") != KEY:
            return refusal(401, "Unauthorized")
        match seen.method, path.removeprefix("/api/v1beta1/jobs"):
            case "GET", "":
                return self._list(args)
            case "POST", "":
                number = len(self.jobs)
                made = job(
                    f"job_{number}", json.loads(seen.body)["configuration"], "2025-12-02T14:40:00.1Z", state="PENDING"
                )
                self.jobs.insert(0, made)
                return Reply(200, made)
            case "POST", rest if rest.endswith(":stop"):
                return Reply(200, {}) if self._find(rest[1:-5]) else refusal(404, "no such job")
            case "GET", rest if rest.count("/") == 1:
                found = self._find(rest[1:])
                return Reply(200, found) if found else refusal(404, "no such job")
        return refusal(404, "Not Found")

    def _find(self, quoted: str) -> Json | None:
        return next((each for each in self.jobs if each["jobId"] == unquote(quoted)), None)

    def _list(self, args: Mapping[str, str]) -> Reply:
        """Page by position, so that a list that moves shows a job twice."""
        jobs = self.jobs
        if "filter" in args and self.filters == "refused":
            return refusal(400, "unknown parameter filter")
        if "filter" in args and self.filters == "works":
            holds = parsed(args["filter"])
            jobs = [each for each in jobs if holds(each)]
        start, size = int(args.get("pageToken", "p0")[1:]), min(int(args["pageSize"]), 30)
        following = f"p{start + size}" if start + size < len(jobs) else ""
        return Reply(200, {"jobs": jobs[start : start + size], "nextPageToken": following})

    @property
    def filter_texts(self) -> list[str | None]:
        """The filter of each list that was asked for."""
        return [args.get("filter") for args in self.asked]


def refusal(status: int, message: str, **headers: str) -> Reply:
    """Return an error in Tamr's own form."""
    return Reply(
        status, {"statusCode": status, "message": message}, {k.replace("_", "-"): v for k, v in headers.items()}
    )


@dataclass(frozen=True)
class Desk:
    """An operator, and what it told."""

    operator: TamrOperator
    notices: list[Notice]
    waits: list[float]
    server: Server


@contextmanager
def operating(tenant: Callable[[Seen], Reply], *, key: str = KEY, **settings: Any) -> Iterator[Desk]:
    """Give an operator of this tenant, over a real socket."""
    with Server(tenant) as server, operator_of(server.url, key, **settings) as (operator, notices, waits):
        yield Desk(operator, notices, waits, server)


@contextmanager
def operator_of(url: str, key: str, **settings: Any) -> Iterator[tuple[TamrOperator, list[Notice], list[float]]]:
    """Give an operator of the tenant at this address, what it tells, and how long it would have waited."""
    connection = Connection.model_validate(
        {"provider": "tamr", "base_url": url, "auth": {"method": "api_key", "api_key": key}, **settings}
    )
    notices: list[Notice] = []
    waits: list[float] = []
    timing = Timing(now=lambda: NOW, jitter=lambda: 0.0, pause=waits.append)
    operator = open_operator("tamr", connection, Surroundings(notices.append, Redactor(), {}), timing)
    try:
        yield operator, notices, waits
    finally:
        operator.close()


def order(name: str, **settings: str) -> Order:
    """Return the order for an operation with these settings."""
    operation = OPERATIONS[f"tamr.{name}"]
    return operation.order(operation.entry(**settings), None)


def ready(operator: TamrOperator, name: str, **settings: str) -> Ready:
    """Return the prepared order."""
    return operator.prepare(order(name, **settings))


def parsed(text: str) -> Test:
    """Return the test that a filter means. Raises ``ValueError`` for what is not in the language."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|[()]|!=|>=|<=|[=<>:]|[A-Za-z_][\w.]*(?:\(\))?', text)
    if re.sub(r"\s", "", text) != re.sub(r"\s", "", "".join(tokens)):
        raise ValueError(f"no filter: {text}")
    test = _sequence(tokens)
    if tokens:
        raise ValueError(f"left over: {tokens}")
    return test


def _sequence(tokens: list[str]) -> Test:
    tests = [_alternatives(tokens)]
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        tests.append(_alternatives(tokens))
    return lambda shown: all(test(shown) for test in tests)


def _alternatives(tokens: list[str]) -> Test:
    tests = [_simple(tokens)]
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        tests.append(_simple(tokens))
    return lambda shown: any(test(shown) for test in tests)


def _simple(tokens: list[str]) -> Test:
    head = tokens.pop(0)
    if head == "NOT":
        inner = _simple(tokens)
        return lambda shown: not inner(shown)
    if head == "(":
        inner = _sequence(tokens)
        if tokens.pop(0) != ")":
            raise ValueError("no )")
        return inner
    operator, operand = tokens.pop(0), tokens.pop(0)
    literal = re.sub(r"\\(.)", r"\1", operand[1:-1]) if operand.startswith('"') else operand
    if operator == ":":
        return lambda shown: bool(_field(shown, [head, literal]))
    if head == "create_time()":
        moment = datetime.fromisoformat(literal)
        return lambda shown: _created(shown) >= moment if operator == ">=" else _created(shown) < moment
    path = [re.sub(r"_(\w)", lambda m: m[1].upper(), part) for part in head.split(".")]
    return lambda shown: (_field(shown, path) == literal) is (operator == "=")


def _field(shown: Json, path: list[str]) -> Any:
    value: Any = shown
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _created(shown: Json) -> datetime:
    times = [each["stateStartTime"] for each in (shown["status"], *shown["statusHistory"])]
    return min(datetime.fromisoformat(time) for time in times)
