"""Who is applying. The lock saves wasted work; what makes the state safe is that versions are written create-only.

A lock is held for a lease and renewed while its holder lives. It is taken over when the lease is over, and at once
when its holder was a process of this machine that is gone. Two takers may, in a window of milliseconds, both believe
that they hold it (no create-only store can rule that out); the next renewal or ``check`` tells the one that does not.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, Self
from uuid import uuid4

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import LockHeld, StateDamaged, StateError, StateTooNew
from reconcile.state.backend import Backend, KeyMissing, KeyTaken
from reconcile.state.format import flat
from reconcile.state.process import Process, describe, is_gone
from reconcile.state.versioned import Document, Family, encode

KEY = "lock.json"

# Long enough for a machine that sleeps a little or a store that is away; short enough to wait for.
LEASE_SECONDS = 900.0

_HINT = "`reconcile state unlock` removes it; make sure that nobody is applying"
_OTHER_HINT = "remove it by hand; make sure that nobody is running the same pipeline or job"

# Others come and go while we look; each look finds the lock free, held, or ours to take over.
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock. ``id`` is the apply's; ``command`` is what was typed and holds no secrets."""

    id: str
    by: str
    host: str
    pid: int
    command: str


@dataclass(frozen=True, slots=True)
class LockInfo:
    """A lock as it is kept. ``token`` is unique; ``until`` is when the lease is over; both times are UTC."""

    token: str
    owner: Owner
    process: Process
    since: datetime
    until: datetime


class Lock:
    """A lock that we hold. As a context manager it is renewed meanwhile, in a thread, and released at the end.

    ``notes`` says what there is to tell: whose lock was taken over, or that it could not be released.
    """

    def __init__(
        self,
        backend: Backend,
        info: LockInfo,
        clock: Callable[[], datetime],
        lease_seconds: float,
        wait: Callable[[threading.Event, float], bool],
        notes: tuple[Diagnostic, ...],
        key: str = KEY,
    ) -> None:
        self._backend, self._clock, self._lease_seconds, self._wait = backend, clock, lease_seconds, wait
        self._key = key
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.info = info
        self.notes = notes

    def check(self) -> None:
        """Return when the lock is still ours. Raises ``LockHeld`` when it was taken over or broken meanwhile."""
        found = read_lock(self._backend, self._key)
        if found is None or found.token != self.info.token:
            raise LockHeld(_lost(found))

    def renew(self) -> None:
        """Begin a new lease. Raises ``LockHeld`` when the lock is not ours any more; it is left as it is."""
        self.check()
        renewed = replace(self.info, until=self._clock() + timedelta(seconds=self._lease_seconds))
        self._backend.put(self._key, _to_bytes(renewed))
        self.info = renewed

    def release(self) -> None:
        """Give the lock back, if it is still ours. Safe to call twice."""
        self._stop.set()
        if self._thread:
            # A renewal that is on its way must not bring the lock back.
            self._thread.join()
        found = read_lock(self._backend, self._key)
        if found and found.token == self.info.token:
            self._backend.delete(self._key)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._keep, name="lock", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.release()
        except StateError as error:
            # The work is done; a lock that stays behind is taken over by whoever comes next.
            self.notes += tuple(replace(d, severity=Severity.WARNING) for d in error.diagnostics)

    def _keep(self) -> None:
        while not self._wait(self._stop, self._lease_seconds / 3):
            try:
                self.renew()
            except LockHeld:
                return
            except StateError:
                continue  # two more tries fit into the lease


def acquire(
    backend: Backend,
    owner: Owner,
    clock: Callable[[], datetime],
    lease_seconds: float = LEASE_SECONDS,
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    key: str = KEY,
) -> Lock:
    """Return the lock ``key``, held from now on; to be used as a context manager.

    ``clock`` returns the time with its zone; ``wait(stop, seconds)`` returns True as soon as ``stop`` is set. Raises
    ``LockHeld`` (who, since when, until when, the way out) while somebody else holds it, ``StateDamaged`` when the lock
    cannot be read. Nothing was changed then.
    """
    process, token = describe(owner.pid), uuid4().hex
    notes: tuple[Diagnostic, ...] = ()
    found: LockInfo | None = None
    for _ in range(_LOOKS):
        now = clock().astimezone(UTC)
        mine = LockInfo(token, owner, process, now, now + timedelta(seconds=lease_seconds))
        if _create(backend, mine, key):
            return Lock(backend, mine, clock, lease_seconds, wait, notes, key)
        found = read_lock(backend, key)
        if found is None:
            continue
        reason = _over(found, now)
        if not reason:
            break
        backend.delete(key)
        notes = (_taken_over(found, reason),)
    raise LockHeld(_held(found))


def read_lock(backend: Backend, key: str = KEY) -> LockInfo | None:
    """Return the lock as it is kept, also when its lease is over; None when there is none.

    Raises ``StateDamaged`` or ``StateTooNew`` when it cannot be read.
    """
    try:
        return _from_bytes(backend.read(key), backend.place(key), _HINT if key == KEY else _OTHER_HINT)
    except KeyMissing:
        return None


def read_holder(backend: Backend, now: datetime, key: str = KEY) -> LockInfo | None:
    """Return who holds the lock at this moment; None when nobody does, or when that cannot be told.

    For those who need no lock themselves: a lock that is over, or that cannot be read, keeps nobody from looking.
    """
    try:
        found = read_lock(backend, key)
    except (StateDamaged, StateTooNew):
        return None
    return None if found is None or _over(found, now) else found


def break_lock(backend: Backend) -> LockInfo | None:
    """Remove the lock, whoever holds it, and return what it was; None when there was none or it was damaged."""
    try:
        found = read_lock(backend)
    except (StateDamaged, StateTooNew):
        found = None
    backend.delete(KEY)
    return found


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


_FAMILY: Family[_Document] = Family("lock", 1, _Document)


def _create(backend: Backend, mine: LockInfo, key: str) -> bool:
    """Write the lock and look that it is ours; False when somebody else was first."""
    with contextlib.suppress(KeyTaken):
        backend.create(key, _to_bytes(mine))
    # Read in both cases: an answer may have been lost and the request repeated, or another taker removed our lock.
    found = read_lock(backend, key)
    return found is not None and found.token == mine.token


def _over(found: LockInfo, now: datetime) -> str:
    """Return why a lock may be taken over; empty while it must not."""
    if is_gone(found.process):
        return f"its process {found.process.pid} does not run any more"
    if found.until <= now:
        return f"its lease ended at {_iso(found.until)}"
    return ""


def _to_bytes(info: LockInfo) -> bytes:
    times = {"since": _iso(info.since), "until": _iso(info.until)}
    return encode({"format": _FAMILY.format, "token": info.token, **flat(info.owner), **flat(info.process), **times})


def _from_bytes(data: bytes, place: str, hint: str = _HINT) -> LockInfo:
    document = _FAMILY.parse(data, place, hint)
    try:
        since, until = datetime.fromisoformat(document.since), datetime.fromisoformat(document.until)
    except ValueError as error:
        raise _FAMILY.damaged(place, str(error), hint) from None
    owner = Owner(document.id, document.by, document.host, document.pid, document.command)
    process = Process(document.pid, document.space, document.started)
    return LockInfo(document.token, owner, process, since.astimezone(UTC), until.astimezone(UTC))


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _who(info: LockInfo) -> str:
    owner = info.owner
    return f"{owner.by} on {owner.host} (process {owner.pid}, `{owner.command}`)"


def _held(found: LockInfo | None) -> Diagnostic:
    if found is None:
        detail, hint = "Others take and release the lock at this moment.", "run it again"
    else:
        detail = f"{_who(found)} has been applying since {_iso(found.since)}; the lock holds until {_iso(found.until)}."
        hint = "wait for it to end; if it is gone for good, `reconcile state unlock`"
    return Diagnostic(code="lock-held", summary="Another run holds the lock", detail=detail, hint=hint)


def _lost(found: LockInfo | None) -> Diagnostic:
    now = f"{_who(found)} holds it since {_iso(found.since)}" if found else "nobody holds it"
    return Diagnostic(
        code="lock-lost",
        summary="The lock is not ours any more",
        detail=f"It was taken over or broken while we were running; now {now}.",
        hint="plan again once the other run has ended",
    )


def _taken_over(found: LockInfo, reason: str) -> Diagnostic:
    return Diagnostic(
        code="lock-taken-over",
        summary="A lock that was left behind was taken over",
        detail=f"{_who(found)} held it since {_iso(found.since)}; {reason}.",
        severity=Severity.NOTE,
    )
