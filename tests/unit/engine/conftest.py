"""One sandbox on a socket for all tests of this folder; each bed begins with a freshly reset world."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.simulated import Bed
from reconcile.sandbox import Sandbox, Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(Sandbox()) as running:
        yield running


@pytest.fixture
def bed(server: Server, tmp_path: Path) -> Bed:
    """A test bed whose Tamr jobs take a minute."""
    return Bed(server, tmp_path)
