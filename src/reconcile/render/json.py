"""The same as programs parse it. One document a command, with ``format`` and ``diagnostics``; stable order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.drift import AppliedBy, Blame, Drift, Pending
from reconcile.core.effect import Effect
from reconcile.core.kind import Action
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Change, LeftOut, Plan, Unchanged
from reconcile.core.request import Request
from reconcile.core.snapshot import Modified, Value, Values
from reconcile.core.source import Span
from reconcile.render.diagnostics import as_json
from reconcile.render.effect import effect_document
from reconcile.render.held import Held, held_document, hold_document
from reconcile.render.outlook import outlook_document

PLAN_FORMAT = "reconcile.plan/1"
DRIFT_FORMAT = "reconcile.drift/1"
ERROR_FORMAT = "reconcile.error/1"


def document_text(document: Mapping[str, Any]) -> str:
    """Return a document as indented JSON text with a final newline."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def plan_document(plan: Plan, *, everything: bool = False, outlook: Outlook | None = None) -> dict[str, Any]:
    """Return a plan in format ``reconcile.plan/1``; ``everything`` lists the unchanged objects, too.

    ``outlook`` tells what becomes of runs; without it no change has an effect.
    """
    effects = outlook.effects if outlook else {}
    document: dict[str, Any] = {
        "format": PLAN_FORMAT,
        "id": plan.id,
        "created_at": plan.created_at,
        "environment": plan.environment,
        "base": {"lineage": plan.base.lineage, "serial": plan.base.serial},
        "summary": {action.value: plan.count(action) for action in Action},
        "digest": plan.digest or None,
        "changes": [change_document(change, effects.get(change.address)) for change in plan.changes],
    }
    if everything:
        document["unchanged"] = [_unchanged(item) for item in plan.unchanged]
    document["held"] = held_document(plan.held)
    document["drift"] = [drift_item(item) for item in plan.drift]
    document["outlook"] = outlook_document(outlook)
    document["refused"] = bool(plan.refusals)
    if plan.undoes:
        document["undoes"] = plan.undoes
        document["left_out"] = [_left_out(item) for item in plan.left_out]
    document["diagnostics"] = as_json(plan.messages)
    return document


def change_document(change: Change, effect: Effect | None = None) -> dict[str, Any]:
    """Return one change, and what it does to the runs of a schedule."""
    return {
        "address": str(change.address),
        "action": change.action.value,
        "before": values_document(change.before),
        "after": values_document(change.after),
        "fields": fields_document(change.fields),
        "why": change.why.value,
        "source": _place(change.source),
        "requests": [_request(request) for request in change.requests],
        "effect": effect_document(effect),
        "last_applied_at": change.last_applied_at,
        "note": change.note or None,
        "hold": hold_document(change.hold),
        "irreversible": change.irreversible or None,
    }


def drift_document(
    drift: Iterable[Drift],
    pending: int,
    diagnostics: Iterable[Diagnostic],
    unread: Iterable[Address] = (),
    held: Iterable[Held] = (),
    waiting: Iterable[Pending] = (),
    *,
    acknowledged: Sequence[Mapping[str, Any]] = (),
    alerts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return drift in format ``reconcile.drift/1``.

    ``pending`` counts changes that the files ask for, ``waiting`` lists them; ``unread`` names what could not be looked
    at: of that, an empty ``drift`` says nothing. ``held`` is what is kept off on purpose. ``acknowledged`` and
    ``alerts`` are documents of their own: drift that is accepted, and what became of alerts (None: nobody asked).
    """
    return {
        "format": DRIFT_FORMAT,
        "drift": [drift_item(item) for item in drift],
        "pending": pending,
        "waiting": [_pending(item) for item in waiting],
        "unread": [str(address) for address in unread],
        "held": held_document(held),
        "acknowledged": list(acknowledged),
        "alerts": alerts,
        "diagnostics": as_json(diagnostics),
    }


def error_document(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """Return what a command prints that failed before it had a result: never an empty result."""
    return {"format": ERROR_FORMAT, "diagnostics": as_json(diagnostics)}


def drift_item(item: Drift) -> dict[str, Any]:
    """Return one drifted object, its fields from recorded to live."""
    return {
        "address": str(item.address),
        "why": item.why.value,
        "class": item.side.value,
        "gone": item.gone,
        "fields": fields_document(item.fields),
        "source": _place(item.source),
        "applied_at": item.applied_at,
        "applied": _applied(item.applied),
        "modified": _modified(item.modified),
        "blame": blame_document(item.blame),
    }


def values_document(values: Values) -> dict[str, Any]:
    """Return values as JSON has them."""
    return {name: _plain(value) for name, value in values.items()}


def fields_document(fields: Iterable[FieldChange]) -> list[dict[str, Any]]:
    """Return field changes as JSON has them."""
    return [{"path": f.path, "before": _plain(f.before), "after": _plain(f.after)} for f in fields]


def _unchanged(item: Unchanged) -> dict[str, Any]:
    return {
        "address": str(item.address),
        "action": Action.UNCHANGED.value,
        "source": _place(item.source),
        "last_applied_at": item.last_applied_at,
        "to_be_recorded": item.to_record is not None,
        "hold": hold_document(item.hold),
    }


def _pending(item: Pending) -> dict[str, Any]:
    return {
        "address": str(item.address),
        "class": item.side.value,
        "source": _place(item.source),
        "applied_at": item.applied_at,
    }


def _applied(applied: AppliedBy | None) -> dict[str, Any] | None:
    if applied is None:
        return None
    return {"id": applied.id, "by": applied.by, "at": applied.at, "commit": applied.commit}


def _modified(modified: Modified | None) -> dict[str, Any] | None:
    if modified is None:
        return None
    return {"of": modified.of, "by": modified.by or None, "at": modified.at or None}


def blame_document(blame: Blame | None) -> dict[str, Any] | None:
    """Return the last commit of an entry."""
    if blame is None:
        return None
    return {
        "commit": blame.commit,
        "by": blame.by or None,
        "at": blame.at or None,
        "summary": blame.summary or None,
        "is_oldest": blame.is_oldest,
    }


def _left_out(item: LeftOut) -> dict[str, Any]:
    return {
        "address": str(item.address),
        "action": item.action.value,
        "code": item.diagnostic.code,
        "reason": item.reason,
        "fields": [
            {"path": f.path, "then": _plain(f.then), "now": _plain(f.now), "back": _plain(f.back)} for f in item.fields
        ],
    }


def _request(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "body": None if request.body is None else dict(request.body),
    }


def _place(span: Span | None) -> dict[str, Any] | None:
    return {"file": span.file, "line": span.line, "column": span.column} if span else None


def _plain(value: Value) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
