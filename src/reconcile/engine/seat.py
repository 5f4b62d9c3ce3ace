"""Places among the jobs that a platform runs at once, shared with everybody else who starts jobs there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reconcile.engine.desk import Desk, patiently
from reconcile.engine.loom import Gate, Loom, Script
from reconcile.providers.base import Operator


@dataclass(slots=True)
class Pool:
    """One limit of one connection, as far as this run uses it.

    ``jobs`` are the ids of our jobs that hold a place. The door lets one submission at a time look at who else has a
    place and take the next, so that none of our own is taken for somebody else's; who finds them all in use stays at
    the door, so that one asks and not everyone (``is_full``).
    """

    loom: Loom
    operator: Operator
    name: str
    most: int | None
    taken: int = 0
    jobs: set[str] = field(default_factory=set)
    is_shut: bool = False
    is_full: bool = False
    is_called: bool = False
    door: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.door = self.loom.gate()

    def pass_on(self) -> None:
        """Let the next one to the door, if there is any use in that."""
        is_of_use = not self.is_shut and (self.most is None or self.taken < self.most)
        if is_of_use and not self.is_called and self.door.waiting:
            self.is_called = True  # one after the other: a second one would have to go back to the end of the queue
            self.loom.open(self.door)


class PoolSeat:
    """One step's place. ``check`` raises when the step is not to go on waiting."""

    def __init__(self, pool: Pool, desk: Callable[[], Desk], check: Callable[[], None], *, waits: bool) -> None:
        self._pool, self._desk, self._check, self._waits = pool, desk, check, waits
        self._has_seat = self._has_door = False
        self._job = ""

    def take(self) -> Script[bool]:
        """Return True when there is a place, with the door still held; see ``Seat``."""
        pool = self._pool
        if pool.most is None or self._has_seat:
            return True
        is_next = not (pool.is_called or pool.door.waiting)
        while pool.taken >= pool.most or pool.is_shut or not is_next:
            if pool.is_full and not self._waits:
                return False
            yield pool.door
            is_next, pool.is_called = True, False
            try:
                self._check()
            except BaseException:
                pool.pass_on()
                raise
        pool.is_shut = self._has_door = True
        try:
            found = yield from self._among_others(pool.most)
        except BaseException:
            self.settled()
            raise
        if found:
            pool.taken += 1
            self._has_seat = True
        else:
            self.settled()
        return found

    def _among_others(self, most: int) -> Script[bool]:
        """Return True when those of others leave a place, False when we are not to wait for it."""
        pool, desk = self._pool, self._desk()
        while True:
            found = yield from patiently(desk, lambda: pool.operator.in_pool(pool.name))
            others = [job for job in found if job.id not in pool.jobs and not job.is_over]
            pool.is_full = len(others) + pool.taken >= most
            if not pool.is_full:
                return True
            if not self._waits:
                return False
            for _ in range(len(pool.door.waiting)):
                pool.loom.open(pool.door)  # some of them do not want to wait for this
            text = f"all {most} {pool.name} that may run at once are in use, {len(others)} by others: waiting"
            desk.tell(text, desk.poll_interval)
            yield from desk.rest(desk.poll_interval)

    def holds(self, job: str) -> None:
        """Note the job that the place is used by; a job that was there before takes a place it already has."""
        if self._pool.most is None:
            return
        if not self._has_seat:
            self._pool.taken += 1
            self._has_seat = True
        self._job = job
        self._pool.jobs.add(job)
        self.settled()

    def settled(self) -> None:
        """Open the door for the next submission."""
        if self._has_door:
            self._has_door = self._pool.is_shut = self._pool.is_full = False
            self._pool.pass_on()

    def give_back(self) -> None:
        """Let somebody else have the place. Safe to call twice."""
        self.settled()
        if self._has_seat:
            self._has_seat = False
            self._pool.taken -= 1
            self._pool.jobs.discard(self._job)
            self._pool.pass_on()
