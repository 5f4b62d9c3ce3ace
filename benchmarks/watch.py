"""Memory of a watch over many real rounds, and what it costs to trace and to count when nobody listens.

``python benchmarks/watch.py [ROUNDS] [RECIPES]``: the real program in a process of its own against the sandbox in
another, rounds one after the other without a pause between them. See README.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import timeit
from pathlib import Path

from reconcile.core.trace import UNTRACED

ROUNDS, RECIPES = 300, 300
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

WORKSPACE = """\
version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: ${env.SF_INSTANCE_URL}
    auth: {method: client_credentials, client_id: "${env.SF_CLIENT_ID}", client_secret: "${env.SF_CLIENT_SECRET}"}
"""


def child(arguments: list[str]) -> None:
    """Be the real program, without a pause between rounds."""
    from reconcile.cli import main, watch_drift

    made = vars(watch_drift)["_pace"]

    def at_once(every: int, stop: object, *, jitter: bool) -> object:
        pace: object = made(0, stop, jitter=jitter)
        return pace

    vars(watch_drift)["_pace"] = at_once
    main.main(arguments)


def resident(pid: int) -> float:
    """Return the megabytes of memory that a process has at this moment."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


def rounds(folder: Path, env: dict[str, str], count: int) -> None:
    """Print the memory after some of ``count`` rounds."""
    command = [sys.executable, __file__, "child", "watch", "--port", "0", "--rounds", str(count), "--format", "json"]
    told = {1, 10, 50, *range(100, count + 1, 100)}
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        seconds = []
        for line in process.stdout or ():
            done = json.loads(line)
            assert done["result"] == "in-sync", done
            seconds.append(done["seconds"])
            if done["round"] in told:
                print(f"round {done['round']:>5}: {resident(process.pid):6.1f} MB", flush=True)
    print(f"median round: {sorted(seconds)[len(seconds) // 2] * 1000:.0f} ms")


def nobody_listens() -> None:
    """Print what a span costs without an SDK."""

    def span() -> None:
        with UNTRACED.span("change update", {"reconcile.address": "a", "reconcile.action": "update"}) as found:
            found.set("reconcile.changes", 1)

    print(f"a span that nobody listens to: {min(timeit.repeat(span, number=100_000, repeat=5)) * 10:.2f} us")


def main(count: int, recipes: int) -> None:
    """Apply, and watch."""
    import httpx

    from reconcile.sandbox import Sandbox, Server, environment

    with Server(Sandbox()) as server, tempfile.TemporaryDirectory() as name, httpx.Client(base_url=server.url) as http:
        folder = Path(name)
        http.post("/_sandbox/reset", json={"seed": "empty"}).raise_for_status()
        for number in range(recipes):
            http.post("/_sandbox/crm/assets", json={"type": "recipe", "name": f"R{number:05}"}).raise_for_status()
        entries = [
            {"recipe": f"R{n:05}", "frequency": "daily", "time": "01:00", "timezone": "UTC"} for n in range(recipes)
        ]
        (folder / "reconcile.yaml").write_text(WORKSPACE)
        (folder / "sales.yaml").write_text(json.dumps({"connection": "sales", "schedules": entries}))
        env = {**os.environ, **environment(server.url)}
        subprocess.run(
            [sys.executable, "-m", "reconcile", "apply", "--yes"], cwd=folder, env=env, check=True, stdout=-3
        )
        rounds(folder, env, count)
    nobody_listens()


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2:])
    main(*[int(each) for each in sys.argv[1:]] or [ROUNDS, RECIPES])
