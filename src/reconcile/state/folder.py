"""Keys in a folder of this machine (or a drive that behaves like one): one file a key, durable and private.

obstore's local store gives atomic create-only writes (it links a finished file to its name) but never calls fsync: a
power cut may leave the name with no bytes behind it. So bytes are staged under another name, synced there, and only
then linked to their own; last the folder is synced, so that the name survives as well.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore

from reconcile.state.backend import KeyMissing, KeyTaken, ObjectBackend, checked
from reconcile.state.trouble import trouble

STAGING = "staging"

# A staged file lives for milliseconds; one that is an hour old was left by a process that is gone.
STAGED_SECONDS = 3600.0


class FolderBackend:
    """Keys as files of one folder. The folder comes with the first write (mode 0700, files 0600), never by reading."""

    def __init__(self, folder: Path, environment: str) -> None:
        self._folder = folder
        self._objects: ObjectBackend | None = None
        self._is_swept = False
        self.environment = environment

    def place(self, key: str) -> str:
        """Return the path of the file that holds ``key``."""
        return str(self._folder / key)

    def create(self, key: str, data: bytes) -> None:
        """Write a new file, durably; see ``Backend``."""
        with self._staged(key, data) as (store, staged):
            try:
                obstore.rename(store, staged, checked(key), overwrite=False)
            except AlreadyExistsError:
                raise KeyTaken(key) from None

    def put(self, key: str, data: bytes) -> None:
        """Replace a file in one step, durably; see ``Backend``."""
        with self._staged(key, data) as (store, staged):
            obstore.rename(store, staged, checked(key), overwrite=True)

    def read(self, key: str) -> bytes:
        """Return the bytes of a file; see ``Backend``."""
        objects = self._existing(key)
        if objects is None:
            raise KeyMissing(key)
        return objects.read(key)

    def list(self, folder: str) -> list[str]:
        """Return the full keys below ``folder``, sorted; see ``Backend``."""
        objects = self._existing(folder)
        return objects.list(folder) if objects else []

    def delete(self, key: str) -> None:
        """Remove a file, and the folder of a journal with its last file; see ``Backend``.

        Not synced: every deletion is of something that is recognised as done when a power cut brings it back.
        """
        objects = self._existing(key)
        if objects is None:
            return
        objects.delete(key)
        if key.count("/") > 1:
            with contextlib.suppress(OSError):
                (self._folder / key).parent.rmdir()

    def written_at(self, key: str) -> datetime | None:
        """Return when a file was last written; see ``Dated``."""
        objects = self._existing(key)
        if objects is None:
            raise KeyMissing(key)
        return objects.written_at(key)

    @contextlib.contextmanager
    def _staged(self, key: str, data: bytes) -> Iterator[tuple[LocalStore, str]]:
        """Write ``data`` under a name of its own, durably; what is done with it inside is durable on leaving."""
        target = self._folder / checked(key)
        staged = f"{STAGING}/{uuid4().hex}"
        try:
            self._make_folders(target.parent)
            store = LocalStore(self._folder)
            try:
                obstore.put(store, staged, data, use_multipart=False)
                _sync_file(self._folder / staged)
                yield store, staged
            finally:
                (self._folder / staged).unlink(missing_ok=True)
            _sync_folder(target.parent)
        except (BaseError, OSError) as error:
            raise trouble("write", str(target), error) from None

    def _existing(self, key: str) -> ObjectBackend | None:
        """Return the folder's keys, or None while there is no folder."""
        if self._objects is None:
            try:
                if not _is_folder(self._folder):
                    return None
                store = LocalStore(self._folder)
            except (BaseError, OSError) as error:
                raise trouble("read", self.place(key), error) from None
            self._objects = ObjectBackend(store, self.environment, str(self._folder.parent))
        return self._objects

    def _make_folders(self, folder: Path) -> None:
        for wanted in (folder, self._folder / STAGING):
            missing = [path for path in (wanted, *wanted.parents) if not path.is_dir()]
            for path in reversed(missing):
                # Another thread or process may be making the same folder at this moment.
                path.mkdir(mode=0o700, exist_ok=True)
                _sync_folder(path.parent)
        if not self._is_swept:
            self._is_swept = True
            _sweep(self._folder / STAGING)


def _is_folder(path: Path) -> bool:
    """Say whether the folder is there. What is there and cannot be used raises: it must not pass for "no state"."""
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return True
    except FileNotFoundError:
        if any(p.is_symlink() and not p.exists() for p in (path, *path.parents)):
            raise  # a drive that is not mounted, most likely
        return False
    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def _sync_file(path: Path) -> None:
    path.chmod(0o600)
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if os.name == "nt":
        return  # Windows opens no folders; NTFS keeps its own journal of names
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(staging: Path) -> None:
    for path in staging.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STAGED_SECONDS:
                path.unlink()
