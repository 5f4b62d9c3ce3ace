"""What an unquoted word of a YAML file means."""

from __future__ import annotations

import re
from math import isfinite

Scalar = str | int | float | bool | None

# YAML 1.2's core words. YAML 1.1's on, off, yes, no are days, flags and country codes as often as they are booleans.
WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}

# No leading zeros (`012` is an id), no `_`, no base 8, 16 or 60; a number longer than this is an id, too.
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,29})")
DECIMAL = re.compile(r"[-+]?((0|[1-9][0-9]*)?\.[0-9]+|(0|[1-9][0-9]*)\.?)([eE][-+]?[0-9]+)?")

_STARTS_A_NUMBER = frozenset("+-.0123456789")
_NOT_A_WORD = object()


def scalar(text: str) -> Scalar:
    """Return what ``text`` means where it stands unquoted; text that is no word or number of YAML 1.2 is text.

    ``on``, ``no``, ``12:30``, ``012``, ``2026-11-22``, ``1_000`` and ``0x1F`` are text.
    """
    word = WORDS.get(text, _NOT_A_WORD)
    if word is not _NOT_A_WORD:
        return word  # type: ignore[return-value]  # mypy does not narrow by the identity of a sentinel
    if text[0] not in _STARTS_A_NUMBER:
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text) and ("." in text or "e" in text or "E" in text):
        number = float(text)
        return number if isfinite(number) else text
    return text
