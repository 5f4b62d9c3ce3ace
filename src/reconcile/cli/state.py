"""``reconcile state ...``: what is recorded, and the way out when a lock stays behind."""

from __future__ import annotations

from typing import Any

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, has_terminal, needs_format
from reconcile.cli.unlock import unlock_command
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
                "held_since": item.held_since,
            }
            for item in found
        ]
        base = {"lineage": state.lineage, "serial": state.serial}
        document = {"format": STATE_FORMAT, "base": base, "objects": objects, "diagnostics": []}
        edge.print_document(document)
        return ExitCode.DONE
    for item in found:
        mark = "".join(f" ({words})" for words in _marks(item))
        edge.print(f"{printable(str(item.address))}  {_last(item)} at {when_text(item.applied_at)}{mark}\n")
    if not found:
        edge.print("Nothing is recorded.\n")
    return ExitCode.DONE


@command.command("show")
@click.argument("address", shell_complete=complete_value.addresses)
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
        document |= {"held_since": item.held_since, "file": item.file}
        edge.print_document(document | {"diagnostics": []})
        return ExitCode.DONE
    lines = [address, *(f"  {name}: {value_text(value)}" for name, value in item.values.items())]
    lines.append(f"{_last(item)} at {when_text(item.applied_at)}, from {item.file or 'no file'}")
    lines += _marks(item)
    edge.print("\n".join(lines) + "\n")
    return ExitCode.DONE


@command.command("forget")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...", shell_complete=complete_value.addresses)
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
    lost = sum(recorded[address].protect for address in found)
    protection = f", with the protection of {counted(lost, 'object')}" if lost else ""
    question = f"Forget {counted(len(found), 'object')}{protection}: {', '.join(map(str, found))}?"
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


command.add_command(unlock_command)


def _last(item: Recorded) -> str:
    return "last applied by us" if item.certain else "sent without a clear answer"


def _marks(item: Recorded) -> list[str]:
    """Return what is special about a recorded object: that it is protected, that it is held and for how long."""
    from datetime import UTC, datetime

    from reconcile.core.lapse import age
    from reconcile.render.terminal import when_text

    marks = ["protected"] if item.protect else []
    if item.held_since:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        marks.append(f"held since {when_text(item.held_since)}, {age(item.held_since, now)}")
    return marks
