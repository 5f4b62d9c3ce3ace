"""Who and when, as people read it: in lines that fit, and with nothing in a name that a terminal would obey."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconcile.core.address import Address
from reconcile.core.drift import AppliedBy, Blame, Drift, Why
from reconcile.core.snapshot import Modified
from reconcile.core.source import Span
from reconcile.render.json import drift_item
from reconcile.render.provenance import provenance_lines
from reconcile.render.text import drift_text

A = Address("sales", "schedule", "recipe:A")
THEN, LATER = "2026-11-01T09:30:07Z", "2026-11-22T14:00:00Z"
COMMIT = "1234567890abcdef1234567890abcdef12345678"
DRIFT = Drift(A, Why.DRIFT, (), Span("sales.yaml", 3, 5), THEN, gone=True)
WHOLE = replace(
    DRIFT,
    modified=Modified("asset", "Maya Example", LATER),
    applied=AppliedBy("0a1b2c3d4e5f", "ada", THEN, COMMIT),
    blame=Blame(COMMIT, "Ann Example", THEN, "The board pack"),
)


def test_all_there_is_to_know() -> None:
    assert drift_text([WHOLE]).split("\n")[3:11] == [
        "          sales.yaml:3",
        "          last applied by us at 2026-11-01 09:30:07 UTC",
        "            by ada, apply 0a1b2c3d4e5f, commit 1234567890ab",
        "          asset last modified at 2026-11-22 14:00:00 UTC",
        "            by Maya Example",
        "          entry last committed at 2026-11-01 09:30:07 UTC",
        "            by Ann Example, 1234567890ab: The board pack",
        "    it no longer exists on the platform",
    ]


def test_nothing_to_know_is_no_line() -> None:
    assert list(provenance_lines(DRIFT)) == ["last applied by us at 2026-11-01 09:30:07 UTC"]


@pytest.mark.parametrize(
    ("modified", "lines"),
    [
        (Modified("asset", "Maya"), ["asset last modified by Maya"]),
        (Modified("asset", "", LATER), ["asset last modified at 2026-11-22 14:00:00 UTC"]),
        (
            Modified("asset", "Maya", "2026-10-31T00:00:00Z"),
            ["asset last modified at 2026-10-31 00:00:00 UTC, before that", "  by Maya"],
        ),
    ],
)
def test_what_a_platform_tells(modified: Modified, lines: list[str]) -> None:
    assert list(provenance_lines(replace(DRIFT, modified=modified)))[1:] == lines


@pytest.mark.parametrize(
    ("blame", "line"),
    [
        (Blame(), "entry not committed yet"),
        (Blame(COMMIT, "", THEN, "", is_oldest=True), "entry committed in 1234567890ab or before (shallow clone)"),
    ],
)
def test_what_git_cannot_tell(blame: Blame, line: str) -> None:
    assert list(provenance_lines(replace(DRIFT, blame=blame)))[1:] == [line]


def test_names_are_spelled_out() -> None:
    nasty = "x\x1b[2J"
    item = replace(
        WHOLE,
        modified=Modified("asset", nasty, LATER),
        applied=AppliedBy("a1", nasty, THEN, nasty),
        blame=Blame(COMMIT, nasty, THEN, nasty),
    )
    assert "\x1b" not in drift_text([item])


def test_for_programs() -> None:
    document = drift_item(WHOLE)
    assert document["class"] == "platform"
    assert document["applied"] == {"id": "0a1b2c3d4e5f", "by": "ada", "at": THEN, "commit": COMMIT}
    assert document["modified"] == {"of": "asset", "by": "Maya Example", "at": LATER}
    assert document["blame"]["summary"] == "The board pack"
    assert [drift_item(DRIFT)[key] for key in ("applied", "modified", "blame")] == [None, None, None]
    assert drift_item(replace(DRIFT, modified=Modified("asset", "Maya")))["modified"]["at"] is None
