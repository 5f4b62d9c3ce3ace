"""What the one suite needs to know of each operation: how to order it, and how to drive its platform from outside."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar

from contract.operation_bed import Asked, Bed, Rule
from reconcile.config.pipeline import Step
from reconcile.core.operation import JobQuery, Operation
from reconcile.sandbox import Sandbox
from reconcile.sandbox.crm_asset import Asset
from reconcile.sandbox.tailer_model import Configuration
from reconcile.sandbox.wire import Call

TABLE = "000099_Load_PDA_f_traffic_ma_DEV"
PROD_TABLE = "000099_Load_PDA_f_traffic_ma_PROD"
FLOW = "000099-iowa-liquor-load-pda"
STORAGE = "000099-jarvis-demo-iowa-liquor-storage-to-storage"
MESSAGE = "the source cannot be reached"

Switches = Mapping[str, object]


@dataclass(frozen=True)
class Course:
    """How a job goes: seconds in the queue and at work, and whether it fails (with ``MESSAGE`` where one is shown)."""

    waits: float = 10.0
    runs: float = 100.0
    fails: bool = False


@dataclass(frozen=True)
class OnPlatform:
    """A job as the simulator has it. Times are None until it came to that."""

    id: str
    is_over: bool
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    other_ids: frozenset[str] = frozenset()

    def goes_by(self, id: str | None) -> bool:
        """Whether an id is the job's, or that of the request it was."""
        return id == self.id or id in self.other_ids


@dataclass(frozen=True)
class Subject(ABC):
    """One operation in the suite: ``entry`` is what a step says of it on the bed's ``connection``."""

    id: str
    name: str
    entry: Mapping[str, Any]

    connection: ClassVar[str]
    platform: ClassVar[str]
    # The keys of a fault for requests that list jobs.
    listing: ClassVar[Rule]
    # Requests from nothing to a job, logins not counted.
    calls_to_start: ClassVar[int]
    # What a job shows that failed, and that a person ended.
    reason: ClassVar[str]
    message: ClassVar[str] = MESSAGE
    # Switches that keep a fresh job from lists and from looks, and the one that shows another word for running.
    list_lag: ClassVar[str]
    look_lag: ClassVar[str]
    unknown_word: ClassVar[str]

    def __str__(self) -> str:
        return self.id

    @property
    @abstractmethod
    def create(self) -> Rule:
        """The keys of a fault for requests that start it."""

    @property
    @abstractmethod
    def switches(self) -> Sequence[Switches]:
        """The settings of the sandbox under which the suite has to hold."""

    @property
    def names_its_job(self) -> bool:
        """Whether the answer to a start says which job it is."""
        return True

    @property
    @abstractmethod
    def look(self) -> Rule:
        """The keys of a fault for requests that look at one job; they may be the same as for lists."""

    @property
    def looks_before(self) -> int:
        """How many requests of that form come before the first look, when nothing is wrong."""
        return 0

    @property
    def lists_before(self) -> int:
        """How many lists are asked for before it is started."""
        return 1

    def step(self, bed: Bed, name: str = "job", **options: Any) -> Step:
        """The step that orders it."""
        return bed.step(self.connection, self.name, self.entry, name, **options)

    def operation(self, bed: Bed) -> Operation:
        """What the operation says of itself."""
        return bed.operation(self.connection, self.name)

    def creates(self, bed: Bed) -> list[Asked]:
        """The requests so far that were to start one."""
        return [each for each in bed.asked() if self.is_create(each)]

    def looks(self, bed: Bed) -> list[Asked]:
        """The requests so far that looked at one job."""
        return [each for each in bed.asked() if self.is_look(each)]

    def lists(self, bed: Bed) -> list[Asked]:
        """The requests so far that listed jobs."""
        return [each for each in bed.asked() if self.is_list(each)]

    @abstractmethod
    def is_create(self, asked: Asked) -> bool:
        """Whether a request starts it."""

    @abstractmethod
    def is_look(self, asked: Asked) -> bool:
        """Whether a request looks at one job."""

    @abstractmethod
    def is_list(self, asked: Asked) -> bool:
        """Whether a request lists jobs."""

    @abstractmethod
    def script(self, sandbox: Sandbox, *courses: Course) -> None:
        """Say how the next jobs go that are started through the API, each for one."""

    @abstractmethod
    def race(self, sandbox: Sandbox, runs: float, left: float) -> None:
        """Have the next job run so long, and end well ``left`` seconds after it was asked to stop."""

    @abstractmethod
    def foreign(self, sandbox: Sandbox, course: Course) -> str:
        """Have somebody else start a job of the same work; return its id."""

    @abstractmethod
    def foreign_by_api(self, sandbox: Sandbox) -> None:
        """Have somebody else start a job of the same work with the same call: lists show it as late as ours."""

    @abstractmethod
    def elsewhere(self, sandbox: Sandbox) -> None:
        """Have somebody else start jobs of other work, as like ours as can be."""

    @abstractmethod
    def end_by_hand(self, sandbox: Sandbox, job: str) -> None:
        """Have a person stop a job; where none can be stopped, mark it as dealt with."""

    @abstractmethod
    def jobs(self, sandbox: Sandbox) -> list[OnPlatform]:
        """Every job of the work that ever took effect, oldest first."""

    @abstractmethod
    def query(self) -> JobQuery:
        """What lists the jobs of the work by hand."""


# -- Tamr --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tamr(Subject):
    """One type of job. ``ids`` are those of its configuration, ``others`` configurations that are other work."""

    type: str
    ids: Mapping[str, str]
    others: Sequence[Mapping[str, Mapping[str, str]]] = ()

    connection = "tamr"
    platform = "tamr"
    listing: ClassVar[Rule] = {"platform": "tamr", "method": "GET", "path": "/v1beta1/jobs?"}
    calls_to_start = 3
    reason = "SOURCE_UNREACHABLE"
    list_lag = "tamr_list_lag_seconds"
    look_lag = "tamr_get_lag_seconds"
    unknown_word = "tamr_unknown_state"

    @property
    def create(self) -> Rule:
        return {"platform": "tamr", "method": "POST", "path": "*/v1beta1/jobs"}

    @property
    def look(self) -> Rule:
        return {"platform": "tamr", "method": "GET", "path": "*/v1beta1/jobs/*"}

    @property
    def lists_before(self) -> int:
        """Who holds a place, and what is on the target."""
        return 2

    @property
    def switches(self) -> Sequence[Switches]:
        """All of them for the update of a data product, for the others those that are about the ids in a job."""
        return (*_ABOUT_IDS, *(_ABOUT_ANY_JOB if self.id == "tamr.update-product" else ()))

    @property
    def key(self) -> str:
        """What outcomes are written for."""
        return next(iter(self.ids.values()))

    def is_create(self, asked: Asked) -> bool:
        return asked.method == "POST" and asked.path == "/api/v1beta1/jobs"

    def is_look(self, asked: Asked) -> bool:
        return asked.method == "GET" and asked.path.startswith("/api/v1beta1/jobs/")

    def is_list(self, asked: Asked) -> bool:
        return asked.method == "GET" and asked.path.partition("?")[0] == "/api/v1beta1/jobs"

    def script(self, sandbox: Sandbox, *courses: Course) -> None:
        sandbox.tamr.outcomes.set({self.key: [{**self._outcome(each), "times": 1} for each in courses]})

    def race(self, sandbox: Sandbox, runs: float, left: float) -> None:
        outcome = {"running": runs, "stopping": left, "stop_race": "succeeds", "times": 1}
        sandbox.tamr.outcomes.set({self.key: outcome})

    def foreign(self, sandbox: Sandbox, course: Course) -> str:
        return sandbox.tamr.add_foreign({"configuration": self._configuration, **self._outcome(course)}).id

    def foreign_by_api(self, sandbox: Sandbox) -> None:
        body = json.dumps({"configuration": self._configuration}).encode()
        _called(sandbox, self.platform, "POST", "/api/v1beta1/jobs", (b"x-api-key", b"apk_sandbox"), body)

    def elsewhere(self, sandbox: Sandbox) -> None:
        for configuration in self.others:
            sandbox.tamr.add_foreign({"configuration": configuration, "running": 10_000})

    def end_by_hand(self, sandbox: Sandbox, job: str) -> None:
        path = f"/api/v1beta1/jobs/{job}:stop"
        _called(sandbox, self.platform, "POST", path, (b"x-api-key", b"apk_sandbox"), b"{}")

    def jobs(self, sandbox: Sandbox) -> list[OnPlatform]:
        with sandbox.lock:
            sandbox.tamr.settle()
            mine = [job for job in sandbox.tamr.jobs if job.configuration == self._configuration]
            return [
                OnPlatform(job.id, job.is_over, job.created, job.entered("RUNNING"), job.entered("DONE"))
                for job in mine
            ]

    def query(self) -> JobQuery:
        return JobQuery(operation=self.name, settings={name: str(value) for name, value in self.entry.items()})

    @property
    def _configuration(self) -> dict[str, dict[str, str]]:
        return {self.type: dict(self.ids)}

    def _outcome(self, course: Course) -> dict[str, Any]:
        failure = {"reason": self.reason, "message": MESSAGE} if course.fails else {}
        return {"pending": course.waits, "running": course.runs, **failure}


_ABOUT_IDS: Sequence[Switches] = (
    {"tamr_empty_ids": "empty", "tamr_no_error": "null", "tamr_extra_fields": True},
    {"tamr_filter": "unknown_400", "tamr_error_style": "gateway"},
    {"tamr_filter": "ignored", "tamr_empty_ids": "empty"},
)
_ABOUT_ANY_JOB: Sequence[Switches] = (
    {"tamr_filter": "unknown_400"},
    {"tamr_error_style": "gateway", "tamr_busy": "409"},
    {"tamr_get_lag_seconds": 45},
    {"tamr_list_lag_seconds": 15},
    {"tamr_get_lag_seconds": 15, "tamr_list_lag_seconds": 15, "tamr_filter": "ignored"},
    {"tamr_page_above_30": "400"},
    {"tamr_counts": "running"},
    {"tamr_unknown_state": "QUEUED_FOR_PLANNING"},
    {"date_header": False},
)


# -- CRM Analytics -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crm(Subject):
    """The run of one asset; ``other`` is the name of another one of its kind."""

    kind: str
    asset: str
    other: str

    connection = "sales"
    platform = "crm_analytics"
    listing: ClassVar[Rule] = {"platform": "crm_analytics", "method": "GET", "path": "/dataflowjobs?"}
    calls_to_start = 3
    reason = "Failure"
    list_lag = look_lag = "crm_job_lag_seconds"
    unknown_word = "crm_unknown_status"

    @property
    def create(self) -> Rule:
        path = "*/ingest" if self.kind == "data_sync" else "*/wave/dataflowjobs"
        return {"platform": "crm_analytics", "method": "POST", "path": path}

    @property
    def look(self) -> Rule:
        """A data sync is looked at in the list: it may have several jobs."""
        if self.kind == "data_sync":
            return self.listing
        return {"platform": "crm_analytics", "method": "GET", "path": "*/dataflowjobs/*"}

    @property
    def looks_before(self) -> int:
        return 2 if self.kind == "data_sync" else 0

    @property
    def names_its_job(self) -> bool:
        return self.kind != "data_sync"

    @property
    def switches(self) -> Sequence[Switches]:
        """All of them but for the dataflow, which has those that are about the answer to a start."""
        of_kind = _OF_SYNCS if self.kind == "data_sync" else _OF_STARTS
        return (*of_kind, *(() if self.kind == "dataflow" else _OF_JOBS))

    def is_create(self, asked: Asked) -> bool:
        end = "/ingest" if self.kind == "data_sync" else "/wave/dataflowjobs"
        return asked.method == "POST" and asked.path.endswith(end)

    def is_look(self, asked: Asked) -> bool:
        return asked.method == "GET" and (
            "/wave/dataflowjobs/" in asked.path or (self.kind == "data_sync" and self.is_list(asked))
        )

    def is_list(self, asked: Asked) -> bool:
        return asked.method == "GET" and asked.path.partition("?")[0].endswith("/wave/dataflowjobs")

    def script(self, sandbox: Sandbox, *courses: Course) -> None:
        times = sandbox.switches["crm_sync_jobs"] if self.kind == "data_sync" else 1
        steps = [{**_crm(each), "times": times} for each in courses]
        sandbox.crm.jobs.scripts.write(self._asset(sandbox).id[:15], steps)

    def race(self, sandbox: Sandbox, runs: float, left: float) -> None:
        """The usual run, whose end comes before a stop that takes very long has done anything."""
        self.script(sandbox, Course(runs=runs))
        sandbox.set_switches({"crm_stopping_seconds": 100_000})

    def foreign(self, sandbox: Sandbox, course: Course) -> str:
        return sandbox.crm.jobs.start(self._asset(sandbox), script=_crm(course)).id

    def foreign_by_api(self, sandbox: Sandbox) -> None:
        sandbox.crm.jobs.start(self._asset(sandbox), lag=sandbox.switches["crm_job_lag_seconds"])

    def elsewhere(self, sandbox: Sandbox) -> None:
        for kind, name in ((self.kind, self.other), ("recipe", "Month_Close"), ("data_sync", "SFDC_LOCAL")):
            asset = sandbox.crm.assets.named(kind, name)
            assert asset is not None
            sandbox.crm.jobs.start(asset, script={"running_seconds": 10_000})

    def end_by_hand(self, sandbox: Sandbox, job: str) -> None:
        found = sandbox.crm.jobs.find(job)
        assert found is not None
        sandbox.crm.jobs.stop(found)

    def jobs(self, sandbox: Sandbox) -> list[OnPlatform]:
        """Every job but the refused ones, whose ids begin with 030: those never ran. A sync of several is one."""
        with sandbox.lock:
            asset = self._asset(sandbox).id
            saved = sandbox.crm.jobs.as_json()["jobs"]
        mine = [each for each in saved if each["asset_id"] == asset and not each["id"].startswith("030")]
        return [_one_of(list(batch)) for _, batch in groupby(mine, lambda each: each["batch"])]

    def query(self) -> JobQuery:
        return JobQuery(operation=self.name, settings={name: str(value) for name, value in self.entry.items()})

    def _asset(self, sandbox: Sandbox) -> Asset:
        found = sandbox.crm.assets.named(self.kind, self.asset)
        assert found is not None
        return found


# What only matters for one of the two operations.
_OF_STARTS: Sequence[Switches] = (
    {"start_returns_id": False},
    {"start_returns_id": False, "crm_job_lag_seconds": 45},
    {"crm_start_id": "request"},
    {"crm_start_id": "request", "crm_job_lag_seconds": 15},
)
_OF_JOBS: Sequence[Switches] = (
    {"crm_job_lag_seconds": 15},
    {"crm_progress": "percent", "entity_encoding": False},
    {"crm_unknown_status": "Live"},
    {"crm_unknown_status": "Thinking", "crm_progress": "zero", "trailing_slash": "404"},
    {"token_uses": 2},
    {"date_header": False},
)
_OF_SYNCS: Sequence[Switches] = (
    {"sync_source": "empty"},
    {"crm_sync_jobs": 3},
    {"crm_sync_jobs": 3, "sync_source": "empty"},
    {"crm_job_lag_seconds": 45},
)


def _one_of(batch: list[dict[str, Any]]) -> OnPlatform:
    """Return what jobs that were made together are as one."""
    started = [datetime.fromisoformat(each["started"]) for each in batch if each["started"]]
    ended = [datetime.fromisoformat(each["ended"]) for each in batch if each["ended"]]
    is_over = len(ended) == len(batch)
    return OnPlatform(
        batch[0]["id"],
        is_over,
        datetime.fromisoformat(batch[0]["created"]),
        min(started, default=None),
        max(ended) if is_over else None,
        frozenset({batch[0]["request_id"]} - {""}),
    )


# -- Tailer ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Launch(Subject):
    """Runs of one data operation."""

    connection = "tailer"
    platform = "tailer"
    listing: ClassVar[Rule] = {"platform": "tailer", "method": "POST", "path": "/v1/dag/status"}
    calls_to_start = 2
    reason = "FAILED"
    message = ""
    list_lag = look_lag = "tailer_run_lag_seconds"
    unknown_word = "tailer_unknown_status"

    @property
    def create(self) -> Rule:
        return {"platform": "tailer", "method": "POST", "path": "/v1/dag/launch"}

    @property
    def look(self) -> Rule:
        """Looks and lists go the same way."""
        return self.listing

    @property
    def looks_before(self) -> int:
        return 1

    @property
    def switches(self) -> Sequence[Switches]:
        return (
            {"ko_style": "http_json", "ok_style": "code"},
            {"ko_style": "ok_status_message", "ok_case": "upper"},
            {"ko_style": "ok_status_code", "ok_case": "title"},
            {"tailer_lists": "no_waiting", "tailer_default_limit": 1},
            {"tailer_lists": "neither", "tailer_run_lag_seconds": 15},
            {"tailer_run_lag_seconds": 45, "tailer_lists": "no_deactivated"},
            {"tailer_run_lag_seconds": 45, "ko_style": "ok_status_code"},
            {"tailer_run_lag_seconds": 45, "ko_style": "ok_status_message"},
            {"tailer_run_lag_seconds": 45, "ko_style": "http_json"},
            {"tailer_run_lag_seconds": 45, "tailer_unknown_run": "empty"},
            {"tailer_type_names": "documented"},
            {"tailer_type_names": "internal", "tailer_lookup": "id_only"},
            {"tailer_unknown_status": "PREPARING"},
            {"date_header": False},
        )

    def is_create(self, asked: Asked) -> bool:
        return asked.path == "/v1/dag/launch"

    def is_look(self, asked: Asked) -> bool:
        return asked.action == "check_run_status"

    def is_list(self, asked: Asked) -> bool:
        return asked.action in ("get_last_status", "get_by_status")

    def script(self, sandbox: Sandbox, *courses: Course) -> None:
        sandbox.tailer.model.scripts.write(TABLE, [{**_tailer(each), "times": 1} for each in courses])

    def race(self, sandbox: Sandbox, runs: float, left: float) -> None:
        raise AssertionError("no run of Tailer can be stopped")

    def foreign(self, sandbox: Sandbox, course: Course) -> str:
        return sandbox.tailer.model.launch(
            _configuration(sandbox, "table-to-table", TABLE), script=_tailer(course)
        ).run_id

    def foreign_by_api(self, sandbox: Sandbox) -> None:
        lag = sandbox.switches["tailer_run_lag_seconds"]
        sandbox.tailer.model.launch(_configuration(sandbox, "table-to-table", TABLE), lag=lag)

    def elsewhere(self, sandbox: Sandbox) -> None:
        script = {"running_seconds": 10_000.0}
        for type_, id_, environment in (("storage-to-storage", STORAGE, "DEV"), ("table-to-table", PROD_TABLE, "PROD")):
            sandbox.tailer.model.launch(_configuration(sandbox, type_, id_, environment), script=script)

    def end_by_hand(self, sandbox: Sandbox, job: str) -> None:
        run = next(run for run in sandbox.tailer.model.runs if run.run_id == job)
        sandbox.tailer.model.set_run(run, "CHECKED")

    def jobs(self, sandbox: Sandbox) -> list[OnPlatform]:
        with sandbox.lock:
            sandbox.tailer.model.settle()
            return [
                OnPlatform(run.run_id, not run.is_open, run.created, run.started, None if run.is_open else run.updated)
                for run in sandbox.tailer.model.runs
                if (run.configuration_id, run.environment) == (TABLE, "DEV")
            ]

    def query(self) -> JobQuery:
        return JobQuery(operation=self.name, settings={"type": "table-to-table", "id": TABLE})


# -- what nobody can look at -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reset:
    """The one operation that is not ``watchable``: the reset of a workflow."""

    id: str = "tailer.reset"
    name: str = "tailer.reset"
    connection: str = "tailer"
    entry: Mapping[str, Any] = field(default_factory=lambda: {"workflow": FLOW})
    create: Rule = field(
        default_factory=lambda: {"platform": "tailer", "method": "POST", "path": "/v1/workflow/status"}
    )
    switches: Sequence[Switches] = (
        {"ko_style": "http_json"},
        {"ko_style": "ok_status_message", "ok_case": "upper"},
        {"ko_style": "ok_status_code", "ok_case": "title"},
        {"ok_style": "code", "tailer_lookup": "id_only"},
        {"date_header": False},
    )

    def step(self, bed: Bed, name: str = "job", **options: Any) -> Step:
        """The step that orders it."""
        return bed.step(self.connection, self.name, self.entry, name, **options)

    def creates(self, bed: Bed) -> list[Asked]:
        """The requests so far that were to do it."""
        return [each for each in bed.asked() if each.path == "/v1/workflow/status"]

    def done(self, sandbox: Sandbox) -> int:
        """How often the workflow was reset."""
        with sandbox.lock:
            return sandbox.tailer.model.workflows["000099", "DEV", "workflow", FLOW].resets


# -- the subjects ------------------------------------------------------------------------------------------------------

_LOAD: Mapping[str, Mapping[str, str]] = {"load": {"sourceId": "src_a"}}
_PRODUCT: Mapping[str, Mapping[str, str]] = {"update": {"dataProductId": "dp_xyz"}}
_FLOW: Mapping[str, Mapping[str, str]] = {"update": {"workflowId": "flow_xyz"}}
_PUBLISH: Mapping[str, Mapping[str, str]] = {"publish": {"destinationId": "Test 123", "dataProductId": "dp_xyz"}}
_TWIN: Mapping[str, Mapping[str, str]] = {"publish": {"destinationId": "Test 123", "dataProductId": "dp_other"}}

SUBJECTS: tuple[Subject, ...] = (
    Tamr(
        "tamr.load", "tamr.load", {"source": "src_a"}, "load", _LOAD["load"], ({"load": {"sourceId": "src_b"}}, _FLOW)
    ),
    Tamr(
        "tamr.update-product",
        "tamr.update",
        {"data_product": "dp_xyz"},
        "update",
        _PRODUCT["update"],
        (_FLOW, _PUBLISH, {"update": {"dataProductId": "dp_other"}}),
    ),
    Tamr(
        "tamr.update-workflow", "tamr.update", {"workflow": "flow_xyz"}, "update", _FLOW["update"], (_PRODUCT, _PUBLISH)
    ),
    Tamr(
        "tamr.publish",
        "tamr.publish",
        {"destination": "Test 123", "data_product": "dp_xyz"},
        "publish",
        _PUBLISH["publish"],
        (_PRODUCT, _TWIN),
    ),
    Crm(
        "crm.start-dataflow",
        "crm_analytics.start",
        {"dataflow": "Opportunities"},
        "dataflow",
        "Opportunities",
        "After_Sync",
    ),
    Crm("crm.start-recipe", "crm_analytics.start", {"recipe": "Board_Pack"}, "recipe", "Board_Pack", "Adhoc_Export"),
    Crm("crm.sync", "crm_analytics.sync", {"data_sync": "Warehouse"}, "data_sync", "Warehouse", "Marketing_Cloud"),
    Launch("tailer.launch", "tailer.launch", {"type": "table-to-table", "id": TABLE}),
)
# One for each way in which jobs are started, looked at and listed: what is about the wire alone is the same for all.
ONE_OF_EACH = tuple(
    each for each in SUBJECTS if each.id in ("tamr.update-product", "crm.start-recipe", "crm.sync", "tailer.launch")
)
RESET = Reset()


def _crm(course: Course) -> dict[str, Any]:
    failure = {"outcome": "failure", "message": MESSAGE} if course.fails else {}
    return {"queued_seconds": course.waits, "running_seconds": course.runs, **failure}


def _tailer(course: Course) -> dict[str, Any]:
    failure = {"outcome": "FAILED"} if course.fails else {}
    return {"waiting_seconds": course.waits, "running_seconds": course.runs, **failure}


def _configuration(sandbox: Sandbox, type_: str, id_: str, environment: str = "DEV") -> Configuration:
    return sandbox.tailer.model.configurations["000099", environment, type_, id_]


def _called(sandbox: Sandbox, platform: str, method: str, path: str, header: tuple[bytes, bytes], body: bytes) -> None:
    """Make a call as another program, past the faults and the log."""
    reply = sandbox.handle(platform, Call(method, path, headers=[header], body=body))
    assert reply.status == 200, reply
