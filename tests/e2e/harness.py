"""What black-box tests need: a sandbox over sockets, a workspace of files, and the program."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from reconcile.sandbox import Server, environment

WAVE = "/services/data/v60.0/wave"
TOKEN_PATH = "/services/oauth2/token"
DEV = {"account": "000099", "environment": "DEV"}
TABLE = "000099_Load_PDA_f_traffic_ma_DEV"
PREPARE = "000099_iowa_liquor_prepare_pda_DEV"
FLOW = "000099-iowa-liquor-load-pda"

# Waits of 0.02 s instead of seconds: what is retried is tested here, how long it takes in tests/unit/providers.
RECONCILE_YAML = """\
version: 1
{top}
connections:
  sales:
    provider: crm_analytics
    instance_url: ${{env.SF_INSTANCE_URL}}
    longest_wait: {longest_wait}
    attempts: {attempts}
    {crm}
    auth: {{method: client_credentials, client_id: "${{env.SF_CLIENT_ID}}", client_secret: "${{env.SF_CLIENT_SECRET}}"}}
  tailer:
    provider: tailer
    base_url: ${{env.TAILER_URL}}
    account: "000099"
    environment: DEV
    longest_wait: {longest_wait}
    attempts: {attempts}
    {tailer}
    auth: {{method: token, token: "${{env.TAILER_API_JWT}}"}}
"""

# One connection on each platform, with nothing but what a user would write.
ALL_THREE = """\
version: 1
connections:
  tamr: {provider: tamr, base_url: "${env.TAMR_URL}", auth: {method: api_key, api_key: "${env.TAMR_API_KEY}"}}
  tailer:
    provider: tailer
    base_url: ${env.TAILER_URL}
    account: "000099"
    environment: DEV
    auth: {method: token, token: "${env.TAILER_API_JWT}"}
  sales:
    provider: crm_analytics
    instance_url: ${env.SF_INSTANCE_URL}
    auth: {method: client_credentials, client_id: "${env.SF_CLIENT_ID}", client_secret: "${env.SF_CLIENT_SECRET}"}
"""

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What a run left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """The codes of the document's diagnostics."""
        return [each["code"] for each in self.json["diagnostics"]]

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass
class World:
    """A workspace below ``home`` and the sandbox it talks to. ``env`` is all the environment the program gets."""

    home: Path
    server: Server
    http: httpx.Client
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "TZ") if name in os.environ}
        self.env = {**kept, **environment(self.server.url), **self.env}

    # -- files

    @property
    def root(self) -> Path:
        return self.home / "desired_state"

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def workspace(
        self, *, top: str = "", crm: str = "", tailer: str = "", longest_wait: float = 0.02, attempts: int = 3
    ) -> None:
        """Write ``reconcile.yaml``."""
        text = RECONCILE_YAML.format(top=top, crm=crm, tailer=tailer, longest_wait=longest_wait, attempts=attempts)
        self.write("reconcile.yaml", "\n".join(line for line in text.splitlines() if line.strip()) + "\n")

    def sales(self, *entries: Entry, file: str = "sales.yaml") -> None:
        """Write schedules; JSON is YAML."""
        self.write(file, _file("sales", schedules=entries))

    def tailer(self, configurations: Sequence[Entry] = (), resets: Sequence[Entry] = ()) -> None:
        self.write("tailer.yaml", _file("tailer", configurations=configurations, workflow_resets=resets))

    # -- the program

    def run(self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        """Run the program in this process."""
        from reconcile.cli.main import run

        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, {**self.env, **(env or {})}, clear=True),
            mock.patch.object(sys, "argv", ["reconcile", *arguments]),
            _inside(cwd or self.home),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = run(list(arguments))
        return Result(int(code), out.getvalue(), err.getvalue())

    def start(
        self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, **more: Any
    ) -> subprocess.Popen[str]:
        """Start the program as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "reconcile", *arguments],
            cwd=cwd or self.home,
            env={**self.env, **(env or {})},
            text=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
        )

    def spawn(self, *arguments: str, **more: Any) -> Result:
        """Run the program as a process of its own, to its end."""
        return ended(self.start(*arguments, **more))

    def apply(self, *arguments: str) -> Result:
        """Apply, which must succeed, and check that the next plan is empty."""
        result = self.run("apply", "--yes", *arguments)
        assert result.code == 0, result
        self.settled()
        return result

    def settled(self) -> None:
        """Check that nothing is left to do, and that nothing has drifted."""
        plan = self.run("plan", "--detailed-exitcode", "--format", "json")
        assert plan.code == 0, plan
        assert plan.json["changes"] == [], plan
        assert plan.json["drift"] == [], plan

    def plan(self, *arguments: str) -> Any:
        """Return the plan's document; the command must exit with 0."""
        result = self.run("plan", "--format", "json", *arguments)
        assert result.code == 0, result
        return result.json

    # -- the sandbox

    def admin(self, method: str, path: str, body: object = None) -> Any:
        response = self.http.request(method, f"/_sandbox/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def switch(self, **values: object) -> None:
        self.admin("PATCH", "switches", values)

    def fault(self, kind: str, **rule: object) -> None:
        self.admin("POST", "faults", {"kind": kind, **rule})

    def clear_faults(self) -> None:
        self.admin("DELETE", "faults")

    def forget_log(self) -> None:
        self.admin("DELETE", "log")

    def log(self, *, method: str = "", platform: str = "") -> list[dict[str, Any]]:
        """Return the requests so far, oldest first."""
        found: list[dict[str, Any]] = self.admin("GET", f"log?method={method}&platform={platform}")["entries"]
        return found

    def calls(self) -> list[tuple[str, str]]:
        """Return method and path of the requests so far, logins left out."""
        return [(e["method"], e["path"]) for e in self.log() if e["path"] != TOKEN_PATH]

    def sent(self) -> list[tuple[str, str, Any]]:
        """Return the writes so far as (method, path, body), in the order in which they arrived.

        Those that met an expired session are left out: nothing happened.
        """
        return [
            (e["method"], e["path"], e["body"])
            for e in self.log()
            if e["method"] != "GET" and e["path"] != TOKEN_PATH and e["status"] != 401
        ]

    def create(self, kind: str, name: str, schedule: object = None, **more: object) -> str:
        body = {"type": kind, "name": name, "schedule": schedule, **more}
        created: str = self.admin("POST", "crm/assets", body)["assets"][0]["id"]
        return created

    def by_hand(self, kind: str, name: str, schedule: object) -> None:
        """Change a schedule as a person in the UI does."""
        self.admin("PUT", f"crm/assets/{kind}/{name}/schedule", schedule)

    def asset(self, name: str) -> Any:
        return next(a for a in self.admin("GET", "state")["crm_analytics"]["assets"] if a["name"] == name)

    def remove_asset(self, name: str) -> None:
        self.admin("DELETE", f"crm/assets/{self.asset(name)['id']}")

    def live(self, name: str) -> Any:
        """Return an asset's schedule as the platform answers it now."""
        head = {"Authorization": "Bearer sandbox-access-token", "X-Chatter-Entity-Encoding": "false"}
        answer = self.http.get(f"{WAVE}/asset/{self.asset(name)['id']}/schedule", headers=head)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def flags(self, id_: str) -> tuple[bool, bool]:
        """Return (activated, archived) of a Tailer configuration in DEV."""
        for each in self.admin("GET", "state")["tailer"]["configurations"]:
            if each["id"] == id_ and each["environment"] == "DEV":
                return each["activated"], each["archived"]
        raise LookupError(id_)

    def resets(self) -> int:
        """Return how many workflow resets had an effect on the server."""
        return sum(e["path"] == "/v1/workflow/status" and e["effect"] for e in self.log(platform="tailer"))

    @contextmanager
    def meanwhile(self, path: str, *, seen: int, do: Callable[[], object]) -> Iterator[None]:
        """Do something while the GET of ``path`` after the first ``seen`` ones is held back."""
        self.fault("delay", method="GET", path=path, seconds=0.5, skip=seen, times=1)
        failures: list[BaseException] = []
        mine = httpx.Client(base_url=self.server.url, timeout=30, trust_env=False)

        def wait() -> None:
            try:
                until(lambda: sum(e["method"] == "GET" and path in e["path"] for e in _entries(mine)) > seen, 10)
                do()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=wait)
        self.forget_log()
        thread.start()
        try:
            yield
        finally:
            thread.join()
            mine.close()
        assert not failures, failures


def recipe(name: str, **fields: object) -> dict[str, object]:
    """Return an entry for a recipe, daily at 01:00 UTC unless told otherwise."""
    return {"recipe": name, "frequency": "daily", "time": "01:00", "timezone": "UTC", **fields}


def flags(id_: str = TABLE, *, activated: bool = False, archived: bool = False, type_: str = "table-to-table") -> Entry:
    """Return an entry for a Tailer configuration."""
    return {"type": type_, "id": id_, "activated": activated, "archived": archived}


def reset(once: str, workflow: str = FLOW) -> Entry:
    """Return an entry for a workflow reset."""
    return {"workflow": workflow, "once": once}


def ended(process: subprocess.Popen[str], timeout: float = 60) -> Result:
    """Return what a process left when it ended by itself."""
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return Result(process.returncode, out or "", err or "")


def killed(process: subprocess.Popen[str]) -> None:
    """Kill a process as the kernel does when memory is short: no handler runs."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Return as soon as the condition holds; fail after that many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file with what it holds."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def _entries(http: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/_sandbox/log").json()["entries"]
    return found


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _file(connection: str, **sections: Sequence[Entry]) -> str:
    lines = [f"connection: {connection}"]
    for name, entries in sections.items():
        lines.append(f"{name}:" if entries else f"{name}: []")
        lines += [f"  - {json.dumps(dict(entry))}" for entry in entries]
    return "\n".join(lines) + "\n"
