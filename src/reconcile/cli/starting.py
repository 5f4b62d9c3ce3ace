"""Jobs started by hand: the options, the settings as text, and what is told of the outcome.

The options are needed for ``--help``; everything heavy is imported when a job is started.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconcile.cli import complete_value
from reconcile.cli.options import watching_options

if TYPE_CHECKING:
    from reconcile.cli.attention import Attention
    from reconcile.cli.by_hand import Hand
    from reconcile.cli.exit_codes import ExitCode
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.operation import Job, Limit, Operation
    from reconcile.core.run import Step
    from reconcile.engine.by_hand import HandResult
    from reconcile.engine.link import Link

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def duration(text: str) -> int:
    """Return whole seconds, written ``30s``, ``5m``, ``2h`` or ``1h30m``; a usage error for anything else."""
    from reconcile.config.duration import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@dataclass(frozen=True, slots=True)
class Wish:
    """How a job is to be started and watched, as the options say. Times are in seconds."""

    connection: str | None = None
    wait: bool = False
    poll_interval: float = 30.0
    when_busy: str | None = None
    on_limit: str = "wait"
    wait_timeout: int | None = None
    stop_after: int | None = None


def start_options(*, stoppable: bool = True, watchable: bool = True) -> Callable[[Decorated], Decorated]:
    """Return what adds the options of a command that starts a job; it is given them as ``wish``.

    A command for one operation leaves out what its platform cannot do.
    """
    busy = ("wait", "attach", "fail", "replace") if stoppable else ("wait", "attach", "fail")
    options: list[Callable[[Any], Any]] = [connection_option]
    if watchable:
        options += [
            click.option("--wait", is_flag=True, help="Watch the job to its end."),
            watching_options,
            click.option(
                "--when-busy",
                type=click.Choice(busy),
                help="While the same work is under way.  [default: the platform's]",
            ),
            click.option(
                "--wait-timeout",
                type=duration,
                metavar="DURATION",
                help="With --wait: stop watching after; the job goes on.",
            ),
        ]
    options.append(
        click.option(
            "--on-limit", type=click.Choice(("wait", "fail")), default="wait", help="At a limit.  [default: wait]"
        )
    )
    if stoppable and watchable:
        options.append(
            click.option("--stop-after", type=duration, metavar="DURATION", help="With --wait: stop the job after.")
        )
    names = frozenset(Wish.__dataclass_fields__)

    def decorate(command: Decorated) -> Decorated:
        @functools.wraps(command)
        def inner(**given: Any) -> Any:
            wish = Wish(**{name: given.pop(name) for name in names & given.keys()})
            return command(**given, wish=wish)

        decorated: Any = inner
        for option in reversed(options):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def connection_option(command: Decorated) -> Decorated:
    """Add ``--connection``."""
    where = "Where, when several connections fit."
    return click.option("--connection", metavar="NAME", help=where, shell_complete=complete_value.connections)(command)


def started(operation: str, settings: Mapping[str, str], wish: Wish) -> int:
    """Start a job, watch it if that is wanted, tell what became of it, and return the exit code."""
    from reconcile.cli import clock
    from reconcile.cli.attention import attention
    from reconcile.cli.by_hand import at_hand
    from reconcile.engine.by_hand import HandWork, start
    from reconcile.engine.pipeline import Control
    from reconcile.engine.runs import Watching

    with at_hand(applies=True) as hand:
        link = hand.for_operation(operation, wish.connection)
        _check(link.operations[operation], wish)
        work = HandWork(
            connection=link.name,
            operation=operation,
            settings=checked(link.operations[operation], settings),
            when_busy=wish.when_busy,
            on_limit=wish.on_limit,
            wait_timeout=wish.wait_timeout,
            stop_after=wish.stop_after,
        )
        control = Control()
        with attention(control) as heard:
            found = start(hand.place, work, Watching(clock.clock(), control, wish.poll_interval, wish.wait))
        return _told(hand, link, found, heard)


def checked(operation: Operation, settings: Mapping[str, str]) -> Any:
    """Return settings, given as text, as the operation's own model; a usage error that names every mistake."""
    from pydantic import ValidationError

    try:
        return operation.entry.model_validate(dict(settings))
    except ValidationError as error:
        # Neither the input nor its repr is taken from Pydantic.
        found = error.errors(include_url=False, include_input=False, include_context=True)
        words = [_mistake(operation, str(each["loc"][0]) if each["loc"] else "", each) for each in found]
        meant = [word for word in words if "did you mean" in word]
        # A field that is missing because its name was mistyped is said once.
        words = meant or words
        raise click.UsageError(f"{operation.name}: {'; '.join(words)}") from None


def _mistake(operation: Operation, field: str, error: Mapping[str, Any]) -> str:
    from reconcile.core.diagnostic import did_you_mean

    known = list(operation.entry.model_fields)
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return f'it has no "{field}"; {did_you_mean(field, known) or "it has " + ", ".join(known)}'
        case "missing":
            return f'it needs "{field}": write {field}=...'
        case "literal_error":
            return f"{field} should be {context['expected']}"
        case "string_too_short":
            return f"{field} must not be empty"
        case "string_pattern_mismatch":
            return f"{field} is not written as it should be, which is {context['pattern']}"
        case _:
            words = str(error["msg"]).removeprefix("Value error, ")
            return f"{field} {words}" if field else words


def _check(operation: Operation, wish: Wish) -> None:
    """Raise a usage error for options that cannot be kept."""
    if not wish.wait and (wish.wait_timeout is not None or wish.stop_after is not None):
        raise click.UsageError("--wait-timeout and --stop-after need --wait: nobody would keep the time")
    if not operation.watchable and wish.when_busy is not None:
        raise click.UsageError(f"--when-busy cannot be kept: {operation.name} starts nothing that goes on")
    if not operation.stoppable and (wish.stop_after is not None or wish.when_busy == "replace"):
        asked = "--when-busy replace" if wish.stop_after is None else "--stop-after"
        raise click.UsageError(f"{asked} cannot be done: {operation.name} starts what the platform cannot stop")


# -- what is told ------------------------------------------------------------------------------------------------------


def _told(hand: Hand, link: Link, found: HandResult, heard: Attention) -> int:
    from reconcile.cli.by_hand import wait_command
    from reconcile.cli.exit_codes import ExitCode
    from reconcile.render.jobs import Placed, limits_text

    ((_, step),) = found.run.steps.items()
    job = _job(hand, link, step)
    limits, troubles = _limits(hand, link, step) if job else (None, ())
    code = _code(found, step, job, heard)
    diagnostics = [*_notes(found, step), *troubles]
    if code is ExitCode.STOPPED_WATCHING:
        diagnostics += _left(link, found, step, heard)
    hand.tell_jobs([Placed(link.name, job)] if job else [], diagnostics, limits)
    if not hand.options.is_json:
        hand.edge.print(limits_text(limits or ()))
        if code is ExitCode.DONE and job and not job.is_over:
            hand.edge.print(f"\nWatch it: {wait_command(link, job)}\n")
    return code


def _job(hand: Hand, link: Link, step: Step) -> Job | None:
    """Return the job as it is now; as our record has it where it cannot be looked at; None when there is none."""
    from reconcile.core.errors import ReconcileError
    from reconcile.core.operation import Job, JobState, Ready
    from reconcile.core.request import Request
    from reconcile.core.run import RunState

    plan, state, job_id = step.plan, step.state, step.job
    if job_id is None:
        return None
    known = Job(
        id=job_id,
        operation=plan.operation,
        target=plan.target,
        state=JobState(state.value),
        platform_state=step.platform_state,
        started_at=step.started_at,
        ended_at=step.ended_at if state.is_over else None,
        error=step.error,
    )
    if not link.operations[plan.operation].watchable or state is RunState.UNKNOWN:
        return known
    try:
        with hand.operators() as operators:
            # Once: it has been told already that the job is there, this is for the details.
            seen = operators[link.name].look(Ready(plan.order, Request("POST", "/")), job_id)
    except ReconcileError:
        return known
    # Why it was stopped, for example, is known to us alone.
    return replace(seen, state=known.state, error=known.error) if state.is_over else seen


def _limits(hand: Hand, link: Link, step: Step) -> tuple[tuple[Limit, ...] | None, tuple[Diagnostic, ...]]:
    """Return how many runs a day are used, None where that is not to be told, and why it cannot be said.

    A limit that refuses jobs is waited for while they are started; this is about those that can only be shown.
    """
    from reconcile.core.diagnostic import Severity
    from reconcile.core.errors import ReconcileError

    if link.operations[step.plan.operation].pool:
        return None, ()
    try:
        with hand.operators() as operators:
            found = operators[link.name].limits()
    except ReconcileError as error:
        return None, tuple(replace(each, severity=Severity.NOTE) for each in error.diagnostics)
    runs = tuple(limit for limit in found if limit.name.startswith("runs"))
    return runs or None, ()


def _code(found: HandResult, step: Step, job: Job | None, heard: Attention) -> ExitCode:
    from reconcile.cli.exit_codes import ExitCode
    from reconcile.cli.watching import CODES
    from reconcile.core.operation import JobState

    if heard.was_stopped:
        return ExitCode.INTERRUPTED
    if step.state.is_over:
        return CODES[step.state]
    if not (found.run.is_over and job):
        return ExitCode.STOPPED_WATCHING
    return ExitCode.RUN_FAILED if job.state in (JobState.FAILED, JobState.STOPPED) else ExitCode.DONE


def _notes(found: HandResult, step: Step) -> list[Diagnostic]:
    """Return what is to be said besides the job itself: that it is not a new one, or that there is none."""
    from reconcile.core.diagnostic import Diagnostic, Severity
    from reconcile.core.run import ATTACHED

    notes = []
    if found.went_on:
        run = found.run
        detail = f"Run {run.id} by {run.author.by} had been cut off; this command went on with it, as it was asked for."
        hint = "no other job was started for this command: run it again to start one"
        notes.append(
            Diagnostic("went-on", "An earlier start was gone on with", detail, hint, severity=Severity.WARNING)
        )
    if step.attempt.adopted == ATTACHED:
        detail = f"Job {step.job} does the same and was under way already; no other was started."
        hint = "--when-busy wait starts another when that one is over"
        notes.append(Diagnostic("attached", "The same was under way", detail, hint, severity=Severity.WARNING))
    return [*notes, *found.result.diagnostics]


def _left(link: Link, found: HandResult, step: Step, heard: Attention) -> list[Diagnostic]:
    """Return why the job is not watched to its end, and how to go on."""
    from reconcile.cli.by_hand import unwatched, wait_command
    from reconcile.core.diagnostic import Diagnostic, Severity

    why = [] if heard.was_left else list(found.result.left.values())
    if step.job:
        return unwatched(why, f"Job {step.job} goes on.", wait_command(link, step.job))
    detail = f"It was left before its job was known; run {found.run.id} remembers how far it came."
    hint = "the same command again goes on with it, and starts nothing twice"
    return [*why, Diagnostic("start-left", "The start is not over", detail, hint, severity=Severity.WARNING)]
