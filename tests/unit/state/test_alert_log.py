"""What people were told, between runs: versions, two runners at once, and what is wrong with it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from reconcile.core.alert import AlertKind, Claim, Memory, Told
from reconcile.core.errors import StateDamaged, StateTooNew
from reconcile.core.redact import Redactor
from reconcile.state.alert_log import KEPT, AlertLog, from_bytes, to_bytes
from reconcile.state.backend import Backend, open_backend

NOON = "2026-11-23T12:00:00Z"
PACK = "sales/schedule/recipe:Board_Pack"


def told(fingerprint: str) -> Memory:
    return {"out": {PACK: Told(AlertKind.DRIFT, fingerprint, NOON)}}


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return open_backend(".reconcile", tmp_path, "default")


def test_nothing_is_remembered_before_the_first(backend: Backend) -> None:
    """And looking writes nothing."""
    found = AlertLog(backend).latest()
    assert (found.serial, found.memory) == (0, {})
    assert backend.list("alerts") == []


def test_what_was_written_is_read_with_all_there_is_to_it(backend: Backend) -> None:
    whole: Memory = {
        "out": {
            PACK: Told(AlertKind.DRIFT, "a" * 16, NOON, muted=True, claim=Claim("me", NOON)),
            "check": Told(AlertKind.CHECK_FAILED, "b" * 16, NOON),
        },
        "log": {PACK: Told(AlertKind.DRIFT, claim=Claim("you", NOON))},
    }
    log = AlertLog(backend)
    assert log.change(log.latest(), lambda memory: whole).serial == 1
    assert AlertLog(backend).latest().memory == whole
    assert from_bytes(to_bytes(whole), "here") == whole


def test_nothing_new_writes_nothing(backend: Backend) -> None:
    log = AlertLog(backend)
    base = log.change(log.latest(), lambda memory: told("a"))
    assert log.change(base, lambda memory: dict(memory)) == base
    assert log.change(base, lambda memory: None) == base
    assert len(backend.list("alerts")) == 1


def test_a_change_is_made_on_top_of_what_another_wrote_meanwhile(backend: Backend) -> None:
    log = AlertLog(backend)
    base = log.latest()
    AlertLog(backend).change(base, lambda memory: told("theirs"))
    seen: list[Memory] = []

    def change(memory: Memory) -> Memory:
        seen.append(memory)
        return {**memory, "log": told("ours")["out"]}

    assert log.change(base, change).memory == {**told("theirs"), "log": told("ours")["out"]}
    assert seen == [{}, told("theirs")]


def test_many_at_once_lose_nothing(backend: Backend) -> None:
    """Eight threads, each with a line of its own."""

    def add(number: int) -> None:
        log = AlertLog(backend)
        log.change(log.latest(), lambda memory: {**memory, f"sink{number}": told("a")["out"]})

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(AlertLog(backend).latest().memory) == 8


def test_old_versions_are_removed(backend: Backend) -> None:
    log = AlertLog(backend)
    base = log.latest()
    for number in range(KEPT + 10):
        base = log.change(base, lambda memory, n=number: told(str(n)))  # type: ignore[misc]
    assert len(backend.list("alerts")) == KEPT
    assert AlertLog(backend).latest() == base


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"format":"reconcile.alerts/1","sinks":{"a":{"b":{"kind":"no"}}}}']
)
def test_a_damaged_one_is_said_to_be(backend: Backend, data: bytes) -> None:
    backend.create("alerts/00000001.json", data)
    with pytest.raises(StateDamaged) as caught:
        AlertLog(backend).latest()
    assert caught.value.diagnostics[0].code == "alerts-damaged"


def test_a_kind_that_nobody_knows_is_damage(backend: Backend) -> None:
    item = b'{"kind":"no","fingerprint":"a","sent_at":""}'
    backend.create("alerts/00000001.json", b'{"format":"reconcile.alerts/1","sinks":{"a":{"b":' + item + b"}}}")
    with pytest.raises(StateDamaged):
        AlertLog(backend).latest()


def test_a_newer_one_is_left_alone(backend: Backend) -> None:
    backend.create("alerts/00000001.json", b'{"format":"reconcile.alerts/2","sinks":{}}')
    with pytest.raises(StateTooNew):
        AlertLog(backend).latest()


def test_no_secret_is_kept() -> None:
    memory: Memory = {"out": {"sales/schedule/recipe:hunter22": Told(AlertKind.DRIFT, "a", NOON)}}
    assert b"hunter22" not in to_bytes(memory, Redactor(["hunter22"]).clean)
