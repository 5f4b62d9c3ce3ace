"""Tailer's endpoints: two setters, and what counts as done."""

from __future__ import annotations

from collections.abc import Collection

from reconcile.core.errors import BadAnswer, Rejected
from reconcile.core.kind import Request
from reconcile.core.snapshot import Unreadable
from reconcile.providers.answer import Answer
from reconcile.providers.auth import Auth, BearerToken
from reconcile.providers.base import Readings, Surroundings, Wanted
from reconcile.providers.cli_login import TailerCli
from reconcile.providers.http import WriteClient, open_write_client
from reconcile.providers.settings import Settings
from reconcile.providers.signature import ServiceAccount
from reconcile.providers.tailer import kinds


class TailerReader:
    """Reads nothing, and says so: neither flags nor a workflow's triggers can be read (platform page 0.1, 0.2)."""

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        """Return ``Unreadable`` for every object."""
        return Readings({item.address: Unreadable(item.address) for item in wanted})

    def close(self) -> None:
        """Do nothing."""


class TailerWriter(TailerReader):
    """Sends what reading cannot confirm: the answer to each call is all the evidence there is."""

    def __init__(self, client: WriteClient) -> None:
        self._client = client

    def send(self, request: Request) -> None:
        """Make the call; returns when Tailer says "ok"."""
        confirm(self._client.send(request))

    def close(self) -> None:
        """Close the client."""
        self._client.close()


def confirm(answer: Answer) -> None:
    """Return when the answer says done; anything else raises.

    Two forms of success are documented, and none of failure (platform page 1.1, 3): so only status 200 with a
    message of "ok" is success, and a code inside, if there is one, must agree.
    """
    body = answer.json()
    if not isinstance(body, dict) or "message" not in body:
        raise BadAnswer(f"expected a message, got {answer.excerpt()}", status=answer.status)
    said = str(body["message"]).strip()
    code = body.get("code", 200)
    if answer.status == 200 and said.lower() == "ok" and str(code) == "200":
        return
    raise Rejected(
        f"Tailer answered: {answer.excerpt()}",
        hint="check the id and the type: Tailer says the same for what it does not know and what it refuses",
        status=answer.status,
    )


def open_writer(name: str, connection: kinds.Connection, surroundings: Surroundings) -> TailerWriter:
    """Return a writer on this connection; makes no call yet."""
    settings = Settings.of(connection.base_url, connection)
    return TailerWriter(open_write_client(name, settings, _login(connection), surroundings))


def _login(connection: kinds.Connection) -> Auth:
    match connection.auth:
        case kinds.Token(token=token):
            return BearerToken(token.get_secret_value())
        case kinds.TailerCli():
            return TailerCli()
        case kinds.ServiceAccount(key_file=key_file, audience=audience):
            return ServiceAccount(key_file, audience)
