"""``reconcile validate``: the files only, no network."""

from __future__ import annotations

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.fleet_options import over_fleet
from reconcile.cli.options import common, needs_format


@click.command("validate")
@common
@guarded
@over_fleet("validate")
def command() -> int:
    """Check every file of the workspace; no network.

    All errors of all files come at once, each with its place and what to do. Exit 0 when there is none, else 1.
    Warnings stop nothing: what is right as it is goes under `allow:`, with the reason.
    """
    from datetime import UTC, datetime

    from reconcile.cli.workspace import links_of, load_config
    from reconcile.core.address import Selection
    from reconcile.library.validated import validated
    from reconcile.state.backend import open_backend

    options = needs_format("text", "json", "markdown")
    config = load_config(options)
    edge = border()
    open_backend(config.state, config.root, config.environment)  # says whether the location can be used; makes no call
    selection = Selection(options.select, options.exclude)
    found = validated(config, links_of(config), selection, datetime.now(UTC), edge.redactor)
    edge.show(found.diagnostics, options)
    if options.is_json:
        edge.print_document(found.to_json())
    else:
        edge.print(found.to_text())
    return ExitCode.DONE
