"""A plan is data: what apply will do with each object, why, and with which calls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from reconcile.core.address import Address, by_parts
from reconcile.core.change import Change, LeftOut, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity, in_order
from reconcile.core.diff import FieldChange, field_changes
from reconcile.core.drift import Drift
from reconcile.core.hold import Hold
from reconcile.core.judge import Case, Verdict, judge
from reconcile.core.kind import Action, Connected, Kind
from reconcile.core.pause import moment_words
from reconcile.core.snapshot import NOTHING, Live, Recorded, SameAs, Snapshots, Values

__all__ = ["Base", "Change", "LeftOut", "Plan", "Stamp", "Unchanged", "build_plan", "moved_since", "short_of"]


@dataclass(frozen=True, slots=True)
class Base:
    """The state a plan was made from."""

    lineage: str
    serial: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything apply needs to know, and nothing else may change its mind. Sorted by address.

    ``failed`` names the objects of which nothing can be said because reading them failed or they are not there.
    ``digest`` says in one word what the plan does (``core.digest``); empty until it is known where the connections
    lead. ``undoes`` is the id of the apply that it takes back, if any, and ``left_out`` what of that stays as it is.
    """

    id: str
    created_at: str
    environment: str
    base: Base
    changes: tuple[Change, ...]
    unchanged: tuple[Unchanged, ...]
    drift: tuple[Drift, ...]
    diagnostics: tuple[Diagnostic, ...]
    refusals: tuple[Diagnostic, ...] = ()
    failed: tuple[Address, ...] = ()
    digest: str = ""
    undoes: str | None = None
    left_out: tuple[LeftOut, ...] = ()

    def count(self, action: Action) -> int:
        """Return how many objects take ``action``."""
        if action is Action.UNCHANGED:
            return len(self.unchanged)
        return sum(change.action is action for change in self.changes)

    @property
    def has_errors(self) -> bool:
        """Say whether something could not be planned."""
        return any(d.is_error for d in self.diagnostics)

    @property
    def messages(self) -> tuple[Diagnostic, ...]:
        """Return all there is to say: why it is refused, what else was found, why objects are left out."""
        return (*self.refusals, *self.diagnostics, *(item.diagnostic for item in self.left_out))

    @property
    def touched(self) -> tuple[Address, ...]:
        """Return the objects that apply will act on, or note something down of."""
        return (*(change.address for change in self.changes), *(found.address for found in self.records))

    @property
    def held(self) -> tuple[Change | Unchanged, ...]:
        """Return what is held at this moment, or is to be from this plan on, sorted by address."""
        found: list[Change | Unchanged] = [change for change in self.changes if change.hold]
        found += [item for item in self.unchanged if item.hold]
        return tuple(sorted(found, key=lambda item: by_parts(item.address)))

    @property
    def records(self) -> tuple[Recorded, ...]:
        """Return what apply will note down of objects that it does not touch."""
        return tuple(item.to_record for item in self.unchanged if item.to_record)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What identifies a plan and is not a function of its contents. ``at`` is UTC, ISO 8601."""

    id: str
    at: str
    environment: str
    base: Base


def build_plan(
    snapshots: Snapshots,
    kinds: Mapping[tuple[str, str], Connected],
    stamp: Stamp,
    *,
    reassert: bool = False,
    hold: Hold | None = None,
    diagnostics: Iterable[Diagnostic] = (),
) -> Plan:
    """Return the plan that takes live to desired.

    ``kinds`` maps (connection, kind name) to the kind on that connection. Objects that we recorded and no file asks
    for are deleted, or forgotten where nothing is there to delete. With ``reassert`` everything that the platform
    cannot show is sent again. ``hold`` is that of the whole environment. The same input gives the same plan.
    """
    verdicts: list[Verdict] = []
    found = list(diagnostics)
    if hold and hold.is_over(stamp.at):
        found.append(_hold_over(stamp.environment, hold))
    # An object that the files now name in another way is the same object: what we know of it goes with it.
    inherited = {
        reading.other: replace(snapshots.recorded[address], address=reading.other)
        for address, reading in snapshots.live.items()
        if isinstance(reading, SameAs) and address in snapshots.recorded
    }
    for address in sorted({*snapshots.desired, *snapshots.recorded}, key=by_parts):
        connected = kinds.get((address.connection, address.kind))
        if connected is None:
            found.append(_no_connection(address))
            continue
        case = Case(
            address,
            connected,
            snapshots.desired.get(address),
            snapshots.live.get(address),
            snapshots.recorded.get(address, inherited.get(address)),
            stamp.at,
            reassert,
            address in inherited and address not in snapshots.recorded,
            hold,
        )
        verdicts.append(judge(case))
    return Plan(
        id=stamp.id,
        created_at=stamp.at,
        environment=stamp.environment,
        base=stamp.base,
        changes=tuple(v.change for v in verdicts if v.change),
        unchanged=tuple(v.unchanged for v in verdicts if v.unchanged),
        drift=tuple(v.drift for v in verdicts if v.drift),
        diagnostics=in_order(dict.fromkeys([*found, *(d for v in verdicts for d in v.diagnostics)])),
        failed=tuple(v.address for v in verdicts if v.failed),
    )


def moved_since(kind: Kind, change: Change, now: Live) -> tuple[FieldChange, ...]:
    """Return the managed fields that moved on the platform between the plan and ``now``; empty when none did."""
    before, live = change.before, kind.align(now.values, change.before)
    if kind.is_absent(live):
        live = NOTHING
    names = {*change.after, *(f.path for f in change.fields), *_shape(kind, before), *_shape(kind, live)}
    if not change.after:
        names |= {*before, *live}
    order = [*kind.fields_of(change.after or before or live)]
    shown = sorted(names - now.unknown, key=lambda n: (order.index(n) if n in order else len(order), n))
    return field_changes(before, live, shown)


def short_of(kind: Kind, after: Values, now: Live, unset: Collection[str] = ()) -> tuple[FieldChange, ...]:
    """Return the fields in which ``now`` falls short of ``after`` (from asked-for to shown); empty when it is there.

    ``unset`` names fields that are not to be there, and that such an object could have.
    """
    live = kind.align(now.values, after or {"": ""})
    if not after:
        return () if kind.is_absent(live) else field_changes(NOTHING, live, sorted(live))
    names = [n for n in kind.fields_of(after) if (n in after or n in unset) and n not in now.unknown]
    return field_changes(after, NOTHING if kind.is_absent(live) else live, names)


def _shape(kind: Kind, values: Values) -> tuple[str, ...]:
    return kind.fields_of(values)[:1] if values else ()


def _hold_over(environment: str, hold: Hold) -> Diagnostic:
    return Diagnostic(
        code="hold-over",
        summary="A hold is over",
        detail=f'Environment "{environment}" was to be held until {moment_words(hold.until or "")}.',
        hint="its `hold` can be removed from reconcile.yaml",
        severity=Severity.NOTE,
    )


def _no_connection(address: Address) -> Diagnostic:
    return Diagnostic(
        code="connection-removed",
        summary="A recorded object has no connection any more",
        detail=f"{address} was applied by us, but reconcile.yaml has no connection "
        f'"{address.connection}" that knows "{address.kind}".',
        hint=f'put the connection back to manage it, or `reconcile state forget "{address}"`: it is not touched',
        address=str(address),
        severity=Severity.WARNING,
    )
