"""An Airflow DAG: drift every hour, as a task that fails when somebody moved something, or when it cannot be said.

Needs Airflow 2.9 or later and ``pip install 'reconcile[jwt]'`` where tasks run. The variables that reconcile.yaml names
come from the environment of the workers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import reconcile

try:
    from airflow.decorators import dag, task
except ImportError as error:  # pragma: no cover - said where the file is read by something else than Airflow
    raise ImportError("this file is a DAG: it is read by Airflow, which is not installed here") from error

WORKSPACE = "/opt/airflow/desired_state"
ENVIRONMENT = "prod"


class Drifted(Exception):
    """Somebody moved something on a platform."""


@dag(
    dag_id="reconcile_drift",
    schedule="17 * * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["reconcile"],
)
def reconcile_drift() -> None:
    """Look for drift once an hour; never two looks at once."""

    @task(retries=2, retry_delay=timedelta(minutes=2), execution_timeout=timedelta(minutes=20))
    def look() -> dict[str, Any]:
        """Return the document of the look: small, without secrets, kept as XCom."""
        found = reconcile.load(WORKSPACE, env=ENVIRONMENT, program="airflow").drift()
        if found.failed:
            # Tried again: a platform may be out of reach for a moment.
            raise RuntimeError("; ".join(told.detail for told in found.diagnostics if told.is_error))
        return found.to_json()

    @task(retries=0)
    def judge(document: dict[str, Any]) -> None:
        """Fail when there is drift: trying again would find the same."""
        moved = [item["address"] for item in document["drift"]]
        if moved:
            raise Drifted(", ".join(moved))

    judge(look())


reconcile_drift()
