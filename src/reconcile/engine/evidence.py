"""What became of a call that started a job and had no clear answer: found by looking, never by calling again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.operation import Job, Operation, Ready
from reconcile.engine.desk import PATIENT_ATTEMPTS, Desk, Outcome, Started, Unclear, moment, now, patiently, slack
from reconcile.engine.loom import Script, call

# A job that an unanswered call started shows up within this many seconds, or there is none. The call has reached the
# platform or never will; this is for a list that lags behind.
SETTLE_SECONDS = 20.0
# Where a second job would do harm, it is looked for longer: lists may hide what has not begun (tailer page 2.2).
CAREFUL_SETTLE_SECONDS = 60.0
# A platform that took the call without naming the job has a job, so it is worth a longer look.
TAKEN_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: a job created since about ``at`` that is none of ``known``.

    ``is_old``: the call was made by an earlier process, so its job may have had all the time it needs to show up.
    """

    at: datetime
    known: frozenset[str]
    taken: bool = False
    is_old: bool = False


def find_job(desk: Desk, ready: Ready, sought: Sought) -> Script[Outcome | None]:
    """Return the job that an unanswered call started, None when it certainly started none."""
    if not desk.operation.watchable:
        return Unclear(unknown(_cut_off(ready), desk.operation))
    began, seconds = desk.clock.elapsed(), 1.0
    settle = SETTLE_SECONDS if desk.operation.harmless_twice else CAREFUL_SETTLE_SECONDS
    patience = TAKEN_SECONDS if sought.taken else settle
    while True:
        found = yield from _candidates(desk, ready, sought)
        if found:
            return (yield from _chosen(desk, ready, found))
        waited = desk.clock.elapsed() - began
        if sought.is_old:
            waited = max(waited, (now(desk) - sought.at).total_seconds())
        if waited >= patience:
            break
        yield from desk.settle(min(seconds, patience - waited))
        seconds = min(10.0, seconds * 2)
    if sought.taken:
        return Unclear(_nameless(ready))
    yield from call(lambda: desk.ledger.dropped("no job was created since"))
    return None


def _candidates(desk: Desk, ready: Ready, sought: Sought) -> Script[list[Job]]:
    since = sought.at - slack(desk)
    look = partial(desk.operator.on_target, ready, since)
    # Whatever is asked of us meanwhile: that a job may have been started must not be forgotten.
    jobs = yield from patiently(replace(desk, rest=desk.settle), look, PATIENT_ATTEMPTS)
    fresh = [job for job in jobs if job.id not in sought.known and not _is_before(job, since)]
    if not fresh:
        return []
    claimed = yield from call(desk.claimed)
    return [job for job in fresh if job.id not in claimed]


def _chosen(desk: Desk, ready: Ready, found: list[Job]) -> Script[Outcome]:
    """Return ours among the jobs that may be: any, where a job of somebody else does as well."""
    if len(found) > 1 and not desk.operation.harmless_twice:
        return Unclear(_several(ready, found))
    active = [job for job in found if not job.is_over]
    job = active[0] if active else found[-1]
    desk.tell(f"found job {job.id}, created at {job.created_at}: going on with it", 0.0)
    yield from call(lambda: desk.ledger.submitted(job, "found"))
    return Started(job, "found")


def _is_before(job: Job, since: datetime) -> bool:
    created = moment(job.created_at)
    return created is not None and created < since


def unknown(diagnostic: Diagnostic, operation: Operation) -> Diagnostic:
    """Return what is to be said of a call whose effect nobody can look at, and of which ``diagnostic`` says why."""
    return replace(
        diagnostic,
        code="outcome-unknown",
        summary="It cannot be said whether this was done",
        hint=f"look at the platform; {operation.name} cannot be looked at from here and is not sent again by itself",
    )


def _cut_off(ready: Ready) -> Diagnostic:
    detail = f"{ready.order.operation} of {ready.order.target} was about to be sent when the program was cut off."
    return Diagnostic("outcome-unknown", "It cannot be said whether this was done", detail)


def _nameless(ready: Ready) -> Diagnostic:
    return Diagnostic(
        "job-not-found",
        "The job cannot be found",
        f"The platform took the call that starts {ready.order.target}, named no job, and lists none created since.",
        "look at the platform; it is not sent again by itself",
    )


def _several(ready: Ready, jobs: list[Job]) -> Diagnostic:
    names = ", ".join(f"{job.id} ({job.platform_state or job.state}, {job.created_at})" for job in jobs)
    return Diagnostic(
        "several-jobs",
        "Several jobs may be ours",
        f"The call that starts {ready.order.target} had no answer, and since then these were created: {names}.",
        "say which it is: `reconcile resume RUN --adopt STEP=JOB`, or `--again STEP`",
    )
