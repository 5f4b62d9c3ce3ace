"""Which steps of a pipeline have to succeed before which."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def needed_by(name: str, needs: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Return every step that has to succeed before ``name`` can begin, directly or not."""
    found: set[str] = set()
    left = [*needs[name]]
    while left:
        step = left.pop()
        if step not in found:
            found.add(step)
            left += needs[step]
    return frozenset(found)
