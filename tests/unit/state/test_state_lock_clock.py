"""Clocks that are off: whose time decides, and what is said about it. Machines share the place's clock, no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from lock_bed import OURS, THEIRS, Clock, Dated, Shelf, Undated

from reconcile.core.diagnostic import Severity
from reconcile.core.errors import LockHeld
from reconcile.state.backend import Backend
from reconcile.state.lock import Lock, acquire
from reconcile.state.trouble import trouble


@pytest.fixture
def right() -> Clock:
    """The time; the place's clock is right."""
    return Clock()


@pytest.fixture
def place(right: Clock) -> Backend:
    return Dated(Shelf(), right)


def skewed(lock: Lock) -> str:
    """Return the one warning about the clock, in the words of its detail."""
    (warning,) = (note for note in lock.notes if note.code == "clock-skew")
    assert warning.severity is Severity.WARNING
    assert "NTP" in warning.hint
    return warning.detail


@pytest.mark.parametrize(("offset", "word"), [(6, "6 min ahead of"), (-6, "6 min behind")])
def test_a_clock_that_is_off_is_said_which_way_and_how_much(
    place: Backend, right: Clock, offset: int, word: str
) -> None:
    detail = skewed(acquire(place, OURS, right.off(minutes=offset)))
    assert f"{word} the clock where the state is" in detail
    assert "2026-11-22T14:00:00Z" in detail
    assert right.off(minutes=offset)().strftime("%H:%M:%SZ") in detail


@pytest.mark.parametrize("offset", [-5, -1, 0, 1, 5])
def test_less_than_a_third_of_the_lease_is_not_worth_a_word(place: Backend, right: Clock, offset: int) -> None:
    assert acquire(place, OURS, right.off(minutes=offset)).notes == ()


def test_a_slow_answer_is_no_skew(place: Backend, right: Clock) -> None:
    """The write took ten minutes: the place dates it somewhere in between."""
    slow = Dated(Shelf(), right)
    create = slow.create

    def slowly(key: str, data: bytes) -> None:
        right.forward(minutes=5)
        create(key, data)
        right.forward(minutes=5)

    slow.create = slowly
    assert acquire(slow, OURS, right).notes == ()


def test_a_clock_ahead_does_not_take_over_a_live_lock(place: Backend, right: Clock) -> None:
    theirs = acquire(place, THEIRS, right)
    before = place.read("lock.json")
    right.forward(minutes=5)
    with pytest.raises(LockHeld) as caught:
        acquire(place, OURS, right.off(hours=1))
    held, warning = sorted(caught.value.diagnostics, key=lambda d: d.code, reverse=True)
    assert (held.code, warning.code) == ("lock-held", "clock-skew")
    assert "60 min ahead of" in warning.detail
    assert place.read("lock.json") == before
    assert place.list("locks") == [], "what was written to see the time is gone"
    theirs.check()


@pytest.mark.parametrize("offset", [-60, 60])
def test_a_lock_is_over_when_it_is_over_by_the_clock_of_the_place(place: Backend, right: Clock, offset: int) -> None:
    acquire(place, THEIRS, right.off(minutes=offset))
    right.forward(minutes=14)
    with pytest.raises(LockHeld):
        acquire(place, OURS, right)
    right.forward(minutes=1)
    note = acquire(place, OURS, right).notes[0]
    assert note.code == "lock-taken-over"
    assert "its lease ended at 2026-11-22T14:15:00Z" in note.detail, "in the place's time"


def test_a_renewal_counts_by_the_clock_of_the_place(place: Backend, right: Clock) -> None:
    theirs = acquire(place, THEIRS, right.off(hours=-3))
    right.forward(minutes=10)
    theirs.renew()
    right.forward(minutes=10)
    with pytest.raises(LockHeld):
        acquire(place, OURS, right)


def test_a_clock_behind_does_not_wait_for_ever(place: Backend, right: Clock) -> None:
    acquire(place, THEIRS, right)
    right.forward(minutes=15)
    lock = acquire(place, OURS, right.off(days=-2))
    assert "2,880 min behind" in skewed(lock)


def test_a_clock_ahead_holds_its_own_lock_for_a_whole_lease(place: Backend, right: Clock) -> None:
    ahead = right.off(hours=5)
    lock = acquire(place, OURS, ahead)
    right.forward(minutes=10)
    lock.renew()
    right.forward(minutes=10)
    assert not lock.lost
    lock.check()


def test_where_the_place_tells_no_time_the_clock_at_hand_decides(right: Clock) -> None:
    place = Undated(Shelf())
    acquire(place, THEIRS, right)
    right.forward(minutes=1)
    with pytest.raises(LockHeld):
        acquire(place, OURS, right.off(minutes=13))
    assert [note.code for note in acquire(place, OURS, right.off(minutes=14)).notes] == ["lock-taken-over"]


def test_a_place_that_does_not_say_when_is_no_reason_to_fail(right: Clock) -> None:
    class Silent(Dated):
        def written_at(self, key: str) -> datetime | None:
            return None

    class Broken(Dated):
        def written_at(self, key: str) -> datetime | None:
            raise trouble("read", key, OSError(13, "forbidden"))

    assert acquire(Silent(Shelf(), right), OURS, right.off(hours=1)).notes == ()
    assert acquire(Broken(Shelf(), right), OURS, right.off(hours=1)).notes == ()


def test_a_lock_whose_lease_nobody_knows_goes_by_its_end(place: Backend, right: Clock) -> None:
    lock = acquire(place, THEIRS, right)
    place.put("lock.json", place.read("lock.json").replace(b'"lease":900.0', b'"lease":0.0'))
    right.forward(minutes=14)
    with pytest.raises(LockHeld):
        acquire(place, OURS, right)
    right.forward(minutes=1)
    acquire(place, replace(OURS, id="a3"), right)
    assert lock.lost
