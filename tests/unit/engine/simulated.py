"""A test bed in virtual time: the sandbox on real sockets, the real operators, and waits that move the sandbox's clock.

Nothing here waits for real: when every runner rests, time jumps to the moment at which the first of them goes on.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from reconcile.config.load import Config, load
from reconcile.config.pipeline import Pipeline
from reconcile.core.guard import DeleteLimits
from reconcile.core.redact import Redactor
from reconcile.core.run import Run, RunState
from reconcile.engine.events import Event, StepTold
from reconcile.engine.link import Link, Outside
from reconcile.engine.loom import Message
from reconcile.engine.pipeline import Control, Result
from reconcile.engine.place import Place
from reconcile.engine.runs import Watching, go_on, holding, open_run, step_plans
from reconcile.providers.registry import providers
from reconcile.sandbox import Sandbox, Server, environment
from reconcile.state.backend import Backend, open_backend
from reconcile.state.format import Origin
from reconcile.state.run_log import read_runs

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
# Real seconds after which a call that does not come back fails the test.
STUCK_SECONDS = 30.0

WORKSPACE = """\
version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: ${env.SF_INSTANCE_URL}
    auth: {method: client_credentials, client_id: "${env.SF_CLIENT_ID}", client_secret: "${env.SF_CLIENT_SECRET}"}
  tailer:
    provider: tailer
    base_url: ${env.TAILER_URL}
    account: "000099"
    environment: DEV
    auth: {method: token, token: "${env.TAILER_API_JWT}"}
  tamr:
    provider: tamr
    base_url: ${env.TAMR_URL}
    auth: {method: api_key, api_key: "${env.TAMR_API_KEY}"}
    max_jobs: MOST
"""


class Time:
    """The sandbox's time, moved on by all runners that share it, and what is to happen in it.

    It stands still while any runner makes a call or computes; it never passes by itself.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._changed = threading.Condition()
        self._waiting: dict[SimulatedClock, tuple[float, SimpleQueue[Message]]] = {}
        self._members: set[SimulatedClock] = set()
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self.elapsed = 0.0
        sandbox.clock.set(START)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def at(self, seconds: float, do: Callable[[], object]) -> None:
        """Do something when time comes to ``seconds`` after the start, in the thread of whoever waits last."""
        heapq.heappush(self._events, (seconds, next(self._order), do))

    def pass_by(self, seconds: float) -> None:
        """Let time pass while nobody runs."""
        self._move(self.elapsed + seconds)

    @contextmanager
    def clock(self) -> Iterator[SimulatedClock]:
        """Yield the clock of one more runner; time waits for it as long as it is here."""
        clock = SimulatedClock(self)
        self.join(clock)
        try:
            yield clock
        finally:
            with self._changed:
                self._members.discard(clock)
                self._changed.notify_all()

    def join(self, clock: SimulatedClock) -> None:
        with self._changed:
            self._members.add(clock)

    def rest(self, clock: SimulatedClock, inbox: SimpleQueue[Message], seconds: float | None) -> None:
        """Return when ``seconds`` have passed or there is a message."""
        # Less than a microsecond would be lost in rounding, and time would stand still.
        due = float("inf") if seconds is None else self.elapsed + (max(seconds, 1e-6) if seconds else 0.0)
        with self._changed:
            self._waiting[clock] = (due, inbox)
            try:
                while self.elapsed < due and inbox.empty():
                    if self._all_rest():
                        self._move(min(each for each, _ in self._waiting.values()))
                        self._changed.notify_all()
                    elif not self._changed.wait(STUCK_SECONDS):
                        raise AssertionError("another runner is stuck")
            finally:
                del self._waiting[clock]

    def _all_rest(self) -> bool:
        """Say whether every runner waits, and none of them has a reason to go on now."""
        rest = all(due > self.elapsed and inbox.empty() for due, inbox in self._waiting.values())
        return rest and self._members <= self._waiting.keys()

    def _move(self, to: float) -> None:
        if self._events and self._events[0][0] <= to:
            at, _, do = heapq.heappop(self._events)
            self._set(max(at, self.elapsed))
            do()
        elif to == float("inf"):
            raise AssertionError("everybody waits, and nothing will ever happen")
        else:
            self._set(to)

    def _set(self, to: float) -> None:
        self.elapsed = to
        with self._sandbox.lock:
            self._sandbox.clock.set(self.now())


class SimulatedClock:
    """One runner's clock, as ``engine.loom.Clock`` promises."""

    def __init__(self, time: Time) -> None:
        self._time = time

    def elapsed(self) -> float:
        return self._time.elapsed

    def utc(self) -> datetime:
        return self._time.now()

    def wait(self, inbox: SimpleQueue[Message], seconds: float | None, *, busy: bool) -> Message | None:
        try:
            if busy:
                return inbox.get(timeout=STUCK_SECONDS)
        except Empty:
            raise AssertionError("a call is stuck") from None
        if inbox.empty():
            self._time.rest(self, inbox, seconds)
        try:
            return inbox.get_nowait()
        except Empty:
            return None


@dataclass
class Bed:
    """A sandbox, a state, and pipelines that run there in virtual time. ``told`` is every event, with its moment."""

    server: Server
    root: Path
    max_jobs: int = 5
    backend: Backend = field(init=False)
    time: Time = field(init=False)
    told: list[tuple[float, Event]] = field(default_factory=list)
    hears: list[Callable[[Event], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.sandbox.reset("example")
        self.time = Time(self.server.sandbox)
        self.backend = open_backend("memory://", self.root, "default")
        self.durations(running=60.0)

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox

    # -- the platforms

    def durations(self, *, pending: float = 0.0, running: float = 60.0, stopping: float = 0.0) -> None:
        """Set how long Tamr's jobs take, unless scripted otherwise."""
        seconds = {"pending": pending, "running": running, "stopping": stopping}
        self.sandbox.set_switches({f"tamr_{name}_seconds": value for name, value in seconds.items()})

    def resources(self, *names: str) -> None:
        """Set which ids Tamr knows."""
        with self.sandbox.lock:
            self.sandbox.tamr.resources = [*names]

    def script(self, **outcomes: Any) -> None:
        """Set how the next Tamr jobs on a resource go: an outcome, or a list of them to use up."""
        with self.sandbox.lock:
            self.sandbox.tamr.outcomes.set(outcomes)

    def switch(self, **values: object) -> None:
        self.sandbox.set_switches(values)

    def fault(self, kind: str, **rule: object) -> None:
        with self.sandbox.lock:
            self.sandbox.faults.add({"kind": kind, "platform": "tamr", **rule})

    def foreign(self, configuration: Mapping[str, Any], **outcome: Any) -> str:
        """Start a Tamr job as somebody else does, and return its id."""
        with self.sandbox.lock:
            return self.sandbox.tamr.add_foreign({"configuration": configuration, **outcome}).id

    def jobs(self) -> Counter[str]:
        """Return how many Tamr jobs there are of each work, as ``update flow_xyz``."""
        with self.sandbox.lock:
            return Counter(f"{job.kind} {next(iter(job.ids.values()))}" for job in self.sandbox.tamr.jobs)

    def most_at_once(self) -> int:
        """Return how many Tamr jobs were under way at the same moment, at most."""
        with self.sandbox.lock:
            self.sandbox.tamr.settle()
            spans = [
                (job.created, job.entered("DONE") or datetime.max.replace(tzinfo=UTC)) for job in self.sandbox.tamr.jobs
            ]
        return max((sum(a <= began < b for a, b in spans) for began, _ in spans), default=0)

    def posts(self, path: str = "/api/v1beta1/jobs") -> Counter[str]:
        """Return how often each work was asked for, whatever came of it."""
        found: Counter[str] = Counter()
        for entry in self.entries("POST"):
            if entry["path"] == path:
                kind, ids = next(iter(entry["body"]["configuration"].items()))
                found[f"{kind} {next(iter(ids.values()))}"] += 1
        return found

    def entries(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """Return the requests that arrived, oldest first."""
        with self.sandbox.lock:
            found = [entry.as_json() for entry in self.sandbox.log]
        return [each for each in found if method in ("", each["method"]) and path in each["path"]]

    # -- running

    def steps(self, text: str, name: str = "p") -> Pipeline:
        """Return the pipeline whose steps are written in YAML, on connection tamr unless they say otherwise."""
        return _config(_file(text, name), self.server.url, self.max_jobs).pipelines[name]

    def place(
        self,
        *,
        backend: Backend | None = None,
        links: Mapping[str, Link] | None = None,
        author: str = "me",
        secrets: tuple[str, ...] = (),
    ) -> Place:
        """Return where a command works. Its process is one that nobody can say anything of."""
        redactor = Redactor()
        for secret in secrets:
            redactor.add(secret)
        origin = Origin(f"o-{author}", "2026-11-22T00:00:00Z", author, "host", "reconcile run p")
        outside = Outside(self._hear, redactor, environment(self.server.url))
        return Place(
            environment="default",
            desired={},
            links=links or _links(self.server.url, self.max_jobs),
            backend=backend or self.backend,
            limits=DeleteLimits(),
            outside=outside,
            origin=origin,
            clock=lambda: self.time.elapsed,
            pid=0,
        )

    def run(
        self,
        pipeline: Pipeline | str,
        *,
        control: Control | None = None,
        place: Place | None = None,
        poll_interval: float = 30.0,
        **opening: Any,
    ) -> Result:
        """Run a pipeline, or go on with the run of it that was cut off, as ``reconcile run`` does."""
        pipeline = self.steps(pipeline) if isinstance(pipeline, str) else pipeline
        place = place or self.place()
        with self.time.clock() as clock, holding(place, pipeline.name):
            opened = open_run(place, pipeline.name, step_plans(place, pipeline), clock, **opening)
            return go_on(place, opened, Watching(clock, control or Control(), poll_interval))

    def runs(self) -> list[Run]:
        """Return every run that is written down, newest first."""
        found = list(read_runs(self.backend))
        assert all(isinstance(run, Run) for run in found), found
        return [run for run in found if isinstance(run, Run)]

    def said(self, step: str = "") -> list[str]:
        """Return what was told about a step, or about all."""
        return [e.text for _, e in self.told if isinstance(e, StepTold) and step in ("", e.step)]

    def _hear(self, event: Event) -> None:
        self.told.append((self.time.elapsed, event))
        for hear in self.hears:
            hear(event)


def states(run: Run) -> dict[str, RunState]:
    """Return the state of each step."""
    return {name: step.state for name, step in run.steps.items()}


@functools.cache
def _config(text: str, url: str, max_jobs: int) -> Config:
    """Return what a workspace with one file of pipelines says."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "reconcile.yaml").write_text(WORKSPACE.replace("MOST", str(max_jobs)))
        (root / "p.yaml").write_text(text)
        return load(root, None, environment(url), providers())


@functools.cache
def _links(url: str, max_jobs: int) -> Mapping[str, Link]:
    connections = _config(_file("a: {tamr.load: {source: a}}"), url, max_jobs).connections
    return {name: Link(name, providers()[each.provider], each.settings) for name, each in connections.items()}


def _file(steps: str, name: str = "p") -> str:
    body = "".join(f"      {line}\n" for line in steps.strip("\n").splitlines())
    return f"connection: tamr\npipelines:\n  {name}:\n    steps:\n{body}"
