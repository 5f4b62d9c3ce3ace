"""What the platforms tell of how things went so far: asked for beside a plan, never needed for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import ReconcileError
from reconcile.core.experience import Experience
from reconcile.core.kind import Action
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Live
from reconcile.engine.link import side_by_side
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis, Planned, Planner
from reconcile.providers.base import Reader, Remembers


def informed(planner: Planner, *, always: bool = False) -> Planner:
    """Return what makes the same plan and asks the platforms what forecasts need.

    Unless ``always``, only of connections on which the plan changes when something runs: it costs calls.
    """

    def planner_(place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
        return ask(place, readers, planner(place, basis, readers), always=always)

    return planner_


def ask(
    place: Place, readers: Mapping[str, Reader], planned: Planned, also: Iterable[Live] = (), *, always: bool = False
) -> Planned:
    """Return the plan with what each connection's platform tells of its objects, and of ``also``."""
    live = [each for each in (*planned.live.values(), *also) if isinstance(each, Live)]
    concerned = {each.address.connection for each in live} if always else set(_timed(place, planned.plan))
    names = sorted(name for name in concerned if isinstance(readers.get(name), Remembers))
    found = side_by_side(lambda name: experience_of(name, readers[name], live), names, max(len(names), 1))
    gone = {str(change.address) for change in planned.plan.changes if change.action is Action.DELETE}
    told = place.cleaned([d for each in found for d in each.diagnostics if d.address not in gone])
    plan = replace(planned.plan, diagnostics=(*planned.plan.diagnostics, *told))
    return replace(planned, plan=plan, experience=dict(zip(names, found, strict=True)))


def _timed(place: Place, plan: Plan) -> Iterable[str]:
    """Return the connections on which the plan changes when something runs."""
    kinds = place.kinds
    for change in plan.changes:
        connected = kinds.get((change.address.connection, change.address.kind))
        if change.action is Action.FORGET or connected is None:
            continue
        if connected.kind.timing(change.after) is not None:
            yield change.address.connection


def experience_of(name: str, reader: Reader, live: Iterable[Live]) -> Experience:
    """Return what one connection's platform tells of those of the objects that are on it; empty when it never does."""
    if not isinstance(reader, Remembers):
        return Experience()
    try:
        return reader.experience([each for each in live if each.address.connection == name])
    except ReconcileError as error:
        return Experience(diagnostics=tuple(_unread(name, told) for told in error.diagnostics))


def _unread(name: str, told: Diagnostic) -> Diagnostic:
    detail = f"Connection {name} does not tell how long its runs take, nor what it allows: {told.detail}"
    return Diagnostic("experience-unread", "The forecast lacks figures", detail, severity=Severity.NOTE)
