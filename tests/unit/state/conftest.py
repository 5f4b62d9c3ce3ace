"""What the tests of the state share."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.state.backend import Backend, open_backend


@pytest.fixture
def folder(tmp_path: Path) -> Backend:
    """A folder on disk that is not there yet."""
    return open_backend(".reconcile", tmp_path, "prod")


@pytest.fixture
def memory(tmp_path: Path) -> Backend:
    """An empty place in memory."""
    return open_backend("memory://", tmp_path, "prod")
