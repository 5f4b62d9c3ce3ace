"""What a file asks for at one moment: its own values, or those of an object that is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconcile.core.diff import same
from reconcile.core.hold import Hold, in_force
from reconcile.core.kind import Kind
from reconcile.core.snapshot import Desired, Recorded, Values


@dataclass(frozen=True, slots=True)
class Asked:
    """An object as it is asked for now.

    ``hold`` is what keeps it off, None when nothing does. ``is_paused`` says that this makes a difference: without the
    hold, ``desired`` would have other values.
    """

    desired: Desired
    hold: Hold | None = None
    is_paused: bool = False


def asked_for(
    kind: Kind, desired: Desired, recorded: Recorded | None, now: str, everywhere: Hold | None = None
) -> Asked:
    """Return what ``desired`` asks for at ``now`` (UTC, ISO 8601), with the hold's age as recorded.

    ``everywhere`` is the hold of the whole environment, if any. What cannot be paused is asked for as it is.
    """
    hold = in_force((desired.hold, everywhere), now)
    if hold is None:
        return Asked(desired)
    if kind.one_shot:
        return Asked(desired, hold)
    paused = kind.paused(desired.values)
    if paused is None:
        return Asked(desired)
    if _are_same(paused, desired.values):
        return Asked(desired, hold)
    since = recorded.held_since if recorded else None
    return Asked(replace(desired, values=paused), replace(hold, since=since), is_paused=True)


def can_be_held(kind: Kind, values: Values) -> bool:
    """Say whether a hold of such an object means anything."""
    return kind.one_shot or kind.paused(values) is not None


def release_words(recorded: Recorded, holds: tuple[Hold | None, ...], now: str) -> str:
    """Return why an object that was held is not any more, for a plan."""
    since = recorded.held_since or ""
    ends = [hold.until for hold in holds if hold and hold.until and since <= hold.until <= now]
    return f"the hold ended at {moment_words(max(ends))}" if ends else "the hold was removed"


def moment_words(moment: str) -> str:
    """Return a moment (UTC, ISO 8601) as people read it: ``2026-12-01 00:00:00 UTC``."""
    return moment.replace("T", " ").replace("Z", " UTC")


def _are_same(one: Values, other: Mapping[str, object]) -> bool:
    return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)  # type: ignore[arg-type]
