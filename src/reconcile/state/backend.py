"""A small key -> bytes store: the calls that every place for a state can do, and nothing more.

What the rest builds on is ``create``: of any number of writers of one key exactly one succeeds, the others get
``KeyTaken``, and a key that exists holds all of its bytes and will still hold them after a power cut.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import MemoryStore

from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.errors import StateError
from reconcile.state.trouble import trouble

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# Keys and environments become file names on every platform, so they are ours to choose and never free text.
_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_ENVIRONMENT = re.compile(_WORD)
_KEY = re.compile(rf"{_WORD}(/{_WORD})*")


class KeyTaken(Exception):
    """The key was there already; nothing was written."""


class KeyMissing(Exception):
    """There is no such key."""


class Backend(Protocol):
    """The keys of one environment in one place.

    Every method raises ``StateError`` (place, reason, way out) when the place cannot be used; a write that raised has
    written all or nothing. May be called from several threads.
    """

    @property
    def environment(self) -> str:
        """The environment whose keys these are."""

    def place(self, key: str) -> str:
        """Return where ``key`` is, as a person would look for it."""

    def create(self, key: str, data: bytes) -> None:
        """Write a new key, durably. Raises ``KeyTaken`` when it is there already, whoever wrote it."""

    def put(self, key: str, data: bytes) -> None:
        """Write a key over whatever is there, durably; a reader sees the old bytes or the new ones, never a mix."""

    def read(self, key: str) -> bytes:
        """Return the bytes of a key. Raises ``KeyMissing``."""

    def list(self, folder: str) -> list[str]:
        """Return the full keys below ``folder``, sorted; empty when there is none."""

    def delete(self, key: str) -> None:
        """Remove a key; one that is not there is no error."""


@runtime_checkable
class Dated(Protocol):
    """What a place can also do when it has a clock of its own. ``isinstance(backend, Dated)`` tells."""

    def written_at(self, key: str) -> datetime | None:
        """Return when ``key`` was last written, UTC, by the place's own clock; None when the place does not say.

        Often to the second only. Raises ``KeyMissing``.
        """


def open_backend(location: str, root: Path, environment: str, environ: Mapping[str, str] = os.environ) -> Backend:
    """Return the keys of ``environment`` at ``location``; nothing is read, created or connected to yet.

    ``location`` is a folder (relative to the workspace ``root``), a URL with one of ``SCHEMES``, or ``memory://`` for
    a fresh place that is forgotten with the process. ``environ`` is the environment of this process, where credentials
    are looked for (the clouds' own libraries look nowhere else). Raises ``StateError`` for a location that cannot be
    used and for an environment name that is no plain word.
    """
    if not _ENVIRONMENT.fullmatch(environment) or environment.endswith("."):
        raise StateError(_bad_environment(environment))
    scheme, has_scheme, _ = location.partition("://")
    if has_scheme and scheme in SCHEMES:
        return SCHEMES[scheme](location, environment, environ)
    if has_scheme or not location.strip():
        raise StateError(_bad_location(scheme if has_scheme else ""))
    return _folder(location, root, environment)


# Only what is used is loaded: every place brings its own libraries, and some are not installed.


def _folder(location: str, root: Path, environment: str) -> Backend:
    from reconcile.state.folder import FolderBackend

    return FolderBackend(root / Path(location).expanduser() / environment, environment)


def _memory(location: str, environment: str, environ: Mapping[str, str]) -> Backend:
    return ObjectBackend(MemoryStore(), environment, location)


def _cloud(location: str, environment: str, environ: Mapping[str, str]) -> Backend:
    from reconcile.state.cloud import open_cloud

    return open_cloud(location, environment, environ)


def _postgres(location: str, environment: str, environ: Mapping[str, str]) -> Backend:
    from reconcile.state.postgres import open_postgres

    return open_postgres(location, environment, environ)


SCHEMES: Mapping[str, Callable[[str, str, Mapping[str, str]], Backend]] = {
    "s3": _cloud,
    "gs": _cloud,
    "az": _cloud,
    "postgresql": _postgres,
    "postgres": _postgres,
    "memory": _memory,
}


class ObjectBackend:
    """Keys in a store of this machine, through obstore. Create-only is the store's own."""

    def __init__(self, store: ObjectStore, environment: str, location: str) -> None:
        self._store, self._location = store, location
        self.environment = environment

    def place(self, key: str) -> str:
        """Return ``<location>/<environment>/<key>``."""
        return f"{self._location.removesuffix('/')}/{self.environment}/{key}"

    def create(self, key: str, data: bytes) -> None:
        """Write a new key; see ``Backend``."""
        try:
            obstore.put(self._store, checked(key), data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            raise KeyTaken(key) from None
        except BaseError as error:
            raise trouble("write", self.place(key), error) from None

    def put(self, key: str, data: bytes) -> None:
        """Write a key over whatever is there; see ``Backend``."""
        try:
            obstore.put(self._store, checked(key), data, use_multipart=False)
        except BaseError as error:
            raise trouble("write", self.place(key), error) from None

    def read(self, key: str) -> bytes:
        """Return the bytes of a key; see ``Backend``."""
        try:
            return bytes(obstore.get(self._store, checked(key)).bytes())
        except FileNotFoundError:
            raise KeyMissing(key) from None
        except (BaseError, OSError) as error:
            raise trouble("read", self.place(key), error) from None

    def list(self, folder: str) -> list[str]:
        """Return the full keys below ``folder``, sorted; see ``Backend``."""
        try:
            return sorted(entry["path"] for chunk in obstore.list(self._store, checked(folder)) for entry in chunk)
        except (BaseError, OSError) as error:
            raise trouble("read", self.place(folder), error) from None

    def delete(self, key: str) -> None:
        """Remove a key; see ``Backend``."""
        try:
            obstore.delete(self._store, checked(key))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise trouble("delete", self.place(key), error) from None

    def written_at(self, key: str) -> datetime | None:
        """Return when a key was last written; see ``Dated``."""
        try:
            return obstore.head(self._store, checked(key))["last_modified"]
        except FileNotFoundError:
            raise KeyMissing(key) from None
        except (BaseError, OSError) as error:
            raise trouble("read", self.place(key), error) from None


def checked(key: str) -> str:
    """Return ``key``. Raises ``ValueError`` for one that could leave its folder: keys are made by us, not by users."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key")
    return key


def _bad_environment(environment: str) -> Diagnostic:
    return Diagnostic(
        code="environment-name",
        summary="Not a name for an environment",
        detail=f"The state of an environment is kept under its name, and {environment!r} cannot be one.",
        hint="use letters, digits, `-`, `_` and `.`, beginning with a letter or a digit",
    )


def _bad_location(scheme: str) -> Diagnostic:
    # Never the location itself: whoever mistypes the scheme may have written a password behind it.
    known = ", ".join(f"{name}://" for name in SCHEMES if name not in ("memory", "postgres"))
    near = did_you_mean(scheme, SCHEMES)
    return Diagnostic(
        code="state-location",
        summary="Not a place for the state",
        detail=f"There is no {scheme}:// for `state:` in this version." if scheme else "`state:` names no folder.",
        hint=near or f"use a folder, for example `state: .reconcile` (the default), or one of {known}",
    )
