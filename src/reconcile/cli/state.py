"""``reconcile state ...``: what is recorded, and the way out when a lock stays behind."""

from __future__ import annotations

from typing import Any

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, has_terminal, needs_format
from reconcile.core.snapshot import Recorded

STATE_FORMAT = "reconcile.state-list/1"


@click.group("state")
@common
def command() -> None:
    """Look at what is recorded (what we last applied and saw confirmed), or break a lock that stayed behind."""


@command.command("list")
@common
@guarded
def list_command() -> int:
    """List the recorded objects, or those that --select names."""
    from reconcile.cli.workspace import check_selection, open_workspace
    from reconcile.engine.events import unheard
    from reconcile.render.json import values_document
    from reconcile.render.terminal import printable, when_text

    options = needs_format("text", "json")
    edge = border()
    workspace = open_workspace(options, unheard)
    check_selection(workspace)
    state = workspace.place.store.latest()
    found = [state.recorded[a] for a in sorted(state.recorded) if workspace.selection.holds(a)]
    if options.is_json:
        objects = [
            {
                "address": str(item.address),
                "values": values_document(item.values),
                "applied_at": item.applied_at,
                "id": item.id,
                "protect": item.protect,
                "certain": item.certain,
            }
            for item in found
        ]
        base = {"lineage": state.lineage, "serial": state.serial}
        document = {"format": STATE_FORMAT, "base": base, "objects": objects, "diagnostics": []}
        edge.print_document(document)
        return ExitCode.DONE
    for item in found:
        mark = " (protected)" if item.protect else ""
        edge.print(f"{printable(str(item.address))}  {_last(item)} at {when_text(item.applied_at)}{mark}\n")
    if not found:
        edge.print("Nothing is recorded.\n")
    return ExitCode.DONE


@command.command("show")
@click.argument("address")
@common
@guarded
def show_command(address: str) -> int:
    """Show one recorded object."""
    from reconcile.cli.workspace import open_workspace
    from reconcile.core.diagnostic import Diagnostic, did_you_mean
    from reconcile.core.errors import ConfigError
    from reconcile.engine.events import unheard
    from reconcile.render.json import values_document
    from reconcile.render.terminal import value_text, when_text

    options = needs_format("text", "json")
    edge = border()
    recorded = open_workspace(options, unheard).place.store.latest().recorded
    known = {str(found): item for found, item in recorded.items()}
    if address not in known:
        hint = did_you_mean(address, known) or "`reconcile state list` names what is recorded"
        raise ConfigError(Diagnostic("not-recorded", "Not recorded", f"{address} is not recorded.", hint=hint))
    item = known[address]
    if options.is_json:
        values = values_document(item.values)
        document: dict[str, Any] = {"format": "reconcile.state-object/1", "address": address, "values": values}
        document |= {"id": item.id, "applied_at": item.applied_at, "protect": item.protect, "certain": item.certain}
        edge.print_document(document | {"file": item.file, "diagnostics": []})
        return ExitCode.DONE
    lines = [address, *(f"  {name}: {value_text(value)}" for name, value in item.values.items())]
    lines.append(f"{_last(item)} at {when_text(item.applied_at)}, from {item.file or 'no file'}")
    lines += ["protected"] if item.protect else []
    edge.print("\n".join(lines) + "\n")
    return ExitCode.DONE


@command.command("forget")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@common
@guarded
def forget_command(addresses: tuple[str, ...], yes: bool) -> int:
    """Take objects (addresses or globs) out of the record. The platform is not touched.

    What no file asks for is then left alone for good; what a file asks for is planned as if it had never been applied,
    so that a workflow reset is done once more.
    """
    from reconcile.cli.workspace import check_selected, open_workspace
    from reconcile.core.address import Selection
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import Refused
    from reconcile.engine.events import unheard
    from reconcile.engine.forget import forget
    from reconcile.render.terminal import counted

    options = needs_format("text", "json")
    place = open_workspace(options, unheard, applies=True).place
    recorded = place.store.latest().recorded
    chosen = Selection(addresses)
    check_selected(chosen, recorded)
    found = sorted(address for address in recorded if chosen.holds(address))
    question = f"Forget {counted(len(found), 'object')}: {', '.join(map(str, found))}?"
    if not yes and not has_terminal():
        raise Refused(Diagnostic("no-terminal", "There is no terminal to ask on", question, hint="run it with --yes"))
    if not yes and not click.confirm(question, err=True):
        return ExitCode.REFUSED
    serial = forget(place, found)
    if options.is_json:
        names = [str(address) for address in found]
        border().print_document(
            {"format": "reconcile.forget/1", "forgotten": names, "serial": serial, "diagnostics": []}
        )
    else:
        border().print("".join(f"forgotten {address}\n" for address in found))
    return ExitCode.DONE


@command.command("unlock")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@common
@guarded
def unlock_command(yes: bool) -> int:
    """Break the lock, whoever holds it. Shows first what it breaks."""
    from reconcile.cli.workspace import open_workspace
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import Refused, StateError
    from reconcile.engine.events import unheard
    from reconcile.state.lock import break_lock, read_lock

    options = needs_format("text", "json")
    edge = border()
    backend = open_workspace(options, unheard).place.backend
    try:
        held = read_lock(backend)
        what = f"held by {held.owner.by} on {held.owner.host}, {held.owner.command!r}" if held else ""
    except StateError as error:
        held, what = None, f"that cannot be read: {error.diagnostics[0].detail.removesuffix('.')}"
    if what:
        question = f"Break the lock {what}? Somebody may be applying."
        if not yes and not has_terminal():
            raise Refused(
                Diagnostic("no-terminal", "There is no terminal to ask on", question, hint="run it with --yes")
            )
        if not yes and not click.confirm(question, err=True):
            return ExitCode.REFUSED
        break_lock(backend)
    if options.is_json:
        edge.print_document({"format": "reconcile.unlock/1", "broken": bool(what), "diagnostics": []})
    else:
        edge.print(f"Broken: the lock {what}.\n" if what else "There is no lock.\n")
    return ExitCode.DONE


def _last(item: Recorded) -> str:
    return "last applied by us" if item.certain else "sent without a clear answer"
