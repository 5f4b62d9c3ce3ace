"""What applies that were cut off left behind, and what it means for what is recorded.

Reading never writes, and a journal that cannot be read never keeps the state from being read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import StateDamaged
from reconcile.core.snapshot import Recorded, in_doubt
from reconcile.state.backend import Backend, KeyMissing
from reconcile.state.format import Applied, AppliedChange, Origin
from reconcile.state.intent import (
    FOLDER,
    Begin,
    Intent,
    Outcome,
    begin_from_bytes,
    settled_from_bytes,
)
from reconcile.state.journal import remove
from reconcile.state.lock import LockInfo
from reconcile.state.process import is_gone
from reconcile.state.store import Store

T = TypeVar("T")

_FOLDER = re.compile(rf"({FOLDER}/\d+-[^/]+)/.+")

# How history calls the outcome of an apply that did not come to its end.
CUT_OFF = "cut off"

# How many objects a message names before it says "and so many more".
NAMED = 5


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One apply whose journal is still there; ``id`` is the apply's.

    ``begin`` is None when its first object is gone (what is left means nothing). When that is damaged, ``begin`` holds
    no more than the one-shots that were sent, or is None; ``troubles`` says so. ``is_recorded``: the state accounts for
    it already. ``is_running``: it holds the lock at this moment.
    """

    id: str
    keys: tuple[str, ...]
    begin: Begin | None = None
    sent: frozenset[Address] = frozenset()
    settled: Mapping[Address, Outcome] = field(default_factory=dict)
    troubles: tuple[Diagnostic, ...] = ()
    is_recorded: bool = False
    is_running: bool = False

    @property
    def in_doubt(self) -> tuple[Intent, ...]:
        """The changes of which nobody knows whether they happened, in the order of the plan."""
        return tuple(i for i in self.begin.intents if self.ended(i) is Outcome.UNKNOWN) if self.begin else ()

    def ended(self, intent: Intent) -> Outcome:
        """Return how a change of this apply ended, as far as its journal tells."""
        outcome = self.settled.get(intent.address)
        if outcome is not None:
            return outcome
        # A one-shot is noted before it is sent; a change without a call changes nothing by being cut off.
        may_be_sent = intent.address in self.sent if intent.one_shot else bool(intent.requests)
        return Outcome.UNKNOWN if may_be_sent else Outcome.FAILED


def unfinished(backend: Backend, holder: LockInfo | None = None) -> list[Unfinished]:
    """Return what earlier processes left, oldest first; empty when every apply came to its end.

    ``holder`` is for those who do not hold the lock: whoever does (``lock.read_holder``), as its apply is running and
    not cut off. What is damaged is among the ``troubles``. Raises ``StateTooNew`` for the journal of a newer program
    (it alone can say what was in flight), ``StateError`` when the place cannot be used.
    """
    keys = defaultdict(list)
    for key in backend.list(FOLDER):
        if found := _FOLDER.fullmatch(key):
            keys[found[1]].append(key)
    left = [_read(backend, folder, tuple(keys[folder])) for folder in sorted(keys)]
    oldest = min((item.begin.serial for item in left if item.begin), default=None)
    if oldest is None:
        return left
    recorded = Store(backend).accounted_for(oldest)
    running = holder.owner.id if holder and not is_gone(holder.process) else None
    return [replace(i, is_recorded=i.id in recorded, is_running=i.id == running) for i in left]


def overlay(
    recorded: Mapping[Address, Recorded], left: Iterable[Unfinished]
) -> tuple[dict[Address, Recorded], tuple[Diagnostic, ...]]:
    """Return what is recorded in the light of ``left`` (oldest first), and what there is to say about it.

    What an apply finished counts as recorded; what it may have done is recorded as not certain; what it certainly did
    not do leaves things as they were. Applies that the state accounts for change nothing.
    """
    result, notes = dict(recorded), list[Diagnostic]()
    for item in left:
        if item.is_recorded:
            continue
        notes += item.troubles
        if item.begin is None:
            continue
        for intent in item.begin.intents:
            _lay(result, intent, item.ended(intent), item.begin.origin)
        notes.append(_note(item, item.begin))
    return result, tuple(notes)


def applied_of(item: Unfinished) -> Applied | None:
    """Return an apply that was cut off as history tells it, as far as its journal does; None when that tells nothing.

    A change that certainly was not begun is ``skipped``.
    """
    begin = item.begin
    if begin is None:
        return None
    changes = tuple(_told(item, intent) for intent in begin.intents)
    return Applied(begin.origin, CUT_OFF, changes, begin.plan, begin.undoes, begin.override)


def discard(backend: Backend, left: Sequence[Unfinished]) -> None:
    """Remove the journals in ``left``, which the state accounts for now. For the holder of the lock only."""
    for item in left:
        if not item.is_running:
            remove(backend, item.keys)


def _told(item: Unfinished, intent: Intent) -> AppliedChange:
    outcome = item.ended(intent)
    may_be_done = outcome is not Outcome.FAILED
    return AppliedChange(
        intent.address,
        intent.action,
        outcome.value if may_be_done or intent.address in item.settled else "skipped",
        intent.before,
        intent.after,
        requests=tuple((request.method, request.path) for request in intent.requests) if may_be_done else (),
        hidden=intent.hidden,
    )


def _read(backend: Backend, folder: str, keys: tuple[str, ...]) -> Unfinished:
    name = folder.partition("-")[2]
    if f"{folder}/begin.json" not in keys:
        return Unfinished(name, keys)
    troubles: list[Diagnostic] = []
    begin = _part(backend, f"{folder}/begin.json", begin_from_bytes, troubles)
    if begin is None and not troubles:
        return Unfinished(name, keys)
    sent = [_part(backend, key, begin_from_bytes, troubles) for key in keys if key.endswith("-sent.json")]
    settled = [_part(backend, key, settled_from_bytes, troubles) for key in keys if key.endswith("-settled.json")]
    known = [part for part in sent if part]
    one_shots = tuple(intent for part in known for intent in part.intents)
    if begin is None and known:
        begin = replace(known[0], intents=one_shots)
    return Unfinished(
        name,
        keys,
        begin,
        frozenset(intent.address for intent in one_shots),
        {address: outcome for part in settled if part for address, outcome in part.items()},
        tuple(troubles),
    )


def _part(backend: Backend, key: str, parse: Callable[[bytes, str], T], troubles: list[Diagnostic]) -> T | None:
    """Return one object of a journal; None when it is gone or damaged (which goes to ``troubles``)."""
    try:
        return parse(backend.read(key), backend.place(key))
    except KeyMissing:
        return None  # a running apply has just come to its end and is tidying up
    except StateDamaged as error:
        troubles += [replace(d, severity=Severity.WARNING) for d in error.diagnostics]
        return None


def _lay(result: dict[Address, Recorded], intent: Intent, outcome: Outcome, origin: Origin) -> None:
    """Bring one object to what an intent and its outcome make of it."""
    before = result.get(intent.address)
    match outcome:
        case Outcome.FAILED:
            pass
        case Outcome.DONE:
            result.pop(intent.address, None)
            if intent.to_record:
                result[intent.address] = intent.to_record
        case Outcome.UNKNOWN:
            doubtful = intent.to_record or before or Recorded(intent.address, intent.before, origin.applied_at)
            result[intent.address] = in_doubt(doubtful, before)


def _note(item: Unfinished, begin: Begin) -> Diagnostic:
    origin, count, total = begin.origin, len(item.in_doubt), len(begin.intents)
    who = f"Apply {origin.id} ({origin.by} on {origin.host}, {origin.applied_at})"
    if item.is_running:
        settled = len(item.settled)
        detail = f"{who} is running: {settled} of its {total} changes are done with."
        return Diagnostic("in-flight", "An apply is running", detail, severity=Severity.WARNING)
    detail = f"{who} was cut off: {count} of {total} {'change was' if total == 1 else 'changes were'} in flight"
    names = [str(intent.address) for intent in item.in_doubt]
    more = f" and {count - NAMED} more" if count > NAMED else ""
    hint = "what is on the platform decides"
    if any(intent.one_shot for intent in item.in_doubt):
        hint += "; a one-shot that may have been done is not done again by itself"
    return Diagnostic(
        code="in-flight",
        summary="An earlier apply was cut off",
        detail=f"{detail}: {', '.join(names[:NAMED])}{more}." if names else f"{detail}.",
        hint=hint if names else "",
        severity=Severity.WARNING if names else Severity.NOTE,
    )
