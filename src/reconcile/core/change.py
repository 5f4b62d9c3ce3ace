"""What apply will do with one object, or that it will do nothing."""

from __future__ import annotations

from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Why
from reconcile.core.kind import Action
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded, Values
from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class Change:
    """One object that apply will act on.

    ``before`` is what the platform shows (or, where it cannot show, what we recorded), ``after`` what the file asks
    for; an empty mapping means nothing is there. ``requests`` is exactly what apply sends. ``stage`` orders changes
    of one connection. ``to_record`` is what to note down when it is done, None to forget the object.
    ``last_applied_at`` is when we last applied this object, UTC, ISO 8601, or None. ``is_ours`` says that something
    of ours is there, ``is_protected`` that it is protected now, in the record or in the file.
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

    @property
    def protect(self) -> bool:
        """Say whether the object is to be recorded as protected."""
        return self.to_record is not None and self.to_record.protect


@dataclass(frozen=True, slots=True)
class Unchanged:
    """One object that already is as the file says.

    ``to_record`` is what apply notes down when our record is not yet (exactly) that; None when it is.
    """

    address: Address
    source: Span
    to_record: Recorded | None = None
    last_applied_at: str | None = None
    readable: bool = True
    one_shot: bool = False
