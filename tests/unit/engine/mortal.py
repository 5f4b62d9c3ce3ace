"""A process that is killed at one of its writes or starts: whatever it does after that has no effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import RLock, current_thread
from typing import Any, TypeVar, cast

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError
from reconcile.core.operation import Job, Ready
from reconcile.engine.link import Link
from reconcile.engine.place import Place
from reconcile.providers.base import Operator, Provider, Surroundings
from reconcile.state.backend import Backend

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Life:
    """How far a process comes: it dies at its step number ``at`` (from 0), ``before`` or after that has its effect.

    ``steps`` are what it did, in order: ``("create", key)``, ``("post", target)``.
    """

    at: int | None = None
    before: bool = False
    steps: list[tuple[str, str]] = field(default_factory=list)
    is_over: bool = False

    def __post_init__(self) -> None:
        self._lock = RLock()

    def step(self, what: str, name: str, effect: Callable[[], T]) -> T:
        """Return what ``effect`` returns, or die. Two steps of one process never overlap."""
        with self._lock:
            self.check()
            is_last = self.ends_at(what, name)
            self.steps.append((what, name))
            if not is_last:
                return effect()
            if not self.before:
                # Whatever it answers, there is nobody any more to hear it.
                with suppress(Exception):
                    effect()
            self.is_over = True
            if current_thread().name == "journal":
                self.check()  # a thread that nobody waits for has nobody to raise to
            raise Killed(f"{what} {name}")

    def ends_at(self, what: str, name: str) -> bool:
        """Say whether the step that comes now is the last one."""
        return len(self.steps) == self.at

    def check(self) -> None:
        """Keep the dead from doing anything. Locks and clean-ups of theirs expect errors, so they get one."""
        if self.is_over:
            raise StateError(Diagnostic("dead", "This process is dead"))


class MortalBackend:
    """The state, as a mortal process writes it."""

    def __init__(self, inner: Backend, life: Life) -> None:
        self._inner, self._life = inner, life
        self.environment = inner.environment

    def place(self, key: str) -> str:
        return self._inner.place(key)

    def create(self, key: str, data: bytes) -> None:
        self._life.step("create", key, lambda: self._inner.create(key, data))

    def put(self, key: str, data: bytes) -> None:
        self._life.step("put", key, lambda: self._inner.put(key, data))

    def delete(self, key: str) -> None:
        self._life.step("delete", key, lambda: self._inner.delete(key))

    def read(self, key: str) -> bytes:
        self._life.check()
        return self._inner.read(key)

    def list(self, folder: str) -> list[str]:
        self._life.check()
        return self._inner.list(folder)


class MortalOperator:
    """A connection of a mortal process: everything but a start of a job is as it was."""

    def __init__(self, inner: Operator, life: Life) -> None:
        self._inner, self._life = inner, life

    def __getattr__(self, name: str) -> Any:
        if self._life.is_over:
            raise Killed(name)
        return getattr(self._inner, name)

    def submit(self, ready: Ready) -> Job | None:
        return self._life.step("post", ready.order.target, lambda: self._inner.submit(ready))

    def close(self) -> None:
        self._inner.close()


class _MortalProvider:
    def __init__(self, inner: Provider, life: Life) -> None:
        self._inner, self._life = inner, life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def operator(self, name: str, connection: Any, surroundings: Surroundings) -> Operator:
        return cast("Operator", MortalOperator(self._inner.operator(name, connection, surroundings), self._life))


def mortal(place: Place, life: Life) -> Place:
    """Return the place as a process of this life has it. Its locks are those of a process that is gone."""
    links: Mapping[str, Link] = {
        name: replace(link, provider=cast("Provider", _MortalProvider(link.provider, life)))
        for name, link in place.links.items()
    }
    return replace(place, backend=MortalBackend(place.backend, life), links=links, pid=gone_pid())


@contextmanager
def dying(life: Life) -> Iterator[None]:
    """Let a process die here; what else happens to it on its way is of no interest."""
    try:
        yield
    except Killed:
        pass
    except StateError:
        if not life.is_over:
            raise


def gone_pid() -> int:
    """Return the id of a process that does not run: no system gives away one so high, nor takes it up again."""
    return 2**22 + 1
