"""What every place for a state must keep, whatever it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconcile.core.errors import StateError
from reconcile.state.backend import Backend, KeyMissing, KeyTaken, open_backend

WRITERS = 8


@pytest.fixture(params=["folder", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    location = {"folder": ".reconcile", "memory": "memory://"}[request.param]
    return open_backend(location, tmp_path, "prod")


def test_what_was_created_is_read(backend: Backend) -> None:
    backend.create("state/00000001.json", b"one\x00two")
    assert backend.read("state/00000001.json") == b"one\x00two"


def test_an_empty_place_is_empty_and_stays_so(backend: Backend) -> None:
    assert backend.list("state") == []
    with pytest.raises(KeyMissing):
        backend.read("state/00000001.json")
    backend.delete("state/00000001.json")
    assert backend.list("state") == []


def test_a_key_is_created_once(backend: Backend) -> None:
    backend.create("state/00000001.json", b"first")
    with pytest.raises(KeyTaken):
        backend.create("state/00000001.json", b"second")
    assert backend.read("state/00000001.json") == b"first"


def test_put_replaces(backend: Backend) -> None:
    backend.put("lock.json", b"first, and longer")
    backend.put("lock.json", b"second")
    assert backend.read("lock.json") == b"second"


def test_a_deleted_key_can_be_created_again(backend: Backend) -> None:
    backend.create("lock.json", b"first")
    backend.delete("lock.json")
    backend.delete("lock.json")
    backend.create("lock.json", b"second")
    assert backend.read("lock.json") == b"second"


def test_a_list_is_of_one_folder_with_all_below_it_sorted(backend: Backend) -> None:
    for key in ("state/00000010.json", "state/00000002.json", "journal/000001-a/begin.json", "lock.json", "state2/x"):
        backend.create(key, b"")
    assert backend.list("state") == ["state/00000002.json", "state/00000010.json"]
    assert backend.list("journal") == ["journal/000001-a/begin.json"]


def test_a_folder_of_deleted_keys_is_empty_and_usable(backend: Backend) -> None:
    backend.create("journal/000001-a/begin.json", b"")
    backend.delete("journal/000001-a/begin.json")
    assert backend.list("journal") == []
    backend.create("journal/000001-a/begin.json", b"again")
    assert backend.read("journal/000001-a/begin.json") == b"again"


def test_of_many_threads_one_creates(backend: Backend) -> None:
    def write(number: int) -> bool:
        try:
            backend.create("state/00000001.json", b"%d" % number * 10_000)
        except KeyTaken:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(write, range(WRITERS)))
    assert won.count(True) == 1
    assert backend.read("state/00000001.json") == b"%d" % won.index(True) * 10_000


@pytest.mark.parametrize(
    "key", ["../escape", "state/../../escape", "/etc/passwd", "", "state//x", ".hidden", "a b", "a\\b"]
)
@pytest.mark.parametrize("call", ["create", "put", "read", "delete", "list"])
def test_no_key_leaves_the_place(backend: Backend, key: str, call: str) -> None:
    method: Callable[..., object] = getattr(backend, call)
    backend.create("state/00000001.json", b"")
    with pytest.raises(ValueError, match="is no key"):
        method(key, *([b"x"] if call in {"create", "put"} else []))


def test_the_place_of_a_key_can_be_looked_for(backend: Backend) -> None:
    assert backend.place("state/00000001.json").endswith("/prod/state/00000001.json")


RACER = """
import sys
from pathlib import Path
from reconcile.state.backend import KeyTaken, open_backend
backend = open_backend(".reconcile", Path(sys.argv[1]), "prod")
sys.stdin.readline()
won = []
for number in range(20):
    try:
        backend.create(f"state/{number:08d}.json", sys.argv[2].encode())
    except KeyTaken:
        continue
    won.append(number)
print(*won)
"""


def test_of_many_processes_one_creates(tmp_path: Path) -> None:
    # Memory is not shared by processes, so this one is for real places only.
    command = [sys.executable, "-c", RACER, str(tmp_path)]
    racers = [
        subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for n in range(3)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [[int(word) for word in racer.communicate()[0].split()] for racer in racers]
    assert sorted(number for numbers in won for number in numbers) == list(range(20))
    backend = open_backend(".reconcile", tmp_path, "prod")
    for number, numbers in enumerate(won):
        assert all(backend.read(f"state/{n:08d}.json") == b"%d" % number for n in numbers)


@pytest.mark.parametrize("location", ["s3://bucket/x", "gs://bucket", "az://box", "postgresql://host/db"])
def test_a_place_that_comes_later_says_so(location: str, tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        open_backend(location, tmp_path, "prod")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "state-location"
    assert "not in this version yet" in diagnostic.summary
    assert location in diagnostic.detail
    assert ".reconcile" in diagnostic.hint


@pytest.mark.parametrize("location", ["", "  ", "ftp://host/x"])
def test_what_is_no_place_says_so(location: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="Not a place for the state"):
        open_backend(location, tmp_path, "prod")


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b", "prod.", "a\n", "x" * 200])
def test_an_environment_is_a_plain_word(name: str, tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        open_backend(".reconcile", tmp_path, name)
    assert caught.value.diagnostics[0].code == "environment-name"


def test_environments_do_not_see_each_other(tmp_path: Path) -> None:
    dev, prod = (open_backend(".reconcile", tmp_path, name) for name in ("dev", "prod"))
    dev.create("lock.json", b"dev")
    assert prod.list("state") == []
    prod.create("lock.json", b"prod")
    assert dev.read("lock.json") == b"dev"
