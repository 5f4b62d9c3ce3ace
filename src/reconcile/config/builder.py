"""YAML events to values with places: anchors, aliases and merge keys resolved, what cannot be meant refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from reconcile.config.marked import Container, Mark, MarkedList, MarkedMap
from reconcile.config.scalar import Scalar, scalar
from reconcile.config.text import Text
from reconcile.core.diagnostic import Diagnostic, did_you_mean

MAX_DEPTH = 100
MAX_ALIASED_NODES = 1_000_000

_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE = "<<"

# Half a character, which no encoding can write; libyaml refuses the escape, PyYAML's own scanner does not.
_SURROGATE = re.compile("[\ud800-\udfff]")

_Event = Any  # PyYAML's event classes differ in their attributes; the stubs give them all as Any anyway.


class Stopped(Exception):
    """Going on makes no sense; what was found is in the builder's ``diagnostics``."""


class _Anchor:
    """A node with a name; unfinished while it is read. ``nodes`` and ``height`` are what an alias of it adds."""

    __slots__ = ("finished", "height", "nodes", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.nodes = 0
        self.height = 0
        self.finished = False

    @classmethod
    def of_scalar(cls, value: Any) -> _Anchor:
        anchor = cls()
        anchor.value, anchor.nodes, anchor.finished = value, 1, True
        return anchor


class TreeBuilder:
    """Builds the values of one YAML document from its events.

    ``diagnostics`` collects what is wrong; the values hold what could be read. ``references`` lists every value that
    holds ``${``, as (container, key or index).
    """

    def __init__(self, next_event: Callable[[], _Event], text: Text) -> None:
        self._next = next_event
        self._text = text
        self._anchors: dict[str, _Anchor] = {}
        self._end = 0  # where the node read last ends
        self._nodes = 0
        self._aliased_nodes = 0
        self._deepest = 0
        self.references: list[tuple[Container, Any]] = []
        self.diagnostics: list[Diagnostic] = []

    def build(self, event: _Event) -> tuple[Any, Mark]:
        """Return the value that begins with ``event``, and its place. Raises ``Stopped`` when limits are passed."""
        return self._value(event, 1), (event.start_mark.index, self._end)

    def _value(self, event: _Event, depth: int) -> Any:
        self._nodes += 1
        is_scalar = type(event) is ScalarEvent
        if not is_scalar:
            return self._aliased(event, depth) if type(event) is AliasEvent else self._collection(event, depth)
        self._end = event.end_mark.index
        value: Scalar = event.value
        if event.tag is not None:
            self._refuse_tag(event)
        elif event.implicit[0]:
            value = scalar(event.value)
        elif not event.value.isascii() and _SURROGATE.search(event.value):
            self._report_surrogate(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor.of_scalar(value)
        return value

    def _collection(self, event: _Event, depth: int) -> Container:
        if depth > MAX_DEPTH:
            self._too_deep(event)
        self._deepest = max(self._deepest, depth)
        if event.tag is not None:
            self._refuse_tag(event)
        read = self._mapping if type(event) is MappingStartEvent else self._sequence
        if event.anchor is None:
            return read(event, depth)
        anchor = self._anchors[event.anchor] = _Anchor()
        nodes, deepest = self._nodes, self._deepest
        self._deepest = depth
        anchor.value = read(event, depth)
        anchor.nodes = self._nodes - nodes + 1
        anchor.height = self._deepest - depth + 1
        anchor.finished = True
        self._deepest = max(self._deepest, deepest)
        return anchor.value  # type: ignore[no-any-return]

    def _mapping(self, start: _Event, depth: int) -> MarkedMap:
        result = MarkedMap()
        marks = result.marks
        merged: list[tuple[Any, Mark]] = []
        merge_at: Mark | None = None
        while type(event := self._next()) is not MappingEndEvent:
            begin = event.start_mark.index
            is_scalar = type(event) is ScalarEvent
            if not is_scalar:
                self._refuse_key(event, depth)
                continue
            key, end = event.value, event.end_mark.index
            if event.tag is not None or event.anchor is not None:
                self._value(event, depth + 1)
            is_merge = key == _MERGE and event.implicit[0]
            event = self._next()
            value_begin = event.start_mark.index
            value = self._value(event, depth + 1)
            if is_merge:
                if merge_at is not None:
                    self._duplicate(_MERGE, merge_at, (begin, end))
                merge_at = (begin, end)
                merged.append((value, (value_begin, self._end)))
            elif key in marks:
                self._duplicate(key, marks[key][:2], (begin, end))
            else:
                result[key] = value
                marks[key] = (begin, end, value_begin, self._end)
                if type(value) is str and "${" in value:
                    self.references.append((result, key))
        self._close(start, event)
        for value, mark in merged:
            self._merge(result, value, mark)
        return result

    def _sequence(self, start: _Event, depth: int) -> MarkedList:
        result = MarkedList()
        while type(event := self._next()) is not SequenceEndEvent:
            begin = event.start_mark.index
            value = self._value(event, depth + 1)
            if type(value) is str and "${" in value:
                self.references.append((result, len(result)))
            result.append(value)
            result.marks.append((begin, self._end))
        self._close(start, event)
        return result

    def _close(self, start: _Event, end: _Event) -> None:
        # Without brackets a collection ends where its last part ends; the end event comes after comments and blanks.
        if start.flow_style or self._end < start.end_mark.index:
            self._end = end.end_mark.index

    def _merge(self, into: MarkedMap, value: Any, mark: Mark) -> None:
        """Add the pairs of ``value`` (a mapping, or a list of them) whose keys ``into`` lacks; the nearest wins."""
        sources = value if isinstance(value, MarkedList) else [value]
        for source in sources:
            if not isinstance(source, MarkedMap):
                self._report(
                    mark,
                    "merge-no-mapping",
                    '"<<" needs a mapping',
                    '"<<" takes over the keys of a mapping, or of each mapping in a list; here is something else.',
                    "write <<: *name where &name stands before a mapping",
                )
                return
            for key in source:
                if key not in into:
                    into.take(source, key)
                    if type(source[key]) is str and "${" in source[key]:
                        self.references.append((into, key))

    def _aliased(self, event: _Event, depth: int) -> Any:
        self._end = event.end_mark.index
        mark = (event.start_mark.index, self._end)
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            self._report(
                mark,
                "unknown-alias",
                "Unknown alias",
                f'"*{event.anchor}" stands for nothing: no "&{event.anchor}" comes before it in this file.',
                did_you_mean(event.anchor, self._anchors) or "text that begins with * must be in quotes",
            )
            return None
        if not anchor.finished:
            self._report(
                mark,
                "recursive-alias",
                "An alias inside itself",
                f'"*{event.anchor}" stands inside "&{event.anchor}", so that it would hold itself.',
            )
            raise Stopped
        self._nodes += anchor.nodes - 1
        self._aliased_nodes += anchor.nodes
        if self._aliased_nodes > MAX_ALIASED_NODES:
            self._report(
                mark,
                "aliases-too-large",
                "Aliases stand for too much",
                f"With this one, the aliases of the file stand for more than {MAX_ALIASED_NODES:,} values.",
            )
            raise Stopped
        self._deepest = max(self._deepest, depth + anchor.height - 1)
        if self._deepest > MAX_DEPTH:
            self._too_deep(event)
        return anchor.value

    def _refuse_tag(self, event: _Event) -> None:
        if type(event) is ScalarEvent and event.tag in (_TEXT_TAG, "!"):
            return
        begin = event.start_mark.index
        written = self._text.characters[begin : begin + 200].split(maxsplit=1)
        tag = written[0] if written and written[0].startswith("!") else "this tag"
        self._report(
            (begin, begin + len(tag)) if tag != "this tag" else (begin, event.end_mark.index),
            "yaml-tag",
            "Tags are not used here",
            f"{tag} asks for a type; what a value means is said by its field alone.",
            "leave the tag out; quotes make anything text",
        )

    def _refuse_key(self, event: _Event, depth: int) -> None:
        begin = event.start_mark.index
        self._value(event, depth + 1)
        self._report(
            (begin, self._end),
            "complex-key",
            "A key must be plain text",
            "A list, a mapping or an alias stands where a key is expected.",
            "put text that begins with [, {, * or ? in quotes",
        )
        self._value(self._next(), depth + 1)

    def _report_surrogate(self, event: _Event) -> None:
        self._report(
            (event.start_mark.index, self._end),
            "control-character",
            "A character that does not exist",
            "An escape in this text stands for half a character.",
            "write the character itself",
        )

    def _duplicate(self, key: str, first: Mark, second: Mark) -> None:
        merge = "take several over in one go: <<: [*one, *two]"
        self._report(
            second,
            "duplicate-key",
            "Duplicate key",
            f'"{key}" stands on line {self._text.line_of(first[0])} and again on line {self._text.line_of(second[0])}.',
            merge if key == _MERGE else "keep one of them",
        )

    def _too_deep(self, event: _Event) -> None:
        begin = event.start_mark.index
        self._report(
            (begin, begin + 1),
            "too-deep",
            "Nested too deeply",
            f"Lists and mappings stand inside each other more than {MAX_DEPTH} times.",
        )
        raise Stopped

    def _report(self, mark: Mark, code: str, summary: str, detail: str, hint: str = "") -> None:
        self.diagnostics.append(Diagnostic(code, summary, detail, hint, self._text.span(mark)))
