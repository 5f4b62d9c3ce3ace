"""Many workspaces from the command line: side by side, in shards, and put together again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reconcile.sandbox import Sandbox, Server

from .harness import TOKEN_PATH, World, recipe

CONNECTION = """\
version: 1
{top}connections:
  sales:
    provider: crm_analytics
    instance_url: "${{env.SF_INSTANCE_URL}}"
    longest_wait: 0.02
    attempts: {attempts}
    auth: {{method: client_credentials, client_id: "${{env.SF_CLIENT_ID}}", client_secret: "${{env.{secret}}}"}}
"""
TEAMS = ("ads", "bi", "crm")


class Fleet(World):
    """Three workspaces below ``teams``, of one recipe each, all of them applied."""

    def team(self, name: str, *, secret: str = "SF_CLIENT_SECRET", attempts: int = 1, top: str = "") -> Path:
        folder = self.home / "teams" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "reconcile.yaml").write_text(CONNECTION.format(secret=secret, attempts=attempts, top=top))
        (folder / "recipes.yaml").write_text(f"connection: sales\nschedules:\n  - {json.dumps(recipe(f'R_{name}'))}\n")
        return folder

    def logins(self) -> int:
        return sum(entry["path"] == TOKEN_PATH for entry in self.log())


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with Server(Sandbox()) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=30) as http:
        found = Fleet(tmp_path, server, http)
        for name in TEAMS:
            found.team(name)
            found.create("recipe", f"R_{name}")
            assert found.run("apply", "--yes", "-C", f"teams/{name}").code == 0
        found.forget_log()
        yield found


def test_a_fleet_in_sync_costs_one_login_and_one_list_and_writes_nothing(fleet: Fleet) -> None:
    before = {path: path.read_bytes() for path in fleet.home.rglob("*") if path.is_file()}
    result = fleet.run("drift", "-C", "teams/*")
    assert result.code == 0, result
    assert result.out.splitlines()[-1] == "drift: 3 workspaces: 3 without drift."
    assert len(fleet.calls()) == 1
    assert fleet.logins() == 1
    assert {path: path.read_bytes() for path in fleet.home.rglob("*") if path.is_file()} == before


def test_one_that_drifted_and_one_that_is_broken_do_not_hide_each_other(fleet: Fleet) -> None:
    fleet.by_hand("recipe", "R_bi", None)
    (fleet.home / "teams/crm/recipes.yaml").write_text("connection: sales\nschedules:\n  - {reciep: x}\n")
    result = fleet.run("drift", "-C", "teams/*", "--format", "json")
    assert result.code == 1
    document = result.json
    assert document["format"] == "reconcile.fleet/1"
    found = {each["name"]: each for each in document["workspaces"]}
    assert {name: each["outcome"] for name, each in found.items()} == {
        "teams/ads": "ok",
        "teams/bi": "drift",
        "teams/crm": "failed",
    }
    assert found["teams/bi"]["exit_code"] == 5
    assert found["teams/bi"]["document"]["format"] == "reconcile.drift/1"
    assert [each["address"] for each in found["teams/bi"]["document"]["drift"]] == ["sales/schedule/recipe:R_bi"]
    assert found["teams/crm"]["document"]["format"] == "reconcile.error/1"
    text = fleet.run("drift", "-C", "teams/*")
    assert text.code == 1
    assert "drift     teams/bi  1 drifted" in text.out
    assert "error[unknown-field]" in text.out
    assert all(len(line) <= 80 for line in text.out.splitlines() if line.startswith(("ok", "drift", "failed")))


def test_each_document_is_that_of_the_command_alone(fleet: Fleet) -> None:
    fleet.by_hand("recipe", "R_bi", None)
    together = fleet.run("drift", "-C", "teams/*", "--format", "json").json["workspaces"]
    for each in together:
        alone = fleet.run("drift", "-C", each["name"], "--format", "json")
        assert each["exit_code"] == alone.code
        assert each["document"] == alone.json


def test_what_has_drifted_is_looked_at_again_so_that_an_apply_in_between_is_no_drift(fleet: Fleet) -> None:
    # Drift is confirmed with a list of its own; the shared one was read once, for all three.
    fleet.by_hand("recipe", "R_bi", None)
    assert fleet.run("drift", "-C", "teams/*").code == 5
    assert len(fleet.calls()) == 2
    assert fleet.logins() == 2


def test_another_secret_is_another_login(fleet: Fleet) -> None:
    fleet.team("ads", secret="OTHER")
    env = {"OTHER": "not-the-secret-of-this-org"}
    result = fleet.run("drift", "-C", "teams/*", "--format", "json", env=env)
    assert [each["outcome"] for each in result.json["workspaces"]] == ["failed", "ok", "ok"]
    assert env["OTHER"] not in str(result)
    assert fleet.env["SF_CLIENT_SECRET"] not in str(result)


def test_an_org_that_is_down_costs_its_waits_once(fleet: Fleet) -> None:
    fleet.fault("status", path="/wave/recipes", status=503)
    result = fleet.run("drift", "-C", "teams/*", "--format", "json")
    assert result.code == 1
    assert {each["outcome"] for each in result.json["workspaces"]} == {"failed"}
    assert len(fleet.calls()) == 1


@pytest.mark.parametrize("parallel", ["1", "8"])
def test_plans_are_those_of_plan_detailed_exitcode(fleet: Fleet, parallel: str) -> None:
    (fleet.home / "teams/ads/recipes.yaml").write_text(
        f"connection: sales\nschedules:\n  - {json.dumps(recipe('R_ads', time='03:00'))}\n"
    )
    plain = fleet.run("plan", "-C", "teams/*", "--parallel", parallel)
    assert plain.code == 0
    assert "changes   teams/ads  1 update" in plain.out
    result = fleet.run("plan", "-C", "teams/*", "--detailed-exitcode", "--format", "json")
    assert result.code == 2
    (changed,) = (each for each in result.json["workspaces"] if each["outcome"] == "changes")
    assert changed["document"]["summary"]["update"] == 1
    assert changed["document"]["changes"][0]["effect"]


def test_validate_reaches_every_workspace_without_a_call(fleet: Fleet) -> None:
    (fleet.home / "teams/bi/recipes.yaml").write_text("nonsense\n")
    result = fleet.run("validate", "-C", "teams/*")
    assert result.code == 1
    assert "validate: 3 workspaces: 1 failed, 2 valid." in result.out
    assert fleet.log() == []


def test_shards_hold_everything_once_and_the_report_is_the_whole(fleet: Fleet) -> None:
    fleet.by_hand("recipe", "R_bi", None)
    whole = fleet.run("drift", "-C", "teams/*", "--format", "json").json
    names: list[str] = []
    for index in (1, 2):
        result = fleet.run("drift", "-C", "teams/*", "--shard", f"{index}/2", "--results", "out", "--format", "json")
        names += [each["name"] for each in result.json["workspaces"]]
    assert sorted(names) == [f"teams/{name}" for name in TEAMS]
    report = fleet.run("fleet", "report", "out", "--format", "json")
    assert report.code == 5
    without_time = [{k: v for k, v in each.items() if k != "seconds"} for each in report.json["workspaces"]]
    assert without_time == [{k: v for k, v in each.items() if k != "seconds"} for each in whole["workspaces"]]
    assert (fleet.home / "out/drift-1-of-2.json").stat().st_mode & 0o077 == 0


def test_a_missing_shard_fails_the_report_and_names_what_nobody_looked_at(fleet: Fleet) -> None:
    shard = 1 if fleet.run("drift", "-C", "teams/*", "--shard", "1/2", "--format", "json").json["workspaces"] else 2
    fleet.run("drift", "-C", "teams/*", "--shard", f"{shard}/2", "--results", "out")
    report = fleet.run("fleet", "report", "out", "--format", "json")
    assert report.code == 1
    assert report.json["missing_shards"] == [f"{3 - shard}/2"]
    assert {each["outcome"] for each in report.json["workspaces"]} == {"ok", "missing"}
    for wanted in ("text", "markdown"):
        shown = fleet.run("fleet", "report", "out", "--format", wanted)
        assert shown.code == 1
        assert f"Missing shards: {3 - shard}/2" in shown.out


def test_results_of_two_rounds_are_not_put_together(fleet: Fleet) -> None:
    fleet.run("drift", "-C", "teams/*", "--shard", "1/2", "--results", "out")
    fleet.run("drift", "-C", "teams/*", "--shard", "1/3", "--results", "out")
    report = fleet.run("fleet", "report", "out")
    assert report.code == 1
    assert "error[fleet-differs]" in report.err


def test_a_result_of_an_earlier_round_is_a_missing_one(fleet: Fleet) -> None:
    for index in (1, 2):
        fleet.run("drift", "-C", "teams/*", "--shard", f"{index}/2", "--results", "out")
    old = fleet.home / "out/drift-1-of-2.json"
    document = json.loads(old.read_text())
    old.write_text(json.dumps({**document, "ended_at": "2026-01-01T00:00:00Z"}))
    report = fleet.run("fleet", "report", "out", "--format", "json")
    assert report.code == 1
    assert report.json["missing_shards"] == ["1/2"]
    assert report.codes == ["fleet-result-old"]
    fleet.run("drift", "-C", "teams/*", "--results", "whole")
    whole = fleet.home / "whole/drift.json"
    whole.write_text(json.dumps({**json.loads(whole.read_text()), "ended_at": "2026-01-01T00:00:00Z"}))
    report = fleet.run("fleet", "report", "whole", "--format", "json")
    assert report.code == 1
    assert {each["outcome"] for each in report.json["workspaces"]} == {"missing"}
    assert fleet.run("fleet", "report", "whole", "--max-age", "soon").code == 64


def test_results_that_cannot_be_written_are_told_before_anything_is_looked_at(fleet: Fleet) -> None:
    (fleet.home / "file").write_text("")
    result = fleet.run("drift", "-C", "teams/*", "--results", "file/out")
    assert result.code == 1
    assert "error[fleet-result-unwritable]" in result.err
    assert fleet.log() == []


def test_what_is_acknowledged_is_no_drift_of_the_fleet(fleet: Fleet) -> None:
    fleet.by_hand("recipe", "R_bi", None)
    address = "sales/schedule/recipe:R_bi"
    said = fleet.run("drift", "ack", address, "--until", "2099-01-01", "--reason", "agreed", "-C", "teams/bi")
    assert said.code == 0, said
    result = fleet.run("drift", "-C", "teams/*")
    assert result.code == 0, result
    assert "ok        teams/bi  1 acknowledged" in result.out


def test_a_result_that_was_cut_off_is_an_error(fleet: Fleet) -> None:
    fleet.run("drift", "-C", "teams/*", "--results", "out")
    file = fleet.home / "out/drift.json"
    file.write_bytes(file.read_bytes()[:-20])
    report = fleet.run("fleet", "report", "out/drift.json")
    assert report.code == 1
    assert "error[fleet-result-unreadable]" in report.err


@pytest.mark.parametrize(
    ("environ", "shard"),
    [
        ({"JOB_COMPLETION_INDEX": "1", "RECONCILE_SHARD_COUNT": "4"}, {"index": 2, "count": 4}),
        ({"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "5"}, {"index": 3, "count": 5}),
    ],
)
def test_the_shard_comes_from_the_environment_when_asked(
    fleet: Fleet, environ: dict[str, str], shard: dict[str, int]
) -> None:
    result = fleet.run("validate", "-C", "teams/*", "--shard", "auto", "--format", "json", env=environ)
    assert result.json["shard"] == shard
    # And not when not asked: a matrix of something else sets the same variables.
    assert fleet.run("validate", "-C", "teams/*", "--format", "json", env=environ).json["shard"] is None


def test_an_index_that_is_no_number_is_wrong_usage(fleet: Fleet) -> None:
    environ = {"JOB_COMPLETION_INDEX": "\N{SUPERSCRIPT TWO}", "RECONCILE_SHARD_COUNT": "4"}
    result = fleet.run("validate", "-C", "teams/*", "--shard", "auto", env=environ)
    assert result.code == 64
    assert "must be numbers" in result.err


def test_stderr_is_json_lines_for_a_fleet_too(fleet: Fleet) -> None:
    """Progress, waits and what sinks print come from other threads than the command's own."""
    for number in range(10):
        fleet.team(f"copy{number}", top="alerts: {sinks: [{type: stdout}]}\n", attempts=3)
    fleet.team("bi", top="alerts: {sinks: [{type: stdout}]}\n", attempts=3)
    fleet.by_hand("recipe", "R_bi", None)
    fleet.fault("status", status=503, path="/wave/recipes", times=1)
    result = fleet.run("drift", "-C", "teams/*", "--alert", "--log-format", "json")
    events = {json.loads(line)["event"] for line in result.err.splitlines()}
    assert {"waiting", "note", "message"} <= events


def test_what_names_hold_does_not_reach_the_terminal(fleet: Fleet) -> None:
    fleet.team("esc\x1b[2J\nx")
    assert fleet.run("fleet", "list", "-C", "teams/e*").out == "teams/esc\\x1b[2J\\nx\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["drift", "-C", "teams/*", "--shard", "3/2"], "count from 1 to 2"),
        (["drift", "-C", "teams/*", "--shard", "x"], "write it as 2/8"),
        (["drift", "-C", "teams/*", "--shard", "auto"], "the environment has neither"),
        (["drift", "-C", "teams/*", "--select", "x"], "--select works on one workspace"),
        (["plan", "-C", "teams/*", "--out", "x.json"], "--out works on one workspace"),
        (["drift", "-C", "teams/*", "--metrics", "x.prom"], "--metrics works on one workspace"),
        (["drift", "-C", "teams/ads", "--shard", "1/2"], "--shard is for a fleet"),
        (["apply", "-C", "teams/*", "--yes"], "this command works on one workspace"),
        (["history", "-C", "fleet.yaml"], "this command works on one workspace"),
        (["fleet", "list", "-C", "teams/ads"], "-C must name a fleet"),
    ],
)
def test_what_means_nothing_for_a_fleet_is_wrong_usage(fleet: Fleet, arguments: list[str], words: str) -> None:
    result = fleet.run(*arguments)
    assert result.code == 64, result
    assert words in " ".join(result.err.split())
    assert fleet.log() == []


def test_a_glob_that_matches_nothing_is_an_error(fleet: Fleet) -> None:
    result = fleet.run("drift", "-C", "team/*")
    assert result.code == 1
    assert "error[fleet-matches-nothing]" in result.err


def test_two_workspaces_with_one_state_are_both_left_alone(fleet: Fleet) -> None:
    for name in ("ads", "bi"):
        fleet.team(name, top=f"state: {fleet.home}/shared\n")
    result = fleet.run("drift", "-C", "teams/*", "--format", "json")
    found = {each["name"]: each for each in result.json["workspaces"]}
    assert {name: each["outcome"] for name, each in found.items()} == {
        "teams/ads": "failed",
        "teams/bi": "failed",
        "teams/crm": "ok",
    }
    assert [d["code"] for d in found["teams/ads"]["document"]["diagnostics"]] == ["fleet-shared-state"]


def test_one_state_is_one_however_it_is_written(fleet: Fleet) -> None:
    """From each workspace by another way, or through a link; with many, the first few others are named."""
    (fleet.home / "shared").mkdir()
    (fleet.home / "teams/link").symlink_to(fleet.home / "shared")
    for name, state in (("ads", "../../shared"), ("bi", "../link"), ("crm", f"{fleet.home}/teams/../shared/")):
        fleet.team(name, top=f"state: {state}\n")
    for number in range(3):
        fleet.team(f"copy{number}", top="state: ../../shared\n")
    result = fleet.run("validate", "-C", "teams/*", "--format", "json")
    told = [each["document"]["diagnostics"][0] for each in result.json["workspaces"]]
    assert {each["code"] for each in told} == {"fleet-shared-state"}
    assert "where teams/bi and teams/copy0 and teams/copy1 and 2 more does" in told[0]["detail"]


def test_an_object_that_two_ask_for_is_told(fleet: Fleet) -> None:
    (fleet.home / "teams/bi/more.yaml").write_text(
        f"connection: sales\nschedules:\n  - {json.dumps(recipe('R_ads'))}\n"
    )
    result = fleet.run("validate", "-C", "teams/*", "--format", "json")
    assert result.code == 0
    assert result.codes == ["fleet-object-twice"]
    assert "R_ads is declared in teams/ads and in teams/bi" in result.json["diagnostics"][0]["detail"]


def test_that_many_ask_for_the_same_is_said_in_a_few_lines(fleet: Fleet) -> None:
    """Once for each two workspaces, and not for all of hundreds that a wrong copy made."""
    for number in range(8):
        folder = fleet.team(f"copy{number}")
        (folder / "recipes.yaml").write_text(
            f"connection: sales\nschedules: {json.dumps([recipe('R_ads'), recipe('R_bi')])}\n"
        )
    told = fleet.run("validate", "-C", "teams/*", "--format", "json").json["diagnostics"]
    assert len(told) == 6
    assert told[-1]["detail"] == "So do 11 more pairs of workspaces."


def test_a_fleet_file_gives_each_workspace_its_environments(fleet: Fleet) -> None:
    for name in ("ads", "bi"):
        path = fleet.home / "teams" / name / "reconcile.yaml"
        path.write_text(path.read_text() + "environments: {dev: {}, prod: {}}\n")
    (fleet.home / "fleet.yaml").write_text(
        "version: 1\n"
        "workspaces:\n"
        "  - {path: teams/ads, environments: [dev, prod]}\n"
        "  - {path: 'teams/*'}\n"
        "exclude: ['*/crm']\n"
    )
    listed = fleet.run("fleet", "list", "-C", "fleet.yaml")
    assert listed.out.split() == ["teams/ads", "teams/ads@dev", "teams/ads@prod", "teams/bi"]
    result = fleet.run("validate", "-C", "fleet.yaml", "--format", "json")
    environments = {each["name"]: each["document"]["environment"] for each in result.json["workspaces"]}
    assert environments == {
        "teams/ads": "default",
        "teams/ads@dev": "dev",
        "teams/ads@prod": "prod",
        "teams/bi": "default",
    }
    assert fleet.run("fleet", "list", "-C", "fleet.yaml", "--env", "prod").out.split() == [
        "teams/ads@prod",
        "teams/bi@prod",
    ]


def test_alerts_go_to_the_sinks_of_each_workspace_once(fleet: Fleet) -> None:
    """Each has its own sinks and its own memory; one without sinks is said to have none, and hides no other."""
    for name in TEAMS[:2]:
        fleet.team(name, top="alerts: {sinks: [{type: json_lines, path: told.jsonl}]}\n")
    fleet.by_hand("recipe", "R_bi", None)
    first = fleet.run("drift", "-C", "teams/*", "--alert", "--format", "json")
    assert first.code == 1, first
    results = {each["name"]: each["document"] for each in first.json["workspaces"]}
    assert results["teams/bi"]["alerts"]["sent"][0]["subject"] == "sales/schedule/recipe:R_bi"
    assert results["teams/ads"]["alerts"]["sent"] == []
    assert [told["code"] for told in results["teams/crm"]["diagnostics"]] == ["no-sinks"]
    told = (fleet.home / "teams/bi/told.jsonl").read_text().splitlines()
    assert [json.loads(line)["subject"] for line in told] == ["sales/schedule/recipe:R_bi"]
    assert not (fleet.home / "teams/ads/told.jsonl").exists()

    fleet.run("drift", "-C", "teams/*", "--alert")
    assert (fleet.home / "teams/bi/told.jsonl").read_text().splitlines() == told


def test_a_look_that_comes_to_nothing_is_told(fleet: Fleet) -> None:
    fleet.team("bi", top="alerts: {sinks: [{type: json_lines, path: told.jsonl}]}\n")
    fleet.fault("status", status=403, path="/wave/recipes", times=100)
    assert fleet.run("drift", "-C", "teams/b*", "--alert").code == 1
    (line,) = (fleet.home / "teams/bi/told.jsonl").read_text().splitlines()
    assert json.loads(line)["kind"] == "check-failed"
