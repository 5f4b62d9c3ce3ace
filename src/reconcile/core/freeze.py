"""Freezes: when nothing is to be changed, and why.

Times of a zone's clock are ``datetime`` without offset, whatever the zone; instants are whole seconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class Dates:
    """One window: from ``start`` on, before ``end``. One without offset is a time of the freeze's own zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Weekly:
    """The same hours on some days of each week: 0 is Monday. ``start`` and ``end`` are minutes after midnight.

    ``end`` is at most 1440, and one that is before ``start`` means the day after.
    """

    days: frozenset[int]
    start: int = 0
    end: int = 1440


class Starts(Protocol):
    """When the windows of an event begin, on the clock of the event's zone."""

    def between(self, first: datetime, last: datetime) -> Iterable[datetime]:
        """Return the beginnings from ``first`` to ``last``, both included, without offset, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Once:
    """The beginning of an event that does not repeat."""

    at: datetime

    def between(self, first: datetime, last: datetime) -> Iterable[datetime]:
        """Return the one beginning, if it is between the two."""
        return (self.at,) if first <= self.at <= last else ()


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a calendar. A window is so many days long on the zone's clock, and so many seconds more.

    ``zone`` None is that of the freeze: the event floats, or takes whole days.
    """

    summary: str
    starts: Starts
    days: int = 0
    seconds: int = 0
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """One entry of ``freezes``: its windows, why, and the IANA zone that they are meant in.

    ``source`` is where it was written. ``reason`` may be empty for a calendar, whose events have a summary each.
    """

    reason: str
    when: Dates | Weekly | tuple[Event, ...]
    zone: str = "UTC"
    source: Span | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """One span of time in which nothing is to be changed: from ``start`` on, before ``end``; seconds since 1970 UTC.

    ``zone`` and ``source`` are those of its freeze.
    """

    start: int
    end: int
    reason: str
    zone: str = "UTC"
    source: Span | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Why an apply went ahead inside a freeze, as who gave it put it; ``freeze`` says in words which freeze."""

    reason: str
    freeze: str
