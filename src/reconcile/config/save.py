"""The only writer of desired-state files: whole or not at all, and never over what somebody else wrote meanwhile."""

from __future__ import annotations

import codecs
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from reconcile.config.files import read_text, shown
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError
from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as it is to be. ``before`` is what it says now, None for one that is not there yet."""

    path: Path
    text: str
    before: str | None = None


def save(drafts: Collection[Draft], here: Path) -> None:
    """Write the files, each whole or not at all, new ones with the folders they need. Keeps modes and byte-order marks.

    Raises ``ConfigError``, before anything is written, when a new file is there already or another one says something
    else by now; and when one cannot be written, which it says of the first.
    """
    check_ground(drafts, here)
    for draft in drafts:
        try:
            _replace(draft, here) if draft.before is not None else _create(draft)
        except FileExistsError:
            raise ConfigError(_file_exists(draft.path, here)) from None
        except OSError as error:
            detail = f"{shown(draft.path, here)}: {error.strerror or error}."
            hint = "files before it in the list were written, if there are any; the others were not"
            raise ConfigError(
                Diagnostic("unwritable-file", "A file cannot be written", detail, hint if len(drafts) > 1 else "")
            ) from None


def check_ground(drafts: Iterable[Draft], here: Path) -> None:
    """Raise ``ConfigError`` for a new file that is there already, and for an edited one that changed meanwhile."""
    for draft in drafts:
        if draft.before is None:
            if os.path.lexists(draft.path):
                raise ConfigError(_file_exists(draft.path, here))
        elif read_text(draft.path, here) != draft.before:
            name = shown(draft.path, here)
            detail = f"{name} is not what it was a moment ago; somebody else writes it, too."
            raise ConfigError(
                Diagnostic("file-changed", "The file changed meanwhile", detail, "run it again", Span(name, 1, 1))
            )


def _file_exists(path: Path, here: Path) -> Diagnostic:
    name = shown(path, here)
    return Diagnostic(
        "file-exists",
        "There is a file already",
        f"{name} is there, and no file is ever overwritten.",
        f"add to it: --into {name}; or write elsewhere: --out DIR",
        Span(name, 1, 1),
    )


def _replace(draft: Draft, here: Path) -> None:
    # A link stays one: what it leads to is replaced.
    path = draft.path.resolve()
    mark = codecs.BOM_UTF8 if path.read_bytes().startswith(codecs.BOM_UTF8) else b""
    temporary = _written(path, mark + draft.text.encode(), stat.S_IMODE(path.stat().st_mode))
    try:
        with _alone_in(path.parent):
            check_ground([draft], here)
            temporary.replace(path)
    except (OSError, ConfigError):
        _forget(temporary)
        raise


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep others who save in a folder waiting: between the last look at a file and its exchange nobody gets in."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Where a file system knows no locks, that moment stays as short as it is.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _create(draft: Draft) -> None:
    try:
        draft.path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    temporary = _written(draft.path, draft.text.encode(), 0o666 & ~_umask())
    try:
        # Unlike a rename, this fails when somebody else has made the file meanwhile.
        os.link(temporary, draft.path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links.
        with draft.path.open("xb") as file:
            file.write(draft.text.encode())
    finally:
        _forget(temporary)


def _written(path: Path, data: bytes, mode: int) -> Path:
    """Return a file of these bytes in the folder of ``path``, hidden from whoever lists desired-state files."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except OSError:
        _forget(temporary)
        raise
    return temporary


def _forget(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
