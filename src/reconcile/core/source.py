"""Where something was written: file, line, column."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file that a person wrote.

    ``file`` is the path as it should be shown (relative to where the command was started when it is below it),
    ``line`` and ``column`` count from 1, ``length`` is in characters (at least 1, on that line only).
    """

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
