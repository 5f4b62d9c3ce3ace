"""The locks there are, what each keeps from whom, and how to break one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateDamaged, StateError, StateTooNew
from reconcile.engine.claim import pipeline_key
from reconcile.engine.place import Place
from reconcile.state.lock import FOLDER, KEY, LockInfo, break_lock, read_lock
from reconcile.state.place_clock import PROBE
from reconcile.state.process import is_gone
from reconcile.state.unfinished import unfinished


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that is there. ``info`` is None for one that cannot be read; ``trouble`` then says why.

    ``changes`` and ``in_flight`` count those of the holder's apply and those of which nobody knows yet whether they
    happened; None where there is no journal of it.
    """

    key: str
    what: str
    info: LockInfo | None
    trouble: str = ""
    changes: int | None = None
    in_flight: int | None = None

    def is_left(self, now: datetime) -> bool:
        """Say whether the next one who wants the lock takes it over anyway."""
        return self.info is not None and (is_gone(self.info.process) or self.info.until <= now)


def locks(place: Place, pipelines: Iterable[str] = ()) -> tuple[Held, ...]:
    """Return the locks of this environment, that of the state first; empty when nobody holds any.

    ``pipelines`` are names to tell the locks of older programs by, which do not say what they are on. Raises
    ``StateError`` when the place cannot be used.
    """
    names = {pipeline_key(name): f"pipeline {name}" for name in pipelines}
    keys = [KEY, *(key for key in place.backend.list(FOLDER) if key.endswith(".json"))]
    found = (_held(place, key, names.get(key, "")) for key in keys)
    return tuple(held for held in found if held)


def unlock(place: Place, held: Held) -> tuple[Diagnostic, ...]:
    """Break a lock and return what there is to say about it. Raises ``LockHeld`` when it is another one by now.

    Whoever held that of the state cannot record any more; a run of a pipeline stops before its next call as soon as
    another process goes on with it.
    """
    expected = held.info.token if held.info else None
    return break_lock(place.backend, place.owner, lambda: datetime.now(UTC), held.key, expected)


def sweep(place: Place) -> None:
    """Remove what a process that was killed while it looked at the time has left beside the locks."""
    for key in place.backend.list(FOLDER):
        if key.startswith(PROBE):
            place.backend.delete(key)


def _held(place: Place, key: str, name: str) -> Held | None:
    try:
        info = read_lock(place.backend, key)
    except (StateDamaged, StateTooNew) as error:
        return Held(key, name or _default(place, key), None, error.diagnostics[0].detail)
    if info is None:
        return None
    changes, in_flight = _flight(place, info) if key == KEY else (None, None)
    return Held(key, info.what or name or _default(place, key), info, "", changes, in_flight)


def _default(place: Place, key: str) -> str:
    return f"environment {place.environment}" if key == KEY else key


def _flight(place: Place, info: LockInfo) -> tuple[int | None, int | None]:
    """Return how many changes the holder's apply has, and how many of them are in doubt at this moment."""
    try:
        left = unfinished(place.backend, info)
    except StateError:
        return None, None  # what cannot be read keeps nobody from breaking a lock
    for item in left:
        if item.id == info.owner.id and item.begin:
            return len(item.begin.intents), len(item.in_doubt)
    return None, None
