"""What is worth a word about a workspace's schedules and pipelines: findings with their places in the files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reconcile.calendar.lint import findings
from reconcile.calendar.steps import StepPlan, step_findings
from reconcile.config.pipeline import Pipeline, Step
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity, in_order
from reconcile.core.experience import Experience
from reconcile.core.hold import Hold
from reconcile.core.limit import Limit, Measure
from reconcile.core.lint import sifted
from reconcile.core.snapshot import Desired, Live
from reconcile.core.source import Span
from reconcile.core.timing import Timed
from reconcile.engine.link import Link
from reconcile.engine.own_file import file_findings, own_findings
from reconcile.engine.place import Place
from reconcile.engine.planning import Planned
from reconcile.engine.timetable import Timetable, declared, needs_of, timetable

# Files alone cannot tell what a platform has besides.
_OF_LIVE_ALONE = frozenset({"trigger-unknown", "trigger-never"})


def lint_files(
    desired: Mapping[Address, Desired],
    links: Mapping[str, Link],
    pipelines: Iterable[Pipeline],
    start: datetime,
    folder: Path | None = None,
    hold: Hold | None = None,
) -> tuple[Diagnostic, ...]:
    """Return the findings that need nothing but the files, as of ``start`` (aware), in order.

    ``folder`` is the workspace's, where connections name files of the users' own; ``hold`` that of the environment.
    """
    kinds = {key: kind for link in links.values() for key, kind in link.connected().items()}
    table = declared(kinds, {address: each.values for address, each in desired.items()})
    limits = {name: link.provider.limits(link.settings) for name, link in links.items()}
    found = [each for each in _of_schedules(table, start, limits) if each.code not in _OF_LIVE_ALONE]
    for pipeline in pipelines:
        steps = [_step(links[step.connection], step) for step in pipeline.steps]
        found += step_findings(pipeline.name, steps, limits)
    if folder:
        found += file_findings(folder, links, desired, start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), hold)
    return _placed(found, {address: each.source for address, each in desired.items()})


def lint_plan(place: Place, planned: Planned, start: datetime, also: Iterable[Live] = ()) -> tuple[Diagnostic, ...]:
    """Return the findings about what the files declare, as it will be once the plan is applied, in order.

    ``also`` is what is live besides what the plan has seen. What needs usual durations is told where the plan was told
    them (``experience.informed``).
    """
    table = timetable(place.kinds, planned.plan.changes, planned.live, also, planned.experience)
    limits = {name: link.provider.limits(link.settings) for name, link in place.links.items()}
    found = _of_schedules(table, start, limits)
    found += _zones(place, planned)
    wanted = {*map(str, place.desired)}
    return _placed(
        [each for each in found if each.address in wanted],
        {address: each.source for address, each in place.desired.items()},
    )


def with_findings(place: Place, planned: Planned, start: datetime, also: Iterable[Live] = ()) -> Planned:
    """Return the plan with the findings among its diagnostics, as of ``start`` (aware), but for what is accepted.

    ``also`` is what is live besides what the plan has seen.
    """
    linted = [*lint_plan(place, planned, start, also), *own_findings(place, planned.plan.created_at)]
    found = sifted(place.cleaned(linted), place.allow).told
    plan = planned.plan
    return replace(planned, plan=replace(plan, diagnostics=in_order(dict.fromkeys([*plan.diagnostics, *found]))))


def _of_schedules(table: Timetable, start: datetime, limits: Mapping[str, tuple[Limit, ...]]) -> list[Diagnostic]:
    """Return the findings of each connection; no schedule knows one of another connection."""
    needs = needs_of(table)
    found: list[Diagnostic] = []
    for name in sorted({address.connection for address in table.after}):
        mine = [each for address, each in table.after.items() if address.connection == name]
        most = min((limit.most for limit in limits.get(name, ()) if limit.measure is Measure.DEPENDENTS), default=None)
        own = {address: needed for address, needed in needs.items() if address.connection == name}
        found += findings(mine, start, None, own, most)
    # Only all that is live could tell that nothing answers; what no file names may.
    return [replace(each, severity=Severity.NOTE) if each.code == "trigger-unknown" else each for each in found]


def _zones(place: Place, planned: Planned) -> list[Diagnostic]:
    """Return a finding for each schedule that will run on the clock of whoever applies, where that is known."""
    kinds = place.kinds
    found = []
    for change in planned.plan.changes:
        connected = kinds.get((change.address.connection, change.address.kind))
        zone = planned.experience.get(change.address.connection, Experience()).zone
        timing = connected.kind.timing(change.after) if connected and zone else None
        if isinstance(timing, Timed) and timing.clock.zone is None:
            found.append(_applying_zone(change.address, str(zone)))
    return found


def _applying_zone(address: Address, zone: str) -> Diagnostic:
    return Diagnostic(
        "applying-zone",
        "Whose zone it runs in",
        f"{address} names no zone, so the platform takes that of the user who applies: {zone}.",
        f"write `timezone: {zone}` if that is meant",
        address=str(address),
        severity=Severity.WARNING,
    )


def _step(link: Link, step: Step) -> StepPlan:
    operation = link.operations[step.operation]
    return StepPlan(
        step.name,
        step.needs,
        link.name,
        operation.order(step.settings, link.settings).subject,
        operation.pool,
        step.min_gap,
        step.on_limit == "fail",
        step.span,
    )


def _placed(found: Collection[Diagnostic], sources: Mapping[Address, Span]) -> tuple[Diagnostic, ...]:
    by_text = {str(address): span for address, span in sources.items()}
    return in_order(each if each.span else replace(each, span=by_text.get(each.address or "")) for each in found)
