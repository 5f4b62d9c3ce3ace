"""``reconcile explain``: all there is to know of one object, and why it would change."""

from __future__ import annotations

import os
import sys
from itertools import takewhile
from typing import TYPE_CHECKING

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format
from reconcile.cli.zone import reader_zone, zone_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconcile.cli.workspace import Workspace
    from reconcile.core.address import Address
    from reconcile.core.source import Span
    from reconcile.engine.explain import Explained
    from reconcile.render.explain import Sheet


@click.command("explain")
@click.argument("address", metavar="ADDRESS", shell_complete=complete_value.addresses)
@click.option("--offline", is_flag=True, help="Ask no platform: what the files and our record say.")
@zone_option
@common
@guarded
def command(address: str, offline: bool, zone: str | None) -> int:
    """Tell where an object is declared, what is recorded and live, why it would change, when it runs, who applied it.

    Changes nothing anywhere. Exit 0 when all of it could be told, 1 when something could not be read.
    """
    from reconcile.cli.progress import Progress
    from reconcile.cli.workspace import open_workspace
    from reconcile.engine.explain import Question, explain
    from reconcile.render.explain import explain_markdown, explain_text
    from reconcile.render.explain_json import explain_document

    options, edge = needs_format("text", "json", "markdown"), border()
    wanted, reader = _parsed(address), reader_zone(zone, os.environ)
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress)
        config = workspace.config
        question = Question(wanted, reader, offline, config.diagnostics, config.accepted)
        found = explain(workspace.place, question)
    sheet = _sheet(workspace, found)
    edge.show(found.notes, options)
    match options.format:
        case "json":
            edge.print_document(explain_document(sheet, config.environment, found.notes))
        case "markdown":
            edge.print(explain_markdown(sheet))
        case _:
            edge.print(explain_text(sheet, color=options.color_for(sys.stdout)))
    return ExitCode.FAILED if found.failed else ExitCode.DONE


def _parsed(text: str) -> Address:
    from reconcile.core.address import Address
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import ConfigError

    try:
        return Address.parse(text)
    except ValueError as error:
        hint = "for example sales/schedule/recipe:Board_Pack; TAB completes it (see `reconcile completion`)"
        raise ConfigError(Diagnostic("unknown-address", "No address", f"{error}.", hint)) from None


def _sheet(workspace: Workspace, found: Explained) -> Sheet:
    from reconcile.engine.blame import find_blame
    from reconcile.render.explain import Sheet
    from reconcile.render.held import hold_text

    config, declared, prefix = workspace.config, found.declared, border().prefix
    source = declared.source if declared else None
    blame = find_blame(config.root, [source], os.environ).get(source) if source else None
    ties = found.ties
    return Sheet(
        found.address,
        found.zone,
        found.is_offline,
        f"{prefix}{source.file}:{source.line}" if source else "",
        entry_lines(config.sources.get(source.file, ()), source) if source else (),
        blame,
        hold_text(declared.hold) if declared and declared.hold else "",
        found.recorded,
        found.live,
        found.change,
        found.unchanged,
        found.drift,
        found.outlook,
        found.runs,
        found.runs_live,
        (
            ("waits_for", ties.waits_for),
            ("waited_for_by", ties.waited_by),
            ("reads", ties.reads),
            ("read_by", ties.read_by),
        ),
        found.findings,
        tuple((finding, allow.reason) for finding, allow in found.allowed),
        found.refusals,
        found.history,
        prefix,
    )


def entry_lines(lines: Sequence[str], source: Span) -> tuple[tuple[int, str], ...]:
    """Return the lines of the entry that begins at ``source``, with their numbers: as far as they are indented."""
    if not 1 <= source.line <= len(lines):
        return ()
    first = lines[source.line - 1]
    depth = _depth(first)
    below = takewhile(lambda line: not line.strip() or _depth(line) > depth, lines[source.line :])
    kept = [first, *below]
    while len(kept) > 1 and (not kept[-1].strip() or kept[-1].lstrip().startswith("#")):
        kept.pop()
    return tuple((source.line + number, line) for number, line in enumerate(kept))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
