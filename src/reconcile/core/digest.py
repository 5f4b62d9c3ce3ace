"""What a plan does, in one word, and what files say, in another: the same on every machine, at any time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.change import Change
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Recorded

# So much of a digest names a plan: enough for chance to have no part in it.
SHORTEST_DIGEST = 12

# What explains a change and what hangs on when it is made. All else counts, so that no new field is forgotten.
_LEFT_OUT: Mapping[type, frozenset[str]] = {
    Change: frozenset({"why", "source", "last_applied_at", "note", "is_ours", "hold", "irreversible"}),
    Recorded: frozenset({"applied_at", "held_since", "file"}),
}


def plan_digest(plan: Plan, accounts: Mapping[str, Account]) -> str:
    """Return 64 hexadecimal digits that stand for what ``plan`` does: its calls, where to, and what is noted down.

    ``accounts`` is where each connection leads, by name. Files that ask for the same, live state and a record that are
    the same give the same digest; ids of plans, times, serials, messages and lines of files have no part in it.
    """
    touched = {address.connection for address in plan.touched}
    return _sha256(
        {
            "environment": plan.environment,
            "accounts": {name: account for name, account in accounts.items() if name in touched},
            "changes": plan.changes,
            "records": plan.records,
        }
    )


def texts_digest(texts: Mapping[str, Sequence[str]]) -> str:
    """Return 64 hexadecimal digits that stand for files, given as their lines by path; their order has no part in it.

    Nor have the ends of lines.
    """
    return _sha256(texts)


def _sha256(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is Address:
        return str(value)
    if kind is tuple or kind is list:
        return [_plain(item) for item in value]
    if is_dataclass(kind):
        return {name: _plain(getattr(value, name)) for name in _counted(kind)}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value


@cache
def _counted(kind: Any) -> tuple[str, ...]:
    """Return the fields of a dataclass that have a part in the digest."""
    return tuple(f.name for f in fields(kind) if f.name not in _LEFT_OUT.get(kind, ()))
