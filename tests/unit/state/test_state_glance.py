"""Ids of applies and runs are told from a folder at a glance, the newest first; what cannot be read is passed over."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from reconcile.state.glance import apply_ids, environment_folder, run_ids


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, id_ in enumerate(("first", "second"), 1):
        run = tmp_path / "runs" / id_
        run.mkdir(parents=True)
        os.utime(run, (number, number))
    (tmp_path / "state").mkdir()
    for serial, name in ((1, "aaaa"), (2, "bbbb"), (10, "cccc")):
        apply = {"id": name, "applied_at": "2026-11-01T00:00:00Z", "by": "ada"}
        (tmp_path / "state" / f"{serial:08d}.json").write_text(json.dumps({"apply": apply}))
    return tmp_path


def test_the_newest_come_first(folder: Path) -> None:
    assert run_ids(folder) == ["second", "first"]
    assert [id_ for id_, _ in apply_ids(folder)] == ["cccc", "bbbb", "aaaa"]
    assert apply_ids(folder)[0][1] == "2026-11-01T00:00:00Z by ada"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"apply": 7, "cut_off": null}', '{"apply": {"id": 3}}'])
def test_a_version_that_makes_no_sense_is_passed_over(folder: Path, text: str) -> None:
    (folder / "state" / "00000011.json").write_text(text)
    assert [id_ for id_, _ in apply_ids(folder)] == ["cccc", "bbbb", "aaaa"]


def test_applies_that_were_cut_off_are_told_too(folder: Path) -> None:
    (folder / "state" / "00000011.json").write_text(json.dumps({"apply": None, "cut_off": [{"id": "dddd"}]}))
    assert apply_ids(folder)[0][0] == "dddd"


def test_a_folder_that_is_not_there_knows_nothing(tmp_path: Path) -> None:
    assert run_ids(tmp_path / "no") == []
    assert apply_ids(tmp_path / "no") == []


def test_a_state_elsewhere_has_no_folder(tmp_path: Path) -> None:
    assert environment_folder("s3://bucket/prefix", tmp_path, "prod") is None
    assert environment_folder(".reconcile", tmp_path, "prod") == tmp_path / ".reconcile" / "prod"
