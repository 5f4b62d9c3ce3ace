"""The sandbox on a socket and a workspace, as in tests/e2e."""

from e2e.conftest import admin_http, server, world

__all__ = ["admin_http", "server", "world"]
