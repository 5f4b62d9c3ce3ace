"""Connections as the engine holds them: a name, a provider, its settings; and the threads they may use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, TypeVar

from reconcile.core.account import Account
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import PlatformError, ReconcileError
from reconcile.core.kind import Connected
from reconcile.core.operation import Operation
from reconcile.core.redact import Redactor
from reconcile.core.request import Request
from reconcile.core.snapshot import ReadFailed
from reconcile.core.trace import UNTRACED, Tracer
from reconcile.engine.events import Listener, Waiting
from reconcile.engine.waits import Waits
from reconcile.providers.base import (
    Found,
    Notice,
    Operator,
    Provider,
    Reader,
    Readings,
    Sought,
    Surroundings,
    Wanted,
    Writer,
)

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Link:
    """One connection: what it is called, who speaks for it, and how it is reached."""

    name: str
    provider: Provider
    settings: Any

    @property
    def concurrency(self) -> int:
        """How many calls may be under way at once."""
        return int(self.settings.concurrency)

    @property
    def account(self) -> Account:
        """Which account of its platform this connection leads to."""
        return self.provider.account(self.settings)

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What this connection's platform can be asked to do, by full name."""
        return self.provider.operations

    @property
    def waits(self) -> Waits:
        """How to wait on this connection for a platform that says "not now", in an apply."""
        longest = float(self.settings.longest_wait)
        return Waits(min(1.0, longest), longest, int(self.settings.attempts), may_ask=longest)

    def connected(self) -> Mapping[tuple[str, str], Connected]:
        """Return the kinds on this connection, by (connection, kind)."""
        return {(self.name, kind): connected for kind, connected in self.provider.connected(self.settings).items()}


@dataclass(frozen=True, slots=True)
class Outside:
    """What the command line knows of the world and providers need: who listens, what is secret, the environment.

    ``tracer`` is told what takes how long.
    """

    listener: Listener
    redactor: Redactor
    environment: Mapping[str, str]
    tracer: Tracer = UNTRACED

    def surroundings(self, link: Link) -> Surroundings:
        """Return the surroundings of one connection, with threads of its own."""

        def notify(notice: Notice) -> None:
            self.listener(Waiting(notice.connection, self.redactor.clean(notice.text), notice.seconds))

        def spread(function: Callable[[Item], Result], items: Collection[Item], /) -> list[Result]:
            return side_by_side(function, items, link.concurrency)

        return Surroundings(notify, self.redactor, self.environment, spread, self.tracer)


class Slots:
    """At most ``count`` at once, first come first served.

    ``threading.Semaphore`` lets a thread that has just left come back before those that wait, so that one caller among
    many (who reads a list while others write) would wait to the end.
    """

    def __init__(self, count: int) -> None:
        self._lock = Lock()
        self._free = count
        self._waiting: deque[Event] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


def side_by_side(function: Callable[[Item], Result], items: Collection[Item], width: int) -> list[Result]:
    """Return the results in the order of the items, ``width`` calls at a time; raises the first error.

    Nothing waits for threads when there is nothing to overlap.
    """
    if len(items) <= 1 or width == 1:
        return [function(item) for item in items]
    pool = ThreadPoolExecutor(max_workers=min(width, len(items)))
    try:
        return list(pool.map(in_this_context(function), items))
    except BaseException:
        # Ctrl-C must not wait for threads that wait for a platform; closing the connections ends their waits.
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False)


def in_this_context(function: Callable[[Item], Result]) -> Callable[[Item], Result]:
    """Return the function for threads: those of a pool begin with an empty context, and a span there has no parent."""
    context = copy_context()
    # A copy for each call, since a context is entered by one thread at a time.
    return lambda item: context.copy().run(function, item)


@contextmanager
def open_readers(links: Mapping[str, Link], outside: Outside) -> Iterator[Mapping[str, Reader]]:
    """Yield what can only read, for every connection; closed at the end.

    A connection that cannot be opened (a broken URL, a missing tool) yields a reader that fails.
    """
    with ExitStack() as stack:
        readers: dict[str, Reader] = {}
        for name, link in links.items():
            try:
                readers[name] = link.provider.reader(name, link.settings, outside.surroundings(link))
            except ReconcileError as error:
                readers[name] = _Broken(error)
            stack.callback(readers[name].close)
        yield readers


@contextmanager
def open_writers(links: Mapping[str, Link], outside: Outside) -> Iterator[Mapping[str, Writer]]:
    """Yield what can read and write, for every connection; closed at the end. Broken ones fail at every call."""
    with ExitStack() as stack:
        writers: dict[str, Writer] = {}
        for name, link in links.items():
            try:
                writers[name] = link.provider.writer(name, link.settings, outside.surroundings(link))
            except ReconcileError as error:
                writers[name] = _Broken(error)
            stack.callback(writers[name].close)
        yield writers


@contextmanager
def open_operators(links: Mapping[str, Link], outside: Outside) -> Iterator[Mapping[str, Operator]]:
    """Yield what starts and watches jobs, by connection; each is opened when first asked for, and closed at the end.

    Asking for one that cannot be opened raises why.
    """
    with ExitStack() as stack:
        yield _Operators(links, outside, stack)


class _Operators(Mapping[str, Operator]):
    def __init__(self, links: Mapping[str, Link], outside: Outside, stack: ExitStack) -> None:
        self._links, self._outside, self._stack = links, outside, stack
        self._lock = Lock()
        self._open: dict[str, Operator] = {}

    def __getitem__(self, name: str) -> Operator:
        with self._lock:
            if name not in self._open:
                link = self._links[name]
                operator = link.provider.operator(name, link.settings, self._outside.surroundings(link))
                self._stack.callback(operator.close)
                self._open[name] = operator
            return self._open[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)


class _Broken:
    """A connection that could not be opened: everything asked of it fails for the same reason."""

    def __init__(self, error: ReconcileError) -> None:
        self._error = error

    @property
    def diagnostic(self) -> Diagnostic:
        return self._error.diagnostics[0]

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        return Readings({item.address: ReadFailed(item.address, self.diagnostic, of_listing=True) for item in wanted})

    def discover(self, sought: Sought) -> Found:
        return Found(diagnostics=(self.diagnostic,))

    def send(self, request: Request) -> None:
        raise PlatformError(self.diagnostic.detail, hint=self.diagnostic.hint, code=self.diagnostic.code)

    def close(self) -> None:
        return None
