"""One server for all tests of this folder; each test begins with a freshly reset world."""

from collections.abc import Iterator

import httpx
import pytest

from reconcile.sandbox import Sandbox, Server, environment

from .client import Api


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(Sandbox()) as running:
        yield running


@pytest.fixture
def sandbox(server: Server) -> Sandbox:
    server.sandbox.reset("example")
    return server.sandbox


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[httpx.Client]:
    """One client for all: making one costs 30 ms of certificates that nobody needs."""
    with httpx.Client(base_url=server.url, timeout=10) as client:
        yield client


@pytest.fixture
def api(http: httpx.Client, server: Server, sandbox: Sandbox) -> Api:
    return Api(http, environment(server.url)["TAILER_API_JWT"])
