"""A span for every step of a pipeline, made from what is told of it: steps go on side by side in one thread."""

from __future__ import annotations

from reconcile.core.trace import UNTRACED, Span, Tracer
from reconcile.engine.events import Event, Listener, StepMoved

_GOING = frozenset({"pending", "running"})


def with_steps(listener: Listener, tracer: Tracer) -> Listener:
    """Return a listener that tells ``listener`` everything, and the tracer when a step begins and ends."""
    return listener if tracer is UNTRACED else _StepSpans(listener, tracer)


class _StepSpans:
    """Listens from one thread at a time (the loom's); a step that is begun again has a span of its own again."""

    def __init__(self, listener: Listener, tracer: Tracer) -> None:
        self._listener = listener
        self._tracer = tracer
        self._open: dict[str, Span] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepMoved) and event.is_news:
            self._move(event)
        self._listener(event)

    def _move(self, event: StepMoved) -> None:
        span = self._open.get(event.step)
        if event.state in _GOING:
            if span is None:
                known = {"reconcile.step": event.step, "reconcile.operation": event.operation}
                self._open[event.step] = span = self._tracer.begin(f"step {event.operation}", known)
        elif span is not None:
            del self._open[event.step]
            span.set("reconcile.state", event.state)
            if event.state != "succeeded":
                span.fail(event.state)
            span.end()
        if span is not None and event.job:
            span.set("reconcile.job", event.job)
