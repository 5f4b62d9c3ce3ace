"""Runs as Tailer shows them to jobs; pure. The platform's own words end here.

Facts: platform page 1.1 (a row), 2.1 and 2.2 (statuses), 2.5 (ids).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reconcile.core.operation import Job, JobError, JobState
from reconcile.providers.answer import shown
from reconcile.providers.tailer.kinds import Connection
from reconcile.providers.tailer.operations import LAUNCH, LAUNCHABLE

# Page 2.1, 2.2. CHECKED is a failed run that a person has marked as dealt with: what should follow it still lacks what
# the run did not bring, so it stays a failure. DEACTIVATED ends before any work is done.
STATES: Mapping[str, JobState] = {
    "WAITING": JobState.PENDING,
    "RUNNING": JobState.RUNNING,
    "SUCCESS": JobState.SUCCEEDED,
    "NO_MATCH": JobState.SUCCEEDED,
    "FAILED": JobState.FAILED,
    "CHECKED": JobState.FAILED,
    "DEACTIVATED": JobState.FAILED,
}
_REASONS: Mapping[str, str] = {
    "CHECKED": "the run failed, and somebody marked it as dealt with",
    "DEACTIVATED": "the data operation is switched off",
}
_NO_MATCH = "nothing matched, so there was nothing to do"

# One type, several names: the internal ones of page 1.5, of which the first is met in answers (1.1).
_TYPES: Mapping[str, str] = {
    "gbq-to-gbq": "table-to-table",
    "gbq-to-gcs": "table-to-storage",
    "gcs-to-gcs": "storage-to-storage",
    "storage-to-table": "storage-to-tables",
}

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_RUN_ID = re.compile(r"([0-9]{8})(?:-([0-9]{6}))?-")
_DURATION = re.compile(r"(?:(-?[0-9]+) days?, )?([0-9]+):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,6})?)")


class Unintelligible(ValueError):
    """A row that is no run."""


def from_row(row: Any) -> Job:
    """Return the job that a row of ``results`` shows. Raises ``Unintelligible`` for what names no run.

    Everything but the run's id may be absent or odd (page 1.1), and is then left out. A job's creation is the time in
    its id, else its start.
    """
    if not isinstance(row, Mapping) or not isinstance(row.get("run_id"), str) or not row["run_id"]:
        raise Unintelligible("a run without a run_id")
    word = _text(row, "status")
    state = STATES.get(word.upper(), JobState.UNKNOWN)
    type_, name = documented_type(_text(row, "configuration_type")), _text(row, "configuration_id")
    started = _moment(row.get("start_execution_date"))
    return Job(
        id=row["run_id"],
        operation=LAUNCH.name if type_ in LAUNCHABLE else "",
        target=f"{type_}:{name}" if type_ and name else "",
        state=state,
        platform_state=word,
        created_at=created_at(row["run_id"]) or _iso(started),
        started_at=_iso(started),
        ended_at=_iso(_end(row, started)) if state.is_over else None,
        error=_error(word.upper()) if state is JobState.FAILED else None,
        facts=_facts(row, word),
    )


def is_elsewhere(row: Any, connection: Connection) -> bool:
    """Say whether a row is of another account or environment: nobody knows what the API filters by (page 6)."""
    if not isinstance(row, Mapping):
        return False
    ours = {"account": connection.account, "environment": connection.environment}
    return any(row.get(name) not in (None, value) for name, value in ours.items())


def documented_type(name: str) -> str:
    """Return the documented name of a configuration type, ``table-to-table`` for ``gbq-to-gbq``."""
    return _TYPES.get(name, name)


def job_id(connection: Connection, type_: str, id: str) -> str | None:
    """Return the job id of a configuration's runs (page 2.5); None where it holds more than the configuration tells."""
    match documented_type(type_):
        case "table-to-table":
            return f"gbq-to-gbq|{id}"
        case "table-to-storage":
            return f"table-to-storage|table-to-storage|{id}"
        case "vm-launcher":
            return f"vm-launcher|{connection.account}|{id}|{connection.environment}"
        case _:
            return None


def created_at(run_id: str) -> str | None:
    """Return the UTC time in the id of a launched run; None when it has none: runs of file events have a day only."""
    found = _RUN_ID.match(run_id)
    return _iso(_stamp(found[1], found[2])) if found and found[2] else None


def earliest(run_id: str) -> datetime | None:
    """Return a time before which a run of this id cannot have begun; None when the id does not tell."""
    found = _RUN_ID.match(run_id)
    if found is None:
        return None
    moment = _stamp(found[1], found[2] or "000000")
    # A day alone may be one of another zone.
    return moment if moment is None or found[2] else moment - timedelta(days=1)


def age(job: Job) -> datetime:
    """Return when a job was created, to compare jobs by; the beginning of time when nobody knows."""
    return datetime.fromisoformat(job.created_at) if job.created_at else _EARLIEST


def _facts(row: Mapping[str, Any], word: str) -> dict[str, str]:
    labels = {
        "duration": "duration",
        "execution date": "execution_date",
        "job id": "job_id",
        "last update": "last_update_date",
    }
    facts = {label: _text(row, key) for label, key in labels.items()}
    facts["note"] = _NO_MATCH if word.upper() == "NO_MATCH" else ""
    updated = _iso(_moment(row.get("last_update_date")))
    return {label: text for label, text in {**facts, "last update": updated or facts["last update"]}.items() if text}


def _end(row: Mapping[str, Any], started: datetime | None) -> datetime | None:
    """Return when a run ended: the last update may be later, when somebody set its status by hand."""
    lasted = _duration(row.get("duration"))
    if started is not None and lasted is not None:
        try:
            return started + lasted
        except OverflowError:
            pass
    return _moment(row.get("last_update_date"))


def _duration(text: Any) -> timedelta | None:
    """Return what Python's ``str(timedelta)`` spells (page 1.1): ``0:01:24.002519``, ``1 day, 2:03:04``."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    days, hours, minutes, seconds = found.groups()
    try:
        return timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    except (OverflowError, ValueError):
        return None


def _moment(text: Any) -> datetime | None:
    """Return a time in UTC; one without an offset is meant in UTC. None for what is no time."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _stamp(day: str, time: str) -> datetime | None:
    try:
        return datetime.strptime(f"{day}{time}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _text(row: Mapping[str, Any], key: str) -> str:
    """Return a text fit to show, "" when there is none."""
    value = row.get(key)
    return shown(value) if isinstance(value, str) else ""


def _error(word: str) -> JobError:
    """Return why a run counts as failed. What a person has marked is that person's to start again."""
    return JobError(word, _REASONS.get(word, ""), by_hand=word == "CHECKED")
