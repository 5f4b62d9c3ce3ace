"""Results of shards: a report believes none that is damaged, of another round, or about somebody else's workspaces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconcile.config.fleet_result import merged, read_result
from reconcile.core.errors import ConfigError
from reconcile.core.fleet import Fleet, Outcome, Shard
from reconcile.render.fleet import fleet_text

NAMES = [f"t{number}" for number in range(6)]
LONG_AGO = "2020-01-01T00:00:00Z"
DRIFT = {"format": "reconcile.drift/1", "drift": [], "pending": 0, "unread": [], "diagnostics": []}
TOLD = {"severity": "error", "code": "x", "summary": "X", "detail": None, "hint": None, "file": None, "line": None}


def workspace(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "outcome": "ok", "exit_code": 0, "seconds": 0.1, "document": DRIFT, **more}


def shard(index: int, count: int = 2, **more: Any) -> dict[str, Any]:
    """Return what a shard leaves in which all is well."""
    return {
        "format": "reconcile.fleet/1",
        "command": "drift",
        "source": "teams/*",
        "began_at": "2026-11-23T09:00:00Z",
        "ended_at": "2026-11-23T09:00:10Z",
        "shard": {"index": index, "count": count},
        "missing_shards": [],
        "outcome": "ok",
        "summary": {},
        "fleet": NAMES,
        "workspaces": [workspace(name) for name in NAMES if Shard(index, count).holds(name)],
        "diagnostics": [],
        **more,
    }


def read(folder: Path, *documents: dict[str, Any]) -> list[Fleet]:
    found = []
    for number, document in enumerate(documents):
        path = folder / f"{number}.json"
        path.write_text(json.dumps(document))
        found.append(read_result(path))
    return found


def test_all_shards_are_the_whole(tmp_path: Path) -> None:
    whole = merged(read(tmp_path, shard(2), shard(1)), LONG_AGO)
    assert [result.name for result in whole.results] == NAMES
    assert (whole.outcome, whole.missing_shards) == (Outcome.OK, ())


@pytest.mark.parametrize(
    "damage",
    [
        {"format": "reconcile.fleet/2"},
        {"more": 1},
        {"command": "drift\x1b[2J"},
        {"ended_at": "yesterday"},
        {"ended_at": "2026-11-23T09:00:10+01:00"},
        {"diagnostics": [{**TOLD, "severity": "fatal"}]},
        {"diagnostics": ["x"]},
        {"workspaces": [workspace(NAMES[0], outcome="fine")]},
        {"workspaces": [workspace(NAMES[0], document={**DRIFT, "drift": [{}]})]},
        {"workspaces": [workspace(NAMES[0], document={**DRIFT, "drift": None})]},
        {"workspaces": [workspace(NAMES[0], document={**DRIFT, "diagnostics": [{"code": "x"}]})]},
        {"workspaces": [workspace(NAMES[0], document={"format": "reconcile.plan/1", "changes": [{"address": "x"}]})]},
    ],
    ids=str,
)
def test_what_is_not_as_it_must_be_is_an_error(tmp_path: Path, damage: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, shard(1, **damage))
    assert raised.value.diagnostics[0].code == "fleet-result-unreadable"


@pytest.mark.parametrize("text", ["", "null", "[" * 100_000, '{"format": '])
def test_what_is_no_document_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "drift.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_result(path)


def test_a_document_that_says_little_can_be_shown(tmp_path: Path) -> None:
    """Whatever a later version leaves out of it or adds to it."""
    bare = [
        {"format": f"reconcile.{name}", "new": 1} for name in ("drift/1", "plan/1", "validate/1", "error/1", "drift/2")
    ]
    found = read(tmp_path, *(shard(1, 1, workspaces=[workspace(NAMES[0], document=each)]) for each in bare))
    assert [each.results[0].document for each in found] == bare
    for each in found:
        assert "ok        t0" in fleet_text(each)


@pytest.mark.parametrize(
    "strangers",
    [
        [workspace("teams/unknown")],
        [workspace(name) for name in NAMES if Shard(2, 2).holds(name)],
    ],
)
def test_a_shard_tells_of_its_own_workspaces_only(tmp_path: Path, strangers: list[dict[str, Any]]) -> None:
    """Two results of one workspace would hide each other."""
    drifted = [{**each, "outcome": "drift"} for each in strangers]
    parts = read(tmp_path, shard(1, workspaces=drifted), shard(2))
    with pytest.raises(ConfigError, match="is not in shard 1/2"):
        merged(parts, LONG_AGO)


def test_a_shard_twice_is_an_error_but_an_old_one_beside_it_is_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Two of them are of shard 1/2"):
        merged(read(tmp_path, shard(1), shard(1), shard(2)), LONG_AGO)
    old = shard(1, 5, ended_at="2026-11-22T09:00:00Z", fleet=NAMES[:2])
    whole = merged(read(tmp_path, shard(1), old, shard(2)), "2026-11-23T00:00:00Z")
    assert (whole.outcome, whole.missing_shards) == (Outcome.OK, ())
    assert [told.detail for told in whole.diagnostics] == [
        "The result of shard 1/5 is from 2026-11-22T09:00:00Z, and does not count."
    ]
