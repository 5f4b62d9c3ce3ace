"""What a cloud store answered when it did not do what it was asked, read from the text of obstore's error.

obstore hands on HTTP status and body in words only. Nothing of them is shown but the store's own code and message:
addresses and bodies hold signatures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Case(StrEnum):
    """What an answer means for us, whichever store gave it."""

    KEY_MISSING = "key missing"
    KEY_TAKEN = "key taken"
    CONFLICT = "conflict"
    PLACE_MISSING = "place missing"
    FORBIDDEN = "forbidden"
    SIGNED_OUT = "signed out"
    REFUSED = "refused"
    CLOCK = "clock"
    REGION = "region"
    BUSY = "busy"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    NOT_OFFERED = "not offered"
    OTHER = "other"


# What may be gone when the same is asked again.
PASSING = frozenset({Case.CONFLICT, Case.BUSY, Case.BROKEN, Case.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``reason`` is one line, free of secrets; ``host`` is whom we asked, empty when that is hidden."""

    case: Case
    reason: str
    host: str = ""


def answer_of(error: BaseException) -> Answer:
    """Return what an exception of obstore's means."""
    text, _, details = str(error).partition("\n\nDebug source:")
    host = found[1] if (found := _HOST.search(text)) else ""
    if found := _PROVIDER.search(text):
        case = Case.UNREACHABLE if _NO_LOGIN_SERVER.search(found[1]) else Case.REFUSED
        return Answer(case, _one_line(found[2]))
    if _LOGIN_HOST.search(host) or _LOGIN_TEXT.search(text.partition("status code")[0]):
        return _of_login(text, details, host)
    if found := _BATCH.search(text):
        return _of_status(int(found[2]), "", _one_line(found[1]), host)
    if found := _STATUS.search(text):
        code, message = _body(text[found.end() :])
        return _of_status(int(found[1]), code, message, host)
    if "without LOCATION" in text:
        return Answer(Case.REGION, "the store sends us to another region", host)
    if "HTTP error" in text or "HttpError" in details:
        return Answer(Case.UNREACHABLE, _no_connection(details), host)
    return Answer(Case.OTHER, _one_line(text), host)


_HOST = re.compile(r"Error performing [A-Z]+ (https?://[^/\s?]+)")
_STATUS = re.compile(r"status code: (\d{3})[^:]*:? ?")
_BATCH = re.compile(r"Bulk delete request failed for key .*?: (.*) \(code: (\d{3})\)", re.DOTALL)

# Where credentials come from: metadata services of machines and containers, and the clouds' login servers.
_METADATA = re.compile(r"//(169\.254\.|\[fd00:|metadata)", re.IGNORECASE)
_LOGIN_HOST = re.compile(_METADATA.pattern + r"|//(sts|login|oauth2|accounts|iamcredentials)[.-]", re.IGNORECASE)
_PROVIDER = re.compile(r"External \w+ credential provider: (\w+): (.*)", re.DOTALL)
_NO_LOGIN_SERVER = re.compile(r"TransportError|ConnectionError|ConnectTimeout|ReadTimeout")
_LOGIN_TEXT = re.compile(r"token (file|request)|az account|service account file|Access Key|SAS query")

_CLOCK = re.compile(
    r"RequestTimeTooSkewed|date header (is )?too (old|far)|reasonable timeframe|token used too early|clock skew",
    re.IGNORECASE,
)

_CODES: Mapping[str, Case] = {
    **dict.fromkeys(("NoSuchKey", "BlobNotFound"), Case.KEY_MISSING),
    **dict.fromkeys(("PreconditionFailed", "ConditionNotMet", "BlobAlreadyExists"), Case.KEY_TAKEN),
    **dict.fromkeys(("ConditionalRequestConflict", "OperationAborted"), Case.CONFLICT),
    **dict.fromkeys(("NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted"), Case.PLACE_MISSING),
    **dict.fromkeys(
        ("ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired"),
        Case.REFUSED,
    ),
    **dict.fromkeys(("AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation"), Case.REFUSED),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), Case.CLOCK),
    **dict.fromkeys(
        ("AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"), Case.REGION
    ),
    **dict.fromkeys(("SlowDown", "ServerBusy", "TooManyRequests", "Throttling", "RequestLimitExceeded"), Case.BUSY),
    "NotImplemented": Case.NOT_OFFERED,
}

_STATUSES: Mapping[int, Case] = {
    **dict.fromkeys((301, 302, 307, 308), Case.REGION),
    **dict.fromkeys((304, 412), Case.KEY_TAKEN),
    401: Case.REFUSED,
    403: Case.FORBIDDEN,
    **dict.fromkeys((408, 500, 502, 504), Case.BROKEN),
    **dict.fromkeys((429, 503), Case.BUSY),
    501: Case.NOT_OFFERED,
}


def _of_status(status: int, code: str, message: str, host: str) -> Answer:
    case = _CODES.get(code) or _STATUSES.get(status, Case.BROKEN if status > 500 else Case.OTHER)
    # Deletes on Azure come back as a sentence without a code.
    if not code and status == 404 and "blob does not exist" in message:
        case = Case.KEY_MISSING
    if not code and status == 404 and "container does not exist" in message:
        case = Case.PLACE_MISSING
    # A firewall's refusal and a signature that is wrong can have the same code.
    if case is Case.FORBIDDEN and "failed to authenticate" in message:
        case = Case.REFUSED
    if _CLOCK.search(f"{code} {message}"):
        case = Case.CLOCK
    words = ": ".join(part for part in (code, message) if part)
    return Answer(case, words or f"the answer was {status}, without a word", host)


def _of_login(text: str, details: str, host: str) -> Answer:
    found = _STATUS.search(text)
    code, message = _body(text[found.end() :]) if found else ("", "")
    words = ": ".join(part for part in (code, message) if part)
    if _CLOCK.search(words):
        return Answer(Case.CLOCK, words, host)
    if found and (int(found[1]) >= 500 or found[1] == "429"):
        return Answer(Case.BROKEN, f"the login server answered {found[1]}", host)
    if _METADATA.search(host):
        return Answer(Case.SIGNED_OUT, "there are none in the environment, and this machine has no identity", host)
    if not host:
        return Answer(Case.SIGNED_OUT, _one_line(text), host)
    if not found:
        return Answer(Case.UNREACHABLE, _no_connection(details), host)
    return Answer(Case.REFUSED, words or f"the login server answered {found[1]}", host)


def _body(text: str) -> tuple[str, str]:
    """Return code and message of an error's body: XML of the stores, JSON of login servers; empty for others."""
    code, message = (re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("Code", "Message"))
    if code:
        # Where Azure says that the clocks differ.
        detail = re.search(r"Request date header too \w+", text)
        said = f"{message[1] if message else ''} {detail[0] if detail else ''}"
        return code[1].strip(), _one_line(said)
    try:
        document = json.loads(text)
        error = document["error"]
        if isinstance(error, dict):
            return str(error.get("status") or error.get("code") or ""), _one_line(str(error.get("message", "")))
        return str(error), _one_line(str(document.get("error_description", "")))
    except (ValueError, LookupError, TypeError):
        return "", ""


# From obstore's debug words; more than one may be true, the first that is counts.
_CAUSES = (
    ("dns error", "the name of the host is not known"),
    ("ConnectionRefused", "connection refused"),
    ("InvalidCertificate", "its certificate is not trusted"),
    ("Tls", "no secure connection"),
    ("Timeout", "no answer in time"),
    ("TimedOut", "no answer in time"),
    ("NetworkUnreachable", "the network cannot be reached"),
    ("HostUnreachable", "the host cannot be reached"),
    ("ConnectionReset", "the connection was cut"),
    ("IncompleteMessage", "the connection was cut"),
)


def _no_connection(details: str) -> str:
    return next((words for sign, words in _CAUSES if sign in details), "the connection failed")


_LONGEST = 300
_STAMPS = re.compile(r"\s*(RequestId|Time|Trace ID|Correlation ID|Timestamp): ?\S+")
_ADDRESS = re.compile(r"(https?://[^\s?]+)\?\S*")
_SIGNATURE = re.compile(r"(?i)\b(sig|signature|token|secret|password)=[^\s&]+")


def _one_line(text: str) -> str:
    """Return the words in one line, without what may be a secret or is different every time."""
    for pattern, instead in ((_STAMPS, ""), (_ADDRESS, r"\1"), (_SIGNATURE, r"\1=***")):
        text = pattern.sub(instead, text)
    return " ".join(text.split())[:_LONGEST].rstrip(". ")
