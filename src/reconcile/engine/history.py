"""Reads what was applied: from what is under way back, as far as somebody wants to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reconcile.core.address import Address, Selection
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.diff import field_changes
from reconcile.core.errors import ConfigError
from reconcile.core.history import History, Silent, Told, ToldChange
from reconcile.core.judge import touched
from reconcile.core.kind import Action, Connected
from reconcile.core.snapshot import Recorded
from reconcile.engine.link import side_by_side
from reconcile.engine.place import Place
from reconcile.state.format import Applied, AppliedChange, State
from reconcile.state.lock import read_holder
from reconcile.state.store import Version
from reconcile.state.unfinished import applied_of, unfinished

# Outcomes of changes that were made, or may have been.
MADE = frozenset({"done", "unknown"})

LATEST = "latest"
RUNNING = "running"

# So many versions are read side by side: enough to hide that a store is far away, few enough to be read for nothing.
BATCH = 8

# An id is recognised by its beginning from this many characters on.
SHORTEST_ID = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One apply of the past. ``serial`` is the version that holds it, None while it is in a journal only.

    ``undone_by`` is the newest apply that took it back and was not taken back itself, ``undone`` the objects that are
    back, by it and others.
    """

    applied: Applied
    serial: int | None
    undone_by: str | None = None
    undone: frozenset[Address] = frozenset()

    @property
    def id(self) -> str:
        """The apply's id."""
        return self.applied.origin.id


@dataclass(slots=True)
class _Walk:
    """What has been met so far on the way back, version by version."""

    undoers: dict[str, str] = field(default_factory=dict)
    undone: dict[str, frozenset[Address]] = field(default_factory=dict)
    seen: set[Address] = field(default_factory=set)
    silent: list[Silent] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    left: int = 0

    def entry(self, applied: Applied, serial: int | None) -> Entry:
        self.seen |= {change.address for change in applied.changes}
        own, undoes = applied.origin.id, applied.undoes
        back = frozenset(change.address for change in applied.changes if change.outcome == "done")
        again = self.undone.get(own, frozenset())
        if undoes and (back - again or (not applied.changes and own not in self.undoers)):
            self.undoers.setdefault(undoes, own)
            self.undone[undoes] = self.undone.get(undoes, frozenset()) | (back - again)
        return Entry(applied, serial, self.undoers.get(own), again)


def read_history(place: Place, selection: Selection, limit: int | None) -> tuple[History, frozenset[Address]]:
    """Return at most ``limit`` applies that touched what is selected, newest first, and every object that was met.

    Raises ``StateError`` when the place cannot be used; a version that cannot be read is among the notes.
    """
    walk = _Walk()
    told: list[Told] = []
    for entry in _entries(place, walk):
        found = _told(place, entry, selection)
        if found.changes or selection.is_everything:
            told.append(found)
        if limit is not None and len(told) >= limit:
            break
    silent = tuple(walk.silent) if selection.is_everything else ()
    return History(tuple(told), silent, walk.left, tuple(walk.notes)), frozenset(walk.seen)


def find_entry(place: Place, name: str) -> Entry:
    """Return the apply of this id, or of this beginning of one; the newest that is recorded for ``latest``.

    Raises ``ConfigError`` when there is none, or several.
    """
    near: list[Entry] = []
    walk = _Walk()
    for entry in _entries(place, walk):
        if entry.id == name or (name == LATEST and entry.serial is not None):
            return entry
        if len(name) >= SHORTEST_ID and entry.id.startswith(name):
            near.append(entry)
    if len(near) == 1:
        return near[0]
    raise ConfigError(_ambiguous(name, near) if near else _unknown(name, walk))


def tell(place: Place, entry: Entry) -> Told:
    """Return all there is to tell of one apply."""
    told = _told(place, entry, Selection())
    if entry.serial is None:
        return told
    became, was = place.store.version(entry.serial), version_before(place, entry.serial)
    if became is None or was is None or became.apply is None or became.apply.origin.id != entry.id:
        return told
    alone = record_only(was, became)
    return replace(
        told,
        recorded=tuple(sorted(a for a in alone if a in became.recorded)),
        released=tuple(sorted(a for a in alone if a not in became.recorded)),
    )


def version_before(place: Place, serial: int) -> State | None:
    """Return the version before one: an empty one before the first; None when it was removed or cannot be read."""
    return State(environment=place.environment) if serial == 1 else place.store.version(serial - 1)


def is_made(change: AppliedChange) -> bool:
    """Say whether a change was made or may have been, if only in part."""
    return change.outcome in MADE or bool(change.requests)


def record_only(was: State, became: State) -> set[Address]:
    """Return the objects of which an apply changed nothing but what is recorded."""
    applies = (*became.cut_off, *((became.apply,) if became.apply else ()))
    changed = {change.address for applied in applies for change in applied.changes}
    every = {*was.recorded, *became.recorded} - changed
    return {a for a in every if _said(was.recorded.get(a)) != _said(became.recorded.get(a))}


def _said(recorded: Recorded | None) -> Recorded | None:
    """Return a record without what says nothing of the object: when it was noted down, and from which file."""
    return recorded and replace(recorded, applied_at="", file="", id=None)


def _entries(place: Place, walk: _Walk) -> Iterator[Entry]:
    """Yield every apply, newest first: what is under way or was cut off, then version by version."""
    holder = read_holder(place.backend, datetime.now(UTC))
    for item in reversed(unfinished(place.backend, holder)):
        applied = applied_of(item)
        walk.notes += item.troubles
        if applied and not item.is_recorded:
            yield walk.entry(replace(applied, outcome=RUNNING) if item.is_running else applied, None)
    for version in _versions(place, walk):
        if version.trouble:
            walk.notes += [replace(d, severity=Severity.WARNING) for d in version.trouble]
        elif version.apply:
            yield walk.entry(version.apply, version.serial)
        elif version.is_there:
            walk.silent.append(Silent(version.serial, version.written_at))
        for applied in reversed(version.cut_off):
            yield walk.entry(applied, version.serial)


def _versions(place: Place, walk: _Walk) -> Iterator[Version]:
    store = place.store
    serials = store.serials()
    newest_first = serials[::-1]
    for start in range(0, len(serials), BATCH):
        batch = newest_first[start : start + BATCH]
        found = side_by_side(lambda serial: store.told(serial, serials), batch, BATCH)
        for number, version in enumerate(found, start + 1):
            walk.left = len(serials) - number
            yield version


def _told(place: Place, entry: Entry, selection: Selection) -> Told:
    applied, origin = entry.applied, entry.applied.origin
    return Told(
        id=origin.id,
        applied_at=origin.applied_at,
        by=origin.by,
        host=origin.host,
        command=origin.command,
        environment=place.environment,
        outcome=applied.outcome,
        serial=entry.serial,
        commit=origin.commit,
        job=origin.job,
        changes=tuple(_change(place.kinds, change) for change in applied.changes if selection.holds(change.address)),
        total=len(applied.changes),
        plan=applied.plan,
        undoes=applied.undoes,
        undone_by=entry.undone_by,
        undone_in_part=entry.undone_by is not None
        and not {change.address for change in applied.changes if change.requests} <= entry.undone,
        override=applied.override,
    )


def _change(kinds: Mapping[tuple[str, str], Connected], change: AppliedChange) -> ToldChange:
    connected = kinds.get((change.address.connection, change.address.kind))
    before, after = change.before, change.after
    if change.action is Action.FORGET:
        names: tuple[str, ...] = ()
    elif connected is None:
        # Without its kind nobody knows which fields go together; what was sent is what there is to see.
        names = tuple(after or before)
    else:
        names = touched(connected.kind, before, after)
    return ToldChange(
        change.address,
        change.action,
        change.outcome,
        before,
        after,
        field_changes(before, after, names),
        change.requests,
        change.error,
        change.hidden,
    )


def _unknown(name: str, walk: _Walk) -> Diagnostic:
    nothing = not walk.seen and not walk.notes
    hint = "nothing was applied here yet" if nothing else "`reconcile history` lists what was applied"
    return Diagnostic("unknown-apply", "Unknown apply", f'There is no apply "{name}" in this environment.', hint)


def _ambiguous(name: str, near: list[Entry]) -> Diagnostic:
    ids = ", ".join(entry.id for entry in near[:5])
    return Diagnostic("ambiguous-apply", "Several applies", f'"{name}" may be {ids}.', "say more of the id")
