"""Tamr Cloud as the engine sees it: a connection, operations, and no kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconcile.core.account import Account
from reconcile.core.checkup import Finding
from reconcile.core.kind import Connected, Kind
from reconcile.core.limit import Limit, Measure
from reconcile.core.operation import Operation
from reconcile.core.request import Request
from reconcile.providers.base import Found, Operator, Reader, Readings, Sought, Surroundings, Wanted, Writer
from reconcile.providers.connection import secret_values
from reconcile.providers.tamr.kinds import Connection
from reconcile.providers.tamr.operations import OPERATIONS, POOL


class TamrProvider:
    """Jobs. Sources, data products and workflows have no API (platform page 2.2), so nothing can be declared."""

    name = "tamr"
    connection: Any = Connection
    kinds: tuple[Kind, ...] = ()
    operations: Mapping[str, Operation] = OPERATIONS

    def connected(self, connection: Connection) -> Mapping[str, Connected]:
        """Return nothing: there are no kinds."""
        return {}

    def secrets(self, connection: Connection) -> tuple[str, ...]:
        """Return the API key."""
        return secret_values(connection)

    def account(self, connection: Connection) -> Account:
        """Return the tenant by its address, which names it."""
        return Account(connection.base_url)

    def limits(self, connection: Connection) -> tuple[Limit, ...]:
        """Return how many jobs may run at once, and the distance that schedules keep (platform page 1.7, 2.1)."""
        pools = frozenset((POOL,))
        gap = "Tamr's own schedules; the Jobs API has no such rule"
        return (
            Limit("jobs at once", Measure.AT_ONCE, connection.max_jobs, pools, "max_jobs of the connection"),
            Limit("minutes between jobs for one object", Measure.GAP, 60, pools, gap),
        )

    def reader(self, name: str, connection: Connection, surroundings: Surroundings) -> Reader:
        """Return a reader of nothing."""
        return _Nothing()

    def writer(self, name: str, connection: Connection, surroundings: Surroundings) -> Writer:
        """Return a writer of nothing."""
        return _Nothing()

    def operator(self, name: str, connection: Connection, surroundings: Surroundings) -> Operator:
        """Return what starts and watches jobs."""
        from reconcile.providers.tamr.operator import open_operator

        return open_operator(name, connection, surroundings)

    def checkup(
        self, name: str, connection: Connection, surroundings: Surroundings, now: Callable[[], datetime]
    ) -> Iterator[Finding]:
        """Yield what is found about this connection; see ``Diagnoses``."""
        from reconcile.providers.tamr.checkup import checkup

        return checkup(name, connection, surroundings, now)


class _Nothing:
    """No kind, so no object: whoever asks for one has made a mistake."""

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        if wanted:
            raise AssertionError("Tamr has no objects to read")
        return Readings({})

    def discover(self, sought: Sought) -> Found:
        return Found()

    def send(self, request: Request) -> None:
        raise AssertionError("Tamr has no objects to write")

    def close(self) -> None:
        return None


PROVIDER = TamrProvider()
