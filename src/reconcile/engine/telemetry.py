"""Spans for OpenTelemetry: the one module that imports its API, and only where somebody listens.

Which SDK, which exporter and where to is the host's choice. Without the API package, or without anybody who listens,
nothing is imported and nothing is traced.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from reconcile import __version__
from reconcile.core.errors import ReconcileError
from reconcile.core.trace import NO_ATTRIBUTES, UNTRACED, Attribute, Span, Tracer

if TYPE_CHECKING:
    from opentelemetry import trace

# A collector that does not answer must not keep a command from ending (the SDK alone may take 6 s and more).
FLUSH_SECONDS = 2.0


def found_tracer(environment: Mapping[str, str]) -> Tracer:
    """Return what traces into the SDK that this process has set up; ``UNTRACED`` when it has none, or a broken one.

    An SDK is there when something has imported the API already (``opentelemetry-instrument``, a host program), or when
    ``OTEL_PYTHON_TRACER_PROVIDER`` of ``environment`` names one. Importing the API for nobody would cost each command
    50 ms.
    """
    if "opentelemetry.trace" not in sys.modules and not environment.get("OTEL_PYTHON_TRACER_PROVIDER"):
        return UNTRACED
    try:
        from opentelemetry import trace
    except ImportError:
        return UNTRACED
    try:
        provider = trace.get_tracer_provider()
    except Exception:
        # The variable names one that is not there, or fails: the API has logged it, and no work hangs on being watched.
        return UNTRACED
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return UNTRACED
    return tracer_of(provider)


def tracer_of(provider: trace.TracerProvider) -> Tracer:
    """Return what traces into this provider: for a host that has one of its own."""
    return _Traces(provider.get_tracer("reconcile", __version__))


@contextmanager
def within(environment: Mapping[str, str], tracer: Tracer) -> Iterator[None]:
    """Hang the spans of the block below the one that ``TRACEPARENT`` names, where a CI job hands one down."""
    parent = environment.get("TRACEPARENT")
    if not parent or not isinstance(tracer, _Traces):
        yield
        return
    from opentelemetry import context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {"traceparent": parent, "tracestate": environment.get("TRACESTATE", "")}
    token = context.attach(TraceContextTextMapPropagator().extract(carrier))
    try:
        yield
    finally:
        context.detach(token)


def flush(tracer: Tracer, seconds: float = FLUSH_SECONDS) -> None:
    """Have spans sent that wait to be sent; gives up after ``seconds``. Never raises."""
    if not isinstance(tracer, _Traces):
        return
    from opentelemetry import trace

    send = getattr(trace.get_tracer_provider(), "force_flush", None)
    if send is not None:
        # In a thread of its own: exporters do not keep to the timeout that they are given.
        thread = Thread(target=send, args=(int(seconds * 1000),), name="flush", daemon=True)
        thread.start()
        thread.join(seconds)


class _Traces:
    """Spans of OpenTelemetry."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def span(
        self, name: str, attributes: Mapping[str, Attribute] = NO_ATTRIBUTES, *, calls_out: bool = False
    ) -> Iterator[Span]:
        from opentelemetry.trace import SpanKind

        kind = SpanKind.CLIENT if calls_out else SpanKind.INTERNAL
        # An exception's text may quote what a platform answered; only its kind is noted.
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            ours = _Span(span)
            try:
                yield ours
            except BaseException as error:
                ours.fail(_kind(error))
                raise

    def begin(self, name: str, attributes: Mapping[str, Attribute] = NO_ATTRIBUTES) -> Span:
        return _Span(self._tracer.start_span(name, attributes=attributes))


class _Span:
    """A span of OpenTelemetry."""

    __slots__ = ("_failed", "_span")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._failed = False

    def set(self, name: str, value: Attribute) -> None:
        self._span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        # The first to say so knows best; what it raises then passes through the blocks around it.
        if self._failed:
            return
        from opentelemetry.trace import StatusCode

        self._failed = True
        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        self._span.end()


def _kind(error: BaseException) -> str:
    return error.diagnostics[0].code if isinstance(error, ReconcileError) else type(error).__name__
