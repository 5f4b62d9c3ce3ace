"""The pre-commit hook runs in a real repository, and the container's parts fit each other."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from reconcile.sandbox import environment

from .steps import EXAMPLES, documents

CONTAINER = EXAMPLES / "container"


def run(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {
        **environment("http://127.0.0.1:9"),
        "PATH": path,
        "HOME": str(cwd),
        "PRE_COMMIT_HOME": str(cwd / ".cache"),
    }
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(argv, cwd=cwd, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    here = tmp_path / "repository"
    (here / "desired_state").mkdir(parents=True)
    (here / "desired_state/reconcile.yaml").write_text("version: 1\n")
    (here / "desired_state/sales.yaml").write_text("schedules: []\n")
    (here / ".pre-commit-config.yaml").write_text((EXAMPLES / "pre-commit/pre-commit-config.yaml").read_text())
    assert run("git", "init", "--quiet", ".", cwd=here).returncode == 0
    assert run("git", "add", ".", cwd=here).returncode == 0
    return here


def test_the_hook_passes_right_files_and_stops_wrong_ones(repository: Path) -> None:
    right = run(sys.executable, "-m", "pre_commit", "run", "reconcile-validate", cwd=repository)
    assert right.returncode == 0, right.stdout + right.stderr
    assert "Passed" in right.stdout
    (repository / "desired_state/sales.yaml").write_text("schedules: [{reciep: x}]\n")
    assert run("git", "add", ".", cwd=repository).returncode == 0
    wrong = run(sys.executable, "-m", "pre_commit", "run", "reconcile-validate", cwd=repository)
    assert wrong.returncode == 1
    assert "did you mean" in wrong.stdout


def test_the_hook_is_skipped_where_no_file_of_ours_changes(repository: Path) -> None:
    (repository / "notes.md").write_text("hello\n")
    assert run("git", "rm", "--cached", "-r", "--quiet", "desired_state", cwd=repository).returncode == 0
    skipped = run(sys.executable, "-m", "pre_commit", "run", "reconcile-validate", cwd=repository)
    assert skipped.returncode == 0
    assert "no files to check" in skipped.stdout


def test_the_manifest_is_one_that_pre_commit_takes(tmp_path: Path) -> None:
    # Elsewhere: pre-commit keeps a cache where it runs, and what users copy is no place for it.
    manifest = EXAMPLES / "pre-commit/pre-commit-hooks.yaml"
    found = run(sys.executable, "-m", "pre_commit", "validate-manifest", str(manifest), cwd=tmp_path)
    assert found.returncode == 0, found.stdout
    ((hook,),) = documents(EXAMPLES / "pre-commit/pre-commit-hooks.yaml")
    assert re.fullmatch(r"reconcile\[jwt\]==\d+\.\d+\.\d+", hook["additional_dependencies"][0])


def test_what_makes_the_hooks_repository_installable_is_said() -> None:
    # pre-commit installs the repository of a hook in Python: one that has only this file it cannot install.
    lines = (EXAMPLES / "pre-commit/pre-commit-hooks.yaml").read_text().splitlines()
    said = tomllib.loads("\n".join(line[1:].strip() for line in lines if line.startswith("#   ")))
    assert set(said["project"]) == {"name", "version"}
    # Without this setuptools takes every folder beside it for a package, and gives up.
    assert said["tool"]["setuptools"]["packages"] == []


# -- container


def instructions() -> list[tuple[str, str]]:
    text = (CONTAINER / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_container_runs_as_nobody_in_particular_and_knows_no_secret() -> None:
    found = instructions()
    words = [word for word, _ in found]
    assert set(words) <= {"FROM", "COPY", "RUN", "ENV", "WORKDIR", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert words.count("FROM") == 2
    assert dict(found)["USER"] == "10001:10001"
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert dict(found)["ENTRYPOINT"] == '["reconcile"]'
    assert not [rest for word, rest in found if word == "ENV" and re.search("SECRET|TOKEN|PASSWORD", rest)]


def test_the_container_is_pinned_as_our_own_ci_is() -> None:
    pinned = set((CONTAINER / "constraints.txt").read_text().splitlines()[1:])
    ours = set((EXAMPLES.parents[1] / ".ci/constraints.txt").read_text().splitlines())
    assert len(pinned) > 10
    assert pinned <= ours
    (install,) = (rest for word, rest in instructions() if word == "RUN" and "pip install" in rest)
    assert re.search(r'--constraint \S+constraints\.txt "reconcile\[aws,jwt\]==\d', install)


def test_its_shell_is_sound() -> None:
    program = Path(sys.executable).parent / "shellcheck"
    for word, rest in instructions():
        if word == "RUN":
            found = subprocess.run(
                [str(program), "--shell=sh", "-"], input=rest, capture_output=True, text=True, timeout=60, check=False
            )
            assert found.returncode == 0, found.stdout


@pytest.fixture
def watch() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_health_is_that_of_the_watch(watch: HTTPServer) -> None:
    (health,) = (rest for word, rest in instructions() if word == "HEALTHCHECK")
    argv = [sys.executable, *shlex.split(health.partition("CMD ")[2].strip("[]").replace('",', '"'))[1:]]

    def code(port: str) -> int:
        environ = {"PATH": os.environ["PATH"], "HEALTH_PORT": port}
        return subprocess.run(argv, env=environ, capture_output=True, timeout=60, check=False).returncode

    assert code(str(watch.server_port)) == 0
    assert code("1") != 0
    assert code("") == 0
