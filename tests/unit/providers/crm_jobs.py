"""An org whose jobs a test writes down, behind a real socket, and the operator that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from http_server import NOW, TOKEN, Reply, Seen, Server

from reconcile.core.operation import Ready
from reconcile.core.redact import Redactor
from reconcile.providers.base import Notice, Surroundings
from reconcile.providers.crm_analytics.kinds import Connection
from reconcile.providers.crm_analytics.operations import START, SYNC, Start, Sync
from reconcile.providers.crm_analytics.operator import CrmAnalyticsOperator, open_operator
from reconcile.providers.http import Timing

BASE = "/services/data/v60.0"
JOBS = f"{BASE}/wave/dataflowjobs"
D1, D2, RUN1 = "02K000000000001EAA", "02K000000000002EAA", "02K000000000009EAA"
R1 = "05v000000000001AAA"
LOCAL, REMOTE = "0It000000000001CAA", "0It000000000002CAA"
DATE = "Mon, 05 Jan 2026 09:00:00 GMT"
NOT_FOUND = Reply(404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])

JOB_ID = "03C000000000001AAA"


def job(number: int = 1, status: str = "Success", prefix: str = "03C", **more: Any) -> dict[str, Any]:
    """Return a job as the platform shows it, made at minute ``number`` of an hour."""
    moment = f"2026-01-05T07:{number:02}:00.000Z"
    return {
        "id": f"{prefix}{number:012}AAA",
        "type": "dataflowjob",
        "jobType": "user",
        "status": status,
        "createdDate": moment,
        "startDate": moment,
        "source": {"id": "", "name": "", "url": ""},
        **more,
    }


def page(*jobs: Mapping[str, Any], following: str | None = None) -> Reply:
    """Return a page of the list of jobs."""
    body = {"dataflowJobs": list(jobs), "nextPageUrl": following, "totalSize": 9, "url": JOBS}
    return Reply(body=body, headers={"Date": DATE})


class Org:
    """Answers by method and path, without the query; a list of answers is worked off, and its last one stays."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply | list[Reply] | Callable[[Seen], Reply]] = {}
        self.seen: list[Seen] = []
        self.dataflows({"id": D1, "name": "D1", "label": "D 1"}, {"id": D2, "name": "D2", "label": "D 2"})
        self.recipes({"id": R1, "name": "R1", "label": "R 1", "targetDataflowId": RUN1})
        self.connectors({"id": LOCAL, "name": "LOCAL", "label": "Local org"}, {"id": REMOTE, "name": "REMOTE"})

    def dataflows(self, *items: Mapping[str, Any]) -> None:
        self.at("GET", f"{BASE}/wave/dataflows", Reply(body={"dataflows": list(items)}))

    def recipes(self, *items: Mapping[str, Any]) -> None:
        body = {"recipes": list(items), "nextPageUrl": None, "totalSize": len(items)}
        self.at("GET", f"{BASE}/wave/recipes", Reply(body=body))

    def connectors(self, *items: Mapping[str, Any]) -> None:
        self.at("GET", f"{BASE}/wave/dataConnectors", Reply(body={"dataConnectors": list(items)}))

    def at(self, method: str, path: str, *answers: Reply) -> None:
        """Set what a path answers, one reply after the other."""
        self.answers[f"{method} {path}"] = list(answers)

    def jobs(self, *pages: Reply) -> None:
        """Set the pages of the list of jobs."""
        self.at("GET", JOBS, *pages)

    def __call__(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        answers = self.answers.get(f"{seen.method} {urlsplit(seen.path).path}", NOT_FOUND)
        if callable(answers):
            return answers(seen)
        if isinstance(answers, Reply):
            return answers
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def count(self, method: str, path: str) -> int:
        """Return how often a path was asked."""
        return sum(seen.method == method and urlsplit(seen.path).path == path for seen in self.seen)

    def listings(self) -> list[dict[str, str]]:
        """Return the parameters of every call of the list of jobs."""
        asked = [seen for seen in self.seen if seen.method == "GET" and urlsplit(seen.path).path == JOBS]
        return [{name: values[0] for name, values in parse_qs(urlsplit(seen.path).query).items()} for seen in asked]


@contextmanager
def operating(org: Org) -> Iterator[CrmAnalyticsOperator]:
    """Give the operator of a connection ``sales`` to this org. A wait of any kind is an error."""
    with Server(org) as server:
        yield from _opened(server.url)


def _opened(url: str, token: str = TOKEN) -> Iterator[CrmAnalyticsOperator]:
    def never(seconds: float) -> None:
        raise AssertionError(f"the operator waited {seconds} s")

    told: list[Notice] = []
    timing = Timing(now=lambda: NOW, jitter=lambda: 0.0, pause=never)
    operator = open_operator("sales", connection(url, token), Surroundings(told.append, Redactor(), {}), timing)
    assert isinstance(operator, CrmAnalyticsOperator)
    try:
        yield operator
    finally:
        operator.close()


@contextmanager
def operating_at(url: str, token: str) -> Iterator[CrmAnalyticsOperator]:
    """Give the operator of a connection ``sales`` to whatever listens there."""
    yield from _opened(url, token)


def connection(url: str, token: str = TOKEN) -> Connection:
    """Return the settings of a connection."""
    auth = {"method": "access_token", "access_token": token}
    return Connection.model_validate({"provider": "crm_analytics", "instance_url": url, "auth": auth})


def start(operator: CrmAnalyticsOperator, **settings: str) -> Ready:
    """Return the start of a dataflow or recipe, prepared."""
    return operator.prepare(START.order(Start.model_validate(settings), None))


def sync(operator: CrmAnalyticsOperator, name: str = "LOCAL") -> Ready:
    """Return a data sync, prepared."""
    return operator.prepare(SYNC.order(Sync(data_sync=name), None))
