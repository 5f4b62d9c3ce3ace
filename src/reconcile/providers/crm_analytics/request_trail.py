"""What was seen of jobs while they were asked for, and which job a request became that is not known any more.

A start may be answered with the id of a request in the queue, 030..., and what comes of it may have another id (page
2.3, 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconcile.core.operation import Job, Ready
from reconcile.providers.crm_analytics.convert import short_id
from reconcile.providers.crm_analytics.job_convert import REQUEST_PREFIX
from reconcile.providers.crm_analytics.operations import SYNC
from reconcile.providers.crm_analytics.sync import BURST, SPREAD

# How far back a job is looked for when nobody remembers when it was asked for.
DAY = timedelta(hours=24)
# Two times of the platform that are the same.
SAME = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was looked at: for which order, made when, and seen last when; on the platform's clock."""

    ready: Ready
    made: datetime
    last: datetime


class Trail:
    """Remembers the jobs whose id alone is not the whole story. Used from several threads."""

    def __init__(self) -> None:
        self._sightings: dict[str, Sighting] = {}
        self._became: dict[str, str] = {}

    def saw(self, ready: Ready, job: Job, now: datetime | None) -> None:
        """Remember what is not over of requests, and of data syncs: to stop one it takes its connection."""
        if job.is_over or not (is_request(job.id) or ready.order.operation == SYNC.name):
            return
        key = short_id(job.id)
        before = self._sightings.get(key)
        made = datetime.fromisoformat(job.created_at) if job.created_at else (before.made if before else now)
        if made is not None:
            known = before.ready if before and before.ready.resource else ready
            self._sightings[key] = Sighting(known, made, max(made, now or made))

    def sighting(self, job_id: str) -> Sighting | None:
        """Return what is remembered of a job."""
        return self._sightings.get(short_id(job_id))

    def became(self, request_id: str, job_id: str) -> None:
        """Remember under which id a request lives on."""
        self._became[short_id(request_id)] = job_id

    def current(self, job_id: str) -> str:
        """Return the id under which a job is known now."""
        return self._became.get(short_id(job_id), job_id)


def is_request(job_id: str) -> bool:
    """Say whether an id is that of a request for a job."""
    return job_id.startswith(REQUEST_PREFIX)


def begin_of(sighting: Sighting | None, now: datetime) -> datetime:
    """Return since when jobs are candidates for what a request became."""
    return sighting.made - BURST if sighting else now - DAY


def heir(jobs: Iterable[Job], sighting: Sighting | None, now: datetime) -> Job | None:
    """Return the job of the same target that a request became, None when that cannot be told.

    One that was made with it; otherwise the only one made since, until shortly after it was seen last.
    """
    begin, end = begin_of(sighting, now), (sighting.last if sighting else now) + SPREAD
    dated = [(datetime.fromisoformat(job.created_at), job) for job in jobs if job.created_at and not is_request(job.id)]
    dated = [(made, job) for made, job in dated if begin <= made <= end]
    same = [job for made, job in dated if sighting and abs(made - sighting.made) <= SAME]
    for found in (same, [job for _, job in dated]):
        if len(found) == 1:
            return found[0]
    return None


def as_request(job: Job, request_id: str) -> Job:
    """Return a job under the id by which its request is known."""
    return replace(job, id=request_id, facts={"lives on as": job.id, **job.facts})
