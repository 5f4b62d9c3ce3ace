"""Where runs are written down: event by event, durably, and whole once they are over.

::

    runs/20261122-140000-customers-1a2b3c/00000000.json    one object an event, numbered
    runs/20261122-140000-customers-1a2b3c/00000001.json
    runs/20261122-140000-customers-1a2b3c/00000042.json    when it is closed: all events; those before it are removed
    runs/20261122-140000-customers-1a2b3c/stop             somebody wants it stopped

Numbers are written create-only: of two processes that go on with one run exactly one writes the next event, the other
is told (``StateMoved``) before it makes the call that the event is about. ``writer`` tells the two apart where both
would write the same. The first number that a process wrote is kept when the run is closed: a process that slept through
it all finds the number taken that it would write next.
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import Field

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError, StateDamaged, StateError, StateMoved, StateTooNew
from reconcile.core.run import (
    Began,
    Closed,
    Dropped,
    Ended,
    Event,
    Intended,
    Reopened,
    Restarted,
    Resumed,
    Run,
    StopAsked,
    Submitted,
    Taken,
    after,
    run_of,
)
from reconcile.state.backend import Backend, KeyMissing, KeyTaken
from reconcile.state.versioned import Document, Family, encode

FOLDER = "runs"
STOP = "stop"

_EVENT = re.compile(rf"{FOLDER}/([^/]+)/(\d{{8}})\.json")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_HINT = "move the run's folder away to get rid of it; then look at the platform for what it started"


class NoSuchRun(ReconcileError):
    """There is no run of this id."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A run that cannot be read, and why."""

    id: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What is written of a run: its events, the number of the next one, the numbers that a whole makes needless."""

    events: tuple[Event, ...]
    next: int
    spent: frozenset[int] = frozenset()


class RunLog:
    """The events of one run. ``run`` is what they add up to so far. May be used from several threads."""

    def __init__(self, backend: Backend, read: Read, clean: Callable[[str], str] = str) -> None:
        self._backend, self._clean, self._number = backend, clean, read.next
        self._first, self._spent = read.next, set(read.spent)
        self._events = list(read.events)
        self._writer = uuid4().hex
        self._lock = Lock()
        self.run = run_of(self._events)

    def append(self, event: Event) -> Run:
        """Write an event and return the run after it: durable when this returns.

        Raises ``StateMoved`` when another process has gone on with the run, ``StateError`` when it cannot be written;
        then the event is not written, and what it announces must not be done.
        """
        with self._lock:
            run = after(self.run, event)
            self._write([event])
            self._events.append(event)
            self.run = run
            if isinstance(event, Resumed):
                # Whoever goes on with a run does not want it stopped by what was asked of the process before.
                self._backend.delete(f"{FOLDER}/{run.id}/{STOP}")
            return run

    def close(self, event: Closed) -> Run:
        """Write the last event and the run as a whole, in one object; what it replaces is removed."""
        with self._lock:
            run = after(self.run, event)
            spent = sorted(self._spent)
            self._write([*self._events, event])
            self._events.append(event)
            self.run = run
            # Interrupted anywhere: the whole one counts, and what is left below it means nothing more.
            with contextlib.suppress(StateError):
                for key in (*(_key(run.id, number) for number in spent), f"{FOLDER}/{run.id}/{STOP}"):
                    self._backend.delete(key)
            return run

    def stop_is_asked(self) -> bool:
        """Say whether somebody wants this run to be stopped."""
        return is_stop_asked(self._backend, self.run.id)

    def _write(self, events: list[Event]) -> None:
        key = _key(self.run.id, self._number)
        data = to_bytes(events, self._clean, self._writer)
        try:
            self._backend.create(key, data)
        except KeyTaken:
            # Our own, when the answer to a first request was lost.
            if not self._is_ours(key, data):
                raise StateMoved(_moved(self.run.id)) from None
        if self._number == 0 or self._number > self._first:
            self._spent.add(self._number)
        self._number += 1

    def _is_ours(self, key: str, data: bytes) -> bool:
        try:
            return self._backend.read(key) == data
        except KeyMissing:
            return False


def begin_log(backend: Backend, began: Began, clean: Callable[[str], str] = str) -> RunLog:
    """Return the log of a new run, its beginning written durably. Raises ``StateError``."""
    log = RunLog(backend, Read((began,), 0), clean)
    log._write([began])  # noqa: SLF001 - the one event that there is no log before
    return log


def open_log(backend: Backend, id: str, clean: Callable[[str], str] = str) -> RunLog:
    """Return the log of a run, to go on with it. Raises ``NoSuchRun``, ``StateDamaged``, ``StateTooNew``."""
    return RunLog(backend, _read(backend, id, _listed(backend, id)), clean)


def read_runs(backend: Backend, ids: Iterable[str] | None = None) -> Iterator[Run | Unreadable]:
    """Yield the runs, newest first (or those of ``ids``, in their order). One that cannot be read is ``Unreadable``.

    Reads nothing of a run before it is asked for. Raises ``StateError`` when the place cannot be used.
    """
    numbers = _numbers(backend.list(FOLDER))
    for name in sorted(numbers, reverse=True) if ids is None else ids:
        try:
            yield run_of(_read(backend, name, numbers.get(name, {})).events)
        except (StateDamaged, StateTooNew) as error:
            yield Unreadable(name, error.diagnostics)
        except NoSuchRun:
            if ids is not None:
                raise


def unclosed_ids(backend: Backend) -> list[str]:
    """Return the ids of the runs that may not be over, newest first, without reading any.

    A run that was closed is one object with a number above 0; whatever else there is may be going on.
    """
    numbers = _numbers(backend.list(FOLDER))
    return sorted((name for name, keys in numbers.items() if len(keys) > 1 or 0 in keys), reverse=True)


def closed_keys(backend: Backend) -> dict[str, list[str]]:
    """Return the keys of every run that is over, by its id, in the order to remove them; without reading any."""
    keys = backend.list(FOLDER)
    closed = {
        name: list(found.values()) for name, found in _numbers(keys).items() if len(found) == 1 and 0 not in found
    }
    stops = {f"{FOLDER}/{name}/{STOP}": name for name in closed}
    for key in keys:
        if key in stops:
            closed[stops[key]].insert(0, key)
    return closed


def ask_to_stop(backend: Backend, id: str) -> None:
    """Note that a run is to be stopped, for whoever is running it."""
    with contextlib.suppress(KeyTaken):
        backend.create(f"{FOLDER}/{id}/{STOP}", b"stop\n")


def is_stop_asked(backend: Backend, id: str) -> bool:
    """Say whether somebody wants a run to be stopped."""
    try:
        backend.read(f"{FOLDER}/{id}/{STOP}")
    except KeyMissing:
        return False
    return True


def to_bytes(events: Iterable[Event], clean: Callable[[str], str] = str, writer: str = "") -> bytes:
    """Return the object that holds events, without secrets. ``writer`` is unique to whoever writes it."""
    cleaned = [_cleaned(asdict(event), clean) for event in events]
    return encode({"format": _RUN.format, "writer": writer, "events": cleaned})


def from_bytes(data: bytes, place: str) -> list[Event]:
    """Return the events in an object. Raises ``StateDamaged``, ``StateTooNew``."""
    return list(_RUN.parse(data, place, _HINT).events)


class _Document(Document):
    format: Literal["reconcile.run/1"]
    writer: str
    events: list[
        Annotated[
            Began
            | Resumed
            | Intended
            | Dropped
            | Taken
            | Submitted
            | Ended
            | Restarted
            | Reopened
            | StopAsked
            | Closed,
            Field(discriminator="event"),
        ]
    ] = Field(min_length=1)


_RUN: Family[_Document] = Family("run", 1, _Document)


def _key(id: str, number: int) -> str:
    return f"{FOLDER}/{id}/{number:08d}.json"


def _numbers(keys: Iterable[str]) -> dict[str, dict[int, str]]:
    """Return the events' keys by run and number."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for key in keys:
        if match := _EVENT.fullmatch(key):
            found[match[1]][int(match[2])] = key
    return dict(found)


def _listed(backend: Backend, id: str) -> dict[int, str]:
    """Return the events' keys of one run by number, empty when there is none. An id may be anything people type."""
    return _numbers(backend.list(f"{FOLDER}/{id}")).get(id, {}) if _ID.fullmatch(id) else {}


def _read(backend: Backend, id: str, keys: Mapping[int, str]) -> Read:
    """Return all of a run. Read from its end: before the newest object with a beginning nothing counts."""
    if not keys:
        raise NoSuchRun(_unknown(id))
    newest = max(keys)
    parts: list[list[Event]] = []
    firsts: set[int] = set()
    for number in range(newest, -1, -1):
        if number not in keys:
            raise _RUN.damaged(
                backend.place(_key(id, number)), "it is missing, and so is what was written there", _HINT
            )
        try:
            found = from_bytes(backend.read(keys[number]), backend.place(keys[number]))
        except KeyMissing:
            # It has just been closed, and this is within the whole now.
            return _read(backend, id, _listed(backend, id))
        parts.insert(0, found)
        if isinstance(found[0], Resumed):
            firsts.add(number)
        if isinstance(found[0], Began):
            break
    events = tuple(event for part in parts for event in part)
    try:
        run_of(events)
    except ValueError as error:
        raise _RUN.damaged(backend.place(f"{FOLDER}/{id}"), str(error), _HINT) from None
    return Read(events, newest + 1, frozenset(range(newest + 1 - len(parts), newest + 1)) - firsts)


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    match value:
        case str():
            return clean(value)
        case Mapping():
            return {key: _cleaned(item, clean) for key, item in value.items()}
        case list() | tuple():
            return [_cleaned(item, clean) for item in value]
        case _:
            return value


def _unknown(id: str) -> Diagnostic:
    return Diagnostic(
        "unknown-run", "Unknown run", f'There is no run "{id}".', "`reconcile runs` lists the runs of this environment"
    )


def _moved(id: str) -> Diagnostic:
    return Diagnostic(
        "run-moved",
        "Somebody else goes on with this run",
        f"Another process wrote the next event of run {id}; this one stops before its next call.",
        "`reconcile runs` shows how it goes",
    )
