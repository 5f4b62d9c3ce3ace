"""``plan --unmanaged``: what is live and nobody has written down, besides the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconcile.cli.workspace import Workspace, check_selected
from reconcile.core.diagnostic import Diagnostic, in_order
from reconcile.core.errors import ConfigError
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Live
from reconcile.engine.discover import plan_and_look
from reconcile.engine.planning import Planned, Planner
from reconcile.render.adopt import unmanaged_markdown
from reconcile.render.markdown import LONGEST


def plan_with_unmanaged(
    workspace: Workspace, planner: Planner, *, forecast: bool = False
) -> tuple[Planned, tuple[Live, ...]]:
    """Return the plan, and what is live, in no file and not recorded, sorted by address.

    With ``forecast`` the platforms are asked what forecasts need, in any case.

    What could not be listed is an error in the plan. Raises ``ConfigError`` for a ``--select`` that names nothing on
    the platforms either; and for a workspace without any desired-state file whose record holds something, since that
    would plan to delete it.
    """
    config = workspace.config
    if len(config.sources) == 1 and workspace.place.store.latest().recorded:
        detail = "Objects are recorded as ours, and the workspace has no desired-state file at all."
        hint = "`reconcile import` writes down what is live; `schedules: []` in a file says that nothing is wanted"
        raise ConfigError(Diagnostic("no-desired-state", "No desired-state file", detail, hint))
    planned, found = plan_and_look(workspace.place, planner, workspace.selection, forecast=forecast)
    if not any(told.is_error for told in found.diagnostics):
        check_selected(workspace.selection, {*config.desired, *planned.basis.recorded, *found.listed})
    return replace(planned, plan=_with(planned.plan, found.diagnostics)), found.present


def markdown_with(text: str, unmanaged: Sequence[Live]) -> str:
    """Return a plan's Markdown and what is unmanaged below it, as far as both fit into one comment."""
    below = unmanaged_markdown(unmanaged)
    if len(text) + len(below) >= LONGEST:
        below = f"Unmanaged: {len(unmanaged):,}; left out, it does not fit here.\n"
    return f"{text}\n{below}" if len(text) + len(below) < LONGEST else text


def _with(plan: Plan, diagnostics: Sequence[Diagnostic]) -> Plan:
    return replace(plan, diagnostics=in_order(dict.fromkeys([*plan.diagnostics, *diagnostics])))
