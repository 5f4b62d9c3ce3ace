"""What a fleet costs: drift over many small workspaces, one process per shard, the sandbox in a process of its own.

Run: ``python benchmarks/fleet.py [--workspaces 1000] [--shards 2]``. Prints Markdown for ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from main_job import RECONCILE, Sandbox, create_recipes, sandbox

EACH = 3
# Recipes in the small org that every workspace has for itself in the second shape.
SMALL_ORG = 150


@dataclass(frozen=True)
class Took:
    """What a round took: seconds of wall time, CPU seconds of all shards, megabytes of the largest, requests."""

    wall: float
    cpu: float
    megabytes: float
    requests: int


def write_workspace(folder: Path, first: int, timeout: float) -> None:
    """Write a workspace of a few recipes, beginning with that number. Another timeout makes another connection."""
    folder.mkdir(parents=True)
    (folder / "reconcile.yaml").write_text(
        f"""version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: ${{env.SF_INSTANCE_URL}}
    timeout: {timeout}
    auth: {{method: client_credentials, client_id: "${{env.SF_CLIENT_ID}}", client_secret: "${{env.SF_CLIENT_SECRET}}"}}
"""
    )
    (folder / "recipes.yaml").write_text("connection: sales\nschedules:\n" + "".join(map(entry, numbers(first))))


def numbers(first: int) -> range:
    """Return the numbers of a workspace's recipes."""
    return range(first, first + EACH)


def entry(number: int) -> str:
    """Return the entry of a recipe."""
    return f'  - {{recipe: Recipe_{number}, frequency: daily, time: "02:{number % 60:02}", timezone: UTC}}\n'


def apply_all(running: Sandbox, folder: Path, count: int) -> dict[str, Any]:
    """Schedule recipes 1 to ``count`` from one workspace, and return the state that says so."""
    write_workspace(folder, 1, 30)
    (folder / "recipes.yaml").write_text(
        "connection: sales\nschedules:\n" + "".join(entry(number) for number in range(1, count + 1))
    )
    subprocess.run(
        [*RECONCILE, "-C", str(folder), "apply", "--yes"],
        env=running.environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (state,) = (folder / ".reconcile/default/state").iterdir()
    found: dict[str, Any] = json.loads(state.read_text())
    return {"name": state.name, "document": found}


def give_state(folder: Path, state: dict[str, Any], first: int) -> None:
    """Give a workspace the part of the record that is about its own recipes, as if it had applied them."""
    wanted = {f"sales/schedule/recipe:Recipe_{number}" for number in numbers(first)}
    document = dict(state["document"])
    document["objects"] = {name: each for name, each in document["objects"].items() if name in wanted}
    applied = document["apply"]
    document["apply"] = {**applied, "changes": [each for each in applied["changes"] if each["address"] in wanted]}
    assert len(document["objects"]) == len(document["apply"]["changes"]) == EACH
    target = folder / ".reconcile/default/state"
    target.mkdir(parents=True)
    (target / state["name"]).write_text(json.dumps(document))


def round_of(running: Sandbox, folder: Path, shards: int) -> Took:
    """Run every shard at once; all of them must find nothing."""
    running.call("DELETE", "/log")
    began = time.perf_counter()
    processes = [
        subprocess.Popen(
            [*RECONCILE, "drift", "-C", "teams/*", "--shard", f"{index}/{shards}", "--results", "results"],
            env=running.environment,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        for index in range(1, shards + 1)
    ]
    cpu = largest = 0.0
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"a shard ended with {process.returncode}")
        cpu, largest = cpu + usage.ru_utime + usage.ru_stime, max(largest, usage.ru_maxrss / 1024)
    wall = time.perf_counter() - began
    subprocess.run([*RECONCILE, "fleet", "report", "results"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder / "results")
    return Took(wall, cpu, largest, running.requests())


def shape(name: str, count: int, shards: int, *, shared: bool) -> str:
    """Measure one shape of fleet: all workspaces in one org, or each in a small one of its own."""
    with sandbox() as running, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        recipes = count * EACH if shared else SMALL_ORG
        create_recipes(running, recipes)
        state = apply_all(running, folder / "all", recipes if shared else EACH)
        for number in range(count):
            first = 1 + number * EACH if shared else 1
            # Settings that differ are another connection: nothing is shared, as with an org for each.
            write_workspace(folder / "teams" / f"team-{number:04}", first, 30 if shared else 30 + number / 1000)
            give_state(folder / "teams" / f"team-{number:04}", state, first)
        took = min((round_of(running, folder, shards) for _ in range(2)), key=lambda each: each.wall)
    return f"| {name} | {shards} | {took.wall:.1f} s | {took.cpu:.1f} s | {took.megabytes:.0f} MB | {took.requests:,} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspaces", type=int, default=1000)
    parser.add_argument("--shards", type=int, default=2)
    options = parser.parse_args()
    count, shards = options.workspaces, options.shards
    print("| drift over workspaces | processes | wall | CPU | memory each | requests |\n|---|---|---|---|---|---|")
    print(shape(f"{count:,} of {EACH}, one org", count, shards, shared=True))
    print(
        shape(f"{count:,} workspaces of {EACH} recipes, an org each ({SMALL_ORG} recipes)", count, shards, shared=False)
    )


if __name__ == "__main__":
    main()
