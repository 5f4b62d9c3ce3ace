"""One run of a schedule, and why there may be none: values that ``calendar/`` computes and ``render/`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why it cannot be said for certain that, or when, a run happens. All undocumented (platform page, section 9)."""

    GAP = "gap"
    """Its local time does not exist that day: skipped, or run at one of two instants."""

    OVERLAP = "overlap"
    """Its local time exists twice that day: run at the first, at the second, or at both."""

    LAST_HOUR = "last_hour"
    """It is due at the very minute at which queuing stops."""

    WRAP = "wrap"
    """Queuing stops before the first run: never any run, or runs into the next day."""

    LONG_INTERVAL = "long_interval"
    """The interval is longer than a day: every firing day's first run, or fewer."""

    UPSTREAM = "upstream"
    """A run that triggers it is itself in doubt."""

    AND_LIST = "and_list"
    """It waits for several; which of their runs make one round is nowhere written."""


class Silence(StrEnum):
    """Why there is no run to show. Only the first means that there will be none."""

    UNSCHEDULED = "unscheduled"
    NO_ZONE = "no_zone"
    UNKNOWN_ZONE = "unknown_zone"
    UNCLEAR = "unclear"
    EVENT = "event"
    UNKNOWN_TRIGGER = "unknown_trigger"
    TRIGGER_CYCLE = "trigger_cycle"
    TRIGGER_SILENT = "trigger_silent"


class Assumption(StrEnum):
    """What was taken for granted although nothing says so; it holds for all runs of a timing."""

    EVERY_DAY = "every_day"
    """An interval without days of the week fires on every day (page 1.1 shows no example)."""

    READERS_ZONE = "readers_zone"
    """The schedule names no zone; that of the one who asks was taken (page 1.1: the platform takes the user's)."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One run, for people: ``at`` in UTC; ``local`` is what the clock of the schedule's zone shows, without a zone.

    Of a run at risk, ``at`` is the earliest of its ``candidates``, and ``local`` the time that the schedule names even
    where that day has no such time; of a certain one ``candidates`` are empty. ``local`` is None without a zone.
    """

    at: datetime
    local: datetime | None
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[datetime, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Say whether the run happens just then, as far as the platform documents it."""
        return not self.reasons
