"""Live state from every connection: who is asked about what, and that nothing is lost when one fails."""

from collections.abc import Collection
from dataclasses import replace
from threading import Barrier, Lock
from typing import Any, cast

import pytest

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError, PlatformError, Unavailable
from reconcile.core.redact import Redactor
from reconcile.core.request import Request
from reconcile.core.snapshot import Desired, Live, ReadFailed, Recorded, Unreadable
from reconcile.core.source import Span
from reconcile.engine.events import Event, ReadingBegan, ReadingEnded, Waiting
from reconcile.engine.link import Link, Outside, open_readers, open_writers, side_by_side
from reconcile.engine.refresh import read_safely, refresh
from reconcile.providers.base import Notice, Provider, Readings, Surroundings, Wanted

from .world import BEFORE, KINDS, Org, Tailer, daily, flags_of, recipe

A, B = recipe("A"), recipe("B")
OLD = daily("01:00")


def want(address: Address, **values: Any) -> Desired:
    return Desired(address, values or OLD, Span("f.yaml", 1, 1))


class Seen:
    """A reader that remembers what it was asked, and knows nothing."""

    def __init__(self) -> None:
        self.wanted: list[Wanted] = []
        self.exact = False

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        self.wanted += wanted
        self.exact = exact
        return Readings({w.address: Unreadable(w.address) for w in wanted}, (Diagnostic("n", "note"),))

    def close(self) -> None:
        """Do nothing."""


def test_what_is_desired_or_recorded_is_asked_for_once() -> None:
    """Fields come from the file, or from our record where no file asks any more; the id from our record."""
    reader = Seen()
    gone = Recorded(B, {**OLD, "notification_level": "never"}, BEFORE, "05vB")
    recorded = {A: Recorded(A, {"frequency": "none"}, BEFORE, "05vA"), B: gone}
    found = refresh({"sales": reader, "tailer_dev": Seen()}, KINDS, {A: want(A)}, recorded, exact=True)
    assert reader.wanted == [
        Wanted(A, frozenset(OLD), "05vA", True),
        Wanted(B, frozenset((*OLD, "notification_level")), "05vB", False),
    ]
    assert reader.exact
    assert [d.code for d in found.diagnostics] == ["n"]


def test_a_connection_without_objects_is_not_asked() -> None:
    """Nothing wanted, no call; the listener hears how much there is to do."""
    idle, events = Seen(), list[Event]()
    refresh({"sales": Seen(), "tailer_dev": idle}, KINDS, {A: want(A)}, {}, listener=events.append)
    assert idle.wanted == []
    assert events == [ReadingBegan(1, 1), ReadingEnded(1)]


def test_objects_of_an_unknown_connection_are_left_out() -> None:
    """Our record may know connections that left the workspace."""
    gone = Address("former", "schedule", "recipe:A")
    found = refresh({"sales": Seen()}, KINDS, {}, {gone: Recorded(gone, OLD, BEFORE)})
    assert found.live == {}


def test_one_connection_that_fails_leaves_the_others() -> None:
    """A reader that raises has failed for all of its objects, and only for them."""
    org = Org({"A": OLD})
    org.read_raises = Unavailable("503")
    flags = flags_of("workflow:w")
    live = refresh({"sales": org, "tailer_dev": Tailer()}, KINDS, {A: want(A), flags: want(flags)}, {}).live
    assert isinstance(live[A], ReadFailed)
    assert isinstance(live[flags], Unreadable)


def test_read_safely() -> None:
    """A reading for each wanted object, also when the reader raises."""
    org = Org({"A": OLD})
    wanted = [Wanted(A), Wanted(B)]
    assert isinstance(read_safely(org, wanted).by_address[A], Live)
    org.read_raises = Unavailable("503")
    assert {type(r) for r in read_safely(org, wanted).by_address.values()} == {ReadFailed}


def test_side_by_side_keeps_the_order_and_the_width() -> None:
    """Results in the order of the items, never more at once than allowed."""
    lock, at_once, most = Lock(), 0, 0
    together = Barrier(3)

    def work(item: int) -> int:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        together.wait(10)
        with lock:
            at_once -= 1
        return item * 2

    assert side_by_side(work, range(9), 3) == [n * 2 for n in range(9)]
    assert most == 3


def test_side_by_side_raises_what_a_call_raised() -> None:
    """An error is not swallowed by a thread."""
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda n: 1 // n, [1, 0, 2], 2)
    assert side_by_side(lambda n: n, [], 4) == []


class Settings:
    concurrency = 3


class Broken:
    """A provider whose connections cannot be opened."""

    def reader(self, name: str, connection: Any, surroundings: Surroundings) -> Any:
        raise ConfigError(Diagnostic("bad-url", "Bad URL", "no host", "look at it"))

    writer = reader

    def connected(self, connection: Any) -> Any:
        return {}


def outside(events: list[Event]) -> Outside:
    return Outside(events.append, Redactor(["secret-token"]), {})


def test_a_connection_that_cannot_be_opened_fails_at_every_call() -> None:
    """One broken connection is results, not an exception: the others are read and written."""
    links = {"bad": Link("bad", cast("Provider", Broken()), Settings())}
    with open_readers(links, outside([])) as readers:
        reading = readers["bad"].read([Wanted(A)]).by_address[A]
        assert isinstance(reading, ReadFailed)
        assert reading.diagnostic.code == "bad-url"
    with open_writers(links, outside([])) as writers, pytest.raises(PlatformError, match="no host"):
        writers["bad"].send(Request("PUT", "/"))


def test_readers_are_closed_whatever_happens() -> None:
    """Also when the command fails in between."""
    closed: list[str] = []

    class Good(Broken):
        def reader(self, name: str, connection: Any, surroundings: Surroundings) -> Any:
            class Closing(Seen):
                def close(self) -> None:
                    closed.append(name)

            return Closing()

    links = {n: Link(n, cast("Provider", Good()), Settings()) for n in ("a", "b")}
    with pytest.raises(ZeroDivisionError), open_readers(links, outside([])):
        _ = 1 // 0
    assert sorted(closed) == ["a", "b"]


def test_notices_reach_the_listener_without_secrets() -> None:
    """A wait is told as an event; what the platform quoted is masked."""
    events: list[Event] = []
    link = Link("sales", cast("Provider", Broken()), Settings())
    surroundings = outside(events).surroundings(link)
    surroundings.notify(Notice("sales", "waiting: secret-token", 3.0))
    assert events == [Waiting("sales", "waiting: ***", 3.0)]
    assert surroundings.spread(lambda n: n + 1, [1, 2, 3]) == [2, 3, 4]
    assert replace(surroundings).environment == {}
