"""What was imported, accepted, or is in no file: as text and as programs parse it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Any

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.snapshot import Live, Values
from reconcile.render.diagnostics import as_json
from reconcile.render.json import fields_document, values_document
from reconcile.render.markdown import code
from reconcile.render.terminal import Style, counted, painter, printable, value_text

IMPORT_FORMAT = "reconcile.import/1"
ACCEPT_FORMAT = "reconcile.accept/1"
# So many rows are read in a pull request; a table of thousands would push everything else out of the comment.
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file of an import. ``entries`` holds (address, values, label) of what was put into it; ``path`` as shown."""

    path: str
    created: bool
    text: str
    entries: tuple[tuple[Address, Values, str], ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """An import. ``written`` is False when the texts went to stdout.

    ``declared`` counts objects that a file has already, ``absent`` those that have nothing; ``left_out`` has a reason
    for each that cannot be written down.
    """

    files: tuple[ImportedFile, ...]
    written: bool
    declared: int
    absent: int
    left_out: Mapping[Address, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many objects were written down."""
        return sum(len(file.entries) for file in self.files)


@dataclass(frozen=True, slots=True)
class Taken:
    """One object whose live value was accepted: ``fields`` go from the file's value to the live one.

    ``replaced`` has, by field, the references that made way for a value.
    """

    address: Address
    file: str
    fields: tuple[FieldChange, ...]
    replaced: Mapping[str, str] = field(default_factory=dict)


def import_text(done: Imported) -> str:
    """Return what was written where, and what was not."""
    lines = [
        f"{'wrote' if file.created else 'added to'} {printable(file.path)}: {_kinds(file)}"
        for file in done.files
        if done.written
    ]
    tail = [f"{done.declared:,} in the files already"] if done.declared else []
    tail += [f"{done.absent:,} with nothing to write down (--all writes that, too)"] if done.absent else []
    tail += [f"{len(done.left_out):,} left out"] if done.left_out else []
    head = counted(done.count, "object") if done.count else "nothing"
    return "\n".join([*lines, f"Imported: {head}{'; ' if tail else ''}{', '.join(tail)}."]) + "\n"


def import_document(done: Imported, diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """Return an import in format ``reconcile.import/1``."""
    return {
        "format": IMPORT_FORMAT,
        "written": done.written,
        "files": [
            {
                "path": file.path or None,
                "created": file.created,
                "text": file.text,
                "entries": [object_document(*entry) for entry in file.entries],
            }
            for file in done.files
        ],
        "summary": {
            "imported": done.count,
            "declared": done.declared,
            "absent": done.absent,
            "left_out": len(done.left_out),
        },
        "left_out": [{"address": str(address), "reason": reason} for address, reason in done.left_out.items()],
        "diagnostics": as_json(diagnostics),
    }


def accept_document(
    taken: Iterable[Taken], in_sync: Iterable[Address], diff: str, *, written: bool, diagnostics: Iterable[Diagnostic]
) -> dict[str, Any]:
    """Return what was accepted in format ``reconcile.accept/1``."""
    return {
        "format": ACCEPT_FORMAT,
        "written": written,
        "accepted": [
            {
                "address": str(each.address),
                "file": each.file,
                "fields": fields_document(each.fields),
                "replaced": dict(each.replaced),
            }
            for each in taken
        ],
        "in_sync": [str(address) for address in in_sync],
        "diff": diff,
        "diagnostics": as_json(diagnostics),
    }


def diff_text(before: str, after: str, path: str) -> str:
    """Return the edit of a file as a patch that ``git apply`` takes; empty when nothing is different."""
    # Lines end where the file says, not where Unicode would have it.
    old, new = before.split("\n"), after.split("\n")
    lines = unified_diff(_ended(old), _ended(new), f"a/{path}", f"b/{path}")
    return "".join(each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n" for each in lines)


def diff_shown(diff: str, *, color: bool) -> str:
    """Return a patch for a terminal: nothing in it that the terminal would obey, and coloured if wanted."""
    paint, lines = painter(color), []
    for line in diff.split("\n"):
        shown = printable(line.rstrip("\r")).replace("\\t", "\t")
        style = {"+": Style.CREATE, "-": Style.DELETE, "@": Style.RUN}.get(line[:1])
        is_head = line.startswith(("+++ ", "--- "))
        lines.append(paint(shown, Style.STRONG if is_head else style) if style else shown)
    return "\n".join(lines)


def unmanaged_text(unmanaged: Sequence[Live], *, color: bool = False) -> str:
    """Return a line for each object that is live and in no file."""
    paint = painter(color)
    if not unmanaged:
        return "Unmanaged: nothing; all that is live is in a file, or was applied by us.\n"
    head = f"Unmanaged: {counted(len(unmanaged), 'object')} live and in no file (`reconcile import` writes them down)"
    lines = [
        f"{paint('?', Style.RUN)} live    {paint(printable(str(live.address)), Style.STRONG)}  {_values(live.values)}"
        f"{paint(f'  {_label(live)}', Style.FAINT) if _label(live) else ''}"
        for live in unmanaged
    ]
    return "\n".join([paint(head, Style.WARN), *lines]) + "\n"


def unmanaged_markdown(unmanaged: Sequence[Live]) -> str:
    """Return a folded table of what is live and in no file, at most ``MOST_ROWS`` rows of it."""
    if not unmanaged:
        return "Unmanaged: nothing.\n"
    rows = [f"| {code(str(live.address))} | {code(_values(live.values))} |" for live in unmanaged[:MOST_ROWS]]
    more = len(unmanaged) - len(rows)
    head = f"<details><summary>Unmanaged: {counted(len(unmanaged), 'object')} live and in no file</summary>"
    tail = [f"... and {more:,} more; `reconcile plan --unmanaged` shows all of them.", ""] if more > 0 else []
    return "\n".join([head, "", "| object | live |", "|---|---|", *rows, "", *tail, "</details>", ""])


def unmanaged_document(unmanaged: Iterable[Live]) -> list[dict[str, Any]]:
    """Return what is live and in no file, as the plan's JSON has it."""
    return [object_document(live.address, live.values, live.label) for live in unmanaged]


def object_document(address: Address, values: Values, label: str) -> dict[str, Any]:
    """Return an object with what it is like."""
    return {"address": str(address), "values": values_document(values), "label": label}


def _kinds(file: ImportedFile) -> str:
    kinds = [address.kind.replace("_", " ") for address, _, _ in file.entries]
    return ", ".join(counted(kinds.count(kind), kind) for kind in dict.fromkeys(kinds))


def _values(values: Values) -> str:
    return ", ".join(f"{name}: {value_text(value)}" for name, value in values.items())


def _label(live: Live) -> str:
    name = live.address.name.partition(":")[2]
    return f"({printable(live.label)})" if live.label not in ("", name) else ""


def _ended(lines: list[str]) -> list[str]:
    """Return lines with their ends; the last one has none when the text does not end with one."""
    return [*(f"{line}\n" for line in lines[:-1]), *([lines[-1]] if lines[-1] else [])]
