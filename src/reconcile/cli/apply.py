"""``reconcile apply``: make live what the files say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.applying import perform
from reconcile.cli.border import border, guarded
from reconcile.cli.metrics_file import metrics_option
from reconcile.cli.options import Options, common, guard_options, needs_format, override_option, typed

if TYPE_CHECKING:
    from reconcile.cli.workspace import Workspace
    from reconcile.engine.events import Listener
    from reconcile.engine.planning import Planner

# What does not change a plan may go with a saved one.
_OF_ANY_PLAN = frozenset({"planfile", "yes", "requests", "override"})


def _digest(context: click.Context, parameter: click.Parameter, digest: str | None) -> str | None:
    if digest is None:
        return None
    from reconcile.core.digest import SHORTEST_DIGEST

    if not re.fullmatch(f"[0-9a-fA-F]{{{SHORTEST_DIGEST},64}}", digest):
        words = f"a digest is the last line of a plan: 64 of 0-9 and a-f, or at least the first {SHORTEST_DIGEST}"
        raise click.BadParameter(words, context, parameter)
    return digest.lower()


@click.command("apply")
@click.argument("planfile", required=False, type=click.Path(path_type=Path), metavar="[PLANFILE]")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--requests", is_flag=True, help="Show the exact calls.")
@click.option("--reassert", is_flag=True, help="Send again what the platform cannot show.")
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@guard_options
@override_option
@metrics_option
@click.option("--expect-digest", metavar="DIGEST", callback=_digest, help="Refuse any other plan than this one.")
@common
@guarded
def command(
    planfile: Path | None,
    yes: bool,
    requests: bool,
    reassert: bool,
    exact: bool,
    allow_deletes: int | None,
    allow_accounts: tuple[str, ...],
    override: str | None,
    expect_digest: str | None,
) -> int:
    """Plan, show the plan, ask, and make the changes. Objects that already are as the files say become ours.

    With PLANFILE, from `plan --out`, make just the changes of that plan, once and without asking; refused when it is
    stale. With --expect-digest, plan anew, and refuse a plan that does something else.

    Every object is read again before it is written and read back afterwards. One that fails stops no other. Exit 0
    when all is done, 4 when some of it is, 3 when it was refused and 1 when it failed; 130 after an interrupt.
    """
    options = needs_format("text", "json", "markdown")
    if planfile:
        _check_saved_alone()
        return perform(
            options,
            lambda listener: _prepared(planfile, options, listener),
            yes=True,
            requests=requests,
            override=override,
        )

    def prepare(listener: Listener) -> tuple[Workspace, Planner]:
        from reconcile.cli.workspace import check_connections, check_selection, open_workspace
        from reconcile.engine.planning import Wish, from_files
        from reconcile.engine.saved import expecting

        workspace = open_workspace(options, listener, applies=True)
        check_selection(workspace)
        check_connections(workspace, allow_accounts)
        planner = from_files(Wish(workspace.selection, reassert, exact, allow_deletes, allow_accounts))
        return workspace, expecting(expect_digest, planner) if expect_digest else planner

    return perform(options, prepare, yes=yes, requests=requests, override=override)


def _prepared(planfile: Path, options: Options, listener: Listener) -> tuple[Workspace, Planner]:
    from reconcile.cli.workspace import open_workspace
    from reconcile.engine.saved import from_saved, load_plan

    saved = load_plan(planfile)
    workspace = open_workspace(options, listener, applies=True)
    if saved.files != workspace.place.checkout.digest:
        # The lines that the plan speaks of may be other lines by now.
        border().sources = {}
    return workspace, from_saved(saved)


def _check_saved_alone() -> None:
    """Raise a usage error for options that would make another plan of a saved one.

    What the environment says (``RECONCILE_SELECT``) is about plans that are made, and means nothing here.
    """
    context = click.get_current_context()
    given = {f"--{name}" for name in typed() & {"select", "exclude"}}
    for each in context.command.params:
        name = each.name or ""
        is_own = name in context.params and name not in _OF_ANY_PLAN
        if is_own and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            given.add(each.opts[0])
    if given:
        options = ", ".join(sorted(given))
        raise click.UsageError(f"a saved plan is applied as it is: {options} can only change a plan that is made now")
