"""Laws of saved plans: what is read is what was saved, and a digest is about what is done and nothing else."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from test_convert import law
from test_plan import KINDS, STAMP, World, worlds

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.diff import FieldChange
from reconcile.core.digest import plan_digest
from reconcile.core.drift import Drift, Why
from reconcile.core.kind import Action
from reconcile.core.plan import Base, Plan, Stamp, build_plan
from reconcile.core.request import Request
from reconcile.core.snapshot import Snapshots
from reconcile.core.source import Span
from reconcile.render.json import plan_document
from reconcile.state.plan_file import SavedPlan, from_bytes, to_bytes
from reconcile.state.shape import from_json, to_json

ACCOUNTS = {"sales": Account("https://acme.example", "00D1"), "tailer": Account("https://t.example", "000099 DEV")}


def through_a_file(saved: SavedPlan) -> SavedPlan:
    return from_bytes(to_bytes(saved, plan_document(saved.plan), str), "plan.json")


@law
@given(worlds())
def test_a_plan_that_was_saved_is_the_plan(world: World) -> None:
    """Everything that the planner makes comes back equal, and what is printed of it is the same."""
    plan = world.plan()
    plan = replace(plan, digest=plan_digest(plan, ACCOUNTS))
    saved = SavedPlan(plan, ACCOUNTS, "/ws", "f", "/ws/.reconcile", ("a7",), "a3", ("sales",))
    again = through_a_file(saved)
    assert again == saved
    assert plan_document(again.plan, everything=True) == plan_document(plan, everything=True)
    assert plan_digest(again.plan, again.accounts) == plan.digest


@law
@given(worlds(), st.randoms(use_true_random=False))
def test_the_digest_is_the_same_elsewhere_and_later(world: World, chance: random.Random) -> None:
    """Another machine, another moment, another line of the file, in any order: what is done is the same."""

    def mixed(mapping: Mapping[Address, Any]) -> dict[Address, Any]:
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    moved = {a: replace(d, source=Span(d.source.file, 99, 1)) for a, d in world.desired.items()}
    views = Snapshots(mixed(moved), mixed(world.live()), mixed(world.recorded))
    # Later, but not so much later that a hold has ended: then something else is to be done.
    stamp = Stamp("q", "2026-11-22T23:59:59Z", STAMP.environment, Base("m", 77))
    other = build_plan(views, KINDS, stamp, hold=world.hold)
    assert plan_digest(other, ACCOUNTS) == plan_digest(world.plan(), ACCOUNTS)


@law
@given(worlds(), worlds())
def test_plans_that_do_something_else_have_another_digest(one: World, other: World) -> None:
    """And only those."""
    first, second = one.plan(), other.plan()
    does_the_same = doing(first) == doing(second)
    assert (plan_digest(first, ACCOUNTS) == plan_digest(second, ACCOUNTS)) is does_the_same


def doing(plan: Plan) -> Any:
    """Return what a plan does, in another way than the digest has it."""
    changes = [done(change) for change in plan.changes]
    return json.dumps([to_json(changes), to_json([record(r) for r in plan.records])], sort_keys=True)


def done(c: Change) -> Any:
    # What a platform did not show before is noted down with a change, for its undo.
    noted = [c.hidden, record(c.to_record)]
    return [c.address, c.action, c.before, c.after, c.fields, c.requests, c.id, c.is_protected, *noted]


def record(found: Any) -> Any:
    return found and [found.address, found.values, found.id, found.protect, found.certain, found.before]


# Whatever a platform or a file may come up with, beyond what planners make today.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
scalars = texts | st.integers() | st.booleans() | st.none()
value = st.recursive(scalars, lambda v: st.lists(v, max_size=3).map(tuple), max_leaves=5)
values = st.dictionaries(texts, value, max_size=3)
body = st.dictionaries(
    texts,
    st.recursive(
        scalars | st.floats(allow_nan=False, allow_infinity=False),
        lambda v: st.lists(v, max_size=2) | st.dictionaries(texts, v, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
)
addresses = st.builds(Address, st.text("abc", min_size=1), st.text("xyz", min_size=1), texts.filter(bool))
spans = st.builds(Span, texts, st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
fields = st.lists(st.builds(FieldChange, texts, value, value), max_size=2).map(tuple)
requests = st.lists(st.builds(Request, texts, texts, st.none() | body, st.booleans()), max_size=2).map(tuple)
told = st.lists(
    st.builds(Diagnostic, texts, texts, texts, texts, st.none() | spans, st.none() | texts, st.sampled_from(Severity)),
    max_size=2,
).map(tuple)
changes = st.builds(
    Change, addresses, st.sampled_from(Action), st.sampled_from(Why), values, values, fields, requests,
    st.none() | spans, st.integers(), st.none() | texts,
)  # fmt: skip
drifts = st.builds(Drift, addresses, st.sampled_from(Why), fields, st.none() | spans, texts, st.booleans())
plans = st.builds(
    Plan, texts, texts, texts, st.builds(Base, texts, st.integers()), st.lists(changes, max_size=2).map(tuple),
    st.lists(st.builds(Unchanged, addresses, spans), max_size=2).map(tuple), st.lists(drifts, max_size=1).map(tuple),
    told, told, st.lists(addresses, max_size=1).map(tuple), texts,
)  # fmt: skip


@law
@given(plans)
def test_any_plan_comes_back(plan: Plan) -> None:
    """Odd letters, deep lists, numbers of every size."""
    saved = SavedPlan(plan, {}, "", "", "")
    assert through_a_file(saved) == saved
    assert json.dumps(to_json(from_json(Plan, to_json(plan)))) == json.dumps(to_json(plan))


@law
@given(plans, st.data())
def test_a_file_with_one_other_letter_is_another_plan_or_none(plan: Plan, data: st.DataObject) -> None:
    """Nothing that differs in what it says is ever taken for what was saved."""
    from reconcile.core.errors import Refused

    saved = SavedPlan(plan, {}, "", "", "")
    whole = to_bytes(saved, plan_document(plan), str)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255))
    try:
        found = from_bytes(whole[:at] + bytes([other]) + whole[at + 1 :], "plan.json")
    except Refused:
        return
    assert found == saved
