"""The job queue of CRM Analytics: every job moves by itself, at the instants that follow from what was asked when.

Source: crm_analytics.md 3 and 4 (one running and one queued of an asset: H; places at once, daily runs, FIFO: M).
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

from reconcile.sandbox.clock import Clock
from reconcile.sandbox.crm_asset import Asset
from reconcile.sandbox.crm_id import make_id, short_id
from reconcile.sandbox.crm_job import DEFAULT_NODES, NODES_MOST, OVER, PREFIXES, STATUSES, Job, object_label
from reconcile.sandbox.script import Scripts
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Json

IN_QUEUE = (
    "scheduled run failed The dataflow job can\N{RIGHT SINGLE QUOTATION MARK}t start because it's already in the queue."
)
"""The message of a start while one is queued already, apostrophes as captured (3, H)."""

_AT_ONCE = {"recipe": "crm_recipes_at_once", "dataflow": "crm_dataflows_at_once", "data_sync": "crm_syncs_at_once"}
_DAY = timedelta(hours=24)


class Jobs:
    """All jobs in the order in which they were asked for. Everything here first brings the queue up to the clock."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self.scripts = Scripts()
        """How jobs go, by 15-character id of the asset; read when a job is created."""
        self._switches = switches
        self._clock = clock
        self._jobs: list[Job] = []
        self._by_id: dict[str, Job] = {}
        self._open: list[Job] = []
        self._long: list[Job] = []
        """Those that have ended and count for the daily limit."""
        self._settled = datetime.min.replace(tzinfo=UTC)

    def settle(self) -> None:
        """Let everything happen that is due, each thing at its own instant, in order."""
        now = self._clock.now()
        self._settled = min(self._settled, now)  # the clock was put back
        while (step := self._next_step()) is not None and step[0] <= now:
            self._settled, job = step
            if job.started is None:
                self._begin(job, self._settled)
            else:
                self._end(job, job.ending, self._settled, job.end_message)
        self._settled = now

    def start(self, asset: Asset, *, lag: float = 0.0, script: Json | None = None) -> Job:
        """Return a new job of an asset: queued, or a failed 030 when the queue does not take it (3, H).

        The API shows it after `lag` seconds. A `script` given counts instead of the one written for the asset. Of a
        data sync of several jobs it is the first.
        """
        self.settle()
        now = self._clock.now()
        if message := self.refusal(asset):
            job = self._new(asset, now, lag, "refused", len(self._jobs) + 1)
            self._add(job)
            self._end(job, "Failure", now, message)
            return job
        jobs = self._planned(asset, now, lag, script)
        for job in jobs:
            if asset.type != "data_sync" and self._switches["crm_start_id"] == "request":
                job.request_id = make_id(PREFIXES["refused"], job.number)
            self._add(job)
        self.settle()
        return jobs[0]

    def record(self, asset: Asset, created: datetime, script: Json | None = None) -> Job:
        """Return a job that was asked for in the past and met no queue; it may still be under way."""
        self.settle()
        jobs = self._planned(asset, created, 0.0, script)
        for job in jobs:
            self._add(job)
            if job.ready is not None and job.ready <= self._clock.now():
                job.started, job.status = job.ready, job.word
                job.ends = job.started + timedelta(seconds=job.running_seconds)
        self.settle()
        return jobs[0]

    def refusal(self, asset: Asset) -> str:
        """Return why a start of this asset would fail now, "" when it would not."""
        if self.is_exhausted(self._clock.now()):
            return self.limit_message()
        return IN_QUEUE if any(job.is_queued and job.asset_id == asset.id for job in self._open) else ""

    def limit_message(self) -> str:
        """Return what a job says that the daily limit keeps from running; the words are our own."""
        most = self._switches["crm_daily_runs"]
        return f"The limit of {most} dataflow and recipe runs in 24 hours is reached, so no job can run."

    def is_exhausted(self, at: datetime) -> bool:
        """Return whether the daily limit is reached: then nothing runs, data syncs included (4, M)."""
        return self.runs_in_a_day(at) >= int(self._switches["crm_daily_runs"])

    def runs_in_a_day(self, at: datetime) -> int:
        """Return how many runs of the 24 hours before count for the limit."""
        runs = [*self._long, *(job for job in self._open if job.is_counted(at))]
        return sum(job.started is not None and job.started > at - _DAY for job in runs)

    def stop(self, job: Job) -> bool:
        """Return whether stopping changed anything; a running job may end by itself before it is stopped."""
        self.settle()
        if job.is_over:
            return False
        now, status = self._clock.now(), self._switches["crm_stop_status"]
        wait = 0.0 if job.is_queued else float(self._switches["crm_stopping_seconds"])
        if not wait:
            self._end(job, status, now, "The job was stopped by a user.")
        elif job.ends is None or job.ends > now + timedelta(seconds=wait):
            job.ends, job.ending = now + timedelta(seconds=wait), status
            job.end_message, job.failing_node = "The job was stopped by a user.", ""
        self.settle()
        return True

    def set_status(self, job: Job, status: str) -> None:
        """Put a job into a state by hand, where it stays; a ValueError lists the states."""
        if status not in STATUSES:
            raise ValueError(f"status must be one of: {', '.join(STATUSES)}")
        self.settle()
        now = self._clock.now()
        if status in OVER:
            self._end(job, status, now, "")
        else:
            job.status, job.message, job.ready, job.ends, job.ended = status, "", None, None, None
            job.started = None if status == "Queued" else job.started or now
            if job not in self._open:
                self._open.append(job)
                self._long = [each for each in self._long if each is not job]
        self.settle()

    def find(self, given_id: str) -> Job | None:
        """Return a job by its 15- or 18-character id, its own or that of its request, shown by the API or not."""
        self.settle()
        key = short_id(given_id)
        return self._by_id.get(key) if key else None

    def shown(self) -> list[Job]:
        """Return all jobs that the API shows by now, newest first."""
        self.settle()
        now = self._clock.now()
        return sorted((job for job in self._jobs if job.visible <= now), key=_age, reverse=True)

    def last_of(self, asset: Asset) -> Job | None:
        """Return an asset's newest job that has ended, None when none has."""
        return next((job for job in self.shown() if job.is_over and job.asset_id == asset.id), None)

    def as_json(self) -> Json:
        """Return everything that is saved."""
        self.settle()
        return {"jobs": [job.as_json() for job in self._jobs], "outcomes": self.scripts.as_json()}

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved; entries of before there was a queue are left out."""
        self._jobs, self._by_id, self._open, self._long = [], {}, [], []
        for each in saved["jobs"]:
            if "number" in each:
                self._add(Job.from_json(each))
        self.scripts.restore(saved.get("outcomes", {}))

    def _next_step(self) -> tuple[datetime, Job] | None:
        """Return what happens next: when, and to which job. Ends come before starts, starts first in, first out."""
        running = [job for job in self._open if job.is_running]
        taken = Counter(job.kind for job in running)
        busy = {job.asset_id: job.batch for job in running}
        steps = [(job.ends, False, job.created, job.number, job) for job in running if job.ends]
        for job in self._open:
            has_place = job.is_queued and taken[job.kind] < self._switches[_AT_ONCE[job.kind]]
            if has_place and job.ready is not None and busy.get(job.asset_id, job.batch) == job.batch:
                steps.append((max(job.ready, self._settled), True, job.created, job.number, job))
        if not steps:
            return None
        first = min(steps, key=lambda step: step[:4])
        return first[0], first[4]

    def _begin(self, job: Job, at: datetime) -> None:
        if self.is_exhausted(at):
            self._end(job, "Failure", at, self.limit_message())
            return
        job.started, job.status = at, job.word
        job.ends = at + timedelta(seconds=job.running_seconds)

    def _end(self, job: Job, status: str, at: datetime, message: str) -> None:
        job.status, job.message, job.ended, job.ends, job.ready = status, message, at, None, None
        if job in self._open:
            self._open.remove(job)
        if job.is_counted(at) and job not in self._long:
            self._long.append(job)

    def _planned(self, asset: Asset, created: datetime, lag: float, script: Json | None) -> list[Job]:
        """Return the jobs that asking for an asset makes: one, or several for a data sync (3, H). All begin as one."""
        count = self._switches["crm_sync_jobs"] if asset.type == "data_sync" else 1
        first, failing = len(self._jobs) + 1, self._switches["crm_sync_failing"]
        jobs = []
        for index in range(count):
            plan = self.scripts.take(asset.id[:15]) if script is None else script
            if asset.type == "data_sync" and index >= count - failing:
                plan = {"outcome": "failure", "message": "The object could not be read.", **plan}
            job = self._new(asset, created, lag, asset.type, first + index)
            job.batch = first
            job.label = object_label(asset.name, index) if count > 1 else job.label
            self._plan(job, plan)
            jobs.append(job)
        return jobs

    def _plan(self, job: Job, plan: Json) -> None:
        """Fix what will happen to a job."""
        job.ready = job.created + timedelta(seconds=plan.get("queued_seconds", self._switches["crm_queued_seconds"]))
        job.running_seconds = plan.get("running_seconds", self._switches["crm_running_seconds"])
        job.ending = plan.get("outcome", "success").capitalize()
        job.end_message = plan.get("message", "")
        job.word = plan.get("while_running", self._switches["crm_unknown_status"] or "Running")
        job.nodes = list(plan.get("nodes", DEFAULT_NODES[job.kind]))
        if job.ending == "Failure":
            job.failing_node = plan.get("node", job.nodes[-1])
            if job.failing_node not in job.nodes:
                job.nodes = [*job.nodes[: NODES_MOST - 1], job.failing_node]

    def _new(self, asset: Asset, created: datetime, lag: float, prefix: str, number: int) -> Job:
        job_id = make_id(PREFIXES[prefix], number)
        visible = created + timedelta(seconds=lag)
        target = asset.id if asset.type == "dataflow" else asset.target_dataflow_id
        return Job(number, job_id, asset.type, asset.id, target, asset.name, asset.label, created, visible)

    def _add(self, job: Job) -> None:
        self._jobs.append(job)
        self._by_id[job.id[:15]] = job
        if job.request_id:
            self._by_id[job.request_id[:15]] = job
        if not job.is_over:
            self._open.append(job)
        elif job.is_counted(self._clock.now()):
            self._long.append(job)


def _age(job: Job) -> tuple[datetime, int]:
    return job.created, job.number
