"""Recorded against live: what moved on the platform since we last applied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from reconcile.core.address import Address
from reconcile.core.diff import FieldChange, field_changes, same
from reconcile.core.kind import Kind
from reconcile.core.snapshot import NOTHING, Desired, Live, Missing, Modified, Reading, Recorded
from reconcile.core.source import Span


class Why(StrEnum):
    """Why an object is to change, or has."""

    FILE = "file"
    DRIFT = "drift"
    BOTH = "both"
    NEW = "new"
    UNKNOWN = "unknown"
    UNDO = "undo"


class Side(StrEnum):
    """Which side moved since our last apply; unknown where nobody knows how that ended."""

    PLATFORM = "platform"
    FILE = "file"
    BOTH = "both"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AppliedBy:
    """An apply of ours: its id, who did it, when (UTC, ISO 8601), and from which commit, if it was told."""

    id: str
    by: str
    at: str
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Blame:
    """The last commit of an entry's lines. ``commit`` is None, and the rest "", while they are not committed.

    ``at`` is UTC, ISO 8601; ``summary`` the first line of the message. ``is_oldest`` says that the checkout's history
    begins there, so that the lines may be older.
    """

    commit: str | None = None
    by: str = ""
    at: str = ""
    summary: str = ""
    is_oldest: bool = False


@dataclass(frozen=True, slots=True)
class Drift:
    """One object that is not as we left it. ``fields`` go from recorded to live.

    ``why`` is ``drift``, or ``both`` when the file changed too. ``gone`` means that the object no longer exists.
    ``modified`` is the last modification that the platform tells of, ``applied`` our last apply of the object, and
    ``blame`` the last commit of its entry; each None where that is not known, or nobody asked.
    """

    address: Address
    why: Why
    fields: tuple[FieldChange, ...]
    source: Span | None
    applied_at: str
    gone: bool = False
    modified: Modified | None = None
    applied: AppliedBy | None = None
    blame: Blame | None = None

    @property
    def side(self) -> Side:
        """Which side moved: the platform, or both."""
        return side_of(self.why)


@dataclass(frozen=True, slots=True)
class Pending:
    """One change of the files that is not applied, which alone is no drift. ``source`` is None for a removed entry."""

    address: Address
    side: Side
    source: Span | None
    applied_at: str | None = None


def side_of(why: Why, *, certain: bool = True) -> Side:
    """Return which side moved; ``certain`` is whether it is known how our last apply of the object ended."""
    if not certain:
        return Side.UNKNOWN
    match why:
        case Why.DRIFT:
            return Side.PLATFORM
        case Why.BOTH:
            return Side.BOTH
        case Why.FILE | Why.NEW | Why.UNDO:
            return Side.FILE
        case Why.UNKNOWN:
            return Side.UNKNOWN
        case _:
            assert_never(why)


def find_drift(kind: Kind, recorded: Recorded, reading: Reading | None, desired: Desired | None) -> Drift | None:
    """Return how the live object differs from what we recorded; None when it does not, or nobody can know.

    A field that the file no longer manages is no drift, nor is one that the platform does not show. What we
    recorded without being certain is no base for an accusation.
    """
    if not recorded.certain or not kind.readable or kind.one_shot:
        return None
    why = Why.BOTH if desired is None or edited(kind, desired, recorded) else Why.DRIFT
    source = desired.source if desired else None
    if isinstance(reading, Missing):
        if kind.is_absent(recorded.values):
            return None
        fields = _changes(kind, recorded, NOTHING, desired)
        return Drift(recorded.address, why, fields, source, recorded.applied_at, gone=True)
    if not isinstance(reading, Live):
        return None
    fields = moved_fields(kind, recorded, reading, desired)
    if not fields:
        return None
    return Drift(recorded.address, why, fields, source, recorded.applied_at, modified=reading.modified)


def edited(kind: Kind, desired: Desired, recorded: Recorded) -> bool:
    """Say whether the file asks for something else than we last applied, in the fields it manages.

    A field that was dropped from the file is not asked for any more, and so is no edit.
    """
    before = kind.align(recorded.values, desired.values)
    return any(name not in before or not same(before[name], value) for name, value in desired.values.items())


def moved_fields(kind: Kind, recorded: Recorded, live: Live, desired: Desired | None) -> tuple[FieldChange, ...]:
    """Return the managed fields that the platform shows otherwise than we recorded; empty when it has not moved."""
    now = kind.align(live.values, recorded.values)
    was_absent, is_absent = kind.is_absent(recorded.values), kind.is_absent(now)
    if was_absent and is_absent:
        return ()
    if was_absent:
        return field_changes(NOTHING, now, _shown(kind, now))
    changes = _changes(kind, recorded, NOTHING if is_absent else now, desired)
    return tuple(change for change in changes if change.path not in live.unknown)


def _changes(
    kind: Kind, recorded: Recorded, now: dict[str, object] | object, desired: Desired | None
) -> tuple[FieldChange, ...]:
    managed = [name for name in kind.fields_of(recorded.values) if name in recorded.values]
    if desired is not None and not kind.is_absent(desired.values):
        # The shape itself is always managed: without it the other fields have no meaning.
        kept = [name for name in managed if name in desired.values or name not in kind.fields_of(desired.values)]
        managed = kept
    return field_changes(recorded.values, now, managed)  # type: ignore[arg-type]


def _shown(kind: Kind, values: object) -> list[str]:
    return [name for name in kind.fields_of(values) if name in values]  # type: ignore[arg-type,operator]
