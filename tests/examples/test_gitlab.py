"""GitLab's scripts, run as they stand, and the one note on a merge request."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e.harness import World, recipe
from reconcile.sandbox import Sandbox, Server

from .steps import EXAMPLES, bash, documents

NOTES = "/api/v4/projects/3/merge_requests/7/notes"


@contextmanager
def gitlab(notes: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the address of an API that keeps ``notes``, newest first as GitLab lists them."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            assert self.headers["PRIVATE-TOKEN"] == "glpat-of-the-bot"
            path = self.path.split("?")[0]
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            if path == "/api/v4/user":
                found: Any = {"id": 5}
            elif self.command == "GET":
                assert path == NOTES
                page = int(self.path.rpartition("page=")[2])
                found = notes[100 * (page - 1) : 100 * page]
            elif self.command == "POST":
                found = {"id": len(notes) + 1, "author": {"id": 5}, **body}
                notes.insert(0, found)
            else:
                (found,) = (each for each in notes if path == f"{NOTES}/{each['id']}")
                found.update(body)
            data = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v4"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Server(Sandbox()) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=30) as http:
        found = World(tmp_path, server, http)
        found.workspace()
        found.sales(recipe("R"))
        found.create("recipe", "R")
        (tmp_path / "ci").mkdir()
        (tmp_path / "ci/note.py").write_text((EXAMPLES / "gitlab/note.py").read_text())
        yield found


def run_job(world: World, name: str, **environ: str) -> int:
    """Run the script of a job; return its exit code."""
    (file,) = documents(EXAMPLES / "gitlab/gitlab-ci.yml")
    variables = {**file["variables"], "RECONCILE_ENV": "default", **file[name].get("variables", {}), **environ}
    done = bash("\n".join(file[name]["script"]), {**world.env, **variables}, world.home, "-eo", "pipefail")
    return done.returncode


def test_a_plan_is_one_note_and_the_plan_of_the_branch_is_applied_once(world: World) -> None:
    notes = [{"id": 1, "author": {"id": 6}, "body": "<!-- reconcile -->\nforged"}]
    with gitlab(notes) as url:
        where = {
            "CI_API_V4_URL": url,
            "CI_PROJECT_ID": "3",
            "CI_MERGE_REQUEST_IID": "7",
            "BOT_TOKEN": "glpat-of-the-bot",
        }
        assert run_job(world, "validate") == 0
        assert run_job(world, "plan", **where) == 0
        assert run_job(world, "plan", **where) == 0
    assert len(notes) == 2
    assert "1 to create" in str(notes[0]["body"])
    assert run_job(world, "plan to apply") == 0
    assert run_job(world, "apply") == 0
    assert world.live("R")["frequency"] == "daily"
    assert run_job(world, "apply") == 3


def test_a_plan_that_came_to_nothing_is_no_empty_note(world: World, tmp_path: Path) -> None:
    notes: list[dict[str, Any]] = []
    with gitlab(notes) as url:
        where = {
            "CI_API_V4_URL": url,
            "CI_PROJECT_ID": "3",
            "CI_MERGE_REQUEST_IID": "7",
            "BOT_TOKEN": "glpat-of-the-bot",
            "CI_JOB_URL": "https://gitlab.example/jobs/9",
        }
        # A wrong command line has nothing to say on stdout.
        assert run_job(world, "plan", **where, RECONCILE_LOG_FORMAT="yaml") == 64
        assert "there is no plan" in notes[0]["body"]
        assert "https://gitlab.example/jobs/9" in notes[0]["body"]
        # Without an answer: a line, and no traceback.
        note = f"{sys.executable} ci/note.py plan.md"
        done = bash(note, {**where, "CI_API_V4_URL": "http://127.0.0.1:1"}, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("GET user: no answer")


def test_drift_in_shards_is_told_once_and_a_shard_that_never_ran_fails_the_report(world: World) -> None:
    world.apply()
    (world.home / "fleet.yaml").write_text("version: 1\nworkspaces: [{path: desired_state}]\n")
    codes = [run_job(world, "drift", CI_NODE_INDEX=str(index), CI_NODE_TOTAL="2") for index in (1, 2)]
    assert codes == [0, 0]
    assert run_job(world, "drift report") == 0
    world.by_hand("recipe", "R", None)
    assert sorted(run_job(world, "drift", CI_NODE_INDEX=str(i), CI_NODE_TOTAL="2") for i in (1, 2)) == [0, 5]
    assert run_job(world, "drift report") == 5
    next((world.home / "results").iterdir()).unlink()
    assert run_job(world, "drift report") == 1
