"""Fleet files: what they list, and what is wrong with them, with places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconcile.config.fleet import fleet_schema, read_roster
from reconcile.config.fleet_name import names_fleet
from reconcile.core.errors import ConfigError
from reconcile.core.fleet import Shard


@pytest.fixture
def teams(tmp_path: Path) -> Path:
    for name in ("a", "b", "old"):
        (tmp_path / "teams" / name).mkdir(parents=True)
        (tmp_path / "teams" / name / "reconcile.yaml").write_text("version: 1\n")
    (tmp_path / "teams" / "notes").mkdir()
    return tmp_path


def written(here: Path, text: str) -> str:
    (here / "fleet.yaml").write_text(text)
    return "fleet.yaml"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (None, False),
        ("", False),
        (".", False),
        ("teams/a", False),
        ("teams/a/reconcile.yaml", False),
        ("teams/*", True),
        ("team[ab]", True),
        ("fleet.yaml", True),
        ("fleets/prod.yml", True),
    ],
)
def test_what_names_a_fleet(named: str | None, expected: bool) -> None:
    assert names_fleet(named) is expected


def test_a_folder_with_a_star_in_its_name_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "what*").mkdir()
    assert not names_fleet(str(tmp_path / "what*"))


def test_a_glob_takes_folders_that_are_workspaces_and_no_others(teams: Path) -> None:
    assert read_roster("teams/*", None, teams).names == ("teams/a", "teams/b", "teams/old")
    assert read_roster("teams/*/reconcile.yaml", "prod", teams).names == (
        "teams/a@prod",
        "teams/b@prod",
        "teams/old@prod",
    )


def test_a_folder_that_links_lead_to_twice_is_one_workspace(teams: Path) -> None:
    (teams / "teams" / "z").symlink_to(teams / "teams" / "a")
    assert read_roster("teams/*", None, teams).names == ("teams/a", "teams/b", "teams/old")


def test_a_link_does_not_rename_the_folder_that_it_leads_to(teams: Path) -> None:
    (teams / "teams" / "a-link").symlink_to(teams / "teams" / "b")
    assert read_roster("teams/*", None, teams).names == ("teams/a", "teams/b", "teams/old")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("**", ("teams/a", "teams/b", "teams/linked", "teams/old")),
        ("teams/**", ("teams/a", "teams/b", "teams/linked", "teams/old")),
        ("**/a", ("teams/a",)),
        ("**/[ab]/reconcile.yaml", ("teams/a", "teams/b")),
        ("*/round/**/b", ("teams/round/teams/b",)),
    ],
)
def test_links_in_circles_are_named_and_not_crossed(teams: Path, pattern: str, names: tuple[str, ...]) -> None:
    """Two of them are enough for a walk that never ends."""
    (teams / "teams" / "round").symlink_to(teams)
    (teams / "teams" / "a" / "up").symlink_to(teams / "teams")
    (teams / "elsewhere" / ".x").mkdir(parents=True)
    (teams / "elsewhere" / ".x" / "reconcile.yaml").write_text("version: 1\n")
    (teams / "teams" / "linked").symlink_to(teams / "elsewhere" / ".x")
    assert read_roster(pattern, None, teams).names == names


def test_a_workspace_whose_file_is_gone_does_not_leave_the_fleet_in_silence(teams: Path) -> None:
    (teams / "teams" / "a" / "reconcile.yaml").unlink()
    (teams / "teams" / "a" / "reconcile.yaml").symlink_to("nowhere")
    assert "teams/a" in read_roster("teams/*", None, teams).names


def test_a_name_of_other_bytes_can_be_printed_and_has_a_shard(teams: Path) -> None:
    folder = teams / "teams" / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "reconcile.yaml").write_text("version: 1\n")
    (member,) = read_roster("teams/c*", None, teams).members
    assert member.name == "teams/caf\\xe9"
    assert sum(Shard(index, 3).holds(member.name) for index in (1, 2, 3)) == 1
    assert Path(member.path).is_dir()


def test_paths_count_from_the_file_and_not_from_where_one_stands(teams: Path) -> None:
    file = written(teams, "version: 1\nworkspaces: [{path: 'teams/*'}]\nexclude: ['*/old']\n")
    from_above = read_roster(f"{teams.name}/{file}", None, teams.parent)
    assert from_above.names == read_roster(file, None, teams).names == ("teams/a", "teams/b")
    assert [Path(member.path) for member in from_above.members] == [teams / "teams/a", teams / "teams/b"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("version: 1\nworkspaces:\n  - path: 'teams/x*'\n", "fleet-matches-nothing", 3),
        ("version: 1\nworkspaces:\n  - paht: teams/a\n", "unknown-field", 3),
        ("version: 2\nworkspaces: [{path: teams/a}]\n", "unknown-value", 1),
        ("version: 1\nworkspaces: []\n", "out-of-range", 2),
        ("version: 1\nworkspaces: [{path: teams/a}]\nexclude: ['*']\n", "fleet-is-empty", 1),
        ("version: 1\nworkspaces: [{path: teams/a}]\nworkspaces: []\n", "duplicate-key", 3),
        ("- a\n", "wrong-type", 1),
        ("", "empty-file", 1),
    ],
)
def test_a_mistake_has_its_place(teams: Path, text: str, code: str, line: int) -> None:
    with pytest.raises(ConfigError) as raised:
        read_roster(written(teams, text), None, teams)
    told = {each.code: each for each in raised.value.diagnostics}
    assert code in told, told
    span = told[code].span
    assert span is not None
    assert (span.file, span.line) == ("fleet.yaml", line)


def test_a_file_that_is_not_there_says_so(teams: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file fleets\.yaml"):
        read_roster("fleets.yaml", None, teams)


def test_the_schema_names_every_field() -> None:
    schema = fleet_schema()
    assert set(schema["properties"]) == {"version", "workspaces", "exclude"}
    assert set(schema["$defs"]["FleetEntry"]["properties"]) == {"path", "environments"}
