"""What apply will do with one object, or that it will do nothing."""

from __future__ import annotations

from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Why
from reconcile.core.hold import Hold
from reconcile.core.kind import Action
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded, Value, Values
from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class Change:
    """One object that apply will act on.

    ``before`` is what the platform shows (or, where it cannot show, what we recorded), ``after`` what the file asks
    for; an empty mapping means nothing is there. ``requests`` is exactly what apply sends. ``stage`` orders changes
    of one connection. ``to_record`` is what to note down when it is done, None to forget the object.
    ``last_applied_at`` is when we last applied this object, UTC, ISO 8601, or None. ``is_ours`` says that something
    of ours is there, may be there or is held back, ``is_protected`` that it is protected now, in the record or in the
    file. ``hold`` is what asks for the change where the file by itself would not. ``hidden`` names the fields that the
    platform has and did not show, so that ``before`` lacks them. ``irreversible`` is why nothing will take the change
    back, empty when something can.
    """

    address: Address
    action: Action
    why: Why
    before: Values
    after: Values
    fields: tuple[FieldChange, ...]
    requests: tuple[Request, ...]
    source: Span | None = None
    stage: int = 0
    id: str | None = None
    to_record: Recorded | None = None
    last_applied_at: str | None = None
    note: str = ""
    is_ours: bool = False
    is_protected: bool = False
    hold: Hold | None = None
    hidden: tuple[str, ...] = ()
    irreversible: str = ""

    @property
    def unset(self) -> frozenset[str]:
        """Return the fields that are to go, whether with their shape or without."""
        return frozenset(field.path for field in self.fields if field.after is None)

    @property
    def protect(self) -> bool:
        """Say whether the object is to be recorded as protected."""
        return self.to_record is not None and self.to_record.protect


@dataclass(frozen=True, slots=True)
class Unchanged:
    """One object that already is as the file says.

    ``to_record`` is what apply notes down when our record is not yet (exactly) that; None when it is. ``hold`` is what
    keeps it off, or a one-shot from being done, at this moment. ``source`` is None where no file asks for it: in a plan
    that takes an apply back.
    """

    address: Address
    source: Span | None
    to_record: Recorded | None = None
    last_applied_at: str | None = None
    readable: bool = True
    one_shot: bool = False
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """One field that was changed since: what an apply had made of it ``then``, what it is ``now``, what it was before.

    ``back`` is that last one: what taking the apply back would make of it. ``None``: the field is not there.
    """

    path: str
    then: Value
    now: Value
    back: Value


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One object that a plan was asked to take back and does not; ``action`` is what was done to it.

    ``reason`` says why in a few words, ``diagnostic`` in a sentence: ``changed-since`` (with ``fields``),
    ``irreversible``, or that it is gone.
    """

    address: Address
    action: Action
    reason: str
    diagnostic: Diagnostic
    fields: tuple[ThreeWay, ...] = ()
