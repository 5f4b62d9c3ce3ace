"""Which clock the program lives by: the one place that decides it."""

from __future__ import annotations

from reconcile.engine.loom import Clock, RealClock


def clock() -> Clock:
    """Return the clock on which every wait of a command is counted."""
    return RealClock()
