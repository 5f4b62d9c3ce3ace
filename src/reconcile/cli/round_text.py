"""A round of a watch as one line: for people, and for programs (``reconcile.watch/1``)."""

from __future__ import annotations

import json
from typing import Any

from reconcile.core.alerted import Alerted
from reconcile.core.lapse import readable
from reconcile.engine.watching import Look, Round, Verdict
from reconcile.render.acknowledged import accepted_document
from reconcile.render.alerted import alerts_document
from reconcile.render.diagnostics import as_json
from reconcile.render.json import drift_document
from reconcile.render.terminal import counted, printable

WATCH_FORMAT = "reconcile.watch/1"
# A line stays one that people read; programs get all of it.
MOST_NAMED = 3


def round_line(done: Round, at: str) -> str:
    """Return ``2026-11-23T09:00:00Z round 3: no drift in 15 recorded objects (0.4 s)``; ``at`` is UTC, ISO 8601."""
    said = "".join(f"; {each}" for each in _asides(done))
    skipped = f"; {counted(done.turn.skipped, 'round')} skipped before it" if done.turn.skipped else ""
    return f"{at} round {done.turn.number}: {_verdict(done.look)}{said}{skipped} ({readable(done.seconds)})\n"


def round_document(done: Round, at: str) -> dict[str, Any]:
    """Return a round in format ``reconcile.watch/1``: what ``drift --format json`` says, and the round."""
    look = done.look
    return {
        "format": WATCH_FORMAT,
        "round": done.turn.number,
        "at": at,
        "seconds": round(done.seconds, 3),
        "result": look.verdict.value,
        "skipped": done.turn.skipped,
        **_found(look),
        "alerts": alerts_document(look.alerted),
        "diagnostics": as_json(look.diagnostics),
    }


def alerts_sent(told: Alerted | None) -> int:
    """Return how many alerts were sent, each once for every sink."""
    return sum(len(each.notices) for each in told.sent) if told else 0


def alerts_failed(told: Alerted | None) -> int:
    """Return how many alerts a sink did not take."""
    return sum(len(each.notices) for each in told.failed) if told else 0


def document_line(document: dict[str, Any]) -> str:
    """Return a document on one line."""
    return json.dumps(document, ensure_ascii=False) + "\n"


def _found(look: Look) -> dict[str, Any]:
    """Return what was found, as ``drift`` says it; nulls when the look came to nothing: an empty list would be news."""
    found = look.checked
    if found is None:
        return dict.fromkeys(("drift", "acknowledged", "pending", "waiting", "unread", "held"))
    document = drift_document(
        look.drift.counted,
        found.pending,
        (),
        found.unread,
        found.held,
        found.waiting,
        acknowledged=accepted_document(look.drift.accepted),
    )
    return {key: value for key, value in document.items() if key != "format"}


def _verdict(look: Look) -> str:
    found = look.checked
    if found is None or (look.verdict is Verdict.FAILED and not look.drift.counted):
        return f"FAILED: {_reason(look)}"
    if not look.drift.counted:
        return f"no drift in {counted(found.seen, 'recorded object')}"
    names = [printable(str(item.address)) for item in look.drift.counted]
    rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    failed = "FAILED in part; " if look.verdict is Verdict.FAILED else ""
    return f"{failed}DRIFT in {counted(len(names), 'object')}: {', '.join(names[:MOST_NAMED])}{rest}"


def _reason(look: Look) -> str:
    errors = [told for told in look.diagnostics if told.is_error]
    first = errors[0] if errors else None
    more = f" and {counted(len(errors) - 1, 'more error')}" if len(errors) > 1 else ""
    return f"{first.code}: {printable(first.summary)}{more}" if first else "nothing could be looked at"


def _asides(done: Round) -> list[str]:
    """Return what else there is to say, in a few words each."""
    look, found = done.look, done.look.checked
    asides = []
    if found and found.unread:
        asides.append(f"{counted(len(found.unread), 'object')} could not be read")
    if look.drift.accepted:
        asides.append(f"{len(look.drift.accepted)} acknowledged")
    if found and found.pending:
        asides.append(f"{counted(found.pending, 'change')} of the files not applied yet")
    if sent := alerts_sent(look.alerted):
        asides.append(f"{counted(sent, 'alert')} sent")
    if failed := alerts_failed(look.alerted):
        asides.append(f"{counted(failed, 'alert')} NOT sent")
    return asides
