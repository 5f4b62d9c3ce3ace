"""Which apply recorded an object: found in few reads, and never at the price of the check."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reconcile.core.address import Address
from reconcile.core.drift import AppliedBy
from reconcile.core.guard import DeleteLimits
from reconcile.core.kind import Action
from reconcile.core.redact import Redactor
from reconcile.core.snapshot import Recorded
from reconcile.engine import last_apply
from reconcile.engine.last_apply import last_applies
from reconcile.engine.link import Outside
from reconcile.engine.place import Place
from reconcile.engine.planning import read_basis
from reconcile.state.backend import Backend, open_backend
from reconcile.state.format import Applied, AppliedChange, Origin
from reconcile.state.intent import Intent, Outcome
from reconcile.state.journal import Journal
from reconcile.state.store import Store

A, B = Address("sales", "schedule", "recipe:A"), Address("sales", "schedule", "recipe:B")


@dataclass
class Counting:
    """A backend that counts what is read of it."""

    behind: Backend
    reads: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.behind, name)

    def read(self, key: str) -> bytes:
        self.reads.append(key)
        return self.behind.read(key)


@dataclass
class Bed:
    """A state in memory, and applies that record objects in it, each at a minute of its own."""

    backend: Counting = field(default_factory=lambda: Counting(open_backend("memory://", Path(), "prod")))
    recorded: dict[Address, Recorded] = field(default_factory=dict)

    def origin(self, id: str, at: str) -> Origin:
        return Origin(id, at, f"user of {id}", "ci", "reconcile apply", commit=f"c0ffee{id}")

    def apply(self, id: str, at: str, *addresses: Address, told: bool = True) -> None:
        """Record objects; ``told`` lists their changes in the apply, as for everything that was sent."""
        self.recorded |= {each: Recorded(each, {"frequency": "daily"}, at) for each in addresses}
        changes = tuple(AppliedChange(each, Action.UPDATE, "done") for each in addresses if told)
        store = Store(self.backend)  # type: ignore[arg-type]
        store.write(store.latest(), self.recorded, Applied(self.origin(id, at), "done", changes), at=at)

    def place(self) -> Place:
        outside = Outside(lambda event: None, Redactor(), {})
        origin = self.origin("now", "2026-11-22T23:00:00Z")
        return Place("prod", {}, {}, self.backend, DeleteLimits(), outside, origin, time.monotonic)  # type: ignore[arg-type]

    def find(self, *addresses: Address, place: Place | None = None) -> Mapping[Address, AppliedBy]:
        place = place or self.place()
        basis = read_basis(place, None)
        self.backend.reads.clear()
        return last_applies(place, basis, {each: basis.recorded[each].applied_at for each in addresses})


def minute(number: int) -> str:
    return f"2026-11-22T{number // 60:02}:{number % 60:02}:00Z"


def test_the_newest_version_needs_no_read() -> None:
    bed = Bed()
    bed.apply("a1", minute(1), A)
    assert bed.find(A) == {A: AppliedBy("a1", "user of a1", minute(1), "c0ffeea1")}
    assert bed.backend.reads == []


def test_an_apply_of_long_ago_is_found_in_few_reads() -> None:
    bed = Bed()
    bed.apply("a1", minute(1), B)
    for number in range(2, 200):
        bed.apply(f"b{number}", minute(number), *([A, B] if number == 60 else [B] if number == 90 else []))
    found = bed.find(A, B)
    assert (found[A].id, found[B].id) == ("b60", "b90")
    assert len(bed.backend.reads) <= 16
    assert len(set(bed.backend.reads)) == len(bed.backend.reads)


def test_what_was_only_recorded_is_found_by_its_time() -> None:
    """An object that already was as the file says is adopted without a change."""
    bed = Bed()
    bed.apply("a1", minute(1), A, told=False)
    bed.apply("a2", minute(2), B)
    assert bed.find(A)[A].id == "a1"


def test_of_two_applies_in_one_second_the_right_one_is_named() -> None:
    bed = Bed()
    bed.apply("a1", minute(1), A)
    bed.apply("a2", minute(1), B)
    found = bed.find(A, B)
    assert (found[A].id, found[B].id) == ("a1", "a2")


def test_an_apply_that_was_cut_off_is_one_too() -> None:
    bed = Bed()
    bed.apply("a1", minute(1), A)
    after = {"frequency": "weekly"}
    intent = Intent(A, Action.UPDATE, {}, after, to_record=Recorded(A, after, minute(2)))
    place = bed.place()
    journal = Journal.begin(place.backend, bed.origin("a2", minute(2)), [intent], place.store.latest())
    journal.settled(A, Outcome.DONE)
    journal.flush()
    journal.leave()
    assert bed.find(A)[A].id == "a2"


def test_a_history_that_is_gone_or_damaged_tells_nothing() -> None:
    bed = Bed()
    for number in range(1, 5):
        bed.apply(f"a{number}", minute(number), *([A] if number == 2 else [B]))
    bed.backend.delete("state/00000002.json")  # type: ignore[operator]
    assert bed.find(A) == {}
    assert bed.find(A, B)[B].id == "a4"


@pytest.mark.parametrize("limit", ["reads", "seconds"])
def test_it_stops_when_it_costs_too_much(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bed = Bed()
    for number in range(1, 40):
        bed.apply(f"a{number}", minute(number), *([A] if number == 3 else [B]))
    place = bed.place()
    if limit == "reads":
        monkeypatch.setattr(last_apply, "MOST_READ", 2)
    else:
        ticks = iter(range(0, 1000, 4))
        place = replace(place, clock=lambda: float(next(ticks)))
    assert bed.find(A, B, place=place) == {}
    assert len(bed.backend.reads) <= 2
    assert bed.find(B)[B].id == "a39"
