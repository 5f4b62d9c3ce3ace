"""What an apply did, object by object, and what was recorded before and after it: out of the versions of the state."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import Refused
from reconcile.core.identity import Accounts
from reconcile.core.kind import Action
from reconcile.core.snapshot import NOTHING, Recorded
from reconcile.core.undo import Past
from reconcile.engine.history import MADE, RUNNING, Entry, is_made, record_only, version_before
from reconcile.engine.place import Place
from reconcile.state.format import AppliedChange, State


@dataclass(frozen=True, slots=True)
class Memory:
    """What an apply did, sorted by address; ``notes`` say how well that is known.

    ``strangers`` are connections that lead to another tenant now than then.
    """

    pasts: tuple[Past, ...]
    notes: tuple[Diagnostic, ...] = ()
    strangers: frozenset[str] = frozenset()


def remembered(place: Place, entry: Entry) -> Memory:
    """Return what an apply did. Raises ``Refused`` when no version of the state holds it (any more)."""
    became = place.store.version(entry.serial) if entry.serial is not None else None
    if entry.serial is None or became is None:
        raise Refused(_not_recorded(entry) if entry.serial is None else _version_gone(entry))
    was = version_before(place, entry.serial)
    notes = () if was is not None else (_record_gone(entry),)
    is_last = became.apply is not None and became.apply.origin.id == entry.id
    if is_last:
        shared = _touched(became, entry)
        pasts = [_past(place, change, None if change.address in shared else was, became) for change in _made(entry)]
        pasts += [_noted(address, was, became) for address in record_only(was, became)] if was else []
    else:
        pasts = [_cut_off(place, entry, change, was, became) for change in _made(entry)]
    strangers = Accounts(became.accounts, place.accounts).other_tenants
    return Memory(tuple(sorted(pasts, key=lambda past: past.address)), notes, strangers)


def _made(entry: Entry) -> list[AppliedChange]:
    return [change for change in entry.applied.changes if is_made(change)]


def _touched(state: State, entry: Entry) -> set[Address]:
    """Return what the other applies of a version changed: no version has what was recorded in between."""
    others = [each for each in state.cut_off if each.origin.id != entry.id]
    return {change.address for other in others for change in other.changes if is_made(change)}


def _past(place: Place, change: AppliedChange, was: State | None, became: State) -> Past:
    after = became.recorded.get(change.address)
    before = was.recorded.get(change.address) if was else _from_image(place, change, after)
    return _of(change, before, after)


def _cut_off(place: Place, entry: Entry, change: AppliedChange, was: State | None, became: State) -> Past:
    """Return what an apply did that was cut off; the one that took it in may have changed the object once more."""
    after = became.recorded.get(change.address)
    if became.apply and any(other.address == change.address for other in became.apply.changes):
        after = Recorded(change.address, change.after, entry.applied.origin.applied_at) if change.after else None
    before = was.recorded.get(change.address) if was else _from_image(place, change, after)
    return _of(change, before, after)


def _of(change: AppliedChange, before: Recorded | None, after: Recorded | None) -> Past:
    return Past(
        address=change.address,
        action=change.action,
        before=change.before,
        after=change.after,
        hidden=change.hidden,
        was=before,
        became=after,
        in_part=change.outcome not in MADE,
        record_only=not change.requests,
    )


def _noted(address: Address, was: State, became: State) -> Past:
    before, after = was.recorded.get(address), became.recorded.get(address)
    action = Action.UNCHANGED if after else Action.FORGET
    return Past(address, action, was=before, became=after, record_only=True)


def _from_image(place: Place, change: AppliedChange, after: Recorded | None) -> Recorded | None:
    """Return what to take for recorded before, where nobody knows: what was seen, as far as it was managed."""
    connected = place.kinds.get((change.address.connection, change.address.kind))
    if not change.before or connected is None:
        return None
    possible = connected.kind.fields_of(change.after) if change.after else ()
    managed = {n: v for n, v in change.before.items() if n in change.after or n not in possible}
    template = after or Recorded(change.address, NOTHING, "")
    return replace(template, values=managed, applied_at=place.origin.applied_at, certain=True, before=None)


def _not_recorded(entry: Entry) -> Diagnostic:
    origin, is_running = entry.applied.origin, entry.applied.outcome == RUNNING
    return Diagnostic(
        code="in-flight",
        summary="This apply is running" if is_running else "This apply was cut off",
        detail=f"Apply {entry.id} ({origin.by} on {origin.host}, {origin.applied_at}) is not recorded yet.",
        hint="wait for it to end" if is_running else "run `reconcile apply` first: it accounts for it",
    )


def _version_gone(entry: Entry) -> Diagnostic:
    return Diagnostic(
        code="version-gone",
        summary="This apply is not kept any more",
        detail=f"Version {entry.serial} of the state, which held apply {entry.id}, is gone.",
        hint="`reconcile history` lists what can be taken back",
    )


def _record_gone(entry: Entry) -> Diagnostic:
    return Diagnostic(
        code="version-gone",
        summary="The version before that apply is gone",
        detail=f"What was recorded before apply {entry.id} is not kept any more, or cannot be read; what it saw on the "
        "platform is recorded instead.",
        hint="`retention` in reconcile.yaml says how much is kept",
        severity=Severity.WARNING,
    )
