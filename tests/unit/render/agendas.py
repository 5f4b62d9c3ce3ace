"""Agendas to render, placed by the real calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reconcile.calendar.occurrences import Horizon
from reconcile.calendar.trigger import Scheduled, agenda
from reconcile.calendar.week import week_of
from reconcile.calendar.zone import seconds
from reconcile.core.address import Address
from reconcile.core.agenda import Agenda, Entry, Frozen
from reconcile.core.hold import Hold
from reconcile.core.timing import (
    Clock,
    Daily,
    EventDriven,
    Every,
    Frequency,
    Monthly,
    Timing,
    Unclear,
    Unscheduled,
    Weekday,
    Weekly,
)

LA = "America/Los_Angeles"
PARIS = "Europe/Paris"
WORKDAYS = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}

# What a browser, a terminal or a calendar might obey.
HOSTILE = 'recipe:</title><script>alert("1")</script>&amp;\x1b[31m\r\nEND:VEVENT;,\\ü' + "x" * 90


def recipe(name: str) -> Address:
    """Return the address of a recipe's schedule."""
    return Address("sales", "schedule", f"recipe:{name}")


def scheduled(name: str, timing: Timing, *words: str, usual: float | None = None) -> Scheduled:
    """Return a recipe's schedule that answers to ``words``."""
    return Scheduled(recipe(name), timing, frozenset(words), usual)


def placed(
    schedules: Iterable[Scheduled],
    start: str,
    zone: str = PARIS,
    days: int = 7,
    more: Mapping[str, Mapping[str, Any]] | None = None,
    freezes: tuple[Frozen, ...] = (),
    unread: tuple[Address, ...] = (),
) -> Agenda:
    """Return the agenda from ``start`` (on the clock of ``zone``) on; ``more`` has fields of entries by recipe."""
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    last = begin.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    end = datetime.combine(last, time(), ZoneInfo(zone)).astimezone(UTC)
    ordered = sorted(schedules, key=lambda each: each.address)
    runs = agenda(ordered, Horizon(seconds(begin), seconds(end)), zone)
    entries = tuple(
        Entry(
            each.address,
            each.timing,
            runs[each.address].occurrences(),
            runs[each.address].silence,
            runs[each.address].assumptions,
            runs[each.address].after,
            each.usual_seconds,
            **(more or {}).get(each.address.name.removeprefix("recipe:"), {}),
        )
        for each in ordered
    )
    return Agenda(begin, end, zone, entries, week_of(runs.values(), begin, zone, min(days, 7)), freezes, unread)


def everything() -> Agenda:
    """Return an agenda with something of every sort, over the Sunday on which Los Angeles goes to summer time."""
    schedules = [
        scheduled("Nightly", Daily(Clock(150, LA)), "recipe:nightly", usual=300.0),
        scheduled("Paris", Weekly(frozenset({Weekday.SUNDAY}), Clock(540, PARIS))),
        scheduled("Often", Every(Frequency.MINUTELY, 30, Clock(480, PARIS), WORKDAYS, 12)),
        scheduled("Month", Monthly((31,), Clock(0, "UTC"))),
        scheduled("Behind", EventDriven("recipe:nightly", ("recipe:nightly",))),
        scheduled("Lost", EventDriven("recipe:gone", ("recipe:gone",))),
        scheduled("Odd", Unclear("it has no time of day")),
        scheduled("Kept_off", Unscheduled()),
        scheduled("Off", Unscheduled()),
        scheduled("Somewhere", Daily(Clock(60))),
    ]
    freeze = Frozen(datetime(2026, 3, 7, 18, tzinfo=UTC), datetime(2026, 3, 9, 6, tzinfo=UTC), "year end")
    more: dict[str, dict[str, Any]] = {
        "Kept_off": {"hold": Hold("month end", until="2026-04-01T00:00:00Z")},
        "Paris": {"is_declared": False},
    }
    unread = (Address("sales", "schedule", "data_sync:Unread"),)
    return placed(schedules, "2026-03-07T06:20", days=3, more=more, freezes=(freeze,), unread=unread)
