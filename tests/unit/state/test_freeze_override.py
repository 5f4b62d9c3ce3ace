"""Why an apply went ahead inside a freeze: in the state, and in the journal of one that is cut off."""

from __future__ import annotations

import json
from dataclasses import replace

from reconcile.core.freeze import Override
from reconcile.state.backend import Backend
from reconcile.state.format import Applied, Origin, State, from_bytes, to_bytes
from reconcile.state.intent import begin_from_bytes
from reconcile.state.journal import Journal
from reconcile.state.unfinished import applied_of, unfinished

ORIGIN = Origin("a1", "2026-12-24T12:00:00Z", "kim", "laptop", "reconcile apply")
OVERRIDE = Override("ticket 4711", "year end (2026-12-20 00:00 to 2027-01-03 00:00 UTC)")


def test_the_state_keeps_it() -> None:
    state = State("prod", "line", 1, ORIGIN.applied_at, apply=Applied(ORIGIN, "done", override=OVERRIDE))
    assert from_bytes(to_bytes(state), "here", "") == state
    cut_off = replace(state, cut_off=(Applied(ORIGIN, "cut off", override=OVERRIDE),))
    assert from_bytes(to_bytes(cut_off), "here", "") == cut_off


def test_without_one_the_state_is_as_it_was_before_there_were_any() -> None:
    """An older program refuses members that it does not know."""
    state = State("prod", "line", 1, ORIGIN.applied_at, apply=Applied(ORIGIN, "done"))
    assert "override" not in json.loads(to_bytes(state))["apply"]


def test_the_journal_of_an_apply_that_is_cut_off_keeps_it(memory: Backend) -> None:
    Journal.begin(memory, ORIGIN, [], State(), override=OVERRIDE).leave()
    (item,) = unfinished(memory, None)
    told = applied_of(item)
    assert told is not None
    assert told.override == OVERRIDE


def test_a_journal_without_one_is_as_it_was(memory: Backend) -> None:
    Journal.begin(memory, ORIGIN, [], State()).leave()
    (key,) = memory.list("journal")
    data = memory.read(key)
    assert "override" not in json.loads(data)
    assert begin_from_bytes(data, key).override is None
