"""Many waits in one thread, their calls in one pool of threads, and the clock as an argument.

What takes long (a job) is written as a *script*: a generator that yields a ``Call`` to have it made, a ``Rest`` to wait
for seconds, or a ``Gate`` to wait until it is opened, and goes on with what came of it. A loom runs any number of
scripts; a hundred jobs that are watched are a hundred generators and a handful of threads.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
Message = tuple["_Thread | None", Any, BaseException | None]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A function to be called in another thread; the script goes on with what it returns or raises."""

    function: Callable[[], T]


@dataclass(frozen=True, slots=True)
class Rest:
    """A wait of some seconds. The script goes on earlier when the loom is stirred."""

    seconds: float


@dataclass(slots=True)
class Gate:
    """Something to wait for in turn: each opening lets the one pass that has waited longest."""

    waiting: deque[_Thread] = field(default_factory=deque)


Script = Generator[Call[Any] | Rest | Gate, Any, T]


class Clock(Protocol):
    """The time. Everything that waits, waits here."""

    def elapsed(self) -> float:
        """Return seconds since any moment; they never go back."""

    def utc(self) -> datetime:
        """Return the time, aware, in UTC."""

    def wait(self, inbox: SimpleQueue[Message], seconds: float | None, *, busy: bool) -> Message | None:
        """Return the next message, or None when ``seconds`` (None: no end) have passed without one.

        ``busy`` says that calls are under way, whose ends will be messages.
        """


class RealClock:
    """The time as it passes."""

    def elapsed(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def utc(self) -> datetime:
        """Return the time of this machine."""
        return datetime.now(UTC)

    def wait(self, inbox: SimpleQueue[Message], seconds: float | None, *, busy: bool) -> Message | None:
        """Return the next message; see ``Clock``."""
        try:
            return inbox.get(timeout=seconds)
        except Empty:
            return None


def call(function: Callable[[], T]) -> Script[T]:
    """Return what the function returns, called in another thread. To be used with ``yield from``."""
    result: T = yield Call(function)
    return result


class Loom:
    """Runs scripts until all have ended. ``width`` calls are made at once, in one pool of threads."""

    def __init__(self, clock: Clock, width: int) -> None:
        self.clock = clock
        self._width = width
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._ready: deque[tuple[_Thread, Any, BaseException | None]] = deque()
        self._resting: list[tuple[float, int, _Thread]] = []
        self._order = itertools.count()
        self._gates: list[Gate] = []
        self._live = 0
        self._calls = 0

    def start(self, script: Script[T], done: Callable[[T | None, BaseException | None], None]) -> None:
        """Begin a script. ``done`` is given its result, or what it raised, in the thread that runs the loom."""
        self._live += 1
        self._ready.append((_Thread(script, done), None, None))

    def gate(self) -> Gate:
        """Return a new gate."""
        gate = Gate()
        self._gates.append(gate)
        return gate

    def open(self, gate: Gate) -> None:
        """Let the script pass that has waited at the gate longest, if there is one."""
        if gate.waiting:
            self._ready.append((gate.waiting.popleft(), None, None))

    def stir(self) -> None:
        """Wake every script that rests or waits at a gate. May be called from any thread and from a signal handler."""
        self._inbox.put((None, None, None))

    def run(self) -> None:
        """Return when every script has ended. Raises what a ``done`` raised; then scripts are left where they are."""
        with ThreadPoolExecutor(max_workers=self._width, thread_name_prefix="call") as pool:
            while self._live:
                while self._ready:
                    self._step(pool, *self._ready.popleft())
                if self._live:
                    self._await()

    def _await(self) -> None:
        """Wait for the end of a call, or of a rest, whichever is first."""
        seconds = max(0.0, self._resting[0][0] - self.clock.elapsed()) if self._resting else None
        message = self.clock.wait(self._inbox, seconds, busy=self._calls > 0)
        while message is not None:
            self._take(message)
            try:
                message = self._inbox.get_nowait()
            except Empty:
                break
        now = self.clock.elapsed()
        while self._resting and self._resting[0][0] <= now:
            self._rested(heapq.heappop(self._resting))

    def _take(self, message: Message) -> None:
        thread, value, error = message
        if thread is not None:
            self._calls -= 1
            self._ready.append((thread, value, error))
            return
        resting, self._resting = self._resting, []
        for each in sorted(resting):
            self._rested(each)
        for gate in self._gates:
            while gate.waiting:
                self.open(gate)

    def _rested(self, rest: tuple[float, int, _Thread]) -> None:
        self._ready.append((rest[2], None, None))

    def _step(self, pool: ThreadPoolExecutor, thread: _Thread, value: Any, error: BaseException | None) -> None:
        try:
            wanted = thread.script.throw(error) if error else thread.script.send(value)
        except StopIteration as end:
            self._live -= 1
            thread.done(end.value, None)
        except Exception as raised:
            self._live -= 1
            thread.done(None, raised)
        else:
            match wanted:
                case Call(function=function):
                    self._calls += 1
                    # With the context, so that what is traced in the call hangs below what is traced here.
                    pool.submit(copy_context().run, self._made, thread, function)
                case Rest(seconds=seconds):
                    due = self.clock.elapsed() + max(0.0, seconds)
                    heapq.heappush(self._resting, (due, next(self._order), thread))
                case Gate():
                    wanted.waiting.append(thread)

    def _made(self, thread: _Thread, function: Callable[[], Any]) -> None:
        try:
            self._inbox.put((thread, function(), None))
        except BaseException as error:
            self._inbox.put((thread, None, error))


@dataclass(frozen=True, slots=True, eq=False)
class _Thread:
    script: Script[Any]
    done: Callable[[Any, BaseException | None], None]


def run_alone(script: Script[T], clock: Clock | None = None) -> T:
    """Return what one script returns, its calls made in this thread. Raises what it raises."""
    clock = clock or RealClock()
    value: Any = None
    error: BaseException | None = None
    inbox: SimpleQueue[Message] = SimpleQueue()
    while True:
        try:
            wanted = script.throw(error) if error else script.send(value)
        except StopIteration as end:
            result: T = end.value
            return result
        value, error = None, None
        match wanted:
            case Call(function=function):
                try:
                    value = function()
                except Exception as raised:
                    error = raised
            case Rest(seconds=seconds):
                clock.wait(inbox, seconds, busy=False)
            case Gate():
                raise AssertionError("nobody opens a gate for a script that runs alone")
