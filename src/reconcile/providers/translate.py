"""From what went wrong on the wire to the errors of ``core.errors``: the one border, and a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconcile.core.errors import (
    AnswerLost,
    AuthFailed,
    BadAnswer,
    Forbidden,
    LimitReached,
    ObjectNotFound,
    PlatformError,
    Rejected,
    Unavailable,
)
from reconcile.core.lapse import readable
from reconcile.providers.answer import Answer, shown
from reconcile.providers.retry import Trouble
from reconcile.providers.url import without_secrets

Describe = Callable[[Answer], tuple[str | None, str]]

# What an answer means when waiting is over. Any other 4xx is Rejected; 408 and 5xx depend on whether the request
# could have had an effect, and anything else is no answer of an API.
MEANING: Mapping[int, type[PlatformError]] = {
    400: Rejected,
    401: AuthFailed,
    403: Forbidden,
    404: ObjectNotFound,
    405: Rejected,
    409: Rejected,
    410: Rejected,
    412: Rejected,
    415: Rejected,
    422: Rejected,
    429: LimitReached,
    501: Rejected,
}


def describe(answer: Answer) -> tuple[str | None, str]:
    """Return the code (or None) and the words of an error body in one of the shapes that most platforms use.

    ``[{"errorCode", "message"}]`` (Salesforce), ``{"message"}`` with ``code`` or ``statusCode`` (gRPC gateway, Tamr,
    Google endpoints), ``{"error", "error_description"}`` (OAuth), ``{"error": {"code", "message"}}``,
    ``{"Errors": [{"description"}]}``. Anything else: the beginning of the body as plain text.
    """
    body = _parsed(answer)
    if isinstance(body, dict) and isinstance(body.get("Errors"), list):
        body = body["Errors"]
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    if not isinstance(body, dict):
        return None, answer.excerpt()
    code = _text(body, "errorCode") or _text(body, "error") or _text(body, "code") or None
    words = _text(body, "message") or _text(body, "error_description") or _text(body, "description")
    return code, words or ("" if code else answer.excerpt())


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one platform speaks of errors.

    ``describe`` returns the code (or None) and the words in an answer's body, ``limits`` are the codes that mean a
    limit whatever the status (Salesforce: 403 ``REQUEST_LIMIT_EXCEEDED``).
    """

    describe: Describe = describe
    limits: frozenset[str] = frozenset()


def platform_error(
    trouble: Trouble,
    place: str,
    *,
    dialect: Dialect,
    harmless: bool,
    redact: Callable[[str], str],
    login_hint: str = "",
) -> PlatformError:
    """Return the error that a failed request means. ``harmless`` says that it could not have had an effect anyway."""
    doubtful = trouble.may_have_happened and not harmless
    if trouble.answer is None:
        return _without_answer(trouble, place, doubtful, redact)
    code, words = dialect.describe(trouble.answer)
    kind = _meaning(trouble, code, dialect, doubtful)
    return _composed(
        kind,
        trouble,
        f"{place}: {_said(trouble.answer, code, shown(redact(words)))}",
        doubtful,
        hint=_hint(kind, trouble, login_hint),
    )


def _without_answer(trouble: Trouble, place: str, doubtful: bool, redact: Callable[[str], str]) -> PlatformError:
    kind = AnswerLost if doubtful else Unavailable
    return _composed(
        kind, trouble, f"{place}: {shown(redact(trouble.reason))}", doubtful, hint=_hint(kind, trouble, "")
    )


def _meaning(trouble: Trouble, code: str | None, dialect: Dialect, doubtful: bool) -> type[PlatformError]:
    assert trouble.answer is not None  # noqa: S101 - for the type checker; the caller looked
    status = trouble.answer.status
    if code in dialect.limits:
        return LimitReached
    if 300 <= status < 400:
        return Rejected
    if status not in MEANING and (status == 408 or status >= 500):
        return AnswerLost if doubtful else Unavailable
    if status == 429 and doubtful:
        # The last word was "too many", but an attempt before it may have gone through.
        return AnswerLost
    return MEANING.get(status, Rejected if 400 <= status < 500 else BadAnswer)


def _composed(kind: type[PlatformError], trouble: Trouble, detail: str, doubtful: bool, hint: str) -> PlatformError:
    if trouble.asked is not None:
        detail += f"; it asks to wait {readable(trouble.asked)}, longer than this connection waits"
    elif trouble.attempts > 1:
        detail += f" (after {trouble.attempts} attempts)"
    if doubtful and not kind.may_have_happened:
        detail += "; an earlier attempt had no clear answer, so its effect is possible"
    status = trouble.answer.status if trouble.answer else None
    error = kind(detail, hint=hint, status=status, code="redirected" if status and 300 <= status < 400 else None)
    error.may_have_happened = doubtful
    return error


def _said(answer: Answer, code: str | None, words: str) -> str:
    target = answer.headers.get("Location")
    if 300 <= answer.status < 400 and target:
        return f"{answer.status}, a redirect to {shown(without_secrets(target))!r} that is not followed"
    head = f"{answer.status} {code}" if code and code != str(answer.status) else str(answer.status)
    return f"{head}: {words}" if words else f"{head}, without a word"


def _hint(kind: type[PlatformError], trouble: Trouble, login_hint: str) -> str:
    if trouble.hint:
        return trouble.hint
    if kind is AuthFailed:
        return login_hint
    if kind is AnswerLost:
        return "run plan: it shows whether the change arrived"
    if kind is LimitReached:
        return "try again later, or lower requests_per_second or concurrency of this connection"
    if kind is Forbidden:
        return "check the permissions of the user that this connection logs in as"
    return ""


def _parsed(answer: Answer) -> Any:
    try:
        return json.loads(answer.text)
    except (ValueError, RecursionError):
        return None


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)
