"""``reconcile crm ...``: CRM Analytics' own verbs."""

from __future__ import annotations

import click

from reconcile.cli.border import guarded
from reconcile.cli.options import common, watching_options
from reconcile.cli.starting import Wish, connection_option, start_options


@click.group("crm")
@common
def command() -> None:
    """CRM Analytics' own verbs. Assets are named by their API names; the jobs are listed by `reconcile jobs`."""


@command.command("start")
@click.option("--dataflow", metavar="NAME", help="Run this dataflow.")
@click.option("--recipe", metavar="NAME", help="Run this recipe.")
@start_options()
@common
@guarded
def start_command(dataflow: str | None, recipe: str | None, wish: Wish) -> int:
    """Run a dataflow or a recipe now. Tells how many runs of the day are used, where the org shows it."""
    from reconcile.cli.starting import started

    if (dataflow is None) == (recipe is None):
        raise click.UsageError("give either --dataflow or --recipe")
    given = {"dataflow": dataflow, "recipe": recipe}
    return started("crm_analytics.start", {name: value for name, value in given.items() if value is not None}, wish)


@command.command("sync")
@click.argument("name")
@start_options()
@common
@guarded
def sync_command(name: str, wish: Wish) -> int:
    """Run a data sync now. NAME is that of the connection in Data Manager, for example SFDC_LOCAL."""
    from reconcile.cli.starting import started

    return started("crm_analytics.sync", {"data_sync": name}, wish)


@command.command("stop")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@connection_option
@click.option("--wait", is_flag=True, help="Watch the jobs until they are over.")
@watching_options
@common
@guarded
def stop_command(jobs: tuple[str, ...], connection: str | None, wait: bool, poll_interval: float) -> int:
    """Ask for jobs to be stopped. As `reconcile jobs stop` where only CRM Analytics is meant."""
    from reconcile.cli.by_hand import at_hand
    from reconcile.cli.watched_jobs import stop

    with at_hand() as hand:
        where = [(hand.of_job(job, connection, "crm_analytics"), job) for job in jobs]
        return stop(hand, where, poll_interval if wait else None)


@command.command("limits")
@connection_option
@common
@guarded
def limits_command(connection: str | None) -> int:
    """Show the org's limits and how much is used. As far as this user may see them."""
    from reconcile.cli.by_hand import at_hand

    with at_hand() as hand:
        return hand.tell_limits(hand.of_provider("crm_analytics", connection))
