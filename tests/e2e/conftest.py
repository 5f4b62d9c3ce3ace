"""One server for all tests of this folder; each test begins with a freshly reset world and an empty home."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from e2e.harness import World
from reconcile.sandbox import Sandbox, Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(Sandbox()) as running:
        yield running


@pytest.fixture(scope="session")
def admin_http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def world(server: Server, admin_http: httpx.Client, tmp_path: Path) -> World:
    """A workspace with both connections and no desired-state file yet."""
    server.sandbox.reset("example")
    world = World(tmp_path, server, admin_http)
    world.workspace()
    return world
