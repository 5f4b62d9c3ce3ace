"""Printing and JSON lines; and what a message says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from alert_cases import CLOSE, PACK, alert_of, drift_of, message_of

from reconcile.alerts.alert import alerts_of, check_name, over
from reconcile.alerts.message import body_text
from reconcile.alerts.send import NotDelivered, Ways, send
from reconcile.core.alert import (
    BODY,
    Alerting,
    AlertKind,
    AppriseSink,
    JsonLinesSink,
    Level,
    Rule,
    StdoutSink,
    Told,
    Wording,
)
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.diff import FieldChange
from reconcile.core.redact import Redactor


def test_stdout_prints_a_title_and_the_alerts_below_it() -> None:
    printed: list[str] = []
    send(message_of(environment="prod"), StdoutSink("out"), Ways(printed.append))
    assert printed == [
        f"reconcile: 1 drifted (environment prod)\n  warning: {PACK} drifted\n    time: 01:00 -> 09:00\n"
    ]


def test_json_lines_are_added_one_an_alert(tmp_path: Path) -> None:
    ways = Ways(lambda text: None, root=tmp_path)
    for _ in range(2):
        send(message_of(alert_of(), alert_of(CLOSE)), JsonLinesSink("log", "alerts.jsonl"), ways)
    lines = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert [line["subject"] for line in lines] == [PACK, CLOSE, PACK, CLOSE]
    assert lines[0]["format"] == "reconcile.alerts/1"


def test_json_lines_on_stdout(tmp_path: Path) -> None:
    printed: list[str] = []
    send(message_of(), JsonLinesSink("log"), Ways(printed.append, root=tmp_path))
    assert json.loads("".join(printed))["subject"] == PACK
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match=r"no/alerts\.jsonl: No such file"):
        send(message_of(), JsonLinesSink("log", "no/alerts.jsonl"), Ways(lambda text: None, root=tmp_path))


def test_a_file_whose_name_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match="null"):
        send(message_of(), JsonLinesSink("log", "a\0b"), Ways(lambda text: None, root=tmp_path))


def test_nothing_in_a_name_or_an_error_is_obeyed_or_looks_like_a_line_of_ours() -> None:
    """As text; JSON escapes by itself, and says the name as it is."""
    hostile = "sales/schedule/recipe:a\x1b[31m\u202e\n  error: b drifted"
    alert = replace(
        alert_of(hostile),
        details=("one\n  error: c drifted\x1b[0m",),
        fields=(FieldChange("x\ny", "\x1b]0;t\x07", "\u202e"),),
    )
    printed: list[str] = []
    for body in (BODY, "{subject}", "{address}"):
        send(message_of(alert), StdoutSink("out", wording=Wording(body=body)), Ways(printed.append))
    text = "".join(printed)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert not [line for line in text.splitlines() if line.lstrip().startswith(("error:", "y:"))]
    printed.clear()
    send(message_of(alert), JsonLinesSink("log"), Ways(printed.append))
    assert json.loads("".join(printed))["subject"] == hostile


def test_a_body_that_is_cut_says_how_much_is_missing() -> None:
    message = message_of(*(alert_of(f"s/k/{n:03}") for n in range(300)))
    wording = Wording(body="{subject}")
    whole = body_text(message, wording)
    assert body_text(message, wording, len(whole)) == whole
    for most in (30, 31, 100, 1000, len(whole) - 1):
        *shown, last = body_text(message, wording, most).split("\n")
        assert shown == whole.split("\n")[: len(shown)]
        assert last == f"and {300 - len(shown)} more"
        assert len("\n".join([*shown, last])) <= most
    assert body_text(message, wording, 4) == whole[:4]


def test_no_secret_is_printed() -> None:
    printed: list[str] = []
    clean = Redactor(["hunter22"]).clean
    message = message_of(alert_of("sales/schedule/recipe:hunter22"), clean=clean)
    for sink in (StdoutSink("out"), JsonLinesSink("log")):
        send(message, sink, Ways(printed.append))
    assert "hunter22" not in "".join(printed)
    assert "***" in "".join(printed)


def test_the_first_rule_that_fits_says_how_urgent() -> None:
    about = Alerting(
        rules=(
            Rule(Level.INFO, objects=("*Month_Close",)),
            Rule(Level.ERROR, AlertKind.DRIFT, ("sales/*",)),
            Rule(Level.INFO, AlertKind.CHECK_FAILED),
        )
    )
    failed = Diagnostic("unavailable", "No answer")
    found = alerts_of([drift_of(PACK), drift_of(CLOSE), drift_of("t/x/y")], [failed], about, "check", str)
    assert [(each.subject, each.level) for each in found] == [
        ("check", Level.INFO),
        (PACK, Level.ERROR),
        (CLOSE, Level.INFO),
        ("t/x/y", Level.WARNING),
    ]


def test_without_rules_a_failed_check_is_an_error_and_warnings_are_none() -> None:
    warning = Diagnostic("a", "b", severity=Severity.WARNING)
    assert alerts_of([], [warning], Alerting(), "check", str) == ()
    (found,) = alerts_of([], [Diagnostic("a", "b hunter22", "c")], Alerting(), "check", Redactor(["hunter22"]).clean)
    assert (found.kind, found.level, found.details) == (AlertKind.CHECK_FAILED, Level.ERROR, ("b ***: c",))


def test_many_errors_are_not_all_listed() -> None:
    errors = [Diagnostic("a", f"number {n}") for n in range(500)]
    (found,) = alerts_of([], errors, Alerting(), "check", str)
    assert len(found.details) == 21
    assert found.details[-1] == "and 480 more"


def test_checks_of_different_objects_have_different_names() -> None:
    assert check_name() == "check"
    assert check_name(["sales/*"], ["*x"]) == "check of sales/*, not *x"


def test_a_token_in_a_url_is_a_secret_of_its_own() -> None:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"
    assert Alerting((AppriseSink("chat", url),)).secrets == (url, "TIiajkdnlazkcOXrIdevi7FQ")


def test_the_end_says_of_what() -> None:
    assert over(PACK, Told(AlertKind.DRIFT, "f")).kind is AlertKind.BACK_IN_SYNC
    assert over("check", Told(AlertKind.CHECK_FAILED, "f")).kind is AlertKind.CHECK_RESTORED
