"""Payloads about jobs to values; pure. The platform's own words end here.

Facts: platform page 2.2 (jobs, nodes), 2.3 (ids), 2.4 (limits), 3 (states, what is said of a job already queued).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reconcile.core.lapse import readable
from reconcile.core.operation import Job, JobError, JobState, Limit, Node
from reconcile.providers.crm_analytics.api import Asset
from reconcile.providers.crm_analytics.convert import plain, short_id
from reconcile.providers.crm_analytics.kinds import ID_KINDS
from reconcile.providers.crm_analytics.operations import START, SYNC

STATES: Mapping[str, JobState] = {
    "queued": JobState.PENDING,
    "preprocessing": JobState.RUNNING,
    "running": JobState.RUNNING,
    "live": JobState.RUNNING,
    "success": JobState.SUCCEEDED,
    "warning": JobState.SUCCEEDED,
    "failure": JobState.FAILED,
    "cancelled": JobState.STOPPED,
}
_NODE_STATES: Mapping[str, JobState] = {
    "pending": JobState.PENDING,
    "running": JobState.RUNNING,
    "success": JobState.SUCCEEDED,
    "warning": JobState.SUCCEEDED,
    "error": JobState.FAILED,
    "aborted": JobState.STOPPED,
}

# Types of job that our operations start, as the list is asked for them; answers have them in lower case (page 3).
JOB_TYPES: Mapping[str, tuple[str, ...]] = {START.name: ("Recipe", "Recipe_V3", "User"), SYNC.name: ("DataSync",)}
_OPERATION_OF = {job_type.lower(): operation for operation, types in JOB_TYPES.items() for job_type in types}
_ASSET_OF = {"user": "dataflow", "recipe": "recipe", "recipe_v3": "recipe", "datasync": "data_sync"}

# Requests that did not run, or not yet, have ids that begin like this, and jobs of recipes like that (page 2.3).
REQUEST_PREFIX = "030"
RECIPE_PREFIX = "0eP"
ALREADY_QUEUED = "already-queued"
# Nothing runs longer than 48 hours (page 4); it also keeps an odd number from leaving the calendar.
_LONGEST_RUN_SECONDS = 48 * 3600
_RUNS_LIMIT = "DailyAnalyticsDataflowJobExecutions"


def job_from(payload: Mapping[str, Any], targets: Mapping[str, str], work: tuple[str, str] | None = None) -> Job:
    """Return a job as the platform shows it.

    ``work`` is its operation and target where they are known; otherwise the payload tells, and ``targets``, which
    holds what we know of ids (short form).
    """
    word, message = _text(payload, "status"), _text(payload, "message")
    state = STATES.get(word.lower(), JobState.UNKNOWN)
    job_id = _text(payload, "id")
    displaced = state is JobState.FAILED and job_id.startswith(REQUEST_PREFIX) and _says_queued(message)
    operation, target = work or (_operation(payload), _target(payload, targets))
    started = None if displaced else _started(payload, state)
    return Job(
        id=job_id,
        operation=operation,
        target=target,
        state=state,
        platform_state=word,
        created_at=_iso(created(payload)),
        started_at=_iso(started),
        ended_at=_iso(_ended(payload, started)) if state.is_over else None,
        error=_error(state, message, displaced),
        displaced=displaced,
        facts=_facts(payload, state, word, message),
    )


def node_from(payload: Mapping[str, Any]) -> Node:
    """Return one node of a job. Source: page 2.2 (counts of rows may be missing, durations are seconds)."""
    word = _text(payload, "status")
    return Node(
        id=_text(payload, "id"),
        name=_text(payload, "name") or _text(payload, "label"),
        type=_text(payload, "nodeType"),
        state=_NODE_STATES.get(word.lower(), JobState.UNKNOWN),
        platform_state=word,
        started_at=_iso(_moment(payload.get("startDate"))),
        seconds=_number(payload.get("duration")),
        rows_in=_rows(payload.get("inputRows")),
        rows_out=_rows(payload.get("outputRows")),
        message=_text(payload, "message"),
    )


def limits_from_org(payload: Mapping[str, Any]) -> tuple[Limit, ...]:
    """Return the limit of runs a day, empty when the org does not tell. Source: page 2.4."""
    told = payload.get(_RUNS_LIMIT)
    if not isinstance(told, Mapping):
        return ()
    most, left = _whole(told.get("Max")), _whole(told.get("Remaining"))
    used = most - left if most is not None and left is not None else None
    return (Limit("runs in 24 h", used, most),)


def limit_from_wave(payload: Mapping[str, Any]) -> Limit:
    """Return a limit under its own name, with license and period: ``DatasetQueries (Sonic, monthly)``."""
    period = _text(payload, "interval").lower()
    about = [_license(payload), "" if period == "none" else period]
    detail = ", ".join(word for word in about if word)
    name = _text(payload, "type") or "unnamed"
    return Limit(f"{name} ({detail})" if detail else name, _whole(payload.get("current")), _whole(payload.get("max")))


def created(payload: Mapping[str, Any]) -> datetime | None:
    """Return when a job was made (UTC). Old versions have the start date only, which is the same (page 2.2)."""
    return _moment(payload.get("createdDate")) or _moment(payload.get("startDate"))


def ran(payload: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """Return from when to when a job ran (UTC), its time in the queue left out; None where the dates do not say.

    ``duration`` is seconds and does not count ``waitTime``; ``startDate`` is when the job was asked for (page 2.2).
    """
    began, ended = _moment(payload.get("executedDate")), _moment(payload.get("endDate"))
    # Of an absent duration and of one that nobody filled in, as 0, the first is assumed.
    seconds = timedelta(seconds=min(_number(payload.get("duration")) or 0, _LONGEST_RUN_SECONDS))
    if began and seconds and not ended:
        ended = began + seconds
    if ended and seconds and not began:
        began = ended - seconds
    return (began, ended) if began and ended and began <= ended else None


def seconds_run(payload: Mapping[str, Any]) -> float | None:
    """Return how many seconds a job ran, its time in the queue left out; None where it does not say."""
    span = ran(payload)
    return (span[1] - span[0]).total_seconds() if span else _number(payload.get("duration")) or None


def is_of_dataflow(payload: Mapping[str, Any], dataflow_id: str) -> bool:
    """Say whether a job that was listed for a dataflow is not plainly another dataflow's."""
    source = short_id(_text(_source(payload), "id"))
    return ID_KINDS.get(source[:3]) != "dataflow" or source == short_id(dataflow_id)


def is_of_connector(payload: Mapping[str, Any], connector: Asset, all_connectors: Collection[Asset]) -> bool:
    """Say whether a data sync is this connector's, or may be.

    Its source tells by id, name or label. Where that is empty the job's own label may end with the connector in
    brackets. A job that says nothing of a connector is everybody's: it cannot be told apart.
    """
    if source_id := _connector_id(payload):
        return source_id == short_id(connector.id)
    said = _said(payload)
    if said & {connector.name, connector.label}:
        return True
    return not any(said & {other.name, other.label} for other in all_connectors)


def tells_no_connector(payload: Mapping[str, Any], connectors: Collection[Asset]) -> bool:
    """Say whether a data sync names none of the connectors, neither by id nor by name nor by label."""
    said = _said(payload)
    return not _connector_id(payload) and not any(said & {each.name, each.label} for each in connectors)


def connector_of(payload: Mapping[str, Any], connectors: Collection[Asset]) -> Asset | None:
    """Return the only one of all connectors that a data sync can be of, None when there are several or none.

    It is the one of which ``is_of_connector`` is true, found in one go.
    """
    source_id, said = _connector_id(payload), _said(payload)
    if source_id:
        mine = [each for each in connectors if short_id(each.id) == source_id]
    else:
        mine = [each for each in connectors if said & {each.name, each.label}] or list(connectors)
    return mine[0] if len(mine) == 1 else None


def _connector_id(payload: Mapping[str, Any]) -> str:
    """Return the (short) id of the connector that is the source of a job, "" when it is something else."""
    source_id = short_id(_text(_source(payload), "id"))
    return source_id if ID_KINDS.get(source_id[:3]) == "data_sync" else ""


def _said(payload: Mapping[str, Any]) -> set[str]:
    """Return the words of a job that may be a connector's."""
    source = _source(payload)
    return {_text(source, "name"), _text(source, "label"), _in_brackets(_text(payload, "label"))} - {""}


def _operation(payload: Mapping[str, Any]) -> str:
    """Return the operation that starts such jobs, "" when none of ours does."""
    job_type = _text(payload, "jobType").lower()
    if job_type:
        return _OPERATION_OF.get(job_type, "")
    asset = ID_KINDS.get(_text(_source(payload), "id")[:3])
    return SYNC.name if asset == "data_sync" else START.name if asset else ""


def _target(payload: Mapping[str, Any], targets: Mapping[str, str]) -> str:
    """Return what a job works on: by the id of its source if we know it, otherwise by the name it gives."""
    source = _source(payload)
    source_id, name = _text(source, "id"), _text(source, "name")
    if known := targets.get(short_id(source_id)):
        return known
    kind = _ASSET_OF.get(_text(payload, "jobType").lower()) or ID_KINDS.get(source_id[:3])
    # The source of a data sync may be an object of the connection, whose name is not the connection's.
    if not name or kind is None or (kind == "data_sync" and ID_KINDS.get(source_id[:3]) != kind):
        return ""
    return f"{kind}:{name}"


def _started(payload: Mapping[str, Any], state: JobState) -> datetime | None:
    """Return when a job began to run. A start date alone says so only of a job that does not wait any more."""
    executed = _moment(payload.get("executedDate"))
    return executed or (None if state is JobState.PENDING else _moment(payload.get("startDate")))


def _ended(payload: Mapping[str, Any], started: datetime | None) -> datetime | None:
    ended, seconds = _moment(payload.get("endDate")), _number(payload.get("duration"))
    if ended or started is None or seconds is None:
        return ended
    try:
        return started + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def _error(state: JobState, message: str, displaced: bool) -> JobError | None:
    if state is not JobState.FAILED:
        return None
    return JobError(ALREADY_QUEUED if displaced else "Failure", message)


def _says_queued(message: str) -> bool:
    return "already in the queue" in " ".join(message.lower().split())


def _facts(payload: Mapping[str, Any], state: JobState, word: str, message: str) -> dict[str, str]:
    warned = word.lower() == "warning"
    progress, retries = _number(payload.get("progress")), _whole(payload.get("retryCount"))
    facts = {
        "label": _text(payload, "label"),
        "warning": (message or "it ended with warnings") if warned else "",
        "message": "" if warned or state is JobState.FAILED else message,
        "progress": f"{progress:g}" if progress is not None and not state.is_over else "",
        "duration": _span(payload.get("duration")),
        "wait": _span(payload.get("waitTime")),
        "type": _text(payload, "jobType"),
        "retries": str(retries) if retries else "",
        "next run": _iso(_moment(payload.get("nextRunDate"))) or "",
        "license": _license(payload),
    }
    return {name: text for name, text in facts.items() if text}


def _span(value: Any) -> str:
    seconds = _number(value)
    return readable(seconds) if seconds else ""


def _source(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    source = payload.get("source")
    return source if isinstance(source, Mapping) else {}


def _license(payload: Mapping[str, Any]) -> str:
    told = payload.get("licenseAttributes")
    return _text(told, "type") if isinstance(told, Mapping) else ""


def _in_brackets(label: str) -> str:
    found = re.search(r"\(([^()]*)\)\s*$", label)
    return found[1].strip() if found else ""


def _text(payload: Mapping[str, Any], key: str) -> str:
    value = payload.get(key)
    return plain(value).strip() if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    """Return a finite number that is not negative, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < float("inf") else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _rows(value: Any) -> int | None:
    return _whole(value.get("processedCount")) if isinstance(value, Mapping) else None


def _moment(value: Any) -> datetime | None:
    """Return the UTC time that a text spells, offsets like ``+0000`` included; None for blank, absent or odd text."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    precise = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return precise.replace("+00:00", "Z")
