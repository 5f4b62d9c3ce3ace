"""Tailer as the engine sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconcile.core.address import Address
from reconcile.core.kind import Action, Connected, Kind, Request
from reconcile.core.snapshot import Values
from reconcile.providers.base import Reader, Surroundings, Writer
from reconcile.providers.connection import secret_values
from reconcile.providers.tailer.kinds import ConfigurationKind, Connection, WorkflowResetKind
from reconcile.providers.tailer.operations import OPERATIONS

if TYPE_CHECKING:
    from reconcile.core.kind import Json


@dataclass(frozen=True, slots=True)
class ConnectedConfiguration:
    """Configuration flags of one account and environment."""

    connection: Connection
    kind: Kind

    def requests(self, action: Action, address: Address, id: str | None, after: Values) -> tuple[Request, ...]:
        """Return the setter's call; an absolute setter may be sent again (platform page 1.1)."""
        if action is Action.FORGET:
            return ()
        type_, _, configuration = address.name.partition(":")
        body: dict[str, Json] = {
            "action": "set_configuration_status",
            "activated": bool(after["activated"]),
            "archived": bool(after["archived"]),
            **_identity(self.connection, type_, configuration),
        }
        return (Request("POST", "/v1/configuration/status", body),)


@dataclass(frozen=True, slots=True)
class ConnectedReset:
    """Workflow resets of one account and environment."""

    connection: Connection
    kind: Kind

    def requests(self, action: Action, address: Address, id: str | None, after: Values) -> tuple[Request, ...]:
        """Return the reset's call. Sent twice it would also forget what arrived in between, so it is not repeatable."""
        if action is Action.FORGET:
            return ()
        body: dict[str, Json] = {
            "action": "reset_workflow_status",
            **_identity(self.connection, "workflow", address.name),
        }
        return (Request("POST", "/v1/workflow/status", body, repeatable=False),)


class TailerProvider:
    """Data operations' flags and workflow resets."""

    name = "tailer"
    connection: Any = Connection
    kinds: tuple[Kind, ...] = (ConfigurationKind(), WorkflowResetKind())
    operations: Mapping[str, Any] = OPERATIONS

    def connected(self, connection: Connection) -> Mapping[str, Connected]:
        """Return both kinds on this connection."""
        configuration, reset = self.kinds
        return {
            configuration.name: ConnectedConfiguration(connection, configuration),
            reset.name: ConnectedReset(connection, reset),
        }

    def secrets(self, connection: Connection) -> tuple[str, ...]:
        """Return the token, if the settings hold one."""
        return secret_values(connection)

    def reader(self, name: str, connection: Connection, surroundings: Surroundings) -> Reader:
        """Return a reader that makes no call: there is nothing to read (platform page 0.1, 0.2)."""
        from reconcile.providers.tailer.api import TailerReader

        return TailerReader()

    def writer(self, name: str, connection: Connection, surroundings: Surroundings) -> Writer:
        """Return a writer over HTTP."""
        from reconcile.providers.tailer.api import open_writer

        return open_writer(name, connection, surroundings)


def _identity(connection: Connection, type_: str, id: str) -> dict[str, Json]:
    return {
        "account": connection.account,
        "environment": connection.environment,
        "configuration_type": type_,
        "configuration_id": id,
    }


PROVIDER = TailerProvider()
