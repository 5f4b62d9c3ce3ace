"""What there is to say about a lock, as diagnostics."""

from __future__ import annotations

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import StateError
from reconcile.state.lock_info import LockInfo, iso


def held(found: LockInfo) -> Diagnostic:
    """Return that somebody else holds the lock: who, since when, until when."""
    does = f"has held the lock of {found.what}" if found.what else "has been applying"
    return Diagnostic(
        code="lock-held",
        summary="Another run holds the lock",
        detail=f"{found.owner} {does} since {iso(found.since)}; the lock holds until {iso(found.until)}.",
        hint="wait for it to end; if it is gone for good, `reconcile state unlock`",
    )


def coming_and_going() -> Diagnostic:
    """Return that every look found somebody else."""
    return Diagnostic(
        code="lock-held",
        summary="Another run holds the lock",
        detail="Others take and release the lock at this moment.",
        hint="run it again",
    )


def lost(found: LockInfo | None) -> Diagnostic:
    """Return that the lock is somebody else's by now, or nobody's."""
    now = f"{found.owner} holds it since {iso(found.since)}" if found else "nobody holds it"
    return Diagnostic(
        code="lock-lost",
        summary="The lock is not ours any more",
        detail=f"It was taken over or broken while we were running; now {now}.",
        hint="plan again once the other run has ended: what we did and could not record is in the journal",
    )


def ran_out(info: LockInfo) -> Diagnostic:
    """Return that the lease was over before it could be renewed."""
    return Diagnostic(
        code="lock-lost",
        summary="The lock is not ours any more",
        detail=f"It could not be renewed before its lease ended at {iso(info.until)}, and others may take it over.",
        hint="plan again; was this machine asleep, or the place of the state away?",
    )


def another(found: LockInfo) -> Diagnostic:
    """Return that it is not the lock any more that somebody agreed to break."""
    return Diagnostic(
        code="lock-held",
        summary="Another run holds the lock",
        detail=f"The lock that was to be broken is gone; now {found.owner} holds it since {iso(found.since)}.",
        hint="look again before breaking this one",
    )


def taken_over(found: LockInfo, reason: str) -> Diagnostic:
    """Return whose lock is ours now, and why."""
    return Diagnostic(
        code="lock-taken-over",
        summary="A lock that was left behind was taken over",
        detail=f"{found.owner} held it since {iso(found.since)}; {reason}.",
        severity=Severity.NOTE,
    )


def not_shut_out(error: StateError) -> Diagnostic:
    """Return that a lock is broken, and its holder may record all the same."""
    return Diagnostic(
        code="lock-still-recording",
        summary="Who held the lock may still record",
        detail=f"The lock is broken, but the state could not be written once more: {error.diagnostics[0].detail}",
        hint="make sure that the other run has ended",
        severity=Severity.WARNING,
    )
