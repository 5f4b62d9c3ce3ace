"""What became of a run of a pipeline, as others hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.redact import Redactor
from reconcile.core.run import Run, RunState
from reconcile.engine.pipeline import Result
from reconcile.library.shown import document
from reconcile.render.run import run_text, runs_document


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PipelineRun:
    """How far a run has come. It is over when every step is; else jobs may go on unwatched, and it can be gone on with.

    ``diagnostics`` say why steps have no job or one that nobody can judge, and what goes on unwatched.
    """

    diagnostics: tuple[Diagnostic, ...]
    _run: Run
    _redactor: Redactor

    @property
    def id(self) -> str:
        """The run's id."""
        return self._run.id

    @property
    def pipeline(self) -> str:
        """The pipeline's name."""
        return self._run.pipeline

    @property
    def state(self) -> RunState:
        """What it has come to: of its steps, the worst."""
        return self._run.state

    @property
    def is_over(self) -> bool:
        """Say whether every step is over."""
        return self._run.is_over

    @property
    def steps(self) -> Mapping[str, RunState]:
        """The state of each step, by name."""
        return {name: step.state for name, step in self._run.steps.items()}

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``reconcile run --format json``, for ``json.dumps``."""
        return document(runs_document([self._run], self.diagnostics), self._redactor)

    def to_text(self, *, color: bool = False) -> str:
        """Return what ``reconcile run`` prints at the end."""
        return self._redactor.clean(run_text(self._run, color=color))

    def __repr__(self) -> str:
        return f"<reconcile.PipelineRun {self.id} of {self.pipeline!r}: {self.state}>"


def told_of(result: Result, *, was_left: bool) -> tuple[Diagnostic, ...]:
    """Return everything there is to say about a run; ``was_left``: somebody did not want to watch its jobs any more."""
    found = [*result.diagnostics, *(result.left.values() if not was_left else ())]
    return (*found, *([_left(result.run)] if not result.run.is_over else []))


def _left(run: Run) -> Diagnostic:
    going = [name for name, step in run.steps.items() if step.state is RunState.RUNNING]
    jobs = f"jobs of {', '.join(going)} go on" if going else "no job is going on"
    return Diagnostic(
        "run-left",
        "The run is not over",
        f"Nobody watches run {run.id} any more; {jobs}.",
        f"go on with it: `reconcile resume {run.id}`; stop it: `reconcile stop {run.id}`",
        severity=Severity.WARNING,
    )
