"""Which side moved, and what the platform tells of who did it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconcile.core.drift import Side, Why, side_of
from reconcile.core.snapshot import Modified

from .cases import DAILY, A, ours, plan_of, shown, want

THREE = {**DAILY, "time": "03:00"}


@pytest.mark.parametrize(
    ("why", "side"),
    [
        (Why.DRIFT, Side.PLATFORM),
        (Why.BOTH, Side.BOTH),
        (Why.FILE, Side.FILE),
        (Why.NEW, Side.FILE),
        (Why.UNDO, Side.FILE),
        (Why.UNKNOWN, Side.UNKNOWN),
    ],
)
def test_which_side_moved(why: Why, side: Side) -> None:
    assert side_of(why) is side
    assert side_of(why, certain=False) is Side.UNKNOWN


def test_drift_has_what_the_platform_tells_of_its_last_modification() -> None:
    modified = Modified("asset", "Maya", "2026-11-22T13:00:00Z")
    (item,) = plan_of(want(A, DAILY), ours(A, DAILY), replace(shown(A, THREE), modified=modified)).drift
    assert (item.modified, item.side) == (modified, Side.PLATFORM)
    (item,) = plan_of(want(A, {**DAILY, "time": "05:00"}), ours(A, DAILY), shown(A, THREE)).drift
    assert (item.modified, item.side) == (None, Side.BOTH)


def test_who_changed_it_says_nothing_of_how_it_is() -> None:
    """Apply compares what it reads before a write with what the plan saw."""
    live = shown(A, DAILY)
    assert live == replace(live, modified=Modified("asset", "Maya"))
