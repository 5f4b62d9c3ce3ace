"""Files that the user names, for this user's eyes only: written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError


def check_room(path: Path) -> None:
    """Return when a file can be written at ``path``, as far as that can be told beforehand.

    Raises ``ReconcileError`` when its folder is not there or takes no file, or something else is in the way.
    """
    with _told("plan-unwritable", "The plan cannot be saved", f"Cannot write {path}"):
        if not path.parent.is_dir():
            raise OSError(errno.ENOENT, f"there is no folder {path.parent}")
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, f"no right to write in {path.parent}")
        _check_ordinary(path)


def write_private(path: Path, data: bytes) -> None:
    """Write ``data`` at ``path`` (mode 0600), durably, over whatever file is there; a reader sees all of it or none.

    Raises ``ReconcileError`` when it cannot be written; then what was there is as it was.
    """
    check_room(path)
    with _told("plan-unwritable", "The plan cannot be saved", f"Cannot write {path}"):
        handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink()


def read_private(path: Path) -> bytes:
    """Return what the file holds. Raises ``ReconcileError`` when it cannot be read."""
    with _told("plan-unreadable", "The plan cannot be read", f"Cannot read {path}"):
        _check_ordinary(path)
        return path.read_bytes()


def _check_ordinary(path: Path) -> None:
    # Whoever reads a pipe waits for ever, and a plan that is written to a device is nowhere.
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no ordinary file")


@contextmanager
def _told(code: str, summary: str, doing: str) -> Iterator[None]:
    """Turn what the system says into an error of ours."""
    try:
        yield
    except OSError as error:
        raise ReconcileError(Diagnostic(code, summary, f"{doing}: {error.strerror or error}.")) from None
