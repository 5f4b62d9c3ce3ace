"""Saved plans with the real program: made by one runner, applied by another, once, or not at all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e.harness import FLOW, TABLE, Result, World, ended, flags, killed, recipe, reset, until
from reconcile.sandbox import Sandbox, Server, environment

NAMES = ("Pipeline_Snapshot", "Month_Close", "Board_Pack")
MOVED = {"frequency": "daily", "time": {"hour": 9, "minute": 9, "timeZone": "UTC"}}


@pytest.fixture
def planned(world: World) -> World:
    """Three recipes, a flag and a reset in a plan that is saved as plan.json and not applied yet."""
    world.sales(*(recipe(name) for name in NAMES))
    world.tailer([flags()], [reset("go")])
    saved(world)
    return world


@pytest.fixture
def runners(world: World, tmp_path: Path) -> tuple[World, World]:
    """Two checkouts of one commit on two runners, which share a state folder."""
    found = []
    for name in ("one", "two"):
        runner = World(tmp_path / name, world.server, world.http)
        runner.workspace(top=f"state: {tmp_path / 'shared'}")
        runner.sales(*(recipe(name) for name in NAMES))
        runner.tailer([flags()], [reset("go")])
        found.append(runner)
    return found[0], found[1]


def saved(world: World, *words: str, code: int = 0, out: str = "plan.json") -> Any:
    """Save a plan, and return what the command printed about it."""
    result = world.run("plan", "--out", out, "--format", "json", *words)
    assert result.code == code, result
    return result.json


def apply(world: World, *words: str, **more: Any) -> Result:
    """Apply the saved plan, as a process without a terminal."""
    return world.spawn("apply", "plan.json", *words, **more)


def refused(world: World, result: Result, code: str) -> Result:
    """Check that a plan was refused for this reason, and that no platform was even asked."""
    assert result.code == 3, result
    assert f"error[{code}]" in result.err, result
    assert world.sent() == []
    return result


def states(folder: Path) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("state/*.json"))]


# -- once, elsewhere ---------------------------------------------------------------------------------------------------


def test_one_runner_plans_and_another_applies(runners: tuple[World, World], tmp_path: Path) -> None:
    """Nobody is asked, and just what was planned is sent; history knows which plan it was."""
    one, two = runners
    plan = saved(one)
    assert one.sent() == []
    assert not (tmp_path / "shared").exists()
    (one.home / "plan.json").rename(two.home / "plan.json")
    result = apply(two)
    assert result.code == 0, result
    assert "Applied: 5 done." in result.out
    calls = sorted((r["method"], r["path"], str(r["body"])) for c in plan["changes"] for r in c["requests"])
    assert sorted((method, path, str(body)) for method, path, body in two.sent()) == calls
    (state,) = states(tmp_path / "shared")
    assert state["apply"]["plan"] == plan["id"]
    assert state["apply"]["id"] != plan["id"]
    one.settled()
    two.forget_log()
    told = refused(two, apply(two), "plan-used")
    assert state["apply"]["id"] in told.err
    two.settled()


def test_a_plan_from_before_somebody_elses_apply(runners: tuple[World, World]) -> None:
    one, two = runners
    saved(one)
    two.apply()
    two.forget_log()
    told = refused(one, apply(one), "plan-stale")
    assert "now there is version 1" in told.err
    assert "plan again" in told.err


def test_two_applies_of_one_plan_at_once(runners: tuple[World, World]) -> None:
    """One wins, whoever it is; the other one changes nothing."""
    one, two = runners
    saved(one)
    (two.home / "plan.json").write_bytes((one.home / "plan.json").read_bytes())
    one.fault("delay", method="PUT", seconds=0.3)
    results = [ended(process) for process in [w.start("apply", "plan.json") for w in runners]]
    assert sorted(result.code for result in results) == [0, 3], results
    loser = next(result for result in results if result.code == 3)
    assert re.search(r"error\[(lock-held|plan-used)\]", loser.err), loser
    assert len(one.sent()) == 5
    one.settled()


def test_another_commit_on_another_runner(runners: tuple[World, World]) -> None:
    one, two = runners
    saved(one)
    (one.home / "plan.json").rename(two.home / "plan.json")
    two.sales(recipe("Board_Pack", time="04:44"))
    refused(two, apply(two), "plan-workspace")


def test_no_state_yet_and_another_place_for_it(world: World, tmp_path: Path) -> None:
    """Each keeps its own state: what one plans is nothing for the other to apply."""
    other = World(tmp_path / "other", world.server, world.http)
    for each in (world, other):
        each.workspace()
        each.sales(recipe("Board_Pack"))
    saved(world, out=str(other.home / "plan.json"))
    refused(other, apply(other), "plan-workspace")


def test_files_that_were_edited_after_the_plan(planned: World) -> None:
    """What was reviewed is applied, and that there is more is said."""
    planned.sales(*(recipe(name, time="04:44") for name in NAMES))
    result = apply(planned)
    assert result.code == 0, result
    assert "warning[files-changed]" in result.err
    assert planned.live("Board_Pack")["time"]["hour"] == 1
    assert planned.plan()["changes"] != []


@pytest.mark.parametrize("change", ["edited", "cut", "printed", "newer", "empty"])
def test_a_file_that_is_not_what_was_saved(planned: World, change: str) -> None:
    path = planned.home / "plan.json"
    text = path.read_text()
    if change == "printed":
        path.write_text(planned.run("plan", "--format", "json").out)
    else:
        new = {
            "edited": text.replace("01:00", "01:01"),
            "cut": text[: len(text) // 2],
            "newer": text.replace("reconcile.plan/1", "reconcile.plan/2"),
            "empty": "",
        }
        path.write_text(new[change])
    code = {"printed": "plan-not-saved", "edited": "plan-edited", "newer": "plan-too-new"}.get(change, "plan-damaged")
    refused(planned, apply(planned), code)
    document = planned.run("apply", "plan.json", "--format", "json")
    assert (document.code, document.codes) == (3, [code])


def test_no_such_file(world: World) -> None:
    world.sales(recipe("Board_Pack"))
    result = world.run("apply", "nowhere.json")
    assert (result.code, "error[plan-unreadable]" in result.err) == (1, True)


# -- only there --------------------------------------------------------------------------------------------------------


def test_another_environment(planned: World) -> None:
    top = "environments: {prod: {}}"
    planned.workspace(top=top)
    saved(planned)
    told = refused(planned, apply(planned, "--env", "prod"), "plan-environment")
    assert "leave --env" in told.err
    saved(planned, "--env", "prod")
    assert "--env prod" in refused(planned, apply(planned), "plan-environment").err
    assert apply(planned, "--env", "prod").code == 0


def test_another_org(planned: World) -> None:
    """The same files and the same state, and the variables of another org."""
    with Server(Sandbox()) as other, httpx.Client(base_url=other.url, trust_env=False, timeout=30) as http:
        elsewhere = {name: value for name, value in environment(other.url).items() if name.startswith("SF_")}
        told = refused(planned, apply(planned, env=elsewhere), "plan-connection")
        assert planned.server.url in told.err
        assert other.url in told.err
        writes = [e for e in http.get("/_sandbox/log").json()["entries"] if e["method"] != "GET"]
        assert writes == []
    assert apply(planned).code == 0


def test_a_connection_that_is_gone(planned: World) -> None:
    text = (planned.root / "reconcile.yaml").read_text()
    planned.write("reconcile.yaml", text.partition("  tailer:")[0])
    (planned.root / "tailer.yaml").unlink()
    assert '"tailer"' in refused(planned, apply(planned), "plan-connection").err


# -- once, however it ends ---------------------------------------------------------------------------------------------


def test_one_object_moved(planned: World) -> None:
    """It alone is refused, with the third value; the rest goes on, and the plan is used."""
    planned.by_hand("recipe", "Board_Pack", MOVED)
    result = apply(planned)
    assert result.code == 4, result
    assert "time: planned 02:00 -> 01:00, but it is 09:09 now" in result.out
    assert "Applied: 4 done, 1 refused." in result.out
    assert planned.live("Board_Pack")["time"]["hour"] == 9
    planned.forget_log()
    refused(planned, apply(planned), "plan-used")
    planned.apply()


def test_all_moved(world: World) -> None:
    world.sales(recipe("Board_Pack"))
    saved(world)
    world.by_hand("recipe", "Board_Pack", MOVED)
    result = apply(world)
    assert (result.code, "1 refused" in result.out) == (3, True), result
    assert world.sent() == []
    refused(world, apply(world), "plan-used")


def test_somebody_already_did_it(planned: World) -> None:
    wanted = {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}}
    planned.by_hand("recipe", "Board_Pack", wanted)
    result = apply(planned)
    assert result.code == 0, result
    assert "recipe:Board_Pack (somebody already did it)" in result.out
    assert not any(planned.asset("Board_Pack")["id"] in path for _, path, _ in planned.sent())
    planned.settled()


def test_an_asset_that_is_gone(planned: World) -> None:
    planned.remove_asset("Board_Pack")
    result = apply(planned)
    assert result.code == 4, result
    assert re.search(r"failed +update +sales/schedule/recipe:Board_Pack", result.out), result
    assert "4 done" in result.out


def test_some_calls_failed(planned: World) -> None:
    planned.fault("status", method="PUT", path=planned.asset("Board_Pack")["id"], status=400)
    assert apply(planned).code == 4
    planned.clear_faults()
    planned.forget_log()
    refused(planned, apply(planned), "plan-used")
    saved(planned)
    assert apply(planned).code == 0
    planned.settled()


def test_every_call_failed(world: World) -> None:
    """Nothing was changed; still a plan is tried once."""
    world.sales(recipe("Board_Pack"))
    saved(world)
    world.fault("status", method="PUT", status=400)
    assert apply(world).code == 1
    world.clear_faults()
    world.forget_log()
    refused(world, apply(world), "plan-used")


def test_killed_in_the_middle(planned: World) -> None:
    """The plan was begun, so it is over: which apply it was is said, and the next plan knows how far it came."""
    planned.fault("hang", method="PUT", times=1, after_effect=True)
    process = planned.start("apply", "plan.json")
    try:
        until(lambda: any(method == "PUT" for method, _, _ in planned.sent()))
    finally:
        killed(process)
    planned.clear_faults()
    planned.forget_log()
    told = refused(planned, apply(planned), "plan-stale")
    assert "begun already, by apply" in told.err
    again = saved(planned)
    assert any(d["code"] == "in-flight" for d in again["diagnostics"])
    assert apply(planned).code == 0
    assert planned.resets() <= 1
    refused_again = apply(planned)
    assert refused_again.code == 3, refused_again
    planned.run("apply", "--yes")
    assert planned.run("plan", "--detailed-exitcode").code == 0


def test_killed_and_made_good_by_somebody_else(planned: World, tmp_path: Path) -> None:
    """What was cut off was taken in by another apply: the old file is refused all the same."""
    copy = (planned.home / "plan.json").read_bytes()
    planned.fault("hang", method="PUT", times=1, after_effect=True)
    process = planned.start("apply", "plan.json")
    try:
        until(lambda: any(method == "PUT" for method, _, _ in planned.sent()))
    finally:
        killed(process)
    planned.clear_faults()
    planned.run("apply", "--yes")
    (planned.home / "plan.json").write_bytes(copy)
    planned.forget_log()
    refused(planned, apply(planned), "plan-stale")


def test_a_plan_that_only_adopts(world: World) -> None:
    """Nothing is sent, something is recorded: that, too, happens once."""
    sync = {"frequency": "daily", "time": "04:00", "timezone": "Europe/Paris", "notification_level": "warnings"}
    world.sales({"data_sync": "Marketing_Cloud", **sync})
    assert saved(world)["changes"] == []
    result = apply(world)
    assert result.code == 0, result
    assert "Nothing to change. 1 recorded as ours." in result.out
    again = apply(world)
    assert (again.code, "error[plan-" in again.err) == (3, True), again


def test_a_plan_with_nothing_to_do(planned: World) -> None:
    planned.apply()
    saved(planned)
    result = apply(planned)
    assert result.code == 0, result
    assert "Nothing to change." in result.out
    assert apply(planned).code == 0


# -- plans that are not whole ------------------------------------------------------------------------------------------


def test_a_plan_with_errors(world: World) -> None:
    """What could be planned is saved and applied; the rest is told both times."""
    world.sales(recipe("Board_Pack"), recipe("Bord_Pack"))
    result = world.run("plan", "--out", "plan.json")
    assert result.code == 1, result
    assert "without 1 object that could not be planned" in result.err
    applied = apply(world)
    assert applied.code == 4, applied
    assert "Bord_Pack" in applied.err
    assert world.live("Board_Pack")["frequency"] == "daily"


def test_a_plan_that_a_guard_refuses(world: World) -> None:
    world.sales(*(recipe(name) for name in NAMES))
    world.apply()
    world.sales()
    first = world.run("plan", "--out", "plan.json")
    assert first.code == 3, first
    assert "apply will refuse it, too" in first.err
    world.forget_log()
    refused(world, apply(world), "guard-deletes")
    saved(world, "--allow-deletes", "3")
    assert apply(world).code == 0


# -- as it is ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--select", "sales/*"],
        ["--exclude", "sales/*"],
        ["--reassert"],
        ["--exact"],
        ["--allow-deletes", "3"],
        ["--allow-account", "sales"],
        ["--expect-digest", "0" * 12],
    ],
    ids=lambda words: words[0],
)
def test_nothing_can_make_another_plan_of_it(planned: World, words: list[str]) -> None:
    result = planned.run("apply", "plan.json", *words)
    assert result.code == 64, result
    assert f"{words[0]} can only change a plan that is made now" in result.err
    assert planned.sent() == []


def test_nor_before_the_command(planned: World) -> None:
    """Common options may stand there, too."""
    result = planned.run("--select", "sales/*", "apply", "plan.json", "--exclude", "x")
    assert result.code == 64, result
    assert "--exclude, --select" in result.err


def test_the_environment_says_nothing_about_a_saved_plan(planned: World) -> None:
    """``RECONCILE_SELECT`` is for plans that are made."""
    env = {"RECONCILE_SELECT": "sales/schedule/recipe:Board_Pack", "RECONCILE_EXCLUDE": "tailer/*"}
    result = apply(planned, env=env)
    assert result.code == 0, result
    assert "Applied: 5 done." in result.out


def test_what_was_selected_is_what_is_applied(planned: World) -> None:
    saved(planned, "--select", "*Board_Pack")
    assert "Applied: 1 done." in apply(planned).out
    assert planned.flags(TABLE) != (False, False)


def test_what_can_go_with_it(planned: World) -> None:
    """How it is shown is no matter of the plan; that it need not be asked for may be said once more."""
    result = apply(planned, "--yes", "--requests", "--format", "json", "-v")
    assert result.code == 0, result
    assert result.json["plan"]["id"] != result.json["id"]
    assert result.json["plan"]["digest"]
    assert result.json["summary"] == {"done": 5}


def test_the_way_to_apply_it_is_told(world: World, tmp_path: Path) -> None:
    """With what was typed to find the workspace, so that it can be typed again."""
    world.workspace(top="environments: {prod: {}}")
    world.sales(recipe("Board_Pack"))
    result = world.run("-C", "desired_state", "plan", "--env", "prod", "--out", "my plan.json")
    assert result.err.endswith(
        "Saved as my plan.json. To apply it, once: reconcile apply -C desired_state --env prod 'my plan.json'\n"
    )
    assert re.fullmatch("Digest: [0-9a-f]{64}", result.out.splitlines()[-1])
    assert (world.home / "my plan.json").stat().st_mode & 0o777 == 0o600
    assert len(list(world.home.iterdir())) == 2


@pytest.mark.parametrize(("out", "code"), [("-", 64), ("nowhere/plan.json", 1), (".", 1)])
def test_where_no_plan_can_be_saved(world: World, out: str, code: int) -> None:
    """Said before anything is read."""
    world.sales(recipe("Board_Pack"))
    assert world.run("plan", "--out", out).code == code
    assert world.log() == []


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_the_file(planned: World) -> None:
    """Not those of the settings, not a session's, not one that a platform quotes in an error that is kept."""
    words = [planned.env[name] for name in ("SF_CLIENT_SECRET", "TAILER_API_JWT")]
    body = [{"errorCode": "X", "message": f"you said {' and '.join(words)}"}]
    planned.fault("status", path="/wave/dataConnectors", status=400, body=body)
    planned.sales(*(recipe(name) for name in NAMES), {"data_sync": "SFDC_LOCAL", "frequency": "none"})
    document = saved(planned, code=1)
    assert "***" in json.dumps(document["diagnostics"])
    data = (planned.home / "plan.json").read_text()
    assert "***" in data
    sessions = list(planned.server.sandbox.crm.sessions._open)
    assert sessions
    for secret in (*words, *sessions):
        assert secret not in data
    planned.clear_faults()
    assert apply(planned).code == 4


def test_a_value_that_quotes_a_secret_is_not_saved(world: World) -> None:
    """Somebody typed the token into the platform: the plan would not be the same without it."""
    secret = world.env["SF_CLIENT_SECRET"]
    world.by_hand("recipe", "Board_Pack", {"frequency": "eventdriven", "triggerRule": f"say {secret}"})
    world.sales(recipe("Board_Pack"))
    result = world.run("plan", "--out", "plan.json")
    assert result.code == 3, result
    assert "error[plan-holds-secret]" in result.err
    assert not (world.home / "plan.json").exists()
    assert secret not in result.out + result.err


# -- the digest --------------------------------------------------------------------------------------------------------


def digest_of(world: World) -> str:
    digest: str = world.plan()["digest"]
    return digest


def test_the_plan_that_was_reviewed_is_applied(runners: tuple[World, World]) -> None:
    """One runner plans in the pull request, the other one plans again after the merge: nothing is passed but a word."""
    one, two = runners
    digest = digest_of(one)
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert f"Digest: {digest}" in one.run("plan").out
    assert one.run("plan", "--format", "markdown").out.endswith(f"\nDigest: `{digest}`\n")
    result = two.spawn("apply", "--yes", "--expect-digest", digest[:12].upper())
    assert result.code == 0, result
    assert "Applied: 5 done." in result.out


def test_somebody_moved_something_between_review_and_apply(planned: World) -> None:
    """The new plan is there to be looked at, with both digests; nothing is done, also what did not move."""
    digest = digest_of(planned)
    planned.by_hand("recipe", "Board_Pack", MOVED)
    planned.forget_log()
    told = refused(planned, planned.spawn("apply", "--yes", "--expect-digest", digest), "digest-differs")
    assert "time: 09:09 -> 01:00" in told.out
    assert digest in told.err
    assert digest_of(planned) in told.err
    document = planned.run("apply", "--yes", "--expect-digest", digest, "--format", "json")
    assert document.code == 3
    assert document.json["plan"]["refused"] is True
    assert "digest-differs" in document.codes


def test_somebody_did_all_of_it_between_review_and_apply(planned: World) -> None:
    """There is nothing left to do, and that is not what was reviewed."""
    digest = digest_of(planned)
    planned.apply()
    planned.forget_log()
    refused(planned, planned.run("apply", "--yes", "--expect-digest", digest), "digest-differs")


def test_a_plan_with_nothing_to_do_has_a_digest_too(planned: World) -> None:
    planned.apply()
    digest = digest_of(planned)
    assert digest == digest_of(planned)
    assert planned.run("apply", "--yes", "--expect-digest", digest).code == 0


def test_it_still_asks(planned: World) -> None:
    """A digest is no approval."""
    result = planned.spawn("apply", "--expect-digest", digest_of(planned))
    assert (result.code, "error[no-terminal]" in result.err) == (3, True)


@pytest.mark.parametrize("digest", ["", "abc", "0" * 11, "0" * 65, "g" * 12, "sha256:" + "0" * 20])
def test_what_is_no_digest(planned: World, digest: str) -> None:
    result = planned.run("apply", "--yes", "--expect-digest", digest)
    assert (result.code, "Invalid value" in result.err) == (64, True), result


def test_the_reset_of_a_saved_plan_is_sent_once(planned: World) -> None:
    """However often the file is tried."""
    for _ in range(3):
        apply(planned)
    assert planned.resets() == 1
    assert FLOW in planned.run("state", "list").out
