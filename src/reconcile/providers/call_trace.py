"""What is traced of a call: method, path without names, status, how often it was sent again; no body, no query."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from reconcile.core.trace import Span, Tracer
from reconcile.providers.answer import Answer
from reconcile.providers.retry import Patience, Rule, Trouble

# A word of the API itself, with or without capitals inside, or a version. Names of objects have digits, capitals in
# front, underscores or escapes in them; one that has none of these is taken for a word of the API.
_WORD = re.compile(r"[a-z]+(?:[A-Z][a-z]+)*(?:-[a-z]+)*|v[0-9]+(?:\.[0-9]+|beta[0-9]+)?|oauth2")


def route(path: str) -> str:
    """Return the path with ``{}`` for every part that names an object: ``/wave/asset/{}/schedule``."""
    return "/".join(part if not part or _WORD.fullmatch(part) else "{}" for part in path.split("/"))


def call_span(tracer: Tracer, connection: str, method: str, path: str) -> AbstractContextManager[Span]:
    """Return the span of one call, its repetitions and the waits between them included."""
    template = route(path)
    known = {"http.request.method": method, "url.template": template, "reconcile.connection": connection}
    return tracer.span(f"{method} {template}", known, calls_out=True)


def traced_run(span: Span, patience: Patience, attempt: Callable[[], Answer], place: str, rule: Rule) -> Answer:
    """Return what ``patience`` makes of the attempts, and note how that went. Raises the last ``Trouble``."""
    tries = 0

    def counted() -> Answer:
        nonlocal tries
        tries += 1
        return attempt()

    try:
        answer = patience.run(counted, place, rule)
    except Trouble as trouble:
        _tell(span, trouble.answer.status if trouble.answer else None, tries)
        span.fail(str(trouble.answer.status) if trouble.answer else "no_answer")
        raise
    _tell(span, answer.status, tries)
    return answer


def _tell(span: Span, status: int | None, tries: int) -> None:
    """Note the last answer's status, None for no answer, and how often the request was sent again."""
    if status is not None:
        span.set("http.response.status_code", status)
    span.set("http.request.resend_count", tries - 1)
