"""How much of the past is kept."""

from __future__ import annotations

from dataclasses import dataclass

# So many are always kept, however few are asked for: what was done last can be taken back, and whoever slept through as
# many is told so when it wakes up.
FEWEST = 10


@dataclass(frozen=True, slots=True)
class Retention:
    """How many versions of the state (one an apply) and runs that are over are kept, the newest of each.

    With ``days`` those older than that go, too; None keeps them whatever their age. ``FEWEST`` are kept in any case.
    """

    applies: int = 1000
    runs: int = 1000
    days: int | None = None
