"""The two ways to stop a run: by ourselves, or by asking the process that runs it."""

from __future__ import annotations

from queue import SimpleQueue

from reconcile.cli import clock
from reconcile.cli.attention import Attention, attention
from reconcile.cli.progress import Progress
from reconcile.cli.watching import watched
from reconcile.core.run import Run
from reconcile.engine.loom import Message
from reconcile.engine.pipeline import Control, Result
from reconcile.engine.place import Place
from reconcile.engine.runs import find_run, go_on, holding, lock_name, open_again, runner_of, tell_to_stop

# How often it is looked whether the other process has done it; it looks only at the record.
LOOK_SECONDS = 1.0


def stop_here(place: Place, run: Run, poll_interval: float) -> tuple[Result, Attention]:
    """Stop a run that nobody goes on with, and return what became of it. Raises ``Refused`` when somebody does."""
    with holding(place, lock_name(run.pipeline, tuple(step.plan for step in run.steps.values()))):
        opening = open_again(place, run.id, clock.clock())
        return watched(lambda watching: go_on(place, opening, watching), poll_interval, stop=True)


def stop_there(place: Place, run: Run, poll_interval: float, progress: Progress) -> tuple[Result, Attention]:
    """Ask the process that goes on with a run to stop it, and wait for that. Takes over when it is gone meanwhile."""
    if not run.is_over:
        tell_to_stop(place, run)
        progress.note("the process that runs it is asked to stop it")
    control, time = Control(), clock.clock()
    inbox: SimpleQueue[Message] = SimpleQueue()
    control.stir = lambda: inbox.put((None, None, None))
    with attention(control) as heard:
        while not run.is_over and not (control.leaves or control.stops):
            if not runner_of(place, run):
                break
            time.wait(inbox, LOOK_SECONDS, busy=False)
            run = find_run(place.backend, run.id)
            if not run.is_over:
                # Whoever goes on with a run takes off what was asked before: it may have been just now.
                tell_to_stop(place, run)
    run = find_run(place.backend, run.id)
    if run.is_over or control.leaves or control.stops:
        return Result(run), heard
    return stop_here(place, run, poll_interval)
