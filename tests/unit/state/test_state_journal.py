"""The journal of a running apply: what is durable when, in how few objects, and what goes when it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconcile.core.address import Address
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Why
from reconcile.core.errors import StateDamaged, StateError, StateTooNew
from reconcile.core.kind import Action
from reconcile.core.plan import Change
from reconcile.core.redact import Redactor
from reconcile.core.request import Json, Request
from reconcile.core.snapshot import Recorded
from reconcile.core.source import Span
from reconcile.state.backend import Backend, KeyTaken
from reconcile.state.format import Origin, State
from reconcile.state.intent import (
    Begin,
    Intent,
    Outcome,
    begin_from_bytes,
    begin_to_bytes,
    intent_of,
    settled_from_bytes,
    settled_to_bytes,
)
from reconcile.state.journal import Journal
from reconcile.state.trouble import trouble
from reconcile.state.unfinished import unfinished

ORIGIN = Origin("a7", "2026-11-22T14:00:00Z", "kim", "laptop", "reconcile apply", "abc", "https://ci/7")
BASE = State("prod", "lineage", 12)
A = Address("sales", "schedule", "recipe:A")
RESET = Address("tailer_dev", "workflow_reset", "flow")
PUT = Request("PUT", "/wave/asset/05v/schedule", {"time": {"hour": 2}, "days": ["Monday"], "on": True})
DONE_A = Recorded(A, {"n": (2, ("x",)), "m": None}, "2026-11-22T14:00:00Z", "05v", protect=True, file="sales.yaml")
UPDATE = Intent(A, Action.UPDATE, {"n": (1, (2,))}, {"n": 2}, (PUT,), DONE_A, "05v")
RUN = Intent(RESET, Action.RUN, {}, {"once": "x"}, (Request("POST", "/reset", None, False),), one_shot=True)


def parts(backend: Backend) -> list[str]:
    return [key.rpartition("/")[2] for key in backend.list("journal")]


class Wrapped:
    """A backend whose ``create`` a test can change."""

    def __init__(self, inner: Backend, create: Callable[[str, bytes], None] | None = None) -> None:
        self.environment, self.place, self.put = inner.environment, inner.place, inner.put
        self.read, self.list, self.delete = inner.read, inner.list, inner.delete
        self.create = create or inner.create


def test_all_intents_are_one_durable_object_before_anything_else(folder: Backend) -> None:
    Journal.begin(folder, ORIGIN, [UPDATE, RUN], BASE)
    (key,) = folder.list("journal")
    assert key == "journal/000001-a7/begin.json"
    begin = begin_from_bytes(folder.read(key), key)
    assert begin == Begin(ORIGIN, "lineage", 12, (UPDATE, RUN))


def test_a_journal_that_cannot_be_begun_is_an_error_before_any_call(memory: Backend) -> None:
    def create(key: str, data: bytes) -> None:
        raise trouble("write", key, OSError(28, "full"))

    with pytest.raises(StateError, match="No room"):
        Journal.begin(Wrapped(memory, create), ORIGIN, [UPDATE], BASE)
    assert memory.list("journal") == []


def test_an_intent_holds_what_a_change_will_do() -> None:
    fields, source = (FieldChange("n", 1, 2),), Span("sales.yaml", 3, 5)
    change = Change(A, Action.UPDATE, Why.FILE, {"n": 1}, {"n": 2}, fields, (PUT,), source, id="05v", to_record=DONE_A)
    expected = Intent(A, Action.UPDATE, {"n": 1}, {"n": 2}, (PUT,), DONE_A, "05v", one_shot=False)
    assert intent_of(change, one_shot=False) == expected


def test_a_one_shot_is_durable_when_sent_returns(folder: Backend) -> None:
    journal = Journal.begin(folder, ORIGIN, [UPDATE, RUN], BASE)
    journal.sent(RESET)
    assert parts(folder) == ["00000001-sent.json", "begin.json"]
    (left,) = unfinished(folder)
    assert left.sent == {RESET}


def test_a_one_shot_that_cannot_be_noted_must_not_be_sent(memory: Backend) -> None:
    backend = Wrapped(memory)
    journal = Journal.begin(backend, ORIGIN, [RUN], BASE)

    def create(key: str, data: bytes) -> None:
        raise trouble("write", key, OSError(28, "full"))

    backend.create = create
    with pytest.raises(StateError):
        journal.sent(RESET)


def test_a_request_whose_answer_was_lost_is_no_error(memory: Backend) -> None:
    def create(key: str, data: bytes) -> None:
        memory.create(key, data)
        raise KeyTaken(key)

    journal = Journal.begin(Wrapped(memory, create), ORIGIN, [RUN], BASE)
    journal.sent(RESET)
    journal.settled(RESET, Outcome.DONE)
    journal.flush()
    assert unfinished(memory)[0].settled == {RESET: Outcome.DONE}


def many(count: int) -> list[Intent]:
    return [
        Intent(Address("sales", "schedule", f"recipe:{n}"), Action.UPDATE, {}, {"n": n}, (PUT,)) for n in range(count)
    ]


def test_many_outcomes_need_few_objects(memory: Backend) -> None:
    intents = many(1000)
    journal = Journal.begin(memory, ORIGIN, intents, BASE)
    for intent in intents:
        journal.settled(intent.address, Outcome.DONE)
    journal.flush()
    assert len(parts(memory)) < 20
    assert unfinished(memory)[0].settled == {intent.address: Outcome.DONE for intent in intents}


def test_outcomes_from_many_threads_all_arrive(memory: Backend) -> None:
    intents = many(200)
    journal = Journal.begin(memory, ORIGIN, intents, BASE, gather_seconds=0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda intent: journal.settled(intent.address, Outcome.FAILED), intents))
    journal.flush()
    assert len(unfinished(memory)[0].settled) == 200


def test_nobody_waits_for_an_outcome_to_be_written(memory: Backend) -> None:
    backend, may_write = Wrapped(memory), threading.Event()
    journal = Journal.begin(backend, ORIGIN, many(3), BASE, gather_seconds=0)

    def create(key: str, data: bytes) -> None:
        may_write.wait()
        memory.create(key, data)

    backend.create = create
    for intent in many(3):
        journal.settled(intent.address, Outcome.DONE)  # returns while nothing can be written
    assert parts(memory) == ["begin.json"]
    may_write.set()
    journal.flush()
    assert len(unfinished(memory)[0].settled) == 3


def test_the_last_of_several_outcomes_counts(memory: Backend) -> None:
    journal = Journal.begin(memory, ORIGIN, [UPDATE], BASE)
    journal.settled(A, Outcome.UNKNOWN)
    journal.flush()
    journal.settled(A, Outcome.FAILED)
    journal.settled(A, Outcome.DONE)
    journal.flush()
    assert unfinished(memory)[0].settled == {A: Outcome.DONE}


def test_an_outcome_that_cannot_be_written_is_told_by_flush_and_stays_in_doubt(memory: Backend) -> None:
    backend = Wrapped(memory)
    journal = Journal.begin(backend, ORIGIN, many(2), BASE)

    def create(key: str, data: bytes) -> None:
        raise trouble("write", key, OSError(28, "full"))

    first, second = (intent.address for intent in many(2))
    backend.create = create
    journal.settled(first, Outcome.DONE)
    with pytest.raises(StateError, match="No room"):
        journal.flush()
    backend.create = memory.create
    journal.settled(second, Outcome.DONE)
    journal.flush()
    (left,) = unfinished(memory)
    assert [intent.address for intent in left.in_doubt] == [first]


def test_flush_with_nothing_to_write_returns(memory: Backend) -> None:
    journal = Journal.begin(memory, ORIGIN, [], BASE)
    journal.flush()
    assert parts(memory) == ["begin.json"]


def test_closing_removes_everything_the_intents_first(folder: Backend) -> None:
    backend, deleted = Wrapped(folder), list[str]()

    def delete(key: str) -> None:
        deleted.append(key.rpartition("/")[2])
        folder.delete(key)

    backend.delete = delete
    journal = Journal.begin(backend, ORIGIN, [UPDATE, RUN], BASE)
    journal.sent(RESET)
    journal.settled(A, Outcome.DONE)
    journal.flush()
    journal.settled(RESET, Outcome.DONE)
    journal.close()
    assert deleted == ["begin.json", "00000001-sent.json", "00000002-settled.json"]
    assert folder.list("journal") == []
    with pytest.raises(RuntimeError):
        journal.settled(A, Outcome.DONE)


def test_leaving_without_closing_keeps_everything_for_the_next_run(memory: Backend) -> None:
    journal = Journal.begin(memory, ORIGIN, [UPDATE, RUN], BASE)
    journal.settled(A, Outcome.DONE)
    with pytest.raises(KeyboardInterrupt), journal:
        raise KeyboardInterrupt
    (left,) = unfinished(memory)
    assert left.settled == {A: Outcome.DONE}


def test_closing_inside_its_block_is_the_normal_end(memory: Backend) -> None:
    with Journal.begin(memory, ORIGIN, [UPDATE], BASE) as journal:
        journal.settled(A, Outcome.DONE)
        journal.close()
    assert memory.list("journal") == []


def test_journals_are_numbered_in_the_order_they_were_begun(memory: Backend) -> None:
    for name in ("zz", "aa", "mm"):
        Journal.begin(memory, Origin(name, "2026", "kim", "laptop", ""), [], BASE)
    assert [left.id for left in unfinished(memory)] == ["zz", "aa", "mm"]


def test_secrets_in_requests_are_masked_and_values_stay_exact(folder: Backend) -> None:
    clean = Redactor(["hunter2hunter2"]).clean
    body: dict[str, Json] = {"a": ["x hunter2hunter2", {"b": "hunter2hunter2"}], "n": 1, "on": True, "none": None}
    intent = Intent(A, Action.UPDATE, {}, {"n": "exact"}, (Request("PUT", "/x?t=hunter2hunter2", body),))
    Journal.begin(folder, Origin("a", "t", "b", "h", "c hunter2hunter2"), [intent], BASE, clean=clean)
    data = folder.read("journal/000001-a/begin.json")
    assert b"hunter2" not in data
    (request,) = begin_from_bytes(data, "p").intents[0].requests
    assert request == Request(
        "PUT", "/x?t=***", {"a": ["x ***", {"b": "***"}], "n": 1, "on": True, "none": None}, repeatable=True
    )


def test_damaged_objects_of_a_journal_are_told_apart_from_newer_ones() -> None:
    good = json.loads(begin_to_bytes(Begin(ORIGIN, "l", 1, (UPDATE,)), str))
    good["intents"][0]["address"] = "nowhere"
    for data in (b"", b"{", json.dumps(good).encode(), json.dumps({**good, "intents": 1}).encode()):
        with pytest.raises(StateDamaged) as caught:
            begin_from_bytes(data, "p")
        assert caught.value.diagnostics[0].code == "journal-damaged"
    with pytest.raises(StateDamaged):
        settled_from_bytes(settled_to_bytes({A: Outcome.DONE}).replace(b'"done"', b'"perhaps"'), "p")
    with pytest.raises(StateDamaged):
        settled_from_bytes(settled_to_bytes({A: Outcome.DONE}).replace(str(A).encode(), b"nowhere"), "p")
    with pytest.raises(StateTooNew):
        begin_from_bytes(b'{"format": "reconcile.journal/3"}', "p")
