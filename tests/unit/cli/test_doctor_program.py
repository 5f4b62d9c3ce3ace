"""What a checkup says of the program itself."""

from __future__ import annotations

import tomllib
from pathlib import Path

from reconcile.cli.doctor_program import EXTRAS, program_check
from reconcile.core.checkup import Verdict


def test_every_extra_is_looked_for() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS) == set(project["optional-dependencies"]) - {"dev"}


def test_this_program_is_in_order() -> None:
    found = {each.check: each for each in program_check().findings}
    assert set(found) == {"reconcile", "python", "yaml", "extras"}
    assert all(each.verdict is Verdict.OK for each in found.values())
    assert "jwt" in found["extras"].detail
