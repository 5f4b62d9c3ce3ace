"""One run of a Tailer data operation, and how it looks.

Source: tailer.md 1.1 (rows: H), 2.2 (states: M), 2.5 (ids: H).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconcile.sandbox.script import Fields, is_seconds
from reconcile.sandbox.tailer_model import Configuration, job_id
from reconcile.sandbox.wire import Json

ENDED = ("SUCCESS", "FAILED", "NO_MATCH", "CHECKED", "DEACTIVATED")
SCRIPT: Fields = {
    "outcome": lambda value: value in ("SUCCESS", "FAILED", "NO_MATCH"),
    "waiting_seconds": is_seconds,
    "running_seconds": is_seconds,
}
"""What a script may say of a run."""

_BY_FILE = ("storage-to-storage", "storage-to-tables")
_INTERNAL = {"table-to-table": "gbq-to-gbq"}
_TIMES = ("created", "visible", "updated", "ready", "started", "ends")


@dataclass(slots=True, eq=False)
class Run:
    """One run. Times are UTC.

    `ready` is when it may begin (None: not by itself), `ends` when its process ends and writes `outcome` (None: no
    process is at work, whatever the status says). `visible` is from when the API shows it.
    """

    account: str
    environment: str
    configuration_type: str
    configuration_id: str
    job_id: str
    run_id: str
    created: datetime
    visible: datetime
    updated: datetime
    running_seconds: float
    outcome: str = "SUCCESS"
    status: str = "WAITING"
    execution_date: str | None = None
    duration: str | None = None
    ready: datetime | None = None
    started: datetime | None = None
    ends: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Return whether something will still happen to it by itself."""
        return self.ready is not None or self.ends is not None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return the key of its configuration."""
        return self.account, self.environment, self.configuration_type, self.configuration_id

    def begin(self, at: datetime) -> None:
        """Let the process work from then on."""
        self.status, self.updated, self.started, self.ready = "RUNNING", at, at, None
        self.ends = at + timedelta(seconds=self.running_seconds)

    def write(self, status: str, at: datetime) -> None:
        """Put it into a state in which it stays; the time it took stands there once it is over (1.1)."""
        self.status, self.updated, self.ready, self.ends = status, at, None, None
        if status not in ENDED:
            self.duration = None
        elif self.duration is None and status != "DEACTIVATED":
            self.duration = str(at - (self.started or self.created))

    def as_json(self) -> Json:
        """Return it as it is saved and as the admin endpoints show it."""
        saved: Json = {name: getattr(self, name) for name in self.__slots__}
        return saved | {name: saved[name].isoformat() if saved[name] else None for name in _TIMES}

    @classmethod
    def from_json(cls, saved: Json) -> "Run":
        """Return a run that was saved."""
        return cls(**saved | {name: datetime.fromisoformat(saved[name]) if saved[name] else None for name in _TIMES})


def new_run(
    configuration: Configuration, created: datetime, running_seconds: float, *, job: str = "", cause: str = ""
) -> Run:
    """Return a run that waits. With a `cause` its id follows from it, so that it is the same after a restart."""
    key = (configuration.account, configuration.environment, configuration.type, configuration.id)
    return Run(
        *key,
        job or job_id(configuration),
        _run_id(configuration.type, created, cause),
        created,
        created,
        created,
        running_seconds,
    )


def row(run: Run, type_name: str, unknown_status: str | None) -> Json:
    """Return a run as the results show it. Until it begins, the time it was asked for stands as its start (L).

    Rows of storage-to-storage have no `last_update_date` in the docs (1.1, H).
    """
    shown: Json = {
        "account": run.account,
        "configuration_id": run.configuration_id,
        "configuration_type": type_name,
        "environment": run.environment,
        "job_id": run.job_id,
        "run_id": run.run_id,
        "start_execution_date": (run.started or run.created).isoformat(),
        "status": unknown_status if unknown_status and run.status == "RUNNING" else run.status,
    }
    if run.configuration_type != "storage-to-storage":
        shown["last_update_date"] = run.updated.isoformat()
    return shown | ({"duration": run.duration} if run.duration is not None else {})


def internal_type(type_: str) -> str:
    """Return the name that the platform itself uses for a type (1.1, H)."""
    return _INTERNAL.get(type_, type_)


def _run_id(type_: str, created: datetime, cause: str) -> str:
    """Return a launched run's id, with the time of day; those of file events have none (2.5, H samples)."""
    unique = uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_OID, cause).bytes, version=4) if cause else uuid.uuid4()
    return f"{created:%Y%m%d}-{unique}" if type_ in _BY_FILE else f"{created:%Y%m%d-%H%M%S}-{unique}"
