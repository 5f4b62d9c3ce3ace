"""Which folder is the workspace, and which files belong to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconcile.config.files import find_workspace, list_files, read_text, shown
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("a: 1\n", encoding="utf-8")


def refused(path: Path, here: Path) -> Diagnostic:
    with pytest.raises(ConfigError) as caught:
        read_text(path, here)
    return caught.value.diagnostics[0]


def test_where_the_workspace_is_looked_for(tmp_path: Path) -> None:
    make(tmp_path, "x/reconcile.yaml", "y/reconcile.yaml", "desired_state/reconcile.yaml")
    assert find_workspace(Path("x"), "y", tmp_path) == tmp_path / "x"
    assert find_workspace(tmp_path / "x" / "reconcile.yaml", None, tmp_path) == tmp_path / "x"
    assert find_workspace(None, "y", tmp_path) == tmp_path / "y"
    assert find_workspace(None, "", tmp_path) == tmp_path / "desired_state"
    make(tmp_path, "reconcile.yaml")
    assert find_workspace(None, None, tmp_path) == tmp_path


def test_no_workspace_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_workspace(None, None, tmp_path)
    error = caught.value.diagnostics[0]
    assert error.code == "no-workspace"
    assert "./reconcile.yaml and ./desired_state/reconcile.yaml" in error.detail


@pytest.mark.parametrize(
    ("files", "hint"),
    [(["w/desired_state/reconcile.yaml"], "desired_state"), (["w/reconcile.yml"], "rename"), (["w/x"], "")],
)
def test_a_named_folder_without_workspace_is_an_error(tmp_path: Path, files: list[str], hint: str) -> None:
    make(tmp_path, "reconcile.yaml", *files)
    for explicit, named in ((Path("w"), None), (None, "w")):
        with pytest.raises(ConfigError) as caught:
            find_workspace(explicit, named, tmp_path)
        error = caught.value.diagnostics[0]
        assert "no reconcile.yaml" in error.detail
        assert hint in error.hint


def test_a_folder_that_nobody_can_look_into_is_told_with_its_name(tmp_path: Path) -> None:
    """A name that is too long stands for whatever the system refuses: root may look into everything else."""
    with pytest.raises(ConfigError) as caught:
        find_workspace(Path("x" * 300), None, tmp_path)
    error = caught.value.diagnostics[0]
    assert error.code == "unreadable-file"
    assert "x" * 300 in str(error.span)
    assert "too long" in error.detail.lower()


def test_every_yaml_file_that_is_not_hidden(tmp_path: Path) -> None:
    make(
        tmp_path, "reconcile.yaml", "b.yml", "a.yaml", "sub/z.YAML", "sub/.hidden.yaml", ".git/x.yaml", "note.txt",
        "folder.yaml/in.yaml",
    )  # fmt: skip
    listing = list_files(tmp_path, tmp_path)
    assert [shown(path, tmp_path) for path in listing.desired] == [
        "a.yaml",
        "b.yml",
        "folder.yaml/in.yaml",
        "sub/z.YAML",
    ]
    assert listing.diagnostics == ()


def test_no_desired_state_is_an_error(tmp_path: Path) -> None:
    make(tmp_path, "reconcile.yaml", ".hidden/a.yaml")
    assert [d.code for d in list_files(tmp_path, tmp_path).diagnostics] == ["no-desired-state"]


@pytest.mark.parametrize("second", ["sub/reconcile.yaml", "reconcile.yml"])
def test_two_workspace_files_are_an_error(tmp_path: Path, second: str) -> None:
    make(tmp_path, "reconcile.yaml", "a.yaml", second)
    listing = list_files(tmp_path, tmp_path)
    assert [d.code for d in listing.diagnostics] == ["second-workspace"]
    assert str(listing.diagnostics[0].span) == f"{second}:1:1"


def test_a_link_in_a_circle_is_an_error_and_ends(tmp_path: Path) -> None:
    make(tmp_path, "reconcile.yaml", "sub/a.yaml")
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    listing = list_files(tmp_path, tmp_path)
    assert [d.code for d in listing.diagnostics] == ["link-loop"]
    assert [path.name for path in listing.desired] == ["a.yaml"]


def test_a_folder_reached_twice_is_read_once(tmp_path: Path) -> None:
    make(tmp_path, "reconcile.yaml", "a/x.yaml")
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
    listing = list_files(tmp_path, tmp_path)
    assert [shown(path, tmp_path) for path in listing.desired] == ["a/x.yaml"]
    assert listing.diagnostics == ()


def test_paths_are_shown_relative_when_below(tmp_path: Path) -> None:
    assert shown(tmp_path / "desired_state" / "sales.yaml", tmp_path) == "desired_state/sales.yaml"
    assert shown(Path("desired_state/../x.yaml"), tmp_path) == "x.yaml"
    assert shown(tmp_path / "x.yaml", tmp_path / "elsewhere") == (tmp_path / "x.yaml").as_posix()
    assert shown(Path(os.fsdecode(b"\xff.yaml")), Path()) == "\\xff.yaml"


def test_a_byte_order_mark_is_left_out_and_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\r\n")
    assert read_text(path, tmp_path) == "a: é\r\n"


def test_other_encodings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    for encoding in ("utf-16", "utf-32"):
        path.write_bytes("a: 1\n".encode(encoding))
        error = refused(path, tmp_path)
        assert error.code == "not-utf8"
        assert encoding.upper() in error.detail


def test_bytes_that_are_no_utf8_have_a_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("a: 1\nü: caf".encode() + b"\xe9\n")
    error = refused(path, tmp_path)
    assert str(error.span) == "a.yaml:2:7"
    assert "0xE9" in error.detail


def test_what_cannot_be_read(tmp_path: Path) -> None:
    gone = tmp_path / "gone.yaml"
    gone.symlink_to(tmp_path / "nowhere")
    assert refused(gone, tmp_path).code == "unreadable-file"
    assert "remove it" in refused(gone, tmp_path).hint
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert "no ordinary file" in refused(pipe, tmp_path).detail


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_must_not_be_read(tmp_path: Path) -> None:
    make(tmp_path, "reconcile.yaml", "closed/a.yaml", "b.yaml")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "b.yaml").chmod(0)
    assert [d.code for d in list_files(tmp_path, tmp_path).diagnostics] == ["unreadable-file"]
    assert "right" in refused(tmp_path / "b.yaml", tmp_path).hint
    (tmp_path / "closed").chmod(0o700)
