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
    """
    from reconcile.cli.workspace import load_config
    from reconcile.render.diagnostics import as_json
    from reconcile.render.json import document_text
    from reconcile.render.terminal import counted

    options = needs_format("text", "json", "markdown")
    config = load_config(options)
    edge = border()
    edge.show(config.diagnostics, options)
    files = len({desired.source.file for desired in config.desired.values()})
    if options.is_json:
        document = {
            "format": "reconcile.validate/1",
            "environment": config.environment,
            "objects": len(config.desired),
            "pipelines": len(config.pipelines),
            "diagnostics": as_json(config.diagnostics),
        }
        edge.print(document_text(document))
        return ExitCode.DONE
    pipelines = f", {counted(len(config.pipelines), 'pipeline')}" if config.pipelines else ""
    where = "" if config.environment == "default" else f" (environment {config.environment})"
    edge.print(f"Valid: {counted(len(config.desired), 'object')} in {counted(files, 'file')}{pipelines}{where}.\n")
    return ExitCode.DONE
