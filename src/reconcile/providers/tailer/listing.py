"""Lists of runs out of an API that has a limit and no pages: what to ask for, and how far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from reconcile.core.errors import Rejected
from reconcile.core.operation import Job, JobQuery, JobState
from reconcile.providers.tailer import convert, kinds
from reconcile.providers.tailer.operations import LAUNCH, LAUNCHABLE

# Rows of a first answer, as in a documented sample; where they do not reach far enough, ten times as many are asked
# for: the API has a limit and no pages (page 3).
FIRST = 100

# Every type that can have runs, those first that can be launched. A context is a set of constants.
RUN_TYPES = (
    *LAUNCHABLE,
    *(
        name
        for name in get_args(kinds.ConfigurationType)
        if name not in (*LAUNCHABLE, "context") and convert.documented_type(name) == name
    ),
)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the jobs of our environment, newest first. ``rows`` counts all rows, those of others too."""

    jobs: tuple[Job, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask: for runs of one data operation when ``id`` is given (then there is one type), else of types."""

    types: tuple[str, ...]
    id: str
    execution_date: str | None
    status: str | None


Ask = Callable[[int], Page]


def pages(ask: Ask, since: datetime | None) -> Iterator[Page]:
    """Yield one answer at least, then wider ones until one reaches back before ``since`` or holds all there is.

    Whether "newest first" is about creation or start is not documented: a job that started before ``since`` was
    created before it, and so was all that comes after it in either order.
    """
    limit = FIRST
    while True:
        page = ask(limit)
        yield page
        if page.rows < limit or (since and any(_has_begun(job, since) for job in page.jobs)):
            return
        limit *= 10


def newest_first(ask: Ask, since: datetime | None) -> Iterator[Job]:
    """Yield every job of ever wider answers once, newest first; what is made meanwhile may come late."""
    given: set[tuple[str, str, str]] = set()
    for page in pages(ask, since):
        for job in page.jobs:
            # Several configurations can share a run id (page 2.5), and several jobs a configuration.
            identity = (job.id, job.target, job.facts.get("job id", ""))
            if identity not in given:
                given.add(identity)
                yield job


def question(query: JobQuery) -> Question:
    """Return what a query asks of Tailer. Raises ``Rejected`` for what Tailer cannot be asked."""
    if query.expression:
        raise no_call("Tailer has no filter language", "narrow by type, id, execution_date, status or time instead")
    if query.operation not in ("", LAUNCH.name):
        raise no_call(f"Tailer lists no jobs of {query.operation}", f"it lists those of {LAUNCH.name}, and all runs")
    unknown = sorted(set(query.settings) - {"type", "id", "execution_date"})
    if unknown:
        raise no_call(f"Tailer's runs have no {unknown[0]}", "narrow by type, id or execution_date")
    type_, name = convert.documented_type(query.settings.get("type", "")), query.settings.get("id", "")
    if name and not type_:
        raise no_call(f"Tailer finds {name} only together with its type", f"name the type: {', '.join(RUN_TYPES)}")
    types = (type_,) if type_ else LAUNCHABLE if query.operation else RUN_TYPES
    return Question(types, name, query.settings.get("execution_date") or None, _status(query))


def matches(query: JobQuery, job: Job) -> bool:
    """Say whether a job is among those that a query is about; a job of unknown age is older than any other."""
    created = convert.age(job)
    return (
        (not query.operation or job.operation == query.operation)
        and (not query.states or job.state in query.states)
        and (not query.words or job.platform_state.upper() in {word.upper() for word in query.words})
        and (query.since is None or created >= query.since)
        and (query.until is None or created < query.until)
    )


def no_call(detail: str, hint: str) -> Rejected:
    """Return the error of a question that Tailer has no call for."""
    return Rejected(detail, hint=hint, code="not-offered", summary="Tailer cannot be asked for that")


def _status(query: JobQuery) -> str | None:
    """Return the one status that Tailer can be asked for; several are sorted out here."""
    if len(query.words) == 1:
        return query.words[0].upper()
    return "RUNNING" if not query.words and query.states == {JobState.RUNNING} else None


def _has_begun(job: Job, moment: datetime) -> bool:
    """Say whether a job started (or was created, where only that is known) before this moment."""
    known = job.started_at or job.created_at
    return known is not None and datetime.fromisoformat(known) < moment
