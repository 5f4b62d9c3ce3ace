"""One object explained, as programs parse it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconcile.core.agenda import Entry
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.snapshot import Live, Missing, ReadFailed, Reading, Recorded, SameAs, Unreadable
from reconcile.render.diagnostics import as_json
from reconcile.render.effect import occurrence_document
from reconcile.render.explain import Sheet
from reconcile.render.held import hold_document
from reconcile.render.history import history_document
from reconcile.render.json import blame_document, change_document, drift_item, values_document
from reconcile.render.timing import timing_words

EXPLAIN_FORMAT = "reconcile.explain/1"


def explain_document(sheet: Sheet, environment: str, diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """Return everything in format ``reconcile.explain/1``; null where nothing is, or nobody asked."""
    effects = sheet.outlook.effects if sheet.outlook else {}
    return {
        "format": EXPLAIN_FORMAT,
        "environment": environment,
        "address": str(sheet.address),
        "offline": sheet.is_offline,
        "declared": _declared(sheet),
        "recorded": _recorded(sheet.recorded),
        "live": _live(sheet.live),
        "change": change_document(sheet.change, effects.get(sheet.address)) if sheet.change else None,
        "unchanged": sheet.unchanged is not None,
        "drift": drift_item(sheet.drift) if sheet.drift else None,
        "refusals": as_json(sheet.refusals),
        "runs": _runs(sheet.runs),
        "runs_live": _runs(sheet.runs_live),
        "zone": sheet.zone,
        "others": {name: [str(each) for each in found] for name, found in sheet.ties},
        "findings": as_json(sheet.findings),
        "allowed": [{**as_json([each])[0], "reason": reason} for each, reason in sheet.allowed],
        "applies": history_document(sheet.history)["applies"],
        "diagnostics": as_json(diagnostics),
    }


def _declared(sheet: Sheet) -> dict[str, Any] | None:
    if not sheet.place:
        return None
    file, _, line = sheet.place.rpartition(":")
    return {
        "file": file,
        "line": int(line),
        "text": [text for _, text in sheet.entry],
        "blame": blame_document(sheet.blame),
        "hold": sheet.hold or None,
    }


def _recorded(recorded: Recorded | None) -> dict[str, Any] | None:
    if recorded is None:
        return None
    return {
        "values": values_document(recorded.values),
        "applied_at": recorded.applied_at,
        "id": recorded.id,
        "protect": recorded.protect,
        "certain": recorded.certain,
        "held_since": recorded.held_since,
    }


def _live(reading: Reading | None) -> dict[str, Any] | None:
    match reading:
        case None:
            return None
        case Live():
            return {
                "status": "read",
                "values": values_document(reading.values),
                "id": reading.id,
                "label": reading.label or None,
                "hidden": sorted(reading.unknown),
                "modified_by": reading.modified.by or None if reading.modified else None,
                "modified_at": reading.modified.at or None if reading.modified else None,
            }
        case Missing():
            return {"status": "missing"}
        case Unreadable():
            return {"status": "unreadable"}
        case ReadFailed():
            return {"status": "failed"}
        case SameAs():
            return {"status": "renamed", "other": str(reading.other)}


def _runs(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {
        "frequency": entry.timing.frequency.value,
        "timing": timing_words(entry.timing),
        "next": [occurrence_document(each) for each in entry.occurrences],
        "silence": entry.silence.value if entry.silence else None,
        "after": [str(each) for each in entry.after],
        "assumptions": [each.value for each in entry.assumptions],
        "hold": hold_document(entry.hold),
    }
