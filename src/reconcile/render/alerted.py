"""What became of the alerts of a look: who was told what, who was not and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

from reconcile.core.alerted import Alerted, Notice, Sent, Silence, Suppressed
from reconcile.render.terminal import printable

_SILENCES = {
    Silence.TOLD: "told before",
    Silence.CLAIMED: "being sent by another run",
    Silence.BELOW: "not urgent enough",
}


def alerts_document(alerted: Alerted | None) -> dict[str, Any] | None:
    """Return it as JSON has it; None when nobody asked for alerts."""
    if alerted is None:
        return None
    return {
        "sent": [_item(notice, each.sink) for each in alerted.sent for notice in each.notices],
        "suppressed": [_suppressed(each) for each in alerted.suppressed],
        "failed": [_failed(each) for each in alerted.failed],
    }


def alerts_line(alerted: Alerted) -> str:
    """Return it in one line, for example ``Alerts: 2 sent to chat; 1 told before.``, with counts by sink and reason."""
    parts = [f"{len(each.notices):,} sent to {printable(each.sink)}" for each in alerted.sent]
    parts += [f"{len(each.notices):,} not taken by {printable(each.sink)}" for each in alerted.failed]
    silences = Counter(each.why for each in alerted.suppressed)
    parts += [f"{silences[why]:,} {words}" for why, words in _SILENCES.items() if silences[why]]
    return f"Alerts: {'; '.join(parts)}." if parts else "Alerts: nothing to tell."


def _item(notice: Notice, sink: str) -> dict[str, Any]:
    alert = notice.alert
    return {
        "sink": sink,
        "kind": alert.kind.value,
        "subject": alert.subject,
        "level": alert.level.value,
        "occasion": notice.occasion.value,
        "fingerprint": alert.fingerprint,
    }


def _suppressed(each: Suppressed) -> dict[str, Any]:
    alert = each.alert
    return {
        "sink": each.sink,
        "kind": alert.kind.value,
        "subject": alert.subject,
        "fingerprint": alert.fingerprint,
        "why": each.why.value,
    }


def _failed(each: Sent) -> dict[str, Any]:
    items = [_item(notice, each.sink) for notice in each.notices]
    return {"sink": each.sink, "reason": each.failure, "in_part": each.in_part, "alerts": items}
