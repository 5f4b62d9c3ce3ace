"""The text of one file, and where in it a character stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from reconcile.config.marked import Mark
from reconcile.core.source import Span

_LINE_END = re.compile(r"\r\n?|\n")


class Text:
    """A file's text. ``file`` is the path as shown; ``lines`` are without their ends, as an editor numbers them."""

    __slots__ = ("_starts", "characters", "file", "lines")

    def __init__(self, characters: str, file: str) -> None:
        self.characters = characters
        self.file = file
        if "\r" in characters:
            self._starts = [0, *(end.end() for end in _LINE_END.finditer(characters))]
            self.lines = tuple(_LINE_END.split(characters))
        else:
            self.lines = tuple(characters.split("\n"))
            self._starts = [0, *accumulate(len(line) + 1 for line in self.lines[:-1])]

    def line_of(self, offset: int) -> int:
        """Return the number, from 1, of the line that the character at ``offset`` is on."""
        return bisect_right(self._starts, offset)

    def span(self, mark: Mark) -> Span:
        """Return the place of ``mark``, cut at the end of its first line; at least one character long."""
        begin, end = mark
        line = bisect_right(self._starts, begin)
        column = begin - self._starts[line - 1]
        written = self.lines[line - 1][column : column + end - begin]
        return Span(self.file, line, column + 1, max(1, len(written.rstrip())))

    def slice(self, mark: Mark) -> str:
        """Return what is written at ``mark``."""
        return self.characters[mark[0] : mark[1]]
