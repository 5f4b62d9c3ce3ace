"""Files that patterns name, in trees of any size; hidden folders and those of package managers are passed over."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

# So many entries of folders are looked at for one pattern. A tree with more is named too far up.
MOST_ENTRIES = 200_000

_PASSED_OVER = frozenset({"node_modules", "site-packages", "__pycache__"})
_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Globbed:
    """What a pattern names, sorted; ``is_cut`` says that not everything was looked at."""

    paths: tuple[Path, ...]
    is_cut: bool = False


def glob_files(root: Path, pattern: str, suffix: str, most: int = MOST_ENTRIES) -> Globbed:
    """Return the files with this suffix that ``pattern`` names, as seen from ``root``.

    ``*``, ``?`` and ``[abc]`` stand for characters of one name, ``**`` for folders of any depth. Links to folders are
    not followed, but for those that the pattern spells out. What cannot be looked into is passed over.
    """
    parts = Path(pattern).parts
    plain = next((n for n, part in enumerate(parts) if _MAGIC.intersection(part)), len(parts))
    start, rest = root.joinpath(*parts[:plain]), parts[plain:]
    if not rest:
        return Globbed((start,) if start.is_file() else ())
    found: list[Path] = []
    seen = 0
    for folder, names, entries in _walk(start, None if "**" in rest else len(rest)):
        seen += entries
        if seen > most:
            return Globbed(tuple(sorted(found)), is_cut=True)
        named = (name for name in names if name.lower().endswith(suffix))
        found += [start.joinpath(*folder, name) for name in named if fits((*folder, name), rest)]
    return Globbed(tuple(sorted(found)))


def fits(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Say whether the names of a path are those of a pattern, one by one."""
    if not patterns:
        return not parts
    if patterns[0] == "**":
        if len(patterns) == 1:
            return bool(parts)
        return any(fits(parts[skipped:], patterns[1:]) for skipped in range(len(parts)))
    return bool(parts) and fnmatchcase(parts[0], patterns[0]) and fits(parts[1:], patterns[1:])


def _walk(start: Path, depth: int | None) -> Iterator[tuple[tuple[str, ...], list[str], int]]:
    """Yield folders by their names below ``start``: the files in each, and how many entries it has."""
    for folder, below, names in os.walk(start):
        parts = Path(folder).relative_to(start).parts
        entries = len(below) + len(names)
        is_deep = depth is not None and len(parts) + 1 >= depth
        below[:] = [] if is_deep else sorted(n for n in below if not n.startswith(".") and n not in _PASSED_OVER)
        yield parts, sorted(name for name in names if not name.startswith(".")), entries
