"""JSON lines: one for every event and every diagnostic, with stable names and without secrets."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any, get_args

import pytest

from reconcile.cli.log import Log, name_of
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.kind import Action
from reconcile.core.redact import Redactor
from reconcile.core.source import Span
from reconcile.engine.events import ChangeEnded, Event, StepMoved, Waiting

BOARD = Address("sales", "schedule", "recipe:Board_Pack")


def logged(*secrets: str) -> tuple[Log, list[Any]]:
    lines: list[Any] = []

    def write(text: str) -> None:
        assert text.endswith("\n")
        assert text.count("\n") == 1
        lines.append(json.loads(text))

    return Log(Redactor(secrets), write), lines


def sample(kind: type[Event]) -> Event:
    """Return an event with something in every field."""
    values: dict[str, Any] = {
        "int": 3,
        "float": 1.5,
        "str": "two\nlines",
        "bool": True,
        "Address": BOARD,
        "Action": Action.UPDATE,
    }
    given = {field.name: values[str(field.type)] for field in fields(kind)}
    assert all(field.default is MISSING or field.name in given for field in fields(kind))
    return kind(**given)


@pytest.mark.parametrize("kind", get_args(Event))
def test_every_event_is_a_line_with_its_own_fields(kind: type[Event]) -> None:
    log, lines = logged()
    log.event(sample(kind))
    (line,) = lines
    assert list(line)[:3] == ["time", "level", "event"]
    assert line["event"] == name_of(kind)
    assert set(line) - {"time", "level", "event"} == {field.name for field in fields(kind)}
    assert line["time"].endswith("Z")


def test_values_are_as_json_has_them() -> None:
    log, lines = logged()
    log.event(ChangeEnded(BOARD, Action.UPDATE, "failed", 3, 10))
    assert lines[0] | {"time": ""} == {
        "time": "",
        "level": "warning",
        "event": "change_ended",
        "address": "sales/schedule/recipe:Board_Pack",
        "action": "update",
        "outcome": "failed",
        "done": 3,
        "total": 10,
    }


def test_levels() -> None:
    log, lines = logged()
    log.event(ChangeEnded(BOARD, Action.UPDATE, "done", 1, 1))
    log.event(StepMoved("load", "tamr.load", "failed", error="no"))
    log.diagnostics([Diagnostic("a", "A"), Diagnostic("b", "B", severity=Severity.WARNING)])
    log.diagnostics([Diagnostic("c", "C", severity=Severity.NOTE)])
    assert [line["level"] for line in lines] == ["info", "warning", "error", "warning", "info"]


def test_a_diagnostic_has_the_fields_of_a_document() -> None:
    log, lines = logged()
    log.diagnostics([Diagnostic("unknown-field", "Unknown field", "d", "h", Span("sales.yaml", 5, 7), str(BOARD))])
    assert {key: value for key, value in lines[0].items() if key not in ("time", "level", "event")} == {
        "code": "unknown-field",
        "summary": "Unknown field",
        "detail": "d",
        "hint": "h",
        "file": "sales.yaml",
        "line": 5,
        "column": 7,
        "address": str(BOARD),
    }


def test_no_secret_is_in_a_line_however_json_spells_it() -> None:
    log, lines = logged('pass"word\n1')
    log.event(Waiting("sales", 'it said pass"word\n1', 0.0))
    log.write("note", text='pass"word\n1')
    assert [line["text"] for line in lines] == ["it said ***", "***"]
