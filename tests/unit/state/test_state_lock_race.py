"""Who lost the lock cannot record, however their steps fall between each other's.

Nothing here is left to the luck of threads: one call to the place is made at a time, and whose turn it is is given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from lock_bed import OURS, THEIRS, Actor, Clock, Dated, Shelf, Undated, interleaved, schedules

from reconcile.core.address import Address
from reconcile.core.errors import LockHeld, StateError, StateMoved
from reconcile.core.kind import Action
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded
from reconcile.engine.record import Scribe
from reconcile.state.backend import Backend
from reconcile.state.format import Origin, State
from reconcile.state.intent import Intent, Outcome
from reconcile.state.journal import Journal
from reconcile.state.lock import KEY, Lock, LockInfo, Owner, acquire, break_lock, read_lock
from reconcile.state.store import Store
from reconcile.state.unfinished import unfinished

AT = "2026-11-22T14:00:00Z"
WE, THEY = Address("sales", "schedule", "recipe:Ours"), Address("sales", "schedule", "recipe:Theirs")

Say = Callable[[str], None]


def one(address: Address) -> dict[Address, Recorded]:
    return {address: Recorded(address, {"time": "02:00"}, AT)}


class Bed:
    """A place with one version of the state and a lock on it, and what the actors have said so far, in order."""

    def __init__(self) -> None:
        self.clock, self.shelf = Clock(), Shelf()
        self.base = Store(self.shelf).write(State(), {}, None, at=AT)
        self.lock = acquire(self.shelf, THEIRS, self.clock)
        self.said: list[str] = []

    def expired(self) -> Bed:
        self.clock.forward(minutes=15)
        return self

    def loser(self, place: Backend) -> None:
        """The holder, which goes on as if nothing had happened."""
        lock = as_seen_from(self.lock.info, place, self.clock)
        base = Store(place).latest()
        lock.check()
        self.said.append("loser works")
        Store(place).write(base, one(THEY), None, at=AT, guard=lock.check)
        self.said.append("loser recorded")

    def taker(self, place: Backend, owner: Owner = OURS, name: str = "taker") -> int:
        """An apply: takes the lock, reads, works, records."""
        lock = acquire(place, owner, self.clock)
        self.said.append(f"{name} holds")
        base = Store(place).latest()
        lock.check()
        self.said.append(f"{name} works")
        serial = Store(place).write(base, one(WE), None, at=AT, guard=lock.check).serial
        self.said.append(f"{name} recorded")
        return serial

    def breaker(self, place: Backend) -> int:
        """A person at `state unlock`, who then applies."""
        assert break_lock(place, OURS, self.clock) == ()
        self.said.append("taker holds")
        return self.taker(place)

    def check_versions(self) -> None:
        """Every version is there and readable, and none of ours was written over."""
        serials = [version.serial for version in Store(self.shelf).history()]
        assert serials == list(range(max(serials), 0, -1))
        assert not any(version.trouble for version in Store(self.shelf).history())


def as_seen_from(info: LockInfo, place: Backend, clock: Clock) -> Lock:
    return Lock(place, info, clock, lambda stop, seconds: True)


@pytest.mark.parametrize(("who", "loser_begins"), [("taker", True), ("taker", False), ("breaker", True)])
def test_who_lost_the_lock_records_before_it_is_taken_or_never(who: str, *, loser_begins: bool) -> None:
    ends: Counter[str] = Counter()
    for turns in schedules(7, 16) if loser_begins else schedules(16, 7):
        bed = Bed() if who == "breaker" else Bed().expired()
        loser, taker = Actor(bed.loser, bed.shelf), Actor(getattr(bed, who), bed.shelf)
        interleaved(*((loser, taker) if loser_begins else (taker, loser)), turns)
        assert taker.error is None, (turns, bed.said, taker.error)
        after = bed.said[bed.said.index("taker holds") :]
        assert "loser recorded" not in after, (turns, bed.said)
        if loser.error is None:
            assert bed.said.index("loser recorded") < bed.said.index("taker works")
        else:
            assert isinstance(loser.error, LockHeld | StateMoved)
        recorded = Store(bed.shelf).latest().recorded
        assert WE in recorded
        bed.check_versions()
        ends[type(loser.error).__name__] += 1
    # All three ends are met with: recorded in time, told by the lock, told by the number.
    assert set(ends) == {"NoneType", "LockHeld", "StateMoved"}


def test_a_loser_that_looks_nowhere_is_stopped_by_the_number_alone() -> None:
    """Without its looks at the lock, as long as it has read the state before: asleep between any two steps."""
    bed = Bed().expired()
    base = Store(bed.shelf).latest()
    acquire(bed.shelf, OURS, bed.clock)
    with pytest.raises(StateMoved):
        Store(bed.shelf).write(base, one(THEY), None, at=AT)


def test_of_two_who_take_over_at_once_at_most_one_records() -> None:
    """Both may believe that they hold it; what is recorded is of one who does, or of nobody, and both are told."""
    third = Owner("a3", "eve", "other", OURS.pid, "reconcile apply")
    ends: Counter[int] = Counter()
    for turns in schedules(16, 16, every=4):
        bed = Bed().expired()
        actors = [Actor(lambda place: bed.taker(place, OURS, "first"), bed.shelf)]  # noqa: B023 - over before the next
        actors.append(Actor(lambda place: bed.taker(place, third, "second"), bed.shelf))  # noqa: B023
        interleaved(actors[0], actors[1], turns)
        done = [actor for actor in actors if actor.error is None]
        for actor in actors:
            assert actor.error is None or isinstance(actor.error, LockHeld | StateMoved), (turns, actor.error)
        if len(done) == 2:
            # One after the other, then: the second began when the first had recorded.
            first, second = (name for name in ("first", "second"))
            orders = [(first, second), (second, first)]
            assert any(bed.said.index(f"{a} recorded") < bed.said.index(f"{b} works") for a, b in orders), bed.said
        assert len({actor.result for actor in done}) == len(done)
        bed.check_versions()
        ends[len(done)] += 1
    assert ends[1] > ends[2] + ends[0], ends


def test_a_lock_that_comes_free_meanwhile_is_taken_over_and_shuts_out_who_had_it() -> None:
    """The holder, late, releases just before a slow taker writes over the lock; a third had taken the free one."""
    bed = Bed().expired()
    slow, others = Undated(bed.shelf), list[Lock]()

    def put(key: str, data: bytes) -> None:
        slow.put = bed.shelf.put
        bed.shelf.delete(KEY)
        others.append(acquire(bed.shelf, OURS, bed.clock))
        bed.shelf.put(key, data)

    slow.put = put
    base = Store(bed.shelf).latest()
    ours = acquire(slow, Owner("a3", "eve", "other", OURS.pid, "reconcile apply"), bed.clock)
    ours.check()
    with pytest.raises(LockHeld):
        others[0].check()
    with pytest.raises(StateMoved):
        Store(bed.shelf).write(base, one(WE), None, at=AT)


def test_a_state_that_cannot_be_written_once_more_is_not_taken_over() -> None:
    bed = Bed().expired()
    bed.shelf.put("state/00000001.json", b"{")
    with pytest.raises(StateError) as caught:
        acquire(bed.shelf, OURS, bed.clock)
    assert caught.value.diagnostics[0].code == "state-damaged"
    assert read_lock(bed.shelf) is None


def test_taking_over_keeps_all_that_is_recorded() -> None:
    bed = Bed().expired()
    before = Store(bed.shelf).write(bed.base, one(THEY), None, at=AT)
    acquire(bed.shelf, OURS, bed.clock)
    after = Store(bed.shelf).latest()
    assert (after.serial, after.lineage, after.recorded) == (before.serial + 1, before.lineage, before.recorded)
    assert after.apply is None
    assert after.accounts == before.accounts


def test_other_locks_write_nothing_into_the_state() -> None:
    bed = Bed()
    acquire(bed.shelf, THEIRS, bed.clock, key="locks/x.json")
    bed.clock.forward(minutes=15)
    acquire(bed.shelf, OURS, bed.clock, key="locks/x.json")
    break_lock(bed.shelf, OURS, bed.clock, key="locks/x.json")
    assert len(bed.shelf.list("state")) == 1
    assert bed.shelf.list("locks") == []


def test_a_one_shot_is_noted_before_the_lock_is_looked_at_so_that_it_is_never_done_twice() -> None:
    """Either the loser does not make its call, or the taker finds that it may have been made."""
    origin = Origin("a1", AT, "ci", "runner-7", "reconcile apply")
    intent = Intent(WE, Action.RUN, {}, {}, (Request("POST", "/reset"),), None, one_shot=True)
    met: Counter[bool] = Counter()
    for turns in schedules(3, 16):
        bed = Bed().expired()
        journal = Journal.begin(bed.shelf, origin, [intent], bed.base)

        def loser(place: Backend, bed: Bed = bed, journal: Journal = journal) -> None:
            journal._backend = place
            Scribe(journal, as_seen_from(bed.lock.info, place, bed.clock).check).sent(WE)
            bed.said.append("called")

        def taker(place: Backend, bed: Bed = bed) -> Outcome:
            acquire(place, OURS, bed.clock)
            (left,) = unfinished(place)
            assert left.begin
            return left.ended(left.begin.intents[0])

        actors = Actor(loser, bed.shelf), Actor(taker, bed.shelf)
        interleaved(*actors, turns)
        assert actors[1].error is None
        was_called = "called" in bed.said
        assert not (was_called and actors[1].result is Outcome.FAILED), turns
        met[was_called] += 1
    assert met[True]
    assert met[False]


def test_a_free_lock_costs_one_write_and_two_looks() -> None:
    clock, calls = Clock(), list[str]()

    class Counted(Dated):
        def __getattribute__(self, name: str) -> object:
            if name in ("create", "put", "read", "list", "delete", "written_at"):
                calls.append(name)
            return super().__getattribute__(name)

    acquire(Counted(Shelf(), clock), OURS, clock)
    assert calls == ["create", "read", "written_at"]
