"""Versions: the newest is read or an error, the next is written by exactly one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconcile.core.address import Address
from reconcile.core.errors import StateDamaged, StateError, StateMoved, StateTooNew
from reconcile.core.kind import Action
from reconcile.core.redact import Redactor
from reconcile.core.snapshot import Recorded
from reconcile.state.backend import Backend, KeyMissing, KeyTaken, open_backend
from reconcile.state.format import Applied, AppliedChange, Origin, State
from reconcile.state.store import Store

AT = "2026-11-22T14:00:00Z"
A = Address("sales", "schedule", "recipe:A")


def record(number: int) -> dict[Address, Recorded]:
    return {A: Recorded(A, {"n": number}, AT)}


def applied(id: str, error: str | None = None, command: str = "reconcile apply") -> Applied:
    change = AppliedChange(A, Action.UPDATE, "failed" if error else "done", error=error)
    return Applied(Origin(id, AT, "kim", "ci", command), "done", (change,))


def three_versions(backend: Backend) -> list[State]:
    store, states = Store(backend), [State()]
    for number in (1, 2, 3):
        states.append(store.write(states[-1], record(number), applied(f"a{number}"), at=AT))
    return states[1:]


def test_before_the_first_version_nothing_is_recorded_and_nothing_is_created(folder: Backend, tmp_path: Path) -> None:
    assert Store(folder).latest() == State(environment="prod", lineage="", serial=0, recorded={})
    assert list(tmp_path.iterdir()) == []


def test_the_newest_version_is_read(folder: Backend) -> None:
    states = three_versions(folder)
    assert Store(folder).latest() == states[-1]
    assert [s.serial for s in states] == [1, 2, 3]
    assert len({s.lineage for s in states}) == 1
    assert states[0].lineage


def test_a_version_is_the_file_of_its_number(folder: Backend) -> None:
    three_versions(folder)
    assert folder.list("state") == [f"state/0000000{n}.json" for n in (1, 2, 3)]


def test_two_that_start_from_one_version_do_not_both_record(folder: Backend) -> None:
    base = three_versions(folder)[-1]
    mine, theirs = Store(folder), Store(folder)
    theirs.write(base, record(4), None, at=AT)
    with pytest.raises(StateMoved) as caught:
        mine.write(base, record(5), None, at=AT)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "state-moved"
    assert "version 3" in diagnostic.detail
    assert "version 4" in diagnostic.detail
    assert "plan again" in diagnostic.hint
    assert Store(folder).latest().recorded == record(4)


def test_of_many_threads_one_records(memory: Backend) -> None:
    base = three_versions(memory)[-1]

    def write(number: int) -> bool:
        try:
            Store(memory).write(base, record(number), None, at=AT)
        except StateMoved:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert won.count(True) == 1
    assert Store(memory).latest().recorded == record(won.index(True))


def test_a_gap_left_by_removed_versions_is_no_room_for_an_old_base(memory: Backend) -> None:
    base = three_versions(memory)[0]
    memory.delete("state/00000002.json")
    with pytest.raises(StateMoved):
        Store(memory).write(base, record(9), None, at=AT)


def test_a_damaged_newest_version_is_an_error_never_the_one_before(folder: Backend) -> None:
    states = three_versions(folder)
    folder.put("state/00000003.json", folder.read("state/00000003.json")[:-20])
    with pytest.raises(StateDamaged) as caught:
        Store(folder).latest()
    (diagnostic,) = caught.value.diagnostics
    assert folder.place("state/00000003.json") in diagnostic.detail
    assert "state/00000002.json" in diagnostic.hint
    assert "state/00000003.json.damaged" in diagnostic.hint
    # The way out works as it is told.
    path = Path(folder.place("state/00000003.json"))
    path.rename(f"{path}.damaged")
    assert Store(folder).latest() == states[1]
    assert Store(folder).write(states[1], record(7), None, at=AT).serial == 3


def test_a_damaged_first_version_has_a_way_out_too(folder: Backend) -> None:
    Store(folder).write(State(), record(1), None, at=AT)
    folder.put("state/00000001.json", b"")
    with pytest.raises(StateDamaged) as caught:
        Store(folder).latest()
    assert "no version before it" in caught.value.diagnostics[0].hint


def test_a_version_under_another_number_or_environment_is_damaged(folder: Backend, tmp_path: Path) -> None:
    three_versions(folder)
    folder.create("state/00000004.json", folder.read("state/00000003.json"))
    with pytest.raises(StateDamaged, match="serial 3 under the name of 4"):
        Store(folder).latest()
    dev = open_backend(".reconcile", tmp_path, "dev")
    dev.create("state/00000003.json", folder.read("state/00000003.json"))
    with pytest.raises(StateDamaged, match="environment prod under the name of dev"):
        Store(dev).latest()


def test_a_version_without_lineage_is_damaged(folder: Backend) -> None:
    state = three_versions(folder)[-1]
    data = folder.read("state/00000003.json").replace(state.lineage.encode(), b"")
    folder.put("state/00000003.json", data)
    with pytest.raises(StateDamaged, match="no lineage"):
        Store(folder).latest()


def test_a_newer_format_is_its_own_error(folder: Backend) -> None:
    three_versions(folder)
    folder.create("state/00000004.json", b'{"format": "reconcile.state/3"}')
    with pytest.raises(StateTooNew):
        Store(folder).latest()


def test_other_files_in_the_folder_are_no_versions(folder: Backend) -> None:
    states = three_versions(folder)
    for name in ("00000009.json.bak", "9.json", "notes.txt", "old/00000009.json"):
        folder.create(f"state/{name}", b"")
    assert Store(folder).latest() == states[-1]


def test_secrets_in_texts_are_masked(folder: Backend) -> None:
    clean = Redactor(["hunter2hunter2"]).clean
    block = applied("a1", error="refused: token hunter2hunter2", command="reconcile apply --x hunter2hunter2")
    state = Store(folder, clean).write(State(), record(1), block, at=AT)
    assert b"hunter2" not in folder.read("state/00000001.json")
    assert state.apply
    assert state.apply.changes[0].error == "refused: token ***"


def test_history_is_newest_first_and_tells_of_what_cannot_be_read(folder: Backend) -> None:
    states = three_versions(folder)
    Store(folder).write(states[-1], {}, None, at=AT)
    folder.put("state/00000002.json", b"{")
    versions = list(Store(folder).history())
    assert [v.serial for v in versions] == [4, 3, 2, 1]
    assert [v.apply and v.apply.origin.id for v in versions] == [None, "a3", None, "a1"]
    assert [d.code for v in versions for d in v.trouble] == ["state-damaged"]


def test_what_the_versions_account_for(memory: Backend) -> None:
    states = three_versions(memory)
    Store(memory).write(states[-1], record(4), None, at=AT, took_in=["cut-off"])
    assert Store(memory).accounted_for(since=2) == {"a3", "cut-off"}
    memory.put("state/00000003.json", b"")
    assert Store(memory).accounted_for(since=0) == {"a1", "a2", "cut-off"}


class Wrapped:
    """A backend whose calls a test can change."""

    def __init__(self, inner: Backend) -> None:
        self.inner, self.environment = inner, inner.environment
        self.place, self.create, self.put = inner.place, inner.create, inner.put
        self.read, self.list, self.delete = inner.read, inner.list, inner.delete


def test_a_lost_answer_that_the_transport_asked_for_again_is_no_lost_race(memory: Backend) -> None:
    base, backend = three_versions(memory)[-1], Wrapped(memory)

    def create(key: str, data: bytes) -> None:
        memory.create(key, data)
        raise KeyTaken(key)

    backend.create = create
    assert Store(backend).write(base, record(4), None, at=AT).serial == 4


def test_a_version_that_goes_while_we_look_is_looked_for_again(memory: Backend) -> None:
    states, backend = three_versions(memory), Wrapped(memory)
    answers = iter([["state/00000002.json", "state/00000007.json"]])
    backend.list = lambda folder: next(answers, None) or memory.list(folder)
    assert Store(backend).latest() == states[-1]


def test_a_version_that_is_listed_and_never_there_is_an_error(memory: Backend) -> None:
    backend = Wrapped(memory)
    backend.list = lambda folder: ["state/00000007.json"]
    with pytest.raises(StateError, match="is listed, but cannot be found"):
        Store(backend).latest()
    with pytest.raises(KeyMissing):
        backend.read("state/00000007.json")
