"""When something fires, said in words that belong to no platform.

A kind turns its values into one of these (``Kind.timing``), and ``calendar/`` turns them into instants. Each has a
``frequency`` by which they are told apart. Nothing here is a rule about what a platform does: those are in
``calendar/``, each with its source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import ClassVar


class Frequency(StrEnum):
    """What tells the timings apart."""

    MINUTELY = "minutely"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MONTHLY_RELATIVE = "monthly_relative"
    EVENT = "event"
    NONE = "none"
    UNCLEAR = "unclear"


class Weekday(IntEnum):
    """A day of the week; the numbers are those of ``datetime.date.weekday``."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class WeekOfMonth(StrEnum):
    """Which of the four or five equal weekdays of a month."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: whole minutes after midnight, 0 to 1439, in an IANA zone.

    ``zone`` None means that nothing says which: the platform takes one that only it knows.
    """

    minute_of_day: int
    zone: str | None = None

    def __str__(self) -> str:
        return f"{self.minute_of_day // 60:02}:{self.minute_of_day % 60:02}"


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again within a day, from ``clock`` on; ``frequency`` is ``MINUTELY`` or ``HOURLY``.

    ``minutes`` is the interval in minutes, at least 1, whatever the frequency. ``weekdays`` None means that nothing
    says which days. ``last_hour`` is the hour, 0 to 23, at which no more runs are queued; None when nothing says so.
    """

    frequency: Frequency
    minutes: int
    clock: Clock
    weekdays: frozenset[Weekday] | None = None
    last_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Daily:
    """Once on every day."""

    clock: Clock
    frequency: ClassVar[Frequency] = Frequency.DAILY


@dataclass(frozen=True, slots=True)
class Weekly:
    """Once on each of some days of the week."""

    weekdays: frozenset[Weekday]
    clock: Clock
    frequency: ClassVar[Frequency] = Frequency.WEEKLY


@dataclass(frozen=True, slots=True)
class Monthly:
    """Once on each of some days of the month, 1 to 31, and with ``on_last`` on the last day, whatever its number."""

    days: tuple[int, ...]
    clock: Clock
    on_last: bool = False
    frequency: ClassVar[Frequency] = Frequency.MONTHLY


@dataclass(frozen=True, slots=True)
class MonthlyRelative:
    """Once a month, for example on its last Sunday."""

    week: WeekOfMonth
    weekday: Weekday
    clock: Clock
    frequency: ClassVar[Frequency] = Frequency.MONTHLY_RELATIVE


@dataclass(frozen=True, slots=True)
class EventDriven:
    """After something else is done.

    ``rule`` is the platform's text, None where it does not show it. ``triggers`` is what has to be done before, all of
    it, in the words that ``Scheduled.answers_to`` holds; empty when the rule is not understood.
    """

    rule: str | None
    triggers: tuple[str, ...] = ()
    frequency: ClassVar[Frequency] = Frequency.EVENT


@dataclass(frozen=True, slots=True)
class Unscheduled:
    """Never by itself."""

    frequency: ClassVar[Frequency] = Frequency.NONE


@dataclass(frozen=True, slots=True)
class Unclear:
    """There is a schedule, but its values do not say when it fires; ``why`` is half a sentence for people."""

    why: str
    frequency: ClassVar[Frequency] = Frequency.UNCLEAR


Timed = Every | Daily | Weekly | Monthly | MonthlyRelative
Timing = Timed | EventDriven | Unscheduled | Unclear


@dataclass(frozen=True, slots=True)
class Role:
    """What one object is to the others on its account.

    ``answers_to`` is what trigger rules call it (``EventDriven.triggers``). ``reads`` is whose output it works on, in
    the same words, as far as that goes without saying. ``pool`` is the sort of run that limits name (``recipe``).
    """

    pool: str
    answers_to: frozenset[str] = field(default=frozenset())
    reads: frozenset[str] = field(default=frozenset())
