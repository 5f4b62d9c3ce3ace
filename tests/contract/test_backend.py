"""What every place for a state must keep, whatever it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconcile.core.alert import AlertKind, Told
from reconcile.core.errors import StateError
from reconcile.state.alert_log import AlertLog
from reconcile.state.backend import Backend, Dated, KeyMissing, KeyTaken, open_backend

WRITERS = 8

# azurite may have to be fetched first.
FETCHED = pytest.mark.timeout(600)
REAL = ["folder", "s3", "gs", pytest.param("az", marks=FETCHED), "postgresql"]


def fresh(place: str, request: pytest.FixtureRequest, environ: pytest.MonkeyPatch) -> str:
    """Return a location in which nothing is yet, and set the environment up for it."""
    if place in ("folder", "memory"):
        return {"folder": ".reconcile", "memory": "memory://"}[place]
    name = {"s3": "s3_server", "gs": "gcs_server", "az": "azure_server", "postgresql": "postgres_server"}[place]
    server = request.getfixturevalue(name)
    for variable, value in getattr(server, "environ", {}).items():
        environ.setenv(variable, value)
    return str(server.fresh())


@pytest.fixture(params=["memory", *REAL])
def location(request: pytest.FixtureRequest, no_clouds: pytest.MonkeyPatch) -> str:
    return fresh(request.param, request, no_clouds)


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest, no_clouds: pytest.MonkeyPatch) -> str:
    """A location that other processes share."""
    return fresh(request.param, request, no_clouds)


@pytest.fixture
def backend(location: str, tmp_path: Path) -> Backend:
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
    assert "prod/state/00000001.json" in backend.place("state/00000001.json")


def test_more_keys_than_fit_on_a_page(backend: Backend) -> None:
    """Stores list 1000 keys a page (azurite 5000); none is lost at the seam, and none comes twice."""
    keys = [f"state/{number:08d}.json" for number in range(1003)]
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda key: backend.create(key, b""), reversed(keys)))
    assert backend.list("state") == keys


def test_a_place_tells_when_a_key_was_written(backend: Backend) -> None:
    """Its clock is the store's; here both are this machine's."""
    assert isinstance(backend, Dated)
    with pytest.raises(KeyMissing):
        backend.written_at("lock.json")
    before = datetime.now(UTC)
    backend.create("lock.json", b"")
    at = backend.written_at("lock.json")
    assert at is not None
    assert before - timedelta(seconds=1) <= at <= datetime.now(UTC) + timedelta(seconds=1)
    backend.put("lock.json", b"again")
    again = backend.written_at("lock.json")
    assert again is not None
    assert again >= at


def test_large_values_are_kept(backend: Backend) -> None:
    data = b"0123456789abcdef" * 500_000  # 8 MB, more than one part of a multipart upload
    backend.create("state/00000001.json", data)
    assert backend.read("state/00000001.json") == data


RACER = """
import sys
from pathlib import Path
from reconcile.state.backend import KeyTaken, open_backend
backend = open_backend(sys.argv[1], Path(sys.argv[2]), "prod")
sys.stdin.readline()
won = []
for number in range(20):
    try:
        backend.create(f"state/{number:08d}.json", sys.argv[3].encode())
    except KeyTaken:
        continue
    won.append(number)
print(*won)
"""


def test_of_many_processes_one_creates(real: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RACER, real, str(tmp_path)]
    racers = [
        subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for n in range(3)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [[int(word) for word in racer.communicate()[0].split()] for racer in racers]
    assert sorted(number for numbers in won for number in numbers) == list(range(20))
    backend = open_backend(real, tmp_path, "prod")
    for number, numbers in enumerate(won):
        assert all(backend.read(f"state/{n:08d}.json") == b"%d" % number for n in numbers)


def test_environments_do_not_see_each_other(location: str, tmp_path: Path) -> None:
    dev, prod = (open_backend(location, tmp_path, name) for name in ("dev", "prod"))
    dev.create("lock.json", b"dev")
    assert prod.list("state") == []
    prod.create("lock.json", b"prod")
    assert dev.read("lock.json") == b"dev"


@pytest.mark.parametrize("text", ["", "  ", "ftp://host/x", "S3://bucket", "https://user:hunter2@host/x"])
def test_what_is_no_place_says_so(text: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="Not a place for the state") as caught:
        open_backend(text, tmp_path, "prod")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgress", "gcs", "azz"])
def test_what_is_nearly_a_place_is_suggested(scheme: str, tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        open_backend(f"{scheme}://x", tmp_path, "prod")
    assert "did you mean" in caught.value.diagnostics[0].hint


def test_what_people_were_told_is_kept_by_several_at_once(backend: Backend) -> None:
    """Runners with something to say at the same moment: each on top of the other, and none is lost."""

    def tell(number: int) -> None:
        log = AlertLog(backend)
        log.change(log.latest(), lambda memory: {**memory, f"sink{number}": {"check": Told(AlertKind.DRIFT, "f", "")}})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(4)))
    assert sorted(AlertLog(backend).latest().memory) == ["sink0", "sink1", "sink2", "sink3"]


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b", "prod.", "a\n", "x" * 200])
def test_an_environment_is_a_plain_word(name: str, tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        open_backend(".reconcile", tmp_path, name)
    assert caught.value.diagnostics[0].code == "environment-name"


def test_a_place_loads_no_library_of_another(tmp_path: Path) -> None:
    """A base install has none of the extras, and who keeps the state in a folder pays for no cloud."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from reconcile.state.backend import open_backend\n"
        "open_backend('.reconcile', Path(sys.argv[1]), 'prod').create('lock.json', b'')\n"
        "ours = {name[16:] for name in sys.modules if name.startswith('reconcile.state.')}\n"
        "others = {'boto3', 'botocore', 'google.auth', 'psycopg', 'requests'} & sys.modules.keys()\n"
        "print(*sorted(ours | others))\n"
    )
    loaded = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == ["backend", "folder", "trouble"]


@pytest.mark.parametrize("text", ["s3://bucket/x", "gs://bucket/x", "az://box/x", "postgresql://host/db"])
def test_naming_a_place_makes_no_call_and_needs_no_credentials(
    text: str, tmp_path: Path, no_clouds: pytest.MonkeyPatch
) -> None:
    """So that ``validate`` works where the secrets are not."""
    assert open_backend(text, tmp_path, "prod", {}).place("lock.json").startswith(text)
