"""The state in a bucket: runners that share nothing else work as one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.harness import World, ended, files_below, recipe
from stores.s3 import BUCKET, KEYS, S3Server


@pytest.fixture
def place(s3_server: S3Server, no_clouds: pytest.MonkeyPatch) -> str:
    """A location in which nothing is yet."""
    return s3_server.fresh()


@pytest.fixture
def runner(world: World, s3_server: S3Server, place: str, tmp_path: Path) -> Callable[[str], World]:
    """Make a runner of its own: a folder with the same files, thrown away afterwards."""

    def new(name: str) -> World:
        environ = {**s3_server.environ, "STATE_PLACE": place, "HOME": str(tmp_path / name / "home")}
        (tmp_path / name).mkdir()
        made = World(tmp_path / name, world.server, world.http, environ)
        made.workspace(top="state: ${env.STATE_PLACE}")
        made.sales(recipe("Board_Pack"))
        return made

    return new


def objects(s3_server: S3Server, place: str) -> dict[str, bytes]:
    """Return what is in the bucket, by its key below the place."""
    client = s3_server.client()
    prefix = place.removeprefix(f"s3://{BUCKET}/")
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/").get("Contents", [])
    keys = [each["Key"] for each in listed]
    return {key.removeprefix(f"{prefix}/"): client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def test_two_runners_share_one_record(runner: Callable[[str], World], s3_server: S3Server, place: str) -> None:
    """What one applied, the other knows; what the other changes, the first sees. With the real executable."""
    one, two = runner("one"), runner("two")
    first = one.spawn("apply", "--yes")
    assert first.code == 0, first
    assert one.spawn("plan", "--detailed-exitcode").code == 0

    plan = two.spawn("plan", "--format", "json", "--detailed-exitcode")
    assert plan.code == 0, plan
    assert plan.json["summary"]["unchanged"] == 1
    assert plan.json["base"]["serial"] == 1

    two.sales(recipe("Board_Pack", time="03:00"))
    assert two.spawn("apply", "--yes").code == 0
    # The first one's files are behind now: it would change it back, and says so.
    behind = one.spawn("plan", "--format", "json", "--detailed-exitcode")
    assert behind.code == 2, behind
    assert behind.json["base"] == {"lineage": plan.json["base"]["lineage"], "serial": 2}
    assert behind.json["drift"] == []

    kept = sorted(objects(s3_server, place))
    assert kept == ["default/create-only", "default/state/00000001.json", "default/state/00000002.json"]
    assert not [path for each in (one, two) for path, _ in files_below(each.home) if ".reconcile" in str(path)]


def test_of_two_runners_at_once_one_records(runner: Callable[[str], World], s3_server: S3Server, place: str) -> None:
    """The other is told, by exit code and by name; nothing is half-written."""
    one, two = runner("one"), runner("two")
    two.sales(recipe("Board_Pack", time="03:00"))
    results = [ended(each) for each in [world.start("apply", "--yes") for world in (one, two)]]
    for result in results:
        assert result.code in (0, 3), result
        assert result.code == 0 or "lock" in result.err, result
    kept = objects(s3_server, place)
    versions = [key for key in kept if key.startswith("default/state/")]
    assert len(versions) == [result.code for result in results].count(0)
    assert not [key for key in kept if "lock" in key or "journal" in key]
    assert all(json.loads(kept[key])["serial"] == number for number, key in enumerate(sorted(versions), 1))


def test_environments_are_folders_of_the_bucket(
    runner: Callable[[str], World], s3_server: S3Server, place: str
) -> None:
    one = runner("one")
    one.workspace(top="state: ${env.STATE_PLACE}\nenvironments: {dev: {}, prod: {}}")
    assert one.run("apply", "--yes", "--env", "prod").code == 0
    assert one.run("plan", "--env", "dev", "--format", "json").json["base"]["serial"] == 0
    assert "prod/state/00000001.json" in objects(s3_server, place)


def test_a_bucket_that_is_missing_stops_every_command(runner: Callable[[str], World], world: World) -> None:
    """A state that cannot be read is never taken for an empty one."""
    one = runner("one")
    missing = {"STATE_PLACE": "s3://nobody-made-this/x"}
    for command in (["plan"], ["apply", "--yes"], ["drift"], ["state", "list"]):
        result = one.run(*command, "--format", "json", env=missing)
        assert result.code == 1, (command, result)
        assert result.codes == ["state-no-bucket"], command
    assert one.run("validate", env=missing).code == 0
    assert world.sent() == []


def test_a_credential_in_the_location_is_refused_and_not_shown(runner: Callable[[str], World]) -> None:
    one = runner("one")
    for command in ("validate", "plan"):
        result = one.spawn(command, env={"STATE_PLACE": "s3://AKIA:hunter2@bucket/x"})
        assert result.code == 1, result
        assert "does not belong in it" in result.err
        assert "hunter2" not in str(result)


def test_no_secret_of_the_cloud_is_shown_or_kept(
    runner: Callable[[str], World], s3_server: S3Server, place: str
) -> None:
    one = runner("one")
    results = [one.spawn("apply", "--yes", "-v"), one.spawn("plan", "-v", "--format", "json")]
    results.append(one.spawn("plan", env={"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}))
    assert [result.code for result in results] == [0, 0, 1]
    secret = KEYS["AWS_SECRET_ACCESS_KEY"]
    assert not [result for result in results if secret in str(result)]
    assert not [key for key, data in objects(s3_server, place).items() if secret.encode() in data]
