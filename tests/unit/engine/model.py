"""Both platforms as a pure model that knows the truth, and applies as processes that can be killed at any moment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from unittest import mock

from engine.mortal import Life, MortalBackend, dying, gone_pid
from engine.world import ACCOUNT, KINDS, NONE, Clock, reset_of
from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import AnswerLost, LimitReached, PlatformError, Rejected, Unavailable
from reconcile.core.guard import DeleteLimits
from reconcile.core.kind import Connected
from reconcile.core.operation import Job, JobState, Operation, Ready
from reconcile.core.redact import Redactor
from reconcile.core.request import Request
from reconcile.core.snapshot import Desired, Live, Missing, ReadFailed, Reading, Recorded, Unreadable, Values
from reconcile.core.source import Span
from reconcile.engine.events import Event
from reconcile.engine.link import Link, Outside
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis, Planned, Wish, from_files, make_plan, read_basis
from reconcile.engine.run import Applied, carry_out
from reconcile.providers.base import Operator, Provider, Readings, Surroundings, Wanted, Writer
from reconcile.providers.tailer.operations import OPERATIONS
from reconcile.state.backend import Backend, open_backend
from reconcile.state.format import Origin, State
from reconcile.state.intent import Outcome
from reconcile.state.journal import Journal
from reconcile.state.lock import read_lock
from reconcile.state.store import Store

# What a call answers when something goes wrong, by a word for it; "lost" ones leave nobody certain.
ANSWERS: dict[str, Callable[[str], PlatformError]] = {
    "rejected": lambda name: Rejected(f"{name}: 400", status=400),
    "unavailable": lambda name: Unavailable(f"{name}: 503", status=503),
    "limit": lambda name: LimitReached(f"{name}: 429", status=429),
    "lost before": lambda name: AnswerLost(f"{name}: cut"),
    "lost after": lambda name: AnswerLost(f"{name}: cut"),
}


@dataclass
class Truth:
    """What is really there. Knows every call that had an effect, and complains of one that has no business.

    ``schedules`` are by recipe name (``NONE``: the recipe has no schedule), ``flags`` by configuration, ``resets`` by
    workflow and note (``note_of``). ``ours`` are the recipes whose schedule is of our making or was declared ours;
    ``deleted`` is what we deleted, ``replaced`` what was there before we made it ours, each as far as we are not
    certain of it. ``faults`` are what the next calls on an object answer, "" for no fault; ``read_faults`` what the
    next reads do ("list": fail whole; a name: fail for that object). ``meanwhile`` is what somebody does by hand right
    before a read, by the number of reads until then. ``at_effect`` is called before each effect.
    """

    schedules: dict[str, Values]
    flags: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    effects: list[tuple[str, str]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=dict)
    read_faults: list[str] = field(default_factory=list)
    ours: set[str] = field(default_factory=set)
    resets: Counter[tuple[str, str]] = field(default_factory=Counter)
    meanwhile: dict[int, tuple[str, Values]] = field(default_factory=dict)
    moved_by_hand: set[str] = field(default_factory=set)
    deleted: dict[str, Values] = field(default_factory=dict)
    replaced: dict[str, Values] = field(default_factory=dict)
    at_effect: Callable[[str, str], None] = lambda what, name: None
    note_of: Callable[[str], str] = lambda name: ""
    reads: int = 0
    is_raced: bool = False

    def count(self, what: str, name: str) -> int:
        """Return how often a call of this sort had its effect on an object."""
        return self.effects.count((what, name))

    def send(self, request: Request) -> None:
        """Make a call, as the next fault has it."""
        name = name_in(request)
        self.calls[name] += 1
        fault = self.faults[name].pop(0) if self.faults.get(name) else ""
        if fault in ("", "lost after"):
            self._carry_out(request, name)
        if fault:
            raise ANSWERS[fault](name)

    def _carry_out(self, request: Request, name: str) -> None:
        body = request.body or {}
        what = request.method if request.method != "POST" else "reset" if "workflow" in request.path else "flags"
        self.at_effect(what, name)
        self.effects.append((what, name))
        self.moved_by_hand.discard(name)
        match what:
            case "PUT":
                assert self.is_raced or self.schedules[name] != held(body), f"{name} was as it is asked for"
                if name not in self.ours:
                    self.replaced[name] = self.schedules[name]
                self.schedules[name] = held(body)
                self.ours.add(name)
            case "DELETE":
                assert self.is_raced or self.schedules[name] != NONE, f"there is nothing to delete of {name}"
                self.deleted[name] = self.schedules[name]
                self.schedules[name] = NONE
                self.ours.discard(name)
            case "flags":
                self.flags[name] = (bool(body["activated"]), bool(body["archived"]))
            case "reset":
                self.resets[name, self.note_of(name)] += 1

    def by_hand(self, name: str, values: Values) -> None:
        """Do what somebody does in the UI."""
        self.moved_by_hand.add(name)
        self.schedules[name] = values
        if self.deleted.get(name) == values:
            self.ours.add(name)  # nobody can tell it from a schedule of ours that was not deleted after all
        if self.replaced.get(name) == values:
            self.ours.discard(name)  # nobody can tell it from a schedule of theirs that was not replaced after all

    def read(self, wanted: Collection[Wanted]) -> Readings:
        """Return what is there, as the next fault has it."""
        self.reads += 1
        if move := self.meanwhile.pop(self.reads, None):
            self.is_raced = True
            self.by_hand(*move)
        fault = self.read_faults.pop(0) if self.read_faults else ""
        error = Diagnostic("unavailable", "The platform is not available", "503")
        if fault == "list":
            return Readings({w.address: ReadFailed(w.address, error, of_listing=True) for w in wanted})
        return Readings(
            {
                w.address: ReadFailed(w.address, error) if fault == name_of(w.address) else self._reading(w.address)
                for w in wanted
            }
        )

    def _reading(self, address: Address) -> Reading:
        name = name_of(address)
        if name not in self.schedules:
            return Missing(address, Diagnostic("unknown-object", "Unknown recipe", f"no {name}"))
        return Live(address, self.schedules[name], f"05v{name}")


def held(body: Mapping[str, Any]) -> Values:
    """Return what the org keeps of a PUT."""
    time = body["time"]
    text = f"{time['hour']:02}:{time['minute']:02}"
    return {"frequency": body["frequency"], "time": text, "timezone": time["timeZone"]}


def name_in(request: Request) -> str:
    """Return what a call is about: the recipe, or the configuration."""
    body = request.body or {}
    return str(body.get("configuration_id") or request.path.split("/")[-2].removeprefix("05v"))


@dataclass
class _Sales:
    """The org as a process of some life reaches it."""

    truth: Truth
    life: Life

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        self.life.check()
        return self.truth.read(wanted)

    def send(self, request: Request) -> None:
        self.life.step("send", f"{request.method} {name_in(request)}", lambda: self.truth.send(request))

    def close(self) -> None:
        return None


@dataclass
class _SalesInPages(_Sales):
    """The same with lists of two a page."""

    def read_in_parts(self, wanted: Collection[Wanted]) -> Iterator[Readings]:
        left = list(wanted)
        while left:
            page, left = left[:2], left[2:]
            yield self.read(page)


class _Tailer(_Sales):
    """Tailer, which shows nothing."""

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        return Readings({w.address: Unreadable(w.address) for w in wanted})

    def on_target(self, ready: Ready, since: datetime) -> tuple[Job, ...]:
        return ()

    def submit(self, ready: Ready) -> Job:
        self.send(ready.request)
        return Job("", ready.order.operation, ready.order.target, JobState.SUCCEEDED, "")

    def server_time(self) -> datetime | None:
        return None


@dataclass
class _Settings:
    """Settings under which nobody waits for real."""

    concurrency: int
    longest_wait: float = 0.0
    attempts: int = 2


@dataclass
class _Provider:
    """One of the two, with the kinds of the real one."""

    name: str
    client: _Sales

    @property
    def operations(self) -> Mapping[str, Operation]:
        return OPERATIONS if self.name == "tailer_dev" else {}

    def connected(self, connection: object) -> Mapping[str, Connected]:
        return {kind: connected for (name, kind), connected in KINDS.items() if name == self.name}

    def account(self, connection: object) -> Account:
        return Account(f"https://{self.name}", ACCOUNT.account)

    def reader(self, name: str, connection: object, surroundings: Surroundings) -> Writer:
        return self.client

    writer = reader

    def operator(self, name: str, connection: object, surroundings: Surroundings) -> Operator:
        return cast("Operator", self.client)


class MortalReader(MortalBackend):
    """The state as a process has it that may die while it reads, too."""

    def read(self, key: str) -> bytes:
        return self._life.step("read", key, lambda: self._inner.read(key))

    def list(self, folder: str) -> list[str]:
        return self._life.step("list", folder, lambda: self._inner.list(folder))


@dataclass
class Bed:
    """Platforms, files and a state, and any number of processes that plan and apply, one after the other."""

    truth: Truth
    backend: Backend = field(default_factory=lambda: open_backend("memory://", Path(), "prod"))
    desired: dict[Address, Desired] = field(default_factory=dict)
    width: int = 1
    pages: bool = False
    limits: DeleteLimits = field(default_factory=DeleteLimits)
    events: list[Event] = field(default_factory=list)
    processes: int = 0

    def __post_init__(self) -> None:
        self.truth.note_of = lambda name: str(self.desired[reset_of(name)].values["once"])

    def file(self, address: Address, values: Values, protect: bool | None = None) -> None:
        """Write an entry."""
        self.desired[address] = Desired(address, values, Span("f.yaml", 1, 1), protect)

    def plan(self) -> Planned:
        """Return what a plan says now."""
        return make_plan(self.place(Life()), from_files(Wish()))

    def basis(self) -> Basis:
        """Return what is recorded now, in the light of what was cut off."""
        return read_basis(self.place(Life()), None)

    def apply(self, life: Life | None = None, allow_deletes: int | None = None) -> Applied | None:
        """Apply the files in a process of that life; None when it did not live to see the end."""
        life = life or Life()
        place, planner = self.place(life), from_files(Wish(allow_deletes=allow_deletes))
        with dying(life):
            applied = carry_out(place, planner, approved, lambda: False)
        return None if life.is_over else applied

    def state(self) -> State:
        """Return what is recorded."""
        return Store(self.backend).latest()

    def place(self, life: Life) -> Place:
        """Return where a process of that life works; its locks are those of a process that is gone."""
        self.processes += 1
        at = f"2026-11-22T14:00:{self.processes % 60:02}Z"
        origin = Origin(f"a{self.processes}", at, "kim", "laptop", "reconcile apply")
        sales = (_SalesInPages if self.pages else _Sales)(self.truth, life)
        providers = (_Provider("sales", sales), _Provider("tailer_dev", _Tailer(self.truth, life)))
        links = {p.name: Link(p.name, cast("Provider", p), _Settings(self.width)) for p in providers}
        outside = Outside(self.events.append, Redactor(), {})
        backend = MortalReader(self.backend, life)
        return Place("prod", self.desired, links, backend, self.limits, outside, origin, Clock(), pid=gone_pid())


def approved(planned: Planned) -> bool:
    """Say yes."""
    return True


@contextmanager
def noting_at_once() -> Iterator[None]:
    """Have every outcome noted in the journal before anything else is done, so that there is a moment to die after it.

    As it is, those of a fifth of a second are noted together.
    """
    settled, defaults = Journal.settled, Journal.begin.__func__.__kwdefaults__  # type: ignore[attr-defined]

    def settled_at_once(journal: Journal, address: Address, outcome: Outcome) -> None:
        settled(journal, address, outcome)
        journal.flush()

    with mock.patch.dict(defaults, gather_seconds=0.0), mock.patch.object(Journal, "settled", settled_at_once):
        yield


def check_states(backend: Backend) -> list[State]:
    """Return every version, oldest first: each can be read, none is missing, and all are of one line."""
    store = Store(backend)
    found = list(store.history())
    assert not any(version.trouble for version in found), found
    states = [state for version in reversed(found) if (state := store.version(version.serial))]
    assert [state.serial for state in states] == list(range(1, len(states) + 1))
    assert len({state.lineage for state in states}) <= 1
    for key in backend.list("state"):
        json.loads(backend.read(key))
    return states


def remains(backend: Backend) -> list[str]:
    """Return what an apply that came to its end must not leave behind."""
    found = [*backend.list("journal"), *backend.list("locks")]
    return [*found, "lock.json"] if read_lock(backend) else found


def name_of(address: Address) -> str:
    """Return what the platform calls it: the recipe, the configuration, the workflow."""
    return address.name.rpartition(":")[2]


def is_true(record: Recorded, truth: Truth) -> bool:
    """Say whether a record is right about what is there now (or, of a one-shot, about what was done)."""
    name = name_of(record.address)
    match record.address.kind:
        case "configuration":
            return truth.flags.get(name) == (record.values["activated"], record.values["archived"])
        case "workflow_reset":
            return truth.resets[name, str(record.values["once"])] > 0
        case _:
            return truth.schedules.get(name) == record.values
