"""Changes of a file's text at places that its reader has marked; every other character stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reconcile.config.marked import Mark
from reconcile.config.text import Text
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError

_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    r"""``text`` in place of what stands from ``begin`` to ``end`` (offsets). Line ends in it are ``\n``."""

    begin: int
    end: int
    text: str = ""


class CannotEdit(ConfigError):
    """A file that says something in a way that cannot be changed in place; nothing was written."""


def cannot_edit(detail: str, text: Text, mark: Mark, address: str | None = None) -> CannotEdit:
    """Return the error for a place that has to be edited by hand."""
    hint = "edit it by hand; nothing was written"
    return CannotEdit(Diagnostic("cannot-edit", "It cannot be edited in place", detail, hint, text.span(mark), address))


def spliced(text: Text, edits: Iterable[Edit]) -> str:
    """Return the text with the edits made, in the file's own line ends. They must not overlap.

    Of several at one place those that only insert come first, in the order given. A file that does not end with a line
    end does not get one.
    """
    ends = line_end(text)
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.begin, edit.end > edit.begin)):
        if edit.begin < at:
            raise AssertionError(f"{edit} overlaps what was changed before it")
        parts += [text.characters[at : edit.begin], edit.text.replace("\n", ends)]
        at = edit.end
    result = "".join([*parts, text.characters[at:]])
    # Taking away the last line leaves the end of the one before it, and what was empty between them.
    return result if text.characters.endswith(("\n", "\r")) else result.rstrip("\r\n")


def line_end(text: Text) -> str:
    """Return how most lines of a file end."""
    found = _LINE_END.findall(text.characters)
    return max(set(found), key=lambda each: (found.count(each), each)) if found else "\n"


def line_begin(characters: str, at: int) -> int:
    """Return where the line begins that the character at ``at`` is on."""
    return max(characters.rfind("\n", 0, at), characters.rfind("\r", 0, at)) + 1


def line_stop(characters: str, at: int) -> int:
    """Return where the line of ``at`` stops, before its end."""
    found = _LINE_END.search(characters, at)
    return found.start() if found else len(characters)


def next_line(characters: str, at: int) -> int:
    """Return where the line after that of ``at`` begins; the end of the text on the last one."""
    found = _LINE_END.search(characters, at)
    return found.end() if found else len(characters)


def trimmed(characters: str, mark: Mark) -> int:
    """Return where a part ends, without the blanks and line ends that its reader counts to it."""
    begin, end = mark
    while end > begin and characters[end - 1] in " \t\r\n":
        end -= 1
    return end


def after_comments(characters: str, at: int, column: int) -> int:
    """Return where the line of ``at`` stops; or the last of the comment lines right below that are indented deeper."""
    stop = line_stop(characters, at)
    while (begin := next_line(characters, stop)) > stop:
        line = characters[begin : line_stop(characters, begin)]
        indent = len(line) - len(line.lstrip(" "))
        if not line.startswith("#", indent) or indent <= column:
            break
        stop = begin + len(line)
    return stop
