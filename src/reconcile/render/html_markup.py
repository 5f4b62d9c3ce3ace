"""HTML that cannot be injected into: text becomes markup only through ``tag``, which spells it out and escapes it."""

from __future__ import annotations

import json
from html import escape

from reconcile.render.terminal import printable

Attribute = str | int | bool | None
Child = object
_VOID = frozenset({"input", "meta"})


class Html(str):
    """Text that is markup already. Whatever is done to it but ``tag`` and ``join`` gives text again, to be escaped."""

    __slots__ = ()


def tag(element: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Return an element. Children that are not ``Html`` are escaped, None is left out.

    Attribute names lose a trailing underscore and turn others into hyphens; True is a bare attribute, False and None
    leave it out.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    inner = join(*children)
    return Html(f"<{element}{given}>" if element in _VOID else f"<{element}{given}>{inner}</{element}>")


def join(*children: Child) -> Html:
    """Return children side by side, escaped where they are not markup, without None."""
    return Html("".join(child if isinstance(child, Html) else _text(child) for child in children if child is not None))


def between(separator: Child, children: list[Html]) -> Html:
    """Return children with ``separator`` between each two."""
    parts: list[Child] = []
    for child in children:
        parts += [separator, child] if parts else [child]
    return join(*parts)


def block(text: str, *, class_: str | None = None) -> Html:
    """Return preformatted text: its line breaks are kept, every other control character is spelled out."""
    lines: list[Child] = []
    for line in text.split("\n"):
        lines += [_BREAK, line] if lines else [line]
    return tag("pre", *lines, class_=class_)


def trusted(source: str) -> Html:
    """Return source of our own, the style sheet and the script, as what may stand inside ``style`` and ``script``."""
    if "</" in source or "<!--" in source or not source.isascii():
        raise ValueError("this would end the element that it stands in, or not be read as it is written")
    return Html(source)


def ascii_only(page: str) -> str:
    """Return a page with every character beyond ASCII as a reference; ``style`` and ``script`` have none."""
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def spellings(text: str) -> set[str]:
    """Return all the ways in which a page may spell a text: as it is, as an attribute, inside of JSON."""
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    return {ascii_only(each) for each in (_text(text), escape(printable(text)), _text(inside))}


_BREAK = Html("\n")


def _text(child: Child) -> str:
    # Quotes need no escape outside of attributes, and bodies of calls are full of them.
    return escape(printable(str(child)), quote=False)


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f" {name}={_quoted(printable(str(value)))}"


def _quoted(text: str) -> str:
    """Return an attribute's value; without quotes where HTML needs none, which a thousand changes feel."""
    return text if text.isascii() and text.replace("-", "a").isalnum() else f'"{escape(text)}"'
