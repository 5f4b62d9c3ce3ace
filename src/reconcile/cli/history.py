"""``reconcile history``: what was applied, by whom, from where, and what became of it."""

from __future__ import annotations

import sys

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format


@click.group("history", invoke_without_command=True)
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="At most so many; 0 is all.")
@common
@click.pass_context
def command(context: click.Context, limit: int) -> int:
    """List what was applied in this environment, newest first. Asks no platform.

    With --select only what touched these objects, change by change. `reconcile history show APPLY` tells all of one.
    """
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    return _list(limit)


@guarded
def _list(limit: int) -> int:
    from reconcile.cli.workspace import check_selected, open_workspace
    from reconcile.engine.events import unheard
    from reconcile.engine.history import read_history
    from reconcile.render.history import history_document, history_text

    options = needs_format("text", "json")
    edge = border()
    workspace = open_workspace(options, unheard)
    selection = workspace.selection
    found, seen = read_history(workspace.place, selection, limit or None)
    if selection.select and not found.applies:
        check_selected(selection, seen)
    edge.show([*workspace.config.diagnostics, *found.notes], options)
    if options.is_json:
        edge.print_document(history_document(found, workspace.config.diagnostics))
    else:
        color = options.color_for(sys.stdout)
        edge.print(history_text(found, color=color, changes=not selection.is_everything))
    return ExitCode.DONE


@command.command("show")
@click.argument("apply", metavar="APPLY", shell_complete=complete_value.applies)
@common
@guarded
def show_command(apply: str) -> int:
    """Show one apply: who, when, from where, every change field by field, and the calls that were made.

    APPLY is an id, a beginning of one that only it has, or `latest`.
    """
    from reconcile.cli.workspace import open_workspace
    from reconcile.core.history import History
    from reconcile.engine.events import unheard
    from reconcile.engine.history import find_entry, tell
    from reconcile.render.history import apply_text, history_document

    options = needs_format("text", "json")
    edge = border()
    workspace = open_workspace(options, unheard)
    told = tell(workspace.place, find_entry(workspace.place, apply))
    edge.show(workspace.config.diagnostics, options)
    if options.is_json:
        edge.print_document(history_document(History((told,)), workspace.config.diagnostics))
    else:
        edge.print(apply_text(told, color=options.color_for(sys.stdout)))
    return ExitCode.DONE
