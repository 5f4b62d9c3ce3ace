"""``reconcile doctor``: what is in the way of working, and how to mend it."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format
from reconcile.cli.seconds import Seconds

if TYPE_CHECKING:
    from reconcile.config.load import Config
    from reconcile.core.checkup import Checked

SECONDS = 20.0


@click.command("doctor")
@click.option("--probe", is_flag=True, help="Write a key to the state and remove it again, to see whether that works.")
@click.option(
    "--timeout",
    type=Seconds(0.1),
    default=SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long connections and state may take, all side by side.",
)
@common
@guarded
def command(probe: bool, timeout: float) -> int:
    """Check what work needs: the program, the files, the environment, every connection, the state.

    Changes nothing anywhere (but see --probe), asks for nothing, and shows no secret: of variables only the names.

    Exit 0 when nothing failed, else 1.
    """
    from reconcile.cli.doctor_program import program_check
    from reconcile.cli.doctor_workspace import workspace_check
    from reconcile.core.checkup import Verdict
    from reconcile.engine.doctor import worst
    from reconcile.render.doctor import doctor_document, doctor_markdown, doctor_text

    options, edge = needs_format("text", "json", "markdown"), border()
    files = workspace_check(options)
    found = [program_check(), files.checked, *(_reached(files.config, timeout, probe=probe) if files.config else ())]
    match options.format:
        case "json":
            root = str(files.root) if files.root else None
            edge.print_document(doctor_document(found, files.environment, root))
        case "markdown":
            edge.print(doctor_markdown(found))
        case _:
            edge.print(doctor_text(found, color=options.color_for(sys.stdout)))
    return ExitCode.FAILED if worst(found) is Verdict.FAIL else ExitCode.DONE


def _reached(config: Config, seconds: float, *, probe: bool) -> list[Checked]:
    """Return what is found of the connections and of the state, all looked at side by side."""
    from reconcile.cli.workspace import links_of
    from reconcile.engine.doctor import connection_check, examined, state_check
    from reconcile.engine.events import unheard
    from reconcile.engine.link import Outside
    from reconcile.state.backend import open_backend

    outside = Outside(unheard, border().redactor, os.environ)
    links = links_of(config)
    examinations = {f"connection {name}": connection_check(link, outside, _now) for name, link in links.items()}
    examinations["state"] = state_check(
        lambda: open_backend(config.state, config.root, config.environment, os.environ), _now, probe=probe
    )
    found = examined(examinations, seconds, time.monotonic)
    connections = [
        replace(checked, subject="connection", connection=name, what=links[name].provider.name)
        for name, checked in zip(links, found, strict=False)
    ]
    return [*connections, found[-1]]


def _now() -> datetime:
    return datetime.now(UTC)
