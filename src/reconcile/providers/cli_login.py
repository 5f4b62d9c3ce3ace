"""Logins that a platform's own command-line program has already made: ``sf`` and ``tailer``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconcile.core.errors import AuthFailed
from reconcile.providers.command import masked, plain
from reconcile.providers.session import Means, Token, usable


@dataclass(frozen=True, slots=True)
class SfCli:
    """Asks the Salesforce CLI for the token of ``alias`` (an alias or user name; None is its default org).

    ``sf org display`` does not show tokens any more; ``sf org auth show-access-token`` does, and renews the session
    (platforms/crm_analytics.md section 5).
    """

    alias: str | None = None
    renewable: bool = field(default=True, init=False)
    advice: str = field(default="log in again: sf org login web (with --alias as in this connection)", init=False)

    def obtain(self, means: Means) -> Token:
        """Return the CLI's token, and its instance URL if none is configured. Raises ``AuthFailed``."""
        org = ("-o", self.alias) if self.alias else ()
        result = _result(means, ("sf", "org", "auth", "show-access-token", *org, "--no-prompt", "--json"))
        token = usable(result.get("accessToken"), "token of the login", means)
        where = None
        if not means.base_url:
            display = _result(means, ("sf", "org", "display", *org, "--json"))
            where = str(display.get("instanceUrl") or "").rstrip("/") or None
        return Token(token, instance_url=where)


@dataclass(frozen=True, slots=True)
class TailerCli:
    """Asks the Tailer CLI for a token: ``tailer auth get-token``, whose home is ``$TAILER_HOME``."""

    renewable: bool = field(default=True, init=False)
    advice: str = field(default="log in again: tailer auth login", init=False)

    def obtain(self, means: Means) -> Token:
        """Return the token behind ``User token :``, on whichever line. Raises ``AuthFailed``."""
        printed = plain(means.run(("tailer", "auth", "get-token")))
        found = re.search(r"User token\s*:[ \t]*(\S+)", printed)
        if found is None:
            raise AuthFailed(
                f"{means.connection}: 'tailer auth get-token' printed no line with 'User token :'",
                hint="run it by hand; log in again with: tailer auth login",
            )
        return Token(usable(found.group(1), "token of the login", means))


def _result(means: Means, argv: tuple[str, ...]) -> Mapping[str, Any]:
    """Return ``result`` of what a command of ``sf`` printed as JSON."""
    printed = plain(means.run(argv))
    command = " ".join(argv)
    answer = _last_object(printed)
    if answer is None:
        raise AuthFailed(f"{means.connection}: {command!r} printed no JSON", hint="run it by hand; update sf")
    result = answer.get("result")
    if answer.get("status", 0) != 0 or not isinstance(result, dict):
        words = masked(str(answer.get("message") or "it names no reason"))
        raise AuthFailed(f"{means.connection}: {command!r} failed: {words}", hint="run it by hand; update sf")
    return result


def _last_object(text: str) -> dict[str, Any] | None:
    """Return the first whole JSON object in ``text``: warnings may be printed before it."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        return value if isinstance(value, dict) else None
    return None
