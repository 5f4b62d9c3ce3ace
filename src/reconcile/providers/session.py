"""What a way to log in is, and the session of a connection: one token for all threads, renewed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from reconcile.core.errors import AuthFailed, PlatformError
from reconcile.providers.answer import Answer
from reconcile.providers.retry import Timing

# A token is renewed this many seconds before it ends, so that it does not end on its way.
MARGIN = 60.0
# How long, in seconds, an unreachable login is not tried again: hundreds of objects share one failure.
LOGIN_REST = 30.0
# Logins in a row of which none was ever accepted by the platform: the first, and the one renewal.
MOST_UNACCEPTED = 2


@dataclass(frozen=True, slots=True)
class Token:
    """What opens the platform: ``value``, sent as ``header: scheme value``.

    ``ends_at`` is seconds since 1970, or None when only a 401 tells. ``instance_url`` is where the login says that
    the platform is.
    """

    value: str = field(repr=False)
    header: str = "Authorization"
    scheme: str = "Bearer "
    ends_at: float | None = None
    instance_url: str | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What a login may use.

    ``base_url`` is the platform's address as configured, or None. ``post`` sends a form to a URL and returns the
    answer of any status that is not worth waiting for; ``run`` runs a program and returns what it printed; ``hide``
    is told every secret; ``tell`` shows a line to the user; ``now`` is seconds since 1970.
    """

    connection: str
    base_url: str | None
    environment: Mapping[str, str] = field(repr=False)
    post: Callable[[str, Mapping[str, str]], Answer]
    run: Callable[[tuple[str, ...]], str]
    hide: Callable[[str], None]
    tell: Callable[[str], None]
    now: Callable[[], float]


class Auth(Protocol):
    """One way to log in. Its ``repr`` shows no secret."""

    @property
    def renewable(self) -> bool:
        """Say whether another ``obtain`` can give a better token than the one before."""

    @property
    def advice(self) -> str:
        """What to check when the platform refuses the token."""

    def obtain(self, means: Means) -> Token:
        """Return a token. Raises ``AuthFailed`` when the login is refused. Never called by two threads at once."""


class Session:
    """The token of one connection, shared by its threads: obtained at the first need, renewed by one thread only."""

    def __init__(self, auth: Auth, means: Means, timing: Timing) -> None:
        self._auth = auth
        self._means = means
        self._timing = timing
        self._token: Token | None = None
        self._unaccepted = 0
        self._failure: PlatformError | None = None
        self._failed_at = 0.0
        self._lock = Lock()

    @property
    def advice(self) -> str:
        """What to check when the platform refuses the token."""
        return self._auth.advice

    def token(self) -> Token:
        """Return a token that has not ended, logging in if there is none. Raises what the login raised."""
        token = self._token
        if token is not None and not self._is_over(token):
            return token
        with self._lock:
            if self._token is None or self._is_over(self._token):
                self._token = self._login()
            return self._token

    def apply(self, headers: dict[str, str]) -> Token:
        """Put the credentials into ``headers`` and return the token they are."""
        token = self.token()
        headers[token.header] = token.scheme + token.value
        return token

    def renew(self, stale: Token) -> bool:
        """Replace a token that the platform refused; say whether there is another one to try.

        Threads that failed with the same token all get the one that the first of them obtained.
        """
        with self._lock:
            if self._token is not stale:
                return True
            # A login whose token is refused at once would be refused again: hundreds of objects must not become
            # hundreds of logins, which lock accounts.
            if not self._auth.renewable or self._unaccepted >= MOST_UNACCEPTED:
                return False
            self._means.tell("the session ended: logging in again")
            # Gone first: when the login fails, no further request goes out with the refused one.
            self._token = None
            self._token = self._login()
            return True

    def accepted(self, token: Token) -> None:
        """Note that the platform let a request with this token in."""
        if self._unaccepted and token is self._token:
            self._unaccepted = 0

    def _is_over(self, token: Token) -> bool:
        return token.ends_at is not None and self._timing.now() >= token.ends_at - MARGIN

    def _login(self) -> Token:
        self._raise_known_failure()
        try:
            token = self._auth.obtain(self._means)
        except PlatformError as error:
            self._failure, self._failed_at = error, self._timing.monotonic()
            raise
        self._failure = None
        self._unaccepted += 1
        return token

    def _raise_known_failure(self) -> None:
        failure = self._failure
        if failure is None:
            return
        if isinstance(failure, AuthFailed) or self._timing.monotonic() - self._failed_at < LOGIN_REST:
            # A new one each time: threads would pile their tracebacks onto a shared exception.
            said = failure.diagnostics[0]
            raise type(failure)(said.detail, hint=said.hint, status=failure.status, code=said.code)


def usable(value: object, what: str, means: Means) -> str:
    """Return a secret as it can stand in a header, and tell the redactor. Raises ``AuthFailed`` when it cannot.

    White space around it comes from files and variables.
    """
    value = value.strip() if isinstance(value, str) else ""
    means.hide(value)
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        found = "holds characters that no header can carry" if value else "is missing or empty"
        raise AuthFailed(f"{means.connection}: the {what} {found}", hint="check where it comes from")
    return value
