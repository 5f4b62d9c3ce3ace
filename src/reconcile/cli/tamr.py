"""``reconcile tamr ...``: Tamr Cloud's own verbs."""

from __future__ import annotations

import click

from reconcile.cli.border import guarded
from reconcile.cli.options import common
from reconcile.cli.starting import Wish, connection_option, start_options


@click.group("tamr")
@common
def command() -> None:
    """Tamr Cloud's own verbs. The jobs they start are shown, watched and stopped by `reconcile jobs`."""


@command.command("load")
@click.argument("source")
@start_options()
@common
@guarded
def load_command(source: str, wish: Wish) -> int:
    """Load (refresh) a source. SOURCE is its id. A load of it that is under way already is taken for this one."""
    from reconcile.cli.starting import started

    return started("tamr.load", {"source": source}, wish)


@command.command("update")
@click.option("--data-product", metavar="ID", help="Run this data product.")
@click.option("--workflow", metavar="ID", help="Run this workflow (a RealTime index).")
@start_options()
@common
@guarded
def update_command(data_product: str | None, workflow: str | None, wish: Wish) -> int:
    """Run a data product or a workflow. A workflow updates the RealTime index of a data product."""
    from reconcile.cli.starting import started

    if (data_product is None) == (workflow is None):
        raise click.UsageError("give either --data-product or --workflow")
    given = {"data_product": data_product, "workflow": workflow}
    return started("tamr.update", {name: value for name, value in given.items() if value is not None}, wish)


@command.command("publish")
@click.argument("destination")
@click.option("--data-product", metavar="ID", help="Where destinations of several data products have this name.")
@start_options()
@common
@guarded
def publish_command(destination: str, data_product: str | None, wish: Wish) -> int:
    """Publish to a destination. DESTINATION is the exact name of the publish configuration."""
    from reconcile.cli.starting import started

    settings = {"destination": destination} | ({} if data_product is None else {"data_product": data_product})
    return started("tamr.publish", settings, wish)


@command.command("slots")
@connection_option
@common
@guarded
def slots_command(connection: str | None) -> int:
    """Show how many jobs are under way, of how many. Whoever started them; `max_jobs` of the connection is the most."""
    from reconcile.cli.by_hand import at_hand

    with at_hand() as hand:
        return hand.tell_limits(hand.of_provider("tamr", connection))
