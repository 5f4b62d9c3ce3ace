"""Saved plans as bytes: read as they were written, and not at all when anything was changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Drift, Why
from reconcile.core.errors import ReconcileError, Refused
from reconcile.core.kind import Action
from reconcile.core.plan import Base, Plan
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded
from reconcile.core.source import Span
from reconcile.state.plan_file import SavedPlan, from_bytes, to_bytes
from reconcile.state.private_file import check_room, read_private, write_private

NOW = "2026-11-22T14:00:00Z"
A, B = Address("sales", "schedule", "recipe:A"), Address("sales", "schedule", "recipe:Übersicht")
SPAN = Span("sales.yaml", 3, 5, 11)
CHANGE = Change(
    A,
    Action.UPDATE,
    Why.BOTH,
    {"days": ("Monday", "Friday"), "hour": 1, "off": False},
    {"days": (), "hour": None},
    (FieldChange("days", ("Monday", "Friday"), ()),),
    (Request("PUT", "/x", {"days": [], "deep": {"a": [1, 2.5]}}, repeatable=False), Request("DELETE", "/y")),
    SPAN,
    to_record=Recorded(A, {"days": ()}, NOW, "05v1", True, "sales.yaml", False, {"days": ("Monday",)}),
)
PLAN = Plan(
    "p1",
    NOW,
    "prod",
    Base("lineage", 12),
    (CHANGE,),
    (Unchanged(B, SPAN, Recorded(B, {}, NOW)),),
    (Drift(A, Why.DRIFT, (FieldChange("hour", 1, 2),), None, NOW),),
    (Diagnostic("w", "Careful", "look out", severity=Severity.WARNING),),
    (Diagnostic("guard-deletes", "Too many", "4 of 5", "do not", SPAN, str(A)),),
    (B,),
    "d" * 64,
)
SAVED = SavedPlan(PLAN, {"sales": Account("https://acme.example", "00D1")}, "/ws", "f" * 64, "/ws/.reconcile", ("a7",))
SHOWN: dict[str, Any] = {"format": "reconcile.plan/1", "id": "p1", "changes": [{"address": str(A)}]}


def data(saved: SavedPlan = SAVED) -> bytes:
    return to_bytes(saved, SHOWN, str)


def refused(file: bytes) -> Diagnostic:
    with pytest.raises(Refused) as caught:
        from_bytes(file, "plan.json")
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def edited(change: Any) -> bytes:
    document = json.loads(data())
    change(document)
    return json.dumps(document).encode()


def test_what_is_written_is_read_back() -> None:
    assert from_bytes(data(), "plan.json") == SAVED
    assert from_bytes(data(replace(SAVED, undoes="a3", settled=("sales",))), "p").undoes == "a3"


def test_it_is_the_printed_plan_and_more() -> None:
    document = json.loads(data())
    assert {key: document[key] for key in SHOWN} == SHOWN
    assert set(document) == {*SHOWN, "checksum", "saved"}


def test_the_order_of_what_is_sent_is_kept() -> None:
    """A body is sent as it was planned, to the byte."""
    (change,) = from_bytes(data(), "p").plan.changes
    assert json.dumps(change.requests[0].body) == json.dumps(CHANGE.requests[0].body)
    assert [*change.before] == [*CHANGE.before]


def test_layout_is_no_edit() -> None:
    """Line ends, and what a formatter does: nothing is said otherwise by it."""
    assert from_bytes(data().replace(b"\n", b"\r\n"), "p") == SAVED
    assert from_bytes(json.dumps(json.loads(data()), indent=4).encode(), "p") == SAVED


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["saved"]["plan"]["changes"][0]["after"].update(hour=3),
        lambda d: d["saved"]["plan"]["changes"][0].update(is_protected=True),
        lambda d: d["saved"]["plan"]["changes"].clear(),
        lambda d: d["saved"]["plan"]["refusals"].clear(),
        lambda d: d["saved"].update(folder="/other"),
        lambda d: d["saved"]["plan"].pop("base"),
        lambda d: d["changes"][0].update(address="sales/schedule/recipe:B"),
        lambda d: d.update(id="p2"),
        lambda d: d.pop("id"),
        lambda d: d.update(more=1),
        lambda d: d.update(checksum="0" * 64),
    ],
)
def test_every_edit_is_seen(change: Any) -> None:
    """In what is applied, and in what people review."""
    assert refused(edited(change)).code == "plan-edited"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_cut_file_is_damaged(share: float) -> None:
    whole = data()
    told = refused(whole[: int(len(whole) * share)])
    assert (told.code, told.detail.partition(" ")[0]) == ("plan-damaged", "plan.json")
    assert "plan --out" in told.hint


@pytest.mark.parametrize(
    "file",
    [b"[]", b"{}", b'{"format": "reconcile.state/2"}', b"\xff\xfe", b'{"format": "reconcile.plan/x"}', b"[" * 9999],
)
def test_something_else_is_no_plan(file: bytes) -> None:
    assert refused(file).code == "plan-damaged"


def test_what_is_in_a_damaged_file_is_not_repeated() -> None:
    assert "hunter2" not in str(refused(edited(lambda d: d.update(checksum=["hunter2"]))))


def test_a_newer_format_is_for_a_newer_program() -> None:
    told = refused(edited(lambda d: d.update(format="reconcile.plan/2")))
    assert told.code == "plan-too-new"


def test_another_programs_fields_are_told_apart() -> None:
    """The checksum fits: it was saved so, by a program whose plans have another shape."""
    from reconcile.state.plan_file import _checksum

    document = json.loads(data())
    del document["checksum"]
    document["saved"]["plan"]["later"] = 1
    told = refused(json.dumps({**document, "checksum": _checksum(document)}).encode())
    assert told.code == "plan-damaged"
    assert "saved.plan.later is not known here" in told.detail


def test_a_printed_plan_is_no_saved_one() -> None:
    """The way out is in the message: it looks like one."""
    told = refused(json.dumps(SHOWN).encode())
    assert told.code == "plan-not-saved"
    assert "--out" in told.hint


def test_secrets_in_what_is_told_are_starred_out() -> None:
    plan = replace(PLAN, diagnostics=(Diagnostic("x", "hunter2", "hunter2", "hunter2"),))
    file = to_bytes(replace(SAVED, plan=plan), {**SHOWN, "diagnostics": ["hunter2"]}, hide)
    assert b"hunter2" not in file
    assert from_bytes(file, "p").plan.diagnostics[0].detail == "***"


@pytest.mark.parametrize(
    "change",
    [
        {"before": {"rule": "say hunter2"}},
        {"requests": (Request("PUT", "/x", {"deep": ["hunter2"]}),)},
        {"id": "hunter2"},
    ],
)
def test_a_secret_in_what_is_done_is_not_written_down(change: Any) -> None:
    """Without it it would be another plan; with it it would be a leak."""
    plan = replace(PLAN, changes=(replace(CHANGE, **change),))
    with pytest.raises(Refused) as caught:
        to_bytes(replace(SAVED, plan=plan), SHOWN, hide)
    assert caught.value.diagnostics[0].code == "plan-holds-secret"
    assert "hunter2" not in str(caught.value)


def test_half_a_letter_can_be_written() -> None:
    """A platform may answer with text that no file can hold; then it is another value, and so refused as moved."""
    plan = replace(PLAN, changes=(replace(CHANGE, before={"rule": "\ud800"}),))
    (change,) = from_bytes(data(replace(SAVED, plan=plan)), "p").plan.changes
    assert change.before == {"rule": "?"}


# -- on disk -----------------------------------------------------------------------------------------------------------


def test_a_file_is_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    assert [*tmp_path.iterdir()] == [path]
    assert read_private(path) == b"new"


def test_where_no_file_can_be(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "no" / "plan.json", "no folder"), (tmp_path, "no ordinary file")):
        for call in (check_room, lambda path: write_private(path, b"x")):
            with pytest.raises(ReconcileError) as caught:
                call(path)
            assert caught.value.diagnostics[0].code == "plan-unwritable"
            assert words in caught.value.diagnostics[0].detail


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """The name is too long for any file system."""
    with pytest.raises(ReconcileError) as caught:
        write_private(tmp_path / ("x" * 300), b"x")
    assert caught.value.diagnostics[0].code == "plan-unwritable"
    assert [*tmp_path.iterdir()] == []


def test_what_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ReconcileError) as caught:
            read_private(path)
        assert caught.value.diagnostics[0].code == "plan-unreadable"


def hide(text: str) -> str:
    return text.replace("hunter2", "***")
