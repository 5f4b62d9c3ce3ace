"""Findings of a checkup as text, Markdown and JSON."""

from __future__ import annotations

from reconcile.core.checkup import Checked, fail, ok, skip, warn
from reconcile.render.doctor import doctor_document, doctor_markdown, doctor_text

FOUND = (
    Checked("program", (ok("python", "3.11.9"),)),
    Checked(
        "connection",
        (
            fail("login", "it was refused " * 9, "check the key, and whether it is of this tenant or of another one"),
            warn("clock", "an hour | behind"),
            skip("write", "nobody tells"),
        ),
        "sales",
        "crm_analytics",
    ),
)


def test_text_says_in_words_and_signs_how_it_went() -> None:
    text = doctor_text(FOUND)
    lines = text.splitlines()
    assert "connection sales (crm_analytics)" in lines
    assert [line[2:8] for line in lines if line.startswith("  ") and line[2] != " "] == [
        "+ ok  ",
        "x FAIL",
        "! warn",
        "- skip",
    ]
    assert max(map(len, lines)) <= 80
    assert "hint: check the key" in text
    assert lines[-1] == "4 checks: 1 ok, 1 to look at, 1 failed, 1 not checked."
    assert "\x1b" not in text
    assert "\x1b[1;31m" in doctor_text(FOUND, color=True)


def test_what_a_terminal_would_obey_is_spelled_out() -> None:
    text = doctor_text([Checked("state", (fail("readable", "\x1b[2Jgone"),))])
    assert "\x1b" not in text
    assert r"\x1b[2Jgone" in text


def test_markdown_keeps_its_table() -> None:
    text = doctor_markdown(FOUND)
    assert text.startswith("### reconcile: 4 checks")
    assert r"an hour \| behind" in text


def test_json_has_every_finding() -> None:
    document = doctor_document(FOUND, "prod", "/somewhere")
    assert document["format"] == "reconcile.doctor/1"
    assert document["ok"] is False
    assert document["counts"] == {"ok": 1, "warn": 1, "fail": 1, "skip": 1}
    assert [each["verdict"] for each in document["checks"]] == ["ok", "fail", "warn", "skip"]
    assert document["checks"][1]["connection"] == "sales"
