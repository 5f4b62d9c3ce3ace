"""The only reader of files: finds the workspace, lists what belongs to it, gives text."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError
from reconcile.core.source import Span

WORKSPACE_FILE = "reconcile.yaml"
# Next to it: drift that is accepted for a while. It is no desired state.
ACKNOWLEDGED_FILE = "acknowledged.yaml"
USUAL_FOLDER = "desired_state"

_SUFFIXES = frozenset({".yaml", ".yml"})
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark is how this one begins
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a workspace. ``desired`` is sorted by path; ``diagnostics`` says what could not be listed."""

    workspace: Path
    desired: tuple[Path, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def find_workspace(explicit: Path | None, named: str | None, here: Path, *, said: str = "-C") -> Path:
    """Return the folder that holds ``reconcile.yaml``.

    ``explicit`` (from ``said``) decides if given, then ``named`` (from the environment; empty counts as absent), then
    ``here`` and its ``desired_state``. Raises ``ConfigError`` that says where it looked.
    """
    if explicit is not None:
        return _given(here / explicit, f"{said} {explicit}")
    if named:
        return _given(here / named, f"RECONCILE_WORKSPACE={named}")
    folders = (here, here / USUAL_FOLDER)
    for folder in folders:
        if _is_file(folder / WORKSPACE_FILE):
            return folder
    looked = " and ".join(f"./{(folder / WORKSPACE_FILE).relative_to(here).as_posix()}" for folder in folders)
    raise ConfigError(
        Diagnostic(
            "no-workspace",
            "No workspace here",
            f"Looked for {looked} in {here}; -C and RECONCILE_WORKSPACE name no other folder.",
            _misnamed(folders) or "go to the folder of your project, or name the workspace: reconcile -C DIR ...",
        )
    )


def list_files(root: Path, here: Path) -> Listing:
    """Return the files of the workspace in ``root``: ``reconcile.yaml`` and every other YAML file below it.

    Hidden files and folders are left out; a folder that links lead to twice is read once. No desired-state file at
    all is a diagnostic, because nothing desired would mean that everything is to be deleted.
    """
    found: list[Path] = []
    diagnostics: list[Diagnostic] = []
    for entry in _walk(root, here, {}, diagnostics):
        if entry in (root / WORKSPACE_FILE, root / ACKNOWLEDGED_FILE):
            continue
        if entry.stem == "reconcile":
            diagnostics.append(_second_workspace(entry, root, here))
        else:
            found.append(entry)
    if not found and not diagnostics:
        diagnostics.append(
            Diagnostic(
                "no-desired-state",
                "No desired-state file",
                f"The folder with {WORKSPACE_FILE} holds no other *.yaml or *.yml file.",
                f'write one, for example {shown(root / "schedules.yaml", here)} with "schedules: []"; or let '
                "`reconcile import` write down what is live",
                Span(shown(root / WORKSPACE_FILE, here), 1, 1),
            )
        )
    return Listing(root / WORKSPACE_FILE, tuple(found), tuple(diagnostics))


def read_text(path: Path, here: Path) -> str:
    """Return what a file says, line ends as they are, a UTF-8 byte-order mark left out.

    Raises ``ConfigError`` when it cannot be read or is not UTF-8.
    """
    name = shown(path, here)
    try:
        # Opening a pipe would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(_unreadable(name, "It is no ordinary file.", "move it out of the workspace"))
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(_unreadable(name, f"{error.strerror or error}.", _permission_hint(error))) from None
    for mark, encoding in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise ConfigError(_not_utf8(name, Span(name, 1, 1), f"It is written in {encoding}."))
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line_begin = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[line_begin : error.start].decode("utf-8", "replace")) + 1
        span = Span(name, data.count(b"\n", 0, error.start) + 1, column)
        raise ConfigError(_not_utf8(name, span, f"Byte 0x{data[error.start]:02X} stands here.")) from None


def shown(path: Path, here: Path) -> str:
    """Return ``path`` as people are shown it: relative to ``here`` when below it, with ``/``; always valid UTF-8."""
    # Not resolve(): a link is shown by the name that the user gave it.
    absolute, base = Path(os.path.abspath(here / path)), Path(os.path.abspath(here))  # noqa: PTH100
    if absolute.is_relative_to(base):
        absolute = absolute.relative_to(base)
    return os.fsencode(absolute.as_posix()).decode("utf-8", "backslashreplace")


def _given(folder: Path, words: str) -> Path:
    if folder.name == WORKSPACE_FILE and _is_file(folder):
        return folder.parent
    if _is_file(folder / WORKSPACE_FILE):
        return folder
    problem = f"has no {WORKSPACE_FILE}" if folder.is_dir() else "is no folder"
    hint = _misnamed((folder,))
    if not hint and (folder / USUAL_FOLDER / WORKSPACE_FILE).is_file():
        hint = f'did you mean "{folder / USUAL_FOLDER}"?'
    raise ConfigError(Diagnostic("no-workspace", "No workspace there", f"{words}: {folder} {problem}.", hint))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        # Nobody may look: that is not the same as nothing there.
        name = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise ConfigError(_unreadable(name, f"{error.strerror or error}.", _permission_hint(error))) from None


def _misnamed(folders: tuple[Path, ...]) -> str:
    for folder in folders:
        if (folder / "reconcile.yml").is_file():
            return f"rename {folder / 'reconcile.yml'} to {WORKSPACE_FILE}"
    return ""


def _walk(folder: Path, here: Path, seen: dict[tuple[int, int], bool], out: list[Diagnostic]) -> Iterator[Path]:
    """Yield the YAML files below ``folder`` in order. ``seen`` holds each folder met: True while we are inside it."""
    try:
        status = folder.stat()
        entries = sorted(folder.iterdir(), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        out.append(_unreadable(shown(folder, here), f"{error.strerror or error}.", _permission_hint(error)))
        return
    identity = (status.st_dev, status.st_ino)
    if seen.get(identity):
        out.append(_loop(folder, here))
    if identity in seen:
        return
    seen[identity] = True
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            is_folder = entry.is_dir()
        except OSError as error:
            # A link to where nobody may look.
            out.append(_unreadable(shown(entry, here), f"{error.strerror or error}.", _permission_hint(error)))
            continue
        if is_folder:
            yield from _walk(entry, here, seen, out)
        elif entry.suffix.lower() in _SUFFIXES:
            yield entry
    seen[identity] = False


def _second_workspace(path: Path, root: Path, here: Path) -> Diagnostic:
    if path.parent == root:
        detail, hint = f"The workspace file is {WORKSPACE_FILE}; this one would not be read.", "delete or rename it"
    else:
        detail = f"{shown(root, here)} is a workspace, so no other can lie below it."
        hint = f"move one of the two, or name the inner one alone: -C {shown(path.parent, here)}"
    return Diagnostic("second-workspace", "Two workspace files", detail, hint, Span(shown(path, here), 1, 1))


def _loop(folder: Path, here: Path) -> Diagnostic:
    name = shown(folder, here)
    detail = f"{name} leads back to a folder that it lies in."
    return Diagnostic("link-loop", "A link in a circle", detail, "remove the link", Span(name, 1, 1))


def _unreadable(name: str, detail: str, hint: str) -> Diagnostic:
    return Diagnostic("unreadable-file", "A file cannot be read", detail, hint, Span(name, 1, 1))


def _permission_hint(error: OSError) -> str:
    match error:
        case PermissionError():
            return "give yourself the right to read it"
        case FileNotFoundError():
            return "if it is a link, what it leads to is gone: remove it"
        case _:
            return ""


def _not_utf8(name: str, span: Span, detail: str) -> Diagnostic:
    return Diagnostic("not-utf8", "The file is not UTF-8", detail, "save it as UTF-8", span)
