"""Everything in one org that has a schedule or could have one, out of the lists that plans read anyway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reconcile.core.address import Address, Selection
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.snapshot import Live, ReadFailed, Reading
from reconcile.providers.base import Found, Sought, Spread, Wanted
from reconcile.providers.crm_analytics.api import Asset
from reconcile.providers.crm_analytics.convert import long_id, short_id
from reconcile.providers.crm_analytics.kinds import ID_KINDS
from reconcile.providers.crm_analytics.listed import WORDS, Listed
from reconcile.providers.crm_analytics.target import Target, Task, as_listed

# What the short form of the list of dataflows lacks (page 2.1).
_NOT_LISTED = frozenset(("notification_level",))
_PREFIXES = {kind: prefix for prefix, kind in ID_KINDS.items()}


@dataclass(slots=True)
class _Search:
    """What has been found so far, and what is still to be read alone."""

    connection: str
    sought: Sought
    readings: dict[Address, Live | ReadFailed] = field(default_factory=dict)
    listed: set[Address] = field(default_factory=set)
    known: set[Address] = field(default_factory=set)
    notes: dict[Address, str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)


def discover(
    connection: str,
    sought: Sought,
    listed: Callable[[str], Listed | Diagnostic],
    get: Callable[[Task], Reading],
    spread: Spread,
) -> Found:
    """Return what is live in an org. ``listed`` gives the list of one kind of asset, ``get`` reads one asset alone.

    Only lists that can hold something that is sought are asked for.
    """
    search = _Search(connection, sought)
    kinds = [kind for kind in WORDS if _may_hold(connection, kind, sought.selection)]
    for found in spread(listed, kinds):
        if isinstance(found, Diagnostic):
            search.diagnostics.append(found)
        elif found.is_short:
            search.diagnostics.append(replace(found.incomplete(connection), severity=Severity.ERROR))
        else:
            _search(search, found)
    for task, reading in zip(search.tasks, spread(get, search.tasks), strict=True):
        # What went between its list and now is not live.
        if isinstance(reading, Live | ReadFailed):
            search.readings[task.target.address] = reading
    return Found(
        dict(sorted(search.readings.items())),
        frozenset(search.listed),
        frozenset(search.known),
        search.notes,
        tuple(search.diagnostics),
    )


def _search(search: _Search, listed: Listed) -> None:
    for asset in listed.by_id.values():
        named = Address(search.connection, "schedule", f"{listed.kind}:{asset.name}")
        by_id = Address(search.connection, "schedule", f"id:{long_id(short_id(asset.id))}")
        several = len(listed.by_name[asset.name])
        is_named = several == 1 and bool(asset.name.strip())
        address = named if is_named else by_id
        search.listed |= {address, named}
        if not _is_selected(search.sought.selection, named, by_id, address):
            continue
        if search.sought.selection.select:
            search.listed.add(by_id)
        if by_id in search.sought.known or (is_named and named in search.sought.known):
            search.known.add(address)
            continue
        _look(search, listed.kind, address, asset)
        if several > 1:
            search.notes[address] = f"{several} {WORDS[listed.kind]}s are named {asset.name}"


def _look(search: _Search, kind: str, address: Address, asset: Asset) -> None:
    """Take a schedule from its list, or note that the asset has to be read."""
    fields = _NOT_LISTED if search.sought.whole else frozenset()
    target = Target(Wanted(address, fields, asset.id), kind, asset.name, by_id=address.name.startswith("id:"))
    reading, partial = as_listed(kind, target, asset)
    if isinstance(reading, Live):
        search.readings[address] = reading
    else:
        search.tasks.append(Task(target, asset, partial))


def _is_selected(selection: Selection, named: Address, by_id: Address, address: Address) -> bool:
    """Say whether an asset is selected, by either of its names, and not excluded by its own or by that of its kind."""
    kept = Selection(exclude=selection.exclude)
    chosen = Selection(selection.select)
    return (chosen.holds(named) or chosen.holds(by_id)) and kept.holds(named) and kept.holds(address)


def _may_hold(connection: str, kind: str, selection: Selection) -> bool:
    named, by_id = (f"{connection}/schedule/{head}" for head in (f"{kind}:", f"id:{_PREFIXES[kind]}"))
    chosen = Selection(selection.select)
    is_chosen = chosen.may_hold_below(named) or chosen.may_hold_below(by_id)
    return is_chosen and Selection(exclude=selection.exclude).may_hold_below(named)
