"""The record: damaged, newer, locked, unwritable; each with its own words, exit code and way out."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from e2e.harness import World, flags, killed, recipe, reset, until


@pytest.fixture
def applied(world: World) -> World:
    """One recipe applied twice: versions 1 and 2."""
    world.sales(recipe("Board_Pack"))
    world.tailer([flags()], [reset("x")])
    world.apply()
    world.sales(recipe("Board_Pack", time="02:00"))
    world.apply()
    world.forget_log()
    return world


def versions(world: World) -> list[Path]:
    return sorted((world.root / ".reconcile" / "default" / "state").glob("*.json"))


def every_command(world: World, code: str, exit_code: int = 1) -> str:
    """Check that all commands that need the state say this, and write nothing; return the last hint."""
    hint = ""
    for command in (["plan"], ["apply", "--yes"], ["drift"], ["state", "list"]):
        result = world.run(*command, "--format", "json")
        assert result.code == exit_code, (command, result)
        assert result.codes == [code], command
        hint = result.json["diagnostics"][0]["hint"]
    assert world.sent() == []
    return hint


def test_versions_are_numbered_and_named_by_lineage(applied: World) -> None:
    """00000001, 00000002: one lineage, never written again."""
    found = [json.loads(path.read_text()) for path in versions(applied)]
    assert [path.name for path in versions(applied)] == ["00000001.json", "00000002.json"]
    assert len({each["lineage"] for each in found}) == 1
    assert applied.plan()["base"] == {"lineage": found[0]["lineage"], "serial": 2}


def test_an_apply_with_nothing_to_do_writes_no_version(applied: World) -> None:
    """Nothing new to say."""
    assert applied.run("apply", "--yes").code == 0
    assert len(versions(applied)) == 2


@pytest.mark.parametrize("text", ["", "{", "null", '{"format": "reconcile.state/2"}', "\x00\x00", "[1]"])
def test_a_damaged_state_names_the_file_and_the_way_back(applied: World, text: str) -> None:
    """Exit 1; moving the named file away goes back to the version before, as the hint says."""
    last = versions(applied)[-1]
    last.write_text(text)
    hint = every_command(applied, "state-damaged")
    assert "00000002.json" in hint
    last.rename(last.with_suffix(".json.damaged"))
    assert applied.plan()["base"]["serial"] == 1
    applied.apply()


def test_the_only_version_damaged(world: World) -> None:
    """The way out leads to a first apply that records anew what is as the files say."""
    world.sales(recipe("Board_Pack"))
    world.apply()
    world.forget_log()
    (only,) = versions(world)
    only.write_text("{")
    every_command(world, "state-damaged")
    only.rename(only.with_suffix(".json.damaged"))
    world.apply()
    assert world.sent() == []


def test_a_state_of_a_newer_program(applied: World) -> None:
    """Its own error: update the program; nothing is written."""
    last = versions(applied)[-1]
    last.write_text(last.read_text().replace("reconcile.state/2", "reconcile.state/3"))
    before = last.read_bytes()
    hint = every_command(applied, "state-too-new")
    assert re.search("newer|update|upgrade|install", hint), hint
    assert last.read_bytes() == before


def test_a_lock_of_another_machine_is_respected_and_can_be_broken(applied: World) -> None:
    """Exit 3 says who and since when; plan still works; `state unlock` is the way out."""
    applied.sales(recipe("Board_Pack", time="03:00"))
    lock = applied.root / ".reconcile" / "default" / "lock.json"
    lock.write_text(
        json.dumps(
            {"format": "reconcile.lock/1", "token": "t", "id": "i", "by": "ann", "host": "elsewhere", "pid": 1}
            | {"command": "reconcile apply", "space": "another machine", "started": "1"}
            | {"since": "2026-11-22T10:00:00Z", "until": "2999-01-01T00:00:00Z"}
        )
    )
    result = applied.run("apply", "--yes", "--format", "json")
    assert result.code == 3, result
    assert result.codes == ["lock-held"]
    for word in ("ann", "elsewhere", "2026-11-22T10:00:00Z", "state unlock"):
        assert word in result.err
    assert applied.sent() == []
    assert applied.run("plan").code == 0
    assert applied.run("state", "unlock").code == 3, "no terminal to ask on"
    broken = applied.run("state", "unlock", "--yes", "--format", "json")
    assert (broken.code, broken.json["broken"]) == (0, True)
    applied.apply()


def test_a_lock_whose_lease_is_over_is_taken_over(applied: World) -> None:
    """A machine that died long ago keeps nobody waiting."""
    applied.sales(recipe("Board_Pack", time="03:00"))
    (applied.root / ".reconcile" / "default" / "lock.json").write_text(
        json.dumps(
            {"format": "reconcile.lock/1", "token": "t", "id": "i", "by": "ann", "host": "elsewhere", "pid": 1}
            | {"command": "reconcile apply", "space": "another machine", "started": "1"}
            | {"since": "2020-11-22T10:00:00Z", "until": "2020-11-22T10:15:00Z"}
        )
    )
    applied.apply()


def test_a_damaged_lock_has_a_way_out(applied: World) -> None:
    """It cannot be read, so it is not taken over; unlock removes it; plan does not need it."""
    lock = applied.root / ".reconcile" / "default" / "lock.json"
    lock.write_text("{")
    applied.sales(recipe("Board_Pack", time="03:00"))
    result = applied.run("apply", "--yes", "--format", "json")
    assert result.code in (1, 3), result
    assert "state unlock" in result.json["diagnostics"][0]["hint"]
    assert applied.sent() == []
    assert applied.run("plan").code == 0
    assert applied.run("state", "unlock", "--yes").code == 0
    applied.apply()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_state_folder_without_rights(applied: World) -> None:
    """Said with a way out; nothing is sent."""
    folder = applied.root / ".reconcile" / "default"
    folder.chmod(0o500)
    applied.sales(recipe("Board_Pack", time="03:00"))
    try:
        assert applied.run("apply", "--yes").code == 1
        assert applied.sent() == []
    finally:
        folder.chmod(0o700)


def test_a_file_where_the_state_folder_should_be(world: World) -> None:
    """Exit 1 with a hint; nothing is sent and the file is untouched."""
    world.sales(recipe("Board_Pack"))
    (world.root / ".reconcile").write_text("mine")
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 1, result
    assert result.json["diagnostics"][0]["hint"]
    assert world.sent() == []
    assert (world.root / ".reconcile").read_text() == "mine"


def test_the_state_can_be_somewhere_else(world: World, tmp_path: Path) -> None:
    """`state:` names a folder, relative to the workspace or absolute."""
    for place, folder in (("../kept", tmp_path / "kept"), (str(tmp_path / "abs"), tmp_path / "abs")):
        world.workspace(top=f"state: {place}")
        world.sales(recipe("Board_Pack"))
        world.apply()
        assert (folder / "default" / "state" / "00000001.json").exists()


def test_state_list_and_show(applied: World) -> None:
    """What is recorded, as text and as JSON; an unknown address is an error with a suggestion."""
    listed = applied.run("state", "list", "--format", "json")
    assert [each["address"].partition("/")[0] for each in listed.json["objects"]] == ["sales", "tailer", "tailer"]
    shown = applied.run("state", "show", "sales/schedule/recipe:Board_Pack", "--format", "json")
    assert shown.json["values"]["time"] == "02:00"
    wrong = applied.run("state", "show", "sales/schedule/recipe:Board_Pak", "--format", "json")
    assert wrong.code == 1
    assert "Board_Pack" in wrong.json["diagnostics"][0]["hint"]


def test_a_damaged_journal_keeps_nobody_from_working(applied: World) -> None:
    """It is said, what it held counts as not known, and the next apply goes on."""
    folder = applied.root / ".reconcile" / "default" / "journal" / "000001-abc"
    folder.mkdir(parents=True)
    (folder / "begin.json").write_text("{")
    plan = applied.run("plan")
    assert plan.code == 0, plan
    assert "begin.json" in plan.err
    applied.apply()
    assert "begin.json" not in applied.run("plan").err


def test_the_disk_full_when_recording(world: World) -> None:
    """The changes are made and cannot be recorded: exit 1 says so, the journal stays, and the next apply goes on."""
    world.sales(recipe("Board_Pack"))
    world.apply()
    world.sales(recipe("Board_Pack", time="05:00"))
    state = world.root / ".reconcile" / "default" / "state"
    with world.meanwhile("/wave/", seen=2, do=lambda: _blocked(state)):
        result = world.run("apply", "--yes", "--format", "json")
    state.unlink()
    state.with_name("kept").rename(state)
    assert result.code == 1, result
    assert [r["outcome"] for r in result.json["results"]] == ["done"]
    world.apply()
    assert "05:00" in world.run("state", "show", "sales/schedule/recipe:Board_Pack").out


def _blocked(state: Path) -> None:
    state.rename(state.with_name("kept"))
    state.write_text("in the way")


def test_forgetting_leaves_the_platform_alone(applied: World) -> None:
    """What is forgotten and in no file is nobody's: no delete, no drift; the rest stays recorded."""
    applied.sales(recipe("Month_Close"))
    result = applied.run("state", "forget", "sales/schedule/recipe:Board_Pack", "--yes")
    assert (result.code, result.out) == (0, "forgotten sales/schedule/recipe:Board_Pack\n")
    addresses = [change["address"] for change in applied.plan()["changes"]]
    assert "sales/schedule/recipe:Board_Pack" not in addresses
    assert len(applied.run("state", "list", "--format", "json").json["objects"]) == 2
    assert applied.sent() == []


def test_forgetting_takes_globs_and_prints_a_document(applied: World) -> None:
    """A reset that is forgotten is planned again; the version that says so is named."""
    result = applied.run("state", "forget", "tailer*/workflow_reset/*", "--yes", "--format", "json")
    assert result.code == 0, result
    assert result.json["serial"] == 3
    assert len(result.json["forgotten"]) == 1
    assert [change["action"] for change in applied.plan()["changes"]] == ["run"]


@pytest.mark.parametrize("arguments", [["sales/schedule/recipe:Bord_Pack", "--yes"], ["*"]])
def test_forgetting_nothing_by_mistake(applied: World, arguments: list[str]) -> None:
    """A name that is not recorded is an error with a suggestion; without a terminal nobody was asked."""
    before = versions(applied)
    result = applied.run("state", "forget", *arguments)
    assert result.code == (1 if "--yes" in arguments else 3)
    assert "Board_Pack" in result.err
    assert versions(applied) == before


def test_forgetting_waits_for_what_was_cut_off(applied: World) -> None:
    """What an apply did before it was cut off would come back into the record: apply accounts for it first."""
    applied.sales(recipe("Board_Pack", time="03:00"))
    applied.fault("hang", method="PUT", times=1)
    process = applied.start("apply", "--yes")
    until(lambda: any(e["method"] == "PUT" for e in applied.log()))
    killed(process)
    result = applied.run("state", "forget", "sales/*", "--yes")
    assert result.code == 3
    assert "reconcile apply" in result.err
    applied.clear_faults()
    applied.apply()
    assert applied.run("state", "forget", "sales/*", "--yes").code == 0
