"""Whether a change can be taken back, and if not why: a plan says it before the change is made."""

from __future__ import annotations

from collections.abc import Iterable

from reconcile.core.kind import Action, Kind
from reconcile.core.snapshot import Recorded, Values


def irreversible(kind: Kind, action: Action, recorded: Recorded | None, hidden: Iterable[str]) -> str:
    """Return why nothing will take this change back, as the end of "cannot be undone: "; empty when something can.

    ``recorded`` is what is recorded now, ``hidden`` the fields that the platform has and does not show now.
    """
    if action in (Action.FORGET, Action.UNCHANGED):
        return ""
    if kind.one_shot:
        return "what was done once stays done"
    if not kind.readable:
        return "" if recorded and recorded.certain else "nobody knows what it is now"
    lost = [name for name in hidden if name not in vouched_for(recorded)]
    return f"the platform does not show its {', '.join(lost)}" if lost else ""


def vouched_for(recorded: Recorded | None) -> Values:
    """Return the values that our record answers for where the platform shows nothing; none without being certain."""
    return recorded.values if recorded and recorded.certain else {}
