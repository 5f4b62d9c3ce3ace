"""The documents that programs parse: their keys, and that the same input gives the same bytes."""

import json
from dataclasses import replace
from typing import Any, cast

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.snapshot import Values
from reconcile.core.source import Span
from reconcile.render.json import document_text, drift_document, error_document, plan_document

from .plans import NONE, NOW, THEN, Scene, daily


def scene() -> Scene:
    return (
        Scene("prod")
        .schedule("A", file=daily("05:00"), live=daily("03:00"), ours=daily("01:00"), line=31)
        .schedule("B", file=daily("01:00"), live=daily("01:00"))
        .schedule("C", live=daily("01:00"), ours=daily("01:00"))
        .warn("look out")
    )


def parsed(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document_text(document))
    return found


def test_the_plan_of_the_contract() -> None:
    """Contract, section 6: every key (``effect`` comes with the calendar)."""
    document = parsed(plan_document(scene().plan()))
    assert set(document) >= {
        "format",
        "id",
        "created_at",
        "environment",
        "base",
        "summary",
        "changes",
        "drift",
        "diagnostics",
    }
    assert (document["format"], document["id"], document["created_at"]) == ("reconcile.plan/1", "p1", NOW)
    assert (document["environment"], document["base"]) == ("prod", {"lineage": "lineage", "serial": 12})
    assert document["summary"] == {
        "create": 0,
        "update": 1,
        "delete": 1,
        "run": 0,
        "assert": 0,
        "forget": 0,
        "unchanged": 1,
    }


def test_a_change_of_the_contract() -> None:
    """Address, action, before, after, fields, why, source, requests, as in the example."""
    change = parsed(plan_document(scene().plan()))["changes"][0]
    assert change == {
        "address": "sales/schedule/recipe:A",
        "action": "update",
        "before": {"frequency": "daily", "time": "03:00", "timezone": "UTC"},
        "after": {"frequency": "daily", "time": "05:00", "timezone": "UTC"},
        "fields": [{"path": "time", "before": "03:00", "after": "05:00"}],
        "why": "both",
        "source": {"file": "sales.yaml", "line": 31, "column": 5},
        "requests": [
            {
                "method": "PUT",
                "path": "/services/data/v60.0/wave/asset/05v1/schedule",
                "body": {"frequency": "daily", "time": {"hour": 5, "minute": 0, "timeZone": "UTC"}},
            }
        ],
        "effect": None,
        "last_applied_at": THEN,
        "note": None,
        "hold": None,
        "irreversible": None,
    }


def test_a_delete_has_no_place_and_no_body() -> None:
    """What is in no file has no source; a DELETE has no body."""
    change = parsed(plan_document(scene().plan()))["changes"][1]
    assert (change["action"], change["source"], change["after"]) == ("delete", None, {})
    assert change["requests"][0]["body"] is None


def test_unchanged_objects_only_on_request() -> None:
    """Counted always, listed with --all."""
    plan = scene().plan()
    assert "unchanged" not in plan_document(plan)
    (item,) = plan_document(plan, everything=True)["unchanged"]
    assert (item["address"], item["action"], item["to_be_recorded"]) == ("sales/schedule/recipe:B", "unchanged", True)


def test_drift_of_the_contract() -> None:
    """Contract, section 8, with the same items as the plan."""
    plan = scene().plan()
    document = parsed(drift_document(plan.drift, 2, plan.diagnostics))
    assert (document["format"], document["pending"]) == ("reconcile.drift/1", 2)
    assert set(document) >= {"format", "drift", "pending", "diagnostics"}
    assert document["unread"] == []
    (item,) = document["drift"]
    assert {key: item[key] for key in ("address", "why", "fields", "source")} == {
        "address": "sales/schedule/recipe:A",
        "why": "both",
        "fields": [{"path": "time", "before": "01:00", "after": "03:00"}],
        "source": {"file": "sales.yaml", "line": 31, "column": 5},
    }
    assert parsed(plan_document(plan))["drift"] == document["drift"]


def test_drift_names_what_could_not_be_read() -> None:
    """An empty drift says nothing about what nobody could look at."""
    plan = scene().plan()
    assert drift_document((), 0, (), [plan.changes[0].address])["unread"] == ["sales/schedule/recipe:A"]


def test_refusals_come_with_the_diagnostics() -> None:
    """A refused plan says so, and why, before everything else there is to say."""
    told = Diagnostic("guard-deletes", "Too many deletes", "4 of 10", "--allow-deletes 4", Span("a.yaml", 1, 1))
    document = parsed(plan_document(replace(scene().plan(), refusals=(told,))))
    assert document["refused"] is True
    assert [d["code"] for d in document["diagnostics"]] == ["guard-deletes", "w"]


def test_lists_are_lists() -> None:
    """Days are JSON arrays, also in requests."""
    monthly: Values = {"frequency": "monthly", "days_of_month": (1, 15), "time": "00:00", "timezone": "UTC"}
    change = parsed(plan_document(Scene().schedule("A", file=monthly, live=NONE).plan()))["changes"][0]
    assert change["after"]["days_of_month"] == [1, 15]
    assert change["requests"][0]["body"]["daysOfMonth"] == [1, 15]


def test_the_same_input_gives_the_same_bytes() -> None:
    """Two plans of the same objects, put together in another order."""
    other = scene()
    for view in (other.desired, other.live, other.recorded):
        mapping: dict[Any, Any] = cast("dict[Any, Any]", view)
        items = list(mapping.items())
        mapping.clear()
        mapping.update(reversed(items))
    assert document_text(plan_document(scene().plan())) == document_text(plan_document(other.plan()))


def test_an_error_is_one_document() -> None:
    """Never an empty result: a format of its own, with the reason; text ends with a line break."""
    document = error_document([Diagnostic("x", "No", "because", "do this")])
    assert set(document) == {"format", "diagnostics"}
    assert parsed(document)["diagnostics"][0]["hint"] == "do this"
    assert document_text(document).endswith("}\n")


def test_letters_stay_letters() -> None:
    """Names of any script are readable in the raw text; odd characters survive the way there and back."""
    name = 'Übersicht "日本"\n\x1b'
    document = plan_document(Scene().schedule(name, file=daily("01:00"), live=NONE).plan())
    assert "Übersicht" in document_text(document)
    assert parsed(document)["changes"][0]["address"] == f"sales/schedule/recipe:{name}"
