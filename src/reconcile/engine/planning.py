"""How plans come about: what they start from, and the plan that takes live to what the files ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reconcile.core.address import Address, Selection
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.digest import plan_digest
from reconcile.core.experience import Experience
from reconcile.core.freeze import Override
from reconcile.core.guard import refusals
from reconcile.core.identity import Accounts, unvouched
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Base, Plan, Stamp, build_plan
from reconcile.core.snapshot import Desired, ReadFailed, Reading, Recorded, Snapshots, Unreadable
from reconcile.engine.freeze import noted
from reconcile.engine.link import open_readers
from reconcile.engine.place import Place
from reconcile.engine.refresh import refresh
from reconcile.providers.base import Reader
from reconcile.state.format import State
from reconcile.state.lock import LockInfo, read_holder
from reconcile.state.unfinished import Unfinished, overlay, unfinished


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan starts from: the newest version of the state, and what applies that were cut off make of it.

    ``recorded`` is the state's in the light of ``left``, oldest first; ``notes`` say what there is to say about that.
    """

    state: State
    recorded: Mapping[Address, Recorded]
    left: tuple[Unfinished, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @property
    def base(self) -> Base:
        """The state's lineage and serial."""
        return Base(self.state.lineage, self.state.serial)


@dataclass(frozen=True, slots=True)
class Wish:
    """What of it the command is about: which objects, how to look at them, and which guards are lifted.

    ``allow_accounts`` names connections that may lead to another account than the one that is recorded.
    """

    selection: Selection = field(default_factory=Selection)
    reassert: bool = False
    exact: bool = False
    allow_deletes: int | None = None
    allow_accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what it was made from.

    ``saved`` is the plan's own id where it was read from a file, ``undoes`` the id of the apply that it takes back.
    ``settled`` names connections whose account is to be recorded as it is now, whatever else is. ``experience`` is what
    the platforms tell of how things went so far, by connection, where that was asked. ``override`` is kept of one that
    is applied inside a freeze. ``outlook`` says when things run without the plan and with it, where that was asked.
    """

    plan: Plan
    basis: Basis
    live: Mapping[Address, Reading] = field(default_factory=dict)
    saved: str | None = None
    undoes: str | None = None
    settled: tuple[str, ...] = ()
    experience: Mapping[str, Experience] = field(default_factory=dict)
    override: Override | None = None
    outlook: Outlook | None = None

    @property
    def unread(self) -> tuple[Address, ...]:
        """The objects that could not be read."""
        return tuple(a for a, reading in self.live.items() if isinstance(reading, ReadFailed))

    @property
    def seen(self) -> int:
        """How many recorded objects could be compared with what is live."""
        recorded = self.basis.recorded
        return sum(a in recorded and not isinstance(r, Unreadable | ReadFailed) for a, r in self.live.items())

    @property
    def unseen(self) -> int:
        """How many recorded objects the platform has no way to show."""
        items = self.plan.unchanged
        return sum(not item.readable and not item.one_shot and bool(item.last_applied_at) for item in items)


# Makes a plan, by reading and nothing else: it may raise ``Refused``.
Planner = Callable[[Place, Basis, Mapping[str, Reader]], Planned]


def make_plan(place: Place, planner: Planner) -> Planned:
    """Return the plan. Changes nothing anywhere, and takes no lock.

    Raises ``StateError`` when the state cannot be used; what a platform answers is in the plan.
    """
    with open_readers(place.links, place.outside) as readers:
        planned = planned_by(planner, place, read_basis(place, read_holder(place.backend, datetime.now(UTC))), readers)
    return replace(planned, plan=noted(planned.plan, place.freezes, datetime.now(UTC)))


def planned_by(planner: Planner, place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
    """Return what ``planner`` makes, with the digest of what it does. Raises what the planner raises."""
    with place.outside.tracer.span("plan", {"reconcile.environment": place.environment}) as span:
        planned = planner(place, basis, readers)
        span.set("reconcile.changes", len(planned.plan.changes))
    if planned.plan.digest:
        return planned
    return replace(planned, plan=replace(planned.plan, digest=plan_digest(planned.plan, place.accounts)))


def read_basis(place: Place, holder: LockInfo | None) -> Basis:
    """Return what a plan starts from now; ``holder`` is whoever applies at this moment, None for ourselves."""
    state = place.store.latest()
    left = tuple(unfinished(place.backend, holder))
    recorded, notes = overlay(state.recorded, left)
    return Basis(state, recorded, left, notes)


def from_files(wish: Wish) -> Planner:
    """Return what makes the plan that takes live to what the files ask for."""

    def planner(place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
        return _planned(place, basis, readers, wish)

    return planner


def stamp_of(place: Place, basis: Basis) -> Stamp:
    """Return what identifies a plan that this command makes."""
    return Stamp(place.origin.id, place.origin.applied_at, place.environment, basis.base)


def guarded(place: Place, basis: Basis, made: Plan, live: Mapping[Address, Reading], wish: Wish) -> Plan:
    """Return the plan with what keeps it from being applied; ``live`` is what it was made from."""
    limits = replace(place.limits, allowed=wish.allow_deletes)
    accounts = _accounts(place, basis, wish)
    refused = refusals(made, basis.recorded, live, limits, kinds=place.kinds, accounts=accounts)
    return replace(made, refusals=refused)


def _planned(place: Place, basis: Basis, readers: Mapping[str, Reader], wish: Wish) -> Planned:
    kinds, recorded = place.kinds, basis.recorded
    desired = {a: d for a, d in place.desired.items() if wish.selection.holds(a)}
    ours = {a: r for a, r in recorded.items() if wish.selection.holds(a)}
    ours = unvouched(ours, kinds, _accounts(place, basis, wish).other_tenants)
    asked = {**desired, **_twins(place.desired, ours)}
    outside = place.outside
    found = refresh(readers, kinds, asked, ours, exact=wish.exact, listener=outside.listener, tracer=outside.tracer)
    made = build_plan(
        Snapshots(desired, found.live, ours),
        kinds,
        stamp_of(place, basis),
        reassert=wish.reassert,
        hold=place.hold,
        diagnostics=place.cleaned([*basis.notes, *found.diagnostics]),
    )
    made = replace(guarded(place, basis, made, found.live, wish), diagnostics=tuple(place.cleaned(made.diagnostics)))
    live = {address: reading for address, reading in found.live.items() if address in desired or address in ours}
    return Planned(made, basis, live, settled=wish.allow_accounts)


def _accounts(place: Place, basis: Basis, wish: Wish) -> Accounts:
    return Accounts(basis.state.accounts, place.accounts, frozenset(wish.allow_accounts))


def _twins(desired: Mapping[Address, Desired], ours: Mapping[Address, Recorded]) -> dict[Address, Desired]:
    """Return what else must be read before anything of ours is taken for removed: it may have a new address.

    Only reading all that a connection's files declare can tell, whatever is selected.
    """
    removed = {address.connection for address in ours if address not in desired}
    return {address: found for address, found in desired.items() if address.connection in removed}
