"""``reconcile drift``: what moved on the platform."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

import click

from reconcile.cli import ack
from reconcile.cli.border import Border, border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.fleet_options import over_fleet
from reconcile.cli.metrics_file import metrics_option
from reconcile.cli.options import Options, common, needs_format

if TYPE_CHECKING:
    from reconcile.core.acknowledge import Sorted
    from reconcile.core.alerted import Alerted
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.engine.check import Checked

Params = ParamSpec("Params")


def alone(command: Callable[Params, int]) -> Callable[Params, int]:
    """Leave it to the command below the group, where one was named; what only the group can do, is wrong usage then."""

    @functools.wraps(command)
    def inner(*args: Params.args, **kwargs: Params.kwargs) -> int:
        if below := click.get_current_context().invoked_subcommand:
            for option in (name for name in ("exact", "alert") if kwargs.get(name)):
                raise click.UsageError(f"--{option} says nothing to `drift {below}`")
            return ExitCode.DONE
        return command(*args, **kwargs)

    return inner


@click.group("drift", invoke_without_command=True)
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@click.option("--alert", is_flag=True, help="Tell the sinks of `alerts:` what is new.")
@metrics_option
@common
@alone
@guarded
@over_fleet("drift", "exact", "alert")
def command(exact: bool, alert: bool) -> int:
    """Compare what we last applied with what is live. Reads only: the clients it gets cannot write.

    Exit 0 when nothing moved (changes pending in files are not drift, nor is what is acknowledged), 5 when something
    did, 1 when it cannot be said.
    """
    from reconcile.cli.alerting import alarm_of
    from reconcile.cli.measure import checking, put_check
    from reconcile.cli.observing import meter
    from reconcile.cli.progress import Progress
    from reconcile.cli.workspace import check_selection, open_workspace
    from reconcile.core.acknowledge import sorted_drift
    from reconcile.engine.check import check_drift
    from reconcile.engine.planning import Wish

    options = needs_format("text", "json", "markdown")
    edge = border()
    with checking(meter()) as began, Progress(options, edge) as progress:
        workspace = open_workspace(options, progress)
        place = workspace.place

        def look() -> Checked:
            check_selection(workspace)
            return check_drift(place, Wish(workspace.selection, exact=exact))

        alarm = alarm_of(workspace) if alert else None
        found, alerted = alarm.look(look, edge, options) if alarm else (look(), None)
    sides = sorted_drift(found.drift, place.acknowledged, place.environment, found.at)
    put_check(meter(), place, found, sides, time.monotonic() - began, time.time())
    diagnostics = [*workspace.config.diagnostics, *found.diagnostics, *sides.diagnostics]
    diagnostics += alerted.diagnostics if alerted else ()
    edge.show(diagnostics, options)
    _print(found, sides, diagnostics, alerted, edge, options)
    if alarm:
        alarm.release(edge, options)
    if found.failed:
        return ExitCode.FAILED
    return ExitCode.DRIFT if sides.counted else ExitCode.DONE


for each in (ack.ack_command, ack.acks_command, ack.unack_command):
    command.add_command(each)


def _print(
    found: Checked,
    sides: Sorted,
    diagnostics: list[Diagnostic],
    alerted: Alerted | None,
    edge: Border,
    options: Options,
) -> None:
    match options.format:
        case "json":
            from reconcile.library.checked import checked_document

            edge.print_document(checked_document(found, sides, diagnostics, alerted))
        case "markdown":
            _print_markdown(found, sides, diagnostics, edge)
        case _:
            _print_text(found, sides, alerted, edge, options)


def _print_markdown(found: Checked, sides: Sorted, diagnostics: list[Diagnostic], edge: Border) -> None:
    from reconcile.render.acknowledged import accepted_lines
    from reconcile.render.markdown import drift_markdown

    edge.print(
        drift_markdown(
            sides.counted,
            found.pending,
            diagnostics,
            unread=len(found.unread),
            prefix=edge.prefix,
            held=found.held,
            now=found.at,
            notes=accepted_lines(sides.accepted),
        )
    )


def _print_text(found: Checked, sides: Sorted, alerted: Alerted | None, edge: Border, options: Options) -> None:
    from reconcile.render.acknowledged import accepted_lines
    from reconcile.render.alerted import alerts_line
    from reconcile.render.held import held_lines
    from reconcile.render.terminal import counted
    from reconcile.render.text import drift_text

    if sides.counted:
        color = options.color_for(sys.stdout)
        edge.print(drift_text(sides.counted, color=color, prefix=edge.prefix, held=found.held) + "\n")
    elif not found.unread and not found.of_strangers:
        waiting = f"; {counted(found.pending, 'change')} of the files not applied yet" if found.pending else ""
        unseen = f"; {found.unseen:,} more cannot be looked at" if found.unseen else ""
        known = f" but {len(sides.accepted):,} acknowledged" if sides.accepted else ""
        edge.print(f"No drift{known} in {counted(found.seen, 'recorded object')}{unseen}{waiting}.\n")
    below = [*accepted_lines(sides.accepted), *held_lines(found.held, found.at)]
    below += [alerts_line(alerted)] if alerted else []
    edge.print("".join(f"{line}\n" for line in below))
