"""Figures of the main job: whole processes against the sandbox, medians, ratios within one run.

Run: ``python benchmarks/main_job.py [--rounds 5]``. Prints Markdown for ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECONCILE = [sys.executable, "-m", "reconcile"]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds of wall and CPU time, megabytes at its largest, its exit code."""

    wall: float
    cpu: float
    megabytes: float
    code: int


def cost(argv: list[str], environment: dict[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Return what a process cost."""
    began = time.perf_counter()
    process = subprocess.Popen(
        argv, env=environment, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode)


def median(costs: list[Cost]) -> Cost:
    """Return the medians; a process that did not end with 0 is a failure of the benchmark."""
    bad = [found.code for found in costs if found.code]
    if bad:
        raise SystemExit(f"a process ended with {bad[0]}")
    pick = statistics.median
    return Cost(pick(c.wall for c in costs), pick(c.cpu for c in costs), pick(c.megabytes for c in costs), 0)


class Sandbox:
    """The sandbox in a process of its own, and its admin endpoints."""

    def __init__(self, url: str, environment: dict[str, str]) -> None:
        self.url = url
        self.environment = {**os.environ, **environment}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call an admin endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/_sandbox{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def requests(self) -> int:
        """Return how many requests the platforms got since the log was emptied."""
        log = self.call("GET", "/log")
        return len(log if isinstance(log, list) else log["entries"])


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """Yield a running sandbox without any asset."""
    process = subprocess.Popen(
        [*RECONCILE, "sandbox", "--port", "0", "--seed", "empty", "--format", "json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    text = ""
    while not text.rstrip().endswith("}") or text.count("{") != text.count("}"):
        text += process.stdout.readline()
    document = json.loads(text)
    try:
        yield Sandbox(document["url"], document["environment"])
    finally:
        process.terminate()
        process.wait()


def workspace(folder: Path, count: int, hour: int) -> None:
    """Write a workspace of ``count`` scheduled recipes."""
    folder.mkdir(exist_ok=True)
    (folder / "reconcile.yaml").write_text(
        """version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: ${env.SF_INSTANCE_URL}
    auth: {method: client_credentials, client_id: "${env.SF_CLIENT_ID}", client_secret: "${env.SF_CLIENT_SECRET}"}
"""
    )
    entries = [
        f"""  - recipe: Recipe_{n}
    frequency: weekly
    days_of_week: [{DAYS[n % 5]}]
    time: "{hour:02}:{n % 60:02}"
    timezone: America/Los_Angeles
    notification_level: failures
"""
        for n in range(1, count + 1)
    ]
    (folder / "recipes.yaml").write_text("connection: sales\nschedules:\n" + "".join(entries))


def create_recipes(running: Sandbox, count: int) -> None:
    """Create recipes ``Recipe_1`` and so on, none of them scheduled."""
    running.call("POST", "/crm/assets", {"type": "recipe", "count": count, "prefix": "Recipe_"})


def start_costs(rounds: int) -> list[str]:
    """Measure what a start costs."""
    bare = median([cost([sys.executable, "-c", "pass"]) for _ in range(rounds * 2)])
    rows = [f"| bare interpreter | {bare.wall * 1000:.0f} ms | {bare.cpu * 1000:.0f} ms | |"]
    for option in ("--help", "--version"):
        found = median([cost([*RECONCILE, option]) for _ in range(rounds * 2)])
        rows.append(
            f"| `reconcile {option}` | {found.wall * 1000:.0f} ms | {found.cpu * 1000:.0f} ms | under 120 ms CPU |"
        )
    return ["| start | wall | CPU | to reach |", "|---|---|---|---|", *rows]


def plan_costs(count: int, latency: float, rounds: int, limit: str) -> str:
    """Measure a no-change plan of ``count`` recipes."""
    with sandbox() as running, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        create_recipes(running, count)
        workspace(folder, count, 2)
        applied = cost([*RECONCILE, "-C", name, "apply", "--yes"], running.environment)
        if applied.code:
            raise SystemExit(f"apply ended with {applied.code}")
        running.call("PUT", "/latency", {"seconds": latency})
        costs, requests = [], []
        bare = median([cost([sys.executable, "-c", "pass"]) for _ in range(rounds)])
        for _ in range(rounds):
            running.call("DELETE", "/log")
            costs.append(cost([*RECONCILE, "-C", name, "plan", "--detailed-exitcode"], running.environment))
            requests.append(running.requests())
        found = median(costs)
        return (
            f"| no-change plan, {count:,} recipes, {latency * 1000:.0f} ms a response | {found.wall - bare.wall:.2f} s "
            f"beyond a bare start | {found.cpu:.2f} s | {found.megabytes:.0f} MB | "
            f"{statistics.median(requests):.0f} | {limit} |"
        )


def apply_costs(count: int, latency: float, rounds: int) -> str:
    """Measure an apply that changes ``count`` recipes."""
    with sandbox() as running, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        create_recipes(running, count)
        workspace(folder, count, 2)
        if cost([*RECONCILE, "-C", name, "apply", "--yes"], running.environment).code:
            raise SystemExit("the first apply failed")
        running.call("PUT", "/latency", {"seconds": latency})
        costs, requests = [], []
        for turn in range(rounds):
            workspace(folder, count, 3 + turn)
            running.call("DELETE", "/log")
            costs.append(cost([*RECONCILE, "-C", name, "apply", "--yes"], running.environment))
            requests.append(running.requests())
        found, calls = median(costs), statistics.median(requests)
        ideal = calls * latency / 8
        return (
            f"| apply of {count:,} changed recipes, {latency * 1000:.0f} ms a response, 8 at a time | "
            f"{found.wall:.2f} s = {found.wall / ideal:.2f} x {ideal:.2f} s (requests x latency / 8) | "
            f"{found.cpu:.2f} s | {found.megabytes:.0f} MB | {calls:.0f} = {calls / count:.3f} a change | "
            "1.2 x; 1.05 requests a change plus list pages |"
        )


# The 1,000 writes and nothing else: eight threads, a bare client each, no plan, no reading again, no record.
FLOOR = """
import json, os, sys, threading, urllib.parse, urllib.request
import httpx
url, env = os.environ["SF_INSTANCE_URL"], os.environ
form = {"grant_type": "client_credentials", "client_id": env["SF_CLIENT_ID"], "client_secret": env["SF_CLIENT_SECRET"]}
token = httpx.post(url + "/services/oauth2/token", data=form).json()["access_token"]
ids = json.load(sys.stdin)
body = {"frequency": "weekly", "daysOfWeek": ["Monday"], "time": {"hour": 9, "minute": 0, "timeZone": "UTC"}}
def work(mine):
    client = httpx.Client(base_url=url, headers={"Authorization": "Bearer " + token}, verify=False)
    for one in mine:
        client.put(f"/services/data/v60.0/wave/asset/{one}/schedule", json=body)
threads = [threading.Thread(target=work, args=(ids[n::8],)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def floor_cost(count: int, latency: float) -> str:
    """Measure the bare writes, for comparison in the same run."""
    with sandbox() as running:
        create_recipes(running, count)
        assets = running.call("GET", "/state")["crm_analytics"]["assets"]
        ids = json.dumps([asset["id"] for asset in assets if asset["type"] == "recipe"])
        running.call("PUT", "/latency", {"seconds": latency})
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", FLOOR], input=ids, text=True, env=running.environment, check=True)
        wall = time.perf_counter() - began
        ideal = count * latency / 8
        return (
            f"| bare script: the same {count:,} writes and nothing else | {wall:.2f} s = {wall / ideal:.2f} x "
            f"{ideal:.2f} s | | | {count + 1} | |"
        )


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print("\n".join(start_costs(rounds)), flush=True)
    print("\n| job | wall | CPU | memory | requests | to reach |\n|---|---|---|---|---|---|", flush=True)
    print(plan_costs(300, 0.05, rounds, "under 1 s beyond the start"), flush=True)
    print(plan_costs(10_000, 0.0, rounds, "under 3 s CPU, 200 MB; pages + a constant"), flush=True)
    print(apply_costs(1000, 0.05, max(3, rounds // 2)), flush=True)
    print(floor_cost(1000, 0.05), flush=True)


if __name__ == "__main__":
    main()
