"""From what a command found to the numbers of a ``Meter``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from reconcile.cli import metrics as of
from reconcile.cli.metrics import Meter, counted
from reconcile.core.trace import NO_ATTRIBUTES, Attribute, Span, Tracer

if TYPE_CHECKING:
    from reconcile.core.acknowledge import Sorted
    from reconcile.core.plan import Plan
    from reconcile.engine.apply import Result
    from reconcile.engine.check import Checked
    from reconcile.engine.place import Place

_STATUS, _RESENT = "http.response.status_code", "http.request.resend_count"


def put_check(meter: Meter, place: Place, found: Checked, drift: Sorted, seconds: float, at: float) -> None:
    """Note a check that ended ``at``, seconds since 1970.

    Of one that failed the numbers are those of what could be looked at; no 0 says that the rest has not drifted.
    """
    meter.put(of.CHECK_SECONDS, seconds)
    meter.put(of.CHECKED_AT, at)
    # A class is there before anything drifts: an alarm that compares needs a 0.
    zeros = {} if found.failed else {(name, side): 0.0 for name in place.links for side in ("platform", "both")}
    meter.put_all(of.DRIFT, zeros | counted((each.address.connection, each.side.value) for each in drift.counted))
    meter.put(of.ACKNOWLEDGED, len(drift.accepted))
    meter.put(of.PENDING, found.pending)
    meter.put_all(of.UNREAD, {(name,): 0.0 for name in place.links} | counted((a.connection,) for a in found.unread))
    meter.put(of.SEEN, found.seen)
    if not found.failed:
        meter.put(of.SUCCESS_AT, at)


def put_failed_check(meter: Meter, seconds: float, at: float) -> None:
    """Note a check that came to nothing: of no object is anything known any more."""
    meter.put(of.CHECK_SECONDS, seconds)
    meter.put(of.CHECKED_AT, at)
    for meaning in (of.DRIFT, of.ACKNOWLEDGED, of.PENDING, of.UNREAD, of.SEEN):
        meter.put_all(meaning, {})


@contextmanager
def checking(meter: Meter) -> Iterator[float]:
    """Yield when the check begins, on the clock that never goes back; one that raises came to nothing."""
    began = time.monotonic()
    try:
        yield began
    except Exception:
        put_failed_check(meter, time.monotonic() - began, time.time())
        raise


def put_plan(meter: Meter, plan: Plan) -> None:
    """Note what a plan would change, and what refuses it."""
    changes = counted((change.address.connection, change.action.value) for change in plan.changes)
    meter.put_all(of.CHANGES, changes)
    meter.put(of.REFUSALS, len(plan.refusals))


def put_results(meter: Meter, results: Iterable[Result]) -> None:
    """Note how the changes of an apply ended."""
    ended = counted((each.change.address.connection, each.outcome.value) for each in results)
    meter.put_all(of.RESULTS, ended)


class Counting:
    """A tracer that counts the calls to platforms, and has another one trace them."""

    def __init__(self, meter: Meter, tracer: Tracer) -> None:
        self._meter = meter
        self._tracer = tracer

    def span(
        self, name: str, attributes: Mapping[str, Attribute] = NO_ATTRIBUTES, *, calls_out: bool = False
    ) -> AbstractContextManager[Span]:
        """Return the other's span; of a call, one that is counted at its end."""
        span = self._tracer.span(name, attributes, calls_out=calls_out)
        return self._counted(span, str(attributes.get("reconcile.connection", ""))) if calls_out else span

    def begin(self, name: str, attributes: Mapping[str, Attribute] = NO_ATTRIBUTES) -> Span:
        """Return the other's span."""
        return self._tracer.begin(name, attributes)

    @contextmanager
    def _counted(self, span: AbstractContextManager[Span], connection: str) -> Iterator[Span]:
        with span as theirs:
            noting = _Noting(theirs)
            try:
                yield noting
            finally:
                self._meter.count(of.REQUESTS, 1, connection, str(noting.noted.get(_STATUS, "none")))
                self._meter.count(of.RETRIES, float(noting.noted.get(_RESENT, 0)), connection)


class _Noting:
    """A span that remembers what it was told, for the one who counts."""

    __slots__ = ("_span", "noted")

    def __init__(self, span: Span) -> None:
        self._span = span
        self.noted: dict[str, Attribute] = {}

    def set(self, name: str, value: Attribute) -> None:
        self.noted[name] = value
        self._span.set(name, value)

    def fail(self, kind: str) -> None:
        self._span.fail(kind)

    def end(self) -> None:
        self._span.end()
