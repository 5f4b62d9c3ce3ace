"""A page as a browser would read it: elements with their attributes and text, by the standard library's parser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input"}


@dataclass
class Element:
    """One element; ``children`` are elements and texts in order."""

    name: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """Go over this element and everything below it, in order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child

    @property
    def text(self) -> str:
        """All text below."""
        return "".join(each if isinstance(each, str) else each.text for each in self.children)

    def all(self, *names: str) -> list[Element]:
        """Return every element of these names, in order."""
        return [each for each in self if each.name in names]

    def one(self, id: str) -> Element:
        """Return the element of an id."""
        (found,) = (each for each in self if each.attributes.get("id") == id)
        return found

    @property
    def classes(self) -> set[str]:
        """The words of its ``class``."""
        return set((self.attributes.get("class") or "").split())


class Reader(HTMLParser):
    """Builds the tree, and is as strict as no browser is: every element is closed where it was opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"twice the same attribute: {tag} {names}"
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Close the element that is open."""
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        """Refuse: we write none."""
        raise AssertionError(f"a comment: {data}")


def tree(page: str) -> Element:
    """Return the ``html`` element of a page."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.open) == 1, "something was left open"
    (html,) = (each for each in reader.open[0].children if isinstance(each, Element))
    return html
