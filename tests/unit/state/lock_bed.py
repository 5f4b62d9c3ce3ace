"""What tests of the lock need: a clock to be set, places with a clock of their own, and actors that go step by step."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reconcile.state.backend import Backend, KeyMissing, KeyTaken
from reconcile.state.lock import Owner

START = datetime(2026, 11, 22, 14, tzinfo=UTC)
OURS = Owner("a2", "kim", "laptop", os.getpid(), "reconcile apply")
THEIRS = Owner("a1", "ci", "runner-7", os.getpid(), "reconcile apply --yes")


class Clock:
    """The time as one machine has it: ``offset`` off a time that all share."""

    def __init__(self, shared: Clock | None = None, **offset: float) -> None:
        self._now, self._shared, self._offset = START, shared, timedelta(**offset)

    def __call__(self) -> datetime:
        return self._shared() + self._offset if self._shared else self._now

    def forward(self, **by: float) -> None:
        self._now += timedelta(**by)

    def off(self, **offset: float) -> Clock:
        """Return the clock of a machine that is wrong by so much."""
        return Clock(self, **offset)


class Undated:
    """A place that does not tell the time. Its calls may be replaced, for somebody else to act just before one."""

    def __init__(self, inner: Backend) -> None:
        self.inner, self.environment = inner, inner.environment
        self.place, self.create, self.put = inner.place, inner.create, inner.put
        self.read, self.list, self.delete = inner.read, inner.list, inner.delete


class Dated(Undated):
    """A place whose own clock is ``clock``."""

    def __init__(self, inner: Backend, clock: Callable[[], datetime]) -> None:
        super().__init__(inner)
        self.clock, self.times = clock, dict[str, datetime]()
        self.create, self.put = self._create, self._put

    def written_at(self, key: str) -> datetime | None:
        self.inner.read(key)
        written = self.times.get(key)  # None for what another process wrote
        return written and written.replace(microsecond=0)

    def _create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)
        self.times[key] = self.clock()

    def _put(self, key: str, data: bytes) -> None:
        self.inner.put(key, data)
        self.times[key] = self.clock()


class Shelf:
    """A place in this process, quick enough for thousands of stories."""

    environment = "prod"

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def place(self, key: str) -> str:
        return key

    def create(self, key: str, data: bytes) -> None:
        if key in self.kept:
            raise KeyTaken(key)
        self.kept[key] = data

    def put(self, key: str, data: bytes) -> None:
        self.kept[key] = data

    def read(self, key: str) -> bytes:
        try:
            return self.kept[key]
        except KeyError:
            raise KeyMissing(key) from None

    def list(self, folder: str) -> list[str]:
        return sorted(key for key in self.kept if key.startswith(f"{folder}/"))

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


class Actor:
    """A story that stands still before each of its calls to the place, until it is told to take the next step."""

    def __init__(self, story: Callable[[Backend], Any], place: Backend) -> None:
        # Bare locks, each released by the other side: thousands of stories are told.
        self._go, self._stands = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._stands.acquire()
        self._story, self._place = story, place
        self.is_over = False
        self.result: Any = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._stands.acquire()

    def step(self) -> None:
        """Make the call that it stands before, and whatever follows up to the next one."""
        self._go.release()
        self._stands.acquire()
        if self.is_over:
            self._thread.join()

    def _pause(self) -> None:
        self._stands.release()
        self._go.acquire()

    def _run(self) -> None:
        try:
            self.result = self._story(_Stepping(self._place, self._pause))
        except Exception as error:
            self.error = error
        self.is_over = True
        self._stands.release()


class _Stepping(Undated):
    """A place with a pause before each call that others could notice, or that could notice others."""

    def __init__(self, inner: Backend, pause: Callable[[], None]) -> None:
        super().__init__(inner)
        self.create = _after(pause, inner.create)
        self.put, self.delete = _after(pause, inner.put), _after(pause, inner.delete)
        self.list = _after(pause, inner.list)

        def read(key: str) -> bytes:
            if not key.startswith("state/"):  # a version never changes once it is listed
                pause()
            return inner.read(key)

        self.read = read


def _after(pause: Callable[[], None], call: Callable[..., Any]) -> Callable[..., Any]:
    def inner(*args: Any) -> Any:
        pause()
        return call(*args)

    return inner


def interleaved(first: Actor, second: Actor, turns: Sequence[int]) -> None:
    """Let two go on by turns, so many steps each, the first one beginning; then each to its end."""
    for number, actor in zip([*turns, 1000, 1000], itertools.cycle((first, second)), strict=False):
        for _ in range(number):
            if actor.is_over:
                break
            actor.step()
    for actor in (first, second):
        while not actor.is_over:
            actor.step()


def schedules(most_first: int, most_second: int, every: int = 1) -> Iterator[tuple[int, int, int]]:
    """Yield every way in which two interrupt each other, three turns long: turns for ``interleaved``.

    With ``every`` the last of the turns is of every so many steps only.
    """
    for first, second in itertools.product(range(most_first + 1), range(1, most_second + 1)):
        for third in range(1, most_first - first + 1, every) or (0,):
            yield first, second, third
