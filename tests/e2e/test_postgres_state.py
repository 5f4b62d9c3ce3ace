"""`state: postgresql://...` with the real executable: two checkouts of one workspace, and a database between them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from e2e.harness import World, killed, recipe, until
from stores.postgres import PostgresServer

NINE = {"frequency": "daily", "time": {"hour": 9, "minute": 0, "timeZone": "UTC"}}


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    return postgres_server.fresh()


@pytest.fixture
def shared(world: World, url: str) -> World:
    world.workspace(top=f'state: "{url}"', crm="concurrency: 1")
    world.sales(recipe("Pipeline_Snapshot"), recipe("Month_Close"))
    return world


@pytest.fixture
def elsewhere(shared: World, tmp_path: Path) -> World:
    """A second checkout, as another CI job has it."""
    home = tmp_path / "elsewhere"
    shutil.copytree(shared.root, home / "desired_state")
    return World(home, shared.server, shared.http)


def test_two_checkouts_share_what_is_recorded(shared: World, elsewhere: World) -> None:
    """One applies; the other finds it recorded, sees drift, and applies on."""
    assert shared.spawn("plan", "--detailed-exitcode").code == 2
    applied = shared.spawn("apply", "--yes", "--format", "json")
    assert (applied.code, applied.json["serial"]) == (0, 1)
    assert elsewhere.run("plan", "--detailed-exitcode").code == 0
    listed = elsewhere.run("state", "list", "--format", "json").json
    assert [each["address"] for each in listed["objects"]] == [
        f"sales/schedule/recipe:{name}" for name in ("Month_Close", "Pipeline_Snapshot")
    ]
    shared.by_hand("recipe", "Month_Close", NINE)
    assert elsewhere.run("drift").code == 5
    elsewhere.sales(recipe("Pipeline_Snapshot", time="04:00"), recipe("Month_Close"))
    applied = elsewhere.run("apply", "--yes", "--format", "json")
    assert (applied.code, applied.json["serial"]) == (0, 2)
    assert not (shared.root / ".reconcile").exists()
    assert not (elsewhere.root / ".reconcile").exists()


def test_of_two_applies_at_once_one_is_refused_with_who_and_since_when(shared: World, elsewhere: World) -> None:
    """Exit 3 at once, nothing sent by it; `state unlock` shows the same; when the other is dead, all goes on."""
    shared.fault("hang", method="PUT", times=1)
    shared.env["CI_JOB_URL"] = "https://ci.example/acme/jobs/7"
    first = shared.start("apply", "--yes")
    try:
        until(lambda: any(entry["method"] == "PUT" for entry in shared.log()))
        refused = elsewhere.spawn("apply", "--yes", "--format", "json")
        assert refused.code == 3, refused
        (held,) = refused.json["diagnostics"]
        assert held["code"] == "lock-held"
        assert f"process {first.pid}" in held["detail"]
        assert "reconcile apply --yes" in held["detail"]
        assert "https://ci.example/acme/jobs/7" in held["detail"]
        shown = elsewhere.run("state", "unlock")
        assert shown.code == 3, "no terminal to ask on"
        assert "has 2 changes, 2 of them in flight" in shown.err
        assert elsewhere.run("plan").code == 0, "plan needs no lock"
    finally:
        killed(first)
    result = elsewhere.run("apply", "--yes")
    assert result.code == 0, result
    assert f"process {first.pid}" in result.err
    elsewhere.settled()


def test_the_password_is_nowhere(shared: World, postgres_server: PostgresServer, url: str) -> None:
    """Given in the environment of the files, wrong and right: in no output, no error, no row."""
    pat, schema = postgres_server.role("sesame-open-now"), url.partition("schema=")[2]
    postgres_server.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {pat}")
    location = postgres_server.url(pat, password="${env.STATE_PASSWORD}", schema=schema)
    shared.workspace(top=f'state: "{location}"')
    outputs = []
    for password, code in (("never-the-right-one", 1), ("sesame-open-now", 0)):
        env = {"STATE_PASSWORD": password}
        for arguments in (["plan", "-v"], ["apply", "--yes"], ["state", "list"], ["validate", "--format", "json"]):
            result = shared.run(*arguments, env=env)
            assert result.code == (0 if arguments[0] == "validate" else code), result
            outputs.append(str(result))
    assert "state-credentials-refused" in outputs[0]
    rows = postgres_server.execute(f"SELECT key, convert_from(data, 'UTF8') FROM {schema}.reconcile_state")
    assert rows
    for text in (*outputs, str(rows)):
        assert "sesame-open-now" not in text
        assert "never-the-right-one" not in text


@pytest.mark.parametrize("after", ["stat: 1", "variables: [", "connection: {}"])
def test_a_password_in_the_file_is_not_quoted_with_it(shared: World, after: str) -> None:
    """Wrong files are shown with their lines; what stands in a URL before its host is none of them."""
    text = (shared.root / "reconcile.yaml").read_text()
    line = 'state: "postgresql://pat:sesame-open-now@127.0.0.1:9/ops"'
    text = "\n".join(line if each.startswith("state:") else each for each in text.splitlines())
    (shared.root / "reconcile.yaml").write_text(f"{text}\n{after}\n")
    for broken in (text, text.replace("state:", "stat:"), text.replace('ops"', "ops")):
        (shared.root / "reconcile.yaml").write_text(f"{broken}\n{after}\n")
        result = shared.run("plan", "-v")
        assert result.code == 1, result
        assert "sesame" not in str(result)


def test_a_database_that_is_not_there(shared: World) -> None:
    """The place, the reason and the way out; nothing is sent."""
    shared.workspace(top='state: "postgresql://kim@127.0.0.1:9/ops"')
    for command in (["plan"], ["apply", "--yes"], ["state", "list"], ["state", "unlock"]):
        result = shared.run(*command)
        assert result.code == 1, result
        assert "state-unreachable" in result.err
        assert "postgresql://kim@127.0.0.1:9/ops" in result.err
        assert "hint: " in result.err
    assert shared.sent() == []
