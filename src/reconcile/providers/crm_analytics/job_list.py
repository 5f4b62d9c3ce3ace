"""Finding jobs in the platform's list of them: those of an order, those of a query, those of one data sync."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from reconcile.core.errors import Rejected
from reconcile.core.operation import Job, JobQuery, Order, Ready
from reconcile.providers.crm_analytics.api import Asset, Payload
from reconcile.providers.crm_analytics.convert import short_id
from reconcile.providers.crm_analytics.job_api import JobApi
from reconcile.providers.crm_analytics.job_convert import (
    JOB_TYPES,
    STATES,
    connector_of,
    created,
    is_of_connector,
    is_of_dataflow,
    job_from,
    tells_no_connector,
)
from reconcile.providers.crm_analytics.lookup import Lookup
from reconcile.providers.crm_analytics.operations import START, SYNC, Start, Sync
from reconcile.providers.crm_analytics.sync import SPREAD, Dated, by_creation, merged, syncs

# Real lists are newest first by and large only: a refused request, or the syncs before a run, stand out of line.
# Nothing runs longer than 48 hours (page 4), so a page that is older than that below the limit is the last of interest.
DISORDER = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Work:
    """How jobs of an order are found: what to ask the list for, and which of the answers belong to it."""

    order: Order
    params: Mapping[str, str]
    is_mine: Callable[[Payload], bool]

    @property
    def names(self) -> tuple[str, str]:
        """Operation and target of every such job."""
        return self.order.operation, self.order.target

    def dated(self, payload: Payload) -> Dated:
        """Return when the job was made, and the job."""
        return created(payload), job_from(payload, {}, self.names)


class JobList:
    """Searches the list of jobs of one org. Every search asks for its pages anew. Used from several threads."""

    def __init__(self, api: JobApi, lookup: Lookup) -> None:
        self._api = api
        self._lookup = lookup

    def work(self, ready: Ready) -> Work:
        """Return how jobs of this order are found."""
        if ready.order.operation == START.name:
            params = {"dataflowId": ready.resource}
            return Work(ready.order, params, lambda payload: is_of_dataflow(payload, ready.resource))
        connectors = self._lookup.listed("data_sync").by_id.values()
        mine = self._connector(ready) or Asset("", "", "")
        return Work(ready.order, _SYNCS, lambda payload: is_of_connector(payload, mine, connectors))

    def on_target(self, ready: Ready, since: datetime) -> tuple[Job, ...]:
        """Return the jobs of this order's target that are not over or not older than ``since``, oldest first.

        A data sync is one job. The platform's own limit on time is about starts, which queued jobs may lack; so it is
        not used.
        """
        work = self.work(ready)
        found: dict[str, Dated] = {}
        for page in self._api.job_pages(work.params):
            mine = [work.dated(payload) for payload in page if work.is_mine(payload)]
            # A list that moves while it is paged shows a job twice: the later word counts.
            found |= {short_id(job.id): (moment, job) for moment, job in mine}
            if all(job.is_over for _, job in mine) and _is_before(page, since - DISORDER):
                break
        wanted = [group for group in _groups(work, found.values()) if any(_counts(item, since) for item in group)]
        return tuple(merged([job for _, job in group]) for group in wanted)

    def last_on_subject(self, ready: Ready) -> Job | None:
        """Return the newest job of this order's target; a request that was refused as already queued is none."""
        work = self.work(ready)
        for page in self._api.job_pages(work.params):
            jobs = [work.dated(payload) for payload in page if work.is_mine(payload)]
            if groups := _groups(work, [(moment, job) for moment, job in jobs if not job.displaced]):
                return merged([job for _, job in groups[-1]])
        return None

    def matching(self, query: JobQuery, work: Work | None) -> Iterator[Job]:
        """Yield the jobs that match, each alone, newest first as far as the platform's own order goes."""
        seen: set[str] = set()
        oldest = query.since.astimezone(UTC) - DISORDER if query.since else None
        for page in self._api.job_pages(_params(query, work)):
            targets = self._lookup.targets()
            mine = [payload for payload in page if work is None or work.is_mine(payload)]
            jobs = [(created(each), job_from(each, targets, work.names if work else None)) for each in mine]
            for moment, job in sorted(jobs, key=by_creation, reverse=True):
                if short_id(job.id) not in seen and _matches(query, moment, job):
                    yield job
                seen.add(short_id(job.id))
            if oldest and _is_before(page, oldest):
                return

    def sync_of(self, ready: Ready, job_id: str, *, surely: bool = False) -> tuple[Job, ...]:
        """Return the jobs of the data sync that this job is one of, oldest first.

        Just the job where nobody can say which connection it is about. ``surely`` leaves out a job that may as well be
        of another connection. Raises ``ObjectNotFound``.
        """
        key = short_id(job_id)
        found = self._around(job_id)
        connectors = self._lookup.listed("data_sync").by_id.values()
        mine = self._connector(ready) or connector_of(found[key], connectors)
        work = Work(ready.order, _SYNCS, lambda each: mine is not None and is_of_connector(each, mine, connectors))
        if surely and not all(work.is_mine(each) for each in _near(found[key], found.values())):
            found = {name: each for name, each in found.items() if not tells_no_connector(each, connectors)} | {
                key: found[key]
            }
        jobs = [work.dated(each) for name, each in found.items() if name == key or work.is_mine(each)]
        groups = ([job for _, job in group] for group in syncs(jobs))
        return next(tuple(group) for group in groups if any(short_id(job.id) == key for job in group))

    def _around(self, job_id: str) -> dict[str, Payload]:
        """Return the data syncs on the pages that may show jobs of one sync with this one, and it, by short id."""
        key = short_id(job_id)
        found: dict[str, Payload] = {}
        for page in self._api.job_pages(_SYNCS):
            found |= {short_id(str(payload["id"])): payload for payload in page}
            if key not in found:
                # Its own word says how far back it is; a job that is not there ends the search.
                found[key] = self._api.job(job_id)
            moment = created(found[key])
            if moment is None or _is_mostly_before(page, moment - SPREAD):
                break
        return found

    def _connector(self, ready: Ready) -> Asset | None:
        """Return the connection that a sync is of, None when the order does not say."""
        listed = self._lookup.listed("data_sync")
        name = str(ready.order.settings.get("data_sync", "")) or ready.order.target.partition(":")[2]
        named = () if ready.resource else listed.by_name.get(name, ())
        known = listed.by_id.get(short_id(ready.resource or name)) or (named[0] if len(named) == 1 else None)
        # One that was deleted meanwhile may still have jobs.
        return known or (Asset(ready.resource, name, "") if ready.resource or name else None)


def order_of(query: JobQuery) -> Order:
    """Return the order whose jobs a query is about. Raises ``Rejected`` when its settings are none of an order."""
    of_sync = "data_sync" in query.settings
    operation, entry = (SYNC, Sync) if of_sync else (START, Start)
    try:
        order = operation.order(entry.model_validate(dict(query.settings)), None)
    except ValidationError:
        order = None
    if order is None or query.operation not in ("", order.operation):
        told = ", ".join(query.settings)
        raise Rejected(
            f"jobs cannot be narrowed by {told}{f' of {query.operation}' if query.operation else ''}",
            hint=f"give one of dataflow or recipe (for {START.name}), or data_sync (for {SYNC.name})",
        )
    return order


_SYNCS: Mapping[str, str] = {"jobTypes": ",".join(JOB_TYPES[SYNC.name])}


def _groups(work: Work, jobs: Iterable[Dated]) -> tuple[tuple[Dated, ...], ...]:
    """Return what counts as one job each, oldest first."""
    if work.order.operation == SYNC.name:
        return syncs(jobs)
    return tuple((item,) for item in sorted(jobs, key=by_creation))


def _counts(item: Dated, since: datetime) -> bool:
    moment, job = item
    return not job.is_over or moment is None or moment >= since


def _params(query: JobQuery, work: Work | None) -> dict[str, str]:
    """Return what the platform itself can narrow down without leaving out a job that matches.

    Not its limits on time: those are about starts, and a query is about creation.
    """
    words = query.words or tuple(word for word, state in STATES.items() if state in query.states)
    found = dict(work.params) if work else {}
    if not work and query.operation:
        found["jobTypes"] = ",".join(JOB_TYPES[query.operation])
    if len(words) == 1:
        found["status"] = words[0].capitalize()
    if query.expression:
        found["q"] = query.expression
    return found


def _matches(query: JobQuery, moment: datetime | None, job: Job) -> bool:
    words = {word.lower() for word in query.words}
    return (
        (not query.operation or job.operation == query.operation)
        and (not query.states or job.state in query.states)
        and (not words or job.platform_state.lower() in words)
        and (not query.since or moment is None or moment >= query.since)
        and (not query.until or moment is None or moment < query.until)
    )


def _is_before(page: Iterable[Payload], limit: datetime) -> bool:
    """Say whether every job of a page is older than the limit; one without a date is not."""
    moments = [created(payload) for payload in page]
    return bool(moments) and all(moment is not None and moment < limit for moment in moments)


def _is_mostly_before(page: Iterable[Payload], limit: datetime) -> bool:
    """Say whether most jobs of a page are older than the limit: then hardly a newer one follows on the next."""
    moments = [created(payload) for payload in page]
    return 2 * sum(moment is not None and moment < limit for moment in moments) > len(moments)


def _near(payload: Payload, others: Iterable[Payload]) -> list[Payload]:
    """Return the jobs that were made at about the time of one."""
    moment = created(payload)
    dated = ((created(each), each) for each in others)
    return [each for made, each in dated if moment and made and abs(made - moment) <= SPREAD]
