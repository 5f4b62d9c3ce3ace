"""A YAML file as values that know where they were written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from reconcile.config.builder import Stopped, TreeBuilder
from reconcile.config.marked import Container, Mark, MarkedList, MarkedMap
from reconcile.config.syntax import explain_syntax, unprintable
from reconcile.config.text import Text
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.source import Span

Segment = str | int

# libyaml is ten times faster; PyYAML is also built without it.
IS_FAST = hasattr(yaml, "CSafeLoader")
LOADER: Any = yaml.CSafeLoader if IS_FAST else yaml.SafeLoader


@dataclass(frozen=True, slots=True)
class Document:
    """One file. ``root`` is its value (None when it could not be read), ``mark`` where that stands.

    ``diagnostics`` says what is wrong with it as YAML. ``references`` lists each value that holds ``${``.
    """

    text: Text
    root: Any
    mark: Mark = (0, 0)
    diagnostics: tuple[Diagnostic, ...] = ()
    references: tuple[tuple[Container, Segment], ...] = ()

    @property
    def file(self) -> str:
        """The path as shown."""
        return self.text.file

    @property
    def span(self) -> Span:
        """The place of the whole."""
        return self.text.span(self.mark)

    def value_span(self, container: Container, segment: Any) -> Span:
        """Return the place of a value in a mapping or list of this file."""
        return self.text.span(container.mark_of(segment))

    def key_span(self, container: Container, segment: Any) -> Span:
        """Return the place of a key; of the item itself in a list."""
        if isinstance(container, MarkedMap):
            return self.text.span(container.key_mark_of(segment))
        return self.text.span(container.mark_of(segment))

    def span_at(self, path: Iterable[Segment]) -> Span:
        """Return the place of the value at ``path``, or of the nearest part of it that the file has."""
        current, mark = self.root, self.mark
        for segment in path:
            if not has(current, segment):
                break
            mark = current.mark_of(segment)
            current = current[segment]
        return self.text.span(mark)


def has(container: object, segment: object) -> bool:
    """Say whether ``container`` is a mapping with this key, or a list with an item of this index."""
    if isinstance(container, MarkedMap):
        return segment in container
    return isinstance(container, MarkedList) and isinstance(segment, int) and 0 <= segment < len(container)


def parse(characters: str, file: str, loader: Any = LOADER) -> Document:
    """Return the document that a file's text holds; what is wrong is in its ``diagnostics``, never raised.

    After a syntax error ``root`` is None. After any other error it holds what could be read, so that the rest can be
    checked too.
    """
    text = Text(characters, file)
    control = unprintable(text)
    if control is not None:
        return Document(text, None, diagnostics=(control,))
    reader = loader(characters)
    builder = TreeBuilder(reader.get_event, text)
    try:
        root, mark = _only_document(reader.get_event, builder, text)
    except Stopped:
        return Document(text, None, diagnostics=tuple(builder.diagnostics))
    except yaml.YAMLError as error:
        return Document(text, None, diagnostics=(*builder.diagnostics, explain_syntax(error, text)))
    finally:
        reader.dispose()
    return Document(text, root, mark, tuple(builder.diagnostics), tuple(builder.references))


def _only_document(next_event: Callable[[], Any], builder: TreeBuilder, text: Text) -> tuple[Any, Mark]:
    next_event()  # the stream begins
    first = next_event()
    if type(first) is yaml.StreamEndEvent:
        builder.diagnostics.append(_empty(text))
        raise Stopped
    event = next_event()
    root, mark = builder.build(event)
    next_event()  # the document ends
    after = next_event()
    if type(after) is not yaml.StreamEndEvent:
        begin = after.start_mark.index
        builder.diagnostics.append(_several(text, begin))
        raise Stopped
    if root is None and type(event) is yaml.ScalarEvent:
        builder.diagnostics.append(_empty(text))
        raise Stopped
    return root, mark


def _empty(text: Text) -> Diagnostic:
    return Diagnostic(
        "empty-file",
        "The file says nothing",
        "It is empty or holds only comments, and an accident looks the same.",
        'delete the file, or write for example "schedules: []" if nothing is what you want',
        text.span((0, 1)),
    )


def _several(text: Text, begin: int) -> Diagnostic:
    written = "---" if text.characters.startswith("---", begin) else ""
    return Diagnostic(
        "several-documents",
        "Several documents in one file",
        f"A second YAML document begins on line {text.line_of(begin)}; a file holds one.",
        "put it in a file of its own, or delete the line with ---",
        text.span((begin, begin + max(1, len(written)))),
    )
