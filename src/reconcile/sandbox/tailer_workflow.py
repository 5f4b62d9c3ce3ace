"""What a workflow does with completions, resets and its reset schedule. Source: tailer.md 2.3 (M unless noted)."""

import re
from datetime import datetime, timedelta

from reconcile.sandbox.tailer_model import Configuration, WorkflowState
from reconcile.sandbox.wire import Json

_TARGET_TYPES = {"storage-to-table": "storage-to-tables"}
_DAILY = re.compile(r"([0-5]?\d) ([01]?\d|2[0-3]) \* \* \*")


def remember(workflow: Configuration, state: WorkflowState, job_id: str, execution_date: str, at: datetime) -> bool:
    """Return whether all authorised jobs have arrived with this one: then everything starts over.

    A job that the workflow does not wait for is ignored, and so is every one while `activated` is false: it is not made
    up for later. Whether it is archived does not matter (2.1).
    """
    wanted = workflow.document.get("authorized_job_ids") or ()
    if workflow.type != "workflow" or job_id not in wanted or not workflow.activated:
        return False
    state.jobs[job_id] = {"executed": True, "execution_date": execution_date}
    state.last_modified = at.isoformat()
    if not all(state.jobs.get(job, {}).get("executed") for job in wanted):
        return False
    state.history.append({"event": "triggered", "at": at.isoformat(), "jobs": state.jobs})
    state.jobs = {job: {**arrived, "executed": False} for job, arrived in state.jobs.items()}
    state.target_dag_last_executed = at.isoformat()
    return True


def forget(state: WorkflowState, at: datetime, event: str = "reset") -> None:
    """Forget the arrived jobs; history and target stay, nothing is triggered."""
    state.history.append({"event": event, "at": at.isoformat(), "jobs": state.jobs})
    state.jobs = {}
    state.last_modified = at.isoformat()


def target(workflow: Configuration) -> tuple[str | None, str]:
    """Return type (None in the first version of workflows, which names none) and id of what is triggered.

    A target's type is documented as storage-to-table although the type has an s (1.5, H): both are the same here.
    """
    given: object = workflow.document.get("target_dag")
    if isinstance(given, dict):
        type_ = str(given.get("configuration_type", ""))
        return _TARGET_TYPES.get(type_, type_), str(given.get("configuration_id", ""))
    return None, str(given or "")


def next_reset(document: Json, after: datetime) -> datetime | None:
    """Return when `schedule_interval_reset` is due next, in UTC; None without one.

    The sandbox reads daily ones; a ValueError for anything else, so that none is silently never done.
    """
    cron = document.get("schedule_interval_reset")
    if cron is None or str(cron).strip().lower() in ("", "none"):
        return None
    found = _DAILY.fullmatch(" ".join(str(cron).split()))
    if found is None:
        raise ValueError(f"schedule_interval_reset {cron!r}: the sandbox reads daily ones only, such as '59 23 * * *'")
    minute, hour = int(found[1]), int(found[2])
    due = after.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return due if due > after else due + timedelta(days=1)
