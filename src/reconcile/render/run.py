"""Runs of pipelines, for people and for programs: what is going on, what came of it, and what one would do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.operation import Job
from reconcile.core.run import Run, RunState, Step, StepPlan
from reconcile.render.diagnostics import as_json
from reconcile.render.terminal import Paint, Style, counted, painter, printable, when_text

RUNS_FORMAT = "reconcile.runs/1"
PREVIEW_FORMAT = "reconcile.run-plan/1"

_STYLES = {
    RunState.PENDING: Style.FAINT,
    RunState.RUNNING: Style.RUN,
    RunState.SUCCEEDED: Style.CREATE,
    RunState.FAILED: Style.BAD,
    RunState.STOPPED: Style.WARN,
    RunState.BLOCKED: Style.WARN,
    RunState.UNKNOWN: Style.WARN,
}


class PreviewStep(Protocol):
    """What a run would do in one step, as the engine has it."""

    @property
    def plan(self) -> StepPlan:
        """The step."""

    @property
    def tier(self) -> int:
        """When it may begin: steps of one tier need none of each other."""

    @property
    def request(self) -> tuple[str, str, Any] | None:
        """Method, path and body of its call, None when it cannot be told."""

    @property
    def busy(self) -> tuple[Job, ...]:
        """The jobs of the same work that are under way now."""

    @property
    def diagnostic(self) -> Diagnostic | None:
        """Why its call cannot be told."""


class Preview(Protocol):
    """What a run would do, as the engine has it."""

    @property
    def pipeline(self) -> str:
        """The name of the pipeline."""

    @property
    def steps(self) -> Sequence[PreviewStep]:
        """The steps that are not over, in an order in which they may begin."""

    @property
    def slots(self) -> Mapping[str, tuple[int | None, int | None]]:
        """Places at once, by connection and pool: (used now, most), None where nobody knows."""

    @property
    def cut_off(self) -> Run | None:
        """The run that would be gone on with."""


# -- runs --------------------------------------------------------------------------------------------------------------


def runs_document(runs: Iterable[Run], diagnostics: Iterable[Diagnostic] = ()) -> dict[str, Any]:
    """Return runs in format ``reconcile.runs/1``, in the order given."""
    return {"format": RUNS_FORMAT, "runs": [run_item(run) for run in runs], "diagnostics": as_json(diagnostics)}


def run_item(run: Run) -> dict[str, Any]:
    """Return one run as JSON has it."""
    return {
        "id": run.id,
        "pipeline": run.pipeline or None,
        "environment": run.environment,
        "once": run.once or None,
        "state": run.state.value,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "by": run.author.by,
        "host": run.author.host,
        "commit": run.author.commit,
        "resumed_at": [each.at for each in run.resumed],
        "steps": [_step_item(name, step) for name, step in run.steps.items()],
    }


def runs_text(runs: Sequence[Run], *, color: bool = False) -> str:
    """Return runs, one a line, with their steps counted by state."""
    if not runs:
        return "There are no runs.\n"
    paint = painter(color)
    width = max(len(run.id) for run in runs)
    return "".join(f"{_run_line(run, width, paint)}\n" for run in runs)


def run_text(run: Run, *, color: bool = False, verbose: bool = False) -> str:
    """Return one run and what became of each step; the worst is easy to find."""
    paint = painter(color)
    name = printable(run.pipeline) if run.pipeline else "by hand"
    lines = [paint(f"Run {run.id} of {name}: {run.state}", Style.STRONG)]
    lines += [f"  begun {when_text(run.started_at)} by {printable(run.author.by)} on {printable(run.author.host)}"]
    lines += [f"  gone on with {when_text(each.at)} by {printable(each.author.by)}" for each in run.resumed]
    lines += [f"  ended {when_text(run.ended_at)}"] if run.ended_at else []
    lines += ["", *steps_lines(run.steps, paint, verbose=verbose)]
    return "\n".join(lines) + "\n"


def steps_lines(steps: Mapping[str, Step], paint: Paint, *, verbose: bool = False) -> list[str]:
    """Return the lines that tell of the steps of a run."""
    width = max(len(name) for name in steps)
    operations = max(len(step.plan.operation) for step in steps.values())
    lines = []
    for name, step in steps.items():
        word = paint(f"{step.state:<9}", _STYLES[step.state])
        tail = [f"job {printable(step.job)}"] if step.job else []
        tail += [f"({step.attempt.adopted})"] if step.attempt.adopted else []
        tail += [f"after {step.tries} {'retry' if step.tries == 1 else 'retries'}"] if step.tries else []
        lines.append(f"  {word} {name:<{width}}  {step.plan.operation:<{operations}}  {' '.join(tail)}".rstrip())
        if step.error:
            lines.append(f"            {paint(printable(step.error.beside(step.state)), _STYLES[step.state])}")
        if verbose and step.started_at:
            lines.append(f"            {when_text(step.started_at)} to {when_text(step.ended_at or '') or 'now'}")
    return lines


def _run_line(run: Run, width: int, paint: Paint) -> str:
    counts: dict[RunState, int] = {}
    for step in run.steps.values():
        counts[step.state] = counts.get(step.state, 0) + 1
    steps = ", ".join(f"{counts[state]} {state}" for state in RunState if state in counts)
    word = paint(f"{run.state:<9}", _STYLES[run.state])
    return f"{run.id:<{width}}  {word}  {when_text(run.started_at)}  {steps}"


def _step_item(name: str, step: Step) -> dict[str, Any]:
    return {
        "name": name,
        "operation": step.plan.operation,
        "connection": step.plan.connection,
        "target": step.plan.target,
        "state": step.state.value,
        "job": step.job,
        "jobs": list(step.jobs),
        "adopted": step.attempt.adopted or None,
        "platform_state": step.platform_state or None,
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "tries": step.tries,
        "error": {"reason": step.error.reason, "message": step.error.message} if step.error else None,
    }


# -- what a run would do -----------------------------------------------------------------------------------------------


def preview_document(preview: Preview, diagnostics: Iterable[Diagnostic] = ()) -> dict[str, Any]:
    """Return what a run would do, in format ``reconcile.run-plan/1``."""
    return {
        "format": PREVIEW_FORMAT,
        "pipeline": preview.pipeline,
        "goes_on_with": preview.cut_off.id if preview.cut_off else None,
        "slots": {name: {"used": used, "most": most} for name, (used, most) in preview.slots.items()},
        "steps": [_preview_item(step) for step in preview.steps],
        "diagnostics": as_json(diagnostics),
    }


def preview_text(preview: Preview, *, color: bool = False) -> str:
    """Return what a run would do: the steps in their order, each with its call and what is under way already."""
    paint = painter(color)
    lines = [paint(f"Pipeline {preview.pipeline}: {counted(len(preview.steps), 'step')}", Style.STRONG)]
    if preview.cut_off:
        lines.append(f"  goes on with run {preview.cut_off.id}, which was cut off; steps that are over are left out")
    for name, (used, most) in preview.slots.items():
        lines.append(f"  {name}: {used if used is not None else '?'} of {most if most is not None else '?'} in use")
    tier = 0
    for step in preview.steps:
        if step.tier != tier:
            tier = step.tier
            lines += ["", paint("at once" if tier == 1 else f"then ({tier})", Style.FAINT)]
        lines += _preview_lines(step, paint)
    if preview.steps:
        lines += ["", paint("What a job has done cannot be undone.", Style.FAINT)]
    return "\n".join(lines) + "\n"


def _preview_lines(step: PreviewStep, paint: Paint) -> list[str]:
    plan = step.plan
    needs = f"  after {', '.join(plan.needs)}" if plan.needs else ""
    lines = [f"  {paint(plan.name, Style.RUN)}  {plan.operation} {printable(plan.target)}{needs}"]
    if step.request:
        method, path, body = step.request

        text = printable(json.dumps(body, ensure_ascii=False)) if body is not None else ""
        lines.append(f"      {method} {printable(path)} {text}".rstrip())
    lines += [f"      {paint(option, Style.FAINT)}" for option in [_options(plan)] if option]
    for job in step.busy:
        word = job.platform_state or job.state.value
        lines.append(paint(f"      already under way: job {printable(job.id)} ({printable(word)})", Style.WARN))
    if step.diagnostic:
        lines.append(paint(f"      {printable(step.diagnostic.detail)}", Style.BAD))
    return lines


def _options(plan: StepPlan) -> str:
    said = [f"when_busy: {plan.when_busy}"]
    said += [f"on_limit: {plan.on_limit}"] if plan.on_limit != "wait" else []
    said += [f"retries: {plan.retries}"] if plan.retries else []
    seconds = {"wait_timeout": plan.wait_timeout, "stop_after": plan.stop_after, "min_gap": plan.min_gap}
    said += [f"{name}: {_duration(value)}" for name, value in seconds.items() if value is not None]
    said += [f"restart_from: {plan.restart_from}"] if plan.restart_from else []
    return ", ".join(said) if said != ["when_busy: wait"] else ""


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "m"), (left, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _preview_item(step: PreviewStep) -> dict[str, Any]:
    method, path, body = step.request or (None, None, None)
    return {
        "name": step.plan.name,
        "tier": step.tier,
        "operation": step.plan.operation,
        "connection": step.plan.connection,
        "target": step.plan.target,
        "needs": list(step.plan.needs),
        "request": {"method": method, "path": path, "body": body} if step.request else None,
        "busy": [{"id": job.id, "state": job.state.value, "platform_state": job.platform_state} for job in step.busy],
        "error": step.diagnostic.detail if step.diagnostic else None,
    }
