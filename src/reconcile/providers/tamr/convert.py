"""Tamr's job payloads and our values, both ways. Pure. Facts: platform page 1.3 to 1.5."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from reconcile.core.operation import Job, JobError, JobState, Order
from reconcile.core.request import Json
from reconcile.providers.tamr.operations import OPERATIONS

# Type of job -> our setting -> the key of the id (page 1.4). The operation is called ``tamr.`` and the type.
IDS: Mapping[str, Mapping[str, str]] = {
    "load": {"source": "sourceId"},
    "update": {"data_product": "dataProductId", "workflow": "workflowId"},
    "publish": {"destination": "destinationId", "data_product": "dataProductId"},
}
_STATES = {
    "PENDING": JobState.PENDING,
    "RUNNING": JobState.RUNNING,
    "STOPPING": JobState.RUNNING,
    "DONE": JobState.SUCCEEDED,
}
_STOPPED = "STOPPED_BY_USER"
# Times up to this one are how Go and protobuf write "no time".
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """A job as the platform showed it.

    ``type`` is the platform's word for the type of job, "" when it tells none; ``ids`` are those that are filled, by
    our settings. ``order`` is what would start such a job, None when nothing of ours does. ``created`` is when the
    job was made (UTC), None when that is not told.
    """

    job: Job
    type: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    order: Order | None = None
    created: datetime | None = None

    def does(self, order: Order) -> bool:
        """Say whether this is a job of the order's work: each id that the order has is the job's.

        A destination that is asked for without a data product is known by its id alone (page 1.4); the job may name
        the data product all the same.
        """
        mine = self.order
        return (
            mine is not None and mine.operation == order.operation and order.settings.items() <= mine.settings.items()
        )

    def is_about(self, order: Order) -> bool:
        """Say whether this is a job with the order's subject."""
        return self.does(order) or (self.order is not None and self.order.subject == order.subject)

    def as_ordered(self, order: Order) -> Job:
        """Return the job, with the order's own words for what it does where it is that work or does not tell."""
        if self.does(order) or not self.type:
            return replace(self.job, operation=order.operation, target=order.target)
        return self.job


def configuration_of(order: Order) -> dict[str, Json]:
    """Return the ``configuration`` that asks for this work (page 1.4)."""
    type_ = order.operation.removeprefix("tamr.")
    return {type_: {key: str(order.settings[ours]) for ours, key in IDS[type_].items() if ours in order.settings}}


def seen_job(payload: Any) -> Seen:
    """Return the job that a payload shows. Raises ``ValueError`` when it has no id; anything else may be missing."""
    job_id = _get(payload, "jobId") if isinstance(payload, dict) else None
    if not isinstance(job_id, str) or not job_id:
        raise ValueError("a job without a jobId")
    type_, told = _configuration(payload)
    ids = {ours: told[key] for ours, key in IDS.get(type_, {}).items() if key in told}
    order = _order(type_, ids)
    status = _object(payload, "status")
    state, error = _outcome(status)
    times = sorted(_entered(payload, status))
    job = Job(
        id=job_id,
        operation=f"tamr.{type_}" if type_ in IDS else "",
        target=order.target if order else "",
        state=state,
        platform_state=_word(status),
        created_at=_iso(times[0][0]) if times else None,
        started_at=next((_iso(moment) for moment, word in times if word == "RUNNING"), None),
        ended_at=_iso(_moment(_get(status, "stateStartTime"))) if state.is_over else None,
        error=error,
        facts=_facts(type_, told),
    )
    return Seen(job, type_, ids, order, times[0][0] if times else None)


def _configuration(payload: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the type of job and its texts that are not blank, by camelCase key.

    ids that are not set may be there as "" (page 1.3), and so may be the types that the job is not of.
    """
    found = {
        str(type_): {_camel(key): text for key, text in ids.items() if isinstance(text, str) and text.strip()}
        for type_, ids in _object(payload, "configuration").items()
        if isinstance(ids, dict)
    }
    filled = {type_: ids for type_, ids in found.items() if ids} or found
    return next(iter(filled.items())) if len(filled) == 1 else ("", {})


def _order(type_: str, ids: Mapping[str, str]) -> Order | None:
    operation = OPERATIONS.get(f"tamr.{type_}")
    if operation is None or not ids or (type_ == "publish" and "destination" not in ids):
        return None
    if type_ == "update" and "workflow" in ids:
        # Not documented with both; a workflow reads a data product, and never the other way round.
        ids = {"workflow": ids["workflow"]}
    return operation.order(operation.entry(**ids), None)


def _outcome(status: Mapping[str, Any]) -> tuple[JobState, JobError | None]:
    """Return the state. How a job ended is told by its error alone (page 1.5).

    An error means that the job is over (page 1.3), so it decides for words that we do not know. PENDING, RUNNING and
    STOPPING are believed before it: each is followed by DONE, and a second job beside one that goes on does harm.
    """
    error = _error(status.get("error"))
    state = _STATES.get(_word(status).upper(), JobState.UNKNOWN)
    if error is None or state in (JobState.PENDING, JobState.RUNNING):
        return state, error
    return (JobState.STOPPED if error.reason == _STOPPED else JobState.FAILED), error


def _error(error: Any) -> JobError | None:
    """Return the error; absent, null and empty are none, as in the vendor's own example (page 1.3)."""
    if not error:
        return None
    if not isinstance(error, dict):
        return JobError("", _plain(error))
    reason, message = _plain(error.get("reason") or ""), _plain(error.get("message") or "")
    return JobError(reason, message or ("" if reason else _plain(json.dumps(error))))


def _word(status: Mapping[str, Any]) -> str:
    word = status.get("state")
    return "" if word is None else _plain(word)


def _entered(payload: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[tuple[datetime, str]]:
    """Yield when the job entered which state; the order of the history is not documented (page 1.3)."""
    history = _get(payload, "statusHistory")
    for each in (status, *(history if isinstance(history, list) else ())):
        moment = _moment(_get(each, "stateStartTime")) if isinstance(each, dict) else None
        if moment is not None:
            yield moment, _word(each).upper()


def _facts(type_: str, told: Mapping[str, str]) -> dict[str, str]:
    """Return the display names, where a tenant tells them (documented for events only, page 1.4)."""
    facts = {"type": _plain(type_)} if type_ and type_ not in IDS else {}
    for key, text in told.items():
        if key.endswith("DisplayName"):
            facts[re.sub(r"([A-Z])", r" \1", key.removesuffix("DisplayName")).lower() + " name"] = _plain(text)
    return facts


def _moment(text: Any) -> datetime | None:
    """Return the time (UTC) that RFC 3339 text spells, with any number of digits after the second; None for none."""
    try:
        moment = datetime.fromisoformat(str(text).strip().upper())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment > _EPOCH else None


def _iso(moment: datetime | None) -> str | None:
    """Return UTC in milliseconds, as Tamr writes it; always as long, so that the texts sort as the times."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _get(body: Mapping[str, Any], key: str) -> Any:
    """Return what stands under a camelCase key, or under the snake_case name of the same field."""
    value = body.get(key)
    return body.get(re.sub(r"([A-Z])", r"_\1", key).lower()) if value is None else value


def _object(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _camel(key: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), key)


def _plain(value: object) -> str:
    """Return text as one line without control characters: it goes to terminals."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
