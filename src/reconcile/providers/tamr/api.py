"""Tamr's four calls (platform page 1.2), and what an answer must look like to be believed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from reconcile.core.errors import AnswerLost, BadAnswer, ObjectNotFound, PlatformError, Rejected
from reconcile.core.operation import Order
from reconcile.core.request import Request
from reconcile.providers.answer import Answer
from reconcile.providers.http import WriteClient
from reconcile.providers.tamr.convert import Seen, configuration_of, seen_job
from reconcile.providers.tamr.filter import Condition

JOBS = "/api/v1beta1/jobs"
# The largest page there is (page 1.6).
PAGE_SIZE = 30
# Pages that one question may cost. More is a list that does not end, or one that says nothing useful any more.
MOST_PAGES = 100
# Pages that somebody who asked for everything may be shown.
MOST_PAGES_OF_ALL = 10_000
# Without the filter, jobs of this age are still looked through for one that is not over.
LONGEST_JOB = timedelta(days=7)
# As ``back_to``: only what may be under way matters.
NOW = datetime.max.replace(tzinfo=UTC)

_UI = "Tamr has no call that lists them: copy ids from its pages; that of a publish configuration is its exact name"
_CREATE_HINTS = {
    400: _UI,
    404: _UI,
    409: "another job on the same object may be under way: list the jobs of this connection",
    429: "as many jobs are under way as the tenant allows at once, those of other people included: try again later",
}


class Api:
    """The calls on one tenant, each made once. Remembers whether the tenant's lists can be filtered."""

    def __init__(self, client: WriteClient) -> None:
        self._client = client
        # Tenants that have no ``filter`` yet (page 1.6) refuse it or, as unknown parameters may be, ignore it.
        self._filters = True

    def create(self, request: Request) -> Seen:
        """Start a job and return it. Of the errors, only ``may_have_happened`` says whether there may be one."""
        try:
            answer = self._client.send(request)
        except AnswerLost as error:
            raise _hinted(error, "list the jobs of this connection: that shows whether it was started") from None
        except PlatformError as error:
            raise _hinted(error, _CREATE_HINTS.get(error.status or 0, "")) from None
        return _seen(answer.json(), answer)

    def job(self, job_id: str) -> Seen:
        """Return one job. Raises ``ObjectNotFound``."""
        with _reading():
            answer = self._client.get(_path(job_id))
            seen = _seen(answer.json(), answer)
            if seen.job.id != job_id:
                raise BadAnswer(f"{answer.place}: the answer is about another job, {seen.job.id}", status=answer.status)
        return seen

    def stop(self, job_id: str) -> None:
        """Ask for a job to be stopped. Nothing happens to one that is over, so it may be repeated (page 1.5)."""
        try:
            self._client.send(Request("POST", f"{_path(job_id)}:stop", {}))
        except AnswerLost as error:
            raise _hinted(error, "look at the job, or stop it again: stopping twice does no harm") from None

    def pages(
        self, condition: Condition, *, back_to: datetime | None = None, most: int = MOST_PAGES, strict: bool = False
    ) -> Iterator[tuple[Seen, ...]]:
        """Yield pages, newest first, that hold every job that fits the condition, others, and maybe some jobs twice.

        Where the tenant does not filter, the list is read until a page holds only jobs that are over and were made
        before ``back_to`` and a week before the newest of all; None reads it to its end. ``strict`` raises
        ``Rejected`` instead, for a condition that cannot be tested here. Raises ``BadAnswer`` after ``most`` pages.
        """
        if strict and not self._filters:
            raise _without_filter()
        if self._filters and condition.text:
            if (yield from self._filtered(condition, most, strict)):
                return
            self._filters = False
        yield from self._recent(back_to, most)

    def _filtered(self, condition: Condition, most: int, strict: bool) -> Generator[tuple[Seen, ...], None, bool]:
        """Yield the pages that the tenant filtered. Return whether it did."""
        pages = self._listed(condition.text, most)
        try:
            page = next(pages, None)
        except Rejected as error:
            if error.status != 400:
                raise
            if strict:
                raise _hinted(error, "check the expression; a tenant without the filter refuses all of them") from None
            return False
        while page is not None:
            if not all(condition.fits(seen) for seen in page):
                if strict:
                    raise _without_filter()
                return False
            yield page
            page = next(pages, None)
        return True

    def _recent(self, back_to: datetime | None, most: int) -> Iterator[tuple[Seen, ...]]:
        newest: datetime | None = None
        for page in self._listed("", most):
            yield page
            times = [seen.created for seen in page if seen.created is not None]
            newest = max([*times, newest] if newest else times, default=None)
            if back_to is None or newest is None or not page:
                continue
            # Counted from the newest job and not from now: no clock has to be right.
            horizon = min(back_to, newest - LONGEST_JOB)
            if len(times) == len(page) and max(times) < horizon and all(seen.job.is_over for seen in page):
                return

    def _listed(self, text: str, most: int) -> Iterator[tuple[Seen, ...]]:
        """Yield the pages of a list to its end. A page that fails raises: the list is never just shorter."""
        params: dict[str, str | int] = {"pageSize": PAGE_SIZE} | ({"filter": text} if text else {})
        known = {""}
        for _ in range(most):
            with _reading():
                answer = self._client.get(JOBS, params)
                page, token = _page(answer)
            yield page
            if not token:
                return
            if token in known:
                raise _endless(answer, "its next page is one that was read already")
            known.add(token)
            params["pageToken"] = token
        raise _endless(answer, f"it does not end within {most} pages of {PAGE_SIZE}")


def create_request(order: Order) -> Request:
    """Return the call that starts the work. There is no way to repeat it safely (page 1.8)."""
    return Request("POST", JOBS, {"configuration": configuration_of(order)}, repeatable=False)


def _path(job_id: str) -> str:
    """Return the path of a job. Raises ``ObjectNotFound`` for what cannot be one part of a path."""
    if not job_id.strip() or not job_id.isprintable() or job_id in {".", ".."}:
        raise ObjectNotFound(f"no job can have the id {job_id!r}")
    return f"{JOBS}/{quote(job_id, safe='')}"


def _page(answer: Answer) -> tuple[tuple[Seen, ...], str]:
    """Return the jobs of a page and the token of the next one, "" when there is none.

    An empty list may be left out (proto3 JSON), but what says anything of an error is no empty list.
    """
    body = answer.json()
    if not isinstance(body, dict):
        raise BadAnswer(f"{answer.place}: expected a list of jobs, got {answer.excerpt()}", status=answer.status)
    jobs = body.get("jobs")
    if jobs is None and not body.keys() & {"message", "error", "code", "statusCode"}:
        jobs = []
    token = body.get("nextPageToken") or body.get("next_page_token") or ""
    if not isinstance(jobs, list) or not isinstance(token, str):
        raise BadAnswer(f"{answer.place}: expected a list of jobs, got {answer.excerpt()}", status=answer.status)
    return tuple(_seen(each, answer) for each in jobs), token


def _seen(payload: Any, answer: Answer) -> Seen:
    try:
        return seen_job(payload)
    except ValueError as error:
        raise BadAnswer(f"{answer.place}: {error}: {answer.excerpt()}", status=answer.status) from None


@contextmanager
def _reading() -> Iterator[None]:
    """Mark every strange answer as one to a question: it changed nothing."""
    try:
        yield
    except BadAnswer as error:
        error.may_have_happened = False
        raise


def _endless(answer: Answer, what: str) -> BadAnswer:
    error = BadAnswer(f"{answer.place}: the list of jobs cannot be read whole: {what}", status=answer.status)
    error.may_have_happened = False
    return error


def _without_filter() -> Rejected:
    return Rejected(
        "this tenant does not apply the filter expression",
        hint="leave the expression out: operation, ids, states and times are compared here where Tamr cannot",
    )


def _hinted(error: PlatformError, hint: str) -> PlatformError:
    """Return the same error with a hint of ours, if there is one."""
    if hint:
        error.diagnostics = tuple(replace(each, hint=hint) for each in error.diagnostics)
    return error
