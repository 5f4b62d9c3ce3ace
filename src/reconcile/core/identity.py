"""Whether a connection still leads to the account that its record is of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.kind import Connected
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Live, Missing, Reading, Recorded, SameAs

# So many objects that all have another id are another account. A single one can be an asset that somebody made anew;
# unless the address of the platform is another one, too.
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Accounts:
    """Where each connection led when it was last applied to (``then``), and where it leads ``now``, by name.

    ``allowed`` names those that may lead elsewhere (from ``--allow-account``).
    """

    then: Mapping[str, Account] = field(default_factory=dict)
    now: Mapping[str, Account] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()

    @property
    def other_tenants(self) -> frozenset[str]:
        """The connections whose settings name another tenant than at the last apply, allowed or not."""
        both = self.then.keys() & self.now.keys()
        tenants = {name: (self.then[name].tenant, self.now[name].tenant) for name in both}
        return frozenset(name for name, (then, now) in tenants.items() if then and now and then != now)


def exchanged(
    plan: Plan, recorded: Mapping[Address, Recorded], live: Mapping[Address, Reading], accounts: Accounts
) -> tuple[Diagnostic, ...]:
    """Return an error for each connection of the plan whose record seems to be of another account, or another name.

    ``recorded`` is everything recorded, selected or not. A platform that is only reached at another address is the
    same account as long as its objects keep their ids.
    """
    looked_at = (*plan.failed, *(c.address for c in plan.changes), *(item.address for item in plan.unchanged))
    touched = {address.connection for address in looked_at}
    found = []
    for name in sorted(touched & accounts.now.keys() - accounts.allowed):
        mine = [address for address in recorded if address.connection == name]
        if mine and name in accounts.other_tenants:
            found.append(_other_tenant(name, len(mine), accounts))
        elif lost := _lost(name, recorded, live, accounts):
            found.append(_other_ids(name, lost, accounts))
        elif name not in accounts.then and not mine and (former := _former_name(name, recorded, live, accounts)):
            found.append(_renamed(name, former, sum(address.connection == former for address in recorded)))
    return tuple(found)


def unvouched(
    recorded: Mapping[Address, Recorded], kinds: Mapping[tuple[str, str], Connected], strangers: Collection[str]
) -> dict[Address, Recorded]:
    """Return what is recorded, nothing of it certain that connections to another tenant (``strangers``) cannot show.

    One-shots that were done stay done: once more may do harm, and a changed note asks for it.
    """

    def is_doubtful(address: Address) -> bool:
        connected = kinds.get((address.connection, address.kind)) if address.connection in strangers else None
        return connected is not None and not connected.kind.readable and not connected.kind.one_shot

    return {a: replace(r, certain=False, before=None) if is_doubtful(a) else r for a, r in recorded.items()}


def _lost(name: str, recorded: Mapping[Address, Recorded], live: Mapping[Address, Reading], accounts: Accounts) -> int:
    """Return how many recorded objects have another id or none at all now; 0 unless that tells of another account."""
    lost = 0
    for address, reading in live.items():
        ours = recorded.get(address)
        if address.connection != name or ours is None or ours.id is None:
            continue
        match reading:
            case SameAs():
                return 0
            case Live(id=id) if id == ours.id:
                return 0
            case Live() | Missing():
                lost += 1
            case _:
                pass  # that it could not be read says nothing
    then = accounts.then.get(name)
    moved = then is not None and then.site != accounts.now[name].site
    return lost if lost >= (1 if moved else FEWEST) else 0


def _former_name(
    name: str, recorded: Mapping[Address, Recorded], live: Mapping[Address, Reading], accounts: Accounts
) -> str | None:
    """Return the name under which this account was applied to so far, when no connection has it any more."""
    orphans = {address.connection for address in recorded} - accounts.now.keys()
    ids = {reading.id for a, reading in live.items() if a.connection == name and isinstance(reading, Live)} - {None}
    for former in sorted(orphans):
        then = accounts.then.get(former)
        shares = any(r.id in ids for a, r in recorded.items() if a.connection == former)
        if shares or (then is not None and _same_account(then, accounts.now[name])):
            return former
    return None


def _same_account(one: Account, other: Account) -> bool:
    if one.tenant or other.tenant:
        return one.tenant == other.tenant
    return one.site == other.site


def _other_tenant(name: str, count: int, accounts: Accounts) -> Diagnostic:
    return _refusal(
        name,
        f'Connection "{name}" leads to {accounts.now[name]}, and what is recorded of it ({count} '
        f"{'object' if count == 1 else 'objects'}) was applied to {accounts.then[name]}.",
        "check the connection's settings and --env",
    )


def _other_ids(name: str, lost: int, accounts: Accounts) -> Diagnostic:
    then, now = accounts.then.get(name), accounts.now[name]
    where = f" It leads to {now} now, and led to {then}." if then is not None and then != now else ""
    whole = "The recorded object" if lost == 1 else f"None of the {lost} recorded objects"
    what = "is no longer there, or has another id" if lost == 1 else "that were looked at has the id it had"
    return _refusal(
        name,
        f'{whole} of connection "{name}" {what}: it looks like another account.{where}',
        "check the connection's settings and its user",
    )


def _renamed(name: str, former: str, count: int) -> Diagnostic:
    return _refusal(
        name,
        f'Connection "{name}" leads to the account that was applied to as "{former}", and {count} recorded '
        f"{'object is' if count == 1 else 'objects are'} still under that name: what is protected, and which one-shots "
        "were done, is not known under the new one.",
        f'call it "{former}" again',
    )


def _refusal(name: str, detail: str, advice: str) -> Diagnostic:
    return Diagnostic(
        code="guard-account",
        summary="Another account than the one that is recorded",
        detail=detail,
        hint=f"{advice}; if this is right: `--allow-account {name}`",
    )
