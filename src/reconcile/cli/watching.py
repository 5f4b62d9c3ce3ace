"""What the commands that go on with a run share: clock, Ctrl-C, result, exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable

from reconcile.cli import clock
from reconcile.cli.attention import Attention, attention
from reconcile.cli.border import Border
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import Options
from reconcile.core.run import Run, RunState
from reconcile.engine.pipeline import Control, Result
from reconcile.engine.runs import Watching
from reconcile.library.pipeline_run import told_of
from reconcile.render.run import run_text, runs_document

CODES = {
    RunState.SUCCEEDED: ExitCode.DONE,
    RunState.FAILED: ExitCode.RUN_FAILED,
    RunState.STOPPED: ExitCode.RUN_FAILED,
    RunState.BLOCKED: ExitCode.RUN_FAILED,
    RunState.UNKNOWN: ExitCode.FAILED,
    # Closed while its job goes on: a job by hand that nobody wanted to watch.
    RunState.RUNNING: ExitCode.STOPPED_WATCHING,
}


def watched(run: Callable[[Watching], Result], poll_interval: float, *, stop: bool = False) -> tuple[Result, Attention]:
    """Return what came of going on with a run, and what Ctrl-C said meanwhile. ``stop`` stops its jobs at once."""
    control = Control()
    if stop:
        control.stop()
    with attention(control) as heard:
        result = run(Watching(clock.clock(), control, poll_interval))
    return result, heard


def tell(result: Result, heard: Attention, options: Options, edge: Border) -> int:
    """Print what became of a run and return the exit code."""
    run = result.run
    diagnostics = told_of(result, was_left=heard.was_left)
    edge.show(diagnostics, options)
    if options.is_json:
        edge.print_document(runs_document([run], diagnostics))
    else:
        color = options.color_for(sys.stdout)
        edge.print(run_text(run, color=color, verbose=options.verbose > 0))
    return exit_code(run, heard)


def exit_code(run: Run, heard: Attention | None = None) -> ExitCode:
    """Return what a run has come to, as the exit code."""
    if heard and heard.was_stopped:
        return ExitCode.INTERRUPTED
    return CODES[run.state] if run.is_over else ExitCode.STOPPED_WATCHING
