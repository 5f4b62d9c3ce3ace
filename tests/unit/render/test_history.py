"""History for people and for programs."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

from reconcile.core.address import Address
from reconcile.core.change import LeftOut, ThreeWay
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.diff import FieldChange
from reconcile.core.history import History, Silent, Told, ToldChange
from reconcile.core.kind import Action
from reconcile.render.history import apply_text, history_document, history_text
from reconcile.render.json import document_text, plan_document
from reconcile.render.markdown import plan_markdown
from reconcile.render.text import plan_text

from .plans import HOSTILE, Scene

A = Address("sales", "schedule", "recipe:A")
B = Address("sales", "schedule", "recipe:B")
UPDATED = ToldChange(
    A,
    Action.UPDATE,
    "done",
    {"time": "01:00"},
    {"time": "02:00"},
    (FieldChange("time", "01:00", "02:00"),),
    (("PUT", "/wave/asset/05v1/schedule"),),
)
FAILED = ToldChange(
    B, Action.DELETE, "failed", {"time": "01:00"}, {}, (FieldChange("time", "01:00", None),), error="no: it"
)
TOLD = Told(
    "3f2a9c1d0b7e",
    "2026-11-22T14:00:00Z",
    "ana",
    "runner-7",
    "reconcile apply --yes",
    "prod",
    "in part",
    12,
    "7a6b49f1c2d3e4f5",
    "https://ci.example.com/jobs/4711",
    (UPDATED, FAILED),
    2,
)


def lines(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_an_apply_in_a_list() -> None:
    """Who, when, from where, what became of it, how many of which sort."""
    assert history_text(History((TOLD,))) == lines(
        """
        3f2a9c1d0b7e  2026-11-22 14:00:00 UTC  in part
            1 updated, 1 failed
            by ana, from commit 7a6b49f1c2
            https://ci.example.com/jobs/4711
        """
    )


def test_an_undo_and_what_it_undid() -> None:
    undo = replace(TOLD, id="u1", undoes="a1", changes=(UPDATED,), total=1, job=None, commit=None, outcome="done")
    undone = replace(undo, id="a1", undoes=None, undone_by="u1")
    part = replace(undone, id="a0", undone_in_part=True)
    assert history_text(History((undo, undone, part))) == lines(
        """
        u1  2026-11-22 14:00:00 UTC  done
            1 updated
            by ana, takes back a1

        a1  2026-11-22 14:00:00 UTC  done  undone by u1
            1 updated
            by ana

        a0  2026-11-22 14:00:00 UTC  done  undone in part by u1
            1 updated
            by ana
        """
    )


def test_what_one_object_went_through() -> None:
    told = replace(TOLD, changes=(UPDATED,), commit=None, job=None)
    assert history_text(History((told,)), changes=True) == lines(
        """
        3f2a9c1d0b7e  2026-11-22 14:00:00 UTC  in part
            1 updated (of 2 changes)
            by ana
            ~ update  sales/schedule/recipe:A  done
                time: 01:00 -> 02:00
                PUT /wave/asset/05v1/schedule
        """
    )


def test_what_is_left_out_is_counted() -> None:
    history = History((), (Silent(3, "2026-11-22T14:00:00Z"),), 7)
    assert history_text(history) == lines(
        """
        Nothing among those that were looked at.

        Written by no apply (the lock changed hands): version 3 of the state.

        ... and 7 older versions of the state: --limit 0 shows all
        """
    )
    assert history_text(History()) == "Nothing was applied yet.\n"


def test_an_apply_alone() -> None:
    told = replace(TOLD, plan="p9", recorded=(B,), released=(A,))
    assert apply_text(told) == lines(
        """
        3f2a9c1d0b7e  2026-11-22 14:00:00 UTC  in part
          by        ana on runner-7
          command   reconcile apply --yes
          commit    7a6b49f1c2d3e4f5
          job       https://ci.example.com/jobs/4711
          version   12 of the state
          plan      p9
          changes   1 updated, 1 failed

        ~ update  sales/schedule/recipe:A  done
            time: 01:00 -> 02:00
            PUT /wave/asset/05v1/schedule

        - delete  sales/schedule/recipe:B  failed
            time: 01:00
            no: it

        Recorded as ours, nothing sent:
          sales/schedule/recipe:B

        Ours no more:
          sales/schedule/recipe:A
        """
    )


def test_an_apply_that_was_cut_off_says_what_comes_next() -> None:
    text = apply_text(replace(TOLD, outcome="cut off", serial=None))
    assert text.endswith("It is not recorded yet: the next `reconcile apply` looks what became of it.\n")
    assert "not recorded" not in apply_text(replace(TOLD, outcome="cut off"))


def test_nothing_that_a_terminal_would_obey_gets_through() -> None:
    for text in HOSTILE:
        told = replace(TOLD, by=text, host=text, command=text, job=text, commit=text)
        told = replace(told, changes=(replace(UPDATED, error=text, requests=((text, text),), hidden=(text,)),))
        for shown in (apply_text(told), history_text(History((told,)), changes=True)):
            assert "\x1b" not in shown
            assert "\u202e" not in shown


def test_the_document_of_the_contract() -> None:
    """Contract, section 8; more keys are fine."""
    note = Diagnostic("state-damaged", "The state is damaged", "x", severity=Severity.WARNING)
    document = history_document(History((TOLD,), (Silent(3, "t"),), 7, (note,)))
    assert (document["format"], document["older"], document["others"]) == (
        "reconcile.history/1",
        7,
        [{"serial": 3, "written_at": "t"}],
    )
    (told,) = document["applies"]
    assert set(told) >= {"id", "applied_at", "by", "commit", "environment", "outcome", "changes"}
    assert (told["id"], told["applied_at"], told["by"], told["environment"], told["outcome"]) == (
        "3f2a9c1d0b7e",
        "2026-11-22T14:00:00Z",
        "ana",
        "prod",
        "in part",
    )
    assert told["changes"][0] == {
        "address": "sales/schedule/recipe:A",
        "action": "update",
        "outcome": "done",
        "before": {"time": "01:00"},
        "after": {"time": "02:00"},
        "fields": [{"path": "time", "before": "01:00", "after": "02:00"}],
        "hidden": [],
        "requests": [{"method": "PUT", "path": "/wave/asset/05v1/schedule"}],
        "error": None,
    }
    assert [d["code"] for d in document["diagnostics"]] == ["state-damaged"]
    assert document_text(document)


def test_what_an_undo_leaves_is_in_every_rendering() -> None:
    told = Diagnostic("changed-since", "Changed since that apply", "it was changed", address=str(A))
    left = LeftOut(A, Action.UPDATE, "changed since, by apply b2", told, (ThreeWay("time", "02:00", "05:00", "01:00"),))
    plan = replace(Scene().plan(), undoes="a1", left_out=(left,))
    text = plan_text(plan)
    assert text.startswith(
        lines(
            """
            # update  sales/schedule/recipe:A
                      stays as it is: changed since, by apply b2
                time: 05:00 now; that apply made it 02:00, and it was 01:00 before
            """
        )
    )
    assert "1 left as it is" in text
    document = plan_document(plan)
    assert document["undoes"] == "a1"
    assert document["left_out"] == [
        {
            "address": "sales/schedule/recipe:A",
            "action": "update",
            "code": "changed-since",
            "reason": "changed since, by apply b2",
            "fields": [{"path": "time", "then": "02:00", "now": "05:00", "back": "01:00"}],
        }
    ]
    assert [d["code"] for d in document["diagnostics"]] == ["changed-since"]
    assert "that apply made it 02:00" in plan_markdown(plan)
    assert "left_out" not in plan_document(Scene().plan())
