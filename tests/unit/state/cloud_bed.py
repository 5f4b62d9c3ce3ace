"""What the tests of credentials for a cloud share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconcile.core.errors import StateError
from reconcile.state.backend import open_backend


def said(code: str, location: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return detail and hint of the error that opening a place ends with, at its first call."""
    with pytest.raises(StateError) as caught:
        open_backend(location, Path(), "prod", environ).list("state")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    return diagnostic.detail, diagnostic.hint
