"""A platform in memory, with the faults that platforms have, and a clock that only moves when told to."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, cast

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import PlatformError
from reconcile.core.kind import Connected
from reconcile.core.operation import Job, JobState, Ready
from reconcile.core.plan import Base, Change, Plan, Stamp, build_plan
from reconcile.core.request import Request
from reconcile.core.snapshot import (
    Desired,
    Live,
    Missing,
    ReadFailed,
    Reading,
    Recorded,
    Snapshots,
    Unreadable,
    Values,
)
from reconcile.core.source import Span
from reconcile.engine.apply import Result, Work, apply
from reconcile.engine.events import Event
from reconcile.engine.waits import Waits
from reconcile.providers.base import Operator, Readings, Wanted
from reconcile.providers.crm_analytics.schedule import ConnectedSchedule, ScheduleKind
from reconcile.providers.tailer.kinds import Connection
from reconcile.providers.tailer.operations import OPERATIONS
from reconcile.providers.tailer.provider import PROVIDER as TAILER

NOW, BEFORE = "2026-11-22T14:00:00Z", "2026-11-01T09:00:00Z"
STAMP = Stamp("p1", NOW, "default", Base("lineage", 1))
ACCOUNT = Connection.model_validate(
    {
        "provider": "tailer",
        "account": "000099",
        "environment": "DEV",
        "auth": {"method": "token", "token": "not-a-real-token"},
    }
)
KINDS: dict[tuple[str, str], Connected] = {
    ("sales", "schedule"): ConnectedSchedule("/v60.0", ScheduleKind()),
    **{("tailer_dev", name): connected for name, connected in TAILER.connected(ACCOUNT).items()},
}
NONE: Values = {"frequency": "none"}


def recipe(name: str) -> Address:
    """Return the address of a recipe's schedule."""
    return Address("sales", "schedule", f"recipe:{name}")


def flags_of(name: str) -> Address:
    """Return the address of a configuration."""
    return Address("tailer_dev", "configuration", name)


def reset_of(name: str) -> Address:
    """Return the address of a workflow reset."""
    return Address("tailer_dev", "workflow_reset", name)


def daily(time: str, **more: Any) -> Values:
    """Return a daily schedule."""
    return {"frequency": "daily", "time": time, "timezone": "UTC", **more}


class Clock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Org:
    """Schedules by recipe name. An asset's id is its name behind ``05v``.

    ``faults`` are raised by the call on a name; ``faults_after`` too, but when it has had its effect. ``drops`` are
    fields that are taken and not kept. ``before_read`` is called before each read with its number (from 0).
    """

    schedules: dict[str, Values]
    clock: Clock = field(default_factory=Clock)
    faults: dict[str, PlatformError] = field(default_factory=dict)
    faults_after: dict[str, PlatformError] = field(default_factory=dict)
    drops: frozenset[str] = frozenset()
    hides: frozenset[str] = frozenset()
    unread: dict[str, PlatformError] = field(default_factory=dict)
    before_read: Callable[[int], None] = lambda number: None
    read_seconds: float = 0.0
    send_seconds: float = 0.0
    log: list[tuple[str, str, float]] = field(default_factory=list)
    lag: dict[str, Values] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._reads = 0
        self.read_raises: PlatformError | None = None

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        """Return what is there; logs the number of objects."""
        number, self._reads = self._reads, self._reads + 1
        self.before_read(number)
        self.log.append(("exact" if exact else "read", str(len(wanted)), self.clock.now))
        self.clock.now += self.read_seconds
        if self.read_raises:
            raise self.read_raises
        return Readings({w.address: self._reading(w.address, exact) for w in wanted})

    def _reading(self, address: Address, exact: bool) -> Reading:
        name = address.name.partition(":")[2]
        if name in self.unread:
            return ReadFailed(address, self.unread[name].diagnostics[0])
        if name not in self.schedules:
            return Missing(address, Diagnostic("unknown-object", "Unknown recipe", f"no {name}"))
        values = self.lag.get(name, self.schedules[name]) if not exact else self.schedules[name]
        hidden = self.hides & set(values)
        return Live(address, {k: v for k, v in values.items() if k not in hidden}, f"05v{name}", "", frozenset(hidden))

    def send(self, request: Request) -> None:
        """Make a call; logs the method and the name."""
        name = request.path.split("/")[-2].removeprefix("05v")
        with self._lock:
            self.log.append((request.method, name, self.clock.now))
            self.clock.now += self.send_seconds
            if name in self.faults:
                raise self.faults[name]
            self.schedules[name] = NONE if request.method == "DELETE" else self._kept(request.body or {})
            if name in self.faults_after:
                raise self.faults_after[name]

    def _kept(self, body: Mapping[str, Any]) -> Values:
        values: dict[str, Any] = {"frequency": body["frequency"]}
        if "time" in body:
            values["time"] = f"{body['time']['hour']:02}:{body['time']['minute']:02}"
            values["timezone"] = body["time"].get("timeZone", "UTC")
        if "triggerRule" in body:
            values["trigger_rule"] = body["triggerRule"]
        if "notificationLevel" in body:
            values["notification_level"] = body["notificationLevel"].lower()
        return {name: value for name, value in values.items() if name not in self.drops}

    def close(self) -> None:
        """Do nothing."""

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Every call and its object, in the order made."""
        return [(what, name) for what, name, _ in self.log]

    @property
    def sent(self) -> list[str]:
        """The names that were written, in the order made."""
        return [name for what, name, _ in self.log if what in ("PUT", "DELETE")]


class Tailer:
    """Takes what it is given and shows nothing. ``faults`` by configuration id."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.faults: dict[str, PlatformError] = {}
        self._lock = Lock()

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        """Say that nothing can be read; nobody should have asked."""
        return Readings({w.address: Unreadable(w.address) for w in wanted})

    def send(self, request: Request) -> None:
        """Note the call."""
        assert request.body is not None
        name = str(request.body["configuration_id"])
        with self._lock:
            self.sent.append(name)
        if name in self.faults:
            raise self.faults[name]

    def on_target(self, ready: Ready, since: datetime) -> tuple[Job, ...]:
        """Return nothing: a reset leaves no job."""
        return ()

    def submit(self, ready: Ready) -> Job:
        """Send a one-shot; what is not watchable is over with the answer."""
        self.send(ready.request)
        return Job("", ready.order.operation, ready.order.target, JobState.SUCCEEDED, "")

    def server_time(self) -> datetime | None:
        """Return None: it does not tell."""
        return None

    def close(self) -> None:
        """Do nothing."""


class Diary:
    """A witness that remembers, in one order with the calls of a platform."""

    def __init__(self, log: list[str] | None = None) -> None:
        self.log = [] if log is None else log
        self.outcomes: dict[Address, str] = {}

    def sent(self, address: Address) -> None:
        """Remember that a one-shot is about to be sent."""
        self.log.append(f"about to send {address.name}")

    def settled(self, result: Result) -> None:
        """Remember an outcome."""
        assert result.change.address not in self.outcomes, "settled twice"
        self.outcomes[result.change.address] = result.outcome


def plan_for(
    org: Org | None, desired: Mapping[Address, Values], recorded: Mapping[Address, Values | Recorded] | None = None
) -> Plan:
    """Return the plan from what the org shows (exactly) to ``desired``."""
    ours = {
        a: v if isinstance(v, Recorded) else Recorded(a, v, BEFORE, f"05v{a.name.partition(':')[2]}", False, "f.yaml")
        for a, v in (recorded or {}).items()
    }
    wants = {a: Desired(a, v, Span("f.yaml", 1, 1)) for a, v in desired.items()}
    live: dict[Address, Reading] = {}
    for address in {*wants, *ours}:
        if address.connection == "sales":
            assert org is not None
            live[address] = org._reading(address, exact=True)
        else:
            live[address] = Unreadable(address)
    return build_plan(Snapshots(wants, live, ours), KINDS, STAMP)


@dataclass
class Run:
    """An apply under way: give it platforms, and maybe a witness or a stop."""

    org: Org = field(default_factory=lambda: Org({}))
    tailer: Tailer = field(default_factory=Tailer)
    witness: Any = field(default_factory=Diary)
    events: list[Event] = field(default_factory=list)
    stopping: Callable[[], bool] = lambda: False
    width: int = 1

    def apply(self, changes: Collection[Change]) -> dict[str, Result]:
        """Return the results by the name of the object."""
        work = Work(
            writers={"sales": self.org, "tailer_dev": self.tailer},
            kinds=KINDS,
            widths={"sales": self.width, "tailer_dev": self.width},
            listener=self.events.append,
            clock=self.org.clock,
            stopping=self.stopping,
            witness=self.witness,
            operators={"tailer_dev": cast("Operator", self.tailer)},
            operations=OPERATIONS,
            waits={"tailer_dev": Waits(0.001, 0.001, 3)},
        )
        results = apply(list(changes), work)
        assert [r.change for r in results] == list(changes), "one result for each change, in their order"
        return {r.change.address.name.partition(":")[2] or r.change.address.name: r for r in results}
