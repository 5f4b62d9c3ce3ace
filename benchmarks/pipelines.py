"""Figures of pipelines, in simulated time: how far from the ideal schedule, how many requests, how many threads.

Run: ``python benchmarks/pipelines.py``. Prints Markdown for ``benchmarks/README.md``. Real operators speak to the
sandbox over real sockets; only the waits are simulated: each advances the sandbox's clock.
"""

from __future__ import annotations

import argparse
import heapq
import math
import os
import random
import resource
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from reconcile.config.load import load
from reconcile.core.guard import DeleteLimits
from reconcile.core.redact import Redactor
from reconcile.core.run import RunState
from reconcile.engine.link import Link, Outside
from reconcile.engine.loom import Message
from reconcile.engine.pipeline import Control
from reconcile.engine.place import Place
from reconcile.engine.runs import Watching, go_on, holding, open_run, step_plans
from reconcile.providers.registry import providers
from reconcile.sandbox import Sandbox, Server, environment
from reconcile.state.backend import open_backend
from reconcile.state.format import Origin

WORKSPACE = """\
version: 1
connections:
  tamr: {{provider: tamr, base_url: "{url}", max_jobs: {slots}, auth: {{method: api_key, api_key: apk_sandbox}}}}
"""


class SimulatedClock:
    """A clock that stands still while calls are under way and jumps ahead when everybody waits."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._began = sandbox.clock.now()
        sandbox.clock.set(self._began)
        self.most_threads = 0

    def elapsed(self) -> float:
        """Return simulated seconds."""
        return (self._sandbox.clock.now() - self._began).total_seconds()

    def utc(self) -> datetime:
        """Return the simulated time."""
        return self._sandbox.clock.now()

    def wait(self, inbox: SimpleQueue[Message], seconds: float | None, *, busy: bool) -> Message | None:
        """Return the next message, or None after a simulated wait."""
        calls = [thread for thread in threading.enumerate() if thread.name.startswith("call")]
        self.most_threads = max(self.most_threads, len(calls))
        if busy:
            return inbox.get(timeout=60)
        try:
            return inbox.get_nowait()
        except Empty:
            if seconds is None:
                raise SystemExit("nothing is going on, and nothing ever will") from None
            with self._sandbox.lock:
                self._sandbox.clock.advance(seconds)
            return None


@dataclass(frozen=True)
class Graph:
    """Steps with their durations in seconds and what they need."""

    name: str
    seconds: Mapping[str, int]
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def ideal(self, slots: int) -> float:
        """Return how long a runner takes that sees each end at once and starts the next in no time, in file order."""
        left = {name: set(self.needs.get(name, ())) for name in self.seconds}
        ready = [name for name in self.seconds if not left[name]]
        running: list[tuple[float, str]] = []
        now = 0.0
        while ready or running:
            while ready and len(running) < slots:
                name = ready.pop(0)
                heapq.heappush(running, (now + self.seconds[name], name))
            now, ended = heapq.heappop(running)
            for name, needs in left.items():
                if ended in needs:
                    needs.discard(ended)
                    if not needs:
                        ready.append(name)
        return now


def graphs() -> list[Graph]:
    """Return the graphs that are measured: independent steps, and layers that wait for each other."""
    chance = random.Random(2026)
    names = [f"s{number:03}" for number in range(200)]
    long = {name: chance.randrange(600, 3600) for name in names}
    short = {name: chance.randrange(120, 900) for name in names}
    layered = {
        name: tuple(chance.sample(names[(index // 20 - 1) * 20 : index // 20 * 20], 3)) if index >= 20 else ()
        for index, name in enumerate(names)
    }
    return [
        Graph("200 independent steps of 10 to 60 min", long),
        Graph("200 independent steps of 2 to 15 min", short),
        Graph("200 steps in 10 layers, each needs 3, 10 to 60 min", long, layered),
    ]


@dataclass(frozen=True)
class Figure:
    """What one run took."""

    simulated: float
    wall: float
    cpu: float
    looks: int
    others: int
    starts: int
    threads: int
    refused: int


def measure(graph: Graph, slots: int, poll_interval: float) -> Figure:
    """Return what a run of the graph took. Raises ``SystemExit`` when it did not succeed, or a job ran twice."""
    sandbox = Sandbox(seed="empty")
    sandbox.set_switches({"tamr_concurrency": slots, "tamr_pending_seconds": 0})
    sandbox.tamr.resources = [f"src_{name}" for name in graph.seconds]
    with Server(sandbox) as server, tempfile.TemporaryDirectory() as folder:
        import json
        from urllib.request import Request, urlopen

        body = {f"src_{name}": {"pending": 0, "running": seconds} for name, seconds in graph.seconds.items()}
        request = Request(
            f"{server.url}/_sandbox/tamr/outcomes",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        with urlopen(request) as answer:
            assert answer.status == 200
        root = Path(folder)
        (root / "reconcile.yaml").write_text(WORKSPACE.format(url=server.url, slots=slots), encoding="utf-8")
        steps = "".join(
            f"      {name}: {{tamr.load: {{source: src_{name}}}, needs: [{', '.join(graph.needs.get(name, ()))}]}}\n"
            for name in graph.seconds
        )
        text = f"connection: tamr\npipelines:\n  all:\n    steps:\n{steps}"
        (root / "pipelines.yaml").write_text(text, encoding="utf-8")
        return _run(root, sandbox, server, graph, poll_interval)


def _run(root: Path, sandbox: Sandbox, server: Server, graph: Graph, poll_interval: float) -> Figure:
    config = load(root, None, {**os.environ, **environment(server.url)}, providers())
    links = {name: Link(name, providers()[c.provider], c.settings) for name, c in config.connections.items()}
    place = Place(
        environment="default",
        desired={},
        links=links,
        backend=open_backend(".reconcile", root, "default"),
        limits=DeleteLimits(),
        outside=Outside(lambda event: None, Redactor(), os.environ),
        origin=Origin("benchmark", "2026-11-22T00:00:00Z", "benchmark", "here", "benchmark"),
        clock=time.monotonic,
        pid=os.getpid(),
    )
    clock = SimulatedClock(sandbox)
    sandbox.log.clear()
    began, cpu = time.perf_counter(), time.process_time()
    with holding(place, "all"):
        opening = open_run(place, "all", step_plans(place, config.pipelines["all"]), clock)
        result = go_on(place, opening, Watching(clock, Control(), poll_interval))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    if result.run.state is not RunState.SUCCEEDED:
        raise SystemExit(f"the run ended as {result.run.state}")
    entries = [(e.method, e.path.partition("?")[0], e.status) for e in sandbox.log]
    starts = sum(method == "POST" and status == 200 for method, _, status in entries)
    if starts != len(graph.seconds):
        raise SystemExit(f"{starts} jobs were started for {len(graph.seconds)} steps")
    looks = sum(method == "GET" and not path.endswith("/jobs") for method, path, _ in entries)
    lists = sum(method == "GET" and path.endswith("/jobs") for method, path, _ in entries)
    refused = sum(status == 429 for *_, status in entries)
    return Figure(clock.elapsed(), wall, cpu, looks, lists, starts, clock.most_threads, refused)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--poll-interval", type=float, default=30.0)
    arguments = parser.parse_args()
    print(
        "| run | ideal | took | ratio | looks per job and interval watched | other reads per start | 429 | wall | CPU |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for graph, slots in [*((graph, 5) for graph in graphs()), (_watches(), 100)]:
        found = measure(graph, slots, arguments.poll_interval)
        ideal = graph.ideal(slots)
        # A job is watched until the look that shows its end.
        intervals = sum(math.ceil(seconds / arguments.poll_interval) for seconds in graph.seconds.values())
        print(
            f"| {graph.name}, {slots} slots | {ideal / 3600:.2f} h | {found.simulated / 3600:.2f} h "
            f"| **{found.simulated / ideal:.3f}** | {found.looks / intervals:.3f} | {found.others / found.starts:.2f} "
            f"| {found.refused} | {found.wall:.1f} s | {found.cpu:.1f} s |"
        )
        if slots == 100:
            megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"\n100 watches at once: {found.threads} threads for calls, {megabytes:.0f} MB with the sandbox.")


def _watches() -> Graph:
    chance = random.Random(7)
    return Graph(
        "100 jobs watched at once, 20 to 60 min", {f"w{number}": chance.randrange(1200, 3600) for number in range(100)}
    )


if __name__ == "__main__":
    main()
