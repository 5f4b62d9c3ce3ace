"""What a journal holds: what an apply set out to do, what it sent, and how things ended - as values and as JSON.

Three sorts of objects, told apart by the ends of their keys::

    begin.json              who applies, on which version of the state, and every intent
    00000001-sent.json      the same with the one intent whose call is about to be made: a one-shot
    00000002-settled.json   outcomes, as many as had come together
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from reconcile.core.address import Address
from reconcile.core.freeze import Override
from reconcile.core.kind import Action
from reconcile.core.plan import Change
from reconcile.core.redact import cleaned
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded, Values
from reconcile.state.format import (
    ObjectDocument,
    Origin,
    OverrideDocument,
    flat,
    object_document,
    override_document,
    override_of,
    recorded_of,
    values_of,
)
from reconcile.state.versioned import Document, Family, encode

FOLDER = "journal"

_HINT = "what it held counts as not known; the next apply looks at the platform, and removes it"


class Outcome(StrEnum):
    """How a change ended, as far as we know."""

    DONE = "done"
    FAILED = "failed"  # nothing was changed by it: refused, never sent, or answered with an error
    UNKNOWN = "unknown"  # it may have happened


@dataclass(frozen=True, slots=True)
class Intent:
    """One change that an apply is about to make. ``before`` and ``after`` are empty where nothing is there.

    ``to_record`` is what is recorded when it is done, None where the object is forgotten then. ``hidden`` names fields
    that ``before`` lacks because the platform does not show them.
    """

    address: Address
    action: Action
    before: Values
    after: Values
    requests: tuple[Request, ...] = ()
    to_record: Recorded | None = None
    id: str | None = None
    one_shot: bool = False
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begin:
    """Who applies, from which version of the state (0 where there was none), and what.

    ``plan`` is the id of the saved plan that is carried out, ``undoes`` that of the apply that is taken back, if any;
    ``override`` says why it goes ahead inside a freeze. With every intent it is the object a journal begins with; with
    one only, it is noted before the call of a one-shot, so that nothing else needs to be readable to know that it may
    have been done.
    """

    origin: Origin
    lineage: str
    serial: int
    intents: tuple[Intent, ...] = ()
    plan: str | None = None
    undoes: str | None = None
    override: Override | None = None


def intent_of(change: Change, *, one_shot: bool) -> Intent:
    """Return what to write down before ``change`` is made."""
    return Intent(
        change.address,
        change.action,
        change.before,
        change.after,
        change.requests,
        change.to_record,
        change.id,
        one_shot,
        change.hidden,
    )


def begin_to_bytes(begin: Begin, clean: Callable[[str], str]) -> bytes:
    """Return the object that holds ``begin``. Requests and the command go through ``clean``; values are exact."""
    origin = replace(begin.origin, command=clean(begin.origin.command))
    return encode(
        {
            "format": _BEGIN.format,
            "origin": flat(origin),
            "lineage": begin.lineage,
            "serial": begin.serial,
            "plan": begin.plan,
            "undoes": begin.undoes,
            **override_document(begin.override),
            "intents": [_intent_document(intent, clean) for intent in begin.intents],
        }
    )


def begin_from_bytes(data: bytes, place: str) -> Begin:
    """Return what an object that begins a journal, or notes a one-shot, holds.

    Raises ``StateDamaged``, ``StateTooNew``.
    """
    document = _BEGIN.parse(data, place, _HINT)
    try:
        intents = tuple(_intent(item) for item in document.intents)
    except ValueError as error:
        raise _BEGIN.damaged(place, str(error), _HINT) from None
    origin = Origin(**dict(document.origin))
    override = override_of(document.override)
    return Begin(origin, document.lineage, document.serial, intents, document.plan, document.undoes, override)


def settled_to_bytes(outcomes: Mapping[Address, Outcome]) -> bytes:
    """Return the object that holds outcomes."""
    return encode({"format": _SETTLED.format, "outcomes": {str(a): o for a, o in outcomes.items()}})


def settled_from_bytes(data: bytes, place: str) -> dict[Address, Outcome]:
    """Return the outcomes in an object of them. Raises ``StateDamaged``, ``StateTooNew``."""
    document = _SETTLED.parse(data, place, _HINT)
    addresses = _addresses(document.outcomes, place)
    return dict(zip(addresses, document.outcomes.values(), strict=True))


class _OriginDocument(Document):
    id: str
    applied_at: str
    by: str
    host: str
    command: str
    commit: str | None
    job: str | None


class _RequestDocument(Document):
    method: str
    path: str
    body: dict[str, Any] | None
    repeatable: bool


class _IntentDocument(Document):
    address: str
    action: str
    before: dict[str, Any]
    after: dict[str, Any]
    requests: list[_RequestDocument]
    to_record: ObjectDocument | None
    id: str | None
    one_shot: bool
    hidden: list[str] = Field(default_factory=list)


class _BeginDocument(Document):
    format: Literal["reconcile.journal/2"]
    origin: _OriginDocument
    lineage: str
    serial: int
    plan: str | None
    undoes: str | None
    intents: list[_IntentDocument]
    override: OverrideDocument | None = None


class _SettledDocument(Document):
    format: Literal["reconcile.journal/1"]
    outcomes: dict[str, Outcome]


def _begin_from_1(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "plan": None, "undoes": None}


_BEGIN: Family[_BeginDocument] = Family("journal", 2, _BeginDocument, {1: _begin_from_1})
_SETTLED: Family[_SettledDocument] = Family("journal", 1, _SettledDocument)


def _intent_document(intent: Intent, clean: Callable[[str], str]) -> dict[str, object]:
    requests = [
        {**flat(request), "path": clean(request.path), "body": cleaned(request.body, clean)}
        for request in intent.requests
    ]
    return {
        **flat(intent),
        "address": str(intent.address),
        "before": dict(intent.before),
        "after": dict(intent.after),
        "requests": requests,
        "to_record": intent.to_record and object_document(intent.to_record),
    }


def _intent(document: _IntentDocument) -> Intent:
    address = Address.parse(document.address)
    return Intent(
        address,
        Action(document.action),
        values_of(document.before),
        values_of(document.after),
        tuple(Request(**dict(item)) for item in document.requests),
        recorded_of(address, document.to_record) if document.to_record else None,
        document.id,
        document.one_shot,
        tuple(document.hidden),
    )


def _addresses(texts: Iterable[str], place: str) -> list[Address]:
    try:
        return [Address.parse(text) for text in texts]
    except ValueError as error:
        raise _SETTLED.damaged(place, str(error), _HINT) from None
