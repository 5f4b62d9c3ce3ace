"""``reconcile calendar``: when everything fires."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import Options, common, needs_format
from reconcile.cli.zone import reader_zone, zone_option

if TYPE_CHECKING:
    from reconcile.cli.workspace import Workspace
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.engine.agenda import Made, View

DAYS = 7
# A calendar that others subscribe to is looked at less often than a screen.
DAYS_OF_ICS = 31
MOST_DAYS = 366
MOST_NEXT = 1000


@click.command("calendar")
@click.option("--live", is_flag=True, help="As the platforms have it now, also what is in no file.")
@click.option("--from", "start", metavar="DATE", help="First day, or moment (2026-12-01T06:00).  [default: now]")
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    metavar="N",
    help=f"How many days, the first included.  [default: {DAYS}; {DAYS_OF_ICS} for ics]",
)
@click.option(
    "--next",
    "runs_each",
    type=click.IntRange(1, MOST_NEXT),
    metavar="N",
    help="The next N runs of each schedule instead, within two years.",
)
@zone_option
@common
@guarded
def command(live: bool, start: str | None, days: int | None, runs_each: int | None, zone: str | None) -> int:
    """Show when everything runs: a week as a map of shades, and the list; or a picture, or a calendar to subscribe to.

    As the files ask for it, without any call; or with --live as the platforms have it now. Changes nothing anywhere.

    Exit 0 when everything is in it, 1 when something could not be read: then the rest is shown, and that is named.
    """
    from reconcile.cli.progress import Progress
    from reconcile.cli.workspace import check_selected, open_workspace
    from reconcile.core.address import Selection
    from reconcile.engine.agenda import View, agenda_of_files, agenda_of_live

    options = needs_format("text", "json", "markdown", "svg", "ics")
    if days is not None and runs_each is not None:
        raise click.UsageError("--days and --next exclude each other")
    if runs_each is not None and options.format == "svg":
        raise click.UsageError("--next makes a list, and --format svg has none; it takes --days")
    reader = reader_zone(zone, os.environ)
    count = days or (DAYS_OF_ICS if options.format == "ics" else DAYS)
    selection = Selection(options.select, options.exclude)
    view = View(_moment(start, reader), count, reader, selection, runs_each)
    edge = border()
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress, may_be_empty=live)
        made = (agenda_of_live if live else agenda_of_files)(workspace.place, view)
    failed = any(each.is_error for each in made.diagnostics)
    if not failed:
        check_selected(selection, made.known)
    told = [*workspace.config.diagnostics, *made.diagnostics]
    edge.show(told, options)
    _print(workspace, view, made, told, options, is_live=live)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _print(
    workspace: Workspace, view: View, made: Made, told: list[Diagnostic], options: Options, *, is_live: bool
) -> None:
    edge, agenda = border(), made.agenda
    by_schedule = view.runs_each is not None
    match options.format:
        case "json":
            from reconcile.render.calendar_json import calendar_document

            edge.print_document(calendar_document(agenda, workspace.place.environment, told, is_live=is_live))
        case "svg":
            from reconcile.render.svg import calendar_svg

            _as_utf8()
            edge.print_page(calendar_svg(agenda, is_live=is_live))
        case "ics":
            from reconcile.render.ics import calendar_ics

            _as_utf8()
            edge.print(calendar_ics(agenda, workspace.place.environment, _now(), clean=edge.redactor.clean))
        case "markdown":
            from reconcile.render.calendar import calendar_markdown

            edge.print(calendar_markdown(agenda, is_live=is_live, by_schedule=by_schedule))
        case _:
            from reconcile.render.calendar import calendar_text
            from reconcile.render.heat import ASCII, BLOCKS

            shades = BLOCKS if _can_write(BLOCKS) else ASCII
            color = options.color_for(sys.stdout)
            edge.print(calendar_text(agenda, is_live=is_live, color=color, shades=shades, by_schedule=by_schedule))


def _moment(text: str | None, zone: str) -> datetime:
    """Return when to begin, aware: now, or what was asked for on the clock of ``zone``. Raises ``UsageError``."""
    from zoneinfo import ZoneInfo

    if text is None:
        return _now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min
    # Beyond these years computing with zones ends.
    if not 1971 <= found.year <= 9000:
        raise click.UsageError(f"--from {text}: write a day or a moment, for example 2026-12-01 or 2026-12-01T06:00")
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _now() -> datetime:
    from datetime import UTC

    return datetime.now(UTC).replace(microsecond=0)


def _as_utf8() -> None:
    """Let stdout hold what pictures and calendars are by definition, whatever it holds otherwise."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def _can_write(text: str) -> bool:
    """Say whether stdout can hold these characters: an old terminal, or a pipe with LANG=C, may not."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
