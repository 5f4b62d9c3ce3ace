"""What a platform allows at most: runs in a day, and runs at once. Facts as values, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    """What a limit counts."""

    RUNS = "runs"
    """Runs that begin within any ``window_seconds``."""

    AT_ONCE = "at_once"
    """Runs that go on at the same time."""

    DEPENDENTS = "dependents"
    """Schedules that wait for one event."""

    GAP = "gap"
    """Minutes that the platform's own schedules keep between two jobs for one object: at least, not at most."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` of the pools, by one measure, on one account (for a gap: at least).

    ``pools`` are words for sorts of runs that share the limit (``recipe``, ``dataflow``). Runs that take less than
    ``free_below_seconds`` do not count. ``source`` says where the figure is from, for people.
    """

    name: str
    measure: Measure
    most: int
    pools: frozenset[str]
    source: str
    free_below_seconds: float = 0.0
    window_seconds: int = 86_400
