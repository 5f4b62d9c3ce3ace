"""Durations as files have them: ``30s``, ``5m``, ``2h``, ``1h30m``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

PATTERN = r"^(?=[0-9])([0-9]+h)?([0-9]+m)?([0-9]+s)?$"

_PARTS = re.compile(r"(?=[0-9])(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")
_LIMIT = 366 * 24 * 3600


def seconds(text: str) -> int:
    """Return the whole seconds that a duration means. Raises ``ValueError`` that says how one is written."""
    found = _PARTS.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no duration: write 30s, 5m, 2h or 1h30m')
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + rest
    if total > _LIMIT:
        raise ValueError(f'"{text}" is longer than a year')
    return total


def _from_file(value: object) -> int:
    if not isinstance(value, str):
        raise PydanticCustomError("wrong-type", "A duration is text: write 30s, 5m, 2h or 1h30m")
    return seconds(value)


Duration = Annotated[
    int,
    Strict(),
    BeforeValidator(_from_file),
    WithJsonSchema(
        {"type": "string", "pattern": PATTERN, "description": "30s, 5m, 2h or 1h30m", "examples": ["30m", "1h30m"]}
    ),
]
"""Whole seconds, written as a duration."""
