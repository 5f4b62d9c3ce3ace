"""``reconcile apply``: make live what the files say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconcile.cli.applying import perform
from reconcile.cli.border import guarded
from reconcile.cli.options import common, needs_format

if TYPE_CHECKING:
    from reconcile.cli.workspace import Workspace
    from reconcile.engine.events import Listener
    from reconcile.engine.planning import Planner


@click.command("apply")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--requests", is_flag=True, help="Show the exact calls.")
@click.option("--reassert", is_flag=True, help="Send again what the platform cannot show.")
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@click.option(
    "--allow-deletes",
    type=click.IntRange(min=0),
    metavar="N",
    help="Lift the delete guards for a plan with at most N deletes.",
)
@common
@guarded
def command(yes: bool, requests: bool, reassert: bool, exact: bool, allow_deletes: int | None) -> int:
    """Plan, show the plan, ask, and make the changes. Objects that already are as the files say become ours.

    Every object is read again before it is written and read back afterwards. One that fails stops no other. Exit 0
    when all is done, 4 when some of it is, 3 when it was refused and 1 when it failed; 130 after an interrupt.
    """
    options = needs_format("text", "json", "markdown")

    def prepare(listener: Listener) -> tuple[Workspace, Planner]:
        from reconcile.cli.workspace import check_selection, open_workspace
        from reconcile.engine.planning import Wish, from_files

        workspace = open_workspace(options, listener, applies=True)
        check_selection(workspace)
        return workspace, from_files(Wish(workspace.selection, reassert, exact, allow_deletes))

    return perform(options, prepare, yes=yes, requests=requests)
