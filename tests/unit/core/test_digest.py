"""The digest of a plan: what it does and where to, and nothing that differs from machine to machine or day to day."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

import pytest

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.digest import _LEFT_OUT, plan_digest, texts_digest
from reconcile.core.drift import Why
from reconcile.core.hold import Hold
from reconcile.core.kind import Action
from reconcile.core.plan import Base, Plan
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded
from reconcile.core.source import Span

HERE, THERE = Address("sales", "schedule", "recipe:A"), Address("tailer", "configuration", "t:x")
ACCOUNTS = {"sales": Account("https://acme.example", "00D1"), "tailer": Account("https://tailer.example", "000099")}
RECORD = Recorded(HERE, {"time": "02:00", "days": ("Monday",)}, "2026-11-22T14:00:00Z", "05v1", True, "sales.yaml")
CHANGE = Change(
    HERE,
    Action.UPDATE,
    Why.FILE,
    {"time": "01:00"},
    {"time": "02:00"},
    (FieldChange("time", "01:00", "02:00"),),
    (Request("PUT", "/x", {"time": {"hour": 2}}),),
    Span("sales.yaml", 3, 5),
    1,
    "05v1",
    RECORD,
    "2026-11-01T00:00:00Z",
)
PLAN = Plan(
    "p1",
    "2026-11-22T14:00:00Z",
    "prod",
    Base("l", 1),
    (CHANGE,),
    (Unchanged(HERE, Span("sales.yaml", 9, 5), RECORD),),
    (),
    (),
)


def digest(plan: Plan = PLAN, accounts: dict[str, Account] = ACCOUNTS) -> str:
    return plan_digest(plan, accounts)


def changed(**values: Any) -> Plan:
    return replace(PLAN, changes=(replace(CHANGE, **values),))


def adopting(**values: Any) -> Plan:
    return replace(PLAN, unchanged=(replace(PLAN.unchanged[0], to_record=replace(RECORD, **values)),))


def test_it_is_sixty_four_hexadecimal_digits() -> None:
    assert re.fullmatch("[0-9a-f]{64}", digest())


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, id="p2", created_at="2027-01-01T00:00:00Z", base=Base("m", 7)),
        replace(PLAN, diagnostics=(Diagnostic("x", "y"),), refusals=(Diagnostic("x", "y"),), failed=(THERE,)),
        replace(PLAN, digest="0" * 64),
        changed(why=Why.NEW, source=Span("other.yaml", 40, 5), last_applied_at=None, note="said so", is_ours=True),
        changed(hold=Hold("audit", "2027-01-01T00:00:00Z"), irreversible="nobody knows what was there"),
        changed(before={"time": "01:00"}, after=dict(reversed([("time", "02:00")]))),
        adopting(applied_at="2027-01-01T00:00:00Z", file="other.yaml", held_since="2026-01-01T00:00:00Z"),
        replace(PLAN, unchanged=(*PLAN.unchanged, Unchanged(THERE, Span("t.yaml", 1, 1)))),
    ],
)
def test_what_does_nothing_has_no_part_in_it(other: Plan) -> None:
    assert digest(other) == digest()


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, environment="dev"),
        replace(PLAN, changes=()),
        replace(PLAN, unchanged=()),
        changed(address=THERE),
        changed(action=Action.CREATE),
        changed(before={"time": "03:00"}),
        changed(after={"time": "02:30"}),
        changed(fields=()),
        changed(requests=(Request("PUT", "/y", {"time": {"hour": 2}}),)),
        changed(requests=(Request("PUT", "/x", {"time": {"hour": True}}),)),
        changed(requests=(Request("PUT", "/x", {"time": {"hour": 2}}, repeatable=False),)),
        changed(id="05v2"),
        changed(stage=2),
        changed(is_protected=True),
        changed(to_record=None),
        changed(to_record=replace(RECORD, protect=False)),
        adopting(values={"time": "02:00", "days": ("Tuesday",)}),
        adopting(id="05v2"),
        adopting(certain=False),
    ],
)
def test_what_is_done_has(other: Plan) -> None:
    assert digest(other) != digest()


def test_it_is_about_the_accounts_that_are_touched() -> None:
    elsewhere = {**ACCOUNTS, "sales": Account("https://acme.example", "00D2")}
    assert digest(accounts=elsewhere) != digest()
    assert digest(accounts={**ACCOUNTS, "tailer": Account("https://other.example", "1")}) == digest()


def test_one_and_true_are_two_things() -> None:
    assert digest(changed(after={"n": 1})) != digest(changed(after={"n": True}))


def test_what_is_left_out_exists() -> None:
    """A field that is renamed must not come into the digest by that."""
    for kind, names in _LEFT_OUT.items():
        assert names <= {field.name for field in fields(kind)}


def test_half_a_letter_breaks_nothing() -> None:
    """A platform may answer with text that no file can hold."""
    assert digest(changed(before={"time": "\ud800"})) != digest()


def test_files_say_the_same_in_any_order_and_with_any_ends_of_lines() -> None:
    one = {"a.yaml": ("x: 1", "y: 2"), "b.yaml": ("z: 3",)}
    assert texts_digest(one) == texts_digest(dict(reversed(one.items())))
    assert texts_digest(one) == texts_digest({"a.yaml": ["x: 1", "y: 2"], "b.yaml": ["z: 3"]})
    for other in ({"a.yaml": ("x: 1",)}, {**one, "b.yaml": ("z: 4",)}, {"a.yaml": one["a.yaml"], "c.yaml": ("z: 3",)}):
        assert texts_digest(other) != texts_digest(one)
