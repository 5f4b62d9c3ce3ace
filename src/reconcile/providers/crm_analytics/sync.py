"""One data sync made of the jobs that the platform shows of it, one for each object; pure.

Source: a captured list (page 3): a sync's jobs are made within a second or two, and labelled ``Account (SFDC_LOCAL)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reconcile.core.operation import Job, JobError, JobState
from reconcile.providers.crm_analytics.job_convert import REQUEST_PREFIX

# The jobs of one sync are made within this time of each other.
SPREAD = timedelta(seconds=120)
# Those made this close together are of one sync even when the first objects are done already.
BURST = timedelta(seconds=10)
# More than this in one sentence is read by nobody.
MOST_TOLD = 5

Dated = tuple[datetime | None, Job]


def by_creation(item: Dated) -> tuple[datetime, str]:
    """Sort by creation; what has no date counts as new."""
    moment, job = item
    return moment or datetime.max.replace(tzinfo=UTC), job.id


def syncs(jobs: Iterable[Dated]) -> tuple[tuple[Dated, ...], ...]:
    """Return jobs of one connection sync by sync, the syncs and the jobs of each oldest first.

    A request that was refused is a sync of its own: it says nothing about the one that was under way.
    """
    found: list[list[Dated]] = []
    current: list[Dated] = []
    for item in sorted(jobs, key=by_creation):
        if _is_alone(item):
            found.append([item])
        elif current and _goes_on(current, item):
            current.append(item)
        else:
            current = [item]
            found.append(current)
    return tuple(tuple(group) for group in found)


def merged(jobs: Sequence[Job]) -> Job:
    """Return a sync as one job, under the id of its first; a sync of one job is that job."""
    first = jobs[0]
    if len(jobs) == 1:
        return first
    state = _state(jobs)
    speaker = _speaker(jobs, state)
    failed = [job for job in jobs if job.state is JobState.FAILED]
    ended = [job.ended_at for job in jobs if job.ended_at]
    return replace(
        first,
        state=state,
        platform_state=speaker.platform_state,
        created_at=min((job.created_at for job in jobs if job.created_at), key=_moment, default=None),
        started_at=min((job.started_at for job in jobs if job.started_at), key=_moment, default=None),
        ended_at=max(ended, key=_moment, default=None) if state.is_over else None,
        error=_error(failed) if state is JobState.FAILED else None,
        displaced=False,
        facts=_facts(jobs),
    )


def told(said: Iterable[tuple[Job, str]]) -> str:
    """Return what jobs say, by their labels, in one line: ``Account: no access; Contact``."""
    parts = [f"{name}: {text}" if text else name for name, text in ((_name(job), text) for job, text in said)]
    more = len(parts) - MOST_TOLD
    return "; ".join(parts[:MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _is_alone(item: Dated) -> bool:
    moment, job = item
    return moment is None or (job.id.startswith(REQUEST_PREFIX) and job.is_over)


def _goes_on(group: Sequence[Dated], item: Dated) -> bool:
    """Say whether a job belongs to the sync that began before it.

    An object is synced once in a sync, and what is made after the end of everything before is something new.
    """
    begin, (moment, job) = group[0][0], item
    if begin is None or moment is None or moment - begin > SPREAD:
        return False
    if (label := job.facts.get("label")) and any(label == each.facts.get("label") for _, each in group):
        return False
    return moment - begin <= BURST or any(_went_on(each, moment) for _, each in group)


def _went_on(job: Job, moment: datetime) -> bool:
    return not job.is_over or (job.ended_at is not None and _moment(job.ended_at) > moment)


def _state(jobs: Sequence[Job]) -> JobState:
    states = {job.state for job in jobs}
    if not all(state.is_over for state in states):
        return JobState.PENDING if states == {JobState.PENDING} else JobState.RUNNING
    worst = (JobState.FAILED, JobState.STOPPED, JobState.SUCCEEDED)
    return next(state for state in worst if state in states)


def _speaker(jobs: Sequence[Job], state: JobState) -> Job:
    """Return the job whose word stands for all: one in the state of all, with warnings if there is one."""
    alike = [job for job in jobs if job.state is state] or [job for job in jobs if not job.is_over]
    return next((job for job in alike if "warning" in job.facts), alike[0])


def _error(failed: Sequence[Job]) -> JobError:
    reason = next((job.error.reason for job in failed if job.error), "")
    return JobError(reason, told((job, job.error.message if job.error else "") for job in failed))


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def _facts(jobs: Sequence[Job]) -> dict[str, str]:
    facts = {
        "objects": f"{sum(job.is_over for job in jobs)} of {len(jobs)} done",
        "under way": told((job, "") for job in jobs if not job.is_over),
        "warning": told((job, job.facts["warning"]) for job in jobs if "warning" in job.facts),
        "type": jobs[0].facts.get("type", ""),
        "license": jobs[0].facts.get("license", ""),
    }
    return {name: text for name, text in facts.items() if text}


def _name(job: Job) -> str:
    return job.facts.get("label") or job.id
