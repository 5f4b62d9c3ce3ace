"""Many workspaces in one process: looked at side by side, none of them in the way of another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar, cast

from reconcile.core.redact import Redactor
from reconcile.engine.events import Listener
from reconcile.engine.link import Link, Outside
from reconcile.engine.place import Place
from reconcile.providers.base import Provider, Reader, Readings, Surroundings, Wanted

Item = TypeVar("Item")
Result = TypeVar("Result")


def each_of(
    function: Callable[[Item], Result], items: Collection[Item], width: int, told: Callable[[int], None]
) -> list[Result]:
    """Return the results in the order of the items, ``width`` at a time; ``told`` hears how many are done.

    ``function`` is not to raise: what fails in one workspace is that workspace's result.
    """
    done, lock = 0, Lock()

    def one(item: Item) -> Result:
        nonlocal done
        result = function(item)
        with lock:
            done += 1
            told(done)
        return result

    if width == 1 or len(items) <= 1:
        return [one(item) for item in items]
    pool = ThreadPoolExecutor(max_workers=min(width, len(items)))
    try:
        return list(pool.map(one, items))
    finally:
        # An interrupt must not wait for what is waiting for a platform.
        pool.shutdown(wait=False, cancel_futures=True)


class Lending:
    """Readers that workspaces share when their connections are the same in name and every setting, secrets included.

    One login and one set of HTTP connections serve all of them, and a list that one of them has read is not read
    again: a thousand workspaces of one org take the pages of its lists once, not a thousand times. What they see is
    therefore as old as the first of them, so whoever finds something with them looks again with readers of its own.
    ``redactor`` knows what their logins brought.

    A context manager: the readers are closed at its end, never by a workspace.
    """

    def __init__(self, listener: Listener, environment: Mapping[str, str]) -> None:
        self.redactor: Redactor = _Guarded()
        self._outside = Outside(listener, self.redactor, environment)
        self._lock = Lock()
        self._readers: dict[tuple[str, str, Any], Reader] = {}

    def __enter__(self) -> Lending:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            for reader in self._readers.values():
                reader.close()
            self._readers.clear()

    def lent(self, place: Place) -> Place:
        """Return the place with readers that are shared; all that is not read is its own, as it was."""
        links = {
            name: replace(link, provider=cast("Provider", _Lender(link.provider, self)))
            for name, link in place.links.items()
        }
        return replace(place, links=links)

    def reader(self, provider: Provider, name: str, settings: Any) -> Reader:
        """Return the shared reader of a connection; raises what opening it raises."""
        # By the values themselves: a secret that is another is another login, though it is shown the same.
        key = (provider.name, name, settings)
        with self._lock:
            if key not in self._readers:
                surroundings = self._outside.surroundings(Link(name, provider, settings))
                self._readers[key] = provider.reader(name, settings, replace(surroundings, keeps_lists=True))
            return self._readers[key]


class _Lender:
    """A provider whose readers are shared; in all else the provider itself."""

    def __init__(self, provider: Provider, lending: Lending) -> None:
        self._provider = provider
        self._lending = lending

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def reader(self, name: str, connection: Any, surroundings: Surroundings) -> Reader:
        return _Lent(self._lending.reader(self._provider, name, connection))


class _Lent:
    """A shared reader in the hands of one workspace, which can read with it and not close it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        return self._reader.read(wanted, exact=exact)

    def close(self) -> None:
        return None


class _Guarded(Redactor):
    """A redactor that several threads may tell secrets at once."""

    __slots__ = ("_turn",)

    def __init__(self) -> None:
        self._turn = Lock()
        super().__init__()

    def add(self, secret: str) -> None:
        with self._turn:
            super().add(secret)
