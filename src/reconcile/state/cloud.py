"""Keys in a bucket of a cloud: S3, Google Cloud Storage, Azure Blob Storage. Create-only is the store's own.

What a network adds is judged here: what is tried again and for how long, whether a write whose answer was lost
happened, and that nothing found is not the same as nothing answered.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError

from reconcile.core.errors import StateError
from reconcile.state.answer import PASSING, Answer, Case, answer_of
from reconcile.state.backend import Backend, KeyMissing, KeyTaken, checked
from reconcile.state.cloud_trouble import cloud_trouble, no_credentials, unsuitable
from reconcile.state.location import Location, checked_endpoint, parse_location

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from reconcile.state.connection import Connection

T = TypeVar("T")

# Written once in each place that is not the cloud's own server, to see that a second create is refused.
PROBE = "create-only"
_PROBE_TEXT = "A second attempt to create this object must fail; reconcile looks whether it does."

# Seconds to wait before each further try.
_QUICK = (0.2, 0.5, 1.0)
_SLOW = (0.5, 1.0, 2.0, 4.0, 8.0)
_WAITS = {Case.CONFLICT: _QUICK, Case.UNREACHABLE: _QUICK, Case.BROKEN: _SLOW, Case.BUSY: _SLOW}

# A server that does not even answer is not waited for: somebody is looking at a screen.
_LONGEST_UNREACHABLE = 5.0


def open_cloud(location: str, environment: str, environ: Mapping[str, str]) -> Backend:
    """Return the keys of ``environment`` at ``location`` (s3://, gs:// or az://).

    Credentials are looked for with the first call only. Raises ``StateError`` for a location that is wrong by itself.
    """
    place = parse_location(location)
    if endpoint := place.options.get("endpoint"):
        checked_endpoint(endpoint, "`endpoint`", place, environ)
    return CloudBackend(place, environment, environ)


class CloudBackend:
    """Keys below ``<prefix>/<environment>/`` of one bucket. ``sleep`` and ``clock`` are in seconds."""

    def __init__(
        self,
        location: Location,
        environment: str,
        environ: Mapping[str, str],
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._location, self._environ = location, environ
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._is_proven = self._is_store = False
        self.environment = environment

    def place(self, key: str) -> str:
        """Return ``<scheme>://<bucket>/<prefix>/<environment>/<key>``."""
        return f"{self._location}/{self.environment}/{key}"

    def create(self, key: str, data: bytes) -> None:
        """Write a new key; see ``Backend``."""
        checked(key)
        self._prove()
        self._create(key, data)

    def put(self, key: str, data: bytes) -> None:
        """Write a key over whatever is there; see ``Backend``."""
        checked(key)
        try:
            self._ask(lambda store: obstore.put(store, key, data, use_multipart=False))
        except _Failed as failed:
            raise self._trouble("write", key, failed.answer) from None

    def read(self, key: str) -> bytes:
        """Return the bytes of a key; see ``Backend``."""
        return self._get(key, lambda store: bytes(obstore.get(store, key).bytes()))

    def list(self, folder: str) -> list[str]:
        """Return the full keys below ``folder``, sorted, all pages of them; see ``Backend``."""
        checked(folder)
        try:
            found = self._ask(lambda store: [each["path"] for chunk in obstore.list(store, folder) for each in chunk])
        except _Failed as failed:
            raise self._trouble("read", folder, failed.answer) from None
        if not found and not self._is_store:
            self._look_whether_store()
        self._is_store = True
        # Consoles make an object for an empty folder; it has the folder's own name.
        return sorted(key for key in found if key.startswith(f"{folder}/"))

    def delete(self, key: str) -> None:
        """Remove a key; see ``Backend``.

        Asked again when the answer was lost: what is deleted is one apply's own, or a lock, whose loss is noticed.
        """
        checked(key)
        try:
            self._ask(lambda store: obstore.delete(store, key))
        except _Failed as failed:
            if failed.answer.case is not Case.KEY_MISSING:
                raise self._trouble("delete", key, failed.answer) from None

    def written_at(self, key: str) -> datetime | None:
        """Return when a key was last written, by the store's clock; see ``Dated``."""
        # Not HEAD: its answers have no body, and a bucket that is not there looks like a key that is not.
        return self._get(key, lambda store: obstore.get(store, key).meta["last_modified"])

    def _get(self, key: str, call: Callable[[ObjectStore], T]) -> T:
        checked(key)
        try:
            return self._ask(call)
        except _Failed as failed:
            if failed.answer.case is Case.KEY_MISSING:
                raise KeyMissing(key) from None
            raise self._trouble("read", key, failed.answer) from None

    def _create(self, key: str, data: bytes) -> None:
        try:
            self._ask(lambda store: obstore.put(store, key, data, mode="create", use_multipart=False))
        except _Failed as failed:
            taken, passing = failed.answer.case is Case.KEY_TAKEN, failed.answer.case in PASSING
            # A try whose answer was lost may have been the one that succeeded.
            if (passing or (taken and failed.tries > 1)) and self._holds(key, data):
                return
            if taken:
                raise KeyTaken(key) from None
            raise self._trouble("write", key, failed.answer) from None

    def _holds(self, key: str, data: bytes) -> bool:
        with contextlib.suppress(KeyMissing, StateError):
            return self.read(key) == data
        return False

    def _look_whether_store(self) -> None:
        """Raise ``StateError`` when what gave an empty list is no store: any page of a portal reads as one."""
        try:
            is_ours = self.read(PROBE).startswith(_PROBE_TEXT.encode())
        except KeyMissing:
            return  # only a store says that
        if not is_ours:
            raise self._trouble("read", PROBE, Answer(Case.OTHER, "what answers is no such store"))

    def _prove(self) -> None:
        """Raise ``StateError`` for a server that takes no notice of "only if it is not there"."""
        if self._is_proven or self._connected().is_proven:
            return
        for _ in range(2):
            try:
                # Unlike any other's: after a lost answer the text tells whose it is.
                self._create(PROBE, f"{_PROBE_TEXT} {uuid4()}\n".encode())
            except KeyTaken:
                self._is_proven = True
                return
        self.delete(PROBE)
        raise unsuitable(str(self._location), self._location.scheme, "a key was created twice")

    def _ask(self, call: Callable[[ObjectStore], T]) -> T:
        """Return what the store answers, asked again while that may help. Raises ``_Failed``."""
        store, started, tries = self._connected().store, self._clock(), 0
        while True:
            tries += 1
            try:
                return call(store)
            except (BaseError, OSError) as error:
                answer = answer_of(error)
            waits = _WAITS.get(answer.case, ())
            is_long = answer.case is Case.UNREACHABLE and self._clock() - started > _LONGEST_UNREACHABLE
            if tries > len(waits) or is_long:
                raise _Failed(answer, tries)
            self._sleep(waits[tries - 1])

    def _connected(self) -> Connection:
        with self._lock:
            if self._connection is None:
                self._connection = _connect(self._location, self.environment, self._environ)
            return self._connection

    def _trouble(self, doing: str, key: str, answer: Answer) -> StateError:
        return cloud_trouble(doing, self.place(key), self._location.scheme, answer)


class _Failed(Exception):
    """The store did not do it, after this many tries."""

    def __init__(self, answer: Answer, tries: int) -> None:
        self.answer, self.tries = answer, tries
        super().__init__(answer.reason)


def _connect(location: Location, environment: str, environ: Mapping[str, str]) -> Connection:
    # Only the one that is used is loaded.
    match location.scheme:
        case "s3":
            from reconcile.state.s3 import connect
        case "gs":
            from reconcile.state.gcs import connect
        case _:
            from reconcile.state.azure import connect
    prefix = f"{location.prefix}/{environment}" if location.prefix else environment
    try:
        return connect(location, prefix, environ)
    except BaseError as error:
        reason = answer_of(error).reason
        raise no_credentials(str(location), reason, "correct the credentials or settings in the environment") from None
