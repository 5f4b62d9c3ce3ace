"""The story on one screen: refresh -> plan -> check -> apply -> record.

``plan`` and ``drift`` are given readers, so they cannot write; ``carry_out`` holds the lock from before it reads the
state until after it has recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconcile.core.errors import ReconcileError
from reconcile.core.plan import Plan
from reconcile.engine.apply import Result, Work, apply
from reconcile.engine.events import LockTaken
from reconcile.engine.link import open_operators, open_writers
from reconcile.engine.place import Place
from reconcile.engine.planning import Planned, Planner, read_basis
from reconcile.engine.record import Scribe, applied_block, recorded_after
from reconcile.state.intent import intent_of
from reconcile.state.journal import Journal
from reconcile.state.lock import acquire
from reconcile.state.unfinished import discard


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan and what became of it. ``results`` is empty when nothing was tried.

    ``trouble`` is set when the changes were made and recording them failed.
    """

    plan: Plan
    results: tuple[Result, ...] = ()
    serial: int | None = None
    trouble: ReconcileError | None = None


def carry_out(place: Place, planner: Planner, approve: Callable[[Plan], bool], stopping: Callable[[], bool]) -> Applied:
    """Plan, have it approved, apply, record. Returns what became of every change.

    ``approve`` is asked when something would be changed; it may raise ``Refused``. Raises ``LockHeld`` while somebody
    else applies. After the first call nothing raises any more: results are values.
    """
    with acquire(place.backend, place.owner, lambda: datetime.now(UTC)) as lock:
        for note in lock.notes:
            place.outside.listener(LockTaken(f"{note.summary}: {note.detail}"))
        with (
            open_writers(place.links, place.outside) as writers,
            open_operators(place.links, place.outside) as operators,
        ):
            planned = planner(place, read_basis(place, None), writers)
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


def _applied(place: Place, planned: Planned, work: Work) -> Applied:
    changes = planned.plan.changes
    if not changes:
        return _recorded(place, planned, ())
    intents = [intent_of(c, one_shot=work.kinds[c.address.connection, c.address.kind].kind.one_shot) for c in changes]
    clean = place.outside.redactor.clean
    with Journal.begin(place.backend, place.origin, intents, planned.basis.state, clean=clean) as journal:
        results = apply(changes, replace(work, witness=Scribe(journal)))
        done = _recorded(place, planned, results)
        if done.trouble is None:
            with_trouble = _closed(journal)
            return replace(done, trouble=with_trouble)
        return done


def _recorded(place: Place, planned: Planned, results: tuple[Result, ...]) -> Applied:
    """Write the next version of the state, unless it would say the same as this one."""
    plan, basis = planned.plan, planned.basis
    recorded = recorded_after(basis.recorded, plan, results)
    old = basis.state
    if not results and dict(old.recorded) == recorded and not basis.left:
        return Applied(plan, results, old.serial)
    block = replace(applied_block(place.origin, results), plan=planned.saved, undoes=planned.undoes)
    touched = {address.connection for address in plan.touched}
    accounts = {name: account for name, account in place.accounts.items() if name in touched}
    took_in = [item.id for item in basis.left if item.id]
    applied = block if results else None
    try:
        state = place.store.write(old, recorded, applied, at=_now(), took_in=took_in, accounts=accounts)
        discard(place.backend, basis.left)
    except ReconcileError as error:
        return Applied(plan, results, None, error)
    return Applied(plan, results, state.serial)


def _closed(journal: Journal) -> ReconcileError | None:
    try:
        with closing(journal):
            return None
    except ReconcileError as error:
        return error


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
