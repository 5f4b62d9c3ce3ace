"""The files of a new workspace, as text, in the style of the documented examples."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from reconcile.config.files import WORKSPACE_FILE, read_text, shown
from reconcile.config.load import load
from reconcile.config.notation import Unwritable, value_text
from reconcile.config.reference import REFERENCE
from reconcile.config.save import Draft
from reconcile.config.writer import MODELINE
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import Refused
from reconcile.core.kind import Catalogue

SCHEMA_FILE = "reconcile.schema.json"
IGNORED = ".reconcile/"
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class NewConnection:
    """One connection as it is to be written: values as text, ``${env.NAME}`` among them.

    ``title`` says which platform it is. ``section``, ``nothing`` and ``example`` make its first desired-state file.
    """

    name: str
    provider: str
    title: str
    settings: Mapping[str, str]
    auth: Mapping[str, str]
    section: str
    nothing: str
    example: tuple[str, ...] = ()

    @property
    def variables(self) -> list[str]:
        """The environment variables that it refers to."""
        texts = (*self.settings.values(), *self.auth.values())
        return [match[2] for text in texts for match in REFERENCE.finditer(text) if match[1] == "env"]


@dataclass(frozen=True, slots=True)
class Starter:
    """A new workspace: its files, those that git is told of, and the variables to be set before it is used."""

    root: Path
    drafts: tuple[Draft, ...]
    variables: tuple[str, ...]
    connections: tuple[NewConnection, ...] = field(default=())


def starter(root: Path, connections: Sequence[NewConnection], schema: str) -> Starter:
    """Return the files of a workspace in ``root``; nothing is written yet."""
    files = [
        Draft(root / WORKSPACE_FILE, _workspace_text(connections)),
        Draft(root / SCHEMA_FILE, schema),
        *(Draft(root / f"{each.name}.yaml", _desired_text(each)) for each in connections),
        *_ignore(root),
    ]
    variables = tuple(dict.fromkeys(name for each in connections for name in each.variables))
    return Starter(root, tuple(files), variables, tuple(connections))


def check_starter(made: Starter, catalogues: Mapping[str, Catalogue], values: Mapping[str, str]) -> None:
    """Raise ``ConfigError`` when the workspace would not be valid; ``values`` stand in for variables."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for draft in made.drafts:
            (folder / draft.path.name).write_text(draft.text, encoding="utf-8")
        load(folder, None, values, catalogues, here=folder)


def check_room(made: Starter, here: Path) -> None:
    """Raise ``Refused`` when something is in the way: nothing is overwritten, and no workspace lies in another one."""
    found = [_there(draft.path, here) for draft in made.drafts if draft.before is None and os.path.lexists(draft.path)]
    outer = next((each for each in made.root.parents if (each / WORKSPACE_FILE).is_file()), None)
    if outer is not None:
        found.append(_inside(outer, here))
    if not found:
        found = [_would_be_read(path, here) for path in _other_files(made.root)[:1]]
    if found:
        raise Refused(found)


def _workspace_text(connections: Sequence[NewConnection]) -> str:
    lines = [f"{MODELINE}{SCHEMA_FILE}", "version: 1", "connections:"]
    for each in connections:
        lines.append(f"  {value_text(each.name)}:{' ' * max(1, 22 - len(each.name))}# {each.title}")
        lines.append(f"    provider: {each.provider}")
        lines += [f"    {key}: {_written(value)}" for key, value in each.settings.items()]
        lines += ["    auth:", *(f"      {key}: {_written(value)}" for key, value in each.auth.items())]
    return "\n".join(lines) + "\n"


def _desired_text(connection: NewConnection) -> str:
    lines = [
        f"{MODELINE}{SCHEMA_FILE}",
        f"connection: {value_text(connection.name)}",
        f"{connection.section}: {connection.nothing}",
        "#",
        f"# An example; write {connection.section}: and below it, without the #:",
        *(f"#   {line}" for line in connection.example),
    ]
    return "\n".join(lines) + "\n"


def _written(value: str) -> str:
    """Return a value as YAML, so that it is read as text; references in it stay references."""
    if REFERENCE.fullmatch(value):
        return value
    try:
        return value_text(value)
    except Unwritable:
        # Whoever types a reference means it; one that is none is found when the files are checked.
        return json.dumps(value)


def _ignore(root: Path) -> list[Draft]:
    """Return the file that keeps the state out of git; none when it is out already."""
    path = root / ".gitignore"
    if not os.path.lexists(path):
        return [Draft(path, f"{IGNORED}\n")]
    before = read_text(path, root)
    if {IGNORED, IGNORED.rstrip("/")} & {line.strip().lstrip("/") for line in before.splitlines()}:
        return []
    gap = "" if before.endswith("\n") or not before else "\n"
    return [Draft(path, f"{before}{gap}{IGNORED}\n", before)]


def _other_files(root: Path) -> list[Path]:
    """Return the YAML files that the workspace would read besides its own."""
    found = (path for suffix in _SUFFIXES for path in root.rglob(f"*{suffix}"))
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def _there(path: Path, here: Path) -> Diagnostic:
    name = shown(path, here)
    hint = "name another folder: reconcile init DIR"
    if path.name == WORKSPACE_FILE:
        hint = "the workspace is there already: add connections to it by hand, `reconcile doctor` checks them"
    return Diagnostic("file-exists", "There is a file already", f"{name} is there; nothing was written.", hint)


def _inside(outer: Path, here: Path) -> Diagnostic:
    detail = f"{shown(outer, here)} is a workspace, so no other can lie below it; nothing was written."
    return Diagnostic("second-workspace", "Two workspace files", detail, "name a folder outside of it")


def _would_be_read(path: Path, here: Path) -> Diagnostic:
    detail = f"{shown(path, here)} would be read as desired state; nothing was written."
    return Diagnostic("foreign-files", "Other YAML files", detail, "name an empty folder, for example desired_state")
