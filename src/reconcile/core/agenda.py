"""When everything fires over some days: what ``reconcile calendar`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconcile.core.address import Address
from reconcile.core.hold import Hold
from reconcile.core.occurrence import Assumption, Occurrence, Silence
from reconcile.core.outlook import Week
from reconcile.core.timing import Timing


@dataclass(frozen=True, slots=True)
class Entry:
    """One schedule and its runs within the agenda, in order of time.

    ``silence`` says why there are none where the reason is not just that none falls into these days. ``after`` names
    what an event-driven one waits for: its runs are then the earliest possible. ``usual_seconds`` is how long a run
    usually takes, None where nobody knows. ``is_declared`` is False of what is live and in no file. ``hold`` is what
    keeps it off, None when nothing does.
    """

    address: Address
    timing: Timing
    occurrences: tuple[Occurrence, ...] = ()
    silence: Silence | None = None
    assumptions: tuple[Assumption, ...] = ()
    after: tuple[Address, ...] = ()
    usual_seconds: float | None = None
    is_declared: bool = True
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Frozen:
    """A time in which nothing is to be changed: from ``start`` on, before ``end`` (UTC, aware), and why."""

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Agenda:
    """All runs from ``start`` on, before ``end`` (UTC, aware), for a reader whose clock is that of ``zone`` (IANA).

    ``entries`` are sorted by address. ``week`` counts the first seven days, or as many as there are. ``unread`` names
    what could not be looked at: of that nothing is known. ``is_whole`` is False when anything, also what nobody can
    name, could not be read.
    """

    start: datetime
    end: datetime
    zone: str
    entries: tuple[Entry, ...]
    week: Week
    freezes: tuple[Frozen, ...] = ()
    unread: tuple[Address, ...] = ()
    is_whole: bool = True
