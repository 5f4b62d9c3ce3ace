"""docs/watch.md says what programs read: every number, every event with its fields, every key, path and span."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from reconcile.cli.log import name_of
from reconcile.cli.metrics import MEANINGS, Meaning
from reconcile.cli.round_text import round_document
from reconcile.engine.events import Event
from reconcile.engine.watching import Look, Round, Turn

ROOT = Path(__file__).parents[2]

_NAME = r"(?:reconcile|http|url)\.[a-z_.]+"


@cache
def rows(heading: str) -> dict[str, str]:
    """Return the rows of the table below a heading by what stands in their first cell."""
    text = (ROOT / "docs/watch.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", found[1], re.MULTILINE))


@pytest.mark.parametrize("meaning", MEANINGS, ids=lambda meaning: meaning.name)
def test_every_number_is_documented_with_its_labels(meaning: Meaning) -> None:
    row = rows("Numbers")[meaning.name + ("_total" if meaning.counts else "")]
    assert re.findall(r"`([a-z_]+)`", row.split(" | ")[0]) == list(meaning.labels)


def test_no_number_is_documented_that_does_not_exist() -> None:
    assert {name.removesuffix("_total") for name in rows("Numbers")} == {meaning.name for meaning in MEANINGS}


@pytest.mark.parametrize("kind", get_args(Event), ids=name_of)
def test_every_event_is_documented_with_its_fields(kind: type[Event]) -> None:
    row = rows("Logs")[name_of(kind)]
    assert re.findall(r"`([a-z_]+)`", row.split(" | ")[0]) == [field.name for field in fields(kind)]


def test_no_event_is_documented_that_does_not_exist() -> None:
    others = {"command_began", "command_ended", "diagnostic", "note", "message"}
    assert set(rows("Logs")) == {name_of(kind) for kind in get_args(Event)} | others


def test_every_key_of_a_round_is_documented() -> None:
    text = (ROOT / "docs/watch.md").read_text(encoding="utf-8")
    document = round_document(Round(Turn(1), 0.0, 0.0, Look(None)), "")
    assert {f"`{key}`" for key in document if key != "format"} <= set(re.findall(r"`[a-z_]+`", text))
    assert document["format"] in text


def test_every_path_is_documented() -> None:
    source = (ROOT / "src/reconcile/cli/drift_rounds.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(/[a-z]+)":', source)) == set(rows("Health"))


def test_every_attribute_of_a_span_is_documented() -> None:
    """All that is set anywhere in the source, at the beginning of a span or later."""
    written = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", "".join(rows("Spans").values())))
    found: set[str] = set()
    for path in (ROOT / "src/reconcile").rglob("*.py"):
        if path.name == "__init__.py":  # a table of modules
            continue
        source = path.read_text(encoding="utf-8")
        found |= set(re.findall(rf'"({_NAME})": ', source)) | set(re.findall(rf'\.set\("({_NAME})", ', source))
    assert {"url.template", "reconcile.job"} <= found
    assert found == written
