"""The versions of what is recorded: read the newest, write the next one, look back.

Versions are numbered and written create-only, so of two runs that started from the same version exactly one records;
the other is told. That is what makes the state safe; the lock only saves wasted work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError, StateMoved
from reconcile.core.snapshot import Recorded
from reconcile.state.backend import Backend, KeyMissing, KeyTaken
from reconcile.state.format import STATE, Applied, State, from_bytes, to_bytes

FOLDER = "state"

# Anything else in the folder is no version: that is how a damaged one is put aside.
_VERSION = re.compile(rf"{FOLDER}/(\d{{8,}})\.json")

# A version that is listed and then not there was removed meanwhile (old versions may be); look again.
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Version:
    """One version as history tells it: what wrote it, or why it cannot be read.

    ``cut_off`` are applies that were cut off before it and that it accounts for. ``is_there`` is False for one that was
    removed.
    """

    serial: int
    written_at: str = ""
    apply: Applied | None = None
    trouble: tuple[Diagnostic, ...] = ()
    cut_off: tuple[Applied, ...] = ()
    is_there: bool = True


class Store:
    """The recorded objects of one environment. ``clean`` takes secrets out of every text that is kept."""

    def __init__(self, backend: Backend, clean: Callable[[str], str] = str) -> None:
        self._backend, self._clean = backend, clean

    def latest(self) -> State:
        """Return the newest version; the empty state (lineage "", serial 0) when there is none.

        Raises ``StateDamaged`` or ``StateTooNew`` when the newest cannot be read: an older one never stands in for it.
        """
        for _ in range(_LOOKS):
            serials = self._serials()
            if not serials:
                return State(environment=self._backend.environment)
            try:
                return self._read(serials[-1], serials)
            except KeyMissing:
                continue
        raise StateError(_vanishing(self._backend.place(_key(serials[-1]))))

    def write(
        self,
        base: State,
        recorded: Mapping[Address, Recorded],
        applied: Applied | None,
        *,
        at: str,
        took_in: Iterable[str] = (),
        cut_off: Iterable[Applied] = (),
        accounts: Mapping[str, Account] | None = None,
        guard: Callable[[], None] = lambda: None,
    ) -> State:
        """Write and return the version after ``base``: durable and complete when this returns.

        ``at`` is now, UTC, ISO 8601. ``took_in`` names the cut-off applies that ``recorded`` accounts for, so that
        what is left of their journals counts for nothing from then on; ``cut_off`` is what those told, for history.
        ``accounts`` adds to those of ``base``.
        ``guard`` is called right before the write, and may raise (``Lock.check``). Raises ``StateMoved`` when somebody
        else recorded since ``base``, ``StateError`` when it cannot be written; then nothing was.
        """
        state = State(
            environment=self._backend.environment,
            lineage=base.lineage or str(uuid4()),
            serial=base.serial + 1,
            written_at=at,
            recorded=dict(recorded),
            apply=applied and self._cleaned(applied),
            took_in=tuple(took_in),
            accounts={**base.accounts, **(accounts or {})},
            cut_off=tuple(self._cleaned(each) for each in cut_off),
        )
        data = to_bytes(state)
        # The number alone would not do: versions in between may have been removed since, and leave room.
        newest = max(self._serials(), default=0)
        if newest != base.serial:
            raise StateMoved(_moved(base.serial, newest))
        guard()
        try:
            self._backend.create(_key(state.serial), data)
        except KeyTaken:
            if not self._is_there(state.serial, data):
                raise StateMoved(_moved(base.serial, state.serial)) from None
        return state

    def fence(self, *, at: str) -> State:
        """Write the newest version once more, under the next number, and return it. ``at`` is now, UTC, ISO 8601.

        From then on nobody who has read an older one can record. Raises what ``latest`` and ``write`` raise.
        """
        for _ in range(_LOOKS):
            base = self.latest()
            try:
                return self.write(base, base.recorded, None, at=at)
            except StateMoved as error:
                moved = error  # whoever recorded meanwhile has done so; those who come after must not
        raise moved

    def version(self, serial: int) -> State | None:
        """Return one version; None when it is not there, or not any more, or cannot be read."""
        try:
            return self._read(serial, [])
        except (KeyMissing, StateError):
            return None

    def history(self) -> Iterator[Version]:
        """Yield the versions, newest first. One that cannot be read is yielded with its ``trouble``."""
        serials = self._serials()
        found = (self.told(serial, serials) for serial in reversed(serials))
        yield from (version for version in found if version.is_there)

    def serials(self) -> list[int]:
        """Return the numbers of the versions that are there, in order, without reading any."""
        return self._serials()

    def told(self, serial: int, serials: list[int]) -> Version:
        """Return what one version of those that are there (``serials``) tells, or why it cannot be read."""
        try:
            state = self._read(serial, serials)
        except KeyMissing:
            return Version(serial, is_there=False)
        except StateError as error:
            return Version(serial, trouble=error.diagnostics)
        return Version(serial, state.written_at, state.apply, cut_off=state.cut_off)

    def accounted_for(self, since: int) -> frozenset[str]:
        """Return the ids of the applies that the versions after ``since`` hold or took in.

        A version that cannot be read adds nothing.
        """
        found: set[str] = set()
        serials = self._serials()
        for serial in (s for s in serials if s > since):
            try:
                state = self._read(serial, serials)
            except (KeyMissing, StateError):
                continue
            found |= {*state.took_in, *((state.apply.origin.id,) if state.apply else ())}
        return frozenset(found)

    def _serials(self) -> list[int]:
        return sorted(int(found[1]) for key in self._backend.list(FOLDER) if (found := _VERSION.fullmatch(key)))

    def _read(self, serial: int, serials: list[int]) -> State:
        place = self._backend.place(_key(serial))
        hint = self._way_back(serial, serials)
        state = from_bytes(self._backend.read(_key(serial)), place, hint)
        for what, found, wanted in (
            ("serial", state.serial, serial),
            ("environment", state.environment, self._backend.environment),
        ):
            if found != wanted:
                raise STATE.damaged(place, f"it holds {what} {found} under the name of {wanted}", hint)
        if not state.lineage:
            raise STATE.damaged(place, "it has no lineage", hint)
        return state

    def _way_back(self, serial: int, serials: list[int]) -> str:
        aside = f"move the damaged file away (for example to {_key(serial)}.damaged)"
        older = [s for s in serials if s < serial]
        if not older:
            return (
                f"{aside}; there is no version before it: the next apply records anew what is already as the files say"
            )
        return (
            f"to go back to the version before it, {_key(older[-1])}, {aside}; the next plan shows what that one misses"
        )

    def _cleaned(self, applied: Applied) -> Applied:
        changes = tuple(replace(c, error=c.error and self._clean(c.error)) for c in applied.changes)
        origin = replace(applied.origin, command=self._clean(applied.origin.command))
        return replace(applied, origin=origin, changes=changes)

    def _is_there(self, serial: int, data: bytes) -> bool:
        """Say whether the version is ours after all: an answer was lost, and the request repeated by the transport."""
        try:
            return self._backend.read(_key(serial)) == data
        except KeyMissing:
            return False


def version_key(serial: int) -> str:
    """Return the key of one version."""
    return _key(serial)


def _key(serial: int) -> str:
    return f"{FOLDER}/{serial:08d}.json"


def _moved(base: int, found: int) -> Diagnostic:
    return Diagnostic(
        code="state-moved",
        summary="Somebody else recorded meanwhile",
        detail=f"We started from version {base} of the state; now there is version {found}.",
        hint="plan again: the new plan starts from what they recorded",
    )


def _vanishing(place: str) -> Diagnostic:
    return Diagnostic(
        code="state-unavailable",
        summary="The state cannot be used",
        detail=f"{place} is listed, but cannot be found.",
        hint="run it again; if that does not help, check the place",
    )
