"""Plans that are kept in a file: saved, and carried out once, on the state that they were made from.

::

    planned = make_plan(place, from_files(wish))
    save_plan(path, place, planned)
    ...
    carry_out(place, from_saved(load_plan(path)), ...)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import Refused
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Recorded
from reconcile.engine.freeze import without_notes
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis, Planned, Planner, planned_by
from reconcile.providers.base import Reader
from reconcile.render.json import plan_document
from reconcile.state.format import Origin
from reconcile.state.plan_file import SavedPlan, from_bytes, to_bytes
from reconcile.state.private_file import read_private, write_private
from reconcile.state.unfinished import Unfinished

_AGAIN = "plan again: `reconcile plan --out FILE`"


def save_plan(path: Path, place: Place, planned: Planned) -> None:
    """Write the plan at ``path`` (mode 0600), over whatever is there, in one step. No secret is in it.

    Raises ``ReconcileError`` when it cannot be written, ``Refused`` when what it does holds a secret.
    """
    write_saved(path, saved_of(place, planned), planned.outlook, place.outside.redactor.clean)


def saved_of(place: Place, planned: Planned) -> SavedPlan:
    """Return the plan with what ``from_saved`` needs to tell whether it may be applied."""
    plan = planned.plan
    touched = {*planned.settled, *(address.connection for address in plan.touched)}
    return SavedPlan(
        plan=plan,
        accounts={name: account for name, account in place.accounts.items() if name in touched},
        folder=place.checkout.folder,
        files=place.checkout.digest,
        state=_place_of(place),
        # One that is running now is none that the plan accounts for: it goes on.
        unfinished=tuple(sorted(item.id for item in _open(planned.basis.left) if not item.is_running)),
        undoes=planned.undoes,
        settled=planned.settled,
    )


def write_saved(path: Path, saved: SavedPlan, outlook: Outlook | None, clean: Callable[[str], str]) -> None:
    """Write ``saved`` as ``save_plan`` does; ``outlook`` is the plan's, ``clean`` takes secrets out."""
    write_private(path, to_bytes(saved, plan_document(saved.plan, outlook=outlook), clean))


def load_plan(path: Path) -> SavedPlan:
    """Return the plan in a file. Whether it may be applied is for ``from_saved`` to say.

    Raises ``ReconcileError`` when there is no such file, ``Refused`` when it is damaged, edited, too new, or no plan.
    """
    return from_bytes(read_private(path), str(path))


def from_saved(saved: SavedPlan) -> Planner:
    """Return what gives the saved plan, as it was made, when this is the place and the state that it was made for.

    It reads nothing from the platforms, and raises ``Refused`` when the plan was applied already or is stale, or was
    made for another environment, account or workspace.
    """

    def planner(place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
        _check(saved, place, basis)
        notes = [_files_changed(saved.plan)] if saved.files != place.checkout.digest else []
        plan = replace(
            _dated(saved.plan, place.origin.applied_at),
            diagnostics=(*without_notes(saved.plan.diagnostics), *notes),
        )
        return Planned(plan, basis, saved=plan.id, undoes=saved.undoes, settled=saved.settled)

    return planner


def expecting(digest: str, planner: Planner) -> Planner:
    """Return what makes the same plan as ``planner``, refused unless its digest is, or begins with, ``digest``."""

    def expectant(place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
        planned = planned_by(planner, place, basis, readers)
        plan = planned.plan
        if plan.digest.startswith(digest):
            return planned
        return replace(planned, plan=replace(plan, refusals=(*plan.refusals, _digest_differs(digest, plan))))

    return expectant


def _check(saved: SavedPlan, place: Place, basis: Basis) -> None:
    """Raise ``Refused`` for the first reason there is not to apply this plan here and now."""
    if saved.plan.environment != place.environment:
        raise Refused(_other_environment(saved.plan, place))
    if reasons := list(_other_connections(saved, place)):
        raise Refused(reasons)
    if not saved.plan.base.lineage and saved.state != _place_of(place):
        # Nothing was ever recorded, so nothing but the place tells one state from another.
        raise Refused(_other_workspace(saved, f"keeps its state at {_place_of(place)}, not at {saved.state}"))
    _check_state(saved, place, basis)
    _check_unfinished(saved, basis)
    if saved.files != place.checkout.digest and saved.folder != place.checkout.folder:
        raise Refused(_other_workspace(saved, f"says something else than {saved.folder} did"))


def _check_state(saved: SavedPlan, place: Place, basis: Basis) -> None:
    plan, state = saved.plan, basis.state
    if basis.base == plan.base:
        return
    same_line = not plan.base.lineage or plan.base.lineage == state.lineage
    # An apply of this plan has written the version after that which the plan was made from, or none.
    following = place.store.version(plan.base.serial + 1) if same_line and state.serial > plan.base.serial else None
    if following and following.apply and following.apply.plan == plan.id:
        raise Refused(_used(plan, following.apply.origin, following.serial))
    raise Refused(_stale(plan, place, basis, same_line=same_line))


def _check_unfinished(saved: SavedPlan, basis: Basis) -> None:
    now = {item.id: item for item in _open(basis.left)}
    new = [item for id_, item in now.items() if id_ not in saved.unfinished]
    if new:
        raise Refused([_begun(saved.plan, item) for item in new])
    if missing := sorted(set(saved.unfinished) - set(now)):
        detail = f"It was made in the light of an apply that was cut off ({', '.join(missing)}) and is gone now."
        raise Refused(_plan_stale(detail))


def _open(left: Iterable[Unfinished]) -> list[Unfinished]:
    """Return those of the applies that were cut off that the state does not account for yet."""
    return [item for item in left if not item.is_recorded]


def _place_of(place: Place) -> str:
    found = place.backend.place("state")
    # A folder has many names: links, `..`, the folder that the command was started in.
    return found if "://" in found else os.path.realpath(found)


def _dated(plan: Plan, now: str) -> Plan:
    """Return the plan with what it records as applied now, and not when it was made."""

    def dated(record: Recorded | None) -> Recorded | None:
        if record is None:
            return None
        held_since = now if record.held_since == plan.created_at else record.held_since
        applied_at = now if record.applied_at == plan.created_at else record.applied_at
        return replace(record, applied_at=applied_at, held_since=held_since)

    def change(item: Change) -> Change:
        return replace(item, to_record=dated(item.to_record))

    def unchanged(item: Unchanged) -> Unchanged:
        return replace(item, to_record=dated(item.to_record))

    return replace(
        plan,
        changes=tuple(map(change, plan.changes)),
        unchanged=tuple(map(unchanged, plan.unchanged)),
    )


def _other_environment(plan: Plan, place: Place) -> Diagnostic:
    return Diagnostic(
        code="plan-environment",
        summary="The plan is for another environment",
        detail=f'It was made for environment "{plan.environment}"; this is "{place.environment}".',
        hint="leave --env and RECONCILE_ENV out" if plan.environment == "default" else f"--env {plan.environment}",
    )


def _other_connections(saved: SavedPlan, place: Place) -> Iterable[Diagnostic]:
    now, kinds = place.accounts, place.kinds
    for name, account in sorted(saved.accounts.items()):
        known = all((a.connection, a.kind) in kinds for a in saved.plan.touched if a.connection == name)
        if name in now and now[name] == account and known:
            continue
        where = f"leads to {now[name]}" if name in now else "is not in reconcile.yaml"
        if name in now and now[name] == account:
            where = "is one of another provider"
        yield Diagnostic(
            code="plan-connection",
            summary="The plan is for another account",
            detail=f'It was made when connection "{name}" led to {account}; now it {where}.',
            hint=f"apply it where {name} leads to the same account, or {_AGAIN}",
        )


def _other_workspace(saved: SavedPlan, difference: str) -> Diagnostic:
    return Diagnostic(
        code="plan-workspace",
        summary="The plan is for another workspace",
        detail=f"It was made in {saved.folder}; this workspace {difference}.",
        hint=f"apply it from the same commit, or {_AGAIN}",
    )


def _used(plan: Plan, origin: Origin, serial: int) -> Diagnostic:
    return Diagnostic(
        code="plan-used",
        summary="The plan was applied already",
        detail=f"Plan {plan.id} was carried out by {_who(origin)}: version {serial} of the state. "
        "A saved plan is applied once, whatever came of it.",
        hint=f"for what is left to be done, {_AGAIN}",
    )


def _stale(plan: Plan, place: Place, basis: Basis, *, same_line: bool) -> Diagnostic:
    state, made = basis.state, f"It was made at {plan.created_at} from"
    if not state.lineage:
        return _plan_stale(f"{made} version {plan.base.serial} of a state; at {_place_of(place)} there is none.")
    if not same_line:
        return _plan_stale(f"{made} another state than that at {_place_of(place)}.")
    by = f", by {_who(state.apply.origin)}" if state.apply else ""
    since = f"version {plan.base.serial} of the state" if plan.base.serial else "no state, before the first apply"
    return _plan_stale(f"{made} {since}; now there is version {state.serial}, written at {state.written_at}{by}.")


def _begun(plan: Plan, item: Unfinished) -> Diagnostic:
    if item.begin is None:
        return _plan_stale(f"Apply {item.id} was cut off since it was made.")
    who = _who(item.begin.origin)
    if item.begin.plan == plan.id:
        return _plan_stale(f"It was begun already, by {who}, and cut off.")
    return _plan_stale(f"Since it was made, {who} was cut off.")


def _plan_stale(detail: str) -> Diagnostic:
    return Diagnostic("plan-stale", "The plan is stale", detail, hint=_AGAIN)


def _files_changed(plan: Plan) -> Diagnostic:
    return Diagnostic(
        code="files-changed",
        summary="The files changed since the plan was made",
        detail=f"The plan of {plan.created_at} is applied as it was saved.",
        hint="the next plan shows what else the files ask for",
        severity=Severity.WARNING,
    )


def _digest_differs(expected: str, plan: Plan) -> Diagnostic:
    return Diagnostic(
        code="digest-differs",
        summary="This is not the plan that was expected",
        detail=f"Expected was a plan with digest {expected}; this one has {plan.digest}.",
        hint="the files, the record or what is live changed since: look at this plan, and expect its digest",
    )


def _who(origin: Origin) -> str:
    return f"apply {origin.id} ({origin.by} on {origin.host}, {origin.applied_at})"
