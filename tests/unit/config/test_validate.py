"""Desired-state files: what they ask for, and every mistake with its place, its words and its way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.core.address import Address
from reconcile.core.diagnostic import Severity
from reconcile.render.diagnostics import render

from .fakes import WORKSPACE, errors, load_files, only, underlined, wrong

LAMPS = "connection: attic\nlamps:\n"


def alarms(entry: str) -> dict[str, str]:
    return {"a.yaml": f"connection: home\nalarms:\n  - {entry}\n"}


def test_what_a_file_asks_for(tmp_path: Path) -> None:
    text = LAMPS + "  - lamp: x\n    on: true\n    protect: true\n  - {lamp: y, on: false, protect: false}\n"
    config = load_files(tmp_path, {"sub/a.yaml": text})
    x, y = config.desired.values()
    assert x.address == Address("attic", "lamp", "x")
    assert x.values == {"on": True, "dim": 1.0}
    assert (str(x.source), x.protect, y.protect) == ("sub/a.yaml:3:5", True, False)
    assert config.diagnostics == ()
    assert config.sources["sub/a.yaml"][2] == "  - lamp: x"


def test_an_entry_may_name_another_connection(tmp_path: Path) -> None:
    two = WORKSPACE.replace("  attic:", "  cellar: {provider: light, house: '001'}\n  attic:")
    text = LAMPS + "  - {lamp: x, on: true}\n  - {lamp: x, on: true, connection: cellar}\n"
    config = load_files(tmp_path, {"reconcile.yaml": two, "a.yaml": text})
    assert [str(address) for address in config.desired] == ["attic/lamp/x", "cellar/lamp/x"]


def test_an_empty_list_is_nothing_desired(tmp_path: Path) -> None:
    assert load_files(tmp_path, {"a.yaml": "connection: attic\nlamps: []\n"}).desired == {}
    assert load_files(tmp_path, {"a.yaml": "lamps: []\n"}).desired == {}


def test_advice_is_a_warning_at_its_field(tmp_path: Path) -> None:
    config = load_files(tmp_path, alarms('{alarm: x, frequency: daily, time: "02:30"}'))
    (warning,) = config.diagnostics
    assert (warning.severity, warning.code, warning.summary) == (Severity.WARNING, "dst-gap", "Dst gap")
    assert warning.detail == "This time does not exist on one day of the year."
    assert str(warning.span) == "a.yaml:3:40"
    assert warning.address == "home/alarm/x"


def test_advice_does_not_show_what_the_environment_has(tmp_path: Path) -> None:
    config = load_files(tmp_path, alarms('{alarm: x, frequency: daily, time: "${env.T}"}'), T="02:31")
    (warning,) = config.diagnostics
    assert (warning.detail, warning.hint) == ("${env.T} does not exist on one day of the year.", "take ${env.T} + 1h")


def test_the_shape_of_an_error(tmp_path: Path) -> None:
    text = "connection: home\nalarms:\n  - alarm: x\n    frequncy: weekly\n    days: [Monday]\n"
    error = wrong(tmp_path, {"a.yaml": text})
    assert render(error.diagnostics, error.sources, color=False) == (
        "error[unknown-field]: Unknown field\n"
        "  a.yaml:4:5\n"
        "    4 |     frequncy: weekly\n"
        "      |     ^^^^^^^^\n"
        '  home/alarm/x has no field "frequncy".\n'
        '  hint: did you mean "frequency"?\n'
    )


@pytest.mark.parametrize(
    ("entry", "code", "place", "words"),
    [
        ("{alarm: x, frequency: daily}", "missing-field", "{alarm: x, frequency: daily}",
         'needs "time" with frequency: daily'),
        ("{alarm: x}", "missing-field", "{alarm: x}", "frequency: daily, monthly or weekly"),
        ("{alarm: x, frequency: dayly, time: a}", "unknown-value", "dayly", 'did you mean "daily"'),
        ("{alarm: x, frequency: 3, time: a}", "unknown-value", "3", "should be daily"),
        ("{alarm: x, frequency: monthly, days_of_month: [1], days: [Monday]}", "unknown-field", "days",
         "days goes with frequency: weekly"),
        ("{alarm: x, frequency: monthly, days_of_month: [1], tme: x}", "unknown-field", "tme", "known fields"),
        ("{alarm: x, frequency: daily, tme: '12:30'}", "unknown-field", "tme", '"time"'),
        ("{alarm: x, frequency: daily, time: '12:30', protct: true}", "unknown-field", "protct", '"protect"'),
        ("{alarm: x, frequency: daily, time: 0230}", "wrong-value", "0230", '"0230" is no time of day.'),
        ("{alarm: x, frequency: daily, time: 1230}", "wrong-type", "1230", 'put it in quotes: "1230"'),
        ("{alarm: x, frequency: daily, time: [1]}", "wrong-type", "[1]", "is a list"),
        ("{alarm: x, frequency: daily, time: }", "wrong-type", None, "is empty"),
        ("{alarm: x, frequency: daily, time: '12:30', volume: '3'}", "wrong-type", "'3'", "without quotes: 3"),
        ("{alarm: x, frequency: daily, time: '12:30', volume: 03}", "wrong-type", "03", "without quotes: 3"),
        ("{alarm: x, frequency: daily, time: '12:30', volume: 3.5}", "wrong-type", "3.5", "whole number"),
        ("{alarm: x, frequency: daily, time: '12:30', volume: true}", "wrong-type", "true", "whole number"),
        ("{alarm: x, frequency: daily, time: '12:30', volume: 11}", "out-of-range", "11", "at most 10"),
        ("{alarm: x, frequency: daily, time: '12:30', volume: }", "empty-field", "volume", "leave the field out"),
        ("{alarm: x, frequency: daily, time: '12:30', zone: a b}", "wrong-format", "a b", "has to match"),
        ("{alarm: x, frequency: weekly, time: '12:30', days: Monday}", "wrong-type", "Monday", "[Monday]"),
        ("{alarm: x, frequency: weekly, time: '12:30', days: {a: 1}}", "wrong-type", "{a: 1}", '"- "'),
        ("{alarm: x, frequency: weekly, time: '12:30', days: [Monday, Tueday]}", "unknown-value", "Tueday",
         '"Tuesday"'),
        ("{alarm: x, frequency: monthly, days_of_month: [1, 32]}", "out-of-range", "32", "at most 31"),
        ("{alarm: x, frequency: monthly, days_of_month: [1, lst]}", "wrong-type", "lst", "a whole number or last"),
        ("{alarm: 3, frequency: monthly, days_of_month: []}", "wrong-type", "3", "should be text"),
        ("{alarm: home, frequency: monthly, days_of_month: [], volume: 10}", "too-loud", "10", "take 9"),
        ("foo", "wrong-type", "foo", "a mapping"),
        ("", "wrong-type", None, "is empty"),
        ("[a]", "wrong-type", "[a]", "a mapping"),
        ("{alarm: x, frequency: monthly, days_of_month: [], protect: yes}", "wrong-type", "yes", "true or false"),
        ("{alarm: x, frequency: monthly, days_of_month: [], protect: }", "wrong-type", None, "is empty"),
        ("{alarm: x, frequency: monthly, days_of_month: [], connection: 3}", "wrong-type", "3", ""),
        ("{alarm: x, frequency: monthly, days_of_month: [], connection: hom}", "unknown-connection", "hom", '"home"'),
        ("{alarm: x, frequency: monthly, days_of_month: [], connection: attic}", "wrong-connection", None,
         "connections that fit: home"),
    ],
)  # fmt: skip
def test_mistakes_in_an_entry(tmp_path: Path, entry: str, code: str, place: str | None, words: str) -> None:
    error = wrong(tmp_path, alarms(entry))
    diagnostic = only(
        [d for d in error.diagnostics if not (entry.endswith("connection: 3}") and "name of one" in d.detail)]
    )
    assert diagnostic.code == code
    assert words in f"{diagnostic.detail} {diagnostic.hint}"
    if place is not None:
        assert underlined(error, diagnostic) == place


@pytest.mark.parametrize(
    ("text", "code", "place", "words"),
    [
        ("conection: attic\nlamps: []\n", "unknown-field", "conection", '"connection"'),
        ("connection: attic\nlamp: []\n", "unknown-field", "lamp", '"lamps"'),
        ("connections: {}\nlamps: []\n", "unknown-field", "connections", "reconcile.yaml"),
        (
            "connection: attik\nlamps: [{lamp: x, on: true}, {lamp: y, on: true}]\n",
            "unknown-connection",
            "attik",
            '"attic"',
        ),
        ("connection: 7\nlamps: [{lamp: x, on: true}]\n", "wrong-type", "7", "known connections: attic, home"),
        ("lamps: [{lamp: x, on: true}, {lamp: y, on: true}]\n", "missing-connection", "lamps", "connection: NAME"),
        ("connection: attic\nlamps:\n", "wrong-type", "lamps", "lamps: []"),
        ("connection: attic\nlamps: {lamp: x}\n", "wrong-type", "lamps", '"- "'),
        ("connection: attic\n", "empty-file", "connection: attic", "delete the file"),
        ("- lamp: x\n", "wrong-type", "- lamp: x", "mapping of sections"),
        ("foo\n", "wrong-type", "foo", "mapping of sections"),
        ("# nothing\n", "empty-file", "#", "schedules: []"),
        ("connection: attic\nlamps: [{lamp: x, on: true, on: false}]\n", "duplicate-key", "on", "line 2"),
        ("connection: attic\nlamps: []\nlamps: []\n", "duplicate-key", "lamps", "line 3"),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, text: str, code: str, place: str, words: str) -> None:
    error = wrong(tmp_path, {"a.yaml": text})
    diagnostic = only(list(error.diagnostics))
    assert diagnostic.code == code
    assert words in f"{diagnostic.detail} {diagnostic.hint}"
    assert underlined(error, diagnostic) == place


def test_a_wrong_kind_of_connection_is_said_once_for_each_entry(tmp_path: Path) -> None:
    found = errors(tmp_path, {"a.yaml": "connection: home\nlamps: [{lamp: x, on: true}, {lamp: y}]\n"})
    assert [d.code for d in found] == ["wrong-connection", "wrong-connection"]
    assert '"lamps" is for light, and connection "home" is clock.' in found[0].detail


def test_all_errors_of_all_files_come_at_once_in_order(tmp_path: Path) -> None:
    files = {
        "b.yaml": LAMPS + "  - {lamp: x, on: 1, dim: a, dimm: 2}\n  - {lamp: x}\n",
        "a.yaml": "connection: home\nalarms: [{alarm: x, frequency: daily, time: '1', volume: 12, zone: '1'}]\n",
        "c.yaml": "a: [\n",
        "d.yaml": "",
        "reconcile.yaml": WORKSPACE.replace("version: 1", "version: 1\nfoo: 1"),
    }
    found = errors(tmp_path, files)
    assert [(d.span.file if d.span else "", d.code) for d in found] == [
        ("a.yaml", "wrong-value"),
        ("a.yaml", "out-of-range"),
        ("a.yaml", "wrong-format"),
        ("b.yaml", "wrong-type"),
        ("b.yaml", "wrong-type"),
        ("b.yaml", "unknown-field"),
        ("b.yaml", "missing-field"),
        ("c.yaml", "yaml-syntax"),
        ("d.yaml", "empty-file"),
        ("reconcile.yaml", "unknown-field"),
    ]


def test_errors_in_merged_fields_point_at_the_anchor(tmp_path: Path) -> None:
    text = LAMPS + "  - &base {lamp: x, on: true, dimm: 1}\n  - {<<: *base, lamp: y}\n"
    found = errors(tmp_path, {"a.yaml": text})
    assert [(str(d.span), d.address) for d in found] == [
        ("a.yaml:3:31", "attic/lamp/x"),
        ("a.yaml:3:31", "attic/lamp/y"),
    ]


def test_positions_are_right_after_wide_characters(tmp_path: Path) -> None:
    error = wrong(tmp_path, {"a.yaml": LAMPS + "  - {lamp: Ünïcødé☃🎉, onn: true}\n"})
    diagnostic = only(list(error.diagnostics))
    assert underlined(error, diagnostic) == "onn"
    assert diagnostic.address == "attic/lamp/Ünïcødé☃🎉"


@pytest.mark.parametrize(
    "entry",
    [
        '{alarm: x, frequency: daily, time: "${env.SECRET}"}',
        '{alarm: x, frequency: daily, time: "a ${env.SECRET} b"}',
        '{alarm: x, frequency: "${env.SECRET}", time: a}',
        '{alarm: x, frequency: daily, time: "12:30", volume: "${env.SECRET}x"}',
        '{alarm: x, frequency: daily, time: "12:30", zone: "${env.SECRET}-"}',
        '{alarm: x, frequency: weekly, time: "12:30", days: "${env.SECRET}"}',
        '{alarm: x, frequency: weekly, time: "12:30", days: ["${env.SECRET}"]}',
        '{alarm: "${env.SECRET}", frequency: daily}',
        '{alarm: x, frequency: daily, time: "12:30", foo: "${env.SECRET}"}',
        '{alarm: x, frequency: daily, time: "12:30", connection: "${env.SECRET}"}',
        '{alarm: x, frequency: daily, time: "12:30", protect: "${env.SECRET}"}',
        '"${env.SECRET}"',
    ],
)
@pytest.mark.parametrize("secret", ["tops3cret-value", 'it\'s "quoted" \\ secret', "2", "line1-abcdef\nline2-ghijkl"])
def test_values_of_the_environment_are_in_no_error(tmp_path: Path, entry: str, secret: str) -> None:
    error = wrong(tmp_path, alarms(entry.replace("12:30", "ab:cd")), SECRET=secret)
    for diagnostic in error.diagnostics:
        words = f"{diagnostic.summary} {diagnostic.detail} {diagnostic.hint} {diagnostic.address}"
        for part in (secret, repr(secret), *secret.splitlines()):
            assert part not in words
    if len(secret) > 2:
        assert secret not in str(error)
        assert secret not in repr(error)
        assert secret not in render(error.diagnostics, error.sources, color=False)
