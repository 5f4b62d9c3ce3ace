"""One suite for every provider: what an apply did is taken back, in every shape, and brought again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from contract.subjects import SUBJECTS, Subject, Switches
from contract.test_provider_suite import SETTINGS, _named, put
from e2e.harness import Entry, World


def platform(world: World) -> Any:
    """Return what is on the platforms, without when it was written."""
    state = world.admin("GET", "state")
    schedules = {asset["name"]: asset["schedule"] for asset in state["crm_analytics"]["assets"]}
    flags = {(each["type"], each["id"]): (each["activated"], each["archived"]) for each in _deployed(state)}
    return schedules, flags


def _deployed(state: Any) -> list[Any]:
    found: list[Any] = state["tailer"]["configurations"]
    return found


def undo(world: World, *arguments: str) -> None:
    """Take the latest apply back, all of it, with just the calls of its plan."""
    plan = world.run("undo", "latest", "--out", str(world.home / "u"), "--format", "json", "--allow-deletes", "1000")
    assert plan.code == 0, plan
    world.forget_log()
    result = world.run("undo", "latest", "--yes", "--format", "json", "--allow-deletes", "1000", *arguments)
    assert result.code == 0, result
    planned = [(r["method"], r["path"], r["body"]) for c in plan.json["changes"] for r in c["requests"]]
    assert sorted(planned, key=str) == sorted(world.sent(), key=str)


def there_and_back(world: World, subject: Subject, before: Sequence[Entry], after: Sequence[Entry]) -> None:
    put(world, subject, before)
    first = platform(world)
    put(world, subject, after)
    second = platform(world)
    undo(world)
    assert platform(world) == first
    subject.declare(world, before)
    world.settled()
    undo(world)
    assert platform(world) == second
    subject.declare(world, after)
    world.settled()


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_every_shape_into_every_other_and_back(world: World, subject: Subject) -> None:
    """Live and record are as before, to the last field: the files of before are settled. Undone itself, too."""
    pairs = subject.shapes()
    subject.plant(world, [before for before, _ in pairs])
    there_and_back(world, subject, [before for before, _ in pairs], [after for _, after in pairs])


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_every_field_and_back(world: World, subject: Subject) -> None:
    """One field at a time."""
    triples = subject.fields()
    subject.plant(world, [before for _, before, _ in triples])
    there_and_back(world, subject, [before for _, before, _ in triples], [after for _, _, after in triples])


@pytest.mark.parametrize(("subject", "switches"), SETTINGS, ids=_named)
def test_there_and_back_under_every_switch(world: World, subject: Subject, switches: Switches) -> None:
    """However the platform behaves."""
    pairs = subject.shapes()
    every = pairs[:: max(1, len(pairs) // 9)]
    subject.plant(world, [before for before, _ in every])
    world.switch(**switches)
    there_and_back(world, subject, [before for before, _ in every], [after for _, after in every])


@pytest.mark.parametrize("subject", [each for each in SUBJECTS if each.platform == "crm_analytics"], ids=str)
def test_what_was_made_is_taken_away_and_was_never_ours(world: World, subject: Subject) -> None:
    """The first apply of all, undone: nothing is there, and nothing recorded."""
    entries = [before for before, _ in subject.shapes() if before["frequency"] != "none"]
    subject.plant(world, entries)
    nothing = platform(world)
    put(world, subject, entries)
    undo(world)
    assert platform(world) == nothing
    assert world.run("state", "list").out == "Nothing is recorded.\n"
    undo(world)
    world.settled()


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_entries_that_were_removed_come_back(world: World, subject: Subject) -> None:
    """Deleted and forgotten; live and recorded again."""
    entries = [before for _, before, _ in subject.fields()]
    subject.plant(world, entries)
    put(world, subject, entries)
    before = platform(world)
    put(world, subject, [], "--allow-deletes", "1000")
    undo(world)
    assert platform(world) == before
    subject.declare(world, entries)
    world.settled()
