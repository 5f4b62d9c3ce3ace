"""What a saved plan looks like: the document that ``plan --format json`` prints, and what apply needs besides.

::

    {"format": "reconcile.plan/1", "id": ..., "changes": [...], ...   for people and programs, as documented
     "checksum": "...",                                               SHA-256 of all the rest
     "saved": {"plan": {...}, "accounts": {...}, ...}}                a ``SavedPlan``, from which apply works

The second part is made from the dataclasses themselves, so that a plan that is read is equal to the one written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ConfigDict

from reconcile.core.account import Account
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import Refused, StateError
from reconcile.core.plan import Plan
from reconcile.core.redact import cleaned
from reconcile.state.shape import from_json, to_json
from reconcile.state.versioned import Document, Family, encode

_HINT = "save it anew: `reconcile plan --out FILE`; nothing was changed"

# What a plan does, to the letter; all else it tells.
_DOES = ("changes", "unchanged")


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan and what it may be applied to.

    ``accounts`` is where the connections that it touches led, by name. ``folder`` is the workspace's, ``files`` the
    digest of what its files said, ``state`` where the state is kept. ``unfinished`` names the applies that were cut off
    and that the plan takes into account, sorted; ``undoes`` the apply that it takes back, if any; ``settled`` the
    connections whose account is to be recorded as it is.
    """

    plan: Plan
    accounts: Mapping[str, Account]
    folder: str
    files: str
    state: str
    unfinished: tuple[str, ...] = ()
    undoes: str | None = None
    settled: tuple[str, ...] = ()


def to_bytes(saved: SavedPlan, shown: Mapping[str, Any], clean: Callable[[str], str]) -> bytes:
    """Return the file that holds ``saved``; ``shown`` is the plan as ``plan --format json`` prints it.

    ``clean`` takes secrets out of what the plan tells. Raises ``Refused`` when one is in what it does: it would be
    another plan without.
    """
    exact = to_json(saved)
    kept = cleaned(exact, clean)
    if any(kept["plan"][part] != exact["plan"][part] for part in _DOES):
        raise Refused(_holds_secret())
    document = {**cleaned(shown, clean), "saved": kept}
    head = {**document, "checksum": _checksum(document)}
    del head["saved"]
    # The part that people read is indented; the other is long, and written in a tenth of the time.
    readable = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
    compact = json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
    return f'{readable},\n  "saved": {compact}\n}}\n'.encode(errors="replace")


def from_bytes(data: bytes, place: str) -> SavedPlan:
    """Return the plan in a file's bytes; ``place`` is the file, for messages.

    Raises ``Refused`` for a file that was edited or cut short, that a newer program wrote, or that is none.
    """
    try:
        document = _FAMILY.parse(data, place, _HINT)
    except StateError as error:
        raise Refused(_not_saved(place) if _is_printed(data) else error.diagnostics) from None
    raw = json.loads(data)
    if raw.pop("checksum") != _checksum(raw):
        raise Refused(_edited(place))
    try:
        return from_json(SavedPlan, document.saved)
    except ValueError as error:
        raise Refused(_FAMILY.damaged(place, f"saved.{error}", _HINT).diagnostics) from None


class PlanDocument(Document):
    """The shape of a saved plan, but for what is there to be read by others."""

    model_config = ConfigDict(extra="ignore", strict=True)

    format: Literal["reconcile.plan/1"]
    checksum: str
    saved: dict[str, Any]


_FAMILY: Family[PlanDocument] = Family("plan", 1, PlanDocument)


def _checksum(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(encode(document)).hexdigest()


def _is_printed(data: bytes) -> bool:
    """Say whether this is what ``plan --format json`` prints, which looks like a saved plan."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("format") == _FAMILY.format and "saved" not in document


def _not_saved(place: str) -> Diagnostic:
    return Diagnostic(
        code="plan-not-saved",
        summary="This plan was printed, not saved",
        detail=f"{place} is what `plan --format json` prints, and lacks what apply needs.",
        hint="save one: `reconcile plan --out FILE`",
    )


def _edited(place: str) -> Diagnostic:
    return Diagnostic(
        code="plan-edited",
        summary="The plan was edited",
        detail=f"{place} is not what was saved: its checksum does not fit.",
        hint="change the files, and plan again; a saved plan is applied as it was reviewed, or not at all",
    )


def _holds_secret() -> Diagnostic:
    return Diagnostic(
        code="plan-holds-secret",
        summary="The plan cannot be saved",
        detail="A value that it reads or sends holds a secret of a connection, and no secret is ever written down.",
        hint="apply without a saved plan, or change that value on the platform",
    )
