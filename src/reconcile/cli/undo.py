"""``reconcile undo``: a plan that takes an apply back, and what becomes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.applying import perform
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import Options, common, guard_options, needs_format
from reconcile.cli.saving import check_out, out_option, save

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.cli.workspace import Workspace
    from reconcile.core.plan import Plan
    from reconcile.engine.events import Listener
    from reconcile.engine.planning import Planner

    Prepare = Callable[[Listener], tuple[Workspace, Planner]]


@click.command("undo")
@click.argument("apply", metavar="APPLY")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@out_option
@click.option("--requests", is_flag=True, help="Show the exact calls.")
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@guard_options
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
        return _saved(out, options, prepare, requests=requests)
    return perform(options, prepare, yes=yes, requests=requests)


def _saved(out: Path, options: Options, prepare: Prepare, *, requests: bool) -> int:
    """Show the plan and save it, and return the exit code: what it leaves out is left out by apply, too."""
    from reconcile.cli.progress import Progress
    from reconcile.engine.planning import make_plan

    edge = border()
    with Progress(options, edge) as progress:
        workspace, planner = prepare(progress)
        planned = make_plan(workspace.place, planner)
    made = planned.plan
    edge.show([*workspace.config.diagnostics, *made.messages], options)
    _print(made, options, requests=requests)
    save(out, workspace.place, planned, options)
    if made.has_errors:
        return ExitCode.FAILED
    if made.refusals or (made.left_out and not made.changes and not made.unchanged):
        return ExitCode.REFUSED
    return ExitCode.IN_PART if made.left_out else ExitCode.DONE


def _print(plan: Plan, options: Options, *, requests: bool) -> None:
    from reconcile.render.json import plan_document
    from reconcile.render.markdown import plan_markdown
    from reconcile.render.text import plan_text

    edge = border()
    match options.format:
        case "json":
            edge.print_document(plan_document(plan))
        case "markdown":
            edge.print(plan_markdown(plan, prefix=edge.prefix, requests=requests))
        case _:
            color = options.color_for(sys.stdout)
            edge.print(plan_text(plan, color=color, prefix=edge.prefix, requests=requests))
