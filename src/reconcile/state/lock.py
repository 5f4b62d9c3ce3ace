"""Who is applying. The lock saves wasted work; what makes the state safe is that versions are written create-only.

A lock is held for a lease and renewed while its holder lives. It is taken over when the lease is over, and at once
when its holder was a process of this machine that is gone. `state unlock` takes it over at any time.

**Who lost the lock cannot record.** Whoever takes it over from somebody who may still run writes the newest version
once more before anything else (``Store.fence``). Every holder looks at the lock *after* it has read the state; so what
it has read is older than that version, its own next number is taken, and ``Store.write`` fails - however long it was
asleep, whatever it still believes. What it has done is in its journal, for the next plan.

**What is left** are milliseconds, in which no store that can only create has a way to tell two writers apart: two who
take over the same lock at once, or a renewal that was on its way while the lock was taken over. Both may then believe
that they hold it. The next look tells all but one (``check``; a holder looks before it writes anything), and if even
that is too late, the first one records and the other is told (``state-moved``). Nothing is ever recorded over.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import uuid4

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import LockHeld, StateDamaged, StateError, StateTooNew
from reconcile.state import lock_words as words
from reconcile.state.backend import Backend, KeyMissing, KeyTaken
from reconcile.state.lock_info import LockInfo, Owner, from_bytes, iso, to_bytes
from reconcile.state.place_clock import age_of, skew, skew_shown, time_at
from reconcile.state.process import describe, is_gone
from reconcile.state.store import Store

__all__ = ["FOLDER", "KEY", "LEASE_SECONDS", "Lock", "LockInfo", "Owner"]
__all__ += ["acquire", "break_lock", "read_holder", "read_lock"]

KEY = "lock.json"

# Locks of anything but the state: pipelines, and targets of jobs.
FOLDER = "locks"

# Long enough for a machine that sleeps a little or a store that is away; short enough to wait for.
LEASE_SECONDS = 900.0

# A lock is renewed after this part of its lease; when that failed, after this part of it again and again.
_RENEWED_AFTER, _AGAIN_AFTER = 1 / 3, 1 / 15

# A clock that is off by more than this part of the lease is worth a warning.
_TOLERATED_SKEW = 1 / 3

_HINT = "`reconcile state unlock` removes it; make sure that nobody is applying"
_OTHER_HINT = "`reconcile state unlock --all` removes it; make sure that nobody is running the same pipeline or job"

# Others come and go while we look; each look finds the lock free, held, or ours to take over.
_LOOKS = 3


class Lock:
    """A lock that we hold. As a context manager it is renewed meanwhile, in a thread, and released at the end.

    ``notes`` says what there is to tell: whose lock was taken over, a clock that is off, or that it could not be
    released. ``ousted`` is the token of the lock that this one was written over.
    """

    def __init__(
        self,
        backend: Backend,
        info: LockInfo,
        clock: Callable[[], datetime],
        wait: Callable[[threading.Event, float], bool],
        notes: tuple[Diagnostic, ...] = (),
        key: str = KEY,
        ousted: str = "",
    ) -> None:
        self._backend, self._clock, self._wait = backend, clock, wait
        self._key, self._ousted = key, ousted
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_taken = self._is_late = False
        self.info = info
        self.notes = notes

    @property
    def lost(self) -> bool:
        """Say whether nothing more may be begun under this lock. Makes no call; once true, it stays so.

        True when somebody else was seen to hold it, or when its lease ran out before it could be renewed (a store that
        does not answer, a machine that slept): from then on it is there for others to take.
        """
        if self._clock() >= self.info.until:
            self._is_late = True
        return self._is_late or self._is_taken

    def check(self) -> None:
        """Return when the lock is still ours. Raises ``LockHeld`` when it was taken over or broken meanwhile.

        A lease that ran out is no reason as long as nobody took over: what was done may still be recorded then.
        """
        found = read_lock(self._backend, self._key)
        if found and found.token == self._ousted:
            # A renewal of the one we took it over from was on its way. It cannot record any more, and is told so now.
            self._backend.put(self._key, to_bytes(self.info))
            return
        if self._is_taken or found is None or found.token != self.info.token:
            self._is_taken = True
            raise LockHeld(words.lost(found))

    def renew(self) -> None:
        """Begin a new lease. Raises ``LockHeld`` when the lock is lost; it is left as it is then."""
        if self.lost:
            raise LockHeld(words.ran_out(self.info))
        self.check()
        before, now = self.info.until, self._clock()
        renewed = replace(self.info, until=now + timedelta(seconds=self.info.lease_seconds))
        self._backend.put(self._key, to_bytes(renewed))
        if self._clock() >= before:
            # We were held up between the look and the write, and may have written over somebody who took it over.
            self._is_taken = True
            raise LockHeld(words.ran_out(self.info))
        self.info = renewed

    def release(self) -> None:
        """Give the lock back, if it is still ours. Safe to call twice."""
        self._stop.set()
        if self._thread:
            # A renewal that is on its way must not bring the lock back.
            self._thread.join()
        if self.lost:
            return  # somebody may be taking it over at this moment: what we removed would be theirs
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
        pause = _RENEWED_AFTER
        while not self._wait(self._stop, self.info.lease_seconds * pause):
            try:
                self.renew()
            except LockHeld:
                return
            except StateError:
                pause = _AGAIN_AFTER  # until it can be reached again, or the lease is over
            else:
                pause = _RENEWED_AFTER


def acquire(
    backend: Backend,
    owner: Owner,
    clock: Callable[[], datetime],
    lease_seconds: float = LEASE_SECONDS,
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    key: str = KEY,
    what: str = "",
) -> Lock:
    """Return the lock ``key``, held from now on; to be used as a context manager.

    ``clock`` returns the time with its zone; ``wait(stop, seconds)`` returns True as soon as ``stop`` is set; ``what``
    says what a lock other than that of the state is on. Raises ``LockHeld`` (who, since when, until when, the way out)
    while somebody else holds it, ``StateDamaged`` when the lock cannot be read. Nothing was changed then.
    """
    attempt = _Attempt(backend, owner, clock, lease_seconds, key, what)
    verdict = None
    for _ in range(_LOOKS):
        if mine := attempt.created():
            return Lock(backend, mine, clock, wait, attempt.skew(mine), key)
        verdict = attempt.judged()
        if verdict is None:
            continue
        if not verdict.reason:
            raise LockHeld((words.held(verdict.found), *verdict.notes))
        mine = attempt.written()
        notes = (words.taken_over(verdict.found, verdict.reason), *attempt.skew(mine))
        lock = Lock(backend, mine, clock, wait, notes, key, verdict.found.token)
        _fence(backend, lock, is_needed=key == KEY and not verdict.is_gone)
        return lock
    raise LockHeld(words.coming_and_going())


def read_lock(backend: Backend, key: str = KEY) -> LockInfo | None:
    """Return the lock as it is kept, also when its lease is over; None when there is none.

    Raises ``StateDamaged`` or ``StateTooNew`` when it cannot be read.
    """
    try:
        return from_bytes(backend.read(key), backend.place(key), _HINT if key == KEY else _OTHER_HINT)
    except KeyMissing:
        return None


def read_holder(backend: Backend, now: datetime, key: str = KEY) -> LockInfo | None:
    """Return who holds the lock at this moment; None when nobody does, or when that cannot be told.

    For those who need no lock themselves: a lock that is over, or that cannot be read, keeps nobody from looking. As
    nothing is written for it, ``now`` and the holder's own clock decide.
    """
    try:
        found = read_lock(backend, key)
    except (StateDamaged, StateTooNew):
        return None
    return None if found is None or is_gone(found.process) or found.until <= now else found


def break_lock(
    backend: Backend, owner: Owner, clock: Callable[[], datetime], key: str = KEY, expected: str | None = None
) -> tuple[Diagnostic, ...]:
    """Remove the lock, whoever holds it, and return what there is to say about it.

    Who held that of the state, and may still run, cannot record any more when this returns; where that could not be
    made sure, a warning says so. With ``expected`` (the token of the lock that somebody agreed to break) another one
    is left alone: raises ``LockHeld``.
    """
    found: LockInfo | None = None
    with contextlib.suppress(StateDamaged, StateTooNew):
        found = read_lock(backend, key)
        if found is None:
            return ()
        if expected is not None and found.token != expected:
            raise LockHeld(words.another(found))
    if key != KEY or (found and is_gone(found.process)):
        # Runs have numbers of their own: the next event of one that goes on elsewhere shuts the other one out.
        backend.delete(key)
        return ()
    mine = _Attempt(backend, owner, clock, LEASE_SECONDS, key, "").written()
    lock = Lock(backend, mine, clock, threading.Event.wait)
    try:
        _fence(backend, lock, is_needed=True)
    except LockHeld:
        raise
    except StateError as error:
        lock.release()
        return (words.not_shut_out(error),)
    lock.release()
    return ()


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A lock of somebody else. ``reason`` says why it may be taken over, and is empty while it must not."""

    found: LockInfo
    reason: str = ""
    is_gone: bool = False
    notes: tuple[Diagnostic, ...] = ()


class _Attempt:
    """One process that wants one lock."""

    def __init__(
        self, backend: Backend, owner: Owner, clock: Callable[[], datetime], lease_seconds: float, key: str, what: str
    ) -> None:
        self._backend, self._clock, self._key = backend, clock, key
        self._tolerance = timedelta(seconds=lease_seconds * _TOLERATED_SKEW)
        epoch = datetime.fromtimestamp(0, UTC)
        self._mine = LockInfo(uuid4().hex, owner, describe(owner.pid), epoch, epoch, lease_seconds, what)

    def created(self) -> LockInfo | None:
        """Return the lock as we have written it; None when somebody else was first."""
        mine = self._begun()
        with contextlib.suppress(KeyTaken):
            self._backend.create(self._key, to_bytes(mine))
        # Read in both cases: an answer may have been lost and the request repeated, or another one wrote over it.
        found = read_lock(self._backend, self._key)
        return mine if found and found.token == mine.token else None

    def written(self) -> LockInfo:
        """Return the lock as we have written it over somebody else's.

        Over it, and not after removing it: else whoever came in between would have a lock that was never taken over,
        and would shut nobody out.
        """
        mine = self._begun()
        self._backend.put(self._key, to_bytes(mine))
        return mine

    def judged(self) -> _Verdict | None:
        """Return what is to be thought of the lock that is there; None when there is none any more."""
        found = read_lock(self._backend, self._key)
        if found is None:
            return None
        if is_gone(found.process):
            return _Verdict(found, f"its process {found.process.pid} does not run any more", is_gone=True)
        began = self._now()
        # The time first: a renewal in between makes the lock younger, never older.
        theirs = time_at(self._backend) if found.lease_seconds else None
        try:
            age, ended = age_of(self._backend, self._key, theirs), self._now()
        except KeyMissing:
            return None
        notes = skew(theirs, began, ended, self._tolerance, self._backend.place(self._key))
        if age is None or theirs is None:
            is_over, at = found.until <= began, found.until
        else:
            lease = timedelta(seconds=found.lease_seconds)
            is_over, at = age >= lease, theirs - age + lease
        return _Verdict(found, f"its lease ended at {iso(at)}" if is_over else "", notes=notes)

    def skew(self, mine: LockInfo) -> tuple[Diagnostic, ...]:
        """Return a warning when what we have just written is dated by more than is tolerable off.

        For the lock of the state only: others are taken for each job, and a look costs as much as the lock.
        """
        if self._key != KEY:
            return ()
        return skew_shown(self._backend, self._key, mine.since, self._now, self._tolerance)

    def _begun(self) -> LockInfo:
        now = self._now()
        return replace(self._mine, since=now, until=now + timedelta(seconds=self._mine.lease_seconds))

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def _fence(backend: Backend, lock: Lock, *, is_needed: bool) -> None:
    """Shut out whoever held the lock before. Raises ``LockHeld`` when somebody else has taken it as well."""
    try:
        lock.check()
        if is_needed:
            Store(backend).fence(at=iso(lock.info.since))
            lock.check()
    except StateError:
        with contextlib.suppress(StateError):
            lock.release()
        raise
