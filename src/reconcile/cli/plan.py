"""``reconcile plan``: what apply would do."""

from __future__ import annotations

import sys

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format


@click.command("plan")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending.")
@click.option("--requests", is_flag=True, help="Show the exact calls.")
@click.option("--all", "everything", is_flag=True, help="List unchanged objects, too.")
@click.option("--reassert", is_flag=True, help="Send again what the platform cannot show.")
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@click.option(
    "--allow-deletes",
    type=click.IntRange(min=0),
    metavar="N",
    help="Lift the delete guards for a plan with at most N deletes.",
)
@common
@guarded
def command(
    detailed_exitcode: bool,
    requests: bool,
    everything: bool,
    reassert: bool,
    exact: bool,
    allow_deletes: int | None,
) -> int:
    """Read live state and show what apply would change. Changes nothing anywhere.

    Exit 0 when the plan was made (2 with --detailed-exitcode and changes pending), 1 when something could not be
    planned, 3 when a guard refuses the plan.
    """
    from reconcile.cli.progress import Progress
    from reconcile.cli.workspace import check_selection, open_workspace
    from reconcile.engine.planning import Wish, from_files, make_plan
    from reconcile.render.json import plan_document
    from reconcile.render.markdown import plan_markdown
    from reconcile.render.text import plan_text

    options = needs_format("text", "json", "markdown")
    edge = border()
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress)
        check_selection(workspace)
        wish = Wish(workspace.selection, reassert, exact, allow_deletes)
        made = make_plan(workspace.place, from_files(wish)).plan
    edge.show([*workspace.config.diagnostics, *made.diagnostics, *made.refusals], options)
    match options.format:
        case "json":
            edge.print_document(plan_document(made, everything=everything))
        case "markdown":
            edge.print(plan_markdown(made, prefix=edge.prefix, requests=requests))
        case _:
            color = options.color_for(sys.stdout)
            edge.print(plan_text(made, color=color, prefix=edge.prefix, requests=requests, everything=everything))
    if made.has_errors:
        return ExitCode.FAILED
    if made.refusals:
        return ExitCode.REFUSED
    return ExitCode.CHANGES if detailed_exitcode and made.changes else ExitCode.DONE
