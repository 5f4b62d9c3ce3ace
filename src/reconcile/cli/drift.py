"""``reconcile drift``: what moved on the platform."""

from __future__ import annotations

import sys

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format


@click.command("drift")
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@common
@guarded
def command(exact: bool) -> int:
    """Compare what we last applied with what is live. Reads only: the clients it gets cannot write.

    Exit 0 when nothing moved (changes pending in files are not drift), 5 when something did, 1 when it cannot be said.
    """
    from reconcile.cli.progress import Progress
    from reconcile.cli.workspace import check_selection, open_workspace
    from reconcile.engine.check import check_drift
    from reconcile.engine.planning import Wish
    from reconcile.render.held import held_lines
    from reconcile.render.json import drift_document
    from reconcile.render.markdown import drift_markdown
    from reconcile.render.terminal import counted
    from reconcile.render.text import drift_text

    options = needs_format("text", "json", "markdown")
    edge = border()
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress)
        check_selection(workspace)
        found = check_drift(workspace.place, Wish(workspace.selection, exact=exact))
    diagnostics = [*workspace.config.diagnostics, *found.diagnostics]
    edge.show(diagnostics, options)
    match options.format:
        case "json":
            edge.print_document(drift_document(found.drift, found.pending, diagnostics, found.unread, found.held))
        case "markdown":
            edge.print(
                drift_markdown(
                    found.drift,
                    found.pending,
                    diagnostics,
                    unread=len(found.unread),
                    prefix=edge.prefix,
                    held=found.held,
                    now=found.at,
                )
            )
        case _ if found.drift:
            color = options.color_for(sys.stdout)
            edge.print(drift_text(found.drift, color=color, prefix=edge.prefix, held=found.held) + "\n")
        case _ if not found.unread and not found.of_strangers:
            waiting = f"; {counted(found.pending, 'change')} of the files not applied yet" if found.pending else ""
            unseen = f"; {found.unseen:,} more cannot be looked at" if found.unseen else ""
            edge.print(f"No drift in {counted(found.seen, 'recorded object')}{unseen}{waiting}.\n")
    if options.format == "text":
        edge.print("".join(f"{line}\n" for line in held_lines(found.held, found.at)))
    if found.failed:
        return ExitCode.FAILED
    return ExitCode.DRIFT if found.drift else ExitCode.DONE
