"""The plan that takes an apply back: what it did, object by object, against what there is now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from reconcile.core.address import Address
from reconcile.core.change import Change, LeftOut, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity, in_order
from reconcile.core.drift import edited
from reconcile.core.kind import Kind
from reconcile.core.pause import asked_for
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Desired, Reading, Recorded, Values
from reconcile.core.source import Span
from reconcile.core.undo import CHANGED, Past, TakenBack, Undoing, same_record, take_back
from reconcile.engine.history import Entry, find_entry, is_made
from reconcile.engine.memory import remembered
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis, Planned, Planner, Wish, guarded, stamp_of
from reconcile.engine.refresh import Refreshed, refresh
from reconcile.providers.base import Reader

# How many objects a message names before it says "and so many more".
NAMED = 3


def taking_back(name: str, wish: Wish) -> Planner:
    """Return what makes the plan that takes an apply back, named as ``find_entry`` takes it.

    The planner raises ``ConfigError`` for an unknown apply, ``Refused`` for one that is not recorded (yet).
    """

    def planner(place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
        entry = find_entry(place, name)
        memory = remembered(place, entry)
        pasts = [past for past in memory.pasts if wish.selection.holds(past.address)]
        abroad = [past for past in pasts if past.address.connection in memory.strangers]
        pasts = [past for past in pasts if past.address.connection not in memory.strangers]
        found = _looked(place, basis, readers, pasts, exact=wish.exact)
        verdicts = [*_verdicts(place, basis, entry, pasts, found.live), *map(_other_tenant, abroad)]
        made = _plan(place, basis, entry, verdicts)
        told = [*basis.notes, *memory.notes, *found.diagnostics, *made.diagnostics]
        told += [*_still_asked(place, basis, made.changes, entry), *_undone_before(entry)]
        made = replace(made, diagnostics=in_order(dict.fromkeys(place.cleaned(told))))
        return Planned(guarded(place, basis, made, found.live, wish), basis, found.live, undoes=entry.id)

    return planner


def _plan(place: Place, basis: Basis, entry: Entry, verdicts: Iterable[TakenBack]) -> Plan:
    stamp, found = stamp_of(place, basis), list(verdicts)
    failed = [each for each in found if isinstance(each, Diagnostic)]
    return Plan(
        id=stamp.id,
        created_at=stamp.at,
        environment=stamp.environment,
        base=stamp.base,
        changes=tuple(each for each in found if isinstance(each, Change)),
        unchanged=tuple(each for each in found if isinstance(each, Unchanged)),
        drift=(),
        diagnostics=tuple(failed),
        failed=tuple(Address.parse(each.address) for each in failed if each.address),
        undoes=entry.id,
        left_out=tuple(sorted((each for each in found if isinstance(each, LeftOut)), key=lambda each: each.address)),
    )


# -- what there is now -------------------------------------------------------------------------------------------------


def _looked(
    place: Place, basis: Basis, readers: Mapping[str, Reader], pasts: Collection[Past], *, exact: bool
) -> Refreshed:
    """Read what the apply changed on a platform, as far as that can be read."""
    asked: dict[Address, Desired] = {}
    for past in pasts:
        connected = place.kinds.get((past.address.connection, past.address.kind))
        if connected is None or not connected.kind.readable or past.record_only:
            continue
        # Every field there can be, also what lists leave out: what nobody asked for is to stay as it is.
        shapes = [values for values in (past.before, past.after) if values]
        fields = {name for values in shapes for name in connected.kind.fields_of(values)}
        asked[past.address] = Desired(past.address, dict.fromkeys(fields), Span("", 1, 1))
    ours = {address: basis.recorded[address] for address in asked if address in basis.recorded}
    outside = place.outside
    return refresh(readers, place.kinds, asked, ours, exact=exact, listener=outside.listener, tracer=outside.tracer)


def _verdicts(
    place: Place, basis: Basis, entry: Entry, pasts: Iterable[Past], live: Mapping[Address, Reading]
) -> list[TakenBack]:
    found: list[TakenBack] = []
    undoings: dict[Address, Undoing] = {}
    for past in pasts:
        address, words = past.address, f"takes back apply {entry.id}"
        connected = place.kinds.get((address.connection, address.kind))
        if connected is None:
            found.append(LeftOut(address, past.action, "it has no connection any more", _no_connection(address)))
            continue
        undoings[address] = Undoing(past, connected, live.get(address), basis.recorded.get(address), words)
        found.append(take_back(undoings[address]))
    suspects = {each.address for each in found if isinstance(each, LeftOut) and each.diagnostic.code == CHANGED}
    suspects = {a for a in suspects if not same_record(undoings[a].recorded, undoings[a].past.became)}
    culprits = _culprits(place, entry, suspects) if suspects else {}
    return [_blamed(each, undoings, culprits) for each in found]


def _blamed(found: TakenBack, undoings: Mapping[Address, Undoing], culprits: Mapping[Address, str]) -> TakenBack:
    if not isinstance(found, LeftOut) or found.address not in culprits:
        return found
    return take_back(replace(undoings[found.address], culprit=culprits[found.address]))


def _culprits(place: Place, entry: Entry, addresses: Collection[Address]) -> dict[Address, str]:
    """Return the newest later apply that changed each object, where one did that is not its undo."""
    found: dict[Address, str] = {}
    for version in place.store.history():
        if entry.serial is None or version.serial <= entry.serial or len(found) == len(addresses):
            break
        for applied in filter(None, (version.apply, *version.cut_off)):
            if applied.undoes == entry.id:
                continue
            for change in applied.changes:
                if change.address in addresses and is_made(change):
                    found.setdefault(change.address, applied.origin.id)
    return found


# -- what there is to say ----------------------------------------------------------------------------------------------


def _still_asked(place: Place, basis: Basis, changes: Iterable[Change], entry: Entry) -> list[Diagnostic]:
    """Return that the files still ask for what is taken back, if they do."""
    found = [str(change.address) for change in changes if change.requests and _is_asked(place, basis, change)]
    if not found:
        return []
    names = ", ".join(found[:NAMED]) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")
    commit = entry.applied.origin.commit
    return [
        Diagnostic(
            code="files-still-ask",
            summary="The files still ask for what is taken back",
            detail=f"The next plan will want it back: {names}.",
            hint=f"revert commit {commit[:10]}, or change the files" if commit else "change the files, too",
            severity=Severity.WARNING,
        )
    ]


def _undone_before(entry: Entry) -> list[Diagnostic]:
    """Return that it was taken back already, if it was: there may be nothing left to do."""
    if entry.undone_by is None:
        return []
    detail = f"Apply {entry.id} was taken back by apply {entry.undone_by}."
    hint = f"`reconcile undo {entry.undone_by}` brings it again"
    return [Diagnostic("undone-before", "This was taken back before", detail, hint, severity=Severity.WARNING)]


def _is_asked(place: Place, basis: Basis, change: Change) -> bool:
    """Say whether the files would have the object otherwise than ``change`` leaves it."""
    kind = place.kinds[change.address.connection, change.address.kind].kind
    desired = place.desired.get(change.address)
    if desired is None:
        return change.to_record is not None and not kind.one_shot
    now = place.origin.applied_at
    wanted = asked_for(kind, desired, basis.recorded.get(change.address), now, place.hold).desired
    return not _is_as(kind, change.after, wanted)


def _is_as(kind: Kind, values: Values, wanted: Desired) -> bool:
    if not values or kind.is_absent(wanted.values):
        return not values and kind.is_absent(wanted.values)
    return not edited(kind, wanted, Recorded(wanted.address, values, ""))


def _other_tenant(past: Past) -> LeftOut:
    diagnostic = Diagnostic(
        code="other-tenant",
        summary="That apply was made on another account",
        detail=f"{past.address} stays as it is: connection {past.address.connection} leads to another account now.",
        hint="undo it where the connection leads to the account of that time",
        address=str(past.address),
    )
    return LeftOut(past.address, past.action, "that apply was made on another account", diagnostic)


def _no_connection(address: Address) -> Diagnostic:
    return Diagnostic(
        code="connection-removed",
        summary="An object of that apply has no connection any more",
        detail=f'{address} stays as it is: reconcile.yaml has no connection "{address.connection}" that knows '
        f'"{address.kind}".',
        hint="put the connection back",
        address=str(address),
    )
