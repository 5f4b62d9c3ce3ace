"""``reconcile resume RUN``: go on with a run."""

from __future__ import annotations

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.options import common, needs_format, watching_options


@click.command("resume")
@click.argument("run", shell_complete=complete_value.runs)
@click.option("--adopt", multiple=True, metavar="STEP=JOB", help="This is the step's job; watch it.")
@click.option("--again", multiple=True, metavar="STEP", help="Start the step once more, whatever became of it.")
@click.option("--done", multiple=True, metavar="STEP", help="Take the step for succeeded.")
@watching_options
@common
@guarded
def command(
    run: str, adopt: tuple[str, ...], again: tuple[str, ...], done: tuple[str, ...], poll_interval: float
) -> int:
    """Go on with a run: jobs that go on are watched, failed, stopped and blocked steps are tried once more.

    Steps that succeeded stay as they are; a job that may have been started is looked for first and never started
    twice. Where nobody can tell, --adopt, --again and --done say what to do. RUN is an id, or an end of it.
    """
    from reconcile.cli import clock
    from reconcile.cli.progress import Progress
    from reconcile.cli.watching import tell, watched
    from reconcile.cli.workspace import open_workspace
    from reconcile.engine.pipeline import Result
    from reconcile.engine.runs import Choice, Watching, find_run, go_on, holding, lock_name, reopen

    options = needs_format("text", "json")
    edge = border()
    choice = Choice(dict(_pair(text) for text in adopt), again, done)
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress, applies=True)
        edge.show(workspace.config.diagnostics, options)
        place = workspace.place
        found = find_run(place.backend, run)
        with holding(place, lock_name(found.pipeline, tuple(step.plan for step in found.steps.values()))):
            opening = reopen(place, found.id, clock.clock(), choice)

            def going_on(watching: Watching) -> Result:
                return Result(opening.run) if opening.is_done else go_on(place, opening, watching)

            result, heard = watched(going_on, poll_interval)
    return tell(result, heard, options, edge)


def _pair(text: str) -> tuple[str, str]:
    step, equals, job = text.partition("=")
    if not (step and equals and job):
        raise click.UsageError(f"--adopt {text!r}: write --adopt STEP=JOB")
    return step, job
