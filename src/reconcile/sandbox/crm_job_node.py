"""The nodes of a job, worked out from the job and the time: they run one after the other in equal parts of its time.

Source: crm_analytics.md 2.2 (shape, words: H). What nodes there are, and their numbers of rows, is invented.
"""

from datetime import datetime, timedelta

from reconcile.sandbox.clock import iso
from reconcile.sandbox.crm_id import make_id
from reconcile.sandbox.crm_job import NODES_MOST, Job
from reconcile.sandbox.wire import Json

_TYPES = {"dataflow": ("sfdcFetch", "computeExpression", "register"), "data_sync": ("sfdcFetch",)}
_RECIPE_TYPES = ("dataset", "recipeTransforms", "recipeExport")
_ROWS = 1000


def node_views(job: Job, version: str, now: datetime) -> list[Json]:
    """Return all nodes of a job; none of one that never came to run (2.2: 030 has an empty collection, H)."""
    return (
        [] if job.shown_id.startswith("030") else [_view(job, index, version, now) for index in range(len(job.nodes))]
    )


def _view(job: Job, index: int, version: str, now: datetime) -> Json:
    begins, ends = _span(job, index)
    until = min(now, job.ended) if job.ended else now
    status = _status(job, index, until)
    has_begun = begins is not None and begins <= until and status != "pending" and not _is_cut_off(job, index)
    has_ended = status in ("success", "warning", "error")
    node_id = make_id("03L", job.number * NODES_MOST + index)
    rows = {"processedCount": _ROWS * (job.number % 90 + 10), "failedCount": 0}
    shown: Json = {
        "id": node_id,
        "name": job.nodes[index],
        "label": job.nodes[index],
        "type": "dataflowjobnode",
        "nodeType": _type(job, index),
        "status": status,
        "message": job.message if status == "error" else "",
        "duration": int((min(until, ends) - begins).total_seconds()) if has_begun and begins and ends else 0,
        "inputRows": rows if has_ended and index else {},  # the first reads nobody's output; {} is captured
        "outputRows": rows | ({"failedCount": 1} if status == "error" else {}) if has_ended else {},
        "url": f"/services/data/{version}/wave/dataflowjobs/{job.shown_id}/nodes/{node_id}",
    }
    return shown | ({"startDate": iso(begins)} if has_begun and begins else {})


def _status(job: Job, index: int, until: datetime) -> str:
    """Return the node's word: aborted, error, pending, running, success or warning (2.2, H)."""
    begins, ends = _span(job, index)
    if begins is None or ends is None:
        return "aborted" if job.is_over else "pending"
    if job.status == "Failure" and job.is_over and index == _broken(job, until):
        return "error"
    if job.is_over and job.status in ("Success", "Warning"):
        return "warning" if job.status == "Warning" and index == len(job.nodes) - 1 else "success"
    if job.is_over and (_is_cut_off(job, index) or ends > until):
        return "aborted"
    if until >= ends and not _is_cut_off(job, index):
        return "success"
    return "running" if begins <= until and not _is_cut_off(job, index) else "pending"


def _span(job: Job, index: int) -> tuple[datetime | None, datetime | None]:
    """Return when the node begins and ends; a job that fails at a node has done its time when that node ends."""
    if job.started is None:
        return None, None
    part = job.running_seconds / (_failing(job) + 1 if job.failing_node else len(job.nodes))
    begins = job.started + timedelta(seconds=part * index)
    return begins, begins + timedelta(seconds=part)


def _broken(job: Job, until: datetime) -> int:
    """Return which node a failed job broke at: the one written, or else the one that was at work."""
    if job.failing_node and job.message == job.end_message:
        return _failing(job)
    spans = [_span(job, index) for index in range(len(job.nodes))]
    return next((index for index, (_, ends) in enumerate(spans) if ends and ends > until), len(spans) - 1)


def _is_cut_off(job: Job, index: int) -> bool:
    return bool(job.failing_node) and index > _failing(job)


def _failing(job: Job) -> int:
    return job.nodes.index(job.failing_node)


def _type(job: Job, index: int) -> str:
    types = _TYPES.get(job.kind, _RECIPE_TYPES)
    return types[min(index, len(types) - 1)]
