"""People are told of a look that came to nothing: what one sink does is no matter of the others."""

from __future__ import annotations

import time
from pathlib import Path

from reconcile.alerts.send import Ways
from reconcile.core.alert import Alerting, JsonLinesSink, StdoutSink
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.guard import DeleteLimits
from reconcile.core.redact import Redactor
from reconcile.engine.alerting import alert_failure
from reconcile.engine.link import Outside
from reconcile.engine.place import Place
from reconcile.state.backend import open_backend
from reconcile.state.format import Origin

FAILED = (Diagnostic("unavailable", "No answer"),)


def place_with(*sinks: StdoutSink | JsonLinesSink) -> Place:
    return Place(
        "prod",
        {},
        {},
        open_backend("memory://", Path(), "prod"),
        DeleteLimits(),
        Outside(lambda event: None, Redactor(["hunter22"]), {}),
        Origin("now", "2026-11-22T23:00:00Z", "ada", "ci", "reconcile drift"),
        time.monotonic,
        alerts=Alerting(sinks),
    )


def test_a_sink_that_breaks_keeps_no_other_from_telling_and_noting_it_down(tmp_path: Path) -> None:
    """Whatever is raised there: an alert that was not delivered, which is tried again, and not by all."""
    place = place_with(StdoutSink("out"), JsonLinesSink("log", "log.jsonl"))
    printed: list[str] = []

    def broken(text: str) -> None:
        raise BrokenPipeError("hunter22 is gone")

    first = alert_failure(place, FAILED, Ways(broken, tmp_path))
    assert [each.sink for each in first.sent] == ["log"]
    assert [(each.sink, each.failure) for each in first.failed] == [
        ("out", "a defect of reconcile: BrokenPipeError: *** is gone")
    ]
    assert [each.code for each in first.diagnostics] == ["alert-not-delivered"]
    second = alert_failure(place, FAILED, Ways(printed.append, tmp_path))
    assert [each.sink for each in second.sent] == ["out"]
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 1
