"""How long something takes, for people."""

from __future__ import annotations

from datetime import datetime


def readable(seconds: float) -> str:
    """Return a wait for people: ``0.4 s``, ``31 s``, ``2 min 5 s``, ``3 h 0 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def age(since: str, now: str) -> str:
    """Return how long ago ``since`` was (both UTC, ISO 8601): ``12 days``, ``1 day``, ``5 hours``, ``3 minutes``."""
    seconds = max(0, int((datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
