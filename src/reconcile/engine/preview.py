"""What a run would do, without doing any of it: order, calls, what is under way already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ObjectNotFound, PlatformError, ReconcileError, Rejected
from reconcile.core.operation import Job
from reconcile.core.run import Run, RunState, StepPlan
from reconcile.engine.link import open_operators, side_by_side
from reconcile.engine.loom import Clock
from reconcile.engine.place import Place
from reconcile.engine.runs import cut_off, operations_of
from reconcile.providers.base import Operator

WIDTH = 8


@dataclass(frozen=True, slots=True)
class StepPreview:
    """What a run would do in one step.

    ``tier`` counts from 1: steps of one tier need none of each other. ``request`` is (method, path, body), None when it
    cannot be told; then ``diagnostic`` says why. ``busy`` are the jobs of the same work that are under way now.
    """

    plan: StepPlan
    tier: int
    request: tuple[str, str, object] | None = None
    busy: tuple[Job, ...] = ()
    diagnostic: Diagnostic | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would do. ``slots`` are places at once by connection and pool: (used now, most)."""

    pipeline: str
    steps: tuple[StepPreview, ...]
    slots: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    cut_off: Run | None = None


def preview(place: Place, pipeline: str, steps: tuple[StepPlan, ...], clock: Clock) -> Preview:
    """Return what ``reconcile run`` would do now. Starts nothing and writes nothing.

    A step whose call cannot be told (an unknown name, a platform that does not answer) has a diagnostic.
    """
    left = cut_off(place.backend, pipeline, steps)
    tiers = _tiers(steps)
    pending = [plan for plan in steps if not _is_over(left, plan.name)]
    with open_operators(place.links, place.outside) as operators:
        look = partial(_looked, place, operators, clock.utc())
        found = side_by_side(lambda plan: look(plan, tiers[plan.name]), pending, WIDTH)
        slots = _slots(place, operators, pending)
    in_order = sorted(found, key=lambda step: step.tier)
    return Preview(pipeline, tuple(in_order), slots, left)


def unknown_names(place: Place, steps: tuple[StepPlan, ...]) -> tuple[Diagnostic, ...]:
    """Return what is wrong with names that a platform can look up; empty when all are there, or it does not answer.

    Before hours of work are begun whose last step is misspelled.
    """
    with open_operators(place.links, place.outside) as operators:
        found = side_by_side(lambda plan: _unknown(operators, plan), steps, WIDTH)
    return tuple(diagnostic for diagnostic in found if diagnostic)


def _unknown(operators: Mapping[str, Operator], plan: StepPlan) -> Diagnostic | None:
    try:
        operators[plan.connection].prepare(plan.order)
    except (ObjectNotFound, Rejected) as error:
        diagnostic = error.diagnostics[0]
        return replace(diagnostic, detail=f"{plan.name}: {diagnostic.detail}")
    except ReconcileError:
        return None  # the step says so when its turn has come; the platform may be back by then
    return None


def _looked(place: Place, operators: Mapping[str, Operator], now: datetime, plan: StepPlan, tier: int) -> StepPreview:
    try:
        operator = operators[plan.connection]
        ready = operator.prepare(plan.order)
        request = (ready.request.method, ready.request.path, ready.request.body)
        jobs = operator.on_target(ready, operator.server_time() or now)
    except ReconcileError as error:
        return StepPreview(plan, tier, diagnostic=error.diagnostics[0])
    return StepPreview(plan, tier, request, tuple(job for job in jobs if not job.is_over))


def _slots(
    place: Place, operators: Mapping[str, Operator], steps: list[StepPlan]
) -> dict[str, tuple[int | None, int | None]]:
    operations = operations_of(place)
    pools = {(plan.connection, operations[plan.operation].pool) for plan in steps if operations[plan.operation].pool}
    found: dict[str, tuple[int | None, int | None]] = {}
    for connection, pool in sorted(pools):
        try:
            used: int | None = sum(not job.is_over for job in operators[connection].in_pool(pool))
        except PlatformError:
            used = None  # each step says itself that the platform does not answer
        found[f"{connection} {pool} at once"] = used, operators[connection].slots(pool)
    return found


def _tiers(steps: tuple[StepPlan, ...]) -> dict[str, int]:
    """Return the tier of each step: one more than the highest of those it needs."""
    needs = {plan.name: plan.needs for plan in steps}
    tiers: dict[str, int] = {}
    while len(tiers) < len(steps):
        for name, before in needs.items():
            if name not in tiers and all(need in tiers for need in before):
                tiers[name] = 1 + max((tiers[need] for need in before), default=0)
    return tiers


def _is_over(run: Run | None, step: str) -> bool:
    return run is not None and step in run.steps and run.steps[step].state is RunState.SUCCEEDED
