"""What one schedule asks of its account: its runs, each with how long it usually goes on."""

from __future__ import annotations

from dataclasses import dataclass

from reconcile.calendar.occurrences import Runs
from reconcile.core.address import Address


@dataclass(frozen=True, slots=True)
class Load:
    """The runs of one schedule on one account. ``pool`` is the sort of run that limits name (``recipe``).

    ``usual_seconds`` is how long a run usually takes; None where nobody knows.
    """

    address: Address
    pool: str
    runs: Runs
    usual_seconds: float | None = None

    def spans(self) -> list[tuple[int, int]]:
        """Return from when to when it goes on, in seconds since 1970 UTC, sorted; empty without a known duration.

        Runs that would overlap each other are one span: the platform never runs one asset twice at once, it queues or
        cancels the second (page 3).
        """
        length = round(self.usual_seconds or 0)
        found: list[tuple[int, int]] = []
        for at in self.runs.instants if length else ():
            if found and at <= found[-1][1]:
                found[-1] = (found[-1][0], at + length)
            else:
                found.append((at, at + length))
        return found
