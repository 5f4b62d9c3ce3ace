"""The story on one screen: refresh -> plan -> check -> apply -> record.

``plan`` and ``drift`` are given readers, so they cannot write; ``carry_out`` holds the lock from before it reads the
state until after it has recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import ReconcileError
from reconcile.core.freeze import Override
from reconcile.core.identity import Accounts, unvouched
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Plan
from reconcile.engine.apply import Result, Work, apply
from reconcile.engine.events import LockTaken
from reconcile.engine.freeze import judged, lifted
from reconcile.engine.link import open_operators, open_writers
from reconcile.engine.place import Place
from reconcile.engine.planning import Planned, Planner, planned_by, read_basis
from reconcile.engine.record import Scribe, applied_block, recorded_after
from reconcile.state.intent import intent_of
from reconcile.state.journal import Journal
from reconcile.state.lock import acquire
from reconcile.state.retention import remove_old_versions
from reconcile.state.unfinished import applied_of, discard


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan and what became of it. ``results`` is empty when nothing was tried.

    ``trouble`` is set when the changes were made and recording them failed. ``id`` is the apply's; the plan has its own
    where it was saved before. ``notes`` says what could not be tidied up. ``outlook`` is the plan's.
    """

    plan: Plan
    results: tuple[Result, ...] = ()
    serial: int | None = None
    trouble: ReconcileError | None = None
    id: str = ""
    notes: tuple[Diagnostic, ...] = ()
    outlook: Outlook | None = None


def carry_out(
    place: Place,
    planner: Planner,
    approve: Callable[[Planned], bool],
    stopping: Callable[[], bool],
    *,
    override: str | None = None,
) -> Applied:
    """Plan, have it approved, apply, record. Returns what became of every change.

    ``approve`` is asked when something would be changed; it may raise ``Refused``. ``override`` is the reason to go
    ahead inside a freeze. Raises ``LockHeld`` while somebody else applies, and ``Refused`` when a freeze began while
    ``approve`` was at it. After the first call nothing raises any more: results are values.
    """
    override = override and place.outside.redactor.clean(override)
    with acquire(place.backend, place.owner, lambda: datetime.now(UTC)) as lock:
        for note in lock.notes:
            place.outside.listener(LockTaken(f"{note.summary}: {note.detail}"))
        with (
            open_writers(place.links, place.outside) as writers,
            open_operators(place.links, place.outside) as operators,
        ):
            planned = planned_by(planner, place, read_basis(place, None), writers)
            planned = replace(planned, plan=judged(planned.plan, place.freezes, datetime.now(UTC), override))
            if planned.plan.refusals or (planned.plan.changes and not approve(planned)):
                return Applied(planned.plan, id=place.origin.id, outlook=planned.outlook)
            lock.check()
            if planned.plan.changes:
                planned = replace(planned, override=_lifted(place, override))
            work = Work(
                writers=writers,
                kinds=place.kinds,
                widths={name: link.concurrency for name, link in place.links.items()},
                listener=place.outside.listener,
                clock=place.clock,
                stopping=lambda: stopping() or lock.lost,
                operators=operators,
                operations={name: each for link in place.links.values() for name, each in link.operations.items()},
                waits={name: link.waits for name, link in place.links.items()},
                tracer=place.outside.tracer,
            )
            done = _applied(place, planned, work, lock.check)
            return replace(done, notes=_tidied(place, done), outlook=planned.outlook)


def _applied(place: Place, planned: Planned, work: Work, check: Callable[[], None]) -> Applied:
    """Make the changes and record them. ``check`` raises when the lock is not ours any more."""
    changes = planned.plan.changes
    if not changes:
        return _recorded(place, planned, (), check)
    intents = [intent_of(c, one_shot=work.kinds[c.address.connection, c.address.kind].kind.one_shot) for c in changes]
    clean = place.outside.redactor.clean
    journaled = Journal.begin(
        place.backend,
        place.origin,
        intents,
        planned.basis.state,
        plan=planned.saved,
        undoes=planned.undoes,
        override=planned.override,
        clean=clean,
    )
    with journaled as journal:
        with work.tracer.span("apply", {"reconcile.changes": len(changes)}):
            results = apply(changes, replace(work, witness=Scribe(journal, check)))
        done = _recorded(place, planned, results, check)
        if done.trouble is None:
            with_trouble = _closed(journal)
            return replace(done, trouble=with_trouble)
        return done


def _recorded(place: Place, planned: Planned, results: tuple[Result, ...], check: Callable[[], None]) -> Applied:
    """Write the next version of the state, unless it would say the same as this one."""
    plan, basis = planned.plan, planned.basis
    old = basis.state
    # What was done to another tenant says nothing of this one, also where nothing came of the plan.
    strangers = Accounts(old.accounts, place.accounts).other_tenants & set(planned.settled)
    recorded = recorded_after(unvouched(basis.recorded, place.kinds, strangers), plan, results)
    touched = {*planned.settled, *(address.connection for address in plan.touched)}
    accounts = {name: account for name, account in place.accounts.items() if name in touched}
    is_as_before = dict(old.recorded) == recorded and {**old.accounts, **accounts} == dict(old.accounts)
    if not results and is_as_before and not basis.left:
        return Applied(plan, results, old.serial, id=place.origin.id)
    block = applied_block(place.origin, results)
    block = replace(block, plan=planned.saved, undoes=planned.undoes, override=planned.override)
    took_in = [item.id for item in basis.left if item.id]
    cut_off = [told for item in basis.left if not item.is_recorded and (told := applied_of(item))]
    try:
        state = place.store.write(
            old,
            recorded,
            block,
            at=_now(),
            took_in=took_in,
            cut_off=cut_off,
            accounts=accounts,
            guard=check,
        )
        discard(place.backend, basis.left)
    except ReconcileError as error:
        return Applied(plan, results, None, error, id=place.origin.id)
    return Applied(plan, results, state.serial, id=place.origin.id)


def _lifted(place: Place, override: str | None) -> Override | None:
    """Return what is kept of a freeze that is lifted. The time that counts is this one: the changes come next."""
    found = lifted(place.freezes, datetime.now(UTC), override)
    return found and replace(found, freeze=place.outside.redactor.clean(found.freeze))


def _tidied(place: Place, done: Applied) -> tuple[Diagnostic, ...]:
    """Remove versions that are not kept any more; what cannot be removed is said, and stays for the next apply."""
    if done.serial is None or done.trouble:
        return ()
    try:
        remove_old_versions(place.backend, done.serial, place.retention, datetime.now(UTC))
    except ReconcileError as error:
        return tuple(replace(each, severity=Severity.NOTE) for each in error.diagnostics)
    return ()


def _closed(journal: Journal) -> ReconcileError | None:
    try:
        with closing(journal):
            return None
    except ReconcileError as error:
        return error


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
