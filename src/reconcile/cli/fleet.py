"""``reconcile fleet``: which workspaces there are, and the results of shards as one."""

from __future__ import annotations

from pathlib import Path

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.options import common, needs_format


@click.group("fleet")
def command() -> None:
    """Many workspaces as one: `validate`, `plan` and `drift` with -C 'GLOB' or -C fleet.yaml."""


@command.command("report")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--detailed-exitcode", is_flag=True, help="Of plans: exit 2 when changes are pending.")
@click.option(
    "--max-age",
    default="30m",
    show_default=True,
    metavar="DURATION",
    envvar="RECONCILE_MAX_AGE",
    help="What ended longer ago is of another round.",
)
@common
@guarded
def report(files: tuple[Path, ...], detailed_exitcode: bool, max_age: str) -> int:
    """Put the results of shards together, FILE... as `--results` wrote them; a folder is all that is in it.

    A shard that is missing, or whose result is too old, is named, with its workspaces, and fails the report: it never
    counts as "no drift".
    Exit codes are those of the command, of the worst workspace.
    """
    from datetime import UTC, datetime, timedelta

    from reconcile.cli.fleet_round import exit_code, show
    from reconcile.config.duration import seconds
    from reconcile.config.fleet_result import merged, read_result

    options = needs_format("text", "json", "markdown")
    try:
        oldest = datetime.now(UTC) - timedelta(seconds=seconds(max_age))
    except ValueError as error:
        raise click.UsageError(f"--max-age: {error}") from None
    paths = [path for given in files for path in (sorted(given.glob("*.json")) if given.is_dir() else [given])]
    if not paths:
        raise click.UsageError(f"there is no result in {', '.join(map(str, files))}")
    fleet = merged([read_result(path) for path in paths], oldest.strftime("%Y-%m-%dT%H:%M:%SZ"))
    show(fleet, options)
    return exit_code(fleet, detailed=detailed_exitcode)


@command.command("list")
@click.option("--shards", type=click.IntRange(1, 10_000), metavar="N", help="Say which of N shards looks at each.")
@common
@guarded
def list_(shards: int | None) -> int:
    """List the workspaces that -C names, by name; reads no workspace."""
    import os

    from reconcile.config.fleet import as_text, read_roster
    from reconcile.config.fleet_name import names_fleet
    from reconcile.core.fleet import bucket_of
    from reconcile.render.terminal import printable

    options = needs_format("text", "json")
    if not names_fleet(options.workspace):
        raise click.UsageError("-C must name a fleet: a glob in quotes, or a fleet file")
    roster = read_roster(str(options.workspace), options.env, Path.cwd())
    rows = [(each, bucket_of(each.name, shards) + 1 if shards else None) for each in roster.members]
    if options.is_json:
        paths = [as_text(os.path.relpath(each.path)) for each, _ in rows]
        listed = [
            {"name": each.name, "path": path, "environment": each.environment, "shard": n}
            for path, (each, n) in zip(paths, rows, strict=True)
        ]
        border().print_document({"format": "reconcile.fleet-list/1", "workspaces": listed, "diagnostics": []})
    else:
        border().print("".join(f"{f'{n}/{shards}  ' if n else ''}{printable(each.name)}\n" for each, n in rows))
    return 0


@command.command("schema")
@common
@guarded
def schema() -> int:
    """Print the JSON Schema of fleet files."""
    from reconcile.config.fleet import fleet_schema
    from reconcile.render.json import document_text

    needs_format("text", "json")
    border().print(document_text(fleet_schema()))
    return 0
