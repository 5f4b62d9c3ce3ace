"""The story on one screen: refresh -> plan -> check -> apply -> record.

``plan`` and ``drift`` are given readers, so they cannot write; ``apply`` holds the lock from before it reads the state
until after it has recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reconcile.core.address import Address, Selection
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError
from reconcile.core.guard import DeleteLimits, refusals
from reconcile.core.kind import Connected
from reconcile.core.plan import Base, Plan, Stamp, build_plan
from reconcile.core.snapshot import Desired, ReadFailed, Reading, Recorded, Snapshots, Unreadable
from reconcile.engine.apply import Result, Work, apply
from reconcile.engine.events import LockTaken
from reconcile.engine.link import Link, Outside, open_operators, open_readers, open_writers
from reconcile.engine.record import Scribe, applied_block, recorded_after
from reconcile.engine.refresh import refresh
from reconcile.providers.base import Reader
from reconcile.state.backend import Backend
from reconcile.state.format import Origin, State
from reconcile.state.intent import intent_of
from reconcile.state.journal import Journal
from reconcile.state.lock import LockInfo, Owner, acquire, read_holder
from reconcile.state.store import Store
from reconcile.state.unfinished import Unfinished, discard, overlay, unfinished


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works: the files' contents, the connections, the state, and the world outside."""

    environment: str
    desired: Mapping[Address, Desired]
    links: Mapping[str, Link]
    backend: Backend
    limits: DeleteLimits
    outside: Outside
    origin: Origin
    clock: Callable[[], float]
    pid: int = 0

    @property
    def kinds(self) -> Mapping[tuple[str, str], Connected]:
        """The kinds of every connection, by (connection, kind)."""
        return {key: kind for link in self.links.values() for key, kind in link.connected().items()}

    @property
    def store(self) -> Store:
        """The versions of the state."""
        return Store(self.backend, self.outside.redactor.clean)


@dataclass(frozen=True, slots=True)
class Wish:
    """What of it the command is about: which objects, and how to look at them."""

    selection: Selection = field(default_factory=Selection)
    reassert: bool = False
    exact: bool = False
    allow_deletes: int | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what it was made from."""

    plan: Plan
    state: State
    recorded: Mapping[Address, Recorded]
    left: tuple[Unfinished, ...]
    live: Mapping[Address, Reading]

    @property
    def unread(self) -> tuple[Address, ...]:
        """The objects that could not be read."""
        return tuple(a for a, reading in self.live.items() if isinstance(reading, ReadFailed))

    @property
    def seen(self) -> int:
        """How many recorded objects could be compared with what is live."""
        return sum(a in self.recorded and not isinstance(r, Unreadable | ReadFailed) for a, r in self.live.items())

    @property
    def unseen(self) -> int:
        """How many recorded objects the platform has no way to show."""
        items = self.plan.unchanged
        return sum(not item.readable and not item.one_shot and bool(item.last_applied_at) for item in items)


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan and what became of it. ``results`` is empty when nothing was tried.

    ``trouble`` is set when the changes were made and recording them failed.
    """

    plan: Plan
    results: tuple[Result, ...] = ()
    serial: int | None = None
    trouble: ReconcileError | None = None


def plan(place: Place, wish: Wish) -> Planned:
    """Return what apply would do now. Changes nothing anywhere, and takes no lock.

    Raises ``StateError`` when the state cannot be used; what a platform answers is in the plan.
    """
    with open_readers(place.links, place.outside) as readers:
        return _planned(place, wish, readers, read_holder(place.backend, datetime.now(UTC)))


def apply_files(place: Place, wish: Wish, approve: Callable[[Plan], bool], stopping: Callable[[], bool]) -> Applied:
    """Plan, have it approved, apply, record. Returns what became of every change.

    ``approve`` is asked when something would be changed on a platform; it may raise ``Refused``. Raises ``LockHeld``
    while somebody else applies. After the first call nothing raises any more: results are values.
    """
    with acquire(place.backend, owner_of(place), lambda: datetime.now(UTC)) as lock:
        for note in lock.notes:
            place.outside.listener(LockTaken(f"{note.summary}: {note.detail}"))
        with (
            open_writers(place.links, place.outside) as writers,
            open_operators(place.links, place.outside) as operators,
        ):
            planned = _planned(place, wish, writers, None)
            if planned.plan.refusals or (planned.plan.changes and not approve(planned.plan)):
                return Applied(planned.plan)
            lock.check()
            work = Work(
                writers=writers,
                kinds=place.kinds,
                widths={name: link.concurrency for name, link in place.links.items()},
                listener=place.outside.listener,
                clock=place.clock,
                stopping=stopping,
                operators=operators,
                operations={name: each for link in place.links.values() for name, each in link.operations.items()},
                waits={name: link.waits for name, link in place.links.items()},
            )
            return _applied(place, planned, work)


def _planned(place: Place, wish: Wish, readers: Mapping[str, Reader], holder: LockInfo | None) -> Planned:
    kinds = place.kinds
    state = place.store.latest()
    left = tuple(unfinished(place.backend, holder))
    recorded, notes = overlay(state.recorded, left)
    desired = {a: d for a, d in place.desired.items() if wish.selection.holds(a)}
    ours = {a: r for a, r in recorded.items() if wish.selection.holds(a)}
    asked = {**desired, **_twins(place.desired, ours)}
    found = refresh(readers, kinds, asked, ours, exact=wish.exact, listener=place.outside.listener)
    stamp = Stamp(place.origin.id, place.origin.applied_at, place.environment, Base(state.lineage, state.serial))
    made = build_plan(
        Snapshots(desired, found.live, ours),
        kinds,
        stamp,
        reassert=wish.reassert,
        diagnostics=_cleaned([*notes, *found.diagnostics], place),
    )
    limits = replace(place.limits, allowed=wish.allow_deletes)
    made = replace(
        made,
        refusals=refusals(made, recorded, found.live, limits),
        diagnostics=tuple(_cleaned(made.diagnostics, place)),
    )
    live = {address: reading for address, reading in found.live.items() if address in desired or address in ours}
    return Planned(made, state, recorded, left, live)


def owner_of(place: Place) -> Owner:
    """Return who holds the lock while this command does."""
    origin = place.origin
    return Owner(origin.id, origin.by, origin.host, place.pid, place.outside.redactor.clean(origin.command))


def _twins(desired: Mapping[Address, Desired], ours: Mapping[Address, Recorded]) -> dict[Address, Desired]:
    """Return what else must be read before anything of ours is taken for removed: it may have a new address.

    Only reading all that a connection's files declare can tell, whatever is selected.
    """
    removed = {address.connection for address in ours if address not in desired}
    return {address: found for address, found in desired.items() if address.connection in removed}


def _applied(place: Place, planned: Planned, work: Work) -> Applied:
    changes = planned.plan.changes
    if not changes:
        return _recorded(place, planned, ())
    intents = [intent_of(c, one_shot=work.kinds[c.address.connection, c.address.kind].kind.one_shot) for c in changes]
    clean = place.outside.redactor.clean
    with Journal.begin(place.backend, place.origin, intents, planned.state, clean=clean) as journal:
        results = apply(changes, replace(work, witness=Scribe(journal)))
        done = _recorded(place, planned, results)
        if done.trouble is None:
            with_trouble = _closed(journal)
            return replace(done, trouble=with_trouble)
        return done


def _recorded(place: Place, planned: Planned, results: tuple[Result, ...]) -> Applied:
    """Write the next version of the state, unless it would say the same as this one."""
    recorded = recorded_after(planned.recorded, planned.plan, results)
    old = planned.state
    if not results and dict(old.recorded) == recorded and not planned.left:
        return Applied(planned.plan, results, old.serial)
    block = applied_block(place.origin, results) if results else None
    took_in = [item.id for item in planned.left if item.id]
    try:
        state = place.store.write(old, recorded, block, at=_now(), took_in=took_in)
        discard(place.backend, planned.left)
    except ReconcileError as error:
        return Applied(planned.plan, results, None, error)
    return Applied(planned.plan, results, state.serial)


def _closed(journal: Journal) -> ReconcileError | None:
    try:
        with closing(journal):
            return None
    except ReconcileError as error:
        return error


def _cleaned(diagnostics: Iterable[Diagnostic], place: Place) -> list[Diagnostic]:
    """Return the diagnostics without secrets: a platform may quote what it was sent."""
    clean = place.outside.redactor.clean
    return [replace(d, detail=clean(d.detail), hint=clean(d.hint)) for d in diagnostics]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
