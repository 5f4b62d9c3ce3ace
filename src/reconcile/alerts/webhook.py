"""A POST of JSON, signed. The standard library's client: one request now and then needs no pool.

The signature covers time and body, so that neither can be changed and nobody can send an old message again::

    X-Reconcile-Timestamp: 1764060000
    X-Reconcile-Signature: v1=<HMAC-SHA256 of "<timestamp>.<body>" with the secret, hexadecimal>
    X-Reconcile-Delivery: <id of the message, the same when it is sent again>

A redirect is not followed: whoever answers with one is not who the message was signed for. Certificates are checked;
``SSL_CERT_FILE`` names others to trust. Proxies are those of the environment.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from reconcile import __version__
from reconcile.alerts.deadline import Deadline
from reconcile.alerts.message import Message, document
from reconcile.alerts.send import NotDelivered, Ways
from reconcile.core.alert import WebhookSink

ATTEMPTS = 3
# Waited when the other side does not say how long, in seconds; the second time twice as long.
PAUSE = 1.0
# However long the other side asks us to wait: whoever checks drift is not kept for longer.
LONGEST_PAUSE = 30.0

_AGAIN = frozenset({429, 500, 502, 503, 504})


def post(message: Message, sink: WebhookSink, ways: Ways) -> None:
    """POST a message, up to three times where waiting may help. Raises ``NotDelivered``.

    Who receives it may get it twice, when an answer is lost; ``X-Reconcile-Delivery`` is the same then.
    """
    body = json.dumps(document(message), ensure_ascii=False).encode(errors="replace")
    for attempt in range(ATTEMPTS):
        try:
            _once(message.id, body, sink, ways)
        except _Refusal as refusal:
            pause = refusal.pause(PAUSE * 2**attempt, ways.now())
            if pause is None or attempt == ATTEMPTS - 1:
                raise NotDelivered(_shown(str(refusal), sink)) from None
            ways.sleep(pause)
        else:
            return


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what ``X-Reconcile-Signature`` says: ``v1=`` and 64 hexadecimal digits."""
    # Bytes of the environment that are no UTF-8 are signed with as they are.
    key = secret.encode(errors="surrogateescape")
    digits = hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"v1={digits}"


class _Refusal(Exception):
    """An attempt that failed; ``may_pass`` says whether another one may do."""

    def __init__(self, reason: str, *, may_pass: bool = True, retry_after: str | None = None) -> None:
        super().__init__(reason)
        self._may_pass, self._retry_after = may_pass, retry_after

    def pause(self, usual: float, now: float) -> float | None:
        """Return the seconds to wait before the next attempt; None when there is no use in one."""
        if not self._may_pass:
            return None
        asked = _seconds(self._retry_after, now)
        return min(usual if asked is None else asked, LONGEST_PAUSE)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


def _once(id: str, body: bytes, sink: WebhookSink, ways: Ways) -> None:
    timestamp = str(int(ways.now()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"reconcile/{__version__}",
        "X-Reconcile-Delivery": id,
        "X-Reconcile-Timestamp": timestamp,
    }
    if sink.secret:
        headers["X-Reconcile-Signature"] = signature(sink.secret, timestamp, body)
    deadline = Deadline()
    try:
        request = urllib.request.Request(sink.url, body, headers, method="POST")  # noqa: S310 - http(s): config checks
        with deadline.within(sink.timeout), _opener(sink.url, deadline).open(request, timeout=sink.timeout):
            pass
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise _unreached(TimeoutError() if deadline.is_over else reason) from None


def _opener(url: str, deadline: Deadline) -> urllib.request.OpenerDirector:
    handlers: list[Any] = [_NoRedirect(), *deadline.handlers()]
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host == "::1" or host.startswith("127."):
        handlers.append(urllib.request.ProxyHandler({}))  # no proxy leads back to this machine
    return urllib.request.build_opener(*handlers)


def _refused(error: urllib.error.HTTPError) -> _Refusal:
    if 300 <= error.code < 400:
        reason = f"it answers {error.code}, a redirect, which is not followed: name the place it leads to"
        return _Refusal(reason, may_pass=False)
    words = http.client.responses.get(error.code, "")
    return _Refusal(
        f"it answers {error.code} {words}".rstrip(),
        may_pass=error.code in _AGAIN,
        retry_after=error.headers.get("Retry-After") if error.code in (429, 503) else None,
    )


def _unreached(reason: object) -> _Refusal:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return _Refusal(f"its certificate is not trusted: {reason.verify_message}", may_pass=False)
    if isinstance(reason, TimeoutError):
        return _Refusal("no answer in time")
    if isinstance(reason, OSError) and reason.strerror:
        return _Refusal(reason.strerror)
    return _Refusal(f"no usable answer ({type(reason).__name__})", may_pass=not isinstance(reason, ValueError))


def _seconds(retry_after: str | None, now: float) -> float | None:
    """Return how long to wait by a ``Retry-After`` header: seconds, or a date. None when it says nothing."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return max(0.0, (found - datetime.fromtimestamp(now, UTC)).total_seconds())


def _shown(reason: str, sink: WebhookSink) -> str:
    """Return the reason with the host, and no more of the URL: its path often is the secret."""
    try:
        host = urlsplit(sink.url).hostname or ""
    except ValueError:
        host = ""
    return f"{host}: {reason}" if host else reason
