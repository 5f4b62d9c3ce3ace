"""Where in a cloud a state is kept, read from what stands behind ``state:``. No network, no credentials.

``s3://BUCKET[/PREFIX]``, ``gs://BUCKET[/PREFIX]``, ``az://CONTAINER[/PREFIX]`` or
``az://CONTAINER@ACCOUNT.blob.core.windows.net[/PREFIX]``, each with ``?NAME=VALUE&...`` for what is no secret.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.errors import StateError

_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{2,221}")
_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._=+~-]{1,255}")
_AZURE_HOST = re.compile(r"(?P<account>[a-z0-9]{3,24})\.(blob|dfs)\.(?P<domain>core\.[a-z0-9.-]+[a-z])")
_SECRET = re.compile(r"key|secret|token|passw|credential|signature|^sig$|^sv$|^sas", re.IGNORECASE)

# What may stand behind the question mark. Everything else about a cloud is taken from where its own tools take it.
OPTIONS: Mapping[str, frozenset[str]] = {
    "s3": frozenset({"endpoint", "region", "path_style", "profile", "allow_http"}),
    "gs": frozenset({"endpoint", "allow_http"}),
    "az": frozenset({"account", "endpoint", "allow_http"}),
}
_SWITCHES = frozenset({"path_style", "allow_http"})


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a cloud. ``prefix`` has no slash at either end and may be empty; ``options`` are as written.

    ``account`` and ``domain`` are of Azure's long form and empty otherwise.
    """

    scheme: str
    bucket: str
    prefix: str
    options: Mapping[str, str]
    account: str = ""
    domain: str = ""

    def __str__(self) -> str:
        """Return the place as a person would look for it: no settings."""
        bucket = f"{self.bucket}@{self.account}.blob.{self.domain}" if self.account else self.bucket
        return f"{self.scheme}://{bucket}" + (f"/{self.prefix}" if self.prefix else "")

    def switch(self, name: str, default: bool) -> bool:
        """Return a setting that is ``true`` or ``false``."""
        return self.options[name] == "true" if name in self.options else default


def parse_location(text: str) -> Location:
    """Return the place that ``text`` names; its scheme is one of ``OPTIONS``.

    Raises ``StateError`` when something in it is wrong. No error repeats what could be a secret.
    """
    scheme, _, rest = text.partition("://")
    rest, _, query = rest.partition("?")
    authority, _, prefix = rest.partition("/")
    if ":" in authority or authority.count("@") > (scheme == "az"):
        raise _wrong("a user name or password does not belong in it", _credentials_hint(scheme))
    bucket, has_account, host = authority.partition("@")
    found = _AZURE_HOST.fullmatch(host)
    if has_account and not found:
        raise _wrong("what stands behind the @ is no host of an Azure storage account", _AZURE_HINT)
    if not _BUCKET.fullmatch(bucket):
        word = "container" if scheme == "az" else "bucket"
        said = f"no {word} can have the name that it has there" if bucket else f"it names no {word}"
        raise _wrong(said, f"write it as {scheme}://{word.upper()} or {scheme}://{word.upper()}/FOLDER")
    prefix = prefix.removesuffix("/")
    if prefix and not all(_SEGMENT.fullmatch(part) for part in prefix.split("/")):
        raise _wrong(
            "the folder behind the bucket has an empty part or an unusual character",
            "use letters, digits, `-`, `_`, `.`, `=`, `+` and `~`, with single slashes between",
        )
    account = {"account": found["account"], "domain": found["domain"]} if found else {}
    return Location(scheme, bucket, prefix, _options(scheme, query), **account)


def checked_endpoint(text: str, said_by: str, location: Location, environ: Mapping[str, str]) -> str:
    """Return the endpoint ``text`` without a slash at its end, when it is one that may be used.

    ``said_by`` is where it was given. http is for this machine, or has to be allowed in so many words: ``allow_http``
    in the location, or ``AWS_ALLOW_HTTP`` (``GOOGLE_``, ``AZURE_``). Raises ``StateError``.
    """
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or url.scheme not in ("http", "https") or url.username or url.query or url.fragment:
        raise _wrong(f"{said_by} is not a plain http(s) URL", "write it as https://HOST[:PORT], without credentials")
    family = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}[location.scheme]
    allowed = location.switch("allow_http", environ.get(f"{family}_ALLOW_HTTP", "").lower() in ("true", "1"))
    if url.scheme == "http" and not allowed and not is_loopback(host):
        raise _wrong(
            f"{said_by} is http://, and what is sent there can be read on the way",
            "use https://, or say `allow_http=true` for a network that you trust",
        )
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine by its name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_AZURE_HINT = "write it as az://CONTAINER/FOLDER, or az://CONTAINER@ACCOUNT.blob.core.windows.net/FOLDER"


def _options(scheme: str, query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise _wrong("what stands behind the ? is not NAME=VALUE&NAME=VALUE", _known(scheme)) from None
    names = [name for name, _ in pairs]
    if any(_SECRET.search(name) for name in names):
        raise _wrong("a credential does not belong in it", _credentials_hint(scheme))
    for name, value in pairs:
        if name not in OPTIONS[scheme]:
            raise _wrong(f'{scheme}:// has no setting "{name}"', did_you_mean(name, OPTIONS[scheme]) or _known(scheme))
        if names.count(name) > 1:
            raise _wrong(f'the setting "{name}" is given twice', "keep one of them")
        if not value or (name in _SWITCHES and value not in ("true", "false")):
            raise _wrong(f'the setting "{name}" has no value that it can have', "switches are `true` or `false`")
    return dict(pairs)


def _known(scheme: str) -> str:
    return "settings: " + ", ".join(sorted(OPTIONS[scheme]))


def _credentials_hint(scheme: str) -> str:
    where = {
        "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, a profile or a role",
        "gs": "GOOGLE_APPLICATION_CREDENTIALS in the environment, or `gcloud auth application-default login`",
        "az": "AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN in the environment, an identity, or `az login`",
    }
    return f"give credentials as the cloud's own tools take them: {where[scheme]}"


def _wrong(detail: str, hint: str) -> StateError:
    return StateError(
        Diagnostic(
            code="state-location",
            summary="Not a place for the state",
            detail=f"`state:` cannot be used: {detail}.",
            hint=hint,
        )
    )
