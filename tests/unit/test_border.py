"""The border of the command line: what escapes a command becomes words and an exit code."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from reconcile.cli.main import run

WORKSPACE = """version: 1
connections:
  tailer:
    provider: tailer
    account: "000099"
    environment: DEV
    auth: {method: token, token: "a-very-secret-token"}
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, and a program with a defect that quotes a secret."""
    (tmp_path / "reconcile.yaml").write_text(WORKSPACE)
    (tmp_path / "empty.yaml").write_text("connection: tailer\nconfigurations: []\n")

    def defect(*_: object) -> None:
        raise LookupError("lost a-very-secret-token")

    # Whoever is imported while it is patched would keep the defect for good.
    importlib.import_module("reconcile.cli.unmanaged")
    monkeypatch.setattr("reconcile.engine.planning.make_plan", defect)
    return tmp_path


def test_a_defect_is_told_like_an_error(broken: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit 1, one line of what and one of what to do; no traceback, no secret."""
    assert run(["-C", str(broken), "plan"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "error[internal-error]: A defect of reconcile" in err
    assert "LookupError: lost ***" in err
    assert "Traceback" not in err


def test_a_defect_shows_its_traceback_when_asked(broken: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With -v for the report, still without secrets; stdout is one document."""
    assert run(["-C", str(broken), "plan", "-v", "--format", "json"]) == 1
    out, err = capfd.readouterr()
    assert json.loads(out)["diagnostics"][0]["code"] == "internal-error"
    assert "Traceback" in err
    assert "a-very-secret-token" not in out + err
