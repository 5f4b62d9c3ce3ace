"""Tailer as the engine sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.checkup import Finding
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.kind import Action, Connected, Kind
from reconcile.core.limit import Limit
from reconcile.core.operation import Operation, Order
from reconcile.core.own_file import OwnFile
from reconcile.core.request import Request
from reconcile.core.snapshot import Desired, Values
from reconcile.providers.base import Operator, Reader, Surroundings, Writer
from reconcile.providers.connection import secret_values
from reconcile.providers.tailer.kinds import ConfigurationKind, Connection, WorkflowResetKind
from reconcile.providers.tailer.operations import OPERATIONS, RESET, flags_request, reset_order
from reconcile.providers.tailer.own_file import MARKER, judge_files


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
        activated, archived = bool(after["activated"]), bool(after["archived"])
        return (flags_request(self.connection, type_, configuration, activated=activated, archived=archived),)

    def order(self, address: Address, after: Values) -> Order | None:
        """Return None: a flag is no one-shot."""
        return None


@dataclass(frozen=True, slots=True)
class ConnectedReset:
    """Workflow resets of one account and environment."""

    connection: Connection
    kind: Kind

    def requests(self, action: Action, address: Address, id: str | None, after: Values) -> tuple[Request, ...]:
        """Return the reset's call. Sent twice it would also forget what arrived in between, so it is not repeatable."""
        if action is Action.FORGET:
            return ()
        return (RESET.request(reset_order(address.name), self.connection),)

    def order(self, address: Address, after: Values) -> Order | None:
        """Return the reset, the same as that of a pipeline's step."""
        return reset_order(address.name)


class TailerProvider:
    """Data operations' flags and workflow resets."""

    name = "tailer"
    file_marker = MARKER
    connection: Any = Connection
    kinds: tuple[Kind, ...] = (ConfigurationKind(), WorkflowResetKind())
    operations: Mapping[str, Operation] = OPERATIONS

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

    def account(self, connection: Connection) -> Account:
        """Return the account and its environment."""
        return Account(connection.base_url, f"{connection.account}/{connection.environment}")

    def limits(self, connection: Connection) -> tuple[Limit, ...]:
        """Return nothing: none is documented."""
        return ()

    def file_patterns(self, connection: Connection) -> tuple[str, ...]:
        """Return the patterns of the connection's ``files``."""
        return connection.files

    def judge_files(
        self, name: str, connection: Connection, files: Iterable[OwnFile], desired: Mapping[Address, Desired]
    ) -> Iterator[Diagnostic]:
        """Yield what a redeploy of these files would undo; see ``JudgesFiles``."""
        return judge_files(name, connection, files, desired)

    def reader(self, name: str, connection: Connection, surroundings: Surroundings) -> Reader:
        """Return a reader that makes no call: there is nothing to read (platform page 0.1, 0.2)."""
        from reconcile.providers.tailer.api import TailerReader

        return TailerReader()

    def writer(self, name: str, connection: Connection, surroundings: Surroundings) -> Writer:
        """Return a writer over HTTP."""
        from reconcile.providers.tailer.api import open_writer

        return open_writer(name, connection, surroundings)

    def operator(self, name: str, connection: Connection, surroundings: Surroundings) -> Operator:
        """Return what launches, watches and resets."""
        from reconcile.providers.tailer.operator import open_operator

        return open_operator(name, connection, surroundings)

    def checkup(
        self, name: str, connection: Connection, surroundings: Surroundings, now: Callable[[], datetime]
    ) -> Iterator[Finding]:
        """Yield what is found about this connection; see ``Diagnoses``."""
        from reconcile.providers.tailer.checkup import checkup

        return checkup(name, connection, surroundings, now)


PROVIDER = TailerProvider()
