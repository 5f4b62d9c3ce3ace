"""One look at whether anything has drifted: for `drift`, and for whoever looks again and again. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.drift import Drift, Pending, Why, side_of
from reconcile.core.lint import sifted
from reconcile.engine.blame import find_blame
from reconcile.engine.last_apply import last_applies
from reconcile.engine.own_file import own_findings
from reconcile.engine.place import Place
from reconcile.engine.planning import Planned, Wish, from_files, make_plan


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look found.

    ``drift`` is sorted by address, as is ``waiting``: changes of the files that are not applied, which are no drift.
    ``unread`` names what could not be looked at: of that an empty ``drift`` says nothing. ``seen`` is how many recorded
    objects were compared, ``unseen`` how many the platform cannot show. ``held`` is what is kept off on purpose.
    ``diagnostics`` are those of the look, not of the files. ``at`` is when it began, UTC, ISO 8601.
    """

    planned: Planned
    drift: tuple[Drift, ...]
    waiting: tuple[Pending, ...]
    unread: tuple[Address, ...]
    seen: int
    unseen: int
    held: tuple[Change | Unchanged, ...]
    diagnostics: tuple[Diagnostic, ...]
    at: str

    @property
    def pending(self) -> int:
        """How many changes of the files are not applied."""
        return len(self.waiting)

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
    strangers = [refusal for refusal in made.refusals if refusal.code == "guard-account"]
    told += strangers
    # What a redeploy would undo has not happened: worth a word, and no alarm.
    own = sifted(place.cleaned(own_findings(place, made.created_at)), place.allow).told
    told += [replace(finding, severity=Severity.NOTE) for finding in own]
    return Checked(
        planned,
        made.drift if strangers else _with_provenance(place, planned),
        tuple(_pending(planned, change) for change in made.changes if change.why is not Why.DRIFT),
        planned.unread,
        planned.seen,
        planned.unseen,
        made.held,
        tuple(told),
        made.created_at,
    )


def _pending(planned: Planned, change: Change) -> Pending:
    recorded = planned.basis.recorded.get(change.address)
    side = side_of(change.why, certain=recorded is None or recorded.certain)
    return Pending(change.address, side, change.source, recorded.applied_at if recorded else None)


def _with_provenance(place: Place, planned: Planned) -> tuple[Drift, ...]:
    """Return the drift with whoever applied it last, and whoever last committed what the files ask for."""
    drift = planned.plan.drift
    if not drift:
        return ()
    applied = last_applies(place, planned.basis, {item.address: item.applied_at for item in drift})
    folder, environment = place.checkout.folder, place.outside.environment
    spans = [item.source for item in drift if item.source]
    blamed = find_blame(Path(folder), spans, environment) if folder else {}
    clean = place.outside.redactor.clean
    told = {span: replace(blame, by=clean(blame.by), summary=clean(blame.summary)) for span, blame in blamed.items()}
    return tuple(
        replace(item, applied=applied.get(item.address), blame=told.get(item.source) if item.source else None)
        for item in drift
    )
