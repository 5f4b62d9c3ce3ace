"""What an entry has to say so that it asks for what is live."""

from __future__ import annotations

from reconcile.core.diff import same
from reconcile.core.kind import Kind
from reconcile.core.snapshot import Live, Value, Values


class Unseen(ValueError):
    """A field that the entry would need and the platform does not show. The message names it."""


def accepted_changes(kind: Kind, desired: Values, live: Live) -> dict[str, Value]:
    """Return the fields of an entry to change, None for one that is to go; empty when file and platform agree.

    A field that the file does not manage stays unmanaged, and a value that means the same keeps the file's spelling.
    Another shape (weekly instead of monthly) is another schedule, and taken whole. Raises ``Unseen``.
    """
    now = kind.align(live.values, desired)
    if kind.is_absent(desired) and kind.is_absent(now):
        return {}
    is_same_shape = kind.fields_of(now) == kind.fields_of(desired)
    if not is_same_shape and live.unknown:
        raise Unseen(", ".join(sorted(live.unknown)))
    wanted = {name: now[name] for name in now if name in desired or not is_same_shape}
    changes: dict[str, Value] = {
        name: wanted[name]
        for name in kind.fields_of(now)
        if name in wanted and (name not in desired or not same(desired[name], wanted[name]))
    }
    return changes | {name: None for name in desired if name not in wanted and name not in live.unknown}
