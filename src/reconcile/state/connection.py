"""What all clouds have in common on the wire: how long to wait, when http is allowed, whose server it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

# Seconds. Left alone, a wrong endpoint is tried for three minutes.
CONNECT_SECONDS, SILENT_SECONDS, REQUEST_SECONDS = 3, 15, 60

# Once: what is tried again, and whether an earlier try had its effect after all, is for ``cloud`` to judge.
ONCE: RetryConfig = {"max_retries": 0, "retry_timeout": timedelta(seconds=REQUEST_SECONDS)}

_OWN_DOMAINS = (
    *(".amazonaws.com", ".amazonaws.com.cn"),
    ".googleapis.com",
    *(".core.windows.net", ".core.chinacloudapi.cn", ".core.usgovcloudapi.net"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Connection:
    """A store, ready for requests below one prefix. ``is_proven``: its create-only writes are known to be that."""

    store: ObjectStore
    is_proven: bool


def is_own(endpoint: str) -> bool:
    """Say whether an endpoint (empty for the default one) is the cloud's own, and not a server that speaks like it."""
    return not endpoint or f".{urlsplit(endpoint).hostname}".endswith(_OWN_DOMAINS)


def client(endpoint: str, certificates: bytes = b"") -> ClientConfig:
    """Return how the client is set up for an endpoint that has been checked; ``certificates`` are trusted as well."""
    config: ClientConfig = {
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "read_timeout": timedelta(seconds=SILENT_SECONDS),
        "timeout": timedelta(seconds=REQUEST_SECONDS),
        "allow_http": endpoint.startswith("http://"),
    }
    if certificates:
        config["root_certificate"] = certificates
    return config
