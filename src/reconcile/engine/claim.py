"""Keeps two runs from starting the same work at the same moment: a lock for each target, held for a few calls."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from reconcile.core.errors import LockHeld
from reconcile.state.backend import Backend
from reconcile.state.lock import Lock, Owner, acquire

# Long enough for a call that times out and the look that follows; short enough to wait for after a crash elsewhere.
LEASE_SECONDS = 120.0


class TargetClaim:
    """A lock on one target of one connection, for everybody who shares this state."""

    def __init__(self, backend: Backend, owner: Owner, connection: str, target: str) -> None:
        self._backend, self._owner = backend, owner
        self._key, self._what = target_key(connection, target), f"target {target} of {connection}"
        self._lock: Lock | None = None

    def take(self) -> bool:
        """Return True when the target is ours, False when somebody else has it just now. Raises ``StateError``."""
        try:
            lock = acquire(self._backend, self._owner, _now, LEASE_SECONDS, key=self._key, what=self._what)
        except LockHeld:
            return False
        self._lock = lock.__enter__()
        return True

    def release(self) -> None:
        """Let others have it. Safe to call twice."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.__exit__()


def target_key(connection: str, target: str) -> str:
    """Return the key of a target's lock: names may hold any character, keys may not."""
    return f"locks/target-{sha256(f'{connection}/{target}'.encode()).hexdigest()[:32]}.json"


def pipeline_key(name: str) -> str:
    """Return the key of the lock that lets one run of a pipeline go on at a time."""
    return f"locks/pipeline-{sha256(name.encode()).hexdigest()[:32]}.json"


def _now() -> datetime:
    """Return the real time, whatever clock the waits are counted on: other processes look at it."""
    return datetime.now(UTC)
