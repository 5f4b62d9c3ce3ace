"""In which order changes are made: stages within a connection, connections side by side."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from reconcile.core.plan import Change


def in_stages(changes: Iterable[Change]) -> dict[str, list[list[Change]]]:
    """Return, for each connection, its changes in stages to be finished one after the other.

    Changes of one stage do not depend on each other. Connections and changes are sorted by address.
    """
    ordered = sorted(changes, key=lambda change: (change.address.connection, change.stage, change.address))
    return {
        connection: [list(stage) for _, stage in groupby(of_connection, key=lambda change: change.stage)]
        for connection, of_connection in groupby(ordered, key=lambda change: change.address.connection)
    }
