"""A calendar as programs parse it."""

from __future__ import annotations

import json

from reconcile.core.diagnostic import Diagnostic
from reconcile.render.calendar_json import calendar_document

from .agendas import everything


def test_the_document_says_what_the_list_says() -> None:
    told = [Diagnostic("list-failed", "A list failed")]
    document = json.loads(json.dumps(calendar_document(everything(), "prod", told, is_live=True)))
    assert list(document) == [
        "format", "environment", "source", "from", "until", "zone",
        "week", "schedules", "freezes", "unread", "diagnostics",
    ]  # fmt: skip
    assert document["format"] == "reconcile.calendar/1"
    assert (document["environment"], document["source"]) == ("prod", "live")
    assert (document["from"], document["until"]) == ("2026-03-07T05:20:00Z", "2026-03-09T23:00:00Z")
    week = document["week"]
    assert week["days"] == ["2026-03-07", "2026-03-08", "2026-03-09"]
    assert [sum(hours) for hours in week["counts"]] == [2, 4, 12]
    assert (week["total"], week["zone"], week["from"]) == (18, "Europe/Paris", "2026-03-07T05:20:00Z")
    assert document["freezes"] == [
        {"from": "2026-03-07T18:00:00Z", "until": "2026-03-09T06:00:00Z", "reason": "year end"}
    ]
    assert document["unread"] == ["sales/schedule/data_sync:Unread"]
    assert [each["code"] for each in document["diagnostics"]] == ["list-failed"]


def test_every_schedule_has_its_runs_or_the_reason_why_not() -> None:
    document = calendar_document(everything(), "default", [])
    assert document["source"] == "files"
    found = {each["address"].partition("recipe:")[2]: each for each in document["schedules"]}
    assert found["Nightly"] == {
        "address": "sales/schedule/recipe:Nightly",
        "declared": True,
        "frequency": "daily",
        "timing": "daily at 02:30, America/Los_Angeles",
        "count": 3,
        "runs": [
            {
                "at": "2026-03-07T10:30:00Z",
                "local": "2026-03-07T02:30:00",
                "certain": True,
                "reasons": [],
                "candidates": [],
            },
            {
                "at": "2026-03-08T09:30:00Z",
                "local": "2026-03-08T02:30:00",
                "certain": False,
                "reasons": ["gap"],
                "candidates": ["2026-03-08T09:30:00Z", "2026-03-08T10:30:00Z"],
            },
            {
                "at": "2026-03-09T09:30:00Z",
                "local": "2026-03-09T02:30:00",
                "certain": True,
                "reasons": [],
                "candidates": [],
            },
        ],
        "silence": None,
        "after": [],
        "assumptions": [],
        "usual_seconds": 300.0,
        "hold": None,
    }
    assert found["Behind"]["after"] == ["sales/schedule/recipe:Nightly"]
    assert found["Behind"]["runs"][0]["at"] == "2026-03-07T10:35:00Z"
    assert found["Lost"]["silence"] == "unknown_trigger"
    assert found["Kept_off"]["hold"] == {"reason": "month end", "until": "2026-04-01T00:00:00Z", "since": None}
    assert found["Somewhere"]["assumptions"] == ["readers_zone"]
    assert not found["Paris"]["declared"]
    assert (found["Month"]["count"], found["Month"]["silence"]) == (0, None)
