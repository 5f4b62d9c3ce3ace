"""Pipelines against platforms that were written apart from the sandbox, straight from the platform pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.fake_jobs import RunningCrm, RunningTailer, Tamr, started
from e2e.fakes import Asset, listening
from e2e.harness import ALL_THREE, World

PIPELINE = """\
connection: tamr
pipelines:
  all:
    steps:
      load_a:  {tamr.load: {source: src_a}}
      load_b:  {tamr.load: {source: src_b}}
      master:  {tamr.update: {data_product: dp_xyz}, needs: [load_a, load_b]}
      publish: {tamr.publish: {destination: Test 123, data_product: dp_xyz}, needs: [master]}
      traffic: {tailer.launch: {type: table-to-table, id: t_DEV}, connection: tailer, needs: [publish]}
      sync:    {crm_analytics.sync: {data_sync: data_sync_1}, connection: sales, needs: [publish]}
      board:   {crm_analytics.start: {recipe: recipe_1}, connection: sales, needs: [sync, traffic]}
"""
QUICK = ("--poll-interval", "0.05", "--format", "json")
EACH_ONCE = sorted(
    [
        '{"load": {"sourceId": "src_a"}}',
        '{"load": {"sourceId": "src_b"}}',
        '{"update": {"dataProductId": "dp_xyz"}}',
        '{"publish": {"dataProductId": "dp_xyz", "destinationId": "Test 123"}}',
    ]
)


@pytest.fixture
def tamr() -> Tamr:
    return Tamr()


@pytest.fixture
def tailer() -> RunningTailer:
    return RunningTailer(known={("table-to-table", "t_DEV"): (True, False)})


@pytest.fixture
def crm() -> RunningCrm:
    assets = [
        Asset("05v7Q0000000001QA2", "recipe_1", "recipe"),
        Asset("0It7Q0000000001QA2", "data_sync_1", "data_sync"),
    ]
    return RunningCrm(assets=assets, always_escapes=True)


@pytest.fixture
def world(world: World, tamr: Tamr, tailer: RunningTailer, crm: RunningCrm) -> Iterator[World]:
    world.write("reconcile.yaml", ALL_THREE)
    world.write("pipelines.yaml", PIPELINE)
    with listening(tamr, tailer, crm):
        world.env |= {"SF_INSTANCE_URL": crm.url, "SF_CLIENT_SECRET": "not-the-sandbox's", "SF_CLIENT_ID": "another"}
        world.env |= {"TAILER_URL": tailer.url, "TAILER_API_JWT": "tailer-token-by-hand"}
        world.env |= {"TAMR_URL": tamr.url, "TAMR_API_KEY": "apk_by_hand"}
        yield world


def test_a_pipeline_over_all_three(world: World, tamr: Tamr, tailer: RunningTailer, crm: RunningCrm) -> None:
    """No filter, no ids in answers, strange states, escaped text: every job once, and the run succeeds."""
    result = world.run("run", "all", *QUICK)
    assert result.code == 0, result
    assert started(tamr) == EACH_ONCE
    assert [run["status"] for run in tailer.runs] == ["SUCCESS"]
    assert [job["label"] for job in crm.jobs] == ["Board & Pack", "Event (data_sync_1)", "Account (data_sync_1)"]
    steps = {step["name"]: step for step in result.json["runs"][0]["steps"]}
    assert steps["traffic"]["job"] == tailer.runs[0]["run_id"]
    assert steps["board"]["job"] == crm.jobs[0]["id"]
    assert "QUEUED_FOR_PLANNING" in result.err, "the unknown state is said"


def test_lost_answers_start_nothing_twice(world: World, tamr: Tamr, tailer: RunningTailer, crm: RunningCrm) -> None:
    """The first answer of every platform is a proxy's error page; each job is found by looking."""
    tamr.lose, tailer.lose, crm.lose = 2, 1, 2
    result = world.run("run", "all", *QUICK)
    assert result.code == 0, result
    assert started(tamr) == EACH_ONCE
    assert (len(tailer.runs), len(crm.jobs)) == (1, 3)
    steps = {step["name"]: step for step in result.json["runs"][0]["steps"]}
    assert [steps[name]["adopted"] for name in ("load_a", "load_b", "traffic", "sync", "board")] == ["found"] * 5


def test_jobs_by_hand_are_listed_and_shown(world: World, tamr: Tamr) -> None:
    assert world.run("tamr", "load", "src_a", "--wait", *QUICK).code == 0
    listed = world.run("jobs", "list", "--connection", "tamr", "--format", "json").json["jobs"]
    assert [(job["operation"], job["target"], job["state"]) for job in listed] == [
        ("tamr.load", "source:src_a", "succeeded")
    ]
    shown = world.run("jobs", "show", tamr.jobs[0]["jobId"], "--connection", "tamr", "--format", "json")
    assert shown.json["jobs"][0]["platform_state"] == "DONE"
