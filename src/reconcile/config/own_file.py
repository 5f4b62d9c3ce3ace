"""Reads JSON files that users keep for a platform's own tools, with the places of what they say."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reconcile.config.files import read_text
from reconcile.config.glob import glob_files
from reconcile.config.marked import Mark
from reconcile.config.text import Text
from reconcile.core.errors import ConfigError
from reconcile.core.own_file import OwnFile, OwnFiles
from reconcile.core.source import Span

# Larger ones are data, and so many are more than anybody keeps.
MOST_BYTES = 2_000_000
MOST_FILES = 20_000

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def read_own_files(root: Path, patterns: Iterable[str], marker: str) -> OwnFiles:
    """Return the JSON files that ``patterns`` name, as seen from ``root``, and that have a member ``marker``.

    Others are not ours to judge, and passed over: also broken ones, unless ``marker`` stands in them.
    """
    root = root.resolve()  # what is beside a link's target is not beside the link
    paths: dict[str, Path] = {}
    idle: list[str] = []
    is_cut = False
    for pattern in patterns:
        globbed = glob_files(root, pattern, ".json")
        is_cut = is_cut or globbed.is_cut
        if not globbed.paths and not globbed.is_cut:
            idle.append(pattern)
        paths.update({os.path.normpath(path): path for path in globbed.paths})
    chosen = [*paths.values()][:MOST_FILES]
    files = tuple(found for path in chosen if (found := _read(path, root, marker)))
    return OwnFiles(files, tuple(idle), is_cut or len(paths) > MOST_FILES)


def members(text: str) -> Iterator[tuple[str, Any, Mark]]:
    """Yield key, value and the value's place of each member of the JSON object that a text is.

    Raises ``json.JSONDecodeError`` for anything else, and ``RecursionError`` for what is nested too deeply.
    """
    at = _expect(text, 0, "{")
    if text[at : at + 1] == "}":
        _end(text, at + 1)
        return
    while True:
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        key, at = _DECODER.raw_decode(text, at)
        begin = _expect(text, at, ":")
        value, end = _DECODER.raw_decode(text, begin)
        yield key, value, (begin, end)
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            _end(text, at + 1)
            return
        at = _expect(text, at, ",")


def _read(path: Path, root: Path, marker: str) -> OwnFile | None:
    name = os.fsencode(Path(os.path.relpath(path, root)).as_posix()).decode("utf-8", "backslashreplace")
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        text = Text(read_text(path, root), name)
    except OSError as error:
        return OwnFile(name, trouble=f"it cannot be read: {error.strerror}")
    except ConfigError as error:
        told = error.diagnostics[0]
        return OwnFile(name, trouble=f"it cannot be read. {told.detail.removesuffix('.')}", trouble_at=Span(name, 1, 1))
    if f'"{marker}"' not in text.characters:
        return None
    return _parsed(text, marker)


def _parsed(text: Text, marker: str) -> OwnFile | None:
    try:
        found = [*members(text.characters)]
    except json.JSONDecodeError as error:
        return OwnFile(text.file, trouble=f"it is no JSON: {error.msg}", trouble_at=text.span((error.pos, error.pos)))
    except (RecursionError, ValueError):
        return OwnFile(text.file, trouble="it is no JSON that can be read", trouble_at=Span(text.file, 1, 1))
    values = {key: value for key, value, _ in found}
    if marker not in values:
        return None
    return OwnFile(text.file, values, {key: text.span(mark) for key, _, mark in found})


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, character: str) -> int:
    """Return where the next thing after ``character`` begins."""
    at = _skip(text, at)
    if text[at : at + 1] != character:
        raise json.JSONDecodeError(f"Expecting '{character}'", text, at)
    return _skip(text, at + 1)


def _end(text: str, at: int) -> None:
    if _skip(text, at) != len(text):
        raise json.JSONDecodeError("Extra data", text, _skip(text, at))
