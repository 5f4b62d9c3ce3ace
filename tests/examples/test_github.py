"""The action's own steps, run as they stand: the program against the sandbox, the API against a GitHub on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from e2e.harness import World, recipe
from reconcile.sandbox import Sandbox, Server

from .fake_github import REPOSITORY, TOKEN, GitHub, github
from .steps import EXAMPLES, documents, run_step

FOLDER = EXAMPLES / "github/action"
HEAD = "a" * 40


@dataclass
class Job:
    """A job on a runner: the checkout is ``world.home``."""

    world: World
    hub: GitHub
    temp: Path
    more: dict[str, str] = field(default_factory=dict)

    def keeps_its_plan(self) -> bool:
        """Say whether the plan becomes an artifact, as the action's condition has it."""
        (action,) = documents(FOLDER / "action.yml")
        (kept,) = (each for each in action["runs"]["steps"] if each.get("name") == "Keep the plan")
        # Written as GitHub compares; whatever else somebody makes of the condition is to be thought of here.
        found = re.fullmatch(r"steps\.run\.outputs\.([a-z-]+) == '(\w+)'", kept["if"])
        assert found is not None
        assert kept["with"]["path"] == "${{ runner.temp }}/plan.json"
        return self.output.get(found[1], "") == found[2]

    def step(self, name: str, **values: str) -> CompletedProcess[str]:
        """Run a step of the action by its name."""
        (action,) = documents(FOLDER / "action.yml")
        (found,) = (each for each in action["runs"]["steps"] if each.get("name") == name)
        defaults = {
            "inputs.workspace": "desired_state",
            "inputs.environment": "",
            "inputs.token": TOKEN,
            "github.event.pull_request.number": "7",
        }
        return run_step(found, defaults | values, self.environ, self.world.home)

    def command(self, name: str) -> int:
        """Run the step that calls the program, and return the exit code that it hands on."""
        done = self.step("Run", **{"inputs.command": name})
        assert done.returncode == 0, done.stderr
        return int(self.output["exit-code"])

    @property
    def environ(self) -> dict[str, str]:
        return {
            **self.world.env,
            "GITHUB_ACTION_PATH": str(FOLDER),
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "42",
            "GITHUB_SHA": "b" * 40,
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "RUNNER_TEMP": str(self.temp),
            **self.more,
        }

    @property
    def output(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.temp / "output").read_text().splitlines())

    @property
    def result(self) -> str:
        return (self.temp / "result.md").read_text()


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    home, temp = tmp_path / "home", tmp_path / "temp"
    home.mkdir()
    temp.mkdir()
    with (
        Server(Sandbox()) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=30) as http,
        github() as hub,
    ):
        world = World(home, server, http)
        world.workspace()
        world.sales(recipe("R"))
        world.create("recipe", "R")
        yield Job(world, hub, temp)


def test_a_plan_is_one_comment_however_often_it_is_made(job: Job) -> None:
    assert job.command("plan") == 0
    assert "1 to create" in job.result
    job.hub.comments += [
        {"id": 90 + n, "user": {"type": "User"}, "body": "<!-- reconcile -->\nforged"} for n in range(2)
    ]
    assert job.step("Comment").returncode == 0
    assert job.step("Comment").returncode == 0
    ours = [each["body"] for each in job.hub.comments if each["user"]["type"] == "Bot"]
    assert len(ours) == 1
    assert job.result.strip() in ours[0]
    assert "https://github.example/acme/platforms/actions/runs/42" in ours[0]
    assert "forged" in job.hub.comments[0]["body"]


def test_a_plan_is_kept_where_there_is_one(job: Job) -> None:
    assert job.command("plan") == 0
    assert job.keeps_its_plan()
    assert (job.temp / "plan.json").stat().st_size
    # One that failed leaves none behind, nor that of a step before it.
    (job.temp / "output").unlink()
    job.world.write("sales.yaml", "schedules: [\n")
    assert job.command("plan") == 1
    assert not job.keeps_its_plan()


def test_a_command_that_is_none_is_named(job: Job) -> None:
    done = job.step("Run", **{"inputs.command": "destroy"})
    assert done.returncode == 0
    assert "command must be plan, apply or drift" in done.stderr
    assert "command must be plan, apply or drift" in job.result
    assert job.output["exit-code"] == "64"


def test_what_stderr_quotes_is_neither_a_command_of_the_runner_nor_markup(job: Job) -> None:
    job.more["RECONCILE_LOG_FORMAT"] = "```\n::add-mask::x ##[error]y\n@acme/all \ufffd"
    done = job.step("Run", **{"inputs.command": "plan"})
    assert job.output["exit-code"] == "64"
    first, *quoted, last = done.stderr.split("\n")[:-1]
    word = first.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", word)
    assert last == f"::{word}::"
    assert "add-mask" in "".join(quoted)
    heading, *block = job.result.splitlines()
    assert heading == "### reconcile: failed (exit 64)"
    assert all(line.startswith("    ") for line in block if line)
    # Cut in the middle of a character it is a comment all the same.
    (job.temp / "result.md").write_bytes("é".encode()[:1])
    assert job.step("Comment").returncode == 0


def test_what_was_not_written_fails_the_step(job: Job) -> None:
    (job.temp / "result.md").write_text("text")
    job.hub.is_moved = True
    moved = job.step("Comment")
    assert (moved.returncode, moved.stderr.strip()) == (
        1,
        "::error::GET issues/7/comments?per_page=100&page=1: 307 Temporary Redirect",
    )
    job.more["GITHUB_API_URL"] = "http://127.0.0.1:1"
    nobody = job.step("Comment")
    assert nobody.returncode == 1
    assert nobody.stderr.startswith("::error::GET issues/7/comments?per_page=100&page=1: no answer")


def test_a_comment_of_somebody_who_is_gone_is_not_ours(job: Job) -> None:
    (job.temp / "result.md").write_text("text")
    job.hub.comments.append({"id": 1, "user": None, "body": "<!-- reconcile -->\nforged"})
    assert job.step("Comment").returncode == 0
    assert [each["body"].endswith("forged") for each in job.hub.comments] == [True, False]


def test_our_comment_is_found_on_a_later_page(job: Job) -> None:
    job.hub.comments += [{"id": n, "user": {"type": "User"}, "body": "hello"} for n in range(1, 151)]
    (job.temp / "result.md").write_text("first")
    assert job.step("Comment").returncode == 0
    (job.temp / "result.md").write_text("second")
    assert job.step("Comment").returncode == 0
    assert len(job.hub.comments) == 151
    assert "second" in job.hub.comments[-1]["body"]


def test_wrong_files_are_told_in_the_comment_and_fail_the_job(job: Job) -> None:
    job.world.write("sales.yaml", "schedules: [\n")
    assert job.command("plan") == 1
    assert "**error**" in job.result
    assert job.step("Comment").returncode == 0
    last = job.step("Exit as reconcile did", **{"inputs.command": "plan", "steps.run.outputs.exit-code": "1"})
    assert last.returncode == 1


def test_the_reviewed_plan_is_applied_and_nothing_else(job: Job) -> None:
    assert job.command("plan") == 0
    plan = (job.temp / "plan.json").read_bytes()
    (job.temp / "plan.json").unlink()
    job.hub.pulls = [{"merged_at": "2026-01-01T00:00:00Z", "head": {"sha": HEAD}}]
    job.hub.artifact(b'{"format": "of a fork"}', HEAD, run={"head_repository_id": 2})
    job.hub.artifact(plan, HEAD)
    job.hub.artifact(b"{}", HEAD, expired=True)
    fetched = job.step("Fetch the reviewed plan")
    assert fetched.returncode == 0, fetched.stderr
    assert (job.temp / "plan.json").read_bytes() == plan
    assert job.command("apply") == 0
    assert job.world.live("R")["frequency"] == "daily"
    # A second merge must not do it again.
    assert job.command("apply") == 3


def test_what_no_pull_request_brought_is_not_applied(job: Job) -> None:
    fetched = job.step("Fetch the reviewed plan")
    assert fetched.returncode != 0
    assert "no plan of it was reviewed" in fetched.stderr
    assert not (job.temp / "plan.json").exists()


def test_a_plan_of_a_fork_alone_is_not_applied(job: Job) -> None:
    job.hub.pulls = [{"merged_at": "2026-01-01T00:00:00Z", "head": {"sha": HEAD}}]
    job.hub.artifact(b"{}", HEAD, run={"head_repository_id": 2})
    fetched = job.step("Fetch the reviewed plan")
    assert fetched.returncode != 0
    assert "there is no plan" in fetched.stderr


def told(job: Job, code: int) -> list[dict[str, Any]]:
    done = job.step("Open or close the issue", **{"steps.run.outputs.exit-code": str(code)})
    assert done.returncode == 0, done.stderr
    return job.hub.issues


def test_drift_is_one_issue_that_closes_when_all_is_well(job: Job) -> None:
    job.world.apply()
    assert told(job, job.command("drift")) == []
    job.world.by_hand("recipe", "R", None)
    for _ in range(3):
        assert job.command("drift") == 5
        (issue,) = told(job, 5)
    assert issue["state"] == "open"
    assert "sales/schedule/recipe:R" in issue["body"]
    assert job.hub.comments == []
    passed = job.step("Exit as reconcile did", **{"inputs.command": "drift", "steps.run.outputs.exit-code": "5"})
    assert passed.returncode == 0
    job.world.apply()
    assert job.command("drift") == 0
    (issue,) = told(job, 0)
    assert issue["state"] == "closed"
    assert "Back in sync" in job.hub.comments[0]["body"]


def test_a_check_that_failed_closes_nothing(job: Job) -> None:
    job.world.apply()
    job.world.by_hand("recipe", "R", None)
    told(job, job.command("drift"))
    job.world.fault("status", path="/wave/recipes", status=503)
    assert job.command("drift") == 1
    (issue,) = told(job, 1)
    assert issue["state"] == "open"
    assert "it is not known what has drifted" in issue["body"]


def test_nothing_that_is_said_holds_a_secret(job: Job) -> None:
    assert job.command("plan") == 0
    job.step("Comment")
    said = json.dumps([job.hub.comments, job.hub.issues]) + (job.temp / "summary").read_text()
    for name in ("SF_CLIENT_SECRET", "TAILER_API_JWT"):
        assert job.world.env[name] not in said
    assert TOKEN not in said
