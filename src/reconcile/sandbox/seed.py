"""The worlds a sandbox can begin with: `example`, which the example workspace is written for, and `empty`."""

from reconcile.sandbox.crm_analytics import CrmAnalytics
from reconcile.sandbox.crm_schedule import Schedule
from reconcile.sandbox.tailer import Tailer
from reconcile.sandbox.tailer_model import WorkflowState
from reconcile.sandbox.tamr import Tamr
from reconcile.sandbox.wire import Json

SEEDS = ("example", "empty")

ACCOUNT = "000099"
_PACIFIC = "America/Los_Angeles"


def plant(seed: str, crm: CrmAnalytics, tailer: Tailer, tamr: Tamr) -> None:
    """Fill fresh simulators; a ValueError for a seed that does not exist."""
    if seed not in SEEDS:
        raise ValueError(f"seed must be one of: {', '.join(SEEDS)}")
    if seed == "example":
        _plant_assets(crm)
        for environment in ("DEV", "PROD"):
            _plant_tailer(tailer, environment)
        tamr.resources = ["src_a", "src_b", "dp_xyz", "flow_xyz", "Test 123"]


def _at(hour: int, minute: int, zone: str = _PACIFIC) -> Json:
    return {"hour": hour, "minute": minute, "timeZone": zone}


def _plant_assets(crm: CrmAnalytics) -> None:
    weekly: Schedule = {"frequency": "weekly"}
    by_hand = {**weekly, "daysOfWeek": ["friday"], "time": _at(22, 15)}
    board = {"frequency": "monthlyrelative", "weekInMonth": "last", "dayInWeek": "sunday", "time": _at(2, 0)}
    month_close = {"frequency": "monthly", "daysOfMonth": [1, 15, 31], "time": _at(0, 0)}
    churn = {"frequency": "minutely", "minutelyInterval": 30, "lastHour": 18, "daysOfWeek": ["monday"]}
    sync = {"frequency": "hourly", "hourlyInterval": 6, "time": _at(0, 30, "UTC")}
    create = crm.assets.create
    create("dataflow", "Opportunities")
    create("dataflow", "After_Sync", "After Sync")
    default_flow = {**weekly, "daysOfWeek": ["sunday"], "time": _at(0, 0)}
    create("dataflow", "SalesEdgeEltWorkflow", "Default Salesforce Dataflow", schedule=default_flow)
    create("recipe", "Pipeline_Snapshot")
    create("recipe", "Month_Close", schedule=month_close)
    create("recipe", "Board_Pack", schedule=board)
    create("recipe", "Retired_Report", schedule=by_hand)
    create("recipe", "Quarter_Forecast")
    create("recipe", "Churn_Score", schedule={**churn, "time": _at(8, 0, "UTC")})
    create("recipe", "Adhoc_Export")
    create("recipe", "Territory_Mix", schedule={**by_hand, "daysOfWeek": ["saturday"], "notificationLevel": "never"})
    all_day = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    create(
        "data_sync", "SFDC_LOCAL", "SFDC_LOCAL", connector_type="SfdcLocal", schedule={**sync, "daysOfWeek": all_day}
    )
    create("data_sync", "Warehouse", connector_type="SnowflakeComputing")
    marketing = {"frequency": "daily", "time": _at(4, 0, "Europe/Paris"), "notificationLevel": "warnings"}
    create("data_sync", "Marketing_Cloud", connector_type="SfdcMarketingCloud", schedule=marketing)


def _plant_tailer(tailer: Tailer, environment: str) -> None:
    """Deploy the same four operations; outside DEV every id ends in the environment, as the docs advise."""
    suffix = "" if environment == "DEV" else f"_{environment}"
    storage = f"{ACCOUNT}-jarvis-demo-iowa-liquor-storage-to-storage{suffix}"
    prepare = f"{ACCOUNT}_iowa_liquor_prepare_pda_{environment}"
    load = f"{ACCOUNT}_Load_PDA_f_traffic_ma_{environment}"
    workflow = f"{ACCOUNT}-iowa-liquor-load-pda{suffix}"
    files = "stores-{{FD_DATE}}-{{FD_TIME}}.csv"
    jobs = [
        f"storage-to-storage|{ACCOUNT}|{storage}|{environment}|{files}",
        f"storage-to-tables|{ACCOUNT}|{ACCOUNT}-iowa-liquor-sales{suffix}|{environment}|{files}",
        f"gbq-to-gbq|{prepare}",
    ]
    target = {"configuration_type": "table-to-table", "configuration_id": load}
    _deploy(tailer, environment, "table-to-table", load)
    _deploy(tailer, environment, "table-to-table", prepare)
    _deploy(tailer, environment, "storage-to-storage", storage)
    _deploy(tailer, environment, "workflow", workflow, authorized_job_ids=jobs, target_dag=target)
    arrived = {job: {"executed": True, "execution_date": "2026-11-21T06:00:00+00:00"} for job in jobs[:2]}
    key = (ACCOUNT, environment, "workflow", workflow)
    tailer.model.workflows[key] = WorkflowState(arrived, last_modified="2026-11-21T06:00:04+00:00")


def _deploy(tailer: Tailer, environment: str, type_: str, id_: str, **more: object) -> None:
    identity = {"account": ACCOUNT, "environment": environment, "configuration_type": type_, "configuration_id": id_}
    tailer.model.deploy({**identity, "activated": True, "archived": False, **more})
