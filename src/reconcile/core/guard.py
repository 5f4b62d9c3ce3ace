"""What keeps a plan from being applied, and what would allow it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Why
from reconcile.core.identity import Accounts, exchanged
from reconcile.core.kind import Action, Connected
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Missing, ReadFailed, Reading, Recorded, SameAs

# Fewer than this may go all at once without being asked about: one entry is removed as one entry.
FEWEST_OF_ALL = 2


@dataclass(frozen=True, slots=True)
class DeleteLimits:
    """How much one plan may delete, for each connection; both must be kept.

    ``percent`` is of the connection's recorded objects. ``count`` None means any number. ``allowed`` (from
    ``--allow-deletes``) lifts both for a plan that deletes no more than that in all.
    """

    percent: float = 30.0
    count: int | None = None
    allowed: int | None = None

    def allow(self, count: int) -> bool:
        """Say whether ``--allow-deletes`` allows as many as this."""
        return self.allowed is not None and count <= self.allowed


def refusals(
    plan: Plan,
    recorded: Mapping[Address, Recorded],
    live: Mapping[Address, Reading],
    limits: DeleteLimits,
    *,
    kinds: Mapping[tuple[str, str], Connected] | None = None,
    accounts: Accounts | None = None,
) -> tuple[Diagnostic, ...]:
    """Return why this plan must not be applied; empty when it may.

    ``recorded`` is everything recorded, selected or not: the share of what is deleted is a share of all of it.
    ``kinds`` tells which of it are one-shots, which never go. A hold takes nothing away for good: what it keeps off
    counts nowhere. What an undo deletes was named, and is only looked at for protection and for bad listings.
    """
    losses = _losses(plan, recorded, live, kinds or {})
    over = {} if limits.allow(losses.deletes.total()) else _over(losses, limits)
    whole = {} if limits.allow(losses.whole.total()) else losses.whole
    # What deletes too much is told once, whatever else it is.
    whole = {name: count for name, count in whole.items() if name not in over}
    suspect = set() if limits.allow(losses.unseen.total()) else losses.suspect
    fired = ((over, losses.deletes), (whole, losses.whole), (suspect, losses.unseen))
    allowance = f"`--allow-deletes {max((count.total() for told, count in fired if told), default=0)}`"
    return (
        *exchanged(plan, recorded, live, accounts or Accounts()),
        *_protected(plan),
        *(_too_many(name, losses, rule, allowance) for name, rule in sorted(over.items())),
        *(_everything(name, count, allowance) for name, count in sorted(whole.items())),
        *(_after_bad_listing(name, losses, allowance) for name in sorted(suspect)),
    )


@dataclass(frozen=True, slots=True)
class _Losses:
    """What a plan takes away, by connection, as each guard counts.

    ``recorded`` is how much is recorded. ``deletes`` are of what is ours. ``unseen`` are deletes, and what is forgotten
    because it was not found. ``whole`` has the connections of which everything leaves the files. ``failed`` and
    ``empty`` are connections that could not be read whole, or answered with an empty list.
    """

    recorded: Counter[str]
    deletes: Counter[str]
    unseen: Counter[str]
    whole: Counter[str]
    failed: frozenset[str]
    empty: frozenset[str]

    @property
    def suspect(self) -> set[str]:
        """The connections that lose something and whose lists cannot be trusted."""
        return self.unseen.keys() & (self.failed | self.empty)


def _losses(
    plan: Plan,
    recorded: Mapping[Address, Recorded],
    live: Mapping[Address, Reading],
    kinds: Mapping[tuple[str, str], Connected],
) -> _Losses:
    going = [c for c in plan.changes if c.action in (Action.DELETE, Action.FORGET) and not c.hold]
    going = [c for c in going if not isinstance(live.get(c.address), SameAs)]
    one_shots = {key for key, connected in kinds.items() if connected.kind.one_shot}
    lasting = _count(a for a in recorded if (a.connection, a.kind) not in one_shots)
    # Whoever takes an apply back names it: that what it made goes again is no accident.
    unnamed = [c for c in going if c.why is not Why.UNDO]
    removed = _count(c.address for c in unnamed if c.source is None and c.address in recorded)
    return _Losses(
        recorded=_count(recorded),
        deletes=_count(c.address for c in unnamed if c.action is Action.DELETE and c.is_ours),
        unseen=_count(
            c.address for c in going if c.action is Action.DELETE or isinstance(live.get(c.address), Missing)
        ),
        whole=Counter({name: n for name, n in removed.items() if n == lasting[name] >= FEWEST_OF_ALL}),
        failed=frozenset(a.connection for a, r in live.items() if isinstance(r, ReadFailed) and r.of_listing),
        empty=frozenset(a.connection for a, r in live.items() if isinstance(r, Missing) and r.listing_was_empty),
    )


def _count(addresses: Iterable[Address]) -> Counter[str]:
    return Counter(address.connection for address in addresses)


def _over(losses: _Losses, limits: DeleteLimits) -> dict[str, str]:
    """Return the connections that lose more than the limits let them, each with the rule that is broken."""
    found = {}
    for connection, lost in losses.deletes.items():
        if limits.count is not None and lost > limits.count:
            found[connection] = f"at most {limits.count} deletes"
        elif 100 * lost > limits.percent * losses.recorded[connection]:
            found[connection] = f"at most {limits.percent:g} %"
    return found


def _protected(plan: Plan) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            code="guard-protected",
            summary="A protected object would lose its schedule",
            detail=f"{change.address} is protected (`protect: true`), and this plan deletes it.",
            hint="to allow it: give the entry `protect: false`, keep its schedule, apply, and delete it after that",
            span=change.source,
            address=str(change.address),
        )
        for change in plan.changes
        if change.action is Action.DELETE and change.is_protected and not change.hold
    )


def _too_many(connection: str, losses: _Losses, rule: str, allowance: str) -> Diagnostic:
    lost, total = losses.deletes[connection], losses.recorded[connection]
    return Diagnostic(
        code="guard-deletes",
        summary="Too many deletes",
        detail=f"This plan deletes {lost} of the {total} recorded {_objects(total)} of connection "
        f'"{connection}" ({100 * lost / total:.0f} %); allowed is {rule}.',
        hint=f"to allow it: {allowance}, or `max_deletes` in reconcile.yaml",
    )


def _everything(connection: str, count: int, allowance: str) -> Diagnostic:
    return Diagnostic(
        code="guard-emptied",
        summary="Everything of a connection would go",
        detail=f'The files ask for none of the {count} recorded objects of connection "{connection}" any more: '
        "a file that is missing, or another name for the connection, looks like that.",
        hint=f"bring the entries back; to let all of them go: {allowance}",
    )


def _after_bad_listing(connection: str, losses: _Losses, allowance: str) -> Diagnostic:
    what = "could not be read whole" if connection in losses.failed else "answered with an empty listing"
    lost = losses.unseen[connection]
    return Diagnostic(
        code="guard-listing",
        summary="Deletes after a listing that cannot be trusted",
        detail=f'Connection "{connection}" {what}, and this plan would delete or forget {lost} of its recorded '
        f"{_objects(lost)}.",
        hint=f"check the connection (right org, right user?) and plan again; to allow it all the same: {allowance}",
    )


def _objects(count: int) -> str:
    return "object" if count == 1 else "objects"
