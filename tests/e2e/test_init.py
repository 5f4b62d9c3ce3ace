"""``reconcile init`` as users run it: what it writes is valid, and nothing that is there is touched."""

from __future__ import annotations

import json
import os
import pty
import shlex
from pathlib import Path

import pytest

from e2e.harness import World

ALL = ("--provider", "crm_analytics", "--provider", "tailer", "--provider", "tamr", "--account", "000099")


@pytest.fixture
def empty(world: World) -> World:
    """A home without a workspace."""
    (world.root / "reconcile.yaml").unlink()
    world.root.rmdir()
    return world


def test_it_writes_a_workspace_that_is_valid_and_can_be_filled(empty: World) -> None:
    made = empty.run("init", "--yes", *ALL)
    assert made.code == 0, made
    assert {path.name for path in empty.root.iterdir()} == {
        *("reconcile.yaml", "reconcile.schema.json", "sales.yaml", "tailer.yaml", "tamr.yaml", ".gitignore")
    }
    assert (empty.root / ".gitignore").read_text() == ".reconcile/\n"
    assert empty.run("validate").code == 0
    taken = empty.run("import", "--select", "sales/*", "--into", "desired_state/sales.yaml")
    assert taken.code == 0, taken
    empty.apply()


def test_what_it_suggests_next_works(empty: World) -> None:
    made = empty.run("init", "--yes", "--provider", "crm_analytics", "--provider", "tamr")
    after = made.out.partition("Next:\n")[2].splitlines()
    commands = [line.strip().split("   ")[0] for line in after]
    assert [command.split()[1] for command in commands] == ["doctor", "import", "plan"]
    for command in commands:
        done = empty.run(*shlex.split(command)[1:])
        assert done.code == 0, done


def test_files_name_variables_and_no_secret(empty: World) -> None:
    made = empty.run("init", "--yes", *ALL, env={"SF_CLIENT_SECRET": ""})
    text = "".join(path.read_text() for path in empty.root.glob("*.yaml"))
    assert "${env.SF_CLIENT_SECRET}" in text
    assert all(value not in text for name, value in empty.env.items() if name.startswith(("SF_", "TAMR_", "TAILER_")))
    assert "SF_CLIENT_SECRET  not set yet" in made.out
    assert "TAMR_API_KEY      is set" in made.out
    assert max(map(len, made.out.splitlines())) <= 80


def test_json_tells_the_same(empty: World) -> None:
    made = empty.run("init", "--yes", "--provider", "tamr", "--format", "json").json
    assert made["files"] == ["reconcile.yaml", "reconcile.schema.json", "tamr.yaml", ".gitignore"]
    assert made["variables"] == [{"name": "TAMR_URL", "set": True}, {"name": "TAMR_API_KEY", "set": True}]


def test_every_file_has_the_modeline_of_the_schema_beside_it(empty: World) -> None:
    empty.run("init", "--yes", *ALL)
    for path in empty.root.glob("*.yaml"):
        assert path.read_text().splitlines()[0] == "# yaml-language-server: $schema=reconcile.schema.json"
    schema = json.loads((empty.root / "reconcile.schema.json").read_text())
    assert schema == json.loads(empty.run("schema").out)


@pytest.mark.parametrize("name", ["reconcile.yaml", "reconcile.schema.json", "sales.yaml"])
def test_nothing_is_overwritten(empty: World, name: str) -> None:
    empty.write(name, "mine\n")
    made = empty.run("init", "--yes", "--provider", "crm_analytics")
    assert made.code == 3
    assert name in made.err
    assert [path.name for path in empty.root.iterdir()] == [name]
    assert (empty.root / name).read_text() == "mine\n"


def test_other_yaml_files_would_be_read_so_it_stays_away(empty: World) -> None:
    empty.write("compose/docker.yml", "services: {}\n")
    made = empty.run("init", "--yes", "--provider", "tamr")
    assert made.code == 3
    assert "foreign-files" in made.err
    assert not (empty.root / "reconcile.yaml").exists()


def test_no_workspace_lies_in_another(empty: World) -> None:
    assert empty.run("init", "--yes", "--provider", "tamr").code == 0
    made = empty.run("init", "desired_state/inner", "--yes", "--provider", "tamr")
    assert made.code == 3
    assert not (empty.root / "inner").exists()


def test_a_folder_beside_a_workspace_is_not_below_it(empty: World) -> None:
    assert empty.run("init", "--yes", "--provider", "tamr").code == 0
    made = empty.run("init", "../beside", "--yes", "--provider", "tamr", cwd=empty.root)
    assert made.code == 0, made
    assert (empty.root.parent / "beside" / "reconcile.yaml").exists()


def test_a_name_that_is_too_long_is_told_as_such(empty: World) -> None:
    made = empty.run("init", f"{'x' * 300}/ws", "--yes", "--provider", "tamr", "--format", "json")
    assert made.code == 1
    assert "too long" in made.json["diagnostics"][0]["detail"]
    assert "output" not in made.err


def test_a_gitignore_that_is_no_text_is_left_alone(empty: World) -> None:
    empty.write(".gitignore", "")
    (empty.root / ".gitignore").write_bytes(b"caf\xe9\n")
    made = empty.run("init", "--yes", "--provider", "tamr")
    assert made.code == 1
    assert "not-utf8" in made.err
    assert [path.name for path in empty.root.iterdir()] == [".gitignore"]


def test_a_gitignore_that_is_there_is_kept(empty: World) -> None:
    empty.write(".gitignore", "*.log")
    assert empty.run("init", "--yes", "--provider", "tamr").code == 0
    assert (empty.root / ".gitignore").read_text() == "*.log\n.reconcile/\n"


def test_two_orgs_have_variables_of_their_own(empty: World) -> None:
    two = ("--provider", "crm_analytics", "--name", "eu", "--provider", "crm_analytics", "--name", "us-1")
    assert empty.run("init", "--yes", *two, "--auth", "sf_cli").code == 0
    text = (empty.root / "reconcile.yaml").read_text()
    assert "${env.EU_SF_ORG}" in text
    assert "${env.US_1_SF_CLIENT_SECRET}" in text


def test_a_value_may_hold_a_reference(empty: World) -> None:
    url = "https://${env.ORG}.my.salesforce.com"
    made = empty.run("init", "--yes", "--provider", "crm_analytics", "--instance-url", url)
    assert made.code == 0, made
    assert "  ORG  " in made.out
    assert empty.run("validate", env={"ORG": "acme"}).code == 0


def test_what_is_next_names_the_folder_where_the_environment_names_another(empty: World) -> None:
    made = empty.run("init", "--yes", "--provider", "tamr", env={"RECONCILE_WORKSPACE": "elsewhere"})
    assert made.code == 0, made
    assert "reconcile -C desired_state doctor" in made.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--provider"),
        (("--provider", "tamr", "--name", "a/b"), "a/b"),
        (("--provider", "tamr", "--name", "a: b"), "a: b"),
        (("--provider", "tamr", "--name", "reconcile"), "reconcile"),
        (("--provider", "tamr", "--name", "x", "--provider", "tailer", "--name", "x"), "--name of its own"),
        (("--provider", "tamr", "--name", "a.b", "--provider", "tamr", "--name", "A-B"), "share"),
        (("--provider", "tamr", "--auth", "token"), "api_key"),
        (("--provider", "tamr", "--account", "000099"), "--account"),
        (("--provider", "tamr", "--provider", "tamr", "--base-url", "https://a.tamr.cloud"), "leave it out"),
        (("-C", "somewhere", "--provider", "tamr"), "DIR"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(empty: World, arguments: tuple[str, ...], words: str) -> None:
    made = empty.run("init", "--yes", *arguments)
    assert made.code == 64
    assert words in made.err
    assert not empty.root.exists()


@pytest.mark.parametrize("url", ["http://acme.my.salesforce.com", "https://user:pass@acme.my.salesforce.com", "x y"])
def test_a_url_that_cannot_be_used_is_refused_before_anything_is_written(empty: World, url: str) -> None:
    made = empty.run("init", "--yes", "--provider", "crm_analytics", "--instance-url", url)
    assert made.code == 1
    assert "pass@" not in made.err
    assert not empty.root.exists()


@pytest.mark.parametrize("name", ["on", "1.5", "0x1F", "a.b", "null"])
def test_a_strange_name_comes_out_as_it_went_in(empty: World, name: str) -> None:
    assert empty.run("init", "--yes", "--provider", "tamr", "--name", name).code == 0
    assert empty.run("validate").code == 0


def test_in_a_terminal_it_asks(empty: World, tmp_path: Path) -> None:
    main, side = pty.openpty()
    process = empty.start("init", "ws", stdin=side)
    answers = ["tailer", "", "token", "000099", "PROD", "y", "tamr", "lake", "https://acme.tamr.cloud", "n"]
    os.write(main, "".join(f"{answer}\n" for answer in answers).encode())
    out, err = process.communicate(timeout=60)
    os.close(main)
    os.close(side)
    assert process.returncode == 0, (out, err)
    text = (tmp_path / "ws" / "reconcile.yaml").read_text()
    assert 'account: "000099"' in text
    assert "environment: PROD" in text
    assert "lake:" in text
    assert "base_url: https://acme.tamr.cloud" in text
    assert "Platform" in err
    assert empty.run("-C", "ws", "validate").code == 0
