"""Snapshots in few words, on real kinds: a CRM Analytics org called ``sales``, a Tailer account ``tailer_dev``."""

from collections.abc import Iterable, Mapping
from typing import Any

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.hold import Hold
from reconcile.core.kind import Connected
from reconcile.core.plan import Base, Change, Plan, Stamp, build_plan
from reconcile.core.snapshot import (
    Desired,
    Live,
    Missing,
    ReadFailed,
    Reading,
    Recorded,
    SameAs,
    Snapshots,
    Unreadable,
    Values,
)
from reconcile.core.source import Span
from reconcile.providers.crm_analytics.schedule import ConnectedSchedule, ScheduleKind
from reconcile.providers.tailer.kinds import Connection
from reconcile.providers.tailer.provider import PROVIDER as TAILER

NOW = "2026-11-22T14:00:00Z"
BEFORE = "2026-11-01T09:00:00Z"
STAMP = Stamp("p1", NOW, "default", Base("lineage", 1))
BASE = "/services/data/v60.0"
SCHEDULE = ConnectedSchedule(BASE, ScheduleKind())
TAILER_DEV = Connection.model_validate(
    {
        "provider": "tailer",
        "account": "000099",
        "environment": "DEV",
        "auth": {"method": "token", "token": "not-a-real-token"},
    }
)
KINDS: dict[tuple[str, str], Connected] = {
    ("sales", "schedule"): SCHEDULE,
    ("other", "schedule"): SCHEDULE,
    **{("tailer_dev", name): connected for name, connected in TAILER.connected(TAILER_DEV).items()},
}

A = Address("sales", "schedule", "recipe:A")
B = Address("sales", "schedule", "recipe:B")
CONF = Address("tailer_dev", "configuration", "table-to-table:000099_x_DEV")
FLOW = Address("tailer_dev", "configuration", "workflow:000099-w")
RESET = Address("tailer_dev", "workflow_reset", "000099-w")

NONE: Values = {"frequency": "none"}
DAILY: Values = {"frequency": "daily", "time": "01:00", "timezone": "UTC"}
WEEK = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
WEEKLY: Values = {"frequency": "weekly", "days_of_week": ("Monday", "Thursday"), "time": "00:45", "timezone": "UTC"}
EVENT: Values = {"frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"}
HIDDEN: Values = {"frequency": "eventdriven"}
ON: Values = {"activated": True, "archived": False}
OFF: Values = {"activated": False, "archived": False}
RULE = frozenset(("trigger_rule",))


def asset(number: int) -> Address:
    """Return the address of one of many recipes."""
    return Address("sales", "schedule", f"recipe:R{number:05}")


def want(
    address: Address, values: Values, *, protect: bool | None = None, line: int = 3, hold: Hold | None = None
) -> Desired:
    """Return what a file asks for."""
    return Desired(address, values, Span("sales.yaml", line, 5), protect, hold)


def shown(address: Address, values: Values, *, id: str | None = "05v1", unknown: Iterable[str] = ()) -> Live:
    """Return what the platform shows."""
    return Live(address, values, id, "", frozenset(unknown))


def ours(address: Address, values: Values, **more: Any) -> Recorded:
    """Return what we recorded; ``more`` are fields of ``Recorded``."""
    facts: dict[str, Any] = {"applied_at": BEFORE, "id": "05v1", "file": "sales.yaml", **more}
    return Recorded(address, values, **facts)


def missing(address: Address, *, empty: bool = False) -> Missing:
    """Return the reading of an asset that is not there."""
    return Missing(address, Diagnostic("unknown-object", "Unknown recipe", "no such recipe"), empty)


def unread(address: Address, *, alone: bool = False) -> ReadFailed:
    """Return the reading of an asset whose list failed, or whose own reading did."""
    told = Diagnostic("unavailable", "The platform cannot be reached", "sales: 503")
    return ReadFailed(address, told, of_listing=not alone)


def snapshots(*parts: Desired | Reading | Recorded) -> Snapshots:
    """Return three views made of parts in any order; what cannot be read is filled in."""
    desired = {p.address: p for p in parts if isinstance(p, Desired)}
    recorded = {p.address: p for p in parts if isinstance(p, Recorded)}
    live: dict[Address, Reading] = {
        p.address: p for p in parts if isinstance(p, (Live, Missing, ReadFailed, SameAs, Unreadable))
    }
    for address in (*desired, *recorded):
        if address.connection == "tailer_dev":
            live.setdefault(address, Unreadable(address))
    return Snapshots(desired, live, recorded)


def plan_of(*parts: Desired | Reading | Recorded, reassert: bool = False, hold: Hold | None = None) -> Plan:
    """Return the plan for some parts; ``hold`` is that of the environment."""
    return build_plan(snapshots(*parts), KINDS, STAMP, reassert=reassert, hold=hold)


def change_of(*parts: Desired | Reading | Recorded, reassert: bool = False) -> Change:
    """Return the only change of the plan for some parts."""
    (change,) = plan_of(*parts, reassert=reassert).changes
    return change


def by_address(items: Iterable[Recorded]) -> Mapping[Address, Recorded]:
    """Return recorded objects by address."""
    return {item.address: item for item in items}
