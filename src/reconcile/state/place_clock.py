"""What time it is at the place where the state is, and how far off this machine's own clock is.

Machines that share a state have that one clock in common. Theirs may be minutes apart.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import StateError
from reconcile.state.backend import Backend, Dated, KeyMissing
from reconcile.state.lock_info import iso

# What is written to be dated, and removed at once. It is no lock: those end with ".json".
PROBE = "locks/clock-"


def time_at(backend: Backend) -> datetime | None:
    """Return the time at the place, UTC, often to the second only; None where the place has no clock that it tells.

    Writes a key and removes it again. Raises ``StateError`` when it cannot.
    """
    if not isinstance(backend, Dated):
        return None
    probe = f"{PROBE}{uuid4().hex}"
    backend.create(probe, b"")
    try:
        return _written(backend, probe)
    finally:
        backend.delete(probe)


def age_of(backend: Backend, key: str, now: datetime | None) -> timedelta | None:
    """Return how long ago ``key`` was last written, ``now`` being the time at the place; None where it does not tell.

    Raises ``KeyMissing``.
    """
    if now is None or not isinstance(backend, Dated):
        return None
    written = backend.written_at(key)
    return None if written is None else now - written


def skew_shown(
    backend: Backend, key: str, began: datetime, clock: Callable[[], datetime], tolerance: timedelta
) -> tuple[Diagnostic, ...]:
    """Return a warning when what we wrote a moment ago, not before ``began``, is dated by more than ``tolerance`` off.

    Empty where the clocks agree, and where the place does not tell: this is no reason to fail.
    """
    try:
        written = _written(backend, key) if isinstance(backend, Dated) else None
    except StateError:
        return ()
    # However long the write took, the place's time lies between these two when the clocks agree.
    return skew(written, began, clock(), tolerance, backend.place(key))


def skew(
    theirs: datetime | None, began: datetime, ended: datetime, tolerance: timedelta, place: str
) -> tuple[Diagnostic, ...]:
    """Return a warning when a time at the place, taken between two of ours, is off by more than ``tolerance``."""
    if theirs is None:
        return ()
    if began - theirs > tolerance:
        return (_off("ahead of", began - theirs, began, theirs, place),)
    if theirs - ended > tolerance:
        return (_off("behind", theirs - ended, ended, theirs, place),)
    return ()


def _written(backend: Dated, key: str) -> datetime | None:
    try:
        return backend.written_at(key)
    except KeyMissing:
        return None  # somebody has removed it meanwhile


def _off(way: str, by: timedelta, ours: datetime, theirs: datetime, place: str) -> Diagnostic:
    minutes = f"{by.total_seconds() / 60:,.0f} min"
    return Diagnostic(
        code="clock-skew",
        summary="The clock of this machine is off",
        detail=f"It says {iso(ours)}, {minutes} {way} the clock where the state is ({iso(theirs)}, {place})."
        " Locks go by the latter; what we record is dated by the former.",
        hint="set the clock of this machine (NTP)",
        severity=Severity.WARNING,
    )
