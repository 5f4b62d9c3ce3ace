"""What takes how long, told to whoever measures. A seam: nobody below the command line knows who listens.

::

    with tracer.span("refresh", {"reconcile.objects": 12}) as span:
        span.set("reconcile.connections", 1)

``UNTRACED`` is the one that listens to nothing; it costs less than a microsecond a span.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

Attribute = str | bool | int | float
NO_ATTRIBUTES: Mapping[str, Attribute] = {}


class Span(Protocol):
    """Something that takes time. Its attributes are facts with few values: no bodies, no secrets, no texts of users."""

    def set(self, name: str, value: Attribute) -> None:
        """Note a fact that was not known at the beginning."""

    def fail(self, kind: str) -> None:
        """Note that it did not succeed; ``kind`` is a stable word (a diagnostic's code, a status)."""

    def end(self) -> None:
        """Note that it is over. A span from ``Tracer.span`` ends by itself."""


class Tracer(Protocol):
    """Makes spans. Safe to use from any thread."""

    def span(
        self, name: str, attributes: Mapping[str, Attribute] = NO_ATTRIBUTES, *, calls_out: bool = False
    ) -> AbstractContextManager[Span]:
        """Return a span that lasts as long as the block, and holds the spans that begin in it.

        What leaves the block as an exception is noted by its kind, never by its text. ``calls_out`` marks a call to
        somebody else's server.
        """

    def begin(self, name: str, attributes: Mapping[str, Attribute] = NO_ATTRIBUTES) -> Span:
        """Return a span that lasts until its ``end``, and holds no others: for what goes on beside other things."""


class _Nothing:
    """A span, and the block of one, that nobody hears of."""

    __slots__ = ()

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def set(self, name: str, value: Attribute) -> None:
        return None

    def fail(self, kind: str) -> None:
        return None

    def end(self) -> None:
        return None


class _Untraced:
    """Listens to nothing."""

    __slots__ = ()

    def span(
        self, name: str, attributes: Mapping[str, Attribute] = NO_ATTRIBUTES, *, calls_out: bool = False
    ) -> AbstractContextManager[Span]:
        return _NOTHING

    def begin(self, name: str, attributes: Mapping[str, Attribute] = NO_ATTRIBUTES) -> Span:
        return _NOTHING


_NOTHING = _Nothing()
UNTRACED: Tracer = _Untraced()
