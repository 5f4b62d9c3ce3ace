"""Moments as people write them in files, as text that compares."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconcile.config.reference import REFERENCE

# A day, or a day and a time; `T` or a space between them, seconds and offset as one likes.
PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
_WRITTEN = re.compile(PATTERN)


def moment(text: str) -> str:
    """Return a moment as UTC, ISO 8601, to the second: a day is its 00:00, and what has no offset is UTC.

    Raises ``ValueError`` for what is no moment.
    """
    found = written_moment(text)
    try:
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        raise _no_such_moment(text) from None


def written_moment(text: str) -> datetime:
    """Return a moment as it is written: a day is its 00:00, and what has no offset has no zone either.

    Raises ``ValueError`` for what is no moment.
    """
    if not _WRITTEN.fullmatch(text):
        raise ValueError(f'"{text}" is no date; write it as 2026-12-01, or with a time: 2026-12-01T06:00:00Z')
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _no_such_moment(text) from None


def _no_such_moment(text: str) -> ValueError:
    return ValueError(f'"{text}" is no date: there is no such day or time')


def _from_file(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("wrong-type", "A date is text: write 2026-12-01 or 2026-12-01T06:00:00Z")
    # One that is still a reference has failed, which was said, or stands in an environment that nobody chose.
    return value if REFERENCE.search(value) else moment(value)


Moment = Annotated[str, BeforeValidator(_from_file), WithJsonSchema({"type": "string", "pattern": PATTERN})]
"""A moment in UTC, ISO 8601, written as a day or as a day and a time."""
