"""How one connection is reached, and which of that is refused before any call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError
from reconcile.providers.connection import Transport
from reconcile.providers.url import url_problem, without_secrets


@dataclass(frozen=True, slots=True)
class Settings:
    """How one connection is reached.

    ``base_url``: None when the login says where the platform is. ``timeout``: seconds for each step (connect, send,
    next bytes of the answer). ``concurrency``: requests under way at once. ``requests_per_second``: None for no
    pacing. ``attempts``: in all, for one request. ``first_wait``: seconds before the second attempt, doubled each
    time. ``longest_wait``: seconds; a platform that asks for more makes the request fail, saying so. ``ca_file``:
    authorities trusted besides the usual ones. ``verify``: False switches the certificate check off, with a notice.
    """

    base_url: str | None
    timeout: float = 30.0
    concurrency: int = 8
    requests_per_second: float | None = None
    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0
    ca_file: str | None = None
    verify: bool = True

    @classmethod
    def of(cls, base_url: str | None, transport: Transport) -> Settings:
        """Return the settings of a connection as its owner wrote them."""
        return cls(
            base_url,
            timeout=transport.timeout,
            concurrency=transport.concurrency,
            requests_per_second=transport.requests_per_second,
            attempts=transport.attempts,
            longest_wait=transport.longest_wait,
            ca_file=transport.ca_file,
            verify=transport.verify,
        )


def check_settings(name: str, settings: Settings) -> None:
    """Raise ``ConfigError`` when the connection's URL is not safe, or its ``ca_file`` is missing."""
    problem = url_problem(settings.base_url) if settings.base_url is not None else ""
    if problem:
        shown_url = without_secrets(settings.base_url or "")
        raise ConfigError(
            Diagnostic("unsafe-url", "The URL cannot be used", f"{name}: {shown_url!r} is refused: {problem}.")
        )
    if settings.ca_file and not Path(settings.ca_file).is_file():
        raise ConfigError(
            Diagnostic("missing-file", "The file does not exist", f"{name}: there is no ca_file {settings.ca_file!r}.")
        )
