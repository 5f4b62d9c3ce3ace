"""Jobs of one org: started, watched, stopped, listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from reconcile.core.errors import Forbidden, ObjectNotFound, Rejected
from reconcile.core.operation import Job, JobQuery, JobState, Limit, Node, Order, Ready
from reconcile.core.request import Request
from reconcile.providers.base import Operator, Surroundings
from reconcile.providers.crm_analytics import kinds
from reconcile.providers.crm_analytics.api import Payload
from reconcile.providers.crm_analytics.connect import open_job_client
from reconcile.providers.crm_analytics.convert import short_id
from reconcile.providers.crm_analytics.job_api import JobApi
from reconcile.providers.crm_analytics.job_convert import (
    JOB_TYPES,
    RECIPE_PREFIX,
    job_from,
    limit_from_wave,
    limits_from_org,
    node_from,
)
from reconcile.providers.crm_analytics.job_list import JobList, order_of
from reconcile.providers.crm_analytics.listed import WORDS
from reconcile.providers.crm_analytics.lookup import Lookup
from reconcile.providers.crm_analytics.operations import SYNC
from reconcile.providers.crm_analytics.request_trail import Trail, as_request, begin_of, heir, is_request
from reconcile.providers.crm_analytics.sync import merged
from reconcile.providers.http import Timing, WriteClient


class CrmAnalyticsOperator:
    """Runs dataflows, recipes and data syncs; see ``providers.base.Operator``. Asks for each list of assets once."""

    def __init__(self, name: str, client: WriteClient, base: str) -> None:
        self._connection = name
        self._client = client
        self._api = JobApi(client, base)
        self._lookup = Lookup(name, self._api)
        self._list = JobList(self._api, self._lookup)
        self._trail = Trail()
        self._stops: set[str] = set()

    def prepare(self, order: Order) -> Ready:
        """Return the exact call. Raises ``ObjectNotFound`` for an unknown name, ``Rejected`` for an ambiguous one."""
        kind = next(kind for kind in WORDS if kind in order.settings)
        resource = self._lookup.runner(kind, str(order.settings[kind]))
        request = self._api.sync_request if kind == "data_sync" else self._api.start_request
        return Ready(order, request(resource), resource)

    def submit(self, ready: Ready) -> Job | None:
        """Make the call. None for every sync, and for a start that older versions answer without an id (page 3)."""
        answer = self._api.send(ready.request)
        if ready.order.operation == SYNC.name or not answer.get("id"):
            return None
        job = job_from(answer, {}, (ready.order.operation, ready.order.target))
        self._trail.saw(ready, job, self.server_time())
        return job

    def look(self, ready: Ready, job_id: str) -> Job:
        """Return the job as it is now; of a data sync, the state of all its jobs.

        A request that became a job with another id is shown as that job, under the id that was asked for.
        """
        current = self._trail.current(job_id)
        try:
            job = self._look(ready, current)
        except ObjectNotFound:
            found = self._heir(ready, job_id) if is_request(current) else None
            if found is None:
                raise
            current, job = found.id, found
        job = self._as_stopped(job)
        if current != job_id:
            return as_request(job, job_id)
        self._trail.saw(ready, job, self.server_time())
        return job

    def _as_stopped(self, job: Job) -> Job:
        """Return a job that we have stopped as stopped: the platform may show a stop as a failure (page 3)."""
        if job.state is not JobState.FAILED or short_id(job.id) not in self._stops:
            return job
        return replace(job, state=JobState.STOPPED)

    def on_target(self, ready: Ready, since: datetime) -> tuple[Job, ...]:
        """Return the jobs of this order's target that are not over or not older than ``since``, oldest first.

        A data sync is one job here, under the id of its first: the platform shows a job for each object.
        """
        jobs = self._list.on_target(ready, since)
        for job in jobs:
            self._trail.saw(ready, job, self.server_time())
        return jobs

    def last_on_subject(self, ready: Ready) -> Job | None:
        """Return the newest job of this order's target; a request that was refused as already queued is none."""
        return self._list.last_on_subject(ready)

    def stop(self, job_id: str) -> None:
        """Ask for the job to be stopped, with the other jobs of its data sync. No error for what is over.

        A job that may be of another connection's sync is left alone. Raises ``Rejected`` when one refuses, after all
        were asked.
        """
        sighting = self._trail.sighting(job_id)
        current = self._trail.current(job_id)
        self._stops |= {short_id(job_id), short_id(current)}
        try:
            shown, refused = self._stopped(current)
        except ObjectNotFound:
            found = self._heir(sighting.ready, job_id) if sighting and is_request(current) else None
            if found is None:
                raise
            current = found.id
            shown, refused = self._stopped(current)
        refusals = [refused]
        if job_from(shown, {}).operation == SYNC.name:
            ready = sighting.ready if sighting else Ready(Order(SYNC.name, "", ""), Request("POST", "/"))
            jobs = self._list.sync_of(ready, current, surely=True)
            others = [job.id for job in jobs if not job.is_over and short_id(job.id) != short_id(current)]
            refusals += [self._stopped(other)[1] for other in others]
        error = next(filter(None, refusals), None)
        if error:
            raise error

    def in_pool(self, pool: str) -> tuple[Job, ...]:
        """Return nothing: too many jobs are queued and not refused (page 4)."""
        return ()

    def slots(self, pool: str) -> int | None:
        """Return None: no number of jobs is refused."""
        return None

    def jobs(self, query: JobQuery) -> Iterator[Job]:
        """Yield matching jobs, newest first as far as the platform's own order goes.

        ``settings`` are one of ``dataflow``, ``recipe``, ``data_sync``; ``expression`` is words to search for.
        """
        if query.operation and query.operation not in JOB_TYPES:
            raise Rejected(f'{self._connection}: no job comes from an operation "{query.operation}"')
        work = self._list.work(self.prepare(order_of(query))) if query.settings else None
        return self._list.matching(query, work)

    def show(self, job_id: str) -> Job:
        """Return one job by its id, of 15 or 18 characters."""
        return job_from(self._api.job(job_id), self._lookup.targets())

    def nodes(self, job_id: str) -> tuple[Node, ...]:
        """Return the nodes of a job; none when it never ran (page 2.2)."""
        return tuple(node_from(payload) for payload in self._api.nodes(job_id))

    def node(self, job_id: str, node_id: str) -> Node:
        """Return one node of a job. Raises ``ObjectNotFound``."""
        return node_from(self._api.node(job_id, node_id))

    def limits(self) -> tuple[Limit, ...]:
        """Return the runs of 24 hours and the limits of each license, as far as this user may see them."""

        def of_org() -> tuple[Limit, ...]:
            return limits_from_org(self._api.org_limits())

        def of_wave() -> tuple[Limit, ...]:
            return tuple(limit_from_wave(limit) for limit in self._api.wave_limits())

        return (*_if_told(of_org), *_if_told(of_wave))

    def server_time(self) -> datetime | None:
        """Return the platform's time in its last answer."""
        return self._client.server_time

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _look(self, ready: Ready, job_id: str) -> Job:
        if ready.order.operation != SYNC.name:
            return job_from(self._api.job(job_id), {}, (ready.order.operation, ready.order.target))
        jobs = self._list.sync_of(ready, job_id)
        known = next(job for job in jobs if short_id(job.id) == short_id(job_id))
        return replace(merged(jobs), id=known.id)

    def _stopped(self, job_id: str) -> tuple[Payload, Rejected | None]:
        """Return the job after it was asked to stop, and the refusal if it refused and goes on."""
        try:
            shown = self._api.stop(job_id)
        except Rejected as error:
            shown = self._api.job(job_id)
            return shown, None if job_from(shown, {}).is_over else error
        if not shown.get("id") and not job_id.startswith(RECIPE_PREFIX):
            # Without a word of it, only the job itself tells whether there are more to stop.
            shown = self._api.job(job_id)
        return shown, None

    def _heir(self, ready: Ready, job_id: str) -> Job | None:
        """Return the job that a request became which is not known any more, None when that cannot be told."""
        sighting, now = self._trail.sighting(job_id), self.server_time()
        ready = sighting.ready if sighting and not ready.resource else ready
        if now is None or not (ready.resource or ready.order.settings):
            return None
        try:
            ready = ready if ready.resource else self.prepare(ready.order)
        except (ObjectNotFound, Rejected):
            return None
        found = heir(self._list.on_target(ready, begin_of(sighting, now)), sighting, now)
        if found:
            self._trail.became(job_id, found.id)
        return found


def open_operator(
    name: str, connection: kinds.Connection, surroundings: Surroundings, timing: Timing | None = None
) -> Operator:
    """Return what starts and watches jobs of this org. Makes no call yet."""
    client = open_job_client(name, connection, surroundings, timing)
    return CrmAnalyticsOperator(name, client, connection.base_path)


def _if_told(read: Callable[[], tuple[Limit, ...]]) -> tuple[Limit, ...]:
    """Return the limits; none where this user, or this version of the API, may not see them."""
    try:
        return read()
    except (Forbidden, ObjectNotFound, Rejected):
        return ()
