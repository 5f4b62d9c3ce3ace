"""``reconcile schema``: for editors."""

from __future__ import annotations

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format


@click.command("schema")
@common
@guarded
def command() -> int:
    """Print the JSON Schema of reconcile.yaml and of desired-state files.

    It comes from the models that check the files. Editors take it through the modeline
    `# yaml-language-server: $schema=...` in the first line of a file.
    """
    from reconcile.config.schema import schema_text
    from reconcile.providers.registry import providers

    needs_format("text", "json")
    border().print(schema_text(providers()))
    return ExitCode.DONE
