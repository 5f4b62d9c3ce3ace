"""How far the entries of a desired-state file reach, for those who know where they begin."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from reconcile.config.document import parse
from reconcile.config.files import read_text
from reconcile.config.marked import Mark, MarkedList, MarkedMap
from reconcile.core.source import Span


def entry_lines(root: Path, file: str, entries: Collection[Span]) -> Mapping[Span, tuple[int, int]]:
    """Return the first and the last line of entries of ``file``, which is named as seen from ``root``.

    One that does not begin where its span says (the file was edited meanwhile) is left out. Raises ``ConfigError``
    when the file cannot be read.
    """
    document = parse(read_text(root / file, root), file)
    wanted = {(span.line, span.column): span for span in entries}
    found = {}
    for mark in _items(document.root):
        begin = document.text.span(mark)
        span = wanted.get((begin.line, begin.column))
        if span is not None:
            found[span] = (begin.line, document.text.line_of(max(mark[0], mark[1] - 1)))
    return found


def _items(root: object) -> Iterator[Mark]:
    """Yield the marks of the items of every section."""
    if isinstance(root, MarkedMap):
        for section in root.values():
            if isinstance(section, MarkedList):
                yield from section.marks
