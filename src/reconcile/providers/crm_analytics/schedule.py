"""The one kind of CRM Analytics: the schedule of a dataflow, a recipe or a data sync."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconcile.core.address import Address
from reconcile.core.kind import Action, Declared, Kind
from reconcile.core.operation import Order
from reconcile.core.request import Request
from reconcile.core.snapshot import Value, Values
from reconcile.core.timing import Role, Timing
from reconcile.providers.crm_analytics import convert, kinds
from reconcile.providers.crm_analytics.timing import role_of, timing_of

Advice = tuple[str, str, str, str]

_START = ("time", "last_hour", "days_of_week")
_REST = ("timezone", "notification_level")

# The fields of an entry behind its frequency, in the order in which people read them.
WRITTEN: dict[str, tuple[str, ...]] = {
    "hourly": ("hourly_interval", *_START, *_REST),
    "minutely": ("minutely_interval", *_START, *_REST),
    "daily": ("time", *_REST),
    "weekly": ("days_of_week", "time", *_REST),
    "monthly": ("days_of_month", "time", *_REST),
    "monthlyrelative": ("week_in_month", "day_in_week", "time", *_REST),
    "eventdriven": ("trigger_rule", "notification_level"),
    "none": (),
}


class ScheduleKind:
    """When an asset runs. An object is named ``recipe:NAME``, ``dataflow:NAME``, ``data_sync:NAME`` or ``id:ID``."""

    name = "schedule"
    section = "schedules"
    readable = True
    one_shot = False
    entry: Any = kinds.Entry

    def declare(self, entry: kinds.Schedule, connection: Any) -> Declared:
        """Return the schedule that an entry asks for; sets of days in one fixed order."""
        values: dict[str, Value] = {}
        # The model's own fields only: asking it for those of another frequency is slow.
        for name in convert.fields_of({"frequency": entry.frequency}):  # type: ignore[attr-defined]
            value = getattr(entry, name)
            if value is None:
                continue
            if name == "days_of_week":
                value = convert.in_week_order(value)
            elif name == "days_of_month":
                value = convert.days_in_order(value)
            values[name] = value
        return Declared(asset_name(entry), values, _advice(values))

    def entry_of(self, name: str, values: Values) -> Values:
        """Return the entry that declares a schedule, its keys in the order of the documented examples."""
        asset, _, text = name.partition(":")
        order = WRITTEN.get(str(values.get("frequency")))
        if order is None or asset not in kinds.Schedule.ASSETS:
            raise ValueError(f"no entry has frequency {values.get('frequency')!r}")
        shown = {key: values[key] for key in order if key in values}
        return {asset: text, "frequency": values["frequency"], **shown}

    def fields_of(self, values: Values) -> tuple[str, ...]:
        """Return the fields that a schedule of this frequency can have."""
        return convert.fields_of(values)

    def is_absent(self, values: Values) -> bool:
        """Say whether this means "no schedule"."""
        return values.get("frequency") == "none"

    def paused(self, values: Values) -> Values | None:
        """Return "no schedule": the platform has no other way to keep one from firing."""
        return {"frequency": "none"}

    def align(self, live: Values, wanted: Values) -> Values:
        """Return ``live`` spelled like ``wanted`` where both mean the same."""
        return convert.align(live, wanted)

    def stage(self, action: Action, address: Address, after: Values) -> int:
        """Return 0: no schedule depends on another one."""
        return 0

    def timing(self, values: Values) -> Timing:
        """Return when the schedule fires; never, for no values at all."""
        return timing_of(values)

    def role(self, name: str, id: str | None) -> Role:
        """Return what trigger rules call the asset, and which limit its runs count for."""
        return role_of(name, id)


def asset_name(entry: kinds.Schedule) -> str:
    """Return the name of an entry's asset: ``recipe:NAME``; an id in its 18-character form."""
    for kind in ("dataflow", "recipe", "data_sync"):
        if (name := getattr(entry, kind)) is not None:
            return f"{kind}:{name}"
    return f"id:{convert.long_id(str(entry.id))}"


@dataclass(frozen=True, slots=True)
class ConnectedSchedule:
    """Schedules of one org, reached below ``base`` (``/services/data/v60.0``)."""

    base: str
    kind: Kind

    def requests(self, action: Action, address: Address, id: str | None, after: Values) -> tuple[Request, ...]:
        """Return the PUT or DELETE; nothing to be sent for what is only forgotten. Page 1: there is no other verb."""
        if action is Action.FORGET:
            return ()
        path = f"{self.base}/wave/asset/{id}/schedule"
        if action is Action.DELETE:
            return (Request("DELETE", path),)
        return (Request("PUT", path, convert.to_payload(after)),)

    def order(self, address: Address, after: Values) -> Order | None:
        """Return None: a schedule is no one-shot."""
        return None


def _advice(values: Values) -> tuple[Advice, ...]:
    found: list[Advice] = []
    if "time" in values and "timezone" not in values:
        found.append(
            (
                "no-timezone",
                "time",
                "without a timezone the platform takes that of the user who applies",
                "add `timezone:`",
            )
        )
    last, time = values.get("last_hour"), values.get("time")
    if isinstance(last, int) and isinstance(time, str) and f"{last:02}:00" < time:
        found.append(
            (
                "last-hour-before-start",
                "last_hour",
                f"queuing stops at {last}:00, before the first run at {time}; "
                "whether that reaches into the next day is not documented",
                "",
            )
        )
    return tuple(found)
