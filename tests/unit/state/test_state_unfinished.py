"""After an apply that was cut off: what is known, what is in doubt, and what is said."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reconcile.core.address import Address
from reconcile.core.diagnostic import Severity
from reconcile.core.errors import StateTooNew
from reconcile.core.kind import Action
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded, Values
from reconcile.state.backend import Backend, KeyMissing
from reconcile.state.format import Applied, Origin, State
from reconcile.state.intent import Begin, Intent, Outcome
from reconcile.state.journal import Journal
from reconcile.state.lock import Owner, acquire, read_holder
from reconcile.state.store import Store
from reconcile.state.unfinished import Unfinished, applied_of, discard, overlay, unfinished

THEN, AT = "2026-11-01T00:00:00Z", "2026-11-22T14:00:00Z"
NOW = datetime(2026, 11, 22, 14, 1, tzinfo=UTC)
A = Address("sales", "schedule", "recipe:A")
B = Address("sales", "schedule", "recipe:B")
RESET = Address("tailer_dev", "workflow_reset", "flow")
CALLS = (Request("PUT", "/x", {}),)


def origin(id: str = "a7") -> Origin:
    return Origin(id, AT, "kim", "laptop", "reconcile apply")


def update(address: Address = A, *, protect: bool = False) -> Intent:
    new = Recorded(address, {"n": 2}, AT, "05new", protect, "new.yaml")
    return Intent(address, Action.UPDATE, {"n": 1}, {"n": 2}, CALLS, new)


NONE = Recorded(A, {"frequency": "none"}, AT, "05old", False, "new.yaml")
DELETE = Intent(A, Action.DELETE, {"n": 3}, {}, CALLS)
DELETE_BY_ENTRY = Intent(A, Action.DELETE, {"n": 3}, {}, CALLS, NONE)
FORGET = Intent(A, Action.FORGET, {"n": 1}, {})
RAN = Recorded(RESET, {"once": "y"}, AT, file="t.yaml")
RUN = Intent(RESET, Action.RUN, {"once": "x"}, {"once": "y"}, CALLS, RAN, one_shot=True)


def was(address: Address, values: Values, *, protect: bool = False) -> Recorded:
    return Recorded(address, values, THEN, "05old", protect, "old.yaml")


def one(intent: Intent, outcome: Outcome | None = None, *, sent: bool = False) -> Unfinished:
    return Unfinished(
        "a7",
        (),
        Begin(origin(), "l", 1, (intent,)),
        frozenset({intent.address} if sent else ()),
        {intent.address: outcome} if outcome else {},
    )


OLD = was(A, {"n": 1})


@pytest.mark.parametrize(
    ("intent", "outcome", "expected"),
    [
        (update(), Outcome.DONE, Recorded(A, {"n": 2}, AT, "05new", False, "new.yaml")),
        (update(), Outcome.FAILED, OLD),
        (
            update(),
            Outcome.UNKNOWN,
            Recorded(A, {"n": 2}, AT, "05new", False, "new.yaml", certain=False, before=OLD.values),
        ),
        (update(), None, Recorded(A, {"n": 2}, AT, "05new", False, "new.yaml", certain=False, before=OLD.values)),
        (DELETE, Outcome.DONE, None),
        (DELETE, Outcome.FAILED, OLD),
        (DELETE, Outcome.UNKNOWN, replace(OLD, certain=False, before=OLD.values)),
        (DELETE, None, replace(OLD, certain=False, before=OLD.values)),
        (DELETE_BY_ENTRY, Outcome.DONE, NONE),
        (DELETE_BY_ENTRY, None, replace(NONE, certain=False, before=OLD.values)),
        # What makes no call cannot have been in flight.
        (FORGET, None, OLD),
        (FORGET, Outcome.DONE, None),
    ],
)
def test_what_is_recorded_after_each_ending(intent: Intent, outcome: Outcome | None, expected: Recorded | None) -> None:
    recorded, _ = overlay({A: OLD}, [one(intent, outcome)])
    assert recorded == ({A: expected} if expected else {})


@pytest.mark.parametrize(
    ("sent", "outcome", "expected"),
    [
        (False, None, was(RESET, {"once": "x"})),
        (True, None, replace(RAN, certain=False, before={"once": "x"})),
        (True, Outcome.DONE, RAN),
        (True, Outcome.FAILED, was(RESET, {"once": "x"})),
        (True, Outcome.UNKNOWN, replace(RAN, certain=False, before={"once": "x"})),
    ],
)
def test_a_one_shot_is_in_doubt_only_once_it_may_have_been_sent(
    sent: bool, outcome: Outcome | None, expected: Recorded
) -> None:
    recorded, _ = overlay({RESET: was(RESET, {"once": "x"})}, [one(RUN, outcome, sent=sent)])
    assert recorded == {RESET: expected}


@pytest.mark.parametrize("intent", [update(protect=True), update(), DELETE])
def test_protection_never_gets_lost_by_not_knowing(intent: Intent) -> None:
    recorded, _ = overlay({A: was(A, {"n": 1}, protect=True)}, [one(intent)])
    assert recorded[A].protect


def test_a_delete_in_doubt_of_what_nobody_recorded_is_still_looked_at() -> None:
    recorded, _ = overlay({}, [one(DELETE)])
    assert recorded == {A: Recorded(A, {"n": 3}, AT, certain=False)}


def test_an_applied_end_of_protection_counts() -> None:
    recorded, _ = overlay({A: was(A, {"n": 1}, protect=True)}, [one(update(), Outcome.DONE)])
    assert not recorded[A].protect


def test_what_no_intent_names_stays_as_it_is() -> None:
    recorded, _ = overlay({B: was(B, {"n": 5})}, [one(update())])
    assert recorded[B] == was(B, {"n": 5})


def test_a_later_apply_lies_over_an_earlier() -> None:
    recorded, notes = overlay({}, [one(update()), one(DELETE, Outcome.DONE)])
    assert recorded == {}
    assert len(notes) == 2


def test_what_was_in_flight_is_said_with_who_and_when() -> None:
    intents = [update(Address("sales", "schedule", f"recipe:{n}")) for n in range(12)]
    settled = {intent.address: Outcome.DONE for intent in intents[3:]}
    _, (note,) = overlay({}, [Unfinished("a7", (), Begin(origin(), "l", 1, tuple(intents)), settled=settled)])
    assert (note.code, note.severity) == ("in-flight", Severity.WARNING)
    assert note.detail == (
        "Apply a7 (kim on laptop, 2026-11-22T14:00:00Z) was cut off: 3 of 12 changes were in flight: "
        "sales/schedule/recipe:0, sales/schedule/recipe:1, sales/schedule/recipe:2."
    )
    assert "the platform" in note.hint


def test_many_names_are_counted_and_one_shots_are_mentioned() -> None:
    intents = [update(Address("sales", "schedule", f"recipe:{n}")) for n in range(7)] + [RUN]
    left = Unfinished("a7", (), Begin(origin(), "l", 1, tuple(intents)), sent=frozenset({RESET}))
    _, (note,) = overlay({}, [left])
    assert note.detail.endswith("recipe:4 and 3 more.")
    assert "one-shot" in note.hint


def test_a_cut_off_apply_with_nothing_in_flight_is_only_a_note() -> None:
    _, (note,) = overlay({A: OLD}, [one(update(), Outcome.DONE)])
    assert note.severity is Severity.NOTE
    assert note.detail.endswith("0 of 1 change was in flight.")


# From here on with a real journal.


def test_nothing_is_left_where_nothing_was(folder: Backend) -> None:
    assert unfinished(folder) == []


def test_a_journal_whose_apply_is_in_the_state_is_finished(memory: Backend) -> None:
    journal = Journal.begin(memory, origin(), [update()], State())
    Store(memory).write(State(), {A: was(A, {"n": 2})}, Applied(origin(), "done"), at=AT)
    journal.leave()
    left = unfinished(memory)
    assert [item.is_recorded for item in left] == [True]
    assert overlay({A: was(A, {"n": 2})}, left) == ({A: was(A, {"n": 2})}, ())
    discard(memory, left)
    assert memory.list("journal") == []


def test_a_journal_that_a_later_apply_took_in_counts_for_nothing(memory: Backend) -> None:
    # Apply a7 was cut off; a8 took that in, recorded, and was itself cut off before it could tidy up.
    Journal.begin(memory, origin("a7"), [update()], State()).leave()
    Journal.begin(memory, origin("a8"), [update()], State()).leave()
    took_in = [left.id for left in unfinished(memory) if left.id == "a7"]
    now = {A: was(A, {"n": 9})}
    Store(memory).write(State(), now, Applied(origin("a8"), "done"), at=AT, took_in=took_in)
    left = unfinished(memory)
    assert [item.is_recorded for item in left] == [True, True]
    assert overlay(now, left) == (now, ())


def test_the_same_id_in_an_older_version_is_found_too(memory: Backend) -> None:
    state = Store(memory).write(State(), {}, None, at=AT)
    Journal.begin(memory, origin("a7"), [update()], state).leave()
    state = Store(memory).write(state, {}, Applied(origin("a7"), "done"), at=AT)
    Store(memory).write(state, {}, Applied(origin("a8"), "done"), at=AT)
    assert unfinished(memory)[0].is_recorded


def test_an_apply_that_runs_is_not_called_cut_off(memory: Backend) -> None:
    journal = Journal.begin(memory, origin("a7"), [update(), update(B)], State())
    journal.settled(A, Outcome.DONE)
    journal.flush()
    lock = acquire(memory, Owner("a7", "kim", "laptop", os.getpid(), "reconcile apply"), lambda: NOW)
    left = unfinished(memory, read_holder(memory, NOW))
    assert left[0].is_running
    _, (note,) = overlay({}, left)
    assert note.severity is Severity.WARNING
    assert note.detail.endswith("is running: 1 of its 2 changes are done with.")
    discard(memory, left)
    assert len(memory.list("journal")) == 2
    # Once its lease is over, or its process gone, it is cut off; and the holder of the lock itself knows better anyway.
    assert not unfinished(memory, read_holder(memory, NOW + timedelta(hours=1)))[0].is_running
    dead = replace(lock.info, process=replace(lock.info.process, started="1"))
    assert not unfinished(memory, dead)[0].is_running
    assert not unfinished(memory)[0].is_running


def cut_off(backend: Backend) -> str:
    """Leave a journal with one of each sort of object; return its folder."""
    with Journal.begin(backend, origin(), [update(), update(B), RUN], State()) as journal:
        journal.sent(RESET)
        journal.settled(A, Outcome.DONE)
        journal.flush()
        journal.settled(B, Outcome.DONE)
    return "journal/000001-a7"


@pytest.mark.parametrize("data", [b"", b"{", b"\x00" * 50, b"[]"])
def test_a_torn_outcome_is_in_doubt_and_the_rest_is_used(folder: Backend, data: bytes) -> None:
    key = f"{cut_off(folder)}/00000002-settled.json"
    folder.put(key, data)
    left = unfinished(folder)
    recorded, (damaged, note) = overlay({}, left)
    assert {a: r.certain for a, r in recorded.items()} == {A: False, B: True, RESET: False}
    assert (damaged.code, damaged.severity) == ("journal-damaged", Severity.WARNING)
    assert folder.place(key) in damaged.detail
    assert "2 of 3 changes were in flight" in note.detail
    assert Store(folder).latest().serial == 0


def test_torn_intents_still_tell_of_the_one_shots_that_were_sent(folder: Backend) -> None:
    folder.put(f"{cut_off(folder)}/begin.json", b"{")
    left = unfinished(folder)
    recorded, (damaged, _) = overlay({}, left)
    assert recorded == {RESET: replace(RAN, certain=False)}
    assert damaged.code == "journal-damaged"
    discard(folder, left)
    assert folder.list("journal") == []


def test_torn_intents_without_one_shots_are_a_warning_and_no_more(folder: Backend) -> None:
    Journal.begin(folder, origin(), [update()], State()).leave()
    folder.put("journal/000001-a7/begin.json", b"")
    left = unfinished(folder)
    recorded, (damaged,) = overlay({A: OLD}, left)
    assert recorded == {A: OLD}
    assert damaged.severity is Severity.WARNING
    discard(folder, left)
    assert unfinished(folder) == []


def test_a_newer_programs_journal_is_left_to_the_newer_program(folder: Backend) -> None:
    folder.create("journal/000001-a9/begin.json", b'{"format": "reconcile.journal/3"}')
    with pytest.raises(StateTooNew) as caught:
        unfinished(folder)
    assert caught.value.diagnostics[0].code == "journal-too-new"
    assert Store(folder).latest().serial == 0


def test_a_journal_without_its_intents_is_a_tidying_up_that_was_cut_off(folder: Backend) -> None:
    folder.delete(f"{cut_off(folder)}/begin.json")
    left = unfinished(folder)
    assert overlay({A: OLD}, left) == ({A: OLD}, ())
    discard(folder, left)
    assert unfinished(folder) == []


def test_a_journal_that_goes_while_we_read_it_is_over(memory: Backend) -> None:
    cut_off(memory)

    class Going:
        environment, place, list = memory.environment, staticmethod(memory.place), staticmethod(memory.list)
        create, put, delete = staticmethod(memory.create), staticmethod(memory.put), staticmethod(memory.delete)

        def read(self, key: str) -> bytes:
            raise KeyMissing(key)

    assert overlay({A: OLD}, unfinished(Going())) == ({A: OLD}, ())


def test_other_files_among_the_journals_are_let_be(folder: Backend) -> None:
    folder.create("journal/notes.txt", b"mine")
    folder.create("journal/mine/begin.json", b"mine")
    assert unfinished(folder) == []


# -- as history tells it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "outcome", "is_sent"),
    [
        (one(update(), Outcome.DONE), "done", True),
        (one(update(), Outcome.FAILED), "failed", False),
        (one(update()), "unknown", True),
        (one(RUN), "skipped", False),
        (one(RUN, sent=True), "unknown", True),
    ],
)
def test_what_became_of_a_change_that_was_cut_off(item: Unfinished, outcome: str, is_sent: bool) -> None:
    told = applied_of(item)
    assert told is not None
    (change,) = told.changes
    assert (told.origin, told.outcome) == (origin(), "cut off")
    assert (change.outcome, change.requests) == (outcome, (("PUT", "/x"),) if is_sent else ())


def test_a_journal_without_its_intents_tells_nothing() -> None:
    assert applied_of(Unfinished("a7", ())) is None


def test_what_was_cut_off_is_kept_with_the_version_that_takes_it_in(folder: Backend) -> None:
    """Who, what was taken back, and what may have been hidden; secrets left out, as everywhere."""
    hidden = replace(update(), hidden=("rule",))
    journal = Journal.begin(folder, replace(origin(), command="x s3cret"), [hidden], State(), plan="p1", undoes="a1")
    journal.leave()
    (item,) = unfinished(folder)
    told = applied_of(item)
    assert told is not None
    store = Store(folder, lambda text: text.replace("s3cret", "***"))
    store.write(State(), {}, Applied(origin("b8"), "done"), at=AT, took_in=["a7"], cut_off=[told])
    (version,) = store.history()
    (kept,) = version.cut_off
    assert kept == store.latest().cut_off[0]
    assert (kept.origin.id, kept.origin.command, kept.plan, kept.undoes) == ("a7", "x ***", "p1", "a1")
    assert kept.changes[0].hidden == ("rule",)
