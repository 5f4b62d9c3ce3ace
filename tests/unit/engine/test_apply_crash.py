"""Apply killed at every call to the state and every write to a platform: nothing is lost, nothing is done twice.

The points are found by an apply that lives: what it does is counted, and then others die just there.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from engine.model import Bed, Truth, check_states, is_true, name_of, noting_at_once, remains
from engine.mortal import Life
from engine.world import NONE, daily, flags_of, recipe, reset_of
from reconcile.core.address import Address
from reconcile.core.kind import Action
from reconcile.engine.apply import Outcome
from reconcile.engine.events import LockTaken
from reconcile.engine.planning import Planned
from reconcile.state.lock import read_lock
from reconcile.state.unfinished import NAMED

OLD, NEW, THEIRS = daily("01:00"), daily("02:00"), daily("03:00")
ON, OFF = {"activated": True, "archived": False}, {"activated": False, "archived": False}

# What is to be done, by sort of call. Each once: `Truth` complains of a PUT or a DELETE that changes nothing.
PUTS, DELETES = ("Change", "Guarded", "Drifted", "New"), ("Gone", "Off")
FLAGS, RESETS = ("set", "new"), ("again", "fresh")
RECORDED = ("Keep", "Guarded", "Change", "Drifted", "Gone", "Off", "Vanished", "Lifted")
PROTECTED = ("Keep", "Guarded")

# Of the steps of an apply that makes up for another one, one in so many is died at, another one for each point.
STRIDE = 29

Point = tuple[str, str, int]


def flag(name: str) -> Address:
    return flags_of(f"table-to-table:{name}")


def scene(width: int = 1) -> Bed:
    """Return a bed with every kind of change to be made: create, update, delete, forget, assert, run, and records."""
    truth = Truth({**dict.fromkeys(RECORDED, OLD), "New": NONE, "Adopted": NEW})
    bed = Bed(truth, width=width)
    for name in RECORDED:
        bed.file(recipe(name), OLD, protect=name in (*PROTECTED, "Lifted") or None)
    for name in ("kept", "set", "dropped"):
        bed.file(flag(name), OFF)
    for name in ("done", "again"):
        bed.file(reset_of(name), {"once": "first"})
    applied = bed.apply()
    assert applied
    assert {result.outcome for result in applied.results} == {Outcome.DONE}
    truth.schedules |= {"Drifted": THEIRS, "Vanished": NONE}
    for name in ("Gone", "Vanished"):
        del bed.desired[recipe(name)]
    del bed.desired[flag("dropped")]
    for name in PUTS:
        bed.file(recipe(name), NEW)
    bed.file(recipe("Off"), NONE)
    bed.file(recipe("Adopted"), NEW)
    bed.file(recipe("Lifted"), OLD, protect=False)
    bed.file(flag("set"), ON)
    bed.file(flag("new"), ON)
    bed.file(reset_of("again"), {"once": "second"})
    bed.file(reset_of("fresh"), {"once": "first"})
    truth.effects.clear()
    return bed


@dataclass
class LifeUpTo(Life):
    """A life that ends at a point: the n-th time (from 1) that something is done, whatever goes on beside it."""

    point: Point | None = None
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    def ends_at(self, what: str, name: str) -> bool:
        step = what, plain(name)
        self.seen[step] += 1
        return (*step, self.seen[step]) == self.point

    @property
    def points(self) -> list[Point]:
        return [(*step, n) for step, count in self.seen.items() for n in range(1, count + 1)]


def plain(name: str) -> str:
    """Return what a key is, without what the order of things happens to make of its name."""
    return re.sub(r"^journal/\d+-[^/]+/(\d+-)?", "journal/*/", name)


@pytest.fixture(params=["at once", "at leisure"])
def pace(request: pytest.FixtureRequest) -> Iterator[str]:
    """Outcomes are noted in the journal at once, or (as they are) when a few have come together: too late to die."""
    with noting_at_once() if request.param == "at once" else nullcontext():
        yield request.param


def points(bed: Bed) -> list[Point]:
    """Return every point of an apply, which is made."""
    life = LifeUpTo()
    assert bed.apply(life)
    return life.points


def in_doubt(planned: Planned) -> set[Address]:
    """Return the objects of which nobody knows how they are, by the state and the journals."""
    basis = planned.basis
    found = {address for address, record in basis.recorded.items() if not record.certain}
    left = [{i.address for i in item.in_doubt} for item in basis.left if not item.is_recorded]
    known = {address for address, record in basis.state.recorded.items() if not record.certain}
    assert found <= known.union(*left)
    # What an earlier apply left in doubt a later one may have settled.
    assert not left or left[-1] <= found
    return found


def address_of(what: str, name: str) -> Address:
    match what:
        case "flags":
            return flag(name)
        case "reset":
            return reset_of(name)
        case _:
            return recipe(name)


def check_what_is_known(bed: Bed) -> set[Address]:
    """Check what anybody who looks now is told, and return what is in doubt."""
    states = check_states(bed.backend)
    planned = bed.plan()
    recorded, doubtful = planned.basis.recorded, in_doubt(planned)
    # Whoever records accounts for every journal that is there: open are those that began on the newest version.
    begins = [key for key in bed.backend.list("journal") if key.endswith("/begin.json")]
    has_begun = any(json.loads(bed.backend.read(key))["serial"] == states[-1].serial for key in begins)
    told = [d for d in planned.plan.diagnostics if d.code == "in-flight"]
    assert bool(told) == has_begun
    for item in (item for item in planned.basis.left if item.begin and not item.is_recorded):
        (detail,) = [d.detail for d in told if d.detail.startswith(f"Apply {item.id} ")]
        named = [str(intent.address) in detail for intent in item.in_doubt]
        assert sum(named) == min(len(named), NAMED), detail
    # What had its effect is either in doubt, or recorded as it is now.
    moved = {address_of(*effect) for effect in bed.truth.effects}
    for address in moved - doubtful:
        record = recorded.get(address)
        assert record is None or (record.certain and is_true(record, bed.truth)), address
        assert record or address == recipe("Gone"), address
    # What counts as certain is true; but for what others have moved since.
    for address, record in recorded.items():
        if record.certain and not (name_of(address) in ("Drifted", "Vanished") and address not in moved):
            assert is_true(record, bed.truth), record
    gone = {recipe("Gone"), recipe("Vanished"), flag("dropped")} - doubtful
    for address in states[0].recorded.keys() - gone:
        assert address in recorded, f"{address} was forgotten"
    assert all(recorded[recipe(name)].protect for name in PROTECTED)
    return doubtful


def check_converges(bed: Bed, doubtful: set[Address], deaths: int = 1) -> None:
    """Apply, which must end with everything done, and nothing of it twice."""
    truth = bed.truth
    recorded = bed.plan().basis.recorded
    certain = {n for n in FLAGS if (r := recorded.get(flag(n))) and r.certain and r.values == ON}
    calls, was_locked = Counter(truth.calls), read_lock(bed.backend) is not None
    bed.events.clear()
    applied = bed.apply()
    assert applied
    assert applied.trouble is None
    assert not applied.plan.refusals
    assert {result.outcome for result in applied.results} <= {Outcome.DONE}
    assert was_locked == any(isinstance(event, LockTaken) for event in bed.events)
    for name in certain:
        assert truth.calls[name] == calls[name], f"{name} was known to be done"
    check_settled(bed, doubtful)
    for name in FLAGS:
        assert 1 <= truth.count("flags", name) <= 1 + deaths


def check_settled(bed: Bed, doubtful: set[Address]) -> None:
    """Check that everything is as the files say, and that nothing is left to be done or to be tidied up."""
    truth = bed.truth
    planned, state, calls = bed.plan(), bed.state(), Counter(truth.calls)
    assert (planned.plan.changes, planned.plan.records, planned.plan.refusals) == ((), (), ())
    assert remains(bed.backend) == []
    assert bed.apply()
    assert bed.state() == state
    assert truth.calls == calls
    check_states(bed.backend)
    assert [truth.count("PUT", name) for name in PUTS] == [1] * len(PUTS)
    assert [truth.count("DELETE", name) for name in DELETES] == [1] * len(DELETES)
    assert state.recorded.keys() == bed.desired.keys()
    unknown = {address for address, record in state.recorded.items() if not record.certain}
    assert unknown <= doubtful & {reset_of(name) for name in RESETS}
    for address in state.recorded.keys() - unknown:
        assert is_true(state.recorded[address], truth), address
    for name in RESETS:
        assert truth.count("reset", name) == 1 or (reset_of(name) in unknown and not truth.count("reset", name))
    told = {d.address for d in planned.plan.diagnostics if d.code == "outcome-unknown"}
    assert told == {str(address) for address in unknown}
    protected = {name_of(address) for address, record in state.recorded.items() if record.protect}
    assert protected == set(PROTECTED)


def test_there_is_every_kind_of_change_and_a_point_at_every_step(pace: str) -> None:
    bed = scene()
    plan = bed.plan().plan
    actions = {change.action for change in plan.changes}
    assert actions == {Action.CREATE, Action.UPDATE, Action.DELETE, Action.FORGET, Action.ASSERT, Action.RUN}
    assert {name_of(found.address) for found in plan.records} == {"Adopted", "Lifted"}
    kinds = Counter((what, name) for what, name, _ in points(bed))
    assert sum(count for (what, _), count in kinds.items() if what == "send") == 10
    assert kinds["create", "journal/*/begin.json"] == 1
    assert kinds["create", "journal/*/sent.json"] == 2
    assert kinds["create", "state/00000002.json"] == 1
    assert kinds["create", "journal/*/settled.json"] >= (5 if pace == "at once" else 0)
    assert kinds["delete", "journal/*/begin.json"] == kinds["delete", "lock.json"] == 1
    assert kinds.total() >= (40 if pace == "at once" else 25)
    check_settled(bed, set())


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_anywhere_and_applied_again_everything_is_done_once(pace: str, width: int, *, before: bool) -> None:
    known = points(scene(width))
    died = 0
    for point in known:
        bed = scene(width)
        life = LifeUpTo(before=before, point=point)
        bed.apply(life)
        died += life.is_over
        check_converges(bed, check_what_is_known(bed))
    # Outcomes that come together are noted together: how often that happens is chance.
    assert died > len(known) - 12


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_once_more_while_it_makes_up_for_it(pace: str, *, before: bool) -> None:
    """After each write of an apply that ends there, the one that makes up for it is killed at some of its steps."""
    known = [point for point in points(scene()) if point[0] not in ("read", "list")]
    deaths = 0
    for number, point in enumerate(known):
        for second in range(number % STRIDE, 200, STRIDE):
            bed = scene()
            bed.apply(LifeUpTo(point=point))
            doubtful = check_what_is_known(bed)
            life = Life(second, before)
            bed.apply(life)
            if not life.is_over:
                break  # as in the test above
            deaths += 1
            check_converges(bed, doubtful | check_what_is_known(bed), deaths=2)
    assert deaths >= len(known)


@pytest.mark.parametrize("step", range(3))
def test_killed_again_and_again_at_the_same_write_it_converges_once_it_lives(pace: str, step: int) -> None:
    """Journals pile up; each is accounted for, and none brings back what is over."""
    writes = ("create", "journal/*/begin.json", 1), ("send", "PUT Change", 1), ("create", "state/00000002.json", 1)
    bed, doubtful = scene(), set[Address]()
    for _ in range(4):
        bed.apply(LifeUpTo(before=False, point=writes[step]))
        doubtful |= check_what_is_known(bed)
    check_converges(bed, doubtful, deaths=4)


def test_what_the_journal_says_was_done_is_not_in_doubt(pace: str) -> None:
    """An apply that dies when everything is noted, and before the state is written, leaves no doubt at all."""
    bed = scene()
    bed.apply(LifeUpTo(before=True, point=("create", "state/00000002.json", 1)))
    doubtful = check_what_is_known(bed)
    assert (doubtful == set()) == (pace == "at once")
    check_converges(bed, doubtful)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_an_entry_that_leaves_after_a_crash_takes_its_schedule_with_it(pace: str, *, before: bool) -> None:
    """Whether the call had its effect or not, what is there is ours: what we sent, or what we had there before."""
    bed = scene()
    bed.apply(LifeUpTo(before=before, point=("send", "PUT Change", 1)))
    del bed.desired[recipe("Change")]
    assert bed.apply(allow_deletes=9)
    assert bed.truth.schedules["Change"] == NONE
    assert bed.truth.count("DELETE", "Change") == 1
    assert recipe("Change") not in bed.state().recorded


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_an_entry_that_leaves_after_a_crash_leaves_what_somebody_else_set(pace: str, *, before: bool) -> None:
    bed = scene()
    bed.apply(LifeUpTo(before=before, point=("send", "PUT Change", 1)))
    bed.truth.by_hand("Change", THEIRS)
    del bed.desired[recipe("Change")]
    assert bed.apply(allow_deletes=9)
    assert bed.truth.schedules["Change"] == THEIRS
    assert recipe("Change") not in bed.state().recorded


def test_what_was_not_kept_is_in_doubt_after_a_crash(pace: str) -> None:
    """Somebody changes it between our call and our look: the journal must not say that it is as we asked for."""
    bed = scene()
    bed.truth.meanwhile = {bed.truth.reads + 3: ("Change", THEIRS)}  # read to plan, again to write, and back
    bed.apply(LifeUpTo(before=True, point=("create", "state/00000002.json", 1)))
    assert bed.truth.count("PUT", "Change") == 1
    assert bed.truth.schedules["Change"] == THEIRS
    assert not bed.basis().recorded[recipe("Change")].certain
