"""A folder of this machine as the place for a state."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from obstore.exceptions import GenericError

from reconcile.core.errors import StateError
from reconcile.state import folder as folder_module
from reconcile.state.backend import Backend, KeyMissing, open_backend
from reconcile.state.trouble import error_number, trouble


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_reading_creates_nothing(folder: Backend, tmp_path: Path) -> None:
    assert folder.list("state") == []
    with pytest.raises(KeyMissing):
        folder.read("lock.json")
    folder.delete("lock.json")
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_may_look(folder: Backend, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder.create("state/00000001.json", b"{}")
        folder.put("lock.json", b"{}")
    finally:
        os.umask(before)
    root = tmp_path / ".reconcile"
    assert {mode(p) for p in (root, *root.rglob("*")) if p.is_dir()} == {0o700}
    assert {mode(p) for p in root.rglob("*") if p.is_file()} == {0o600}


def test_bytes_and_name_are_synced_before_create_returns(
    folder: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    final = tmp_path / ".reconcile/prod/state/00000001.json"
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append((str(Path(f"/proc/self/fd/{descriptor}").readlink()), final.exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    folder.create("state/00000001.json", b"{}")
    (bytes_at,) = [i for i, (path, _) in enumerate(synced) if "/staging/" in path]
    names_at = [i for i, (path, _) in enumerate(synced) if path == str(final.parent)]
    assert not synced[bytes_at][1], "the bytes must be safe before they have their name"
    assert synced[names_at[-1]][1]
    assert names_at[-1] > bytes_at
    # The new folders have names too, in the folders above them.
    assert {str(tmp_path), str(tmp_path / ".reconcile"), str(tmp_path / ".reconcile/prod")} <= {p for p, _ in synced}


def test_nothing_stays_staged(folder: Backend, tmp_path: Path) -> None:
    folder.create("state/00000001.json", b"{}")
    with pytest.raises(Exception, match="state/00000001"):
        folder.create("state/00000001.json", b"{}")
    assert list((tmp_path / ".reconcile/prod/staging").iterdir()) == []


def test_what_a_dead_process_staged_is_swept_but_not_what_a_living_one_does(tmp_path: Path) -> None:
    open_backend(".reconcile", tmp_path, "prod").create("lock.json", b"{}")
    staging = tmp_path / ".reconcile/prod/staging"
    (staging / "old").write_bytes(b"half")
    (staging / "new").write_bytes(b"half")
    long_ago = (staging / "new").stat().st_mtime - folder_module.STAGED_SECONDS - 60
    os.utime(staging / "old", (long_ago, long_ago))
    open_backend(".reconcile", tmp_path, "prod").create("state/00000001.json", b"{}")
    assert [p.name for p in staging.iterdir()] == ["new"]


def test_a_folder_may_be_absolute(tmp_path: Path) -> None:
    backend = open_backend(str(tmp_path / "elsewhere"), tmp_path / "workspace", "prod")
    backend.create("lock.json", b"{}")
    assert (tmp_path / "elsewhere/prod/lock.json").is_file()


def said(error: StateError) -> tuple[str, str, str]:
    (diagnostic,) = error.diagnostics
    assert diagnostic.hint
    return diagnostic.code, diagnostic.detail, diagnostic.hint


@pytest.mark.parametrize("in_the_way", [".reconcile", ".reconcile/prod"])
def test_a_file_in_the_way_of_the_folder(folder: Backend, tmp_path: Path, in_the_way: str) -> None:
    (tmp_path / in_the_way).parent.mkdir(exist_ok=True)
    (tmp_path / in_the_way).write_text("mine")
    for call in (
        lambda: folder.create("lock.json", b""),
        lambda: folder.list("state"),
        lambda: folder.read("lock.json"),
    ):
        with pytest.raises(StateError) as caught:
            call()
        code, detail, hint = said(caught.value)
        assert code == "state-not-a-folder"
        assert str(tmp_path / ".reconcile/prod") in detail
        assert "state:" in hint
    assert (tmp_path / in_the_way).read_text() == "mine"


def test_a_file_in_the_way_of_a_folder_further_down(folder: Backend, tmp_path: Path) -> None:
    folder.create("lock.json", b"")
    (tmp_path / ".reconcile/prod/state").write_text("mine")
    with pytest.raises(StateError) as caught:
        folder.create("state/00000001.json", b"")
    assert said(caught.value)[0] == "state-not-a-folder"


def test_a_folder_in_the_way_of_a_file_is_never_an_empty_state(folder: Backend, tmp_path: Path) -> None:
    (tmp_path / ".reconcile/prod/state/00000001.json").mkdir(parents=True)
    with pytest.raises(StateError):
        folder.put("state/00000001.json", b"")


def test_a_link_to_nowhere_is_not_an_empty_state(folder: Backend, tmp_path: Path) -> None:
    # What a drive that is not mounted looks like: to take it for "nothing recorded" would be the worst answer.
    (tmp_path / ".reconcile").symlink_to(tmp_path / "not-mounted")
    with pytest.raises(StateError) as caught:
        folder.list("state")
    assert "No such file" in said(caught.value)[1]


WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
from reconcile.core.errors import StateError
import reconcile.state.folder
from reconcile.state.backend import open_backend
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
for name, call in (
    ("locked", lambda b: b.list("state")), ("locked", lambda b: b.read("state/x.json")),
    ("inside", lambda b: b.list("state")), ("inside", lambda b: b.read("state/x.json")),
    ("fixed", lambda b: b.create("state/x.json", b"")), ("fixed", lambda b: b.put("lock.json", b"")),
):
    try:
        print(name, call(open_backend(name, Path(sys.argv[1]), "prod")))
    except StateError as error:
        print(name, error.diagnostics[0].code)
"""


def test_missing_rights_are_an_error_and_never_an_empty_state(tmp_path: Path) -> None:
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(path.stat().st_mode | 0o011)
    for name in ("locked", "inside", "fixed"):
        (tmp_path / name / "prod/state").mkdir(parents=True)
    (tmp_path / "inside/prod/state").chmod(0)
    (tmp_path / "locked").chmod(0)
    for name in ("", "prod", "prod/state"):
        (tmp_path / "fixed" / name).chmod(0o555)
    command = [sys.executable, "-c", WITHOUT_RIGHTS, str(tmp_path)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in ("locked", "inside"):
        (tmp_path / name).chmod(0o700)
    (tmp_path / "inside/prod/state").chmod(0o700)
    names = ["locked", "locked", "inside", "inside", "fixed", "fixed"]
    assert lines == [f"{name} state-forbidden" for name in names]


NO_ROOM = """
import resource, signal, sys
from pathlib import Path
from reconcile.core.errors import StateError
from reconcile.state.backend import open_backend
backend = open_backend(".reconcile", Path(sys.argv[1]), "prod")
backend.create("state/00000001.json", b"x" * 100)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    backend.create("state/00000002.json", b"x" * 5000)
except StateError as error:
    print(error.diagnostics[0].code)
print(*backend.list("state"))
"""


def test_a_write_that_does_not_fit_leaves_nothing_half_written(tmp_path: Path) -> None:
    # A limit on the size of a file fails in the middle of a write, as a full disk does.
    command = [sys.executable, "-c", NO_ROOM, str(tmp_path)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines == ["state-disk-full", "state/00000001.json"]
    assert list((tmp_path / ".reconcile/prod/staging").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, "state-forbidden"),
        (errno.EROFS, "state-forbidden"),
        (errno.ENOSPC, "state-disk-full"),
        (errno.EDQUOT, "state-disk-full"),
        (errno.ENOTDIR, "state-not-a-folder"),
        (errno.ENOTSUP, "state-unsuitable"),
        (errno.EIO, "state-unavailable"),
    ],
)
def test_each_reason_has_its_own_words(number: int, code: str) -> None:
    ours = OSError(number, os.strerror(number))
    theirs = GenericError(
        f"Generic LocalFileSystem error: {os.strerror(number)} (os error {number})\n\nDebug source: x"
    )
    for error in (ours, theirs):
        assert error_number(error) == number
        found, detail, _ = said(trouble("write", "/srv/state", error))
        assert (found, detail) == (code, f"Cannot write /srv/state: {os.strerror(number)}.")


def test_an_error_without_a_number_is_told_in_one_line() -> None:
    assert said(trouble("read", "here", GenericError("no idea\n\nDebug source: x")))[1] == "Cannot read here: no idea."
    assert said(trouble("read", "here", ValueError()))[1] == "Cannot read here: ValueError."
