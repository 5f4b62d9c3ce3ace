"""Tamr jobs: what each is about, where it stands by the clock, and how it will end.

Sources: tamr.md 1.3 to 1.5; letters in comments are that page's marks (A read, B inferred, C assumed).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from reconcile.sandbox.clock import iso
from reconcile.sandbox.wire import Json

IDS = {  # job type -> key -> its snake_case alias, accepted on input (1.3, A for proto3 JSON)
    "load": {"sourceId": "source_id"},
    "update": {"dataProductId": "data_product_id", "workflowId": "workflow_id"},
    "publish": {"destinationId": "destination_id", "dataProductId": "data_product_id"},
}
_REQUIRED = {"load": ("sourceId",), "update": ("dataProductId", "workflowId"), "publish": ("destinationId",)}

STATES = ("PENDING", "RUNNING", "STOPPING", "DONE")  # 1.3, A
STOPPED = {"reason": "STOPPED_BY_USER", "message": "The job was stopped by a user."}  # 1.5, A
PLANNING = {"reason": "PLANNING_FAILED", "message": "The job could not be planned."}  # reason: 1.5, A
_FAILED_ANYWAY = {"reason": "INTERNAL_ERROR", "message": "The job failed while it was stopped."}  # C


@dataclass(frozen=True, slots=True)
class Status:
    """A state, since when (UTC, whole milliseconds, as it is shown), and why a job that is done did not succeed."""

    state: str
    since: datetime
    error: Json | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a job: seconds in each state, the error it ends with, and how it ends when it is stopped.

    `stop_race` None obeys the stop; "succeeds" and "fails" end by themselves while STOPPING (1.5, A).
    """

    pending: float
    running: float
    stopping: float
    error: Json | None = None
    stop_race: str | None = None


@dataclass(slots=True)
class Job:
    """One job. `statuses` are newest first; a `hidden` one is seen by nobody, but holds a slot."""

    id: str
    number: int
    configuration: Json
    plan: Plan
    statuses: list[Status]
    cancelled: datetime | None = None
    """When a stop was asked for."""
    hidden: bool = False

    @property
    def status(self) -> Status:
        """Return the current status."""
        return self.statuses[0]

    @property
    def is_over(self) -> bool:
        """Return whether nothing more will happen to the job."""
        return self.status.state == "DONE"

    @property
    def kind(self) -> str:
        """Return `load`, `update` or `publish`."""
        return str(next(iter(self.configuration)))

    @property
    def ids(self) -> dict[str, str]:
        """Return the ids it was created with, by their JSON keys."""
        ids: dict[str, str] = self.configuration[self.kind]
        return ids

    def entered(self, state: str) -> datetime | None:
        """Return when the job entered a state, None when it never did."""
        return next((each.since for each in self.statuses if each.state == state), None)

    @property
    def created(self) -> datetime:
        """Return when the job was created."""
        return self.statuses[-1].since

    def is_younger(self, seconds: float, now: datetime) -> bool:
        """Return whether the job was created less than so many seconds ago; never for 0, even if time ran back."""
        return seconds > 0 and now - self.created < timedelta(seconds=seconds)

    def settle(self, now: datetime) -> None:
        """Bring the job to where it is at that time, through every state in between at its own instant."""
        while (due := self._due()) is not None and due.since <= now:
            self.statuses.insert(0, due)

    def stop(self, now: datetime) -> bool:
        """Return whether stopping changed anything: a pending job ends at once, a running one later (1.5, A)."""
        moment = whole(now)
        if self.status.state == "PENDING":
            self.statuses.insert(0, Status("DONE", moment, STOPPED))
        elif self.status.state == "RUNNING":
            self.statuses.insert(0, Status("STOPPING", moment))
        else:
            return False
        self.cancelled = moment
        return True

    def _due(self) -> Status | None:
        """Return the next status if nobody interferes, None when the job is over."""
        plan, state, since = self.plan, self.status.state, self.status.since
        match state:
            case "PENDING" if plan.error is not None and plan.error["reason"] == PLANNING["reason"]:
                return Status("DONE", _after(since, plan.pending), plan.error)  # never ran (C)
            case "PENDING":
                return Status("RUNNING", _after(since, plan.pending))
            case "RUNNING":
                return Status("DONE", _after(since, plan.running), plan.error)
            case "STOPPING":
                return Status("DONE", _after(since, plan.stopping), _stop_error(plan))
        return None

    def as_json(self) -> Json:
        """Return everything about the job; status and history look as the API shows them."""
        return {
            "jobId": self.id,
            "number": self.number,
            "configuration": self.configuration,
            "status": status_json(self.status),
            "statusHistory": [status_json(each) for each in self.statuses[1:]],
            "cancelTime": iso(self.cancelled) if self.cancelled else None,
            "hidden": self.hidden,
            "plan": asdict(self.plan),
        }


def job_from(saved: Json, number: int) -> Job:
    """Return the job of `as_json`; `number` is for one that was saved before jobs had any."""
    statuses = [
        Status(each["state"], datetime.fromisoformat(each["stateStartTime"]), each.get("error"))
        for each in (saved["status"], *saved["statusHistory"])
    ]
    cancelled = datetime.fromisoformat(saved["cancelTime"]) if saved.get("cancelTime") else None
    plan, hidden = Plan(**saved["plan"]), saved.get("hidden", False)
    return Job(saved["jobId"], saved.get("number", number), saved["configuration"], plan, statuses, cancelled, hidden)


def status_json(status: Status) -> Json:
    """Return a status as the API shows it, without `error` when there is none (1.3, A)."""
    shown: Json = {"state": status.state, "stateStartTime": iso(status.since)}
    return {**shown, "error": status.error} if status.error else shown


def whole(moment: datetime) -> datetime:
    """Return the moment in whole milliseconds: what is shown is then exactly what filters compare with."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def parse_configuration(given: Any) -> Json:
    """Return `{"load": {"sourceId": "..."}}`; a ValueError says what is wrong. Unknown keys are dropped (1.3, B)."""
    kinds = [kind for kind in IDS if given.get(kind) is not None] if isinstance(given, dict) else []
    if len(kinds) != 1 or not isinstance(given[kinds[0]], dict):  # two members of a oneof are a parse error (1.3, B)
        raise ValueError("configuration needs exactly one of load, update, publish, as an object")
    kind = kinds[0]
    ids = {name: given[kind].get(name) or given[kind].get(alias) for name, alias in IDS[kind].items()}
    ids = {name: value for name, value in ids.items() if value}
    if not all(isinstance(value, str) for value in ids.values()):
        raise ValueError("ids must be strings")
    if not any(name in ids for name in _REQUIRED[kind]):
        raise ValueError(f"{' or '.join(_REQUIRED[kind])} is required")
    return {kind: ids}


def newest_first(jobs: Sequence[Job]) -> list[Job]:
    """Return jobs in the order of the list: see `place`."""
    return sorted(jobs, key=place, reverse=True)


def place(job: Job) -> tuple[bool, str, int]:
    """Return where a job stands in the list, the greatest first: latest start (1.6, A), pending ones before (C).

    A job that ended without ever starting is placed by its creation (C). A job's place only ever changes from
    pending to its start, and so a page that continues after a place can show a job twice, but never miss one.
    """
    moment = job.entered("RUNNING") or job.created
    return job.status.state == "PENDING", iso(moment), job.number


def _after(since: datetime, seconds: float) -> datetime:
    return whole(since + timedelta(seconds=seconds))


def _stop_error(plan: Plan) -> Json | None:
    if plan.stop_race is None:
        return STOPPED
    return None if plan.stop_race == "succeeds" else plan.error or _FAILED_ANYWAY
