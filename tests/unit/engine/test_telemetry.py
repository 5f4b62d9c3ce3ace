"""Spans in OpenTelemetry's own SDK: what hangs below what, what they hold, and what they never hold."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from threading import Event

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError
from reconcile.core.trace import UNTRACED, Tracer
from reconcile.engine import telemetry
from reconcile.engine.events import Event as Happening
from reconcile.engine.events import StepMoved
from reconcile.engine.link import side_by_side
from reconcile.engine.loom import Call, Loom, RealClock, Script
from reconcile.engine.step_trace import with_steps
from reconcile.engine.telemetry import flush, found_tracer, tracer_of, within


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> Iterator[Tracer]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield tracer_of(provider)
    provider.shutdown()


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def parent(span: ReadableSpan, spans: dict[str, ReadableSpan]) -> str | None:
    return next((n for n, s in spans.items() if span.parent and s.context.span_id == span.parent.span_id), None)


def test_spans_hang_below_each_other(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    with tracer.span("plan", {"reconcile.environment": "prod"}) as span, tracer.span("GET /x", calls_out=True):
        span.set("reconcile.changes", 3)
    spans = by_name(exporter)
    assert parent(spans["GET /x"], spans) == "plan"
    assert dict(spans["plan"].attributes or {}) == {"reconcile.environment": "prod", "reconcile.changes": 3}
    assert (spans["plan"].kind, spans["GET /x"].kind) == (SpanKind.INTERNAL, SpanKind.CLIENT)


def test_threads_of_ours_keep_the_parent(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    """Those that work side by side, and those that a loom calls in."""

    def work(name: str) -> None:
        with tracer.span(name):
            pass

    def script() -> Script[None]:
        yield Call(lambda: work("call"))

    with tracer.span("command"):
        side_by_side(work, ["a", "b", "c"], 3)
        loom = Loom(RealClock(), 2)
        loom.start(script(), lambda result, error: None)
        loom.run()
    spans = by_name(exporter)
    assert {parent(spans[name], spans) for name in ("a", "b", "c", "call")} == {"command"}


def test_an_exception_is_told_by_its_kind_alone(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    """A diagnostic's code, or a class; the text may hold what a platform answered."""
    with pytest.raises(StateError), tracer.span("ours"):
        raise StateError(Diagnostic("state-damaged", "secret-token"))
    with pytest.raises(KeyError), tracer.span("theirs"):
        raise KeyError("secret-token")
    with suppress(KeyError), tracer.span("told") as span:
        span.fail("503")
        raise KeyError("secret-token")
    spans = by_name(exporter)
    kinds = {name: (span.attributes or {})["error.type"] for name, span in spans.items()}
    assert kinds == {"ours": "state-damaged", "theirs": "KeyError", "told": "503"}
    assert all(span.status.status_code is StatusCode.ERROR and not span.events for span in spans.values())
    assert "secret-token" not in "".join(span.to_json() for span in spans.values())


def test_a_step_has_a_span_from_its_beginning_to_its_end(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    """Looks in between are none; a step that is begun again has one again; everything is passed on."""
    heard: list[Happening] = []
    listen = with_steps(heard.append, tracer)
    moves = [
        StepMoved("load", "tamr.load", "pending"),
        StepMoved("other", "tailer.launch", "running", job="j2"),
        StepMoved("load", "tamr.load", "running", job="j1"),
        StepMoved("load", "tamr.load", "running", job="j1", is_news=False),
        StepMoved("load", "tamr.load", "failed", job="j1", error="secret-token"),
        StepMoved("load", "tamr.load", "running", job="j3"),
        StepMoved("load", "tamr.load", "succeeded", job="j3"),
        StepMoved("other", "tailer.launch", "stopped"),
        StepMoved("never", "tamr.load", "blocked"),
    ]
    for move in moves:
        listen(move)
    assert heard == moves
    found = [(s.name, dict(s.attributes or {})) for s in exporter.get_finished_spans()]
    load = {"reconcile.step": "load", "reconcile.operation": "tamr.load"}
    assert found == [
        ("step tamr.load", {**load, "reconcile.job": "j1", "reconcile.state": "failed", "error.type": "failed"}),
        ("step tamr.load", {**load, "reconcile.job": "j3", "reconcile.state": "succeeded"}),
        (
            "step tailer.launch",
            {"reconcile.step": "other", "reconcile.operation": "tailer.launch", "reconcile.job": "j2"}
            | {"reconcile.state": "stopped", "error.type": "stopped"},
        ),
    ]


def test_nobody_who_listens_costs_nobody_a_listener() -> None:
    """Without an SDK there is no tracer, also where the API is loaded; and no listener in between."""
    assert found_tracer({}) is UNTRACED
    listener = list[Happening]().append
    assert with_steps(listener, UNTRACED) is listener
    with UNTRACED.span("x") as span:
        span.set("a", 1)
        span.fail("b")
    UNTRACED.begin("x").end()
    flush(UNTRACED)


def test_without_the_package_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when somebody names a provider."""
    for name in [name for name in sys.modules if name.split(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert found_tracer({"OTEL_PYTHON_TRACER_PROVIDER": "sdk_tracer_provider"}) is UNTRACED


def test_an_exporter_that_hangs_does_not_keep_the_command(tracer: Tracer, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = Event()

    class Hanging(trace.NoOpTracerProvider):
        def force_flush(self, milliseconds: int) -> None:
            hanging.wait(60)

    monkeypatch.setattr(trace, "get_tracer_provider", Hanging)
    flush(tracer, 0.01)
    assert not hanging.is_set()
    hanging.set()


def test_a_ci_job_hands_its_span_down(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    """And what makes no sense is no parent."""
    with (
        within({"TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, tracer),
        tracer.span("below"),
    ):
        pass
    with within({"TRACEPARENT": "nonsense"}, tracer), tracer.span("alone"):
        pass
    with within({"TRACEPARENT": "whatever"}, UNTRACED):
        pass
    spans = by_name(exporter)
    found = spans["below"].parent
    assert found is not None
    assert f"{found.trace_id:032x}-{found.span_id:016x}" == "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
    assert spans["alone"].parent is None
    assert telemetry.FLUSH_SECONDS < 6
