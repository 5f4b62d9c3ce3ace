"""One suite for every provider: create, change, delete; after each apply the next plan is empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from contract.subjects import SUBJECTS, Subject, Switches
from e2e.harness import Entry, World

SETTINGS = [(subject, switches) for subject in SUBJECTS for switches in subject.switches]


def _named(value: object) -> str:
    return ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def put(world: World, subject: Subject, entries: Sequence[Entry], *arguments: str) -> Any:
    """Declare and apply the entries; check what is sent against the plan, and that the next plan is empty."""
    subject.declare(world, entries)
    plan = world.plan(*arguments)
    world.forget_log()
    result = world.run("apply", "--yes", "--format", "json", *arguments)
    assert result.code == 0, result
    planned = [(r["method"], r["path"], r["body"]) for c in plan["changes"] for r in c["requests"]]
    assert sorted(planned, key=str) == sorted(world.sent(), key=str)
    world.settled()
    return plan


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_every_shape_into_every_other(world: World, subject: Subject) -> None:
    """Created in every shape, changed into every other, read back also one by one, and taken back."""
    pairs = subject.shapes()
    subject.plant(world, [before for before, _ in pairs])
    put(world, subject, [before for before, _ in pairs])
    changed = put(world, subject, [after for _, after in pairs])
    assert len(changed["changes"]) == len(pairs)
    assert world.run("plan", "--exact", "--detailed-exitcode").code == 0
    gone = [entry for _, after in pairs if (entry := subject.off(after))]
    put(world, subject, gone, "--allow-deletes", "1000")


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_every_field_in_turn(world: World, subject: Subject) -> None:
    """A change of one field is a change of that field and no other."""
    triples = subject.fields()
    subject.plant(world, [before for _, before, _ in triples])
    put(world, subject, [before for _, before, _ in triples])
    plan = put(world, subject, [after for _, _, after in triples])
    assert [c["action"] for c in plan["changes"]] == ["update"] * len(triples)
    found = sorted(field["path"] for change in plan["changes"] for field in change["fields"])
    assert found == sorted(name for name, _, _ in triples)


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_removed_entries(world: World, subject: Subject) -> None:
    """What was recorded is deleted or forgotten, and is then neither recorded nor planned."""
    entries = [before for _, before, _ in subject.fields()]
    subject.plant(world, entries)
    put(world, subject, entries)
    put(world, subject, [], "--allow-deletes", "1000")
    assert world.run("state", "list").out == "Nothing is recorded.\n"


@pytest.mark.parametrize(("subject", "switches"), SETTINGS, ids=_named)
def test_under_every_switch(world: World, subject: Subject, switches: Switches) -> None:
    """Every shape is created, changed and taken back, however the platform behaves."""
    pairs = subject.shapes()
    every = pairs[:: max(1, len(pairs) // 9)]
    subject.plant(world, [before for before, _ in every])
    world.switch(**switches)
    put(world, subject, [before for before, _ in every])
    put(world, subject, [after for _, after in every])
    assert world.run("plan", "--exact", "--detailed-exitcode").code == 0
    gone = [entry for _, after in every if (entry := subject.off(after))]
    put(world, subject, gone, "--allow-deletes", "1000")


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_every_object_is_adopted_without_a_write_where_it_can_be_read(world: World, subject: Subject) -> None:
    """A lost record costs nothing on a platform that shows its objects; elsewhere everything is asserted once."""
    entries = [before for _, before, _ in subject.fields()]
    subject.plant(world, entries)
    put(world, subject, entries)
    state = world.root / ".reconcile"
    state.rename(world.home / "lost")
    world.forget_log()
    world.apply()
    assert len(world.sent()) == (0 if subject.platform == "crm_analytics" else len(entries))
