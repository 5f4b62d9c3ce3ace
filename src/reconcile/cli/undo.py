"""``reconcile undo``: a plan that takes an apply back, and what becomes of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli import complete_value
from reconcile.cli.applying import perform
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import Options, common, guard_options, needs_format, override_option
from reconcile.cli.saving import check_out, out_option, save
from reconcile.cli.zone import reader_zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.cli.workspace import Workspace
    from reconcile.core.outlook import Outlook
    from reconcile.core.plan import Plan
    from reconcile.engine.events import Listener
    from reconcile.engine.planning import Planner

    Prepare = Callable[[Listener], tuple[Workspace, Planner]]


@click.command("undo")
@click.argument("apply", metavar="APPLY", shell_complete=complete_value.applies)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@out_option
@click.option("--requests", is_flag=True, help="Show the exact calls.")
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@guard_options
@override_option
@common
@guarded
def command(
    apply: str,
    yes: bool,
    out: Path | None,
    requests: bool,
    exact: bool,
    allow_deletes: int | None,
    allow_accounts: tuple[str, ...],
    override: str | None,
) -> int:
    """Take an apply back: plan it, show the plan, ask, and make the changes. The files stay as they are.

    APPLY is an id that `reconcile history` shows, a beginning of one, or `latest`. What was changed since is left as it
    is, and so is what cannot be taken back (a workflow reset). With --out the plan is only saved, for `apply FILE`.
    Exit 0 when all of it is taken back, 4 when some of it is, 3 when none of it is, 1 when it failed.
    """
    options = needs_format("text", "json", "markdown")
    check_out(out)

    def prepare(listener: Listener) -> tuple[Workspace, Planner]:
        from reconcile.cli.workspace import check_connections, open_workspace
        from reconcile.engine.planning import Wish
        from reconcile.engine.undo import taking_back

        workspace = open_workspace(options, listener, applies=True)
        check_connections(workspace, allow_accounts)
        wish = Wish(workspace.selection, exact=exact, allow_deletes=allow_deletes, allow_accounts=allow_accounts)
        return workspace, taking_back(apply, wish)

    if out:
        _check_override_later()
        return _saved(out, options, prepare, requests=requests)
    return perform(options, prepare, yes=yes, requests=requests, override=override)


def _check_override_later() -> None:
    """Raise a usage error for ``--override`` where nothing is applied yet."""
    source = click.get_current_context().get_parameter_source("override")
    if source is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--out makes no change: give --override to `apply FILE`, which does")


def _saved(out: Path, options: Options, prepare: Prepare, *, requests: bool) -> int:
    """Show the plan and save it, and return the exit code: what it leaves out is left out by apply, too."""
    from reconcile.cli.progress import Progress
    from reconcile.engine.outlook import foreseen, viewer_of
    from reconcile.engine.planning import make_plan

    edge = border()
    with Progress(options, edge) as progress:
        workspace, planner = prepare(progress)
        viewer = viewer_of(workspace.place, reader_zone(None, os.environ))
        planned = make_plan(workspace.place, foreseen(planner, viewer))
    made = planned.plan
    edge.show([*workspace.config.diagnostics, *made.messages], options)
    _print(made, planned.outlook, options, requests=requests)
    save(out, workspace.place, planned, options)
    if made.has_errors:
        return ExitCode.FAILED
    if made.refusals or (made.left_out and not made.changes and not made.unchanged):
        return ExitCode.REFUSED
    return ExitCode.IN_PART if made.left_out else ExitCode.DONE


def _print(plan: Plan, outlook: Outlook | None, options: Options, *, requests: bool) -> None:
    from reconcile.render.json import plan_document
    from reconcile.render.markdown import plan_markdown
    from reconcile.render.text import plan_text

    edge = border()
    match options.format:
        case "json":
            edge.print_document(plan_document(plan, outlook=outlook))
        case "markdown":
            edge.print(plan_markdown(plan, prefix=edge.prefix, requests=requests, outlook=outlook))
        case _:
            color = options.color_for(sys.stdout)
            edge.print(plan_text(plan, color=color, prefix=edge.prefix, requests=requests, outlook=outlook))
