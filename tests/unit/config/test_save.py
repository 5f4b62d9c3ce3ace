"""Files are written whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from reconcile.config.save import Draft, save
from reconcile.core.errors import ConfigError


def code(raised: pytest.ExceptionInfo[ConfigError]) -> str:
    return raised.value.diagnostics[0].code


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_gets_its_folders_and_ordinary_rights(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.yaml"
    before = os.umask(0o027)
    try:
        save([Draft(path, "é: 1\n")], tmp_path)
    finally:
        os.umask(before)
    assert path.read_bytes() == "é: 1\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(path.parent) == ["c.yaml"]


def test_nothing_is_written_when_one_of_the_new_files_is_there(tmp_path: Path) -> None:
    there = tmp_path / "b.yaml"
    there.write_text("mine\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        save([Draft(tmp_path / "a.yaml", "new\n"), Draft(there, "new\n")], tmp_path)
    assert code(raised) == "file-exists"
    assert "--into b.yaml" in raised.value.diagnostics[0].hint
    assert names(tmp_path) == ["b.yaml"]
    assert there.read_text(encoding="utf-8") == "mine\n"


def test_a_link_that_leads_nowhere_is_something_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError) as raised:
        save([Draft(tmp_path / "a.yaml", "new\n")], tmp_path)
    assert code(raised) == "file-exists"
    assert not (tmp_path / "gone").exists()


def test_an_edited_file_keeps_mode_mark_and_being_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "real.yaml", tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfold\r\n")
    path.chmod(0o604)
    link.symlink_to(path)
    save([Draft(link, "new\r\n", "old\r\n")], tmp_path)
    assert path.read_bytes() == b"\xef\xbb\xbfnew\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert link.is_symlink()
    assert names(tmp_path) == ["a.yaml", "real.yaml"]


def test_what_somebody_else_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    one, two = tmp_path / "a.yaml", tmp_path / "b.yaml"
    one.write_text("one\n", encoding="utf-8")
    two.write_text("theirs\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        save([Draft(one, "new\n", "one\n"), Draft(two, "new\n", "two\n")], tmp_path)
    assert code(raised) == "file-changed"
    assert one.read_text(encoding="utf-8") == "one\n"


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        save([Draft(tmp_path / "file" / "a.yaml", "new\n")], tmp_path)
    assert code(raised) == "unwritable-file"
    assert names(tmp_path) == ["file"]
