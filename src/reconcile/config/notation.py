"""How a value is written so that our reader, and any other, reads just that value back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from reconcile.config.reference import REFERENCE, near_misses
from reconcile.config.scalar import scalar
from reconcile.core.snapshot import Value

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`=<~")
_FLOW_INDICATORS = frozenset(",[]{}:?")
# Times, dates and versions: text to us, and a number or a date to others.
_NUMBER_LIKE = re.compile(r"[-+0-9.:_/ ]+")
# What YAML 1.1 also takes for true and false, as its specification has it; PyYAML does not know these two.
_YES_AND_NO = frozenset(("y", "n"))
_TEXT_TAG = "tag:yaml.org,2002:str"
_RESOLVER = Resolver()


class Unwritable(ValueError):
    """A value that no file can say. The message begins small, and says why."""


@dataclass(frozen=True, slots=True)
class Reference:
    """``${var.NAME}``, where a file is to have that instead of the value."""

    name: str

    def __str__(self) -> str:
        return f"${{var.{self.name}}}"


Writable = Value | Reference


def value_text(value: Writable, *, flow: bool = False, quote: str = "") -> str:
    """Return a value on one line; a list is ``[a, b]``.

    ``flow`` says that it will stand between brackets. ``quote`` (one of the two characters) is put around every text,
    as far as it can say it. Raises ``Unwritable``.
    """
    if isinstance(value, tuple):
        return f"[{', '.join(value_text(item, flow=True, quote=quote) for item in value)}]"
    if isinstance(value, Reference):
        return f'"{value}"' if flow or quote else str(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else text_in_yaml(value, flow=flow, quote=quote)


def text_in_yaml(text: str, *, flow: bool = False, quote: str = "") -> str:
    """Return text as it is where that means the same to every reader of YAML, else in quotes. Raises ``Unwritable``."""
    if REFERENCE.search(text) or near_misses(text):
        raise Unwritable("it holds ${...}, which would be filled in")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Unwritable("it holds half a character, which no file can hold")
    if not quote and _is_plain(text, flow):
        return text
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def comment_text(words: Iterable[str]) -> str:
    """Return what stands behind ``#``, on one line whatever the words hold; empty for no words."""
    text = "; ".join(filter(None, words))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _is_plain(text: str, flow: bool) -> bool:
    if not text or text != text.strip() or not text.isprintable() or text[0] in _INDICATORS:
        return False
    if ": " in text or " #" in text or text.endswith(":") or _NUMBER_LIKE.fullmatch(text):
        return False
    if flow and not _FLOW_INDICATORS.isdisjoint(text):
        return False
    if not isinstance(scalar(text), str) or text.lower() in _YES_AND_NO or text.startswith(("---", "...")):
        return False
    tag: str = _RESOLVER.resolve(ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return tag == _TEXT_TAG


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
