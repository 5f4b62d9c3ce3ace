"""The one way to speak HTTP with a platform: login, timeouts, retries, pacing, errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from threading import BoundedSemaphore, Event, Lock
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from reconcile import __version__
from reconcile.core.errors import AuthFailed, BadAnswer
from reconcile.core.lapse import readable
from reconcile.core.request import Request
from reconcile.providers import command
from reconcile.providers.answer import Answer
from reconcile.providers.base import Notice, Surroundings
from reconcile.providers.call_trace import call_span, traced_run
from reconcile.providers.pace import Pace
from reconcile.providers.retry import (
    LOGIN,
    ONE_SHOT,
    REPEATABLE,
    Patience,
    Rule,
    Timing,
    Trouble,
    moment_of,
    retry_after,
)
from reconcile.providers.session import Auth, Means, Session, Token
from reconcile.providers.settings import Settings, check_settings
from reconcile.providers.translate import Describe, Dialect, describe, platform_error
from reconcile.providers.transport import Wire, open_wire
from reconcile.providers.url import origin, url_problem, without_secrets

MOST_REDIRECTS = 3
# A pacing wait that is worth telling, in seconds; shorter ones are the normal flow.
TOLD_PACING = 2.0
# ``sf`` needs several seconds to start on a busy machine.
COMMAND_TIMEOUT = 60.0

_JSON = {"Content-Type": "application/json"}

__all__ = [
    "Answer",
    "ReadClient",
    "Settings",
    "Timing",
    "WriteClient",
    "open_once_client",
    "open_read_client",
    "open_write_client",
]

Client = TypeVar("Client", bound="ReadClient")


class ReadClient:
    """Reads one connection. It has no method that writes, and its transport refuses any method but GET."""

    _get_only = True

    def __init__(
        self,
        name: str,
        settings: Settings,
        auth: Auth,
        surroundings: Surroundings,
        dialect: Dialect,
        headers: Mapping[str, str],
        timing: Timing,
    ) -> None:
        self.name = name
        self._settings = settings
        self._surroundings = surroundings
        self._dialect = dialect
        self._headers = {"User-Agent": f"reconcile/{__version__}", "Accept": "application/json", **headers}
        self._closed = Event()
        self._pause = timing.pause or self._closed.wait
        self._patience = Patience(
            name,
            settings.attempts,
            settings.first_wait,
            settings.longest_wait,
            surroundings.notify,
            self._pause,
            timing,
        )
        self._pace = Pace(settings.requests_per_second, timing.monotonic)
        self._slots = BoundedSemaphore(settings.concurrency)
        self._session = Session(auth, self._means(timing), timing)
        self._lock = Lock()
        self._now = timing.now
        self._server_time: datetime | None = None
        self._base: httpx.URL | None = None
        self._wires: dict[bool, Wire] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server_time(self) -> datetime | None:
        """The platform's time (UTC, whole seconds) in its last answer; None before the first, or without ``Date``."""
        return self._server_time

    def login(self) -> Token:
        """Return what requests go out with now, logging in if there is none. Raises what the login raises."""
        return self._session.token()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """Return the answer (a success) to a GET of ``path`` below the base URL. Raises ``PlatformError``."""
        url = self._url(path)
        if params:
            url = url.copy_merge_params(dict(params))
        return self._call("GET", url, None, REPEATABLE)

    def get_page(self, link: str) -> Answer:
        """Return the answer to a GET of a link that the platform gave: a path from the root, or a whole URL.

        Raises ``PlatformError``; also when the link leads to another host, which gets nothing from us.
        """
        base = self._found_base()
        place = f"GET a next page ({self.name})"
        try:
            url = base.join(link)
        except (httpx.InvalidURL, ValueError):
            raise _bad_link(place, "a link that is no URL") from None
        if origin(url) != origin(base) or url.userinfo:
            raise _bad_link(place, f"a link to another host, {url.host!r}")
        return self._call("GET", url, None, REPEATABLE)

    def close(self) -> None:
        """Close the connections and end the waits. Safe to call twice.

        A request that is under way in another thread fails, at the latest after the timeout.
        """
        self._closed.set()
        with self._lock:
            for wire in self._wires.values():
                wire.close()
            self._wires.clear()

    def _call(self, method: str, url: httpx.URL, body: bytes | None, rule: Rule, *, harmless: bool = False) -> Answer:
        place = f"{method} {url.path} ({self.name})"
        try:
            return self._traced(method, url, lambda: self._attempt(method, url, body, rule, place), place, rule)
        except Trouble as trouble:
            error = platform_error(
                trouble,
                place,
                dialect=self._dialect,
                harmless=harmless or method == "GET",
                redact=self._surroundings.redactor.clean,
                login_hint=self._session.advice,
            )
            error.retry_after = retry_after(trouble.answer, self._now) if trouble.answer else None
            error.passes = not trouble.final
            raise error from None

    def _traced(self, method: str, url: httpx.URL, attempt: Callable[[], Answer], place: str, rule: Rule) -> Answer:
        with call_span(self._surroundings.tracer, self.name, method, url.path) as span:
            return traced_run(span, self._patience, attempt, place, rule)

    def _attempt(self, method: str, url: httpx.URL, body: bytes | None, rule: Rule, place: str) -> Answer:
        answer = self._followed(method, url, body, rule, place)
        if not answer.is_success:
            raise Trouble(str(answer.status), answer=answer)
        return answer

    def _followed(self, method: str, url: httpx.URL, body: bytes | None, rule: Rule, place: str) -> Answer:
        """Exchange, and follow a few redirects of a GET on the very same origin."""
        for _ in range(MOST_REDIRECTS):
            answer = self._authorised(method, url, body, rule, place)
            target = _redirect(answer, url) if method == "GET" else None
            if target is None:
                return answer
            url = target
        return self._authorised(method, url, body, rule, place)

    def _authorised(self, method: str, url: httpx.URL, body: bytes | None, rule: Rule, place: str) -> Answer:
        """Exchange with credentials; after a 401, which means that nothing happened, once more with a new token."""
        headers = dict(self._headers) if body is None else self._headers | _JSON
        token = self._session.apply(headers)
        answer = self._exchange(method, url, headers, body, rule, place)
        if answer.status == 401 and self._session.renew(token):
            token = self._session.apply(headers)
            answer = self._exchange(method, url, headers, body, rule, place)
        if answer.status < 400:
            self._session.accepted(token)
        return answer

    def _exchange(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None, rule: Rule, place: str
    ) -> Answer:
        with self._slots:
            self._keep_pace(place)
            answer = self._wire(keep=rule is REPEATABLE).exchange(method, url, headers, body, place)
        self._server_time = moment_of(answer.headers.get("Date", "")) or self._server_time
        return answer

    def _keep_pace(self, place: str) -> None:
        seconds = self._pace.reserve()
        if seconds >= TOLD_PACING:
            text = f"{place}: waiting {readable(seconds)} to keep to requests_per_second"
            self._surroundings.notify(Notice(self.name, text, seconds))
        if seconds:
            self._pause(seconds)

    def _url(self, path: str) -> httpx.URL:
        base = self._found_base()
        try:
            # With a slash of ours in between, no path can become part of the host.
            return httpx.URL(f"{str(base).rstrip('/')}/{path.lstrip('/')}")
        except httpx.InvalidURL:
            raise ValueError(f"no path: {path!r}") from None

    def _found_base(self) -> httpx.URL:
        """Return the configured base URL, or the one that the login gives."""
        if self._base is None:
            url = self._settings.base_url or self._session.token().instance_url
            problem = url_problem(url) if url else "the login did not say where the platform is"
            if problem:
                shown_url = f" {without_secrets(url)!r}" if url else ""
                raise AuthFailed(
                    f"{self.name}: the address from the login{shown_url} cannot be used: {problem}",
                    hint="set instance_url for this connection",
                )
            self._base = httpx.URL(url or "")
        return self._base

    def _wire(self, *, keep: bool) -> Wire:
        wire = self._wires.get(keep)
        if wire is not None:
            return wire
        with self._lock:
            if self._closed.is_set():
                raise Trouble("the connection was closed by us", sent=False, final=True)
            if keep not in self._wires:
                self._wires[keep] = open_wire(
                    self.name,
                    self._found_base(),
                    self._settings,
                    self._surroundings,
                    get_only=self._get_only,
                    keep=keep,
                )
            return self._wires[keep]

    def _means(self, timing: Timing) -> Means:
        environment = self._surroundings.environment
        return Means(
            connection=self.name,
            base_url=self._settings.base_url,
            environment=environment,
            post=self._login_post,
            run=lambda argv: command.run(argv, environment, COMMAND_TIMEOUT),
            hide=self._surroundings.redactor.add,
            tell=lambda text: self._surroundings.notify(Notice(self.name, text)),
            now=timing.now,
        )

    def _login_post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Send a form to a login, over a wire of its own: the one that reads can not send a POST."""
        target = _login_url(self.name, url)
        place = f"POST {target.path} ({self.name}, login)"
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        body = str(httpx.QueryParams(dict(form))).encode()
        wire = open_wire(self.name, target, self._settings, self._surroundings, get_only=False, keep=False)

        def attempt() -> Answer:
            answer = wire.exchange("POST", target, headers, body, place)
            if answer.status == 429 or answer.status >= 500:
                raise Trouble(str(answer.status), answer=answer)
            return answer

        try:
            return self._traced("POST", target, attempt, place, LOGIN)
        except Trouble as trouble:
            clean = self._surroundings.redactor.clean
            raise platform_error(trouble, place, dialect=Dialect(), harmless=True, redact=clean) from None
        finally:
            wire.close()


class WriteClient(ReadClient):
    """Reads and writes one connection."""

    _get_only = False

    def send(self, request: Request) -> Answer:
        """Make the call and return the answer (a success).

        A repeatable request is sent again after what may pass; a one-shot only when it certainly had no effect.
        Raises ``PlatformError``, whose ``may_have_happened`` says whether the effect is possible all the same.
        """
        rule = REPEATABLE if request.repeatable else ONE_SHOT
        return self._call(request.method, self._url(request.path), _encoded(request.body), rule)

    def ask(self, request: Request) -> Answer:
        """Make a call that only reads, whatever its method, and return the answer (a success).

        It is sent again as a GET is, and no error of it says that anything may have happened.
        """
        return self._call(request.method, self._url(request.path), _encoded(request.body), REPEATABLE, harmless=True)


def open_read_client(
    name: str,
    settings: Settings,
    auth: Auth,
    surroundings: Surroundings,
    *,
    describe: Describe = describe,
    limits: frozenset[str] = frozenset(),
    headers: Mapping[str, str] | None = None,
    timing: Timing | None = None,
) -> ReadClient:
    """Return what reads the connection ``name``. Makes no call and opens nothing yet.

    ``describe`` finds code and words in the platform's error bodies, ``limits`` are the codes that mean a limit
    whatever the status, ``headers`` go with every request. Raises ``ConfigError`` when the settings are unusable.
    """
    return _open(ReadClient, name, settings, auth, surroundings, Dialect(describe, limits), headers, timing)


def open_write_client(
    name: str,
    settings: Settings,
    auth: Auth,
    surroundings: Surroundings,
    *,
    describe: Describe = describe,
    limits: frozenset[str] = frozenset(),
    headers: Mapping[str, str] | None = None,
    timing: Timing | None = None,
) -> WriteClient:
    """Return what reads and writes the connection ``name``; otherwise as ``open_read_client``."""
    return _open(WriteClient, name, settings, auth, surroundings, Dialect(describe, limits), headers, timing)


def open_once_client(
    name: str,
    settings: Settings,
    auth: Auth,
    surroundings: Surroundings,
    *,
    describe: Describe = describe,
    limits: frozenset[str] = frozenset(),
    headers: Mapping[str, str] | None = None,
    timing: Timing | None = None,
) -> WriteClient:
    """Return what reads and writes the connection ``name`` and sends every request once: whoever calls waits.

    Otherwise as ``open_read_client``. For jobs, whose waits are long and whose starts must not be repeated blindly.
    """
    dialect = Dialect(describe, limits)
    return _open(WriteClient, name, replace(settings, attempts=1), auth, surroundings, dialect, headers, timing)


def _open(
    kind: type[Client],
    name: str,
    settings: Settings,
    auth: Auth,
    surroundings: Surroundings,
    dialect: Dialect,
    headers: Mapping[str, str] | None,
    timing: Timing | None,
) -> Client:
    check_settings(name, settings)
    if not settings.verify:
        surroundings.notify(
            Notice(name, "certificates are NOT checked (verify: false): anybody on the way can read the credentials")
        )
    return kind(name, settings, auth, surroundings, dialect, headers or {}, timing or Timing())


def _login_url(name: str, url: str) -> httpx.URL:
    problem = url_problem(url)
    if problem:
        raise AuthFailed(f"{name}: the login URL {without_secrets(url)!r} is refused: {problem}")
    return httpx.URL(url)


def _encoded(body: Mapping[str, Any] | None) -> bytes | None:
    if body is None:
        return None
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _redirect(answer: Answer, url: httpx.URL) -> httpx.URL | None:
    """Return where the answer sends us, if that is the very same origin."""
    if answer.status not in {301, 302, 303, 307, 308}:
        return None
    try:
        target = url.join(answer.headers.get("Location", ""))
    except (httpx.InvalidURL, ValueError):
        return None
    return target if origin(target) == origin(url) and not target.userinfo else None


def _bad_link(place: str, what: str) -> BadAnswer:
    error = BadAnswer(f"{place}: the platform's list continues with {what}; nothing was sent there")
    error.may_have_happened = False
    return error
