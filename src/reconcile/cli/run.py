"""``reconcile run PIPELINE``: start its jobs, once each, and watch them to the end."""

from __future__ import annotations

import sys

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import Options, common, needs_format, watching_options


@click.command("run")
@click.argument("pipeline", shell_complete=complete_value.pipelines)
@click.option("--plan", "only_plan", is_flag=True, help="Show order, calls and what is under way; start nothing.")
@click.option(
    "--once", default="", metavar="KEY", help="Run at most once under this key, e.g. a date or a CI run's id."
)
@click.option("--new", "anew", is_flag=True, help="Give up a run that was cut off, and begin anew.")
@watching_options
@common
@guarded
def command(pipeline: str, only_plan: bool, once: str, anew: bool, poll_interval: float) -> int:
    """Run a pipeline to its end: each step's job is started once, when the steps it needs have succeeded.

    A run of this pipeline that was cut off less than a day ago is gone on with. A failed step blocks what needs it;
    other branches finish. Ctrl-C stops watching (exit 7; `reconcile resume` goes on), twice stops the jobs (130).

    Exit 0 when all steps succeeded, 6 when one failed or was stopped, 7 when a job goes on unwatched, 1 when nobody
    can say what became of a step, 3 when another process runs this pipeline.
    """
    from reconcile.cli import clock
    from reconcile.cli.progress import Progress
    from reconcile.cli.watching import exit_code, tell, watched
    from reconcile.cli.workspace import open_workspace
    from reconcile.core.errors import ReconcileError
    from reconcile.engine.preview import unknown_names
    from reconcile.engine.runs import go_on, holding, open_run, step_plans
    from reconcile.render.run import run_text, runs_document

    options = needs_format("text", "json")
    edge = border()
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress, applies=True)
        edge.show(workspace.config.diagnostics, options)
        place, steps = workspace.place, step_plans(workspace.place, workspace.pipeline(pipeline))
        if only_plan:
            return _preview(options, pipeline, workspace)
        if wrong := unknown_names(place, steps):
            raise ReconcileError(wrong)
        with holding(place, pipeline):
            opening = open_run(place, pipeline, steps, clock.clock(), once=once, anew=anew)
            if opening.is_done:
                progress.note(f"run {opening.run.id} was made under the key {once!r} already: {opening.run.state}")
                if options.is_json:
                    edge.print_document(runs_document([opening.run]))
                else:
                    edge.print(run_text(opening.run, color=options.color_for(sys.stdout)))
                return exit_code(opening.run)
            if opening.given_up:
                progress.note(f"run {opening.given_up} was cut off; it is given up, its jobs are left as they are")
            word = "begins" if opening.is_new else "was cut off earlier and is gone on with"
            progress.note(f"run {opening.run.id} {word}")
            result, heard = watched(lambda watching: go_on(place, opening, watching), poll_interval)
    return tell(result, heard, options, edge)


def _preview(options: Options, name: str, workspace: object) -> int:
    from reconcile.cli import clock
    from reconcile.cli.workspace import Workspace
    from reconcile.engine.preview import preview
    from reconcile.engine.runs import step_plans
    from reconcile.render.run import preview_document, preview_text

    assert isinstance(workspace, Workspace)  # noqa: S101 - imported late, so that --help stays quick
    edge = border()
    place = workspace.place
    found = preview(place, name, step_plans(place, workspace.pipeline(name)), clock.clock())
    troubles = [step.diagnostic for step in found.steps if step.diagnostic]
    edge.show(troubles, options)
    if options.is_json:
        edge.print_document(preview_document(found, troubles))
    else:
        edge.print(preview_text(found, color=options.color_for(sys.stdout)))
    return ExitCode.FAILED if troubles else ExitCode.DONE
