"""Laws of taking back: what an apply did is undone to the last field, and nothing that was done since."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace

from hypothesis import assume, event, given
from hypothesis import strategies as st
from test_convert import law, scheduled
from test_plan import KINDS, STAMP, World, worlds

from reconcile.core.address import Address
from reconcile.core.change import Change, LeftOut, Unchanged
from reconcile.core.kind import Action
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Recorded, Values
from reconcile.core.undo import Past, TakenBack, Undoing, take_back


def applied(world: World) -> list[Past]:
    """Apply the world's plan, and return what that did."""
    plan, before = world.plan(), dict(world.recorded)
    world.apply(plan)
    after = world.recorded
    pasts = [
        Past(
            c.address,
            c.action,
            c.before,
            c.after,
            c.hidden,
            before.get(c.address),
            after.get(c.address),
            record_only=not c.requests,
        )
        for c in plan.changes
    ]
    changed = {c.address for c in plan.changes}
    for address in sorted({*before, *after} - changed):
        if before.get(address) != after.get(address):
            was, became = before.get(address), after.get(address)
            pasts.append(Past(address, Action.UNCHANGED, was=was, became=became, record_only=True))
    return pasts


def verdicts(world: World, pasts: Iterable[Past]) -> list[TakenBack]:
    """Return what takes the pasts back now."""
    found = list(pasts)
    looked = replace(world, recorded={p.address: Recorded(p.address, {}, "") for p in found}, desired={})
    live = looked.live()
    return [
        take_back(
            Undoing(
                past,
                KINDS[past.address.connection, past.address.kind],
                None if past.record_only else live[past.address],
                world.recorded.get(past.address),
                "takes back apply a1",
            )
        )
        for past in found
    ]


def undone(world: World, found: Iterable[TakenBack]) -> Plan:
    """Apply what takes back."""
    every = list(found)
    changes = tuple(each for each in every if isinstance(each, Change))
    unchanged = tuple(each for each in every if isinstance(each, Unchanged))
    plan = Plan("u", STAMP.at, "default", STAMP.base, changes, unchanged, (), (), undoes="a1")
    world.apply(plan)
    return plan


def seen(world: World, address: Address) -> tuple[Values, frozenset[str]]:
    """Return what the org shows of an object."""
    return world.quirks.show(world.holds[address])


@law
@given(worlds())
def test_an_undo_brings_back_live_and_record(world: World) -> None:
    """Every object that can be taken back is to the last field what it was, and so is what is recorded of it."""
    before = deepcopy(world)
    found = verdicts(world, applied(world))
    undone(world, found)
    left = {each.address for each in found if isinstance(each, LeftOut)}
    event(f"left out: {len(left)}")
    for address in world.holds.keys() - left:
        assert seen(world, address) == seen(before, address)
        assert world.recorded.get(address) == before.recorded.get(address)
    for each in found:
        if isinstance(each, LeftOut):
            assert each.diagnostic.code == "irreversible", "nobody changed anything since"


@law
@given(worlds())
def test_what_is_left_out_was_labelled_in_the_plan(world: World) -> None:
    """Whoever reads the plan before knows what will not come back."""
    labelled = {change.address for change in world.plan().changes if change.irreversible}
    left = {each.address for each in verdicts(world, applied(world)) if isinstance(each, LeftOut)}
    assert left == labelled


@law
@given(worlds())
def test_an_undo_undone_is_the_apply_again(world: World) -> None:
    """Taking back what took back: live and record are as the apply left them."""
    pasts = applied(world)
    after, left = deepcopy(world), set[Address]()
    found = verdicts(world, pasts)
    left |= {each.address for each in found if isinstance(each, LeftOut)}
    before = dict(world.recorded)
    plan = undone(world, found)
    again = [
        Past(c.address, c.action, c.before, c.after, c.hidden, before.get(c.address), world.recorded.get(c.address))
        for c in plan.changes
        if c.requests
    ]
    redone = verdicts(world, again)
    left |= {each.address for each in redone if isinstance(each, LeftOut)}
    undone(world, redone)
    for past in again:
        if past.address not in left:
            assert seen(world, past.address) == seen(after, past.address)
            assert world.recorded.get(past.address) == after.recorded.get(past.address)


@law
@given(worlds(), st.data())
def test_what_somebody_changed_since_is_not_touched(world: World, data: st.DataObject) -> None:
    """One object is changed by hand: it stays so, and all the others are taken back."""
    before = deepcopy(world)
    pasts = applied(world)
    assume(any(not past.record_only for past in pasts))
    mine = data.draw(st.sampled_from([past for past in pasts if not past.record_only]))
    by_hand = data.draw(scheduled)
    world.holds[mine.address] = by_hand
    after = deepcopy(world)
    found = verdicts(world, pasts)
    plan = undone(world, found)
    if mine.address not in {change.address for change in plan.changes}:
        assert seen(world, mine.address) == seen(after, mine.address)
    else:
        # By hand it was made what the apply had made of it, as far as that was asked for.
        kind = KINDS[mine.address.connection, mine.address.kind].kind
        values, hidden = seen(after, mine.address)
        now = kind.align(values, mine.after)
        assert all(now.get(name) == value for name, value in mine.after.items() if name not in hidden)
    left = {each.address for each in found if isinstance(each, LeftOut)}
    for address in world.holds.keys() - left - {mine.address}:
        assert seen(world, address) == seen(before, address)


@law
@given(worlds())
def test_taking_back_twice_is_taking_back_once(world: World) -> None:
    """After an undo there is nothing left of it to do."""
    pasts = applied(world)
    undone(world, verdicts(world, pasts))
    again = verdicts(world, pasts)
    assert not [each for each in again if isinstance(each, Change)]
    assert not [each for each in again if isinstance(each, Unchanged) and each.to_record]
