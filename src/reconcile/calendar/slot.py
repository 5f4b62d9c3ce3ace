"""At which minutes of a firing day a timing fires, and which of those the platform does not document."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from reconcile.core.occurrence import Reason
from reconcile.core.timing import Every, Timed

MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Slots:
    """Minutes after the midnight a firing day begins with, sorted; they may reach into the next day (1440 and more).

    ``at_risk`` holds those that the platform does not document, each with the reasons.
    """

    certain: tuple[int, ...]
    at_risk: tuple[tuple[int, tuple[Reason, ...]], ...] = ()


def slots_of(timing: Timed) -> Slots:
    """Return the minutes at which it fires on a firing day.

    Platform page 1.1: an interval counts from ``time`` of each firing day; the lists' cron text (2.1) is of that form.
    Queuing stops at ``last_hour``: the reference's example, from 02:30 every 3 hours and "stops queuing at 8:00pm",
    has its last run at 17:30. Without it queuing ends at 23:59 (its own help, M).
    """
    start = timing.clock.minute_of_day
    if not isinstance(timing, Every):
        return _single(start)
    return _repeated(start, timing.minutes, timing.last_hour)


@lru_cache(maxsize=2048)
def _single(start: int) -> Slots:
    return Slots((start,))


@lru_cache(maxsize=8192)
def _repeated(start: int, step: int, last_hour: int | None) -> Slots:
    always = (Reason.LONG_INTERVAL,) if step > MINUTES else ()
    stop = MINUTES if last_hour is None else last_hour * 60
    if stop < start:
        always = (Reason.WRAP, *always)
        stop += MINUTES
    on_stop = last_hour is not None and (stop - start) % step == 0
    before_stop = tuple(range(start, stop, step))
    doubted = [(minute, always) for minute in before_stop] if always else []
    if on_stop:
        doubted.append((stop, (*always, Reason.LAST_HOUR)))
    return Slots(() if always else before_stop, tuple(doubted))
