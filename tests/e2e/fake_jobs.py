"""Jobs of the three platforms by hand from the platform pages: other legal choices than the sandbox's.

A job moves on with every look at it, so that nothing hangs on anybody's clock. ``lose`` cuts the answers to the next
starts, after their effect.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from e2e.fakes import Asset, Body, Crm, Platform, Seen, Tailer, _json

Reply = tuple[int, dict[str, str], bytes]
# A proxy on the way has lost the answer; what it says instead is none of the platform's.
LOST: Reply = (502, {"Content-Type": "text/html"}, b"<html><body><h1>Bad Gateway</h1></body></html>")


def now() -> str:
    """Return the time as Tamr may print it: nanoseconds, and no more digits than it likes."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-4] + "Z"


@dataclass
class Tamr(Platform):
    """A tenant that has never heard of ``filter`` (1.6), shows unset errors as null and fields nobody knows."""

    jobs: list[Body] = field(default_factory=list)
    lose: int = 0
    most: int = 5
    words: tuple[str, ...] = ("PENDING", "QUEUED_FOR_PLANNING", "RUNNING", "RUNNING", "DONE")

    def answer(self, request: Seen) -> Reply:
        if request.headers.get("x-api-key") != "apk_by_hand":
            return _json(401, {"code": 16, "message": "unauthenticated", "details": []})
        url = urlsplit(request.path)
        match request.method, url.path.removeprefix("/api/v1beta1/jobs"):
            case "POST", "":
                return self._create(request.body)
            case "GET", "":
                return self._list(parse_qs(url.query))
            case "GET", rest:
                found = next((job for job in self.jobs if job["jobId"] == rest[1:]), None)
                return _json(200, self._looked(found)) if found else _json(404, {"code": 5, "message": "not found"})
        return _json(404, {"code": 5, "message": "Not Found", "details": []})

    def _create(self, body: Any) -> Reply:
        if sum(job["status"]["state"] != "DONE" for job in self.jobs) >= self.most:
            return _json(429, {"statusCode": 429, "message": "Too Many Requests"})
        status = {"state": "PENDING", "stateStartTime": now(), "error": None}
        ids = {"sourceId": "", "dataProductId": "", "workflowId": "", "destinationId": ""}
        configuration = {kind: {**ids, **given, "displayName": "x"} for kind, given in body["configuration"].items()}
        job = {"jobId": f"j/{len(self.jobs)}".replace("/", "-"), "configuration": configuration, "status": status}
        self.jobs.insert(0, {**job, "statusHistory": [], "etag": {"new": True}})
        if self.lose:
            self.lose -= 1
            return LOST
        return _json(200, self.jobs[0])

    def _looked(self, job: Body) -> Body:
        state = job["status"]["state"]
        if state != "DONE":
            step = len(job["statusHistory"]) + 1
            # Oldest first: the order of the history is not documented.
            job["statusHistory"].append(job["status"])
            job["status"] = {"state": self.words[step], "stateStartTime": now(), "error": None}
        return job

    def _list(self, args: dict[str, list[str]]) -> Reply:
        if "filter" in args:
            return _json(400, {"code": 3, "message": "unknown query parameter: filter", "details": []})
        size = int(args.get("pageSize", ["10"])[0])
        if size > 30:
            return _json(400, {"code": 3, "message": "pageSize"})
        start = int(args["pageToken"][0]) if args.get("pageToken") else 0
        page = {"jobs": self.jobs[start : start + size]}
        # The last page has no token at all.
        return _json(200, page | ({"nextPageToken": str(start + size)} if start + size < len(self.jobs) else {}))


@dataclass
class RunningTailer(Tailer):
    """Launches by identity; times without fractions, the internal type name, no row before the first look."""

    runs: list[Body] = field(default_factory=list)
    lose: int = 0

    def answer(self, request: Seen) -> Reply:
        body = request.body
        if request.path not in ("/v1/dag/launch", "/v1/dag/status"):
            return super().answer(request)
        if request.headers.get("authorization") != "Bearer tailer-token-by-hand":
            return _json(401, {"code": 401, "message": "Jwt is missing"})
        if body["action"] == "launch_job":
            at = datetime.now(UTC)
            run_id = f"{at:%Y%m%d-%H%M%S}-{len(self.runs):08x}-0000-4000-8000-000000000000"
            row = {**{key: body[key] for key in ("account", "environment", "configuration_id")}, "run_id": run_id}
            row |= {"configuration_type": "gbq-to-gbq", "job_id": f"gbq-to-gbq|{body['configuration_id']}"}
            self.runs.insert(0, row | {"start_execution_date": f"{at:%Y-%m-%dT%H:%M:%S}+00:00", "status": "WAITING"})
            if self.lose:
                self.lose -= 1
                return LOST
            return _json(200, {"run_id": run_id})
        rows = [row for row in self.runs if row["configuration_id"] == body.get("configuration_id")]
        if body["action"] == "check_run_status":
            rows = [row for row in rows if row["run_id"] == body["run_id"]]
            for row in rows:
                row["status"] = {"WAITING": "RUNNING", "RUNNING": "SUCCESS"}.get(row["status"], row["status"])
                row |= {"duration": "0:00:01"} if row["status"] == "SUCCESS" else {}
        return _json(200, {"results": rows[: body.get("limit", 3)]})


@dataclass
class RunningCrm(Crm):
    """A start answers without an id, in capitals; every string is escaped; no source, as in an old release."""

    jobs: list[Body] = field(default_factory=list)
    lose: int = 0

    def answer(self, request: Seen) -> Reply:
        url = urlsplit(request.path)
        rest = url.path.removeprefix("/services/data/v60.0/wave/").split("/")
        is_job = rest[0] == "dataflowjobs" or rest[-1] == "ingest"
        if not is_job or request.headers.get("authorization") != f"Bearer {self.token}":
            return super().answer(request)
        match request.method, rest:
            case "POST", ["dataflowjobs"]:
                self._begin(request.body["dataflowId"], "recipe", "Board & Pack")
                return self._begun(request, {"progress": 0, "status": "Queued", "type": "dataflowjob"})
            case "POST", ["dataConnectors", connector, "ingest"]:
                asset = next(each for each in self.assets if each.id == connector)
                for name in ("Account", "Event"):
                    self._begin("", "datasync", f"{name} ({asset.name})")
                return self._begun(request, {"message": f"Sync request was sent for connection {connector}."})
            case "GET", ["dataflowjobs"]:
                return self._listed(request, parse_qs(url.query))
            case "GET", ["dataflowjobs", job_id]:
                found = next(job for job in self.jobs if job["id"][:15] == job_id[:15])
                return self._out(request, self._looked(found))
        return super().answer(request)

    def _begin(self, dataflow: str, kind: str, label: str) -> None:
        number = len(self.jobs)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        source = {"id": dataflow, "name": "", "url": ""} if dataflow else {"id": "", "name": "", "url": ""}
        job = {"id": f"03C7Q0000000{number:03}AAA", "jobType": kind, "status": "Queued", "label": label, "message": ""}
        self.jobs.insert(0, {**job, "createdDate": at, "source": source, "progress": 0.0, "unheard": None})

    def _begun(self, request: Seen, body: Body) -> Reply:
        if self.lose:
            self.lose -= 1
            return LOST
        return self._out(request, body)

    def _looked(self, job: Body) -> Body:
        job["status"] = {"Queued": "Preprocessing", "Preprocessing": "Running", "Running": "Warning"}.get(
            job["status"], job["status"]
        )
        return job

    def _listed(self, request: Seen, args: dict[str, list[str]]) -> Reply:
        assert "pageSize" in args, "without it the platform shows seven days only (page 2.2)"
        jobs = self.jobs
        if "dataflowId" in args:
            jobs = [job for job in jobs if job["source"]["id"][:15] == args["dataflowId"][0][:15]]
        if "jobTypes" in args:
            wanted = {word.lower() for word in args["jobTypes"][0].split(",")}
            jobs = [job for job in jobs if job["jobType"] in wanted]
            for job in jobs:
                self._looked(job)
        return self._out(request, {"dataflowJobs": jobs, "totalSize": len(jobs), "nextPageUrl": None})

    def _recipe(self, asset: Asset) -> Body:
        return {**super()._recipe(asset), "targetDataflowId": f"02K{asset.id[3:]}"}


def started(platform: Tamr) -> list[str]:
    """Return the configurations of a tenant's jobs, as text, in any order."""
    return sorted(
        json.dumps({kind: {k: v for k, v in ids.items() if v and k != "displayName"} for kind, ids in c.items()})
        for c in (job["configuration"] for job in platform.jobs)
    )
