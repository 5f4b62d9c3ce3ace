"""``reconcile accept``: what moved on the platform, taken into the file."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, err, needs_format
from reconcile.core.address import Selection

if TYPE_CHECKING:
    from reconcile.cli.workspace import Workspace
    from reconcile.config.draft import Acceptance, Accepted
    from reconcile.engine.adopt import Accepting
    from reconcile.render.adopt import Taken


@click.command("accept")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...", shell_complete=complete_value.addresses)
@click.option("--diff", "only_diff", is_flag=True, help="Show the edit; write nothing.")
@common
@guarded
def command(addresses: tuple[str, ...], only_diff: bool) -> int:
    """Take the live value of objects into the files they came from, in place, and print the edit.

    An ADDRESS is taken however it differs from its file; a glob takes what has drifted. Comments, order and everything
    else stay as they are. Nothing is changed on a platform; when one object cannot be taken no file is written.
    """
    from reconcile.cli.progress import Progress
    from reconcile.cli.workspace import editor_of, open_workspace
    from reconcile.config.draft import accepted
    from reconcile.config.save import save
    from reconcile.engine.adopt import accepting
    from reconcile.engine.planning import Wish, from_files, make_plan
    from reconcile.render.adopt import accept_document, diff_shown

    options, edge = needs_format("text", "json"), border()
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress)
        selection = _selection(workspace, addresses)
        planned = make_plan(workspace.place, from_files(Wish(selection)))
    inside = [a for a in workspace.config.desired if selection.holds(a)]
    named = [address for address in inside if str(address) in addresses]
    found = accepting(workspace.place, planned, named, [a for a in inside if a not in named])
    editor = editor_of(workspace, options)
    made = accepted(editor, found.objects)
    editor.check(workspace.config, made.drafts, {each.desired.address: each.values for each in found.objects})
    if not only_diff:
        save(made.drafts, editor.root)
    diff = _diff(made)
    taken = [_taken(each, made, edge.prefix) for each in found.objects]
    edge.show(workspace.config.diagnostics, options)
    if options.is_json:
        edge.print_document(
            accept_document(
                taken,
                found.in_sync,
                diff,
                written=bool(taken) and not only_diff,
                diagnostics=workspace.config.diagnostics,
            )
        )
        return ExitCode.DONE
    edge.print(diff_shown(diff, color=options.color_for(sys.stdout)) if sys.stdout.isatty() else diff)
    told = "".join(f"{line}\n" for line in _told(taken, found, len(inside), written=not only_diff))
    # With --diff stdout is a patch and nothing else.
    err(edge.redactor.clean(told)) if only_diff else edge.print(told)
    return ExitCode.DONE


def _selection(workspace: Workspace, addresses: tuple[str, ...]) -> Selection:
    """Return what the addresses name. Raises ``ConfigError`` for one that names nothing that a file declares."""
    from reconcile.cli.workspace import check_selected
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import ConfigError

    desired = workspace.config.desired
    chosen = Selection(addresses, workspace.selection.exclude)
    recorded = {str(address) for address in workspace.place.store.latest().recorded}
    gone = [pattern for pattern in chosen.unmatched(desired) if pattern in recorded]
    if gone:
        hint = f"write it down again: reconcile import --select '{gone[0]}' --into FILE"
        raise ConfigError(Diagnostic("not-declared", "In no file", f"{gone[0]} is in no file any more.", hint))
    check_selected(chosen, desired)
    return chosen


def _diff(made: Accepted) -> str:
    from reconcile.config.files import shown
    from reconcile.render.adopt import diff_text

    here = Path.cwd()
    return "".join(diff_text(draft.before or "", draft.text, shown(draft.path, here)) for draft in made.drafts)


def _taken(each: Acceptance, made: Accepted, prefix: str) -> Taken:
    from reconcile.core.diff import FieldChange
    from reconcile.render.adopt import Taken

    address, before = each.desired.address, each.desired.values
    fields = tuple(FieldChange(name, before.get(name), value) for name, value in each.changes.items())
    file = f"{prefix}{each.desired.source.file}"
    return Taken(address, file.replace(os.sep, "/"), fields, made.replaced.get(address, {}))


def _told(taken: Sequence[Taken], found: Accepting, looked_at: int, *, written: bool) -> list[str]:
    """Return what was done, line by line, for people."""
    from reconcile.render.terminal import counted, printable

    verb = "accepted" if written else "would accept"
    lines = []
    for each in taken:
        lines.append(f"{verb} {printable(str(each.address))} into {printable(each.file)}")
        lines += [
            f"  {name}: {printable(reference)} made way for the value itself; the variable stays as it is"
            for name, reference in each.replaced.items()
        ]
    lines += [f"in sync  {printable(str(address))}: the file says what is live" for address in found.in_sync]
    lines += ["Commit it, and `reconcile apply` records it as ours."] if taken and written else []
    return lines or [f"Nothing has drifted in {counted(looked_at, 'object')}."]
