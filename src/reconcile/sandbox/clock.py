"""The time of the simulated world: real until someone sets or advances it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """UTC time that can be set (it then stands still) or moved forward."""

    def __init__(self) -> None:
        self.changes = 0
        """How often the clock was touched; what was computed from `now` before is void."""
        self._frozen: datetime | None = None
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the current simulated time, in UTC."""
        return (self._frozen or datetime.now(UTC)) + self._ahead

    @property
    def standing(self) -> bool:
        """Return whether the clock was set and therefore stands still."""
        return self._frozen is not None

    def set(self, now: datetime) -> None:
        """Set the clock; it stands still from then on. A time without zone is taken as UTC."""
        aware = now if now.tzinfo else now.replace(tzinfo=UTC)
        self._frozen, self._ahead = aware.astimezone(UTC), timedelta()
        self.changes += 1

    def advance(self, seconds: float) -> None:
        """Move the clock forward (or back), running or standing."""
        self._ahead += timedelta(seconds=seconds)
        self.changes += 1

    def reset(self) -> None:
        """Return to real time."""
        self._frozen, self._ahead = None, timedelta()
        self.changes += 1


def iso(moment: datetime) -> str:
    """Return UTC with milliseconds as Salesforce and Tamr print it, e.g. `2021-03-02T09:00:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
