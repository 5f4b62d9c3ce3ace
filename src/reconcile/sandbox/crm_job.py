"""One job of CRM Analytics, a run of a dataflow or recipe or a data sync, and how it looks.

Source: crm_analytics.md 2.2, 2.3 and 3 (shapes, ids, words: H).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from reconcile.sandbox.clock import iso
from reconcile.sandbox.script import Fields, is_seconds, is_text
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Json

STATUSES = ("Queued", "Preprocessing", "Running", "Success", "Failure", "Warning", "Cancelled")
OVER = ("Success", "Failure", "Warning", "Cancelled")
PREFIXES = {"dataflow": "03C", "recipe": "0eP", "data_sync": "03C", "refused": "030"}
"""First characters of a job's id; 0eP is a recipe of version 3 (2.3, H)."""

JOB_TYPES = {"dataflow": "user", "recipe": "recipe_v3", "data_sync": "datasync"}
DEFAULT_NODES = {
    "dataflow": ("Extract", "Compute", "Register"),
    "recipe": ("Load", "Transform", "Output"),
    "data_sync": ("Fetch",),
}
OBJECTS = ("Account", "Contact", "Opportunity", "User", "Product2", "Task", "Event", "UserRole")
"""What a data sync of several jobs is about, one after the other; then come numbered ones."""

NODES_MOST = 10
LICENSE = "Sonic"
"""The licence that all jobs here run under, as captured (2.2, H)."""

_OUTCOMES = tuple(each.lower() for each in OVER)
_COUNTED_SECONDS = 120
"""Runs shorter than two minutes are free (4, M)."""

_TIMES = ("created", "visible", "ready", "started", "ends", "ended")


def _is_outcome(value: object) -> bool:
    return isinstance(value, str) and value.lower() in _OUTCOMES


def _are_nodes(value: object) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= NODES_MOST and all(is_text(each) for each in value)


SCRIPT: Fields = {
    "outcome": _is_outcome,
    "message": is_text,
    "node": is_text,
    "nodes": _are_nodes,
    "while_running": is_text,
    "queued_seconds": is_seconds,
    "running_seconds": is_seconds,
}
"""What a script may say of a job: `node` is where it fails, `while_running` the word shown instead of Running."""


@dataclass(slots=True, eq=False)
class Job:
    """One job. What will happen to it is fixed when it is created; times are UTC.

    `ready` is when it may leave the queue (None: not by itself), `ends` when what it does now is over (None: not by
    itself). `visible` is from when the API shows it. `batch` is the same for the jobs of one data sync; `request_id`
    is what the API calls it while it is queued, "" for its own id.
    """

    number: int
    id: str
    kind: str
    asset_id: str
    dataflow_id: str
    name: str
    label: str
    created: datetime
    visible: datetime
    running_seconds: float = 0.0
    ending: str = "Success"
    end_message: str = ""
    nodes: list[str] = field(default_factory=list)
    failing_node: str = ""
    word: str = "Running"
    status: str = "Queued"
    message: str = ""
    ready: datetime | None = None
    started: datetime | None = None
    ends: datetime | None = None
    ended: datetime | None = None
    batch: int = 0
    request_id: str = ""

    @property
    def shown_id(self) -> str:
        """Return the id by which the API knows it now: that of a request until it begins (2.3, 3; M)."""
        return self.request_id if self.request_id and self.started is None else self.id

    @property
    def is_over(self) -> bool:
        """Return whether it has ended."""
        return self.ended is not None

    @property
    def is_queued(self) -> bool:
        """Return whether it has not begun yet."""
        return self.started is None and self.ended is None

    @property
    def is_running(self) -> bool:
        """Return whether it has begun and not ended; it takes one of the places at once."""
        return self.started is not None and self.ended is None

    def seconds(self, now: datetime) -> float:
        """Return how long it ran, or has been running."""
        return max(0.0, ((self.ended or now) - self.started).total_seconds()) if self.started else 0.0

    def is_counted(self, now: datetime) -> bool:
        """Return whether it counts for the daily limit: no data sync, two minutes or more (4, M)."""
        return self.kind != "data_sync" and self.seconds(now) >= _COUNTED_SECONDS

    def as_json(self) -> Json:
        """Return it as it is saved and as the admin endpoints show it."""
        saved: Json = {name: getattr(self, name) for name in self.__slots__}
        return saved | {name: saved[name].isoformat() if saved[name] else None for name in _TIMES}

    @classmethod
    def from_json(cls, saved: Json) -> "Job":
        """Return a job that was saved."""
        saved = {"batch": saved["number"], **saved}
        return cls(**saved | {name: datetime.fromisoformat(saved[name]) if saved[name] else None for name in _TIMES})


def request_view(job: Job, version: str, switches: Switches) -> Json:
    """Return the answer to a start that names the request: queued, whatever has become of it meanwhile."""
    return job_view(replace(job, started=None, ended=None, status="Queued", message=""), version, job.created, switches)


def object_label(connector: str, index: int) -> str:
    """Return the label of one job of a data sync of several, as captured: `Account (SFDC_LOCAL)` (3, H)."""
    name = OBJECTS[index] if index < len(OBJECTS) else f"Object{index + 1}"
    return f"{name} ({connector})"


def job_view(job: Job, version: str, now: datetime, switches: Switches) -> Json:
    """Return a job as the API shows it.

    `startDate` is when it was asked for, `executedDate` when it began, as in the captures (2.2, H).
    """
    url = f"/services/data/{version}/wave/dataflowjobs/{job.shown_id}"
    asset = {"id": job.dataflow_id or job.asset_id, "name": job.name, "url": ""}
    is_empty = job.kind == "data_sync" and switches["sync_source"] == "empty"
    shown: Json = {
        "id": job.shown_id,
        "type": "dataflowjob",
        "jobType": JOB_TYPES[job.kind],
        "status": job.status,
        "label": job.label,
        "message": job.message,
        "progress": _progress(job, now, switches["crm_progress"]),
        "duration": int(job.seconds(now)),
        "waitTime": int(max(0.0, ((job.started or job.ended or now) - job.created).total_seconds())),
        "retryCount": 0,
        "createdDate": iso(job.created),
        "startDate": iso(job.created),
        "source": dict.fromkeys(asset, "") if is_empty else asset,
        "syncDataflows": {"dataflows": []},
        "licenseAttributes": {"type": LICENSE},
        "nodesUrl": f"{url}/nodes",
        "url": url,
    }
    dates = {"executedDate": job.started, "endDate": job.ended}
    return shown | {name: iso(moment) for name, moment in dates.items() if moment}


def _progress(job: Job, now: datetime, style: str) -> float:
    """Return the double that no client should build on: not reliably up to 1, 0.0 after a success (2.2, H)."""
    if style == "zero" or job.started is None:
        return 0.0
    part = 1.0 if job.is_over or not job.running_seconds else min(1.0, job.seconds(now) / job.running_seconds)
    return round(part * 100, 2) if style == "percent" else round(part, 4)
