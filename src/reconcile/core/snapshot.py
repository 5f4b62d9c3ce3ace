"""The three views of an object, and maps of them by address.

*Desired* is what the files ask for, *live* what the platform shows now, *recorded* what we last applied and saw
confirmed. Values are normalised by their kind before they get here, so plain comparison is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.hold import Hold
from reconcile.core.source import Span

Value = str | int | bool | None | tuple["Value", ...]
Values = Mapping[str, Value]

NOTHING: Values = {}


@dataclass(frozen=True, slots=True)
class Desired:
    """An object as the files ask for it. ``values`` holds the fields the file has and no other.

    ``hold`` is that of its entry, over or not.
    """

    address: Address
    values: Values
    source: Span
    protect: bool | None = None
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Modified:
    """The last modification that a platform tells of. ``by`` and ``at`` (UTC, ISO 8601) are "" where it does not say.

    ``of`` is what was modified, as people call it. It may be more than the object: whoever edited the recipe need not
    have touched its schedule.
    """

    of: str
    by: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """An object as the platform shows it now.

    ``unknown`` names fields that the platform has but does not show; ``id`` is the platform's own id. ``modified`` says
    nothing of how the object is, so two are the same whoever changed them; None where the platform does not tell.
    """

    address: Address
    values: Values
    id: str | None = None
    label: str = ""
    unknown: frozenset[str] = frozenset()
    modified: Modified | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """The platform has no such object. ``diagnostic`` says so, with suggestions."""

    address: Address
    diagnostic: Diagnostic
    listing_was_empty: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The platform has no way to show objects of this kind."""

    address: Address


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """Reading failed, so nothing is known of the object: neither that it is there nor that it is not.

    ``of_listing`` says that a whole list failed, and not the reading of this object alone.
    """

    address: Address
    diagnostic: Diagnostic
    of_listing: bool = False


@dataclass(frozen=True, slots=True)
class SameAs:
    """A recorded object that the files now declare under another address (by id instead of by name)."""

    address: Address
    other: Address


Reading = Live | Missing | Unreadable | ReadFailed | SameAs


@dataclass(frozen=True, slots=True)
class Recorded:
    """An object as we last applied it and saw it confirmed.

    ``applied_at`` is UTC, ISO 8601. ``certain`` is False when a call was sent and no answer came: then nobody knows,
    and ``before`` holds what was last certain, if anything was. ``held_since`` is when a hold of it was first applied,
    UTC, ISO 8601; None while it is not held.
    """

    address: Address
    values: Values
    applied_at: str
    id: str | None = None
    protect: bool = False
    file: str = ""
    certain: bool = True
    before: Values | None = None
    held_since: str | None = None


def in_doubt(sent: Recorded, before: Recorded | None) -> Recorded:
    """Return what to record when nobody knows whether ``sent`` came about, where ``before`` was recorded.

    Neither the old protection nor a new one gets lost by not knowing, nor that it is held, nor what was last certain.
    """
    last = None if before is None else before.values if before.certain else before.before
    protect = sent.protect or bool(before and before.protect)
    held_since = sent.held_since or (before.held_since if before else None)
    return replace(sent, protect=protect, certain=False, before=last, held_since=held_since)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The three views of the selected objects, by address."""

    desired: Mapping[Address, Desired] = field(default_factory=dict)
    live: Mapping[Address, Reading] = field(default_factory=dict)
    recorded: Mapping[Address, Recorded] = field(default_factory=dict)
