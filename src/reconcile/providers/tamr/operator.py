"""Starts, watches and stops jobs on one tenant. Every call is made once; whoever asks waits and repeats."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconcile.core.errors import Rejected
from reconcile.core.operation import Job, JobQuery, Limit, Node, Order, Ready
from reconcile.providers.answer import Answer
from reconcile.providers.auth import ApiKey
from reconcile.providers.base import Surroundings
from reconcile.providers.http import Timing, WriteClient, open_once_client
from reconcile.providers.settings import Settings
from reconcile.providers.tamr import filter as filters
from reconcile.providers.tamr.api import MOST_PAGES_OF_ALL, NOW, Api, create_request
from reconcile.providers.tamr.convert import IDS, Seen
from reconcile.providers.tamr.kinds import Connection
from reconcile.providers.tamr.operations import OPERATIONS, POOL
from reconcile.providers.translate import describe

_SETTINGS = tuple(dict.fromkeys(ours for ids in IDS.values() for ours in ids))


class TamrOperator:
    """Jobs on one tenant, as ``providers.base.Operator`` promises."""

    def __init__(self, name: str, client: WriteClient, max_jobs: int) -> None:
        self._name = name
        self._client = client
        self._api = Api(client)
        self._max_jobs = max_jobs

    def prepare(self, order: Order) -> Ready:
        """Return the call. Nothing can be looked up: Tamr shows no sources, data products or workflows (page 2.2)."""
        return Ready(order, create_request(order))

    def submit(self, ready: Ready) -> Job:
        """Start the job."""
        return self._api.create(ready.request).as_ordered(ready.order)

    def look(self, ready: Ready, job_id: str) -> Job:
        """Return the job as it is now."""
        return self._api.job(job_id).as_ordered(ready.order)

    def on_target(self, ready: Ready, since: datetime) -> tuple[Job, ...]:
        """Return this work's jobs that are not over or were made since, oldest first.

        A job that is over and tells no time is left out: doing the work again is dear, not doing it is wrong.
        """
        order = ready.order
        found = self._collected(filters.on_target(order, since), since)
        return tuple(
            seen.as_ordered(order)
            for seen in found
            if seen.does(order) and (not seen.job.is_over or (seen.created is not None and seen.created >= since))
        )

    def last_on_subject(self, ready: Ready) -> Job | None:
        """Return the newest job with this order's subject."""
        for page in self._api.pages(filters.on_subject(ready.order)):
            found = [seen for seen in page if seen.is_about(ready.order)]
            if found:
                return max(found, key=_made).as_ordered(ready.order)
        return None

    def stop(self, job_id: str) -> None:
        """Ask for the job to be stopped; a pending one ends at once (page 1.5)."""
        self._api.stop(job_id)

    def in_pool(self, pool: str) -> tuple[Job, ...]:
        """Return the jobs that are not over, of every type, oldest first.

        Whether pending ones count is not documented, so they do; jobs of the old Scheduler page are not shown at all
        (page 1.6, 1.7).
        """
        if pool != POOL:
            return ()
        return tuple(seen.job for seen in self._collected(filters.NOT_DONE, NOW) if not seen.job.is_over)

    def slots(self, pool: str) -> int | None:
        """Return what the connection's settings say."""
        return self._max_jobs if pool == POOL else None

    def jobs(self, query: JobQuery) -> Iterator[Job]:
        """Yield the jobs asked for, newest first."""
        _check(self._name, query)
        return self._jobs(query)

    def show(self, job_id: str) -> Job:
        """Return one job."""
        return self._api.job(job_id).job

    def nodes(self, job_id: str) -> tuple[Node, ...]:
        """Raise ``Rejected``: there is no such call (page 1.2)."""
        raise Rejected(f"{self._name}: Tamr shows no parts of a job", hint="show the job itself: it tells its error")

    def limits(self) -> tuple[Limit, ...]:
        """Return how many jobs are under way, and how many may be (platform page 1.7)."""
        return (Limit("jobs at once", len(self.in_pool(POOL)), self._max_jobs),)

    def server_time(self) -> datetime | None:
        """Return the platform's time in its last answer."""
        return self._client.server_time

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _collected(self, condition: filters.Condition, back_to: datetime) -> list[Seen]:
        """Return every job that fits, once, as it was last seen; oldest first."""
        # A list that moves while it is read shows a job on two pages.
        found = {seen.job.id: seen for page in self._api.pages(condition, back_to=back_to) for seen in page}
        return sorted(found.values(), key=_made)

    def _jobs(self, query: JobQuery) -> Iterator[Job]:
        known: set[str] = set()
        strict = bool(query.expression.strip())
        pages = self._api.pages(filters.asked(query), back_to=query.since, most=MOST_PAGES_OF_ALL, strict=strict)
        for page in pages:
            for seen in page:
                if seen.job.id not in known and filters.matches(seen, query):
                    known.add(seen.job.id)
                    yield seen.job


def open_operator(
    name: str, connection: Connection, surroundings: Surroundings, timing: Timing | None = None
) -> TamrOperator:
    """Return what starts and watches jobs on this connection; makes no call yet."""
    settings = Settings.of(connection.base_url, connection)
    auth = ApiKey(connection.auth.api_key.get_secret_value())
    client = open_once_client(name, settings, auth, surroundings, describe=_describe, timing=timing)
    return TamrOperator(name, client, connection.max_jobs)


def _describe(answer: Answer) -> tuple[str | None, str]:
    """Leave out the number of a gRPC gateway's body: it says what the status says (page 1.7)."""
    code, words = describe(answer)
    return (None if code and code.isdigit() else code), words


def _made(seen: Seen) -> datetime:
    """Return when the job was made; one that does not tell counts as the newest."""
    return seen.created or NOW


def _check(name: str, query: JobQuery) -> None:
    """Raise ``Rejected`` for a query that no job of Tamr could ever answer."""
    if query.operation and query.operation not in OPERATIONS:
        raise Rejected(
            f"{name}: Tamr has no operation {query.operation!r}", hint=f"there are: {', '.join(sorted(OPERATIONS))}"
        )
    known = tuple(IDS[query.operation.removeprefix("tamr.")]) if query.operation else _SETTINGS
    for setting in query.settings:
        if setting not in known:
            whose = f"jobs of {query.operation}" if query.operation else "jobs of Tamr"
            raise Rejected(f"{name}: {whose} have no {setting!r}", hint=f"there are: {', '.join(known)}")
