"""Whether Tailer can be worked with: reached, logged in to, asked for statuses. Nothing else of it can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from reconcile.core.checkup import Finding, ok, skip
from reconcile.providers.base import Surroundings
from reconcile.providers.checkup import asked, clock, hasty, package, program, reach, token_end, unreached
from reconcile.providers.http import open_write_client
from reconcile.providers.settings import Settings
from reconcile.providers.tailer import kinds
from reconcile.providers.tailer.api import get_by_status, login, results


def checkup(
    name: str, connection: kinds.Connection, surroundings: Surroundings, now: Callable[[], datetime]
) -> Iterator[Finding]:
    """Yield what is found about one account and environment, in the order in which it is looked at."""
    match connection.auth.method:
        case "tailer_cli":
            yield program("tailer", surroundings.environment)
        case "service_account":
            yield package("jwt", "jwt")
    settings = hasty(Settings.of(connection.base_url, connection))
    if not (yield from reach(settings, surroundings.environment)):
        yield unreached()
        return
    client = open_write_client(name, settings, login(connection), surroundings)
    try:
        token = asked("login", client.login)
        if isinstance(token, Finding):
            yield token
            return
        yield from token_end(token.value, now())
        # The one call that only reads and needs no id (platform page 1.1).
        rows = asked("login", lambda: results(client.ask(get_by_status(connection, "workflow", limit=1))))
        if isinstance(rows, Finding):
            yield rows
            return
        yield ok("login", f"logged in ({connection.auth.method})")
        yield clock(client.server_time, now())
        yield ok("read", f"statuses of account {connection.account}, {connection.environment}, can be read")
        yield skip("write", "Tailer does not tell whether this login may set flags")
    finally:
        client.close()
