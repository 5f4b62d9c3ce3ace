"""`state unlock`: what it shows, what it breaks, and what becomes of who held it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import World, ended, killed, recipe, until

PIPELINE = """\
connection: tailer
pipelines:
  customers:
    steps:
      load: {tailer.launch: {type: table-to-table, id: 000099_Load_PDA_f_traffic_ma_DEV}}
"""


@pytest.fixture
def held(world: World) -> World:
    """A workspace whose state ann holds, on another machine."""
    world.workspace()
    world.sales(recipe("Pipeline_Snapshot"), recipe("Month_Close"))
    world.write("customers.yaml", PIPELINE)
    put_lock(world, "lock.json")
    return world


def lock_path(world: World, key: str) -> Path:
    return world.root / ".reconcile" / "default" / key


def key_of(pipeline: str) -> str:
    return f"locks/pipeline-{sha256(pipeline.encode()).hexdigest()[:32]}.json"


def put_lock(world: World, key: str, **more: object) -> None:
    """Write a lock as another machine does."""
    document: Mapping[str, Any] = {
        "format": "reconcile.lock/1",
        "token": key,
        "id": "a04511482f1a",
        "by": "ann",
        "host": "elsewhere",
        "pid": 4711,
        "command": "reconcile apply --yes",
        "job": "https://ci.example/jobs/7",
        "space": "another machine",
        "started": "1",
        "lease": 900.0,
        "what": "",
        "since": "2026-11-22T10:00:00Z",
        "until": "2999-01-01T00:00:00Z",
        **more,
    }
    lock_path(world, key).parent.mkdir(parents=True, exist_ok=True)
    lock_path(world, key).write_text(json.dumps(document))


def test_it_shows_all_there_is_to_know_before_it_asks(held: World) -> None:
    """Nobody to ask is a refusal, and breaks nothing."""
    result = held.run("state", "unlock")
    assert result.code == 3, result
    for line in (
        "The lock of environment default",
        "  held by  ann on elsewhere, process 4711",
        "  command  reconcile apply --yes",
        "  job      https://ci.example/jobs/7",
        "  since    2026-11-22 10:00:00 UTC (",
        "  lease    ends in ",
    ):
        assert line in result.err
    assert "Break it? Somebody may be at work." in result.err
    assert result.out == ""
    assert lock_path(held, "lock.json").exists()


def test_it_breaks_the_lock_and_says_whose(held: World) -> None:
    result = held.run("state", "unlock", "--yes")
    assert (result.code, result.out) == (0, "Broken: the lock of environment default, held by ann on elsewhere.\n")
    assert not lock_path(held, "lock.json").exists()
    assert held.run("state", "unlock", "--yes").out == "There is no lock.\n"
    held.apply()


def test_as_json(held: World) -> None:
    (lock,) = held.run("state", "unlock", "--yes", "--format", "json").json["locks"]
    assert lock == {
        "of": "environment default",
        "by": "ann",
        "host": "elsewhere",
        "pid": 4711,
        "apply": "a04511482f1a",
        "command": "reconcile apply --yes",
        "job": "https://ci.example/jobs/7",
        "changes": None,
        "in_flight": None,
        "since": "2026-11-22T10:00:00Z",
        "until": "2999-01-01T00:00:00Z",
    }
    document = held.run("state", "unlock", "--yes", "--format", "json").json
    assert document == {"format": "reconcile.unlock/1", "broken": False, "locks": [], "diagnostics": []}


def test_one_that_is_over_needs_nobody(held: World) -> None:
    put_lock(held, "lock.json", until="2026-11-22T10:15:00Z")
    result = held.run("state", "unlock")
    assert "  lease    ended " in result.err
    assert "the next one who wants it takes it over" in result.err
    assert "Somebody may be at work" not in result.err


def test_one_that_cannot_be_read_is_broken_too(held: World) -> None:
    lock_path(held, "lock.json").write_text("{")
    result = held.run("state", "unlock", "--yes")
    assert result.code == 0, result
    assert "cannot be read" in result.err
    assert result.out == "Broken: the lock of environment default, which could not be read.\n"
    held.apply()


def test_locks_of_pipelines_are_named_and_left_alone(held: World) -> None:
    put_lock(held, key_of("customers"), command="reconcile run customers", what="pipeline customers")
    held.run("state", "unlock", "--yes")
    result = held.run("state", "unlock", "--yes")
    assert result.out == "There is no lock.\nThere is one of pipeline customers, held by ann on elsewhere.\n"
    assert lock_path(held, key_of("customers")).exists()
    result = held.run("state", "unlock", "customers", "--yes")
    assert result.out == "Broken: the lock of pipeline customers, held by ann on elsewhere.\n"
    assert "  command  reconcile run customers" in result.err
    assert held.run("state", "unlock", "customers").out == "There is no lock on this pipeline.\n"


def test_all_breaks_all(held: World) -> None:
    """Also one of an older program, which does not say what it is on, and what a killed process left beside them."""
    put_lock(held, key_of("customers"))
    put_lock(held, "locks/target-1.json", what="target source:a of tamr")
    (lock_path(held, "locks/clock-1")).write_text("")
    result = held.run("state", "unlock", "--all")
    assert "Break all 3?" in result.err
    result = held.run("state", "unlock", "--all", "--yes", "--format", "json")
    assert [each["of"] for each in result.json["locks"]] == [
        *("environment default", "pipeline customers", "target source:a of tamr"),
    ]
    assert not lock_path(held, "lock.json").exists()
    assert list(lock_path(held, "locks").iterdir()) == []


def test_a_pipeline_that_there_is_not(held: World) -> None:
    result = held.run("state", "unlock", "custmers", "--yes")
    assert result.code == 1
    assert 'did you mean "customers"?' in result.err
    assert held.run("state", "unlock", "customers", "--all").code == 64
    assert lock_path(held, "lock.json").exists()


def test_who_lost_the_lock_to_it_records_nothing(world: World) -> None:
    """It says so and how to go on; its journal tells the next one, and nothing is done twice."""
    world.workspace(crm="concurrency: 1")
    world.sales(recipe("Pipeline_Snapshot"), recipe("Month_Close"))
    world.fault("delay", method="PUT", seconds=4, times=1)
    first = world.start("apply", "--yes", "--format", "json")
    try:
        until(lambda: any(entry["method"] == "PUT" for entry in world.log()))
        shown = world.run("state", "unlock", "--yes")
        assert shown.code == 0, shown
        assert " has 2 changes, 2 of them in flight\n" in shown.err
        assert shown.out.endswith(". `reconcile plan` says what was in flight.\n")
        result = ended(first)
    finally:
        killed(first)
    assert result.code == 1, result
    assert {"state-moved", "lock-lost"} & set(result.codes)
    assert result.json["serial"] is None
    again = world.run("apply", "--yes", "-v")
    assert again.code == 0, again
    assert "An earlier apply was cut off" in again.err
    world.settled()
