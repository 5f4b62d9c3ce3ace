"""CRM Analytics as the engine sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconcile.core.account import Account
from reconcile.core.checkup import Finding
from reconcile.core.kind import Connected, Kind
from reconcile.core.limit import Limit
from reconcile.core.operation import Operation
from reconcile.providers.base import Operator, Reader, Surroundings, Writer
from reconcile.providers.connection import secret_values
from reconcile.providers.crm_analytics.kinds import Connection
from reconcile.providers.crm_analytics.limits import limits_of
from reconcile.providers.crm_analytics.operations import OPERATIONS
from reconcile.providers.crm_analytics.schedule import ConnectedSchedule, ScheduleKind


class CrmAnalyticsProvider:
    """Schedules of dataflows, recipes and data syncs."""

    name = "crm_analytics"
    connection: Any = Connection
    kinds: tuple[Kind, ...] = (ScheduleKind(),)
    operations: Mapping[str, Operation] = OPERATIONS

    def connected(self, connection: Connection) -> Mapping[str, Connected]:
        """Return the schedules of this org."""
        (schedule,) = self.kinds
        return {schedule.name: ConnectedSchedule(connection.base_path, schedule)}

    def secrets(self, connection: Connection) -> tuple[str, ...]:
        """Return the secrets of the auth method."""
        return secret_values(connection)

    def account(self, connection: Connection) -> Account:
        """Return the org by its address: its id is known only after a login."""
        auth = connection.auth
        return Account(connection.instance_url or (f"the sf org {auth.org}" if auth.method == "sf_cli" else ""))

    def limits(self, connection: Connection) -> tuple[Limit, ...]:
        """Return what the settings say that the org allows, and what is documented where they say nothing."""
        return limits_of(connection.limits)

    def reader(self, name: str, connection: Connection, surroundings: Surroundings) -> Reader:
        """Return a reader over a client that can only GET."""
        from reconcile.providers.crm_analytics.connect import open_reader

        return open_reader(name, connection, surroundings)

    def writer(self, name: str, connection: Connection, surroundings: Surroundings) -> Writer:
        """Return a writer."""
        from reconcile.providers.crm_analytics.connect import open_writer

        return open_writer(name, connection, surroundings)

    def operator(self, name: str, connection: Connection, surroundings: Surroundings) -> Operator:
        """Return what starts and watches jobs."""
        from reconcile.providers.crm_analytics.operator import open_operator

        return open_operator(name, connection, surroundings)

    def checkup(
        self, name: str, connection: Connection, surroundings: Surroundings, now: Callable[[], datetime]
    ) -> Iterator[Finding]:
        """Yield what is found about this connection; see ``Diagnoses``."""
        from reconcile.providers.crm_analytics.checkup import checkup

        return checkup(name, connection, surroundings, now)


PROVIDER = CrmAnalyticsProvider()
