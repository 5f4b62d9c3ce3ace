"""Which workspaces a fleet has: by a glob, or by a file that lists paths, globs and environments."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reconcile.config.check import check, schema_of
from reconcile.config.document import parse
from reconcile.config.files import WORKSPACE_FILE, read_text, shown
from reconcile.config.fleet_name import is_fleet_file
from reconcile.config.glob import fits
from reconcile.config.mistake import Subject
from reconcile.config.model import Name
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError
from reconcile.core.fleet import Member, Roster
from reconcile.core.source import Span


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Written = Annotated[str, AfterValidator(_says_something), Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class FleetEntry(_Strict):
    """Workspaces of one sort."""

    path: Written = Field(description="folder of a workspace, or a glob; relative to this file")
    environments: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="environments to look at, each for itself; the workspace's own when absent"
    )


class FleetFile(_Strict):
    """What may stand in a fleet file."""

    version: Literal[1] = Field(description="version of this file format")
    workspaces: Annotated[list[FleetEntry], Field(min_length=1)] = Field(description="what belongs to the fleet")
    exclude: list[Written] = Field([], description="globs over paths: what they match does not belong to it")


def read_roster(workspace: str, environment: str | None, here: Path) -> Roster:
    """Return the workspaces that a glob or a fleet file names, seen from ``here``.

    ``environment`` is that of every workspace; of entries that list environments only this one is taken. Raises
    ``ConfigError`` with every mistake, also for a path or glob that leads to no workspace: a fleet that shrinks because
    of a typo would look in order.
    """
    if is_fleet_file(workspace):
        return _listed(here / workspace, environment, here)
    members = [_member(found, here, environment) for found in _folders(workspace, here)]
    if not members:
        raise ConfigError(_nothing(workspace, None))
    return Roster(as_text(workspace), _sorted(members, here))


def as_text(path: str) -> str:
    r"""Return a path as it can be printed and hashed: bytes that are no UTF-8 as ``\xe9``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def fleet_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of fleet files."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema_of(FleetFile),
        "title": "reconcile: fleet",
    }


def _listed(path: Path, environment: str | None, here: Path) -> Roster:
    if not path.exists():
        raise ConfigError(_no_file(shown(path, here)))
    document = parse(read_text(path, here), shown(path, here))
    found = check(
        FleetFile,
        document.root,
        lambda shape: Subject(document, document.root, document.mark, shape, document.file),
    )
    problems = [*document.diagnostics, *found.diagnostics]
    if problems:
        raise ConfigError(problems)
    file: FleetFile = found.result
    base, members = path.parent, list[Member]()
    for place, entry in enumerate(file.workspaces):
        folders = list(_folders(entry.path, base))
        if not folders:
            problems.append(_nothing(entry.path, document.span_at(("workspaces", place, "path"))))
        for folder in folders:
            if not any(fnmatchcase(folder, pattern) for pattern in file.exclude):
                members += [_member(folder, base, chosen) for chosen in _environments(entry, environment)]
    if problems:
        raise ConfigError(problems)
    if not members:
        raise ConfigError(_all_left_out(document.file, environment, document.span))
    return Roster(document.file, _sorted(members, base))


def _environments(entry: FleetEntry, environment: str | None) -> Iterable[str | None]:
    if entry.environments is None:
        return (environment,)
    return [name for name in entry.environments if environment in (None, name)]


def _folders(pattern: str, base: Path) -> Iterator[str]:
    """Yield the folders with a workspace that a path or glob leads to, as written from ``base``, with ``/``."""
    for path in sorted(_found(pattern, base)):
        folder = path.parent if path.name == WORKSPACE_FILE else path
        if _is_there(base / folder / WORKSPACE_FILE):
            yield folder.as_posix()


def _found(pattern: str, base: Path) -> Iterator[Path]:
    """Yield what a path or glob leads to. ``**`` crosses no links, which may lead in circles."""
    parts = Path(pattern).parts
    cut = parts.index("**") if "**" in parts else len(parts)
    # Not Path.glob: it takes no absolute pattern, and a workspace may be anywhere.
    for top in map(Path, glob.glob(str(Path(*parts[:cut])), root_dir=base)):  # noqa: PTH207
        if cut == len(parts):
            yield top
        else:
            yield from (top.joinpath(*below) for below in _below(base / top, parts[cut:]))


def _below(top: Path, patterns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the folders from ``top`` on, by their names below it, that patterns name; links are named, not crossed."""
    for folder, below, _ in os.walk(top):
        below[:] = [name for name in below if not name.startswith(".") or name in patterns]
        here = Path(folder).relative_to(top).parts
        links = [(*here, name) for name in below if Path(folder, name).is_symlink()]
        yield from (each for each in (here, *links) if fits(each, patterns) or fits((*each, WORKSPACE_FILE), patterns))


def _is_there(path: Path) -> bool:
    """Say whether something is there, also what cannot be read: that is for the workspace to say, and not nothing."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _member(folder: str, base: Path, environment: str | None) -> Member:
    name = as_text(folder)
    return Member(f"{name}@{environment}" if environment else name, str(base / folder), environment)


def _sorted(members: Iterable[Member], base: Path) -> tuple[Member, ...]:
    """Return the members by name, each once: several globs, or a link, may lead to the same folder.

    A link never gives its name to a folder that has one of its own here: the folder would move to another shard.
    """
    real = {each: os.path.realpath(base / each.path) for each in members}
    first: dict[tuple[str, str | None], Member] = {}
    for member in sorted(real, key=lambda each: (real[each] != os.path.normpath(base / each.path), each.name)):
        first.setdefault((real[member], member.environment), member)
    return tuple(sorted(first.values(), key=lambda each: each.name))


def _no_file(file: str) -> Diagnostic:
    hint = f"write it, or name a folder with {WORKSPACE_FILE}, or a glob over such folders"
    return Diagnostic("no-fleet-file", "No fleet file there", f"There is no file {file}.", hint)


def _nothing(pattern: str, span: Span | None) -> Diagnostic:
    return Diagnostic(
        "fleet-matches-nothing",
        "No workspace there",
        f'"{pattern}" leads to no folder with {WORKSPACE_FILE}.',
        f"name the folders that hold {WORKSPACE_FILE}, for example 'teams/*/desired_state', in quotes in a shell",
        span,
    )


def _all_left_out(file: str, environment: str | None, span: Span) -> Diagnostic:
    chosen = f" with an environment {environment}" if environment else ""
    return Diagnostic(
        "fleet-is-empty", "Nothing is left of the fleet", f"{file} leaves no workspace{chosen}.", "", span
    )
