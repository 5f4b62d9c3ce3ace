"""``reconcile stop RUN``: stop a run and its jobs."""

from __future__ import annotations

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.options import common, needs_format, watching_options


@click.command("stop")
@click.argument("run", shell_complete=complete_value.runs)
@watching_options
@common
@guarded
def command(run: str, poll_interval: float) -> int:
    """Stop a run: its jobs are stopped and waited for, nothing more is started. RUN is an id, or an end of it.

    Where another process runs it, that one is asked to, and does so within its --poll-interval; this one waits for it.
    A job may end by itself before it is stopped, and one that the platform cannot stop goes on to its end. Exit 0 when
    the run is over.
    """
    from reconcile.cli.exit_codes import ExitCode
    from reconcile.cli.progress import Progress
    from reconcile.cli.stopping import stop_here, stop_there
    from reconcile.cli.watching import tell
    from reconcile.cli.workspace import open_workspace
    from reconcile.core.errors import Refused
    from reconcile.engine.runs import find_run, runner_of

    options = needs_format("text", "json")
    edge = border()
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress, applies=True)
        edge.show(workspace.config.diagnostics, options)
        found = find_run(workspace.place.backend, run)
        if found.is_over or runner_of(workspace.place, found):
            result, heard = stop_there(workspace.place, found, poll_interval, progress)
        else:
            try:
                result, heard = stop_here(workspace.place, found, poll_interval)
            except Refused:  # somebody has gone on with it just now
                result, heard = stop_there(workspace.place, found, poll_interval, progress)
    code = tell(result, heard, options, edge)
    return ExitCode.DONE if result.run.is_over and not heard.was_stopped else code
