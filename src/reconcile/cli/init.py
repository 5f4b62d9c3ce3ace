"""``reconcile init``: a new workspace."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.init_wish import Wish, asked, in_variable, told
from reconcile.cli.options import common, has_terminal, needs_format, typed

if TYPE_CHECKING:
    from reconcile.config.starter import NewConnection, Starter

PROVIDERS = ("crm_analytics", "tailer", "tamr")
FOLDER = "desired_state"


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=FOLDER, shell_complete=complete_value.folders)
@click.option(
    "--provider", "providers", multiple=True, type=click.Choice(PROVIDERS), help="Platform of a connection; may repeat."
)
@click.option("--name", "names", multiple=True, metavar="NAME", help="What they are called, in the same order.")
@click.option("--auth", "methods", multiple=True, metavar="METHOD", help="How they log in, in the same order.")
@click.option("--instance-url", metavar="URL", help="Org of CRM Analytics.  [default: from a variable]")
@click.option("--base-url", metavar="URL", help="Tenant of Tamr Cloud.  [default: from a variable]")
@click.option("--account", metavar="DIGITS", help="Account on Tailer.  [default: from a variable]")
@click.option("--environment", metavar="NAME", help="Environment on Tailer.  [default: DEV]")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@common
@guarded
def command(
    folder: str,
    providers: tuple[str, ...],
    names: tuple[str, ...],
    methods: tuple[str, ...],
    instance_url: str | None,
    base_url: str | None,
    account: str | None,
    environment: str | None,
    yes: bool,
) -> int:
    """Write a new workspace into DIR (desired_state): reconcile.yaml, a first file for each connection, the schema.

    Asks what it is not told, in a terminal. Nothing is overwritten (exit 3), no call is made, and no secret is asked
    for: files name environment variables, and the command says which ones to set.
    """
    options = needs_format("text", "json")
    if "workspace" in typed():
        raise click.UsageError("-C names a workspace that is there; the folder of a new one is DIR: reconcile init DIR")
    given = {"instance_url": instance_url, "base_url": base_url, "account": account, "environment": environment}
    values = {key: value for key, value in given.items() if value is not None}
    is_asking = not yes and has_terminal()
    if not providers and not is_asking:
        raise click.UsageError("say which platform: --provider crm_analytics, tailer or tamr")
    wishes = told(providers, names, methods, values)
    if is_asking:
        wishes = asked(wishes, values)
    # Without its dots: what lies above a folder is looked at, too.
    made = _made(Path(os.path.abspath(folder)), wishes)  # noqa: PTH100 - a link keeps its name
    _save(made)
    if options.is_json:
        border().print_document(_document(made))
    else:
        _report(made)
    return ExitCode.DONE


def _made(root: Path, wishes: Sequence[Wish]) -> Starter:
    from reconcile.config.schema import schema_text
    from reconcile.config.starter import check_room, check_starter, starter
    from reconcile.providers.registry import providers

    counts = Counter(wish.platform.provider for wish in wishes)
    catalogues = providers()
    made = starter(root, [_connection(wish, counts) for wish in wishes], schema_text(catalogues))
    check_room(made, Path.cwd())
    check_starter(made, catalogues, {name: _stand_in(name) for name in made.variables})
    return made


# What variables may hold, for a check of files whose variables are not set yet.
_STAND_INS = {
    "SF_INSTANCE_URL": "https://example.my.salesforce.com",
    "TAMR_URL": "https://example.tamr.cloud",
    "TAILER_ACCOUNT": "000000",
}


def _stand_in(variable: str) -> str:
    return next((value for name, value in _STAND_INS.items() if variable.endswith(name)), "x")


def _connection(wish: Wish, counts: Counter[str]) -> NewConnection:
    from reconcile.config.starter import NewConnection

    platform, method = wish.platform, wish.method
    # Two connections of one platform need variables of their own.
    prefix = f"{in_variable(wish.name)}_" if counts[platform.provider] > 1 else ""

    def written(key: str, variable: str, default: str) -> str:
        return wish.values.get(key) or (f"${{env.{prefix}{variable}}}" if variable else default)

    return NewConnection(
        wish.name,
        platform.provider,
        platform.title,
        {each.key: written(each.key, each.variable, each.default) for each in platform.settings},
        {"method": method.name, **{each.key: written(each.key, each.variable, "") for each in method.settings}},
        platform.section,
        platform.nothing,
        platform.example,
    )


def _save(made: Starter) -> None:
    from reconcile.config.save import save

    save(made.drafts, Path.cwd())


def _document(made: Starter) -> dict[str, object]:
    return {
        "format": "reconcile.init/1",
        "workspace": str(made.root),
        "files": [draft.path.relative_to(made.root).as_posix() for draft in made.drafts],
        "variables": [{"name": name, "set": bool(os.environ.get(name))} for name in made.variables],
        "diagnostics": [],
    }


def _report(made: Starter) -> None:
    from reconcile.config.files import shown

    edge, here = border(), Path.cwd()
    lines = [f"{'Added to' if each.before is not None else 'Wrote'} {shown(each.path, here)}" for each in made.drafts]
    missing = [name for name in made.variables if not os.environ.get(name)]
    if made.variables:
        lines += ["", "Set these environment variables (secrets stay out of files):"]
        width = max(map(len, made.variables))
        lines += [f"  {name:<{width}}  {'not set yet' if name in missing else 'is set'}" for name in made.variables]
    root = shown(made.root, here)
    is_found = root in (".", FOLDER) and not os.environ.get("RECONCILE_WORKSPACE")
    at = "" if is_found else f" -C {shlex.quote(root)}"
    lines += ["", "Next:", f"  reconcile{at} doctor    checks all of it, and says how to mend what is not right"]
    for each in made.connections:
        if each.section != "pipelines":
            into = shlex.quote(f"{root}/{each.name}.yaml")
            pattern = shlex.quote(f"{each.name}/*")
            lines.append(f"  reconcile{at} import --select {pattern} --into {into}")
    lines.append(f"  reconcile{at} plan      shows what apply would change; then: reconcile{at} apply")
    edge.print("\n".join(lines) + "\n")
