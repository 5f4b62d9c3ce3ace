"""Dataflow jobs and data syncs: an honest skeleton (a started job is Queued until someone says otherwise).

Source: crm_analytics.md 2.2 and 3 (shapes, ids, statuses: H). Progress, nodes and queue conflicts are not simulated.
"""

from typing import Any

from reconcile.sandbox.clock import Clock, iso
from reconcile.sandbox.crm_asset import Asset
from reconcile.sandbox.crm_id import PREFIXES, make_id, short_id
from reconcile.sandbox.wire import Json

STATUSES = ("Queued", "Preprocessing", "Running", "Success", "Failure", "Warning", "Cancelled")
_OVER = ("Success", "Failure", "Warning", "Cancelled")


class Jobs:
    """All jobs, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: list[Json] = []

    def start(self, asset: Asset, job_type: str) -> Json:
        """Return a new Queued job of an asset."""
        now = iso(self._clock.now())
        job: Json = {
            "id": make_id(PREFIXES["job"], len(self._jobs) + 1),
            "type": "dataflowjob",
            "jobType": job_type,
            "status": "Queued",
            "label": asset.label,
            "message": "",
            "progress": 0.0,
            "duration": 0,
            "waitTime": 0,
            "createdDate": now,
            "startDate": now,
            "source": {"id": asset.target_dataflow_id or asset.id, "name": asset.name, "url": ""},
            "syncDataflows": {"dataflows": []},
            "licenseAttributes": {"type": "Sonic"},
        }
        self._jobs.append(job)
        return job

    def find(self, given_id: str) -> Json | None:
        """Return a job by its 15- or 18-character id."""
        key = short_id(given_id)
        return next((job for job in self._jobs if key and job["id"][:15] == key), None)

    def of(self, dataflow_id: str | None) -> list[Json]:
        """Return the jobs, newest first; with an id those of that (target) dataflow."""
        key = short_id(dataflow_id) if dataflow_id else None
        return [job for job in reversed(self._jobs) if dataflow_id is None or job["source"]["id"][:15] == key]

    def set_status(self, job: Json, status: str) -> None:
        """Put a job into a state; a ValueError lists the states."""
        if status not in STATUSES:
            raise ValueError(f"status must be one of: {', '.join(STATUSES)}")
        job["status"] = status
        if status in _OVER:
            job["endDate"] = iso(self._clock.now())

    def is_over(self, job: Json) -> bool:
        """Return whether the job has ended."""
        return job["status"] in _OVER

    def as_json(self) -> list[Json]:
        """Return everything that is saved."""
        return self._jobs

    def restore(self, saved: list[Any]) -> None:
        """Replace everything by what was saved."""
        self._jobs = saved


def job_view(job: Json, version: str) -> Json:
    """Return a job as the API shows it."""
    url = f"/services/data/{version}/wave/dataflowjobs/{job['id']}"
    return {**job, "nodesUrl": f"{url}/nodes", "url": url}
