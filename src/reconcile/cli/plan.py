"""``reconcile plan``: what apply would do."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.fleet_options import over_fleet
from reconcile.cli.metrics_file import metrics_option
from reconcile.cli.options import common, guard_options, needs_format
from reconcile.cli.saving import check_out, out_option, save
from reconcile.cli.zone import reader_zone, zone_option

if TYPE_CHECKING:
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.plan import Plan


@click.command("plan")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending.")
@click.option("--requests", is_flag=True, help="Show the exact calls.")
@click.option("--all", "everything", is_flag=True, help="List unchanged objects, too.")
@click.option("--reassert", is_flag=True, help="Send again what the platform cannot show.")
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@click.option("--unmanaged", is_flag=True, help="List what is live and in no file, too.")
@click.option("--forecast", is_flag=True, help="Ask the platforms for limits and durations even if nothing changes.")
@zone_option
@guard_options
@out_option
@metrics_option
@common
@guarded
@over_fleet("plan", "detailed_exitcode", "exact", "reassert")
def command(
    detailed_exitcode: bool,
    requests: bool,
    everything: bool,
    reassert: bool,
    exact: bool,
    unmanaged: bool,
    forecast: bool,
    zone: str | None,
    allow_deletes: int | None,
    allow_accounts: tuple[str, ...],
    out: Path | None,
) -> int:
    """Read live state and show what apply would change. Changes nothing anywhere.

    With --out the plan is saved, and `apply FILE` makes just these changes, once.

    Exit 0 when the plan was made (2 with --detailed-exitcode and changes pending), 1 when something could not be
    planned, 3 when a guard refuses the plan.
    """
    from reconcile.cli.measure import put_plan
    from reconcile.cli.observing import meter
    from reconcile.cli.progress import Progress
    from reconcile.cli.unmanaged import markdown_with, plan_with_unmanaged
    from reconcile.cli.workspace import check_connections, check_selection, open_workspace
    from reconcile.engine.experience import informed
    from reconcile.engine.lint import with_findings
    from reconcile.engine.outlook import outlook_of, viewer_of
    from reconcile.engine.planning import Wish, from_files, make_plan
    from reconcile.render.adopt import unmanaged_document, unmanaged_text
    from reconcile.render.json import plan_document
    from reconcile.render.markdown import plan_markdown
    from reconcile.render.text import plan_text

    options = needs_format("text", "json", "markdown", "html")
    check_out(out)
    clock = reader_zone(zone, os.environ)
    edge = border()
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress, may_be_empty=unmanaged)
        check_connections(workspace, allow_accounts)
        planner = from_files(Wish(workspace.selection, reassert, exact, allow_deletes, allow_accounts))
        if unmanaged:
            planned, found = plan_with_unmanaged(workspace, planner, forecast=forecast)
        else:
            check_selection(workspace)
            planned, found = make_plan(workspace.place, informed(planner, always=forecast)), ()
        place, viewer = workspace.place, viewer_of(workspace.place, clock)
        if planned.plan.changes or forecast:
            planned = replace(planned, outlook=outlook_of(place, planned, viewer, found))
        planned = with_findings(place, planned, viewer.start, found)
    made, outlook, details = planned.plan, planned.outlook, bool(options.verbose)
    put_plan(meter(), made)
    edge.show([*_unsaid(workspace.config.diagnostics, made), *made.diagnostics, *made.refusals], options)
    match options.format:
        case "json":
            listed = {"unmanaged": unmanaged_document(found)} if unmanaged else {}
            edge.print_document(plan_document(made, everything=everything, outlook=outlook) | listed)
        case "markdown":
            text = plan_markdown(made, prefix=edge.prefix, requests=requests, outlook=outlook, details=details)
            edge.print(markdown_with(text, found) if unmanaged else text)
        case "html":
            from reconcile.render.html import plan_html

            edge.print_page(plan_html(made, outlook, prefix=edge.prefix, everything=everything, unmanaged=found))
        case _:
            color = options.color_for(sys.stdout)
            if unmanaged:
                edge.print(unmanaged_text(found, color=color) + "\n")
            edge.print(
                plan_text(
                    made,
                    color=color,
                    prefix=edge.prefix,
                    requests=requests,
                    everything=everything,
                    outlook=outlook,
                    details=details,
                )
            )
    if out:
        save(out, workspace.place, planned, options)
    if made.has_errors:
        return ExitCode.FAILED
    if made.refusals:
        return ExitCode.REFUSED
    return ExitCode.CHANGES if detailed_exitcode and made.changes else ExitCode.DONE


def _unsaid(of_files: tuple[Diagnostic, ...], plan: Plan) -> list[Diagnostic]:
    """Return what the files alone could tell, without what the plan says better."""
    zones = {told.address for told in plan.diagnostics if told.code == "applying-zone"}
    return [told for told in of_files if told.code != "no-timezone" or told.address not in zones]
