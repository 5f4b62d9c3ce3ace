"""``reconcile import``: desired-state files from what is live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, err, needs_format
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import ReconcileError

if TYPE_CHECKING:
    from reconcile.config.edit import Editor
    from reconcile.config.save import Draft
    from reconcile.engine.adopt import Adoption
    from reconcile.engine.discover import Unwritten
    from reconcile.render.adopt import Imported

STDOUT = "-"


@click.command("import")
@click.option(
    "--into",
    metavar="FILE",
    help="Add to this file, keeping all that it says; make it if there is none.",
    shell_complete=complete_value.files,
)
@click.option("--out", metavar="DIR", help="Folder for new files; - prints one text.  [default: the workspace]")
@click.option("--all", "everything", is_flag=True, help="Also what has nothing, as `frequency: none`.")
@common
@guarded
def command(into: str | None, out: str | None, everything: bool) -> int:
    """Write down what is live and in no file yet: all of it, or what --select names.

    Makes CONNECTION.yaml for each connection, or adds to a file (--into). Nothing is changed on a platform, no file is
    overwritten, and the next plan has nothing to do. When something cannot be read nothing is written (exit 1).
    """
    from reconcile.cli.progress import Progress
    from reconcile.cli.workspace import check_selected, editor_of, open_workspace
    from reconcile.config.save import check_ground, save
    from reconcile.engine.adopt import adoption
    from reconcile.engine.discover import find_unwritten
    from reconcile.render.adopt import import_document, import_text

    options, edge = needs_format("text", "json"), border()
    if into is not None and out is not None:
        raise click.UsageError("--into and --out exclude each other")
    with Progress(options, edge) as progress:
        workspace = open_workspace(options, progress, may_be_empty=True)
        editor = editor_of(workspace, options)
        target = editor.located(Path.cwd() / into) if into is not None else None
        unwritten = find_unwritten(workspace.place, workspace.selection)
    _check_read(unwritten.discovery.diagnostics)
    known = {*workspace.config.desired, *unwritten.recorded, *unwritten.discovery.listed}
    check_selected(workspace.selection, known)
    chosen = adoption(workspace.place, unwritten, editor.variables(), everything=everything)
    drafts = _drafts(editor, chosen, target, out)
    written = out != STDOUT
    if written:
        check_ground(drafts, Path.cwd())
    if drafts:
        editor.check(workspace.config, drafts, chosen.values)
    if written:
        save(drafts, Path.cwd())
    done = _imported(drafts, chosen, unwritten, written=written, everything=everything)
    notes = [*workspace.config.diagnostics, *_notes(editor, unwritten, chosen, drafts if written else ())]
    edge.show(notes, options)
    if options.is_json:
        edge.print_document(import_document(done, notes))
    elif written:
        edge.print(import_text(done))
    else:
        edge.print("".join(draft.text for draft in drafts))
        err(edge.redactor.clean(import_text(done)))
    return ExitCode.DONE


def _check_read(diagnostics: Iterable[Diagnostic]) -> None:
    """Raise when something could not be read: a part of what is live must not pass for all of it."""
    errors = [each for each in diagnostics if each.is_error]
    if errors:
        hint = "try again; or leave it out, for example --exclude 'CONNECTION/*' or --exclude ADDRESS"
        detail = "What is live could not be read in full, and a part of it is not written down as if it were all."
        raise ReconcileError([*errors, Diagnostic("import-incomplete", "Nothing was written", detail, hint)])


def _drafts(editor: Editor, chosen: Adoption, target: Path | None, out: str | None) -> list[Draft]:
    from reconcile.config.draft import into_file, new_file, new_files

    if not chosen.entries:
        return []
    if target is not None:
        return [into_file(editor, target, chosen.entries)]
    if out == STDOUT:
        return [new_file(editor, editor.root / "stdout.yaml", chosen.entries)]
    return new_files(editor, chosen.entries, Path.cwd() / out if out is not None else editor.root)


def _imported(
    drafts: Sequence[Draft], chosen: Adoption, unwritten: Unwritten, *, written: bool, everything: bool
) -> Imported:
    from reconcile.config.files import shown
    from reconcile.render.adopt import Imported, ImportedFile

    files = []
    for draft in drafts:
        # One file holds all of it, or there is one for each connection.
        entries = [e for e in chosen.entries if len(drafts) == 1 or e.address.connection == draft.path.stem]
        facts = tuple((e.address, chosen.values[e.address], chosen.labels[e.address]) for e in entries)
        path = shown(draft.path, Path.cwd()) if written else ""
        files.append(ImportedFile(path, draft.before is None, draft.text, facts))
    absent = 0 if everything else len(unwritten.discovery.absent)
    return Imported(tuple(files), written, len(unwritten.discovery.known), absent, chosen.left_out)


def _notes(editor: Editor, unwritten: Unwritten, chosen: Adoption, drafts: Iterable[Draft]) -> Iterable[Diagnostic]:
    """Yield what else there is to say: who shows nothing, what is not read, what was ours, what was left out."""
    from reconcile.config.files import shown

    for told in unwritten.discovery.diagnostics:
        yield replace(told, severity=Severity.WARNING)
    for draft in drafts:
        if not editor.is_read(draft.path):
            name = shown(draft.path, Path.cwd())
            detail = f"{name} is outside the workspace or hidden: no command reads it there."
            yield _warning("not-read", "A file outside the workspace", detail, "move it into the workspace")
    for address in sorted(unwritten.ours & chosen.values.keys()):
        detail = f"{address} was applied by us, and its entry was removed since: it would have been deleted."
        yield _warning("ours-again", "In the files again", detail, "take the entry out again to have it deleted")
    for address, reason in chosen.left_out.items():
        yield _warning("left-out", "Left out", f"{address} cannot be written down: {reason.removesuffix('.')}.")


def _warning(code: str, summary: str, detail: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code, summary, detail, hint, severity=Severity.WARNING)
