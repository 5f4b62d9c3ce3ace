"""Schedules and instants that the tests of this folder share.

The folder is no package: one of this name would hide the standard library's `calendar` from everybody.
"""

from __future__ import annotations

from datetime import UTC, datetime

from reconcile.calendar.occurrences import Horizon
from reconcile.core.address import Address
from reconcile.core.timing import Clock, Every, Frequency, Weekday

LA = "America/Los_Angeles"
EVERY_DAY = frozenset(Weekday)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def utc(text: str) -> datetime:
    """Return ``2026-03-08 10:30`` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def instant(text: str) -> int:
    """Return ``2026-03-08 10:30`` UTC as seconds since 1970."""
    return int(utc(text).timestamp())


def days(start: str, count: int) -> Horizon:
    """Return a horizon of some days from an instant on."""
    return Horizon.days(utc(start), count)


def at(text: str, zone: str | None = "UTC") -> Clock:
    """Return a clock from ``02:30``."""
    hour, minute = text.split(":")
    return Clock(int(hour) * 60 + int(minute), zone)


def hourly(hours: int, time: str, last_hour: int | None = None, zone: str | None = "UTC") -> Every:
    """Return an hourly schedule of every day."""
    return Every(Frequency.HOURLY, hours * 60, at(time, zone), EVERY_DAY, last_hour)


def minutely(minutes: int, time: str, last_hour: int | None = None, zone: str | None = "UTC") -> Every:
    """Return a minutely schedule of every day."""
    return Every(Frequency.MINUTELY, minutes, at(time, zone), EVERY_DAY, last_hour)


def recipe(name: str) -> Address:
    """Return the address of a recipe's schedule."""
    return Address("sales", "schedule", f"recipe:{name}")
