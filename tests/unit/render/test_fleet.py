"""A fleet for a terminal and a comment: eighty columns, the worst last, always fitting; and every field documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from reconcile.core.fleet import Fleet, Outcome, Result, Shard
from reconcile.render.fleet import fleet_document, fleet_text, shortened
from reconcile.render.fleet_markdown import fleet_markdown
from reconcile.render.markdown import LONGEST

ROOT = Path(__file__).parents[3]


def drifted(name: str, addresses: int = 1) -> Result:
    items: list[Any] = [
        {"address": f"sales/schedule/recipe:R{n}", "fields": [{"path": "time", "before": "01:00", "after": None}]}
        for n in range(addresses)
    ]
    document = {"format": "reconcile.drift/1", "drift": items, "pending": 0, "unread": [], "diagnostics": []}
    return Result(name, Outcome.DRIFT, 5, document)


def broken(name: str) -> Result:
    told = {
        "severity": "error",
        "code": "unavailable",
        "summary": "No answer",
        "detail": "sales: no answer",
        "hint": None,
    }
    return Result(name, Outcome.FAILED, 1, {"format": "reconcile.error/1", "diagnostics": [told]})


def fine(name: str) -> Result:
    empty: dict[str, Any] = {"drift": [], "pending": 0, "unread": [], "diagnostics": []}
    return Result(name, Outcome.OK, 0, {"format": "reconcile.drift/1", **empty})


def fleet(*results: Result, **more: Any) -> Fleet:
    names = tuple(sorted(result.name for result in results))
    return Fleet("drift", "teams/*", names, results, "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", **more)


def test_the_worst_stands_last_and_the_rest_by_name() -> None:
    text = fleet_text(fleet(broken("a"), drifted("b"), fine("c"), drifted("d"), fine("e")))
    lines = text.split("\n\n")[0].splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ok", "c"],
        ["ok", "e"],
        ["drift", "b"],
        ["drift", "d"],
        ["failed", "a"],
    ]
    assert text.splitlines()[-1] == "drift: 5 workspaces: 1 failed, 2 drifted, 2 without drift."


def test_a_line_fits_eighty_columns_whatever_the_name() -> None:
    result = broken("regions/" + "very-long-name/" * 10 + "desired_state")
    (line,) = fleet_text(fleet(result)).split("\n\n")[0].splitlines()
    assert len(line) <= 80
    assert line.endswith("desired_state  unavailable")


def test_what_a_name_holds_does_not_reach_the_terminal() -> None:
    assert "\x1b" not in fleet_text(fleet(drifted("a\x1b[2Jb")))
    assert shortened("a\x1bb", 20) == "a\\x1bb"


def test_what_a_result_holds_does_not_reach_the_terminal() -> None:
    """Names of files and codes of a shard that ran elsewhere."""
    result = broken("a")
    result.document["diagnostics"][0].update(code="x\x1b[2J", file="f\x1b[2J.yaml", line=1)
    moved = drifted("b")
    moved.document["drift"][0]["fields"][0]["path"] = "p\x1b[2J"
    text = fleet_text(fleet(result, moved))
    assert "f\\x1b[2J.yaml:1" in text
    assert "\x1b" not in text


def test_many_objects_are_counted_unless_everything_is_asked_for() -> None:
    few = fleet_text(fleet(drifted("a", 30)))
    assert "... and 20 more" in few
    assert "recipe:R29" in fleet_text(fleet(drifted("a", 30)), details=True)


def test_a_comment_always_fits_and_says_what_is_left_out() -> None:
    text = fleet_markdown(fleet(*(drifted(f"teams/{n:04}", 10) for n in range(1000))))
    assert len(text) <= LONGEST
    assert text.startswith("### reconcile: drift: 1,000 workspaces: 1,000 drifted\n")
    assert re.search(r"\.\.\. and \d+ more workspaces", text)


def test_nothing_in_a_result_breaks_out_of_its_block() -> None:
    result = drifted("a</summary><b>")
    result.document["drift"][0]["address"] = "sales/schedule/recipe:```x"
    text = fleet_markdown(fleet(result))
    assert "<b>" not in text.split("<details>")[1]
    assert "````\n" in text


def test_a_missing_shard_is_in_every_format() -> None:
    found = fleet(Result("a", Outcome.MISSING, 1), missing_shards=(Shard(2, 3),))
    assert "Missing shards: 2/3." in fleet_text(found)
    assert "Missing shards: 2/3" in fleet_markdown(found)
    document = fleet_document(found)
    assert (document["missing_shards"], document["workspaces"][0]["document"]) == (["2/3"], None)


def test_every_field_is_documented() -> None:
    code = (ROOT / "src/reconcile/render/fleet.py").read_text(encoding="utf-8")
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    part = page.split("**`reconcile.fleet/1`**")[1].split("**`reconcile.calendar/1`**")[0]
    keys = set(re.findall(r'^\s+"([a-z_]+)":', code, re.MULTILINE))
    assert keys
    # `format` and `diagnostics` are in all documents, and told once.
    assert keys - {"format", "diagnostics"} <= set(re.findall(r"`([a-z_]+)`", part))
    assert {outcome.value for outcome in Outcome} <= set(re.findall(r"`([a-z_]+)`", part))
