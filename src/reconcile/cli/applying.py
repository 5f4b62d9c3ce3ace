"""Carrying out a plan, as every command does that changes something: show it, ask, make the changes, tell."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any, assert_never

import click

from reconcile.cli.border import Border, border
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import Options, err, has_terminal
from reconcile.cli.zone import reader_zone

if TYPE_CHECKING:
    from reconcile.cli.workspace import Workspace
    from reconcile.core.outlook import Outlook
    from reconcile.core.plan import Plan
    from reconcile.engine.events import Listener
    from reconcile.engine.planning import Planned, Planner
    from reconcile.engine.run import Applied


def perform(
    options: Options,
    prepare: Callable[[Listener], tuple[Workspace, Planner]],
    *,
    yes: bool,
    requests: bool,
    override: str | None = None,
) -> int:
    """Carry out the plan that ``prepare`` makes, and return the exit code.

    ``prepare`` is given who listens. The plan is shown and, unless ``yes``, asked about before anything is changed.
    ``override`` is the reason to go ahead inside a freeze.
    """
    from reconcile.cli.progress import Progress
    from reconcile.engine.outlook import foreseen, viewer_of
    from reconcile.engine.run import carry_out

    zone = reader_zone(None, os.environ)
    edge = border()
    with Progress(options, edge) as progress, _interrupts() as interrupts:
        workspace, planner = prepare(progress)
        edge.show(workspace.config.diagnostics, options)
        shown: list[Plan] = []

        def approve(planned: Planned) -> bool:
            progress.pause()
            shown.append(planned.plan)
            _show(planned.plan, planned.outlook, options, edge, requests)
            if not (yes or _asked(len(planned.plan.changes))):
                return False
            interrupts.hold()
            return True

        foreseeing = foreseen(planner, viewer_of(workspace.place, zone))
        applied = carry_out(workspace.place, foreseeing, approve, interrupts.came, override=override)
    if not shown:
        _show(applied.plan, applied.outlook, options, edge, requests)
    return _told(applied, options, edge, interrupted=interrupts.came())


def _show(plan: Plan, outlook: Outlook | None, options: Options, edge: Border, requests: bool) -> None:
    from reconcile.render.text import plan_text

    if options.format == "text":
        edge.print(
            plan_text(
                plan,
                color=options.color_for(sys.stdout),
                prefix=edge.prefix,
                requests=requests,
                outlook=outlook,
                details=bool(options.verbose),
            )
        )
        sys.stdout.flush()
    edge.show([*plan.diagnostics, *(item.diagnostic for item in plan.left_out), *plan.refusals], options)


def _asked(count: int) -> bool:
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import Refused
    from reconcile.render.terminal import counted

    if not has_terminal():
        raise Refused(
            Diagnostic(
                "no-terminal",
                "There is no terminal to ask on",
                "It asks before it changes anything.",
                hint="look at the plan, then run it with --yes",
            )
        )
    return click.confirm(f"\nMake {counted(count, 'change')}?", default=False, err=True)


def _told(applied: Applied, options: Options, edge: Border, *, interrupted: bool) -> int:
    from reconcile.cli.measure import put_plan, put_results
    from reconcile.cli.observing import meter
    from reconcile.render.result import result_document, result_markdown, result_text

    put_plan(meter(), applied.plan)
    put_results(meter(), applied.results)
    edge.show([r.diagnostic for r in applied.results if r.diagnostic], options)
    edge.show(applied.notes, options)
    if applied.trouble:
        edge.show(applied.trouble.diagnostics, options)
    match options.format:
        case "json":
            edge.print_document(result_document(applied))
        case "markdown":
            edge.print(result_markdown(applied, prefix=edge.prefix))
        case _:
            edge.print(result_text(applied, color=options.color_for(sys.stdout)))
    return ExitCode.INTERRUPTED if interrupted else exit_code(applied)


def exit_code(applied: Applied) -> ExitCode:
    """Return what became of an apply, as its exit code."""
    from reconcile.library.applied import Verdict, verdict_of

    match verdict_of(applied):
        case Verdict.DONE:
            return ExitCode.DONE
        case Verdict.IN_PART:
            return ExitCode.IN_PART
        case Verdict.DECLINED | Verdict.REFUSED:
            return ExitCode.REFUSED
        case Verdict.FAILED:
            return ExitCode.FAILED
        case other:
            assert_never(other)


class _Interrupts:
    """Ctrl-C and SIGTERM, held back while calls are being made so that what was begun is finished and recorded."""

    def __init__(self) -> None:
        self._event = Event()
        self._kept: dict[int, Any] = {}

    def came(self) -> bool:
        """Say whether somebody wants to stop."""
        return self._event.is_set()

    def hold(self) -> None:
        """Hold interrupts from now on. A second one ends the program at once; the journal knows what was in flight."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._kept[number] = signal.signal(number, self._handle)

    def let_go(self) -> None:
        """Let interrupts through again."""
        for number, handler in self._kept.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: object) -> None:
        if self._event.is_set():
            # Not by an exception: it would wait for the threads whose calls nobody wants to wait for any more.
            err("\ninterrupted again: stopped; the next plan says what was in flight\n")
            os._exit(ExitCode.INTERRUPTED)
        self._event.set()
        err("\ninterrupted: calls under way are finished and recorded, the rest is not begun\n")


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    interrupts = _Interrupts()
    try:
        yield interrupts
    finally:
        interrupts.let_go()
