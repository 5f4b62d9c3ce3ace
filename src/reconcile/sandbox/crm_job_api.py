"""The calls about jobs: start, stop, list, nodes, data syncs, limits. Source: crm_analytics.md 2.2, 2.4, 3 and 4."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from reconcile.sandbox.clock import Clock
from reconcile.sandbox.crm_asset import Asset, Assets
from reconcile.sandbox.crm_call import (
    CrmError,
    allow,
    json_body,
    next_page,
    not_found,
    page_args,
    page_size,
    page_start,
)
from reconcile.sandbox.crm_id import short_id
from reconcile.sandbox.crm_job import JOB_TYPES, LICENSE, PREFIXES, Job, job_view, request_view
from reconcile.sandbox.crm_job_node import node_views
from reconcile.sandbox.crm_job_queue import Jobs
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Call, Json

Answer = tuple[Json, bool]
"""A body, and whether something was changed."""

_WINDOW = timedelta(days=7)
_FILTERS = ("dataflowId", "jobTypes", "status", "startedAfter", "startedBefore", "q", "licenseType")


class JobCalls:
    """Answers the calls about jobs of one org; a CrmError is a refusal."""

    def __init__(self, switches: Switches, clock: Clock, assets: Assets, jobs: Jobs) -> None:
        self._switches, self._clock, self._assets, self._jobs = switches, clock, assets, jobs

    def handle(self, call: Call, version: str, rest: list[str]) -> Answer:
        """Return the answer below `/wave/dataflowjobs`."""
        url = f"/services/data/{version}/wave/dataflowjobs"
        match rest:
            case []:
                allow(call, "GET", "POST")
                return self._start(call, version) if call.method == "POST" else (self._list(call, version, url), False)
            case [job_id]:
                allow(call, "GET", "PATCH")
                job = self._visible(job_id)
                stopped = call.method == "PATCH" and self._stop(call, job)
                return self._view(job, version), stopped
            case [job_id, "nodes"]:
                allow(call, "GET")
                nodes = node_views(self._visible(job_id), version, self._clock.now())
                return {"nodes": nodes, "url": f"{url}/{job_id}/nodes"}, False
            case [job_id, "nodes", node_id]:
                allow(call, "GET")
                return self._node(self._visible(job_id), node_id, version), False
        raise not_found()

    def ingest(self, call: Call, version: str, key: str) -> Answer:
        """Return the answer to a sync request: it does not name the job (3, H)."""
        allow(call, "POST")
        connector = self._connector(key)
        self._refuse_beyond_limit()
        self._jobs.start(connector, lag=self._switches["crm_job_lag_seconds"])
        message = f"Sync request was sent for connection {connector.id}."
        return {"message": message, "url": f"/services/data/{version}/wave/dataflowjobs"}, True

    def sync_status(self, call: Call, version: str, key: str) -> Answer:
        """Return how the last sync of a connector ended, Success when there was none; the texts are invented (3, H)."""
        allow(call, "GET")
        connector = self._connector(key)
        last = self._jobs.last_of(connector)
        is_bad = last is not None and last.status in ("Failure", "Cancelled")
        message = last.message if last and is_bad and last.message else f"Connection {connector.id}: {connector.label}"
        url = f"/services/data/{version}/wave/dataConnectors/{connector.id}"
        return {"message": message, "status": "Failure" if is_bad else "Success", "url": url}, False

    def executions(self) -> Json:
        """Return the entry of `/limits` (2.4, H)."""
        most = self._switches["crm_daily_runs"]
        return {"Max": most, "Remaining": max(0, most - self._used())}

    def wave_limits(self) -> Json:
        """Return `/wave/limits` (2.4: shape H, name of the type and threshold invented)."""
        limit = {
            "type": "DataflowAndRecipeRuns",
            "licenseAttributes": {"type": "EinsteinAnalytics"},
            "current": self._used(),
            "max": self._switches["crm_daily_runs"],
            "threshold": 80,
            "interval": 24,
        }
        return {"limits": [limit]}

    def _used(self) -> int:
        self._jobs.settle()
        return self._jobs.runs_in_a_day(self._clock.now())

    def _start(self, call: Call, version: str) -> Answer:
        body = json_body(call)
        if not isinstance(body, dict) or str(body.get("command", "")).lower() != "start":  # case-insensitive, H
            raise CrmError(400, "INVALID_INPUT", "command must be start")
        asset = self._runnable(str(body.get("dataflowId", "")))
        self._refuse_beyond_limit()
        job = self._jobs.start(asset, lag=self._switches["crm_job_lag_seconds"])
        is_refused = job.id.startswith(PREFIXES["refused"])
        if job.request_id or (is_refused and self._switches["crm_refused_start"] == "queued"):
            shown = request_view(job, version, self._switches)
        else:
            shown = self._view(job, version)
        if not self._switches["start_returns_id"]:  # a real v49 answer, H
            shown = {"progress": 0.0, "status": "Queued", "type": "dataflowjob"}
        return shown, True

    def _runnable(self, given: str) -> Asset:
        """Return what is to run; a recipe starts through its target dataflow (3, H)."""
        asset = self._assets.find(given)
        if asset is not None and asset.type == "dataflow":
            return asset
        recipes = self._assets.of_type("recipe")
        found = next((each for each in recipes if given[:15] == each.target_dataflow_id[:15]), None)
        if found is None:
            raise not_found()
        return found

    def _connector(self, key: str) -> Asset:
        asset = self._assets.find(key) or self._assets.named("data_sync", key)
        if asset is None or asset.type != "data_sync":
            raise CrmError(404, "269", f"Can't find connector by ID {key}")  # numeric code captured (1.6, H)
        return asset

    def _refuse_beyond_limit(self) -> None:
        self._jobs.settle()
        if self._switches["crm_limit_reached"] == "error" and self._jobs.is_exhausted(self._clock.now()):
            raise CrmError(403, "LIMIT_EXCEEDED", self._jobs.limit_message())

    def _stop(self, call: Call, job: Job) -> bool:
        body = json_body(call)
        if not isinstance(body, dict) or str(body.get("command", "")).lower() != "stop":
            raise CrmError(400, "INVALID_INPUT", "command must be stop")
        return self._jobs.stop(job)

    def _list(self, call: Call, version: str, url: str) -> Json:
        """Newest first. Unless a page is asked for: the last seven days, all of them, and no totals (2.2, H)."""
        args = page_args(call)
        passes = _filter(args)
        found = [job for job in self._jobs.shown() if passes(job)]
        if not {"page", "pageSize"} & set(args):
            since = self._clock.now() - _WINDOW
            return {"dataflowJobs": [self._view(job, version) for job in found if job.created >= since], "url": url}
        start, size = page_start(args), page_size(args)
        return {
            "dataflowJobs": [self._view(job, version) for job in found[start : start + size]],
            "nextPageUrl": next_page(url, args, _FILTERS, len(found)),
            "totalSize": len(found),
            "url": url,
        }

    def _visible(self, job_id: str) -> Job:
        job = self._jobs.find(job_id)
        if job is None or job.visible > self._clock.now() or job.shown_id[:15] != short_id(job_id):
            raise not_found()
        return job

    def _node(self, job: Job, node_id: str, version: str) -> Json:
        key = short_id(node_id)
        for node in node_views(job, version, self._clock.now()):
            if node["id"][:15] == key:
                return node
        raise not_found()

    def _view(self, job: Job, version: str) -> Json:
        return job_view(job, version, self._clock.now(), self._switches)


def _filter(args: dict[str, str]) -> Callable[[Job], bool]:
    """Return what a list's parameters let pass; that words may be in any case and bounds are inclusive is assumed."""
    types = [each.strip().lower() for each in args.get("jobTypes", "").split(",") if each.strip()]
    text, status = args.get("q", "").lower(), args.get("status", "").lower()
    after, before = (_moment(args, name) for name in ("startedAfter", "startedBefore"))
    is_licensed = args.get("licenseType", LICENSE).lower() == LICENSE.lower()

    def passes(job: Job) -> bool:
        return (
            is_licensed
            and ("dataflowId" not in args or job.dataflow_id[:15] == short_id(args["dataflowId"]))
            and (not types or JOB_TYPES[job.kind] in types)
            and status in ("", job.status.lower())
            and (text in job.label.lower() or text in job.name.lower())
            and (after is None or job.created >= after)
            and (before is None or job.created <= before)
        )

    return passes


def _moment(args: dict[str, str], name: str) -> datetime | None:
    """Return a bound given in epoch seconds (2.2, H)."""
    try:
        return datetime.fromtimestamp(float(args[name]), UTC) if name in args else None
    except (ValueError, OverflowError, OSError):
        raise CrmError(400, "INVALID_INPUT", f"{name} must be in seconds since 1970") from None
