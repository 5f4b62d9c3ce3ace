"""Bytes to a platform and back: certificates, connections, and one exchange at a time."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock

import httpx

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import Refused, Unavailable
from reconcile.providers.answer import Answer
from reconcile.providers.base import Surroundings
from reconcile.providers.retry import Trouble
from reconcile.providers.settings import Settings
from reconcile.providers.url import proxy_for, without_secrets

# httpx logs each URL with its query at INFO, httpcore the headers at DEBUG: not even a user who turns logging up
# may find a secret there.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# Below the 5 seconds after which uvicorn and Node close idle connections: a request must not meet one that closes.
KEEP_ALIVE = 4.0

_SENT_NOTHING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_context_lock = Lock()


def ssl_context(ca_file: str | None, verify: bool) -> ssl.SSLContext:
    """Return the context for these settings, the same one each time: making one takes about 100 ms.

    Trusted are the bundle of ``certifi``, the system's store (company proxies), and ``ca_file``.
    Raises ``OSError`` (``ssl.SSLError`` is one) when ``ca_file`` cannot be used.
    """
    with _context_lock:
        return _make_context(ca_file, verify)


class Wire:
    """Pooled connections to one origin. Follows no redirect, keeps no cookie, reads no environment of its own.

    ``get_only`` refuses every other method below the client, so that no path through it can write. ``keep`` False
    opens a connection for each request: a pooled one may be closing, and would leave the fate of a request open
    that must not be sent twice.
    """

    def __init__(
        self,
        *,
        timeout: float,
        context: ssl.SSLContext | bool,
        connections: int,
        proxy: str | None = None,
        get_only: bool = False,
        keep: bool = True,
        redact: Callable[[str], str] = str,
    ) -> None:
        kind = _GetOnly if get_only else httpx.HTTPTransport
        limits = httpx.Limits(
            max_connections=connections,
            max_keepalive_connections=connections if keep else 0,
            keepalive_expiry=KEEP_ALIVE,
        )
        self._transport = kind(verify=context, trust_env=False, limits=limits, proxy=proxy)
        self._timeout = httpx.Timeout(timeout).as_dict()
        self._redact = redact

    def exchange(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None, place: str
    ) -> Answer:
        """Send one request and return the answer, whatever its status. Raises ``Trouble`` when there is none."""
        request = httpx.Request(method, url, headers=headers, content=body, extensions={"timeout": self._timeout})
        try:
            response = self._transport.handle_request(request)
            try:
                response.read()
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError) as error:
            # ``from None``: the cause holds the request, and with it the credentials.
            raise _trouble(error) from None
        return Answer(response.status_code, response.headers, response.text, place, self._redact)

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()


def open_wire(
    name: str, base: httpx.URL, settings: Settings, surroundings: Surroundings, *, get_only: bool, keep: bool
) -> Wire:
    """Return a wire to the platform at ``base``. Raises ``Unavailable`` when bundle or proxy cannot be used."""
    proxy = proxy_for(base, surroundings.environment)
    try:
        # Not even made for http: it takes 100 ms.
        context = ssl_context(settings.ca_file, settings.verify) if base.scheme == "https" or proxy else False
        if proxy:
            surroundings.redactor.add(httpx.URL(proxy).password)
        return Wire(
            timeout=settings.timeout,
            context=context,
            connections=settings.concurrency,
            proxy=proxy,
            get_only=get_only,
            keep=keep,
            redact=surroundings.redactor.clean,
        )
    except OSError as error:
        reason = "it holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise Unavailable(f"{name}: ca_file {settings.ca_file!r} cannot be used: {reason}") from None
    except (ValueError, ImportError, httpx.InvalidURL):
        raise Unavailable(
            f"{name}: the proxy {without_secrets(proxy or '')!r} of the environment cannot be used",
            hint="set HTTPS_PROXY to http://host:port, or NO_PROXY to this platform's host",
        ) from None


class _GetOnly(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            raise Refused(
                Diagnostic(
                    code="read-only",
                    summary="This connection only reads",
                    detail=f"{request.method} {request.url.path} was not sent.",
                    hint="this is a defect of the program: please report it",
                )
            )
        return super().handle_request(request)


@cache
def _make_context(ca_file: str | None, verify: bool) -> ssl.SSLContext:
    context = httpx.create_ssl_context(verify=verify, trust_env=False)
    if verify:
        context.load_default_certs()
        if ca_file:
            context.load_verify_locations(cafile=ca_file)
    return context


def _trouble(error: Exception) -> Trouble:
    trouble = Trouble(_reason(error), sent=not isinstance(error, _SENT_NOTHING))
    causes = _causes(error)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        trouble.final = True
        trouble.hint = (
            "if a company proxy or a private authority signed the certificate, name its bundle as ca_file; "
            "do not switch the check off"
        )
    elif any(isinstance(c, socket.gaierror) and c.errno == socket.EAI_NONAME for c in causes):
        trouble.final = True
        trouble.hint = "check the host in the connection's URL, and the network (VPN)"
    elif isinstance(error, httpx.ProxyError | httpx.UnsupportedProtocol | httpx.LocalProtocolError | RuntimeError):
        trouble.final = True
    return trouble


def _reason(error: Exception) -> str:
    """Return what happened, in our words where the library's could quote a header or a URL."""
    match error:
        case httpx.ConnectTimeout():
            return "no connection in time"
        case httpx.TimeoutException():
            return "no answer in time"
        case httpx.ConnectError():
            return f"no connection ({error})"
        case httpx.ProxyError():
            return f"the proxy refused ({error})"
        case httpx.LocalProtocolError():
            return "the request cannot be written as HTTP (a header with a line break?)"
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError() | httpx.CloseError():
            return "the connection was cut"
        case httpx.DecodingError():
            return "the answer cannot be decompressed"
        case _:
            return f"the request failed ({type(error).__name__})"


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found
