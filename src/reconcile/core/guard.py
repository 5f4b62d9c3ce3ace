"""What keeps a plan from being applied, and what would allow it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.kind import Action
from reconcile.core.plan import Change, Plan
from reconcile.core.snapshot import Missing, ReadFailed, Reading, Recorded


@dataclass(frozen=True, slots=True)
class DeleteLimits:
    """How much one plan may delete, for each connection; both must be kept.

    ``percent`` is of the connection's recorded objects. ``count`` None means any number. ``allowed`` (from
    ``--allow-deletes``) lifts both for a plan that deletes no more than that in all.
    """

    percent: float = 30.0
    count: int | None = None
    allowed: int | None = None


def refusals(
    plan: Plan,
    recorded: Mapping[Address, Recorded],
    live: Mapping[Address, Reading],
    limits: DeleteLimits,
) -> tuple[Diagnostic, ...]:
    """Return why this plan must not be applied; empty when it may.

    ``recorded`` is everything recorded, selected or not: the share of what is deleted is a share of all of it.
    """
    losses = [change for change in plan.changes if change.action is Action.DELETE and change.is_ours]
    return (
        *_protected(plan),
        *_too_many(losses, recorded, limits),
        *_after_bad_listing(plan, live, limits),
    )


def _protected(plan: Plan) -> tuple[Diagnostic, ...]:
    found = []
    for change in plan.changes:
        if change.action is not Action.DELETE or not change.is_protected:
            continue
        found.append(
            Diagnostic(
                code="guard-protected",
                summary="A protected object would lose its schedule",
                detail=f"{change.address} is protected (`protect: true`), and this plan deletes it.",
                hint="to allow it: give the entry `protect: false`, keep its schedule, apply, and delete it after that",
                span=change.source,
                address=str(change.address),
            )
        )
    return tuple(found)


def _too_many(
    losses: list[Change], recorded: Mapping[Address, Recorded], limits: DeleteLimits
) -> tuple[Diagnostic, ...]:
    if limits.allowed is not None and len(losses) <= limits.allowed:
        return ()
    totals = Counter(address.connection for address in recorded)
    found = []
    for connection, lost in sorted(Counter(change.address.connection for change in losses).items()):
        total = totals[connection]
        share = 100 * lost / total
        too_many = limits.count is not None and lost > limits.count
        if share <= limits.percent and not too_many:
            continue
        rule = f"at most {limits.count} deletes" if too_many else f"at most {limits.percent:g} %"
        found.append(
            Diagnostic(
                code="guard-deletes",
                summary="Too many deletes",
                detail=f"This plan deletes {lost} of the {total} recorded {_objects(total)} of connection "
                f'"{connection}" ({share:.0f} %); allowed is {rule}.',
                hint=f"to allow it: `--allow-deletes {len(losses)}`, or `max_deletes` in reconcile.yaml",
            )
        )
    return tuple(found)


def _after_bad_listing(plan: Plan, live: Mapping[Address, Reading], limits: DeleteLimits) -> tuple[Diagnostic, ...]:
    """Refuse to lose anything of a connection that could not be read whole, or that says it has nothing at all."""
    failed = {a.connection for a, reading in live.items() if isinstance(reading, ReadFailed) and reading.of_listing}
    empty = {a.connection for a, reading in live.items() if isinstance(reading, Missing) and reading.listing_was_empty}
    lost_by = Counter(
        change.address.connection
        for change in plan.changes
        if change.action is Action.DELETE
        or (change.action is Action.FORGET and isinstance(live.get(change.address), Missing))
    )
    if limits.allowed is not None and lost_by.total() <= limits.allowed:
        return ()
    found = []
    for connection, lost in sorted(lost_by.items()):
        if connection not in failed | empty:
            continue
        what = "could not be read whole" if connection in failed else "answered with an empty listing"
        found.append(
            Diagnostic(
                code="guard-listing",
                summary="Deletes after a listing that cannot be trusted",
                detail=f'Connection "{connection}" {what}, and this plan would delete or forget {lost} of its recorded '
                f"{_objects(lost)}.",
                hint="check the connection (right org, right user?) and plan again; "
                f"to allow it all the same: `--allow-deletes {lost_by.total()}`",
            )
        )
    return tuple(found)


def _objects(count: int) -> str:
    return "object" if count == 1 else "objects"
