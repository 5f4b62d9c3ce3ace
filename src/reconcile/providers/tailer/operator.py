"""Tailer's jobs: runs of data operations, launched, looked at and listed; workflow resets; the platform's own verbs."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from reconcile.core.errors import ObjectNotFound
from reconcile.core.operation import Job, JobQuery, JobState, Limit, Node, Order, Ready
from reconcile.core.request import Request
from reconcile.providers.base import Surroundings
from reconcile.providers.http import Timing, WriteClient, open_once_client
from reconcile.providers.settings import Settings
from reconcile.providers.tailer import api, convert, kinds
from reconcile.providers.tailer.listing import (
    FIRST,
    RUN_TYPES,
    Ask,
    Page,
    Question,
    matches,
    newest_first,
    no_call,
    pages,
    question,
)
from reconcile.providers.tailer.operations import LAUNCH, RESET, SETTABLE


class TailerOperator:
    """Launches, watches and resets on one account and environment.

    Every method makes one call at most, but for ``jobs``, ``show`` and ``on_target``: those ask again, for more rows,
    while an answer does not reach far enough.
    """

    def __init__(self, connection: kinds.Connection, client: WriteClient) -> None:
        self._connection = connection
        self._client = client

    # -- the protocol --------------------------------------------------------------------------------------------------

    def prepare(self, order: Order) -> Ready:
        """Return the exact call. Makes none: Tailer has no look-up, ids are taken as written (page 2.5)."""
        operation = RESET if order.operation == RESET.name else LAUNCH
        return Ready(order, operation.request(order, self._connection))

    def submit(self, ready: Ready) -> Job | None:
        """Launch, and return the run; or reset, and return a job that is over and has no id.

        The launch tells nothing of the run but its id, so it counts as pending.
        """
        order = ready.order
        answer = self._client.send(ready.request)
        if order.operation == RESET.name:
            api.confirm(answer)
            return Job("", RESET.name, order.target, JobState.SUCCEEDED, "ok")
        run_id = api.launched(answer)
        created = convert.created_at(run_id)
        return Job(run_id, LAUNCH.name, order.target, JobState.PENDING, "", created_at=created)

    def look(self, ready: Ready, job_id: str) -> Job:
        """Return the run as it is now. Raises ``ObjectNotFound`` when Tailer says that it does not know it."""
        if not _is_launch(ready.order):
            raise no_call("A reset leaves nothing to look at", "the answer to the call was all there is")
        return _of(ready.order, self.check(*_operation(ready.order), job_id))

    def on_target(self, ready: Ready, since: datetime) -> tuple[Job, ...]:
        """Return the data operation's runs that are not over or were created at or after ``since``, oldest first.

        One that is not over but began before hundreds that ended can escape: the API has no call for "not over".
        A run of which nobody knows when it was created counts as new.
        """
        if not _is_launch(ready.order):
            return ()
        # Times in run ids are whole seconds.
        since = since.replace(microsecond=0)
        *_, widest = pages(partial(self._last_page, *_operation(ready.order)), since)
        found = (job for job in widest.jobs if not job.is_over or not job.created_at or convert.age(job) >= since)
        return tuple(_of(ready.order, job) for job in found)[::-1]

    def last_on_subject(self, ready: Ready) -> Job | None:
        """Return the data operation's newest run; None of a workflow, whose resets cannot be seen."""
        if not _is_launch(ready.order):
            return None
        jobs = self._last_page(*_operation(ready.order), FIRST).jobs
        return _of(ready.order, jobs[0]) if jobs else None

    def stop(self, job_id: str) -> None:
        """Raise ``Rejected``: the API has no such call (page 1.1)."""
        raise no_call(
            f"Tailer has no call that stops a run, so {job_id} goes on",
            "wait for its end, or stop it where it runs; switching its data operation off concerns later runs only",
        )

    def in_pool(self, pool: str) -> tuple[Job, ...]:
        """Return nothing: no limit refuses a launch, a run too many waits (page 2.2)."""
        return ()

    def slots(self, pool: str) -> int | None:
        """Return None: there is no such limit."""
        return None

    def jobs(self, query: JobQuery) -> Iterator[Job]:
        """Return runs, newest first: of one data operation (``type`` and ``id``), of a ``type``, or of every type.

        Raises ``Rejected``, before any call, for what Tailer cannot be asked.
        """
        asked = question(query)
        courses = (newest_first(self._ask(asked, type_), query.since) for type_ in asked.types)
        merged = heapq.merge(*courses, key=convert.age, reverse=True)
        return (job for job in merged if matches(query, job))

    def show(self, job_id: str) -> Job:
        """Return one run by its id alone, looked for in every type, those that can be launched first."""
        since = convert.earliest(job_id)
        for type_ in RUN_TYPES:
            for page in pages(partial(self._by_status_page, type_), since):
                for job in page.jobs:
                    if job.id == job_id:
                        return job
        raise ObjectNotFound(
            f"no data operation of account {self._connection.account} in {self._connection.environment} shows a run "
            f"{job_id}",
            hint="name its data operation, too (type and id): then Tailer is asked for just this run",
        )

    def nodes(self, job_id: str) -> tuple[Node, ...]:
        """Raise ``Rejected``: the API shows no parts of a run (page 1.1)."""
        raise no_call("Tailer shows no parts of a run", "its last status is all there is to see")

    def limits(self) -> tuple[Limit, ...]:
        """Return nothing: Tailer tells of no limit (page 3)."""
        return ()

    def server_time(self) -> datetime | None:
        """Return Tailer's own time in its last answer, None before the first."""
        return self._client.server_time

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    # -- the platform's own verbs --------------------------------------------------------------------------------------

    def check(self, type_: str, id: str, run_id: str, job_id: str | None = None) -> Job:
        """Return one run of a data operation. The job id is derived where its type allows (page 2.5)."""
        type_ = convert.documented_type(type_)
        job_id = job_id or convert.job_id(self._connection, type_, id)
        page = self._page(api.check_run_status(self._connection, type_, id, run_id, job_id))
        for job in page.jobs:
            if job.id == run_id:
                return job
        raise ObjectNotFound(
            f"Tailer shows no run {run_id} of {type_}:{id}",
            hint="check the run id, the data operation's id and its type; a fresh run may take a moment to appear",
        )

    def last_status(
        self,
        type_: str,
        id: str,
        *,
        job_id: str | None = None,
        execution_date: str | None = None,
        status: str | None = None,
        limit: int | None = None,
    ) -> tuple[Job, ...]:
        """Return the newest runs of a data operation, newest first; without a limit as many as Tailer likes."""
        return self._last_page(type_, id, limit, job_id=job_id, execution_date=execution_date, status=status).jobs

    def by_status(
        self, type_: str, *, status: str | None = None, execution_date: str | None = None, limit: int = FIRST
    ) -> tuple[Job, ...]:
        """Return the newest runs of a type, newest first."""
        return self._by_status_page(type_, limit, status=status, execution_date=execution_date).jobs

    def set_status(self, type_: str, id: str, run_id: str, status: str) -> None:
        """Set a run's status to one of ``SETTABLE``. See ``SUCCESS_WARNING`` for what SUCCESS may do."""
        if status not in SETTABLE:
            raise no_call(f"A run cannot be set to {status!r}", f"one of {', '.join(SETTABLE)}")
        type_ = convert.documented_type(type_)
        api.confirm(self._client.send(api.set_run_status(self._connection, type_, id, run_id, status)))

    # ------------------------------------------------------------------------------------------------------------------

    def _ask(self, asked: Question, type_: str) -> Ask:
        """Return the call that a question takes for one type, the number of rows still open."""
        date, status = asked.execution_date, asked.status
        if asked.id:
            return partial(self._last_page, type_, asked.id, execution_date=date, status=status)
        return partial(self._by_status_page, type_, execution_date=date, status=status)

    def _last_page(
        self,
        type_: str,
        id: str,
        limit: int | None,
        *,
        job_id: str | None = None,
        execution_date: str | None = None,
        status: str | None = None,
    ) -> Page:
        return self._page(
            api.get_last_status(
                self._connection,
                convert.documented_type(type_),
                id,
                job_id=job_id,
                execution_date=execution_date,
                status=status,
                limit=limit,
            )
        )

    def _by_status_page(
        self, type_: str, limit: int, *, status: str | None = None, execution_date: str | None = None
    ) -> Page:
        type_ = convert.documented_type(type_)
        return self._page(
            api.get_by_status(self._connection, type_, status=status, execution_date=execution_date, limit=limit)
        )

    def _page(self, request: Request) -> Page:
        """Return what a status call shows. A lost or garbled answer changed nothing, and its error says so."""
        answer = self._client.ask(request)
        rows = api.results(answer)
        try:
            jobs = [convert.from_row(row) for row in rows if not convert.is_elsewhere(row, self._connection)]
        except convert.Unintelligible as error:
            raise api.unreadable(f"Tailer shows {error}: {answer.excerpt()}", answer) from None
        return Page(tuple(sorted(jobs, key=convert.age, reverse=True)), len(rows))


def open_operator(
    name: str, connection: kinds.Connection, surroundings: Surroundings, timing: Timing | None = None
) -> TailerOperator:
    """Return an operator on this connection, whose client sends every request once. Makes no call yet."""
    settings = Settings.of(connection.base_url, connection)
    client = open_once_client(name, settings, api.login(connection), surroundings, timing=timing)
    return TailerOperator(connection, client)


def _is_launch(order: Order) -> bool:
    return order.operation == LAUNCH.name


def _operation(order: Order) -> tuple[str, str]:
    """Return type and id of the data operation that an order launches."""
    return str(order.settings["type"]), str(order.settings["id"])


def _of(order: Order, job: Job) -> Job:
    """Return the job as one of this order: it was asked for by type and id, however the row names its type."""
    return replace(job, operation=order.operation, target=order.target)
