"""Who last committed an entry: real repositories, and every reason not to know."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.checkout import Repository
from reconcile.core.drift import Blame
from reconcile.core.source import Span
from reconcile.engine import blame
from reconcile.engine.blame import find_blame

FILE = "desired_state/sales.yaml"
A, B = Span(FILE, 3, 5), Span(FILE, 8, 5)
TEXT = """\
connection: sales
schedules:
  - recipe: Board_Pack
    frequency: daily
    time: "01:00"
    timezone: UTC

  - recipe: Month_Close
    frequency: daily
    time: "02:00"
    timezone: UTC
"""
FIRST, SECOND = "2026-11-01T10:00:00Z", "2026-11-20T10:00:00+01:00"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Ann wrote both entries, Bob changed the time of the second one."""
    found = Repository(tmp_path / "work").init()
    found.write(FILE, TEXT)
    found.commit("Ann Example", FIRST, "Both packs")
    found.write(FILE, TEXT.replace("02:00", "03:00"))
    found.commit("Bob Example", SECOND, "The close later\n\nBecause.")
    return found


def blamed(repository: Repository, *spans: Span, **environment: str) -> dict[Span, Blame]:
    return dict(find_blame(repository.folder, spans or (A, B), {**repository.environment, **environment}))


def test_each_entry_has_the_commit_of_its_own_lines(repository: Repository) -> None:
    found = blamed(repository)
    first, second = repository.git("rev-list", "--reverse", "HEAD").split()
    assert found[A] == Blame(first, "Ann Example", "2026-11-01T10:00:00Z", "Both packs")
    assert found[B] == Blame(second, "Bob Example", "2026-11-20T09:00:00Z", "The close later")


def test_a_line_that_is_not_committed_counts_as_the_newest(repository: Repository) -> None:
    repository.write(FILE, TEXT.replace("01:00", "04:00").replace("02:00", "03:00"))
    found = blamed(repository)
    assert found[A] == Blame()
    assert found[B].by == "Bob Example"


def test_a_file_that_was_never_committed(repository: Repository) -> None:
    repository.write("desired_state/new.yaml", TEXT)
    span = Span("desired_state/new.yaml", 3, 5)
    assert blamed(repository, span) == {span: Blame()}
    empty = Repository(repository.folder / ".." / "empty").init()
    empty.write(FILE, TEXT)
    assert blamed(empty) == {A: Blame(), B: Blame()}


def test_what_a_renamed_file_said_before_is_not_forgotten(repository: Repository) -> None:
    repository.git("mv", FILE, "desired_state/crm.yaml")
    repository.commit("Cem Example", "2026-11-21T10:00:00Z", "A better name")
    span = Span("desired_state/crm.yaml", 8, 5)
    assert blamed(repository, span)[span].by == "Bob Example"


def test_where_the_history_is_cut_nobody_is_named(repository: Repository, tmp_path: Path) -> None:
    repository.write("README", "x")
    newest = repository.commit("Cem Example", "2026-11-22T10:00:00Z", "A page")
    shallow = Repository(tmp_path / "shallow")
    shallow.git("clone", "-q", "--depth", "1", repository.folder.as_uri(), ".")
    found = blamed(shallow)
    assert found == dict.fromkeys((A, B), Blame(newest, "", "2026-11-22T10:00:00Z", "", is_oldest=True))
    # The first commit of a whole history is one like any other.
    assert not blamed(repository)[A].is_oldest


def test_a_flow_entry_on_one_line_and_one_on_several(repository: Repository) -> None:
    text = 'schedules: [{recipe: A, time: "1"},\n{recipe: B,\ntime: "2"}]\n'
    repository.write(FILE, text)
    repository.commit("Ann Example", "2026-11-21T10:00:00Z", "Flow")
    repository.write(FILE, text.replace('"2"', '"3"'))
    repository.commit("Bob Example", "2026-11-22T10:00:00Z", "Later")
    first, second = Span(FILE, 1, 13), Span(FILE, 2, 1)
    found = blamed(repository, first, second)
    assert [found[first].by, found[second].by] == ["Ann Example", "Bob Example"]


def test_an_entry_that_does_not_begin_there_any_more_is_left_out(repository: Repository) -> None:
    repository.write(FILE, "\n" + TEXT)
    assert blamed(repository) == {}


@pytest.mark.parametrize("case", ["no checkout", "no git", "no file", "no entries"])
def test_what_cannot_be_told_is_left_out(case: str, repository: Repository, tmp_path: Path) -> None:
    match case:
        case "no checkout":
            bare = Repository(tmp_path / "bare")
            bare.write(FILE, TEXT)
            assert blamed(bare, GIT_CEILING_DIRECTORIES=str(tmp_path)) == {}
        case "no git":
            assert blamed(repository, PATH=str(tmp_path)) == {}
        case "no file":
            assert blamed(repository, Span("desired_state/none.yaml", 3, 5)) == {}
        case _:
            assert dict(find_blame(repository.folder, (), repository.environment)) == {}


def fake_git(folder: Path, script: str) -> str:
    """Put a program called git into a folder, and return a path to look programs up in that begins with it."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_a_git_that_hangs_is_given_up(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blame, "SECONDS", 0.2)
    assert blamed(repository, PATH=fake_git(tmp_path / "slow", "exec sleep 60")) == {}


def test_git_sees_nothing_of_the_environment_that_does_not_concern_it(repository: Repository, tmp_path: Path) -> None:
    path = fake_git(tmp_path / "spy", f'env > "{tmp_path}/seen"; exit 1')
    assert blamed(repository, PATH=path, SF_CLIENT_SECRET="s3cret-value", GIT_DIR="/elsewhere") == {}
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "s3cret-value" not in seen
    assert "GIT_DIR" not in seen
    assert "GIT_TERMINAL_PROMPT=0" in seen


def test_a_file_is_asked_about_once_and_no_more_files_than_some(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blame, "MOST_FILES", 1)
    repository.write("desired_state/z.yaml", TEXT)
    repository.commit("Ann Example", SECOND, "One more")
    real = repository.git("--exec-path")
    path = fake_git(tmp_path / "count", f'echo "$@" >> "{tmp_path}/calls"; exec "{real}/git" "$@"')
    z = Span("desired_state/z.yaml", 3, 5)
    assert set(blamed(repository, A, B, z, PATH=path)) == {A, B}
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert [("rev-parse" in call, "blame --porcelain" in call) for call in calls] == [(True, False), (False, True)]
