"""Users' own Tailer files: what a redeploy of them would undo is told by validate, plan and drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import TABLE, World, flags

FILES = 'files: ["../dataops/**/*.json"]'


def write(world: World, name: str, **members: Any) -> Path:
    """Write a configuration file below the folder that the connection names."""
    values = {
        "configuration_type": "table-to-table",
        "configuration_id": TABLE.removesuffix("_DEV"),
        "environment": "DEV",
        "account": "000099",
        "password": "hunter2-not-shown",
        "activated": True,
        "archived": False,
        **members,
    }
    path = world.home / "dataops" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=2), encoding="utf-8")
    return path


@pytest.fixture
def files(world: World) -> World:
    """A configuration that is to be off, and a file that says on."""
    world.workspace(tailer=FILES)
    world.tailer([flags(activated=False)])
    write(world, "load/config.json")
    return world


def test_validate_says_what_a_redeploy_would_undo(files: World) -> None:
    """As a process of its own: the place is that of the flag, and no line of the file is quoted."""
    result = files.spawn("validate")
    assert result.code == 0, result
    assert "warning[tailer-file-differs]" in result.err
    assert "\n  dataops/load/config.json:7:16\n" in result.err
    assert "hunter2" not in result.out + result.err
    document = files.run("validate", "--format", "json").json
    (told,) = document["diagnostics"]
    assert (told["code"], told["severity"], told["line"]) == ("tailer-file-differs", "warning", 7)
    assert told["file"] == "../dataops/load/config.json"
    assert told["address"] == f"tailer/configuration/table-to-table:{TABLE}"


def test_plan_says_it_and_drift_notes_it(files: World) -> None:
    """The plan stays one that can be applied; nothing has drifted."""
    assert "tailer-file-differs" in files.run("plan", "--format", "json").codes
    assert files.run("apply", "--yes").code == 0
    result = files.run("drift", "--format", "json")
    assert result.code == 0, result
    assert [(each["code"], each["severity"]) for each in result.json["diagnostics"]] == [
        ("tailer-file-differs", "note")
    ]


def test_explain_says_it_of_its_object(files: World) -> None:
    address = f"tailer/configuration/table-to-table:{TABLE}"
    told = files.run("explain", address, "--format", "json").json
    assert [each["code"] for each in told["findings"]] == ["tailer-file-differs"]
    assert "dataops/load/config.json:7" in files.run("explain", address, "--offline").out


def test_it_can_be_allowed(files: World) -> None:
    reason = "deployed by the other team"
    files.tailer([{**flags(activated=False), "allow": [{"code": "tailer-file-differs", "reason": reason}]}])
    document = files.run("validate", "--format", "json").json
    assert [each["severity"] for each in document["diagnostics"]] == ["note"]
    assert [each["reason"] for each in document["allowed"]] == [reason]


def test_a_held_configuration_counts_as_off(files: World) -> None:
    """The file and the entry agree, and yet a redeploy would end the hold."""
    files.tailer([{**flags(activated=True), "hold": {"reason": "the warehouse is moving"}}])
    assert files.run("validate", "--format", "json").codes == ["tailer-file-differs"]


def test_files_of_another_environment_are_passed_over(files: World) -> None:
    write(files, "load/config.json", environment="PROD")
    write(files, "node_modules/x/config.json")
    write(files, ".git/config.json")
    assert files.run("validate", "--format", "json").json["diagnostics"] == []


def test_broken_files_idle_patterns_and_what_is_not_declared(files: World) -> None:
    (files.home / "dataops/load/config.json").write_text('{"configuration_type": ', encoding="utf-8")
    write(files, "other.json", configuration_id="other")
    files.workspace(tailer='files: ["../dataops/**/*.json", "../none/*.json"]')
    result = files.run("validate", "--format", "json")
    assert result.code == 0
    assert sorted(result.codes) == ["files-match-nothing", "tailer-file-not-declared", "tailer-file-unreadable"]


def test_a_pattern_that_is_none_is_an_error_with_its_place(files: World) -> None:
    files.workspace(tailer='files: ["~/x.json"]')
    result = files.run("validate", "--format", "json")
    assert result.code == 1
    (told,) = result.json["diagnostics"]
    assert told["file"] == "reconcile.yaml"
    assert "pattern" in told["detail"]
