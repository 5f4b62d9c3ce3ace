"""What is held: why, since when, until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.hold import Hold
from reconcile.core.lapse import age
from reconcile.render.terminal import counted, printable, when_text

Held = Change | Unchanged


def hold_text(hold: Hold, now: str = "") -> str:
    """Return a hold in one line, the reason first; with its age at ``now`` (UTC, ISO 8601) where that is given."""
    times = _times([hold.since] if hold.since else [], hold, now)
    return printable(hold.reason) + (f" ({times})" if times else "")


def held_lines(held: Iterable[Held], now: str) -> list[str]:
    """Return a line for each hold of objects that are held already: how many, since when, why. Oldest first."""
    by_hold: dict[tuple[str, str | None], list[Hold]] = defaultdict(list)
    for item in held:
        if item.hold and isinstance(item, Unchanged):
            by_hold[item.hold.reason, item.hold.until].append(item.hold)
    found = []
    for holds in by_hold.values():
        since = sorted(hold.since for hold in holds if hold.since)
        times = _times(since, holds[0], now)
        words = ", ".join(part for part in (counted(len(holds), "object"), times) if part)
        found.append(((since or [now])[0], f"held: {words}: {printable(holds[0].reason)}"))
    return [line for _, line in sorted(found)]


def holds_of(held: Iterable[Held]) -> dict[Address, Hold]:
    """Return the hold of each object that has one."""
    return {item.address: item.hold for item in held if item.hold}


def hold_document(hold: Hold | None) -> dict[str, Any] | None:
    """Return a hold as JSON has it."""
    return {"reason": hold.reason, "until": hold.until, "since": hold.since} if hold else None


def held_document(held: Iterable[Held]) -> list[dict[str, Any]]:
    """Return what is held, or to be held from now on, as JSON has it: one item an object."""
    found = []
    for item in held:
        place = item.source
        source = {"file": place.file, "line": place.line, "column": place.column} if place else None
        found.append({"address": str(item.address), **(hold_document(item.hold) or {}), "source": source})
    return found


def _times(since: Sequence[str], hold: Hold, now: str) -> str:
    parts = []
    if since:
        last = f", {age(since[0], now)}" if now else ""
        parts.append(f"since {_day(since[0])}{last}{' at most' if last and len(set(since)) > 1 else ''}")
    if hold.until:
        parts.append(f"until {_day(hold.until)}")
    return "; ".join(parts)


def _day(moment: str) -> str:
    """Return a moment for people: the day alone where it is its first second."""
    return moment.removesuffix("T00:00:00Z") if moment.endswith("T00:00:00Z") else when_text(moment)
