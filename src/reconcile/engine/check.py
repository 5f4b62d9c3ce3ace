"""One look at whether anything has drifted: for `drift`, and for whoever looks again and again. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.drift import Drift, Why
from reconcile.engine.place import Place
from reconcile.engine.planning import Planned, Wish, from_files, make_plan


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look found.

    ``drift`` is sorted by address. ``pending`` counts changes of the files that are not applied, which are no drift.
    ``unread`` names what could not be looked at: of that an empty ``drift`` says nothing. ``seen`` is how many recorded
    objects were compared, ``unseen`` how many the platform cannot show. ``held`` is what is kept off on purpose.
    ``diagnostics`` are those of the look, not of the files. ``at`` is when it began, UTC, ISO 8601.
    """

    planned: Planned
    drift: tuple[Drift, ...]
    pending: int
    unread: tuple[Address, ...]
    seen: int
    unseen: int
    held: tuple[Change | Unchanged, ...]
    diagnostics: tuple[Diagnostic, ...]
    at: str

    @property
    def failed(self) -> bool:
        """Say whether it cannot be said what has drifted, or not of everything."""
        return any(told.is_error for told in self.diagnostics)

    @property
    def of_strangers(self) -> bool:
        """Say whether a connection leads to another account: compared with that, nothing means anything."""
        return any(told.code == "guard-account" for told in self.diagnostics)


def check_drift(place: Place, wish: Wish) -> Checked:
    """Return what moved on the platforms since we last applied. Changes nothing anywhere, and takes no lock.

    Raises ``StateError`` when the state cannot be used; what a platform answers is in the result.
    """
    planned = make_plan(place, from_files(wish))
    made = planned.plan
    gone = {str(item.address) for item in made.drift if item.gone}
    # That a file asks for something which does not exist is an error of a plan; here, at most, it is drift.
    told = [
        replace(d, severity=Severity.WARNING) if d.code == "unknown-object" else d
        for d in made.diagnostics
        if not (d.code == "unknown-object" and d.address in gone)
    ]
    # Compared with another account, everything has moved, or nothing that anybody could see.
    told += [refusal for refusal in made.refusals if refusal.code == "guard-account"]
    return Checked(
        planned,
        made.drift,
        sum(change.why is not Why.DRIFT for change in made.changes),
        planned.unread,
        planned.seen,
        planned.unseen,
        made.held,
        tuple(told),
        made.created_at,
    )
