"""What people have been told of drift, so that a new runner each time does not tell it again.

::

    alerts/00000012.json      numbered versions, each written create-only; only the newest few are kept

It is changed by ``change``: what two runners do at the same time is done one after the other, each on top of the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from reconcile.core.alert import AlertKind, Claim, Memory, Told
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError, StateMoved
from reconcile.state.backend import Backend, KeyMissing, KeyTaken
from reconcile.state.versioned import Document, Family, encode

FOLDER = "alerts"

# So many versions stay: whoever began on an old one must find that it is not the newest any more.
KEPT = 20
# Ten runners that all have something to say at the same moment still get it written.
_ATTEMPTS = 25

_VERSION = re.compile(rf"{FOLDER}/(\d{{8,}})\.json")
_HINT = "move it away: what is going on is then told once more"


@dataclass(frozen=True, slots=True)
class Remembered:
    """One version of what was told; before the first one ``serial`` is 0 and ``memory`` is empty."""

    serial: int = 0
    memory: Memory = field(default_factory=dict)


class AlertLog:
    """What was told in one environment. ``clean`` takes secrets out of every text that is kept."""

    def __init__(self, backend: Backend, clean: Callable[[str], str] = str) -> None:
        self._backend, self._clean = backend, clean

    def latest(self) -> Remembered:
        """Return the newest version. Lists one folder, and reads one key when there is any.

        Raises ``StateError``, ``StateDamaged`` or ``StateTooNew`` when it cannot be used.
        """
        for _ in range(_ATTEMPTS):
            serials = self._serials()
            if not serials:
                return Remembered()
            with suppress(KeyMissing):  # removed since, so there are newer ones
                return self._read(serials[-1])
        raise StateError(_busy(self._backend.place(FOLDER)))

    def change(self, base: Remembered, change: Callable[[Memory], Memory | None]) -> Remembered:
        """Write what ``change`` makes of the newest version, and return that.

        ``base`` is tried first; when somebody else wrote meanwhile, ``change`` is asked again with theirs. It returns
        None for nothing to write. Raises ``StateError``, and what ``latest`` raises.
        """
        for _ in range(_ATTEMPTS):
            memory = change(base.memory)
            if memory is None or memory == base.memory:
                return base
            try:
                return self._write(base.serial, memory)
            except StateMoved:
                base = self.latest()
        raise StateError(_busy(self._backend.place(FOLDER)))

    def _write(self, base: int, memory: Memory) -> Remembered:
        serials = self._serials()
        if max(serials, default=0) != base:
            raise StateMoved(_busy(self._backend.place(FOLDER)))
        key, data = _key(base + 1), to_bytes(memory, self._clean)
        try:
            self._backend.create(key, data)
        except KeyTaken:
            raise StateMoved(_busy(self._backend.place(FOLDER))) from None
        # What cannot be removed now is removed by the next one.
        with suppress(StateError):
            for serial in serials[: -KEPT + 1]:
                self._backend.delete(_key(serial))
        return Remembered(base + 1, memory)

    def _serials(self) -> list[int]:
        return sorted(int(found[1]) for key in self._backend.list(FOLDER) if (found := _VERSION.fullmatch(key)))

    def _read(self, serial: int) -> Remembered:
        key = _key(serial)
        return Remembered(serial, from_bytes(self._backend.read(key), self._backend.place(key)))


def to_bytes(memory: Memory, clean: Callable[[str], str] = str) -> bytes:
    """Return the file that holds ``memory``, without secrets."""
    sinks = {name: {clean(s): _item(told) for s, told in known.items()} for name, known in memory.items()}
    return encode({"format": _ALERTS.format, "sinks": sinks})


def from_bytes(data: bytes, place: str) -> Memory:
    """Return the memory in a file's bytes. Raises ``StateDamaged``, ``StateTooNew``."""
    document = _ALERTS.parse(data, place, _HINT)
    try:
        return {
            name: {subject: _told(item) for subject, item in known.items()} for name, known in document.sinks.items()
        }
    except ValueError as error:
        raise _ALERTS.damaged(place, str(error), _HINT) from None


class _ClaimDocument(Document):
    by: str
    until: str


class _ToldDocument(Document):
    kind: str
    fingerprint: str
    sent_at: str
    muted: bool = False
    claim: _ClaimDocument | None = None


class _Document(Document):
    format: Literal["reconcile.alerts/1"]
    sinks: Mapping[str, Mapping[str, _ToldDocument]]


_ALERTS: Family[_Document] = Family("alerts", 1, _Document)


def _item(told: Told) -> dict[str, object]:
    claim = {"claim": {"by": told.claim.by, "until": told.claim.until}} if told.claim else {}
    muted = {"muted": True} if told.muted else {}
    return {"kind": told.kind.value, "fingerprint": told.fingerprint, "sent_at": told.sent_at, **muted, **claim}


def _told(item: _ToldDocument) -> Told:
    claim = Claim(item.claim.by, item.claim.until) if item.claim else None
    return Told(AlertKind(item.kind), item.fingerprint, item.sent_at, item.muted, claim)


def _key(serial: int) -> str:
    return f"{FOLDER}/{serial:08d}.json"


def _busy(place: str) -> Diagnostic:
    return Diagnostic(
        "alerts-moved",
        "Others keep writing what was told",
        f"{place} changed each time that it was to be written.",
        "run it again",
    )
