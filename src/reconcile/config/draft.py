"""Files as they are to be: new ones with what was imported, those that are there with what was added or accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from reconcile.config.amend import amended, entries_at
from reconcile.config.append import appended
from reconcile.config.edit import Editor
from reconcile.config.save import Draft
from reconcile.config.splice import Edit, cannot_edit, spliced
from reconcile.config.writer import Entry, file_text
from reconcile.core.address import Address
from reconcile.core.kind import Kind
from reconcile.core.snapshot import Desired, Value, Values


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One object whose entry is to say something else: ``changes`` by field, None for one that goes."""

    kind: Kind
    desired: Desired
    changes: Mapping[str, Value]

    @property
    def values(self) -> Values:
        """What the entry will say, in the kind's own order."""
        after = {**self.desired.values, **self.changes}
        return {name: after[name] for name in self.kind.fields_of(after) if after.get(name) is not None}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The files with the changes in them, and by address and field the references that made way."""

    drafts: tuple[Draft, ...]
    replaced: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)


def new_files(editor: Editor, entries: Sequence[Entry], folder: Path) -> list[Draft]:
    """Return a file for each connection, named after it."""
    ordered = sorted(entries, key=lambda entry: entry.address.connection)
    modeline = editor.modeline(folder)
    return [
        Draft(folder / f"{connection}.yaml", file_text(list(found), modeline))
        for connection, found in groupby(ordered, key=lambda entry: entry.address.connection)
    ]


def new_file(editor: Editor, path: Path, entries: Sequence[Entry]) -> Draft:
    """Return one file with all entries; each names its connection where there are several."""
    return Draft(path, file_text(entries, editor.modeline(path.parent)))


def into_file(editor: Editor, path: Path, entries: Sequence[Entry]) -> Draft:
    """Return the file at ``path`` with the entries added to it; a new one when there is none. Raises ``CannotEdit``."""
    if not path.exists():
        return new_file(editor, path, entries)
    document = editor.open(path)
    return Draft(path, spliced(document.text, appended(document, entries)), document.text.characters)


def accepted(editor: Editor, objects: Iterable[Acceptance]) -> Accepted:
    """Return the files in which each object's entry says what was accepted, and nothing else is different.

    Raises ``CannotEdit`` for an entry that cannot be changed in place.
    """
    drafts: list[Draft] = []
    replaced: dict[Address, Mapping[str, str]] = {}
    ordered = sorted(objects, key=lambda each: each.desired.source)
    for file, found in groupby(ordered, key=lambda each: each.desired.source.file):
        document = editor.open(editor.root / file)
        edits: list[Edit] = []
        places = entries_at(document)
        for each in found:
            address, values = each.desired.address, each.values
            section, index = place = places[each.desired.source]
            try:
                order = tuple(each.kind.entry_of(address.name, values))
            except ValueError as error:
                mark = document.root[section].mark_of(index)
                raise cannot_edit(f"What is live cannot be written down: {error}.", document.text, mark) from None
            made = amended(document, place, each.changes, order, str(address))
            edits += made.edits
            replaced |= {address: made.replaced} if made.replaced else {}
        drafts.append(Draft(editor.root / file, spliced(document.text, edits), document.text.characters))
    return Accepted(tuple(drafts), replaced)
