"""The sandbox on a socket and a workspace, as in tests/e2e; a place in a cloud behind a proxy."""

from contract.cloud_bed import bed
from e2e.conftest import admin_http, server, world

__all__ = ["admin_http", "bed", "server", "world"]
