"""How long something takes, for people."""

from __future__ import annotations


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
