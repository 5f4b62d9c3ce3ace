"""Findings in one form, and times and lists as they stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconcile.calendar.zone import moment
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def warning(address: Address, code: str, summary: str, detail: str, hint: str) -> Diagnostic:
    """Return a warning about one schedule."""
    return Diagnostic(code, summary, detail, hint, address=str(address), severity=Severity.WARNING)


def date_of(at: datetime) -> str:
    """Return a day for people: ``Sunday 2026-03-08``."""
    return f"{_DAYS[at.weekday()]} {at:%Y-%m-%d}"


def instant_of(instant: int) -> str:
    """Return an instant, seconds since 1970, for people: ``2026-03-08 10:30 UTC``."""
    return f"{moment(instant):%Y-%m-%d %H:%M} UTC"


def listed(words: Sequence[str]) -> str:
    """Return ``a, b and c``; of more than six the first five and how many more."""
    if len(words) > 6:
        words = (*words[:5], f"{len(words) - 5} more")
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def length_of(seconds: float) -> str:
    """Return a length for people: ``90 s``, ``66 min``, ``10 h``, ``1 h 30 min``; whole minutes from two on."""
    if seconds < 120 and (seconds % 60 or not seconds):
        return f"{seconds:g} s"
    minutes = round(seconds / 60)
    if minutes < 120 and minutes % 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
