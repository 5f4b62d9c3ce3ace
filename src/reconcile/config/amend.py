"""Fields of one entry changed in place: what does not change keeps its text, its place and its comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconcile.config.append import quote_of
from reconcile.config.document import Document
from reconcile.config.marked import Mark, MarkedList, MarkedMap, Origin
from reconcile.config.notation import Unwritable, value_text
from reconcile.config.splice import (
    Edit,
    after_comments,
    cannot_edit,
    line_begin,
    line_stop,
    next_line,
    trimmed,
)
from reconcile.config.words import origins_below
from reconcile.config.writer import flow_pair
from reconcile.core.snapshot import Value
from reconcile.core.source import Span

_ANCHOR = re.compile(r"&(\S+)\s+")


@dataclass(frozen=True, slots=True)
class Amendment:
    """The edits that change an entry. ``replaced`` has the references that made way, by field, as they were written."""

    edits: tuple[Edit, ...]
    replaced: Mapping[str, str] = field(default_factory=dict)


def entries_at(document: Document) -> dict[Span, tuple[str, int]]:
    """Return the section and index of every entry of a file, by the place where it stands."""
    return {
        document.value_span(entries, index): (section, index)
        for section, entries in document.root.items()
        if isinstance(entries, MarkedList)
        for index in range(len(entries))
    }


def amended(
    document: Document, place: tuple[str, int], changes: Mapping[str, Value], order: Sequence[str], address: str
) -> Amendment:
    """Return what changes some fields of an entry; None as a value takes the field away.

    ``order`` is that in which people write the keys: a new one goes behind the nearest before it. Raises
    ``CannotEdit``.
    """
    section, index = place
    entries = document.root[section]
    entry = _Entry(document, entries[index], entries.mark_of(index), address)
    entry.check()
    replaced = {name: said for name in changes if (said := entry.reference(name))}
    edits: list[Edit] = []
    gone = [name for name, value in changes.items() if value is None]
    edits += entry.without(gone)
    for name, value in changes.items():
        if value is not None and name in entry.own:
            edits += entry.with_value(name, value)
    new = [name for name in order if changes.get(name) is not None and name not in entry.own]
    for name in new:
        edits.append(entry.with_field(name, changes[name], order, gone))
    return Amendment(tuple(edits), replaced)


@dataclass(frozen=True, slots=True)
class _Entry:
    document: Document
    fields: MarkedMap
    mark: Mark
    address: str

    @property
    def characters(self) -> str:
        return self.document.text.characters

    @property
    def own(self) -> list[str]:
        """The keys that stand in the entry itself, and not where a merge key took them from; in the file's order."""
        begin, end = self.mark
        mine = [name for name, mark in self.fields.marks.items() if name in self.fields and begin <= mark[0] < end]
        return sorted(mine, key=lambda name: self.fields.marks[name][0])

    @property
    def is_flow(self) -> bool:
        anchor = _ANCHOR.match(self.characters, self.mark[0])
        return self.characters[anchor.end() if anchor else self.mark[0]] == "{"

    def check(self) -> None:
        """Raise ``CannotEdit`` for an entry that stands somewhere else."""
        if self.characters[self.mark[0]] == "*":
            raise self._cannot("The entry is an alias of another one.", self.mark)

    def reference(self, name: str) -> str:
        """Return the references in a field as written, empty for none. Raises where the environment has a part."""
        own = [origin] if (origin := self.fields.origins.get(name)) else []
        origins: list[Origin] = [*own, *origins_below(self.fields.get(name))]
        for origin in origins:
            if origin.secret:
                detail = f'"{name}" comes from the environment: {origin.text}.'
                raise self._cannot(detail, self.fields.mark_of(name))
        return ", ".join(origin.text for origin in origins)

    # -- away

    def without(self, gone: Sequence[str]) -> Iterator[Edit]:
        own = self.own
        for name in gone:
            if name in self.fields and name not in own:
                raise self._cannot(f'"{name}" is taken over from another place with <<.', self.fields.mark_of(name))
        gone = [name for name in own if name in gone]
        yield from self._without_in_flow(own, gone) if self.is_flow else self._without_lines(own, gone)

    def _without_in_flow(self, own: list[str], gone: list[str]) -> Iterator[Edit]:
        kept_before: str | None = None
        for number, name in enumerate(own):
            if name not in gone:
                kept_before = name
            elif kept_before is not None:
                end = self._end(name)
                yield Edit(self._end(own[number - 1]), end)
            else:
                yield Edit(self.fields.marks[name][0], self.fields.marks[own[number + 1]][0])

    def _without_lines(self, own: list[str], gone: list[str]) -> Iterator[Edit]:
        kept = [name for name in own if name not in gone]
        if not kept:
            raise self._cannot("Nothing would be left of the entry.", self.mark)
        first = self.fields.marks[kept[0]][0]
        if own[0] in gone:
            # It shares its line with the dash; the first that stays moves up.
            yield Edit(self.fields.marks[own[0]][0], first)
        for name in gone:
            key = self.fields.marks[name][0]
            if key > first:
                begin = line_begin(self.characters, key)
                stop = after_comments(self.characters, self._end(name), key - begin)
                yield Edit(begin, next_line(self.characters, stop))

    # -- another value

    def with_value(self, name: str, value: Value) -> Iterator[Edit]:
        begin, end = self.fields.mark_of(name)[0], self._end(name)
        written = self.characters[begin:end]
        anchor = _ANCHOR.match(written)
        if anchor and re.search(rf"\*{re.escape(anchor[1])}(?![\w.-])", self.characters[end:]):
            raise self._cannot(f'Other places take over what "{name}" says here (&{anchor[1]}).', (begin, end))
        old = self.fields[name]
        if isinstance(old, MarkedList) and isinstance(value, tuple) and written.startswith("-"):
            yield self._items(old, value, begin, end)
        else:
            yield Edit(begin, end, self._text(name, value, _quote(written)))

    def _items(self, old: MarkedList, value: Sequence[Value], begin: int, end: int) -> Edit:
        """Return the edit of a list with an item a line: items that stay keep their lines and comments."""
        first = line_begin(self.characters, begin)
        lead = self.characters[first : old.marks[0][0]]
        lines: dict[Value, str] = {}
        at = first
        for item, mark in zip(old, old.marks, strict=True):
            stop = line_stop(self.characters, trimmed(self.characters, mark))
            lines[item] = self.characters[at:stop].replace("\r\n", "\n").replace("\r", "\n")
            at = next_line(self.characters, stop)
        quote = _quote(self.characters[slice(*old.marks[0])])
        shown = [lines.get(item) or lead + self._text("", item, quote) for item in value]
        return Edit(first, line_stop(self.characters, end), "\n".join(shown))

    # -- a new field

    def with_field(self, name: str, value: Value, order: Sequence[str], gone: Sequence[str]) -> Edit:
        own = [each for each in self.own if each not in gone]
        before = [each for each in order[: order.index(name)] if each in own]
        nearest = before[-1] if before else own[-1]
        end = self._end(nearest)
        if self.is_flow:
            quote = quote_of(self.document, self.fields)
            try:
                return Edit(end, end, f", {flow_pair(name, value, quote)}")
            except Unwritable as error:
                raise self._unwritable(name, error) from None
        key = self.fields.marks[own[0]][0]
        column = key - line_begin(self.characters, key)
        at = after_comments(self.characters, end, column)
        return Edit(at, at, f"\n{' ' * column}{name}: {self._text(name, value, '')}")

    # ------------------------------------------------------------------------------------------------------------------

    def _end(self, name: str) -> int:
        return trimmed(self.characters, self.fields.mark_of(name))

    def _text(self, name: str, value: Value, quote: str) -> str:
        try:
            return value_text(value, flow=self.is_flow, quote=quote if isinstance(value, str | tuple) else "")
        except Unwritable as error:
            raise self._unwritable(name, error) from None

    def _unwritable(self, name: str, error: Unwritable) -> Exception:
        return self._cannot(f'The new value of "{name}" cannot be written down: {error}.', self.mark)

    def _cannot(self, detail: str, mark: Mark) -> Exception:
        return cannot_edit(detail, self.document.text, mark, self.address)


def _quote(written: str) -> str:
    """Return the quotes that a value is written in, also those of the first item of a list; empty for none."""
    first = written.lstrip("[ \n\r\t")[:1]
    return first if first in ("'", '"') else ""
