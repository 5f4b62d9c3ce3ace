"""Import and accept for every shape of object, however the platform behaves: the next plan has nothing to do."""

from __future__ import annotations

import re
from shutil import copytree
from typing import Any

import pytest

from contract.subjects import SUBJECTS, CrmAnalytics, Switches
from contract.test_provider_faults import LASTING, READS
from e2e.harness import World, recipe

READABLE = [subject for subject in SUBJECTS if isinstance(subject, CrmAnalytics)]
SETTINGS = [(subject, switches) for subject in READABLE for switches in ({}, *subject.switches)]


def _named(value: object) -> str:
    return ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def unwritten(world: World) -> None:
    """Forget that anything was ever written down or applied."""
    (world.root / "sales.yaml").unlink()
    (world.root / ".reconcile").rename(world.home / "lost")


@pytest.mark.parametrize(("subject", "switches"), SETTINGS, ids=_named)
def test_every_shape_is_imported_as_it_was_declared(world: World, subject: CrmAnalytics, switches: Switches) -> None:
    world.server.sandbox.reset("empty")
    pairs = subject.shapes()
    every = [after for _, after in pairs[:: max(1, len(pairs) // 16)] if after["frequency"] != "none"]
    subject.plant(world, every)
    world.switch(**switches)
    subject.declare(world, every)
    world.apply()
    unwritten(world)
    world.forget_log()
    result = world.run("import", "--format", "json")
    assert result.code == 0, result
    assert result.json["summary"] == {"imported": len(every), "declared": 0, "absent": 0, "left_out": 0}
    assert {method for method, _ in world.calls()} == {"GET"}
    world.settled()
    found = {entry["address"]: entry["values"] for entry in result.json["files"][0]["entries"]}
    for entry in every:
        asked = {name: value for name, value in entry.items() if name != subject.kind}
        shown = found[f"sales/schedule/{subject.kind}:{entry[subject.kind]}"]
        for name, value in asked.items():
            assert sorted(shown[name]) == sorted(value) if isinstance(value, list) else shown[name] == value


@pytest.mark.parametrize("subject", READABLE, ids=str)
def test_every_shape_is_accepted_in_place_of_every_other(world: World, subject: CrmAnalytics) -> None:
    """Somebody else's workspace moves every object from one shape to the next; ours takes it over."""
    pairs = subject.shapes()
    subject.plant(world, [before for before, _ in pairs])
    subject.declare(world, [before for before, _ in pairs])
    world.apply()
    theirs = World(world.home / "theirs", world.server, world.http)
    copytree(world.root, theirs.root)
    subject.declare(theirs, [after for _, after in pairs])
    theirs.apply("--allow-deletes", "1000")
    result = world.run("accept", "sales/*")
    assert result.code == 0, result
    plan = world.plan()
    assert plan["changes"] == []
    world.apply()
    assert world.run("drift").code == 0


def test_a_rich_org_is_imported_with_all_that_its_names_hold(world: World) -> None:
    """Names that YAML, variables or our own notation would take for something else, and names of several assets."""
    world.server.sandbox.reset("empty")
    names = ["on", "012", "1e3", "a: b", "# x", "it's", 'say "x"', "日本 🎉", "*a", "!b", "%c", "@d", "a/b", "~"]
    names += ["12:30", "2026-11-22", "{{FD_DATE}}", "${x}", "null", "- a", "a #b", "&amp;", "tab\there", "x" * 200]
    for name in names:
        world.create("recipe", name, {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}})
    twins = [world.create("recipe", "twin", {"frequency": "eventdriven", "triggerRule": "$ALL"}) for _ in range(2)]
    world.create("recipe", "${env.SF_CLIENT_ID}", {"frequency": "daily", "time": {"hour": 1, "minute": 0}})
    result = world.run("import")
    assert result.code == 0, result
    assert "recipe:${env.SF_CLIENT_ID} cannot be written down: it holds ${...}" in result.err
    text = (world.root / "sales.yaml").read_text(encoding="utf-8")
    assert all(re.search(rf"^  - id: {twin} +# twin; 2 recipes are named twin$", text, re.MULTILINE) for twin in twins)
    plan = world.plan()
    assert plan["summary"]["unchanged"] == len(names) + 2
    assert plan["changes"] == []


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("trouble", LASTING)
def test_nothing_is_imported_when_something_cannot_be_read(world: World, trouble: str, path: str) -> None:
    """A part of what is live never passes for all of it; what can be read is had by leaving the rest out."""
    world.fault(**LASTING[trouble], method="GET", path=path)
    result = world.run("import", "--format", "json")
    assert result.code == 1, result
    assert result.json["format"] == "reconcile.error/1"
    assert "import-incomplete" in result.codes
    assert sorted(path.name for path in world.root.glob("*.yaml")) == ["reconcile.yaml"]
    kind = {"/wave/recipes": "recipe", "/wave/dataflows": "dataflow", "/wave/dataConnectors": "data_sync"}[path]
    result = world.run("import", "--exclude", f"sales/schedule/{kind}:*")
    assert result.code == 0, result
    assert kind not in (world.root / "sales.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", READS)
def test_a_plan_that_cannot_list_says_so(world: World, path: str) -> None:
    """Unmanaged objects that could not be listed are an error, and no empty list."""
    world.sales(recipe("Adhoc_Export"))
    world.fault("status", status=500, method="GET", path=path)
    result = world.run("plan", "--unmanaged", "--format", "json")
    assert result.code == 1, result
    assert any(d["severity"] == "error" for d in result.json["diagnostics"])


def test_a_page_that_fails_in_the_middle_of_a_list(world: World) -> None:
    world.server.sandbox.reset("empty")
    daily: dict[str, Any] = {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}}
    world.admin("POST", "crm/assets", [{"type": "recipe", "name": f"R{n:03}", "schedule": daily} for n in range(401)])
    world.fault("status", status=503, method="GET", path="page=", skip=1)
    assert world.run("import").code == 1
    world.clear_faults()
    assert world.run("import").code == 0
    world.settled()


def test_an_empty_org_leaves_no_file(world: World) -> None:
    world.server.sandbox.reset("empty")
    result = world.run("import")
    assert (result.code, result.out) == (0, "Imported: nothing.\n")
    assert sorted(path.name for path in world.root.glob("*.yaml")) == ["reconcile.yaml"]
