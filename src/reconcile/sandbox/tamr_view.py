"""How a Tamr job looks in JSON (tamr.md 1.3), with everything that varies between tenants or may come."""

from reconcile.sandbox.switch import Switches
from reconcile.sandbox.tamr_model import IDS, STATES, Job, Status, status_json
from reconcile.sandbox.wire import Json


class View:
    """Jobs as the API shows them under the current switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def job(self, job: Job) -> Json:
        """Return the job of 1.3 (A). Fields that are not known yet stand first: clients must not care (1.1, A)."""
        shown = {
            "jobId": job.id,
            "configuration": self._configuration(job),
            "status": self._status(job.status),
            "statusHistory": [self._status(each) for each in job.statuses[1:]],  # newest first (1.3, B)
        }
        return {**self._extra({"requestedBy": "user_0000000000000001", "labels": {}}), **shown}

    def page(self, jobs: list[Job], following: str, total: int) -> Json:
        """Return a page of the list (1.2, A)."""
        shown = {"jobs": [self.job(job) for job in jobs], "nextPageToken": following}
        return {**self._extra({"totalSize": total}), **shown}

    def state(self, job: Job) -> str:
        """Return the job's state as it is shown."""
        return self._word(job.status.state)

    def states(self) -> tuple[str, ...]:
        """Return the names of all states there are."""
        return ("STATE_UNSPECIFIED", *dict.fromkeys((*STATES, self._word("RUNNING"))))

    def _configuration(self, job: Job) -> Json:
        unset = dict.fromkeys(IDS[job.kind], "") if self._switches["tamr_empty_ids"] == "empty" else {}
        extra = self._extra({f"{name.removesuffix('Id')}DisplayName": value for name, value in job.ids.items()})
        return {**self._extra({"origin": "API"}), job.kind: {**extra, **unset, **job.ids}}

    def _status(self, status: Status) -> Json:
        shown = status_json(status)
        shown["state"] = self._word(status.state)
        if status.error is not None:
            shown["error"] = {**self._extra({"details": []}), **status.error}
        elif self._switches["tamr_no_error"] == "null":
            shown["error"] = None
        return {**self._extra({"progress": {"percent": 40}}), **shown}

    def _word(self, state: str) -> str:
        return self._switches["tamr_unknown_state"] or state if state == "RUNNING" else state

    def _extra(self, fields: Json) -> Json:
        return fields if self._switches["tamr_extra_fields"] else {}
