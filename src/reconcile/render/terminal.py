"""Text for a terminal: colours when wanted, and nothing in a name that the terminal would obey."""

from __future__ import annotations

import json
from enum import StrEnum

from reconcile.core.printable import printable as printable
from reconcile.core.snapshot import Value


class Style(StrEnum):
    """What a piece of text is, as ANSI SGR codes."""

    CREATE = "32"
    UPDATE = "33"
    DELETE = "31"
    RUN = "36"
    FAINT = "2"
    STRONG = "1"
    BAD = "1;31"
    WARN = "1;33"


def painter(color: bool) -> Paint:
    """Return what paints text, or leaves it as it is when there is no colour."""
    return Paint(color)


class Paint:
    """Puts text into a style."""

    __slots__ = ("_color",)

    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, text: str, style: Style) -> str:
        """Return ``text`` in ``style``."""
        return f"\x1b[{style.value}m{text}\x1b[0m" if self._color and text else text


def value_text(value: Value) -> str:
    """Return a value as it would be written in a file, on one line; ``(not set)`` for nothing."""
    if value is None:
        return "(not set)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(value_text(item) for item in value) + "]"
    if isinstance(value, int):
        return str(value)
    plain = printable(value)
    if plain != value or not value or value != value.strip() or value[0] in "\"'[]{}#&*!|>%@`":
        return printable(json.dumps(value, ensure_ascii=False))
    return plain


def when_text(iso: str) -> str:
    """Return a UTC instant (ISO 8601) as people read it: ``2026-11-22 14:00:07 UTC``."""
    return iso.replace("T", " ").split(".")[0].removesuffix("Z").removesuffix("+00:00") + " UTC" if iso else ""


def counted(count: int, noun: str) -> str:
    """Return ``1 object`` or ``7 objects``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
