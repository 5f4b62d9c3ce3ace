"""Runs in simulated time against the sandbox, over real sockets: an hour of waiting costs no time at all.

The clock of the engine is that of the sandbox, and it moves only while no call is under way. So every request falls on
a known instant, and what somebody else does meanwhile (a job started, a session ended) happens exactly when it should.
"""

from __future__ import annotations

import heapq
import json
import math
import os
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from reconcile.config.pipeline import Pipeline, Step
from reconcile.core.guard import DeleteLimits
from reconcile.core.operation import Operation
from reconcile.core.redact import Redactor
from reconcile.core.run import Run
from reconcile.core.run import Step as StepOfRun
from reconcile.core.source import Span
from reconcile.engine.events import Event, StepMoved, StepTold
from reconcile.engine.link import Link, Outside
from reconcile.engine.loom import Message
from reconcile.engine.pipeline import Control, Result
from reconcile.engine.place import Place
from reconcile.engine.runs import Choice, Watching, go_on, holding, open_run, reopen, step_plans
from reconcile.providers.base import Operator
from reconcile.providers.registry import providers
from reconcile.sandbox import Sandbox, Server, environment
from reconcile.state.backend import open_backend
from reconcile.state.format import Origin

# Not on a whole second: ``Date`` headers and run ids have whole seconds only.
START = datetime(2026, 11, 22, 10, 0, 0, 861_000, UTC)
POLL = 30.0
# Seconds of simulated time after which a run that still waits is taken for one that never ends.
LONGEST = 3 * 86_400.0
# Waits after which a run is taken for one that does the same for ever; a watched hour has 120.
MOST_MOMENTS = 3000
# Seconds of real time for one call.
STUCK = 20.0

SPAN = Span("suite.yaml", 1, 1)
Rule = Mapping[str, Any]


class SimClock:
    """The sandbox's clock as the engine's. ``skew`` is by how much this machine's own clock is wrong."""

    def __init__(self, sandbox: Sandbox, skew: timedelta = timedelta()) -> None:
        self._sandbox, self.skew = sandbox, skew
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._moments: list[float] = [0.0]
        self._marks: list[int] = [0]
        self.watchers: list[Callable[[], object]] = []
        sandbox.clock.set(START)

    def elapsed(self) -> float:
        """Return simulated seconds since the beginning."""
        return (self._sandbox.clock.now() - START).total_seconds()

    def utc(self) -> datetime:
        """Return what this machine takes for the time."""
        return self._sandbox.clock.now() + self.skew

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Have something done at an instant, by somebody else."""
        heapq.heappush(self._events, (seconds, next(self._order), action))

    def wait(self, inbox: SimpleQueue[Message], seconds: float | None, *, busy: bool) -> Message | None:
        """Return the next message, or None when simulated time has passed; see ``engine.loom.Clock``."""
        if busy:
            return inbox.get(timeout=STUCK)
        try:
            return inbox.get_nowait()
        except Empty:
            pass
        for watcher in self.watchers:
            watcher()
        due = math.inf if seconds is None else self.elapsed() + seconds
        action: Callable[[], object] | None = None
        if self._events and self._events[0][0] <= due:
            moment, _, action = heapq.heappop(self._events)
            due = max(moment, self.elapsed())
        assert due < LONGEST, "nothing will ever happen"
        assert len(self._moments) < MOST_MOMENTS, "it goes round in circles"
        self._move(due - self.elapsed(), at_least=0 if action else 1)
        if action:
            action()
        return None

    def moment_of(self, number: int) -> float:
        """Return the simulated second at which the request with this number of the log came."""
        return self._moments[bisect_right(self._marks, number - 1) - 1]

    def _move(self, seconds: float, *, at_least: int) -> None:
        """Move on by whole microseconds, rounded up: rounded down, a wait could come back for its rest for ever."""
        with self._sandbox.lock:
            last = max((entry.n for entry in self._sandbox.log), default=0)
            self._sandbox.clock.advance(max(at_least, math.ceil(seconds * 1e6 - 1e-3)) / 1e6)
        self._moments.append(self.elapsed())
        self._marks.append(max(last, self._marks[-1]))


@dataclass(frozen=True)
class Asked:
    """One request that a platform got. ``at`` is in simulated seconds, ``status`` None when it had no answer."""

    at: float
    platform: str
    method: str
    path: str
    body: Any
    status: int | None
    effect: bool
    fault: str | None

    @property
    def action(self) -> str:
        """What a call of Tailer asks for, "" of others."""
        return str(self.body.get("action", "")) if isinstance(self.body, dict) else ""


@dataclass
class Bed:
    """A sandbox with nothing wrong, three connections, an empty state, and a clock that the test drives."""

    server: Server
    clock: SimClock
    links: dict[str, Link]
    place: Place
    heard: list[Event] = field(default_factory=list)

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox

    # -- the platform's side

    def switch(self, **switches: object) -> None:
        self.sandbox.set_switches(dict(switches))

    def fault(self, *rules: Rule) -> None:
        with self.sandbox.lock:
            for rule in rules:
                self.sandbox.faults.add(dict(rule))

    def faults_left(self) -> list[str]:
        """The faults with a number of times that have not gone off as often."""
        return [rule.kind for rule in self.sandbox.faults.rules if rule.times is not None]

    def asked(self) -> list[Asked]:
        """Everything that the platforms were asked, in order."""
        return [
            Asked(
                self.clock.moment_of(entry.n),
                entry.platform,
                entry.method,
                entry.path,
                _parsed(entry.body),
                entry.status,
                entry.effect,
                entry.fault,
            )
            for entry in self.sandbox.log
        ]

    # -- our side

    def operation(self, connection: str, name: str) -> Operation:
        return self.links[connection].operations[name]

    def step(self, connection: str, operation: str, entry: Mapping[str, Any], name: str = "job", **more: Any) -> Step:
        """One step as the files would have it; ``more`` are its options."""
        found = self.operation(connection, operation)
        settings = found.entry.model_validate(dict(entry))
        return Step(name, operation, settings, connection, SPAN, **{"when_busy": found.when_busy, **more})

    def go(self, *steps: Step, control: Control | None = None) -> Result:
        """Run a pipeline of these steps, or go on with its run that was left."""
        plans = step_plans(self.place, Pipeline("suite", steps, SPAN))
        with holding(self.place, "suite"):
            opening = open_run(self.place, "suite", plans, self.clock)
            return go_on(self.place, opening, Watching(self.clock, control or Control(), POLL))

    def resume(self, id: str) -> Result:
        """Go on with a run as ``reconcile resume`` does."""
        with holding(self.place, "suite"):
            opening = reopen(self.place, id, self.clock, Choice({}))
            return go_on(self.place, opening, Watching(self.clock, Control(), POLL))

    @contextmanager
    def operator(self, connection: str) -> Iterator[Operator]:
        """An operator of its own, with a login of its own."""
        link = self.links[connection]
        with closing(link.provider.operator(connection, link.settings, self.place.outside.surroundings(link))) as found:
            yield found

    def told(self, text: str) -> list[StepTold]:
        """What was said of a step that holds this text."""
        return [event for event in self.heard if isinstance(event, StepTold) and text in event.text]

    def moved(self) -> list[StepMoved]:
        """The news of steps."""
        return [event for event in self.heard if isinstance(event, StepMoved) and event.is_news]


def make_bed(server: Server, *, skew: timedelta = timedelta(), max_jobs: int = 5, timeout: float = STUCK) -> Bed:
    """Return a bed in a freshly reset world, whose jobs wait 10 seconds and run 100.

    ``skew`` is by how much this machine's clock is wrong, ``timeout`` the real seconds that an answer may take.
    """
    sandbox = server.sandbox
    sandbox.reset("example")
    sandbox.set_switches(
        {
            "tamr_pending_seconds": 10,
            "tamr_running_seconds": 100,
            "tamr_stopping_seconds": 5,
            "crm_queued_seconds": 10,
            "crm_running_seconds": 100,
            "tailer_waiting_seconds": 10,
            "tailer_run_seconds": 100,
        }
    )
    clock = SimClock(sandbox, skew)
    heard: list[Event] = []
    links = _links(server.url, max_jobs, timeout)
    place = Place(
        "default",
        {},
        links,
        open_backend("memory://", Path(), "default"),
        DeleteLimits(),
        Outside(heard.append, Redactor(), {}),
        Origin("o1", "2026-11-22T10:00:00Z", "ada", "ci-7", "reconcile run suite"),
        time.monotonic,
        os.getpid(),
    )
    return Bed(server, clock, links, place, heard)


def the_step(run: Run, name: str = "job") -> StepOfRun:
    """The step of a run of one step."""
    return run.steps[name]


def _links(url: str, max_jobs: int, timeout: float) -> dict[str, Link]:
    env, found = environment(url), providers()
    auth = {"client_id": env["SF_CLIENT_ID"], "client_secret": env["SF_CLIENT_SECRET"]}
    settings: dict[str, dict[str, Any]] = {
        "sales": {
            "provider": "crm_analytics",
            "instance_url": env["SF_INSTANCE_URL"],
            "auth": {"method": "client_credentials", **auth},
        },
        "tailer": {
            "provider": "tailer",
            "base_url": env["TAILER_URL"],
            "account": "000099",
            "environment": "DEV",
            "auth": {"method": "token", "token": env["TAILER_API_JWT"]},
        },
        "tamr": {
            "provider": "tamr",
            "base_url": env["TAMR_URL"],
            "max_jobs": max_jobs,
            "auth": {"method": "api_key", "api_key": env["TAMR_API_KEY"]},
        },
    }
    made = {}
    for name, each in settings.items():
        provider = found[each["provider"]]
        made[name] = Link(name, provider, provider.connection.model_validate({**each, "timeout": timeout}))
    return made


def _parsed(body: bytes | str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
