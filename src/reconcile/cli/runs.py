"""``reconcile runs``: what was run, and what became of it."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import islice

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format


@click.command("runs")
@click.argument("run", required=False, shell_complete=complete_value.runs)
@click.option("--pipeline", metavar="NAME", help="Only runs of this pipeline.")
@click.option("--by-hand", is_flag=True, help="Also jobs that were started by hand.")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="At most so many; 0 is all.")
@common
@guarded
def command(run: str | None, pipeline: str | None, by_hand: bool, limit: int) -> int:
    """List the runs of pipelines in this environment, newest first; or show one and its steps.

    RUN is an id, or an end of it that only one has. Reads the record of this workspace and asks no platform.
    """
    from reconcile.cli.workspace import open_workspace
    from reconcile.core.diagnostic import Severity
    from reconcile.engine.events import unheard
    from reconcile.engine.runs import find_run, runner_of
    from reconcile.render.run import run_text, runs_document, runs_text
    from reconcile.state.run_log import Unreadable, read_runs

    options = needs_format("text", "json")
    edge = border()
    place = open_workspace(options, unheard).place
    color = options.color_for(sys.stdout)
    if run is not None:
        found = find_run(place.backend, run)
        if options.is_json:
            edge.print_document(runs_document([found]))
            return ExitCode.DONE
        edge.print(run_text(found, color=color, verbose=True))
        if not found.is_over:
            runner = runner_of(place, found)
            who = f"{runner.owner.by} on {runner.owner.host} goes on with it" if runner else "nobody watches it"
            edge.print(f"\n  {who}; `reconcile resume {found.id}` or `reconcile stop {found.id}`\n")
        return ExitCode.DONE
    every = read_runs(place.backend)
    wanted = (
        each
        for each in every
        if isinstance(each, Unreadable) or ((each.pipeline or by_hand) and pipeline in (None, each.pipeline))
    )
    listed = list(islice(wanted, limit or None))
    runs = [each for each in listed if not isinstance(each, Unreadable)]
    troubles = [
        replace(d, severity=Severity.WARNING)
        for each in listed
        if isinstance(each, Unreadable)
        for d in each.diagnostics
    ]
    edge.show(troubles, options)
    if options.is_json:
        edge.print_document(runs_document(runs, troubles))
    else:
        edge.print(runs_text(runs, color=color))
    return ExitCode.DONE
