"""Set an object that no platform can show, by hand, and keep the record of it right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import PlatformError, Refused
from reconcile.core.kind import Action
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded, Values, in_doubt
from reconcile.engine.link import open_writers
from reconcile.engine.place import Place
from reconcile.state.format import Applied, AppliedChange, State
from reconcile.state.intent import Intent
from reconcile.state.journal import Journal
from reconcile.state.lock import acquire
from reconcile.state.unfinished import unfinished


@dataclass(frozen=True, slots=True)
class Switched:
    """What was done. ``before`` is what was recorded, None when the object is not ours; ``serial``: the new version."""

    before: Values | None
    serial: int | None


def switch_flags(place: Place, address: Address, values: Values) -> Switched:
    """Send the values of an object, as apply would; if it is recorded, record them.

    An object that is not recorded stays so: it was never ours. Cut off anywhere, the next plan knows what is in doubt.
    Raises ``LockHeld`` while somebody applies, ``Refused`` while an apply that was cut off has to be accounted for,
    ``PlatformError`` when it was not done, or nobody can say.
    """
    requests = place.kinds[address.connection, address.kind].requests(Action.ASSERT, address, None, values)
    with acquire(place.backend, place.owner, lambda: datetime.now(UTC)) as lock:
        if any(not item.is_recorded for item in unfinished(place.backend)):
            raise Refused(_apply_first())
        state = place.store.latest()
        lock.check()  # after reading: see `state.lock`
        before = state.recorded.get(address)
        if before is None:
            _send(place, address, requests)
            return Switched(None, None)
        return _recorded(place, state, before, values, requests)


def _recorded(place: Place, state: State, before: Recorded, values: Values, requests: tuple[Request, ...]) -> Switched:
    """Send and record, with the same words in the journal as apply has."""
    address, origin = before.address, place.origin
    now = Recorded(
        address, values, origin.applied_at, before.id, before.protect, before.file, held_since=before.held_since
    )
    intent = Intent(address, Action.ASSERT, before.values, values, requests, now, before.id)
    with Journal.begin(place.backend, origin, [intent], state, clean=place.outside.redactor.clean) as journal:
        try:
            _send(place, address, requests)
        except PlatformError as error:
            if error.may_have_happened:
                _write(place, state, in_doubt(now, before), intent, error)
            journal.close()
            raise
        serial = _write(place, state, now, intent, None)
        journal.close()
    return Switched(before.values, serial)


def _write(place: Place, state: State, record: Recorded, intent: Intent, error: PlatformError | None) -> int:
    outcome = "unknown" if error else "done"
    sent = tuple((request.method, request.path) for request in intent.requests)
    text = f"{error.diagnostics[0].summary}: {error.diagnostics[0].detail}" if error else None
    change = AppliedChange(intent.address, intent.action, outcome, intent.before, intent.after, text, sent)
    recorded: Mapping[Address, Recorded] = {**state.recorded, intent.address: record}
    applied = Applied(place.origin, "failed" if error else "done", (change,))
    return place.store.write(state, recorded, applied, at=place.origin.applied_at).serial


def _send(place: Place, address: Address, requests: tuple[Request, ...]) -> None:
    links = {address.connection: place.links[address.connection]}
    with open_writers(links, place.outside) as writers:
        for request in requests:
            writers[address.connection].send(request)


def _apply_first() -> Diagnostic:
    return Diagnostic(
        code="in-flight",
        summary="An earlier apply was cut off",
        detail="What it did is not in the record yet, and would come back into it.",
        hint="run `reconcile apply` first: it accounts for it",
    )
