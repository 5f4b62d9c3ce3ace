"""Field changes between two normalised values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconcile.core.snapshot import Value, Values


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. ``None`` on a side means that the field is not there."""

    path: str
    before: Value
    after: Value


def same(left: Value, right: Value) -> bool:
    """Say whether two values are the same in value and type (``1`` and ``True`` are not)."""
    # Most values are the same, and most of them plain: the cheap questions first.
    if left != right or type(left) is not type(right):
        return False
    if isinstance(left, tuple) and isinstance(right, tuple):
        return all(type(a) is str is type(b) or same(a, b) for a, b in zip(left, right, strict=True))
    return True


def field_changes(before: Values, after: Values, fields: Iterable[str]) -> tuple[FieldChange, ...]:
    """Return the changes of the named fields, in the order the fields are given; empty when all are the same."""
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in fields
        if not same(before.get(name), after.get(name))
    )


@dataclass(frozen=True, slots=True)
class ItemChanges:
    """What entered and what left a list."""

    added: tuple[Value, ...]
    removed: tuple[Value, ...]


def item_changes(before: Value, after: Value) -> ItemChanges | None:
    """Return what entered and left between two lists, to show it; None when either is no list.

    Repeated items count: ``(a, a)`` to ``(a,)`` removes one ``a``.
    """
    if not isinstance(before, tuple) or not isinstance(after, tuple):
        return None
    # Imported here: it costs 140 ms of CPU, and most plans never show a changed list.
    from deepdiff import DeepDiff

    diff = DeepDiff(
        list(before),
        list(after),
        ignore_order=True,
        report_repetition=True,
        ignore_private_variables=False,
        cutoff_intersection_for_pairs=0,
        view="tree",
    )
    added = [item.t2 for item in diff.get("iterable_item_added", ())]
    removed = [item.t1 for item in diff.get("iterable_item_removed", ())]
    for item in diff.get("values_changed", ()):
        removed.append(item.t1)
        added.append(item.t2)
    for item in diff.get("type_changes", ()):
        removed.append(item.t1)
        added.append(item.t2)
    for item in diff.get("repetition_change", ()):
        counts = item.additional["repetition"]
        more = counts["new_repeat"] - counts["old_repeat"]
        (added if more > 0 else removed).extend([item.t1] * abs(more))
    return ItemChanges(_as_in(added, after), _as_in(removed, before))


def _as_in(items: list[Value], order: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple(sorted(items, key=lambda item: order.index(item) if item in order else len(order)))
