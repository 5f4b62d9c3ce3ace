"""A lock as it is kept, and what it says about its holder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from reconcile.state.format import flat
from reconcile.state.process import Process
from reconcile.state.versioned import Document, Family, encode


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock. ``id`` is the apply's; ``command`` is what was typed and holds no secrets.

    ``job`` is the address of the CI job, None outside CI.
    """

    id: str
    by: str
    host: str
    pid: int
    command: str
    job: str | None = None

    def __str__(self) -> str:
        """Return who it is, for a person who wants to find them."""
        job = f", {self.job}" if self.job else ""
        return f"{self.by} on {self.host} (process {self.pid}, `{self.command}`{job})"


@dataclass(frozen=True, slots=True)
class LockInfo:
    """A lock as it is kept. ``token`` is unique; ``until`` is when the lease is over; both times are UTC.

    ``lease_seconds`` is how long it holds from its last renewal on, 0 where that is not known. ``what`` is what it
    keeps others from; empty for the state itself.
    """

    token: str
    owner: Owner
    process: Process
    since: datetime
    until: datetime
    lease_seconds: float = 0.0
    what: str = ""


def to_bytes(info: LockInfo) -> bytes:
    """Return the object that holds a lock."""
    times = {"since": iso(info.since), "until": iso(info.until), "lease": info.lease_seconds}
    people = {**flat(info.owner), **flat(info.process)}
    return encode({"format": _FAMILY.format, "token": info.token, "what": info.what, **people, **times})


def from_bytes(data: bytes, place: str, hint: str) -> LockInfo:
    """Return the lock in an object.

    Raises ``StateTooNew``, or ``StateDamaged`` with ``place`` and with ``hint`` as the way out.
    """
    document = _FAMILY.parse(data, place, hint)
    try:
        since, until = datetime.fromisoformat(document.since), datetime.fromisoformat(document.until)
    except ValueError as error:
        raise _FAMILY.damaged(place, str(error), hint) from None
    return LockInfo(
        document.token,
        Owner(document.id, document.by, document.host, document.pid, document.command, document.job),
        Process(document.pid, document.space, document.started),
        since.astimezone(UTC),
        until.astimezone(UTC),
        document.lease,
        document.what,
    )


def iso(time: datetime) -> str:
    """Return a time as messages and documents have it: UTC, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class _Document(Document):
    format: Literal["reconcile.lock/1"]
    token: str
    id: str
    by: str
    host: str
    pid: int
    command: str
    space: str
    started: str
    since: str
    until: str
    # What came later has a default: a lock that an older program holds must be understood, too.
    job: str | None = None
    lease: float = 0.0
    what: str = ""


_FAMILY: Family[_Document] = Family("lock", 1, _Document)
