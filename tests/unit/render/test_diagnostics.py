"""Diagnostics as people and programs read them."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.source import Span
from reconcile.render.diagnostics import as_json, escaped, render

FIELD = Diagnostic(
    "unknown-field",
    "Unknown field",
    'sales/schedule/recipe:Pipeline_Snapshot has no field "frequncy".',
    'did you mean "frequency"?',
    Span("desired_state/sales.yaml", 5, 5, 8),
    "sales/schedule/recipe:Pipeline_Snapshot",
)
SOURCES = {"desired_state/sales.yaml": ["", "", "", "", "    frequncy: weekly"]}
EXPECTED = """\
error[unknown-field]: Unknown field
  desired_state/sales.yaml:5:5
    5 |     frequncy: weekly
      |     ^^^^^^^^
  sales/schedule/recipe:Pipeline_Snapshot has no field "frequncy".
  hint: did you mean "frequency"?
"""


def on_line(line: str, column: int, length: int = 1, width: int = 80) -> tuple[str, str]:
    """Return the source line and the caret line, after the gutter."""
    text = render([Diagnostic("c", "s", span=Span("f", 1, column, length))], {"f": [line]}, color=False, width=width)
    source, caret = text.split("\n")[2:4]
    return source.partition("| ")[2], caret.partition("| ")[2]


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def under(line: str, column: int, length: int, width: int = 80) -> str:
    """Return the part of the shown line that the carets stand under, by columns."""
    shown, caret = on_line(line, column, length, width)
    begin, end = caret.index("^"), len(caret)
    found, at = "", 0
    for character in shown:
        if begin <= at < end:
            found += character
        at += columns(character)
    return found


def test_the_shape() -> None:
    assert render([FIELD], SOURCES, color=False) == EXPECTED


def test_severities_and_a_blank_line_between() -> None:
    warning = Diagnostic("short-month", "Short month", severity=Severity.WARNING)
    note = Diagnostic("slow-yaml", "Slow", "line one\nline two", "do this\nthen that", severity=Severity.NOTE)
    assert render([warning, note], {}, color=False) == (
        "warning[short-month]: Short month\n"
        "\n"
        "note[slow-yaml]: Slow\n"
        "  line one\n"
        "  line two\n"
        "  hint: do this\n"
        "        then that\n"
    )
    assert render([], {}, color=False) == ""


def test_without_source_the_place_is_named() -> None:
    unknown: list[dict[str, list[str]]] = [{}, {"desired_state/sales.yaml": [""] * 3}, {"desired_state/sales.yaml": []}]
    for sources in unknown:
        lines = render([FIELD], sources, color=False).split("\n")
        assert lines[1:3] == ["  desired_state/sales.yaml:5:5", f"  {FIELD.detail}"]


def test_without_a_place_the_address_is_named() -> None:
    refused = Diagnostic("rejected", "Rejected", "Too long.", address="a/b/c")
    assert render([refused], {}, color=False).split("\n")[1] == "  a/b/c"
    named = Diagnostic("rejected", "Rejected", "a/b/c is too long.", address="a/b/c")
    assert render([named], {}, color=False).count("a/b/c") == 1


def test_color_changes_nothing_but_color() -> None:
    colored = render([FIELD], SOURCES, color=True)
    assert "\x1b[1;31m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == EXPECTED


def test_a_large_line_number_widens_the_gutter() -> None:
    lines = [""] * 1_234_567
    lines[-1] = "abc"
    text = render([Diagnostic("c", "s", span=Span("f", 1_234_567, 2, 1))], {"f": lines}, color=False)
    assert text.split("\n")[2:4] == ["1234567 | abc", "        |  ^"]


@pytest.mark.parametrize(
    ("line", "column", "length", "found"),
    [
        ("a: b", 4, 1, "b"),
        ("\ta:\tb", 5, 1, "b"),
        ("名前: x値", 5, 1, "x"),
        ("名前: x値", 6, 1, "値"),
        ("e\u0301: b", 5, 1, "b"),
        ("k: \x1b[31mred", 9, 3, "red"),
        ("k: \u202eevil", 5, 4, "evil"),
    ],
)
def test_the_caret_stands_under_its_text(line: str, column: int, length: int, found: str) -> None:
    assert under(line, column, length) == found


def test_the_caret_may_stand_after_the_line() -> None:
    assert on_line("key:", 5, 1) == ("key:", "    ^")
    assert on_line("key:", 40, 3) == ("key:", "    ^")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("wide", ["x", "値"])
def test_long_lines_are_cut_around_the_caret(width: int, wide: str) -> None:
    line = wide * 300 + " TARGET " + wide * 300
    shown, caret = on_line(line, 302, 6, width)
    assert under(line, 302, 6, width) == "TARGET"
    assert columns(shown) + 8 <= width
    assert len(caret) + 8 <= width
    assert shown.startswith("...")
    assert shown.endswith("...")


def test_the_ends_of_long_lines() -> None:
    shown, caret = on_line("TARGET" + "x" * 300, 1, 6)
    assert shown.startswith("TARGET")
    assert shown.endswith("...")
    assert caret == "^^^^^^"
    shown, _ = on_line("x" * 300 + "TARGET", 301, 6)
    assert shown.endswith("TARGET")
    shown, caret = on_line("y" * 500, 1, 500)
    assert len(shown) == len(caret) == 72


def test_nothing_reaches_the_terminal_that_it_would_act_on() -> None:
    evil = "\x1b]0;owned\x07\r\x9b31m\u202e\u2028\x00\ud800"
    diagnostic = Diagnostic("c", evil, f"{evil}\n{evil}", evil, Span(f"{evil}.yaml", 1, 1), evil)
    text = render([diagnostic], {f"{evil}.yaml": [evil]}, color=False)
    assert all(
        character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl") for character in text
    )
    text.encode("utf-8")
    assert escaped("a\x1bb\u2028c\td") == "a\\x1bb\\u2028c    d"


def test_json() -> None:
    found = as_json([FIELD, Diagnostic("c", "s", severity=Severity.WARNING)])
    assert found == [
        {
            "severity": "error",
            "code": "unknown-field",
            "summary": "Unknown field",
            "detail": 'sales/schedule/recipe:Pipeline_Snapshot has no field "frequncy".',
            "hint": 'did you mean "frequency"?',
            "file": "desired_state/sales.yaml",
            "line": 5,
            "column": 5,
            "address": "sales/schedule/recipe:Pipeline_Snapshot",
        },
        {
            "severity": "warning", "code": "c", "summary": "s", "detail": None, "hint": None, "file": None,
            "line": None, "column": None, "address": None,
        },
    ]  # fmt: skip
    assert json.loads(json.dumps(found)) == found
