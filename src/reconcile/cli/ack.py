"""``reconcile drift ack``, ``acks``, ``unack``: drift that somebody has looked at and accepts for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, needs_format

if TYPE_CHECKING:
    from pathlib import Path

    from reconcile.cli.workspace import Workspace
    from reconcile.config.save import Draft
    from reconcile.core.acknowledge import Acknowledgement
    from reconcile.core.drift import Drift

FORMAT = "reconcile.acknowledged/1"

_addresses = click.argument(
    "addresses", nargs=-1, required=True, metavar="ADDRESS...", shell_complete=complete_value.addresses
)


@click.command("ack", short_help="Accept how objects have drifted, until a day.")
@_addresses
@click.option("--until", required=True, metavar="DATE", help="A day (it ends at 00:00 UTC) or a moment.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is right for now; everybody is shown it.")
@common
@guarded
def ack_command(addresses: tuple[str, ...], until: str, reason: str) -> int:
    """Accept how objects (addresses or globs) have drifted, until a day: shown then, not alarmed, no exit code 5.

    Written to acknowledged.yaml, to be reviewed like everything else. It covers what has drifted now and no more: when
    such an object moves on, that is drift again.
    """
    from reconcile.cli.progress import Progress
    from reconcile.cli.workspace import open_workspace
    from reconcile.core.acknowledge import Acknowledgement
    from reconcile.core.fingerprint import drift_fingerprint
    from reconcile.render.acknowledged import acknowledgement_text
    from reconcile.render.terminal import counted, printable

    options, edge = needs_format("text", "json"), border()
    words = " ".join(reason.split())
    if not words:
        raise click.UsageError("--reason: say why; everybody is shown it")
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress)
        place = workspace.place
        end = _end(until, place.origin.applied_at)
        drift = _drifted(workspace, addresses)
    made = [
        Acknowledgement(item.address, place.environment, drift_fingerprint(item), end, words, place.origin.by)
        for item in drift
    ]
    _save(workspace, _with(workspace, made))
    edge.show(workspace.config.diagnostics, options)
    if options.is_json:
        _print_list(made, place.origin.applied_at)
        return ExitCode.DONE
    for each in made:
        edge.print(f"acknowledged {printable(str(each.address))} {acknowledgement_text(each)}\n")
    edge.print(f"{counted(len(made), 'acknowledgement')} written to {edge.prefix}{_path(workspace).name}.\n")
    return ExitCode.DONE


@click.command("acks", short_help="List what is acknowledged.")
@common
@guarded
def acks_command() -> int:
    """List the drift that is acknowledged in this environment, and for how long."""
    from reconcile.cli.workspace import open_workspace
    from reconcile.engine.events import unheard
    from reconcile.render.acknowledged import acknowledgement_line

    options, edge = needs_format("text", "json"), border()
    workspace = open_workspace(options, unheard)
    now = workspace.place.origin.applied_at
    found = [each for each in workspace.config.acknowledged if each.environment == workspace.place.environment]
    found = [each for each in found if workspace.selection.holds(each.address)]
    if options.is_json:
        _print_list(found, now)
        return ExitCode.DONE
    edge.print("".join(f"{acknowledgement_line(each, now)}\n" for each in found) or "Nothing is acknowledged.\n")
    return ExitCode.DONE


@click.command("unack", short_help="Take acknowledgements out again.")
@_addresses
@common
@guarded
def unack_command(addresses: tuple[str, ...]) -> int:
    """Take acknowledgements (addresses or globs) of this environment out of acknowledged.yaml."""
    from reconcile.cli.workspace import check_selected, open_workspace
    from reconcile.config.acknowledge import text_without
    from reconcile.config.files import read_text
    from reconcile.config.save import Draft
    from reconcile.core.address import Selection
    from reconcile.engine.events import unheard
    from reconcile.render.terminal import printable

    options, edge = needs_format("text", "json"), border()
    workspace = open_workspace(options, unheard)
    place, config = workspace.place, workspace.config
    chosen = Selection(addresses, workspace.selection.exclude)
    known = [each.address for each in config.acknowledged if each.environment == place.environment]
    if not known:
        _nothing_to_remove(place.environment)
    check_selected(chosen, known)
    path = _path(workspace)
    before = read_text(path, config.root)
    text, gone = text_without(
        before, path.name, lambda each: each.environment == place.environment and chosen.holds(each.address)
    )
    _save(workspace, Draft(path, text, before))
    if options.is_json:
        _print_list(gone, place.origin.applied_at)
        return ExitCode.DONE
    edge.print("".join(f"no longer acknowledged: {printable(str(each.address))}\n" for each in gone))
    return ExitCode.DONE


def _path(workspace: Workspace) -> Path:
    from reconcile.config.files import ACKNOWLEDGED_FILE

    return workspace.config.root / ACKNOWLEDGED_FILE


def _end(until: str, now: str) -> str:
    from reconcile.config.moment import moment

    try:
        end = moment(until)
    except ValueError as error:
        raise click.UsageError(f"--until: {error}") from None
    if end <= now:
        raise click.UsageError(f"--until: {until} is over already")
    return end


def _drifted(workspace: Workspace, addresses: tuple[str, ...]) -> list[Drift]:
    """Return the objects that drifted, of those that are named; every address must name one, and every glob some."""
    from reconcile.cli.workspace import check_selected
    from reconcile.core.address import Selection
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import ConfigError, ReconcileError
    from reconcile.engine.check import check_drift
    from reconcile.engine.planning import Wish

    place, chosen = workspace.place, Selection(addresses, workspace.selection.exclude)
    check_selected(chosen, {*workspace.config.desired, *place.store.latest().recorded})
    found = check_drift(place, Wish(chosen))
    if found.failed:
        raise ReconcileError([each for each in found.diagnostics if each.is_error])
    still = chosen.unmatched(item.address for item in found.drift)
    if still:
        raise ConfigError(
            [
                Diagnostic(
                    "not-drifted",
                    "There is nothing to accept",
                    f"{pattern} has not drifted; an acknowledgement covers what has.",
                    "`reconcile drift` lists what has",
                )
                for pattern in still
            ]
        )
    return list(found.drift)


def _with(workspace: Workspace, made: list[Acknowledgement]) -> Draft:
    from reconcile.config.acknowledge import text_with
    from reconcile.config.files import read_text
    from reconcile.config.notation import Unwritable
    from reconcile.config.save import Draft

    path = _path(workspace)
    before = read_text(path, workspace.config.root) if path.exists() else None
    try:
        return Draft(path, text_with(before, path.name, made), before)
    except Unwritable as error:
        raise click.UsageError(f"--reason cannot be written down: {error}") from None


def _save(workspace: Workspace, draft: Draft) -> None:
    """Write the file, once it is certain that it will be read again."""
    from reconcile.config.acknowledge import read_acknowledged
    from reconcile.config.document import parse
    from reconcile.config.save import save
    from reconcile.core.errors import ConfigError

    _, wrong = read_acknowledged(parse(draft.text, draft.path.name))
    if wrong:
        raise ConfigError(wrong)
    save([draft], workspace.config.root)


def _nothing_to_remove(environment: str) -> None:
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import ConfigError

    where = "" if environment == "default" else f" in environment {environment}"
    raise ConfigError(Diagnostic("not-acknowledged", "Not acknowledged", f"Nothing is acknowledged{where}."))


def _print_list(found: list[Acknowledgement] | tuple[Acknowledgement, ...], now: str) -> None:
    from reconcile.render.acknowledged import acknowledgement_item

    items = [acknowledgement_item(each, now) for each in found]
    border().print_document({"format": FORMAT, "acknowledged": items, "diagnostics": []})
