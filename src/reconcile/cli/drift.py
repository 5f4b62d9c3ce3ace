"""``reconcile drift``: what moved on the platform."""

from __future__ import annotations

import sys
from dataclasses import replace

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
    from reconcile.core.diagnostic import Severity
    from reconcile.core.drift import Why
    from reconcile.engine.planning import Wish, from_files, make_plan
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
        planned = make_plan(workspace.place, from_files(Wish(workspace.selection, exact=exact)))
    made = planned.plan
    gone = {str(item.address) for item in made.drift if item.gone}
    # That a file asks for something which does not exist is an error of a plan; here, at most, it is drift.
    told = [
        replace(d, severity=Severity.WARNING) if d.code == "unknown-object" else d
        for d in made.diagnostics
        if not (d.code == "unknown-object" and d.address in gone)
    ]
    # Compared with another account, everything has moved, or nothing that anybody could see.
    strangers = [refusal for refusal in made.refusals if refusal.code == "guard-account"]
    told += strangers
    diagnostics = [*workspace.config.diagnostics, *told]
    pending = sum(change.why is not Why.DRIFT for change in made.changes)
    edge.show(diagnostics, options)
    match options.format:
        case "json":
            edge.print_document(drift_document(made.drift, pending, diagnostics, planned.unread, made.held))
        case "markdown":
            edge.print(
                drift_markdown(
                    made.drift,
                    pending,
                    diagnostics,
                    unread=len(planned.unread),
                    prefix=edge.prefix,
                    held=made.held,
                    now=made.created_at,
                )
            )
        case _ if made.drift:
            color = options.color_for(sys.stdout)
            edge.print(drift_text(made.drift, color=color, prefix=edge.prefix, held=made.held) + "\n")
        case _ if not planned.unread and not strangers:
            waiting = f"; {counted(pending, 'change')} of the files not applied yet" if pending else ""
            unseen = f"; {planned.unseen:,} more cannot be looked at" if planned.unseen else ""
            edge.print(f"No drift in {counted(planned.seen, 'recorded object')}{unseen}{waiting}.\n")
    if options.format == "text":
        edge.print("".join(f"{line}\n" for line in held_lines(made.held, made.created_at)))
    if any(d.is_error for d in told):
        return ExitCode.FAILED
    return ExitCode.DRIFT if made.drift else ExitCode.DONE
