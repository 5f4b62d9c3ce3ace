"""``reconcile validate``: the files only, no network."""

from __future__ import annotations

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format


@click.command("validate")
@common
@guarded
def command() -> int:
    """Check every file of the workspace; no network.

    All errors of all files come at once, each with its place and what to do. Exit 0 when there is none, else 1.
    Warnings stop nothing: what is right as it is goes under `allow:`, with the reason.
    """
    from datetime import UTC, datetime

    from reconcile.cli.workspace import check_selected, links_of, load_config
    from reconcile.core.address import Selection
    from reconcile.core.diagnostic import in_order
    from reconcile.core.lint import sifted
    from reconcile.engine.lint import lint_files
    from reconcile.render.allowed import allowance_notes, allowed_document
    from reconcile.render.diagnostics import as_json
    from reconcile.render.terminal import counted
    from reconcile.state.backend import open_backend

    options = needs_format("text", "json", "markdown")
    config = load_config(options)
    edge = border()
    open_backend(config.state, config.root, config.environment)  # says whether the location can be used; makes no call
    selection = Selection(options.select, options.exclude)
    check_selected(selection, config.desired)
    desired = [found for address, found in config.desired.items() if selection.holds(address)]
    linted = lint_files(config.desired, links_of(config), config.pipelines.values(), datetime.now(UTC))
    found = sifted(in_order([*config.diagnostics, *config.accepted, *linted]), config.allow)
    told = [*found.told, *allowance_notes(found)]
    edge.show(told, options)
    files = len({found.source.file for found in desired})
    if options.is_json:
        document = {
            "format": "reconcile.validate/1",
            "environment": config.environment,
            "objects": len(desired),
            "pipelines": len(config.pipelines),
            "allowed": allowed_document(found),
            "diagnostics": as_json(told),
        }
        edge.print_document(document)
        return ExitCode.DONE
    pipelines = f", {counted(len(config.pipelines), 'pipeline')}" if config.pipelines else ""
    where = "" if config.environment == "default" else f" (environment {config.environment})"
    edge.print(f"Valid: {counted(len(desired), 'object')} in {counted(files, 'file')}{pipelines}{where}.\n")
    return ExitCode.DONE
