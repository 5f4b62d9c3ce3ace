"""The Tamr Cloud jobs simulator: the four routes of tamr.md 1.2. The `filter` language is not there yet.

Sources: tamr.md 1.1 to 1.8; letters in comments are that page's marks (A read, B inferred, C assumed).
"""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from reconcile.sandbox.clock import Clock, iso
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Call, Json, Reply, json_reply

_IDS = {  # job type -> input key -> snake_case alias, accepted on input (1.3, A for proto3 JSON)
    "load": {"sourceId": "source_id"},
    "update": {"dataProductId": "data_product_id", "workflowId": "workflow_id"},
    "publish": {"destinationId": "destination_id", "dataProductId": "data_product_id"},
}
_REQUIRED = {"load": ("sourceId",), "update": ("dataProductId", "workflowId"), "publish": ("destinationId",)}
_PAGE_DEFAULT, _PAGE_MOST = 10, 30  # 1.6, A; above 30 is coerced (C)
_STOPPED = {"reason": "STOPPED_BY_USER", "message": "The job was stopped by a user."}  # 1.5, A
_PLANNING = {"reason": "PLANNING_FAILED", "message": "The job could not be planned."}  # reason: A


class TamrError(Exception):
    """A refusal: `{"statusCode", "message"}` (1.7, A)."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


class Tamr:
    """One tenant: known resources, jobs oldest first, and how jobs on a resource end."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self.switches = switches
        self.clock = clock
        self.resources: list[str] = []
        self.outcomes: dict[str, Json] = {}
        """Resource id -> {"reason", "message"} its jobs fail with from now on."""
        self.jobs: list[Json] = []

    def handle(self, call: Call) -> Reply:
        """Return the answer to one request."""
        try:
            self._admit(call)
            self.settle()
            return self._route(call)
        except TamrError as refusal:
            body = {"statusCode": refusal.status, "message": str(refusal)}
            return json_reply(body, refusal.status, headers=refusal.headers)

    def settle(self) -> None:
        """Bring all jobs to where the clock says they are."""
        now = self.clock.now()
        for job in self.jobs:
            while (moved := self._due(job)) and moved[0] <= now:
                _enter(job, moved[1], moved[0], moved[2])

    def as_json(self) -> Json:
        """Return everything that is saved."""
        return {"resources": self.resources, "outcomes": self.outcomes, "jobs": self.jobs}

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved."""
        self.resources, self.outcomes, self.jobs = saved["resources"], saved["outcomes"], saved["jobs"]

    def _admit(self, call: Call) -> None:
        if call.header(b"x-api-key") not in self.switches["tamr_keys"]:  # 1.1, A
            raise TamrError(401, "Unauthorized")

    def _route(self, call: Call) -> Reply:
        match (call.method, call.path.removeprefix("/api/v1beta1").split("/")[1:]):
            case ("POST", ["jobs"]):
                return self._create(call)
            case ("GET", ["jobs"]):
                return self._list(call.args)
            case ("GET", ["jobs", job_id]):
                return json_reply(self._view(self._find(job_id)))
            case ("POST", ["jobs", target]) if target.endswith(":stop"):
                return json_reply({}, effect=self.stop(self._find(target.removesuffix(":stop"))))
        raise TamrError(404, "Not Found")

    def _create(self, call: Call) -> Reply:
        """Answer with 200, not 201; there is no way to repeat this safely (1.8, A)."""
        configuration = _configuration(call.body)
        if self._busy() >= self.switches["tamr_concurrency"]:  # refused, never queued (1.7, A)
            wait = self.switches["tamr_retry_after"]
            raise TamrError(429, "Too Many Requests", {"retry-after": str(wait)} if wait else None)
        ids = next(iter(configuration.values()))
        unknown = [value for value in ids.values() if value not in self.resources]
        if unknown and self.switches["tamr_unknown_resource"] != "planning_failed":
            raise TamrError(int(self.switches["tamr_unknown_resource"]), f"{unknown[0]} was not found")
        created = {"state": "PENDING", "stateStartTime": iso(self.clock.now())}
        job = {"jobId": f"job_{secrets.token_hex(8)}", "configuration": configuration, "status": created}
        job["statusHistory"] = []
        job["plan"] = self._planned(ids, failing=bool(unknown))
        self.jobs.append(job)
        return json_reply(self._view(job), effect=True)

    def _planned(self, ids: Json, *, failing: bool) -> Json:
        error = _PLANNING if failing else next((self.outcomes[i] for i in ids.values() if i in self.outcomes), None)
        spans = {state: self.switches[f"tamr_{state}_seconds"] for state in ("pending", "running", "stopping")}
        return {**spans, "error": error}

    def stop(self, job: Json) -> bool:
        """Return whether stopping changed anything: a pending job ends at once, a running one later (1.5, A)."""
        state, now = job["status"]["state"], self.clock.now()
        if state == "PENDING":
            _enter(job, "DONE", now, _STOPPED)
        elif state == "RUNNING":
            _enter(job, "STOPPING", now)
        return state in ("PENDING", "RUNNING")

    def _list(self, args: dict[str, str]) -> Reply:
        """Newest first (1.6, A; pending jobs by creation, C)."""
        if args.get("filter"):
            raise TamrError(400, "The sandbox does not know the filter language yet; page and compare instead")
        given = args.get("pageSize") or args.get("page_size") or str(_PAGE_DEFAULT)
        if not given.isdigit():
            raise TamrError(400, "pageSize must be a number")
        size = min(int(given) or _PAGE_DEFAULT, _PAGE_MOST)
        wanted = {name: args[name] for ids in _IDS.values() for name in ids if args.get(name)}
        jobs = [
            job for job in reversed(self.jobs) if wanted.items() <= next(iter(job["configuration"].values())).items()
        ]
        start = _start_of(jobs, args.get("pageToken") or args.get("page_token") or "")
        page = jobs[start : start + size]
        following = _token(page[-1]["jobId"]) if start + size < len(jobs) else ""
        return json_reply({"jobs": [self._view(job) for job in page], "nextPageToken": following})

    def _find(self, job_id: str) -> Json:
        for job in self.jobs:
            if job["jobId"] == job_id:
                return job
        raise TamrError(404, f"Job {job_id} was not found")

    def _busy(self) -> int:
        counted = ("RUNNING",) if self.switches["tamr_counts"] == "running" else ("PENDING", "RUNNING", "STOPPING")
        return sum(job["status"]["state"] in counted for job in self.jobs)

    def _due(self, job: Json) -> tuple[datetime, str, Json | None] | None:
        """Return (when, state, error) of a job's next step by itself, None when it is done."""
        plan, state = job["plan"], job["status"]["state"]
        since = datetime.fromisoformat(job["status"]["stateStartTime"])
        if state == "PENDING" and plan["error"] == _PLANNING:
            return since + timedelta(seconds=plan["pending"]), "DONE", _PLANNING
        steps: dict[str, tuple[str, Json | None]] = {
            "PENDING": ("RUNNING", None),
            "RUNNING": ("DONE", plan["error"]),
            "STOPPING": ("DONE", _STOPPED),
        }
        if state not in steps:
            return None
        return since + timedelta(seconds=plan[state.lower()]), *steps[state]

    def _view(self, job: Json) -> Json:
        """Return the job of 1.3 (A); how unset values look is a switch each."""
        configuration = {kind: dict(ids) for kind, ids in job["configuration"].items()}
        if self.switches["tamr_empty_ids"] == "empty":
            configuration = {kind: {**dict.fromkeys(_IDS[kind], ""), **ids} for kind, ids in configuration.items()}
        null = self.switches["tamr_no_error"] == "null"
        history = [{**past, "error": None} if null else past for past in job["statusHistory"]]
        status = {"error": None, **job["status"]} if null else job["status"]
        return {"jobId": job["jobId"], "configuration": configuration, "status": status, "statusHistory": history}


def _configuration(body: bytes) -> Json:
    """Return `{"load": {"sourceId": "..."}}` from a create body; unknown keys are dropped silently (1.3, B)."""
    try:
        given = json.loads(body)["configuration"]
        kinds = [kind for kind in _IDS if isinstance(given.get(kind), dict)]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise TamrError(400, "configuration is required") from None
    if len(kinds) != 1:  # two members of a oneof are a parse error (1.3, B)
        raise TamrError(400, "exactly one of load, update, publish is required")
    kind = kinds[0]
    ids = {name: given[kind].get(name) or given[kind].get(alias) for name, alias in _IDS[kind].items()}
    ids = {name: value for name, value in ids.items() if value}
    if not all(isinstance(value, str) for value in ids.values()):
        raise TamrError(400, "ids must be strings")
    if not any(name in ids for name in _REQUIRED[kind]):
        raise TamrError(400, f"{' or '.join(_REQUIRED[kind])} is required")
    return {kind: ids}


def _enter(job: Json, state: str, when: datetime, error: Json | None = None) -> None:
    job["statusHistory"].insert(0, job["status"])  # newest first (1.3, B)
    job["status"] = {"state": state, "stateStartTime": iso(when), **({"error": error} if error else {})}


def _token(job_id: str) -> str:
    return base64.urlsafe_b64encode(job_id.encode()).decode().rstrip("=")


def _start_of(jobs: list[Json], token: str) -> int:
    """Return where the page after that token starts: by job, so that new jobs shift nothing."""
    if not token:
        return 0
    for index, job in enumerate(jobs):
        if _token(job["jobId"]) == token:
            return index + 1
    raise TamrError(400, "pageToken is not valid")
