"""``plan --format html`` by the real program: a page whatever happens, exit codes as ever, and no secret on it."""

from __future__ import annotations

import html
import re

import pytest

from e2e.harness import World, recipe


@pytest.fixture
def one(world: World) -> World:
    """A workspace with one recipe that is to be changed."""
    world.sales(recipe("Board_Pack"))
    return world


def shown(page: str) -> str:
    """Return the text of a page, without its script and style."""
    body = page[page.index("<body>") : page.index("<script>")]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_a_plan_is_one_page(one: World) -> None:
    """Alone on stdout, with what changes, where it is written, what becomes of runs, the calls, and the digest."""
    result = one.run("plan", "--format", "html", "--detailed-exitcode", "--zone", "UTC")
    assert result.code == 2
    assert result.out.startswith("<!DOCTYPE html>\n")
    assert result.out.endswith("</html>\n")
    text = shown(result.out)
    assert "sales/schedule/recipe:Board_Pack" in text
    assert "desired_state/sales.yaml:" in text
    assert "The week before and after" in text
    assert re.search(r"PUT /services/data/v60.0/wave/asset/\w+/schedule", text)
    assert re.search(r"digest [0-9a-f]{64}", text)


def test_what_failed_is_a_page_too(one: World) -> None:
    """Wrong files: exit 1, the reason on stderr and on the page."""
    (one.root / "wrong.yaml").write_text("a: [")
    result = one.run("plan", "--format", "html")
    assert result.code == 1
    assert "error[yaml-syntax]" in result.err
    assert "There is no plan" in shown(result.out)
    assert "desired_state/wrong.yaml:1" in shown(result.out)


def test_what_is_refused_says_so_first(one: World) -> None:
    """A guard: exit 3, and the reasons above everything else."""
    one.sales(*(recipe(name) for name in ("Board_Pack", "Month_Close")))
    one.apply()
    one.sales(recipe("Board_Pack"))
    one.workspace(top="max_deletes: {count: 0, percent: 100}")
    result = one.run("plan", "--format", "html")
    assert result.code == 3
    text = shown(result.out)
    assert text.index("apply would change nothing") < text.index("Changes (1)")
    assert "--allow-deletes" in text


def test_what_is_unmanaged_and_unchanged_is_listed_when_asked_for(one: World) -> None:
    """``--unmanaged`` and ``--all``."""
    one.apply()
    text = shown(one.run("plan", "--format", "html", "--unmanaged", "--all").out)
    assert "Unchanged (1) sales/schedule/recipe:Board_Pack" in text
    assert "Live, and in no file. " in text


@pytest.mark.parametrize("command", [["apply", "--yes"], ["drift"], ["undo", "last"], ["validate"], ["state", "list"]])
def test_other_commands_have_no_page(one: World, command: list[str]) -> None:
    """A usage error that names what they have, and nothing is done."""
    result = one.run(*command, "--format", "html")
    assert result.code == 64
    assert result.out == ""
    assert "this command has no --format html" in result.err


@pytest.mark.parametrize("secret", ["a<b>&c-secret", 'with "quotes" inside', "umlaut-\u00e4-inside"])
def test_a_secret_that_html_spells_otherwise(one: World, secret: str) -> None:
    """Quoted by a platform it is masked on the page, too."""
    one.env["SF_CLIENT_SECRET"] = secret
    one.fault("status", path="oauth2", status=400, body={"error": "x", "error_description": f"bad {secret}"})
    result = one.run("plan", "--format", "html")
    assert result.code == 1
    assert "***" in shown(result.out)
    assert secret not in shown(result.out)
    assert secret not in result.out
