"""Which apply of ours it was that recorded an object: looked up in the history, as far as that costs little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.drift import AppliedBy
from reconcile.core.errors import StateError
from reconcile.engine.history import is_made
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis
from reconcile.state.format import Applied, State
from reconcile.state.unfinished import applied_of

# So many versions are read at most, and for so many seconds: who applied is good to know, and not worth a wait.
MOST_READ = 32
SECONDS = 5.0


class _TooMuch(Exception):
    """Enough was read."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What one version says of the objects that are asked about: when each was recorded; and what wrote it."""

    times: Mapping[Address, str]
    applies: tuple[Applied, ...]


def last_applies(place: Place, basis: Basis, recorded_at: Mapping[Address, str]) -> Mapping[Address, AppliedBy]:
    """Return the apply that recorded each object, for those of which that can be told; never raises.

    ``recorded_at`` says of each object when it was recorded, as ``basis`` has it (``Recorded.applied_at``).
    """
    search = _Search(place, basis, recorded_at)
    found: dict[Address, AppliedBy] = {}
    try:
        for address in recorded_at:
            applied = search.find(address)
            if applied:
                origin = applied.origin
                found[address] = AppliedBy(origin.id, origin.by, origin.applied_at, origin.commit)
    except (StateError, _TooMuch):
        pass
    return found


class _Search:
    """Versions are read once for all objects. A record stays as it is until the next apply of its object.

    So of all versions that have it with this time the first one is by whoever recorded it, and half of what is left
    need not be read after each look.
    """

    def __init__(self, place: Place, basis: Basis, recorded_at: Mapping[Address, str]) -> None:
        self._place = place
        self._recorded_at = recorded_at
        self._newest = basis.state.serial
        self._known: dict[int, _Version | None] = {self._newest: self._version(basis.state)}
        self._serials: list[int] = []
        self._until = place.clock() + SECONDS
        left = [applied for item in reversed(basis.left) if (applied := applied_of(item))]
        # What was cut off is in no version yet.
        self._fresh = _Version(recorded_at, tuple(left))

    def find(self, address: Address) -> Applied | None:
        """Return the apply that recorded an object; None when the history does not tell. Raises ``_TooMuch``."""
        for version in (self._fresh, self._known[self._newest]):
            applied = self._by_time(version, address) if version else None
            # Two applies may have begun in the same second: only one that names the object is it for certain.
            if applied and _names(applied, address):
                return applied
        if not self._has(self._newest, address):
            return None
        return self._by_search(address)

    def _by_search(self, address: Address) -> Applied | None:
        self._serials = self._serials or [n for n in self._place.store.serials() if n <= self._newest]
        low, high = 0, len(self._serials) - 1
        while low < high:
            middle = (low + high) // 2
            if self._has(self._serials[middle], address):
                high = middle
            else:
                low = middle + 1
        version = self._read(self._serials[low]) if self._serials else None
        if version is None:
            return None
        if named := next((each for each in version.applies if _names(each, address)), None):
            return named
        # The version before may have it as well, if it cannot be read.
        is_first = low == 0 or self._known.get(self._serials[low - 1]) is not None
        return self._by_time(version, address) if is_first else None

    def _by_time(self, version: _Version, address: Address) -> Applied | None:
        at = self._recorded_at[address]
        return next((each for each in version.applies if each.origin.applied_at == at), None)

    def _has(self, serial: int, address: Address) -> bool:
        version = self._read(serial)
        return version is not None and version.times.get(address) == self._recorded_at[address]

    def _read(self, serial: int) -> _Version | None:
        if serial not in self._known:
            if len(self._known) > MOST_READ or self._place.clock() > self._until:
                raise _TooMuch
            state = self._place.store.version(serial)
            self._known[serial] = self._version(state) if state else None
        return self._known[serial]

    def _version(self, state: State) -> _Version:
        times = {a: r.applied_at for a in self._recorded_at if (r := state.recorded.get(a))}
        return _Version(times, _newest_first(state))


def _names(applied: Applied, address: Address) -> bool:
    """Say whether an apply changed the object, or may have."""
    return any(change.address == address and is_made(change) for change in applied.changes)


def _newest_first(state: State) -> tuple[Applied, ...]:
    applies: Iterable[Applied] = (*state.cut_off, *((state.apply,) if state.apply else ()))
    return tuple(applies)[::-1]
