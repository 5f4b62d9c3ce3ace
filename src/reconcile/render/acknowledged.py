"""Drift that is accepted for a while: what, until when, why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconcile.core.acknowledge import Accepted, Acknowledgement
from reconcile.core.drift import Drift
from reconcile.core.lapse import age
from reconcile.render.json import drift_item
from reconcile.render.terminal import printable, value_text, when_text


def accepted_lines(accepted: Iterable[Accepted]) -> list[str]:
    """Return a line for each object whose drift is accepted: which, how it has drifted, until when and why."""
    return [
        f"acknowledged: {printable(str(each.drift.address))} ({_how(each.drift)}) "
        f"{acknowledgement_text(each.acknowledgement)}"
        for each in accepted
    ]


def acknowledgement_text(each: Acknowledgement) -> str:
    """Return until when something is accepted, by whom and why."""
    by = f" by {printable(each.by)}" if each.by else ""
    return f"until {_day(each.until)}{by}: {printable(each.reason)}"


def accepted_document(accepted: Iterable[Accepted]) -> list[dict[str, Any]]:
    """Return the objects whose drift is accepted as JSON has them: the drift, and what covers it."""
    return [{**drift_item(each.drift), **_covering(each.acknowledgement)} for each in accepted]


def acknowledgement_item(each: Acknowledgement, now: str) -> dict[str, Any]:
    """Return one acknowledgement as JSON has it; ``now`` is UTC, ISO 8601."""
    place = each.source
    return {
        "address": str(each.address),
        "environment": each.environment,
        **_covering(each),
        "ended": each.is_over(now),
        "source": {"file": place.file, "line": place.line, "column": place.column} if place else None,
    }


def acknowledgement_line(each: Acknowledgement, now: str) -> str:
    """Return one acknowledgement as a line of a list."""
    over = f" (ended {age(each.until, now)} ago)" if each.is_over(now) else ""
    return f"{printable(str(each.address))}  {acknowledgement_text(each)}{over}"


def _how(drift: Drift) -> str:
    if drift.gone:
        return "gone"
    return "; ".join(f"{f.path}: {value_text(f.before)} -> {value_text(f.after)}" for f in drift.fields)


def _covering(each: Acknowledgement) -> dict[str, Any]:
    return {"until": each.until, "reason": each.reason, "by": each.by or None, "fingerprint": each.fingerprint}


def _day(moment: str) -> str:
    """Return a moment for people: the day alone where it is its first second."""
    return moment.removesuffix("T00:00:00Z") if moment.endswith("T00:00:00Z") else when_text(moment)
