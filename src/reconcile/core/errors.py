"""What can go wrong, as one tree.

::

    ReconcileError                 something failed; holds one or more diagnostics
    ├── ConfigError                the files: nothing was read from or sent to a platform
    ├── Refused                    we will not do it, and nothing was changed
    │   └── LockHeld               another run holds the lock
    ├── StateError                 the record of what we applied
    │   ├── StateDamaged           it cannot be read
    │   ├── StateTooNew            a newer version of the program wrote it
    │   └── StateMoved             somebody else recorded meanwhile
    └── PlatformError              an answer, or no answer, from a platform
        ├── AuthFailed             login refused, or session refused after a new login
        ├── Forbidden              logged in, not allowed
        ├── ObjectNotFound         the platform does not know this object
        ├── Rejected               the platform refused the content of the request
        ├── LimitReached           too many requests, and waiting did not help
        ├── Unavailable            no answer, and the request certainly had no effect
        ├── AnswerLost             no (usable) answer, and the request may have had its effect
        └── BadAnswer              an answer that is not what this API answers

Every class takes facts and composes the words; ``diagnostics`` is what a border shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconcile.core.diagnostic import Diagnostic, in_order
from reconcile.core.source import Span


class ReconcileError(Exception):
    """Something failed. ``diagnostics`` (never empty) says what, where, and the way out."""

    code = "failed"

    def __init__(self, diagnostics: Diagnostic | Sequence[Diagnostic]) -> None:
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = in_order(found)
        super().__init__("; ".join(_line(d) for d in self.diagnostics))

    def __reduce__(self) -> tuple[object, ...]:
        """Return how it is made again, copied or in another process: as it is, not from the facts it was made of."""
        return _again, (type(self), self.args), self.__dict__

    def located(self, span: Span | None, address: str | None) -> tuple[Diagnostic, ...]:
        """Return the diagnostics with a place and an address where they have none of their own."""
        return tuple(replace(d, span=d.span or span, address=d.address or address) for d in self.diagnostics)


class ConfigError(ReconcileError):
    """The files are wrong. Holds every error of every file."""


class Refused(ReconcileError):
    """We will not do it, and nothing was changed. The hint says what would allow it."""


class LockHeld(Refused):
    """Another run holds the lock on this state."""


class StateError(ReconcileError):
    """The record of what we applied cannot be used."""


class StateDamaged(StateError):
    """A state file cannot be read; nothing was written."""


class StateTooNew(StateError):
    """A newer version of the program wrote the state; nothing was written."""


class StateMoved(StateError):
    """Somebody else recorded since we read."""


class PlatformError(ReconcileError):
    """An answer, or no answer, from a platform.

    ``status`` is the HTTP status, or None when there was no answer. ``may_have_happened`` says whether the request
    can have had its effect all the same. ``retry_after`` is the seconds that the platform asks to wait, if it does;
    ``passes`` whether it may pass by itself (no host of this name does not).
    """

    code = "platform-error"
    summary = "The platform did not do it"
    may_have_happened = False
    retry_after: float | None = None
    passes: bool = True

    def __init__(
        self,
        detail: str,
        *,
        hint: str = "",
        status: int | None = None,
        code: str | None = None,
        summary: str | None = None,
    ) -> None:
        self.status = status
        super().__init__(Diagnostic(code=code or self.code, summary=summary or self.summary, detail=detail, hint=hint))


class AuthFailed(PlatformError):
    """Login refused, or the session was refused again after a new login."""

    code = "auth-failed"
    summary = "Login failed"


class Forbidden(PlatformError):
    """Logged in, but not allowed."""

    code = "forbidden"
    summary = "Not allowed"


class ObjectNotFound(PlatformError):
    """The platform does not know this object, or this user may not see it."""

    code = "not-found"
    summary = "Not found on the platform"


class Rejected(PlatformError):
    """The platform refused the content of the request."""

    code = "rejected"
    summary = "The platform refused the request"


class LimitReached(PlatformError):
    """Too many requests, and waiting did not help."""

    code = "limit-reached"
    summary = "The platform's limit is reached"


class Unavailable(PlatformError):
    """No answer, and the request certainly had no effect."""

    code = "unavailable"
    summary = "The platform is not available"


class AnswerLost(PlatformError):
    """No usable answer: the request may or may not have had its effect."""

    code = "answer-lost"
    summary = "The answer was lost"
    may_have_happened = True


class BadAnswer(PlatformError):
    """An answer that is not what this API answers; a write may have had its effect."""

    code = "bad-answer"
    summary = "The answer makes no sense"
    may_have_happened = True


def _again(kind: type[ReconcileError], args: tuple[object, ...]) -> ReconcileError:
    return kind.__new__(kind, *args)


def _line(diagnostic: Diagnostic) -> str:
    place = f"{diagnostic.span}: " if diagnostic.span else ""
    tail = f": {diagnostic.detail}" if diagnostic.detail else ""
    return f"{place}{diagnostic.summary}{tail}"
