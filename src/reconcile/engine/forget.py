"""Take objects out of the record. The platform is not touched, and nothing is asked of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import Refused
from reconcile.core.kind import Action
from reconcile.core.snapshot import Recorded
from reconcile.engine.place import Place
from reconcile.state.format import Applied, AppliedChange
from reconcile.state.lock import acquire
from reconcile.state.unfinished import unfinished


def forget(place: Place, addresses: Collection[Address]) -> int:
    """Record everything but these objects, and return the version that says so.

    Raises ``LockHeld`` while somebody applies, ``Refused`` while an apply that was cut off still has to be accounted
    for: what it did would come back into the record. Nothing was changed then.
    """
    with acquire(place.backend, place.owner, lambda: datetime.now(UTC)) as lock:
        if any(not item.is_recorded for item in unfinished(place.backend)):
            raise Refused(_apply_first())
        state = place.store.latest()
        kept = {address: found for address, found in state.recorded.items() if address not in addresses}
        gone = [state.recorded[address] for address in sorted(addresses) if address in state.recorded]
        told = Applied(place.origin, "done", tuple(map(_forgotten, gone)))
        return place.store.write(state, kept, told, at=place.origin.applied_at, guard=lock.check).serial


def _forgotten(found: Recorded) -> AppliedChange:
    return AppliedChange(found.address, Action.FORGET, "done", found.values)


def _apply_first() -> Diagnostic:
    return Diagnostic(
        code="in-flight",
        summary="An earlier apply was cut off",
        detail="What it did is not in the record yet, and would come back into it.",
        hint="run `reconcile apply` first: it accounts for it",
    )
