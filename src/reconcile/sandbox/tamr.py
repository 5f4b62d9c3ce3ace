"""The Tamr Cloud jobs simulator: the four routes of tamr.md 1.2 and what is allowed on them.

Sources: tamr.md 1.1 to 1.8; letters in comments are that page's marks (A read, B inferred, C assumed).
"""

import json
import secrets
from datetime import datetime
from typing import Any

from reconcile.sandbox.clock import Clock
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.tamr_error import TamrError
from reconcile.sandbox.tamr_model import PLANNING, Job, Plan, Status, job_from, parse_configuration, whole
from reconcile.sandbox.tamr_query import parse_query, visible
from reconcile.sandbox.tamr_script import SPANS, Outcome, Script, parse_outcome
from reconcile.sandbox.tamr_view import View
from reconcile.sandbox.wire import Call, Json, Reply, json_reply


class Tamr:
    """One tenant: known resources, jobs in order of creation, and how jobs on a resource go."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self.switches = switches
        self.clock = clock
        self.resources: list[str] = []
        self.outcomes = Script()
        self.view = View(switches)
        self._jobs: dict[str, Job] = {}

    @property
    def jobs(self) -> list[Job]:
        """Return all jobs, oldest first."""
        return list(self._jobs.values())

    def handle(self, call: Call) -> Reply:
        """Return the answer to one request."""
        try:
            self._admit(call)
            now = self.settle()
            return self._route(call, now)
        except TamrError as refusal:
            return refusal.reply(self.switches["tamr_error_style"])

    def settle(self) -> datetime:
        """Bring all jobs to where the clock says they are, and return that time."""
        now = self.clock.now()
        for job in self._jobs.values():
            job.settle(now)
        return now

    def add(self, configuration: Json, plan: Plan, *, hidden: bool = False) -> Job:
        """Return a new job, which is pending."""
        number = max((job.number for job in self._jobs.values()), default=0) + 1
        created = Status("PENDING", whole(self.clock.now()))
        job = Job(f"job_{secrets.token_hex(8)}", number, configuration, plan, [created], hidden=hidden)
        self._jobs[job.id] = job
        return job

    def add_foreign(self, body: Json) -> Job:
        """Return a new job that somebody else started: no limit, no check of ids. A ValueError says what is wrong.

        `body` is `{"configuration": {...}, "hidden": false}` and the keys of an outcome except `times`.
        """
        rest = {name: value for name, value in body.items() if name not in ("configuration", "hidden")}
        if "times" in rest:
            raise ValueError("times is for outcomes; this is one job")
        hidden = body.get("hidden", False)
        if hidden is not True and hidden is not False:
            raise ValueError("hidden must be true or false")
        plan = parse_outcome(rest).plan(self._usual())
        return self.add(parse_configuration(body.get("configuration")), plan, hidden=hidden)

    def forget(self, job_id: str) -> bool:
        """Return whether there was such a job; it is gone, as after the unknown time that jobs are kept (1.6, C)."""
        return self._jobs.pop(job_id, None) is not None

    def as_json(self) -> Json:
        """Return everything that is saved."""
        jobs = [job.as_json() for job in self._jobs.values()]
        return {"resources": self.resources, "outcomes": self.outcomes.as_json(), "jobs": jobs}

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved."""
        self.resources, self.outcomes = saved["resources"], Script()
        self.outcomes.set(saved["outcomes"])
        jobs = [job_from(job, number) for number, job in enumerate(saved["jobs"], 1)]
        self._jobs = {job.id: job for job in jobs}

    def _admit(self, call: Call) -> None:
        if call.header(b"x-api-key") not in self.switches["tamr_keys"]:  # 1.1, A
            raise TamrError(401, "Unauthorized")

    def _route(self, call: Call, now: datetime) -> Reply:
        match (call.method, call.path.removeprefix("/api/v1beta1").split("/")[1:]):
            case ("POST", ["jobs"]):
                return self._create(call.body)
            case ("GET", ["jobs"]):
                return self._list(call.args, now)
            case ("GET", ["jobs", job_id]):
                job = self._find(job_id)
                if job.is_younger(self.switches["tamr_get_lag_seconds"], now):
                    raise _unknown(job_id)
                return json_reply(self.view.job(job))
            case ("POST", ["jobs", target]) if target.endswith(":stop"):
                _parsed(call.body or b"{}")
                return json_reply({}, effect=self._find(target.removesuffix(":stop")).stop(now))
            case (_, ["jobs"] | ["jobs", _]):  # a gateway answers 501, not 405: "unimplemented" (B)
                raise TamrError(501, "Method Not Allowed")
        raise TamrError(404, "Not Found")

    def _create(self, body: bytes) -> Reply:
        """Answer with 200, not 201; there is no way to repeat this safely (1.8, A)."""
        try:
            configuration = parse_configuration(_parsed(body).get("configuration"))
        except ValueError as error:
            raise TamrError(400, str(error)) from None
        ids = next(iter(configuration.values())).values()
        self._check_limit()
        unknown = [each for each in ids if each not in self.resources]
        if unknown and self.switches["tamr_unknown_resource"] != "planning_failed":
            raise TamrError(int(self.switches["tamr_unknown_resource"]), f"{unknown[0]} was not found")
        self._check_busy(configuration)
        outcome = Outcome(PLANNING) if unknown else self.outcomes.take(ids)
        return json_reply(self.view.job(self.add(configuration, outcome.plan(self._usual()))), effect=True)

    def _check_limit(self) -> None:
        """Refuse a job beyond the limit; none is ever queued (1.7, A). Hidden jobs count, too."""
        running_only = self.switches["tamr_counts"] == "running"
        busy = sum(job.status.state == "RUNNING" if running_only else not job.is_over for job in self._jobs.values())
        if busy >= self.switches["tamr_concurrency"]:
            wait = self.switches["tamr_retry_after"]
            raise TamrError(429, "Too Many Requests", {"retry-after": str(wait)} if wait else None)

    def _check_busy(self, configuration: Json) -> None:
        """Refuse a second job of the same work while one is under way: 409 is documented, its use is not (1.7, C)."""
        if self.switches["tamr_busy"] == "409":
            for job in self._jobs.values():
                if not job.is_over and job.configuration == configuration:
                    raise TamrError(409, f"A {job.kind} job is already running for this resource")

    def _list(self, args: dict[str, str], now: datetime) -> Reply:
        query = parse_query(args, self.switches, self.view)
        shown = visible(list(self._jobs.values()), now, self.switches["tamr_list_lag_seconds"])
        return json_reply(self.view.page(*query.page(shown)))

    def _find(self, job_id: str) -> Job:
        """Return a job; those of the UI's scheduler cannot be reached (1.6, A)."""
        job = self._jobs.get(job_id)
        if job is None or job.hidden:
            raise _unknown(job_id)
        return job

    def _usual(self) -> dict[str, float]:
        return {span: self.switches[f"tamr_{span}_seconds"] for span in SPANS}


def _unknown(job_id: str) -> TamrError:
    return TamrError(404, f"Job {job_id} was not found")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise TamrError(400, "the body must be a JSON object")
    return given
