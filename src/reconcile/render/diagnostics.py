"""Diagnostics as text with the source line and a caret below it, and as JSON."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.source import Span

TAB_WIDTH = 4
_ELLIPSIS = "..."
_NARROWEST = 20

_RESET, _BOLD, _DIM = "\x1b[0m", "\x1b[1m", "\x1b[2m"
_COLORS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.NOTE: "\x1b[1;36m"}

# Categories that a terminal acts on or does not show: control, format (bidirectional overrides), surrogate, private,
# line and paragraph separators.
_UNSHOWABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def render(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, Sequence[str]],
    *,
    color: bool,
    width: int = 80,
    prefix: str = "",
) -> str:
    """Return the diagnostics as text, in the order given, a blank line between two; empty for none.

    ``sources`` has the lines of each file by the path that spans show; a place without a source is named only.
    ``prefix`` is put before these paths (the way from where the command was started to the workspace).
    Lines of a source are cut to ``width`` around the caret; what people wrote is never cut elsewhere. Characters that
    a terminal would act on are escaped. Ends with a line break.
    """
    return "\n".join(_block(diagnostic, sources, prefix, color=color, width=width) for diagnostic in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Return the diagnostics as JSON objects, in the order given; None for what a diagnostic does not have."""
    return [
        {
            "severity": diagnostic.severity.value,
            "code": diagnostic.code,
            "summary": diagnostic.summary,
            "detail": diagnostic.detail or None,
            "hint": diagnostic.hint or None,
            "file": diagnostic.span.file if diagnostic.span else None,
            "line": diagnostic.span.line if diagnostic.span else None,
            "column": diagnostic.span.column if diagnostic.span else None,
            "address": diagnostic.address,
        }
        for diagnostic in diagnostics
    ]


def escaped(text: str) -> str:
    r"""Return ``text`` with characters that a terminal would act on as ``\x1b``, a tab as spaces."""
    return "".join(_cells(character) for character in text)


def prefixed(file: str, prefix: str) -> str:
    """Return a file's name with ``prefix`` before it; one beside the workspace is named without the detour."""
    return posixpath.normpath(prefix + file) if file.startswith("../") else prefix + file


def _block(
    diagnostic: Diagnostic, sources: Mapping[str, Sequence[str]], prefix: str, *, color: bool, width: int
) -> str:
    strong = _COLORS[diagnostic.severity] if color else ""
    title = f"{_painted(f'{diagnostic.severity.value}[{escaped(diagnostic.code)}]', strong)}: "
    lines = [title + _painted(escaped(diagnostic.summary), _BOLD if color else "")]
    if diagnostic.span is not None:
        span = diagnostic.span
        lines.append(f"  {escaped(f'{prefixed(span.file, prefix)}:{span.line}:{span.column}')}")
        lines += _excerpt(diagnostic.span, sources, strong, width)
    elif diagnostic.address and diagnostic.address not in diagnostic.detail:
        lines.append(f"  {escaped(diagnostic.address)}")
    lines += [f"  {escaped(line)}".rstrip() for line in diagnostic.detail.split("\n") if diagnostic.detail]
    if diagnostic.hint:
        first, *rest = diagnostic.hint.split("\n")
        lines.append(f"  {_painted('hint:', _BOLD if color else '')} {escaped(first)}")
        lines += [f"        {escaped(line)}".rstrip() for line in rest]
    return "\n".join(lines) + "\n"


def _excerpt(span: Span, sources: Mapping[str, Sequence[str]], strong: str, width: int) -> list[str]:
    """Return the source line and the caret line; nothing when the source is not known."""
    source = sources.get(span.file, ())
    if not 1 <= span.line <= len(source) or not any(source):
        return []
    number = f"{span.line:>5}"
    gutter = len(number) + len(" | ")
    shown, indent, length = _clipped(source[span.line - 1], span, max(width - gutter, _NARROWEST))
    caret = " " * indent + _painted("^" * length, strong)
    bar = _painted("|", _DIM if strong else "")
    return [f"{number} {bar} {shown}".rstrip(), f"{' ' * len(number)} {bar} {caret}"]


def _clipped(line: str, span: Span, room: int) -> tuple[str, int, int]:
    """Return the part of ``line`` to show, the columns before the caret, and the caret's length in columns."""
    cells = [_cells(character) for character in line]
    begin = min(span.column - 1, len(cells))
    before = sum(map(_width, cells[:begin]))
    length = max(1, sum(map(_width, cells[begin : begin + span.length])))
    if sum(map(_width, cells)) <= room:
        return "".join(cells), before, length
    first = _first_shown(cells, begin, room)
    head = _ELLIPSIS if first else ""
    left = room - len(head)
    needs_tail = sum(map(_width, cells[first:])) > left
    shown = _fitting(cells[first:], left - len(_ELLIPSIS) if needs_tail else left)
    indent = len(head) + sum(map(_width, cells[first:begin]))
    return head + "".join(shown) + (_ELLIPSIS if needs_tail else ""), indent, max(1, min(length, room - indent))


def _first_shown(cells: list[str], begin: int, room: int) -> int:
    """Return which character to begin with so that the caret stands in the left half; 0 when that is so anyway."""
    if sum(map(_width, cells[: begin + 1])) <= room // 2:
        return 0
    first, before = begin, 0
    while first > 0 and before + _width(cells[first - 1]) <= room // 3:
        first -= 1
        before += _width(cells[first])
    return first


def _fitting(cells: list[str], room: int) -> list[str]:
    shown, used = [], 0
    for cell in cells:
        used += _width(cell)
        if used > room:
            break
        shown.append(cell)
    return shown


def _cells(character: str) -> str:
    """Return what is shown for a character."""
    if character == "\t":
        return " " * TAB_WIDTH
    if unicodedata.category(character) in _UNSHOWABLE:
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


def _width(text: str) -> int:
    """Return how many columns ``text`` takes: two for wide characters, none for combining ones."""
    return sum(
        0
        if unicodedata.category(character) in ("Mn", "Me")
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def _painted(text: str, color: str) -> str:
    return f"{color}{text}{_RESET}" if color else text
