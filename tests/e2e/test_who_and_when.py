"""Drift names who and when: the platform's last modification, our last apply, the entry's last commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import World, flags, recipe

NINE = {"frequency": "daily", "time": {"hour": 9, "minute": 0, "timeZone": "UTC"}}


def git(world: World, *words: str, by: str = "Ann Example", at: str = "2026-11-20T10:00:00Z") -> str:
    """Run git in the checkout, as somebody with a name, and return what it prints."""
    who = {
        f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in (("NAME", by), ("DATE", at))
    }
    mail = {f"GIT_{role}_EMAIL": "someone@example.test" for role in ("AUTHOR", "COMMITTER")}
    found = subprocess.run(
        ["git", "-C", str(world.home), *words],
        env={"PATH": os.environ["PATH"], "HOME": str(world.home), **who, **mail},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@pytest.fixture
def checkout(world: World) -> World:
    """Two recipes in a git checkout, by two people, and applied."""
    git(world, "init", "-q", "-b", "main")
    (world.home / ".gitignore").write_text(".reconcile/\n", encoding="utf-8")
    world.sales(recipe("Board_Pack"))
    git(world, "add", "-A")
    git(world, "commit", "-q", "-m", "The board pack")
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    git(world, "commit", "-qam", "The close\n\nAt last.", by="Bob Example", at="2026-11-21T10:00:00Z")
    world.env["GITHUB_ACTOR"] = "ada"
    world.apply()
    return world


def drift_of(world: World) -> list[dict[str, Any]]:
    result = world.run("drift", "--format", "json")
    assert result.code == 5, result
    found: list[dict[str, Any]] = result.json["drift"]
    return found


def test_who_and_when(checkout: World) -> None:
    """As a process of its own: each drifted object has all three, and so says the text, in 80 columns."""
    head = git(checkout, "rev-parse", "HEAD")
    first = git(checkout, "rev-parse", "HEAD~1")
    checkout.admin("PUT", "crm/users", {"Maya Example": {"assets": ["recipe:Board_Pack"]}})
    checkout.by_hand("recipe", "Board_Pack", NINE)
    checkout.by_hand("recipe", "Month_Close", NINE)
    board, close = drift_of(checkout)
    assert [board["class"], close["class"]] == ["platform", "platform"]
    applied = checkout.run("history", "--format", "json").json["applies"][0]
    assert board["applied"] == {"id": applied["id"], "by": "ada", "at": applied["applied_at"], "commit": head}
    assert close["applied"] == board["applied"]
    assert (board["modified"]["of"], board["modified"]["by"]) == ("asset", "Maya Example")
    assert board["modified"]["at"] >= board["applied_at"]
    assert board["blame"] == {
        "commit": first,
        "by": "Ann Example",
        "at": "2026-11-20T10:00:00Z",
        "summary": "The board pack",
        "is_oldest": False,
    }
    assert (close["blame"]["commit"], close["blame"]["by"]) == (head, "Bob Example")
    told = checkout.spawn("drift")
    assert told.code == 5, told
    assert f"    by ada, apply {applied['id']}, commit {head[:12]}\n" in told.out
    assert "\n            by Maya Example\n" in told.out
    assert "asset last modified at 2026-01-05 07:00:00 UTC, before that\n            by Integration User\n" in told.out
    assert "entry last committed at 2026-11-20 10:00:00 UTC\n" in told.out
    assert f"by Ann Example, {first[:12]}: The board pack\n" in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    markdown = checkout.run("drift", "--format", "markdown").out
    assert "Maya Example" in markdown
    assert "The board pack" in markdown


def test_the_apply_of_each_object_is_named(checkout: World) -> None:
    """An apply of something else in between does not count."""
    before = checkout.run("history", "--format", "json").json["applies"][0]["id"]
    checkout.sales(recipe("Board_Pack"), recipe("Month_Close", time="02:00"))
    checkout.env["GITHUB_ACTOR"] = "grace"
    checkout.apply()
    checkout.by_hand("recipe", "Board_Pack", NINE)
    checkout.by_hand("recipe", "Month_Close", NINE)
    board, close = drift_of(checkout)
    assert (board["applied"]["id"], board["applied"]["by"]) == (before, "ada")
    assert close["applied"]["by"] == "grace"
    assert close["blame"] == {"commit": None, "by": None, "at": None, "summary": None, "is_oldest": False}
    assert "entry not committed yet\n" in checkout.run("drift").out


def test_explain_names_nobody_where_the_history_is_cut(checkout: World, tmp_path: Path) -> None:
    """As CI checks out: the newest commit is all there is, and its author need not have written the entry."""
    git(checkout, "clone", "-q", "--depth", "1", checkout.home.as_uri(), str(tmp_path / "clone"))
    address, clone = "sales/schedule/recipe:Board_Pack", tmp_path / "clone"
    told = checkout.run("explain", address, "--offline", cwd=clone).out
    assert "or before (shallow clone)" in " ".join(told.split())
    assert "Bob Example" not in told
    blame = checkout.run("explain", address, "--offline", "--format", "json", cwd=clone).json["declared"]["blame"]
    assert (blame["by"], blame["is_oldest"]) == (None, True)


def test_which_side_moved(checkout: World) -> None:
    """What moved on both sides is drift; what only the file changed is listed, and is none."""
    checkout.sales(recipe("Board_Pack", time="03:00"), recipe("Month_Close", time="04:00"))
    checkout.by_hand("recipe", "Board_Pack", NINE)
    document = checkout.run("drift", "--format", "json").json
    assert [(d["address"], d["class"]) for d in document["drift"]] == [("sales/schedule/recipe:Board_Pack", "both")]
    assert document["pending"] == 2
    assert [(each["address"].split(":")[1], each["class"]) for each in document["waiting"]] == [
        ("Board_Pack", "both"),
        ("Month_Close", "file"),
    ]
    assert document["waiting"][1]["source"] == {"file": "sales.yaml", "line": 4, "column": 5}


def test_an_apply_whose_outcome_is_not_known_is_neither_side(checkout: World) -> None:
    checkout.tailer([flags()])
    checkout.fault("cut", path="/v1/configuration/status", after_effect=True)
    assert checkout.run("apply", "--yes").code in (1, 4)
    checkout.clear_faults()
    waiting = checkout.run("drift", "--format", "json").json["waiting"]
    assert [each["class"] for each in waiting] == ["unknown"]


def test_without_a_checkout_nobody_is_blamed(world: World, tmp_path: Path) -> None:
    world.env["GIT_CEILING_DIRECTORIES"] = str(tmp_path.parent)
    world.sales(recipe("Board_Pack"))
    world.apply()
    world.by_hand("recipe", "Board_Pack", NINE)
    (item,) = drift_of(world)
    assert item["blame"] is None
    assert item["applied"]["commit"] is None


def test_a_damaged_history_fails_nothing(checkout: World) -> None:
    """Nobody is named, and the drift is told all the same."""
    checkout.sales(recipe("Board_Pack"), recipe("Month_Close", time="02:00"))
    checkout.apply()
    checkout.by_hand("recipe", "Board_Pack", NINE)
    oldest, *_ = sorted((checkout.root / ".reconcile").rglob("00000001.json"))
    oldest.write_text("{", encoding="utf-8")
    (item,) = drift_of(checkout)
    assert item["applied"] is None
    assert item["blame"]["by"] == "Ann Example"
