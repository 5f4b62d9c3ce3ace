"""New entries into a file that is there already: into the section they belong to, in the style that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from reconcile.config.document import Document
from reconcile.config.marked import MarkedList, MarkedMap
from reconcile.config.splice import (
    Edit,
    after_comments,
    cannot_edit,
    line_begin,
    line_stop,
    trimmed,
)
from reconcile.config.writer import TIDY, Entry, Layout, by_section, flow_entry

_DASH = re.compile(r"( *)-( +)")
_DOCUMENT_END = re.compile(r"^\.\.\.\s*?$", re.MULTILINE)


def appended(document: Document, entries: Sequence[Entry]) -> list[Edit]:
    """Return the edits that add entries to a file whose references have been filled in.

    Each goes behind the last one of its section; a section that the file lacks goes to its end. Raises ``CannotEdit``.
    """
    root = document.root
    found: list[Edit] = []
    missing: list[tuple[str, list[Entry]]] = []
    for section, new in by_section(entries):
        if section not in root:
            missing.append((section, new))
        elif document.text.characters[root.mark_of(section)[0]] in "&*":
            raise cannot_edit(f"{section} is an anchor or an alias.", document.text, root.mark_of(section))
        else:
            found += _into(document, section, new)
    return [*found, *_sections(document, missing)] if missing else found


def layout_of(document: Document, entries: MarkedList) -> Layout | None:
    """Return how the entries of a list are laid out; None when there is no entry to tell by."""
    characters = document.text.characters
    last = entries[-1] if entries else None
    flow = isinstance(last, MarkedMap) and characters[entries.marks[-1][0]] == "{"
    quote = quote_of(document, last) if flow else ""
    blanks = [_is_apart(characters, before[1], after[0]) for before, after in pairwise(entries.marks)]
    has_blanks = not flow if not blanks else sum(blanks) * 2 > len(blanks)
    for begin, _ in entries.marks:
        head = _DASH.fullmatch(characters[line_begin(characters, begin) : begin])
        if head:
            return Layout(len(head[1]), 1 + len(head[2]), has_blanks, flow, quote)
    return None


def quote_of(document: Document, mapping: object) -> str:
    """Return the character that stands around the keys of a mapping; empty when none does."""
    mark = next(iter(mapping.marks.values()), None) if isinstance(mapping, MarkedMap) else None
    first = document.text.characters[mark[0]] if mark else ""
    return first if first in ("'", '"') else ""


def _into(document: Document, section: str, new: list[Entry]) -> Iterator[Edit]:
    entries, characters = document.root[section], document.text.characters
    begin, end = document.root.mark_of(section)
    if characters[begin] == "[":
        if entries:
            yield _into_brackets(document, entries, new)
        elif characters[document.mark[0]] == "{":
            yield Edit(begin, end, f"[{', '.join(_flow_entries(document, new))}]")
        else:
            # The comment behind the brackets stays where it is.
            colon = characters.rindex(":", 0, begin) + 1
            stop = line_stop(characters, end)
            yield Edit(colon, end)
            yield Edit(stop, stop, "\n" + "\n".join(_layout(document).entries(new, _connection(document))))
        return
    layout = layout_of(document, entries)
    if layout is None:
        raise cannot_edit(f"The list {section} is laid out in an unusual way.", document.text, (begin, end))
    lines = layout.entries(new, _connection(document))
    at = after_comments(characters, trimmed(characters, (begin, end)), layout.dash)
    yield Edit(at, at, "\n" * (1 + layout.has_blanks) + "\n".join(lines))


def _into_brackets(document: Document, entries: MarkedList, new: list[Entry]) -> Edit:
    characters = document.text.characters
    begin, end = entries.marks[-1]
    own_line = characters[line_begin(characters, begin) : begin]
    between = ",\n" + own_line if own_line and not own_line.strip() else ", "
    return Edit(end, end, "".join(between + text for text in _flow_entries(document, new, entries)))


def _flow_entries(document: Document, new: list[Entry], like: MarkedList | None = None) -> list[str]:
    quote = quote_of(document, like[-1] if like else document.root)
    connection = _connection(document)
    return [
        flow_entry(
            [*entry.keys, *([("connection", entry.address.connection)] * (entry.address.connection != connection))],
            quote,
        )
        for entry in new
    ]


def _sections(document: Document, missing: list[tuple[str, list[Entry]]]) -> Iterator[Edit]:
    """Yield what adds sections at the end of the file."""
    characters = document.text.characters
    begin, end = document.mark
    if characters[begin] == "{":
        quote = quote_of(document, document.root)
        last = max(mark[3] for mark in document.root.marks.values())
        for section, new in missing:
            yield Edit(last, last, f", {quote}{section}{quote}: [{', '.join(_flow_entries(document, new))}]")
        return
    marker = _DOCUMENT_END.search(characters, trimmed(characters, (begin, end)))
    at = marker.start() if marker else len(characters)
    layout, connection = _layout(document), _connection(document)
    text = "\n".join("\n".join(["", f"{section}:", *layout.entries(new, connection)]) for section, new in missing)
    is_closed = at == 0 or characters[at - 1] in "\r\n"
    yield Edit(at, at, f"{text}\n" if is_closed else f"\n{text}")


def _layout(document: Document) -> Layout:
    """Return the layout of another section of the file; our own when there is none."""
    for value in document.root.values():
        found = layout_of(document, value) if isinstance(value, MarkedList) else None
        if found is not None and not found.flow:
            return found
    return TIDY


def _connection(document: Document) -> str | None:
    name = document.root.get("connection")
    return name if isinstance(name, str) else None


def _is_apart(characters: str, end: int, begin: int) -> bool:
    """Say whether there is an empty line between two entries."""
    return any(not line.strip() for line in characters[end:begin].splitlines()[1:-1])
