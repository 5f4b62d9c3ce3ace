"""What the values of a schedule say about when it fires; pure. Platform page 1.1, 1.2 (what may be missing)."""

from __future__ import annotations

import re
from functools import lru_cache

from reconcile.core.snapshot import Value, Values
from reconcile.core.timing import (
    Clock,
    Daily,
    EventDriven,
    Every,
    Frequency,
    Monthly,
    MonthlyRelative,
    Role,
    Timing,
    Unclear,
    Unscheduled,
    Weekday,
    Weekly,
    WeekOfMonth,
)
from reconcile.providers.crm_analytics import convert
from reconcile.providers.crm_analytics.kinds import ID_KINDS

ALL_LOCAL = "$ALL_SALESFORCE_OBJECTS"

# The connection that every org has; `$ALL_SALESFORCE_OBJECTS` means its sync (page 1.1). Captured under this name only.
LOCAL_SYNC = "data_sync:SFDC_LOCAL"

_TIME = re.compile(r"(\d\d):(\d\d)")
_TRIGGER = re.compile(r"\$\w+|\w+:\w+")


def timing_of(values: Values) -> Timing:
    """Return when a schedule fires; ``Unclear`` where the values do not say, and never an error.

    Live values may lack what files must have: PUT without a time has been seen to succeed (page 1.1).
    """
    return _remembered(tuple(values.items()))


@lru_cache(maxsize=4096)
def _remembered(items: tuple[tuple[str, Value], ...]) -> Timing:
    # Thousands of schedules of one org share a few hundred timings, and a plan looks at each more than once.
    try:
        return _timing(dict(items))
    except ValueError as error:
        return Unclear(str(error))


def answers_to(name: str, id: str | None) -> frozenset[str]:
    """Return the words by which trigger rules name a schedule, as ``EventDriven.triggers`` spells them.

    ``name`` is the last part of its address, ``id`` the asset's id on the platform, None where it is not known.
    """
    kind, _, text = name.partition(":")
    found = {ALL_LOCAL} if name == LOCAL_SYNC else set()
    if kind == "id":
        return answers_to(f"{ID_KINDS.get(text[:3], '')}:", text)
    if id and kind in ("recipe", "dataflow"):
        found.add(f"{kind}:{convert.short_id(id)}")
    return frozenset(found)


def role_of(name: str, id: str | None) -> Role:
    """Return what an asset is to the others of its org.

    Recipes and dataflows work on what the local connection's sync brings in: it is the one that every org has (page 7).
    Whose output else they read only their definitions say.
    """
    kind, _, text = name.partition(":")
    pool = ID_KINDS.get(text[:3], "asset") if kind == "id" else kind
    reads = frozenset((ALL_LOCAL,)) if pool in ("recipe", "dataflow") else frozenset[str]()
    return Role(pool, answers_to(name, id), reads)


def triggers_of(rule: str) -> tuple[str, ...]:
    """Return what a trigger rule waits for: an AND-list, ids in their short form; empty when it is anything else.

    Only ``$ALL_SALESFORCE_OBJECTS`` and ``recipe:ID``, joined by AND, have been seen (page 1.1).
    """
    parts = [part.strip() for part in rule.split(" AND ")]
    if not all(_TRIGGER.fullmatch(part) for part in parts):
        return ()
    split = (part.partition(":") for part in parts)
    return tuple(sorted({f"{kind}{colon}{convert.short_id(asset)}" for kind, colon, asset in split}))


def _timing(values: Values) -> Timing:
    match values.get("frequency"):
        case None if not values:
            return Unscheduled()
        case "none":
            return Unscheduled()
        case "eventdriven":
            rule = values.get("trigger_rule")
            return EventDriven(rule, triggers_of(rule)) if isinstance(rule, str) else EventDriven(None)
        case "hourly":
            return _every(Frequency.HOURLY, values.get("hourly_interval"), 60, values)
        case "minutely":
            return _every(Frequency.MINUTELY, values.get("minutely_interval"), 1, values)
        case "daily":
            return Daily(_clock(values))
        case "weekly":
            return Weekly(_weekdays(values) or frozenset(), _clock(values))
        case "monthly":
            return _monthly(values)
        case "monthlyrelative":
            return _monthly_relative(values)
        case other:
            raise ValueError(f'nobody knows a frequency "{other}"')


def _every(frequency: Frequency, interval: Value, unit_minutes: int, values: Values) -> Timing:
    if not _is_number(interval, 1, 10**6):
        raise ValueError("it has no interval")
    last_hour = values.get("last_hour")
    if last_hour is not None and not _is_number(last_hour, 0, 23):
        raise ValueError(f"{last_hour!r} is no hour")
    return Every(frequency, int(str(interval)) * unit_minutes, _clock(values), _weekdays(values), last_hour)  # type: ignore[arg-type]


def _monthly(values: Values) -> Timing:
    days = _tuple(values.get("days_of_month"))
    numbers = tuple(sorted(day for day in days if isinstance(day, int)))
    if not days or not all(day == "last" or _is_number(day, 1, 31) for day in days):
        raise ValueError("its days of the month cannot be read")
    return Monthly(numbers, _clock(values), on_last="last" in days)


def _monthly_relative(values: Values) -> Timing:
    week = values.get("week_in_month")
    if week not in tuple(WeekOfMonth):
        raise ValueError("its week of the month cannot be read")
    return MonthlyRelative(WeekOfMonth(str(week)), _weekday(values.get("day_in_week")), _clock(values))


def _weekdays(values: Values) -> frozenset[Weekday] | None:
    days = _tuple(values.get("days_of_week"))
    return frozenset(_weekday(day) for day in days) if days else None


def _weekday(day: Value) -> Weekday:
    try:
        return Weekday[str(day).upper()]
    except KeyError:
        raise ValueError(f'"{day}" is no day of the week') from None


def _clock(values: Values) -> Clock:
    found = _TIME.fullmatch(str(values.get("time")))
    if not found:
        raise ValueError("it has no time of day")
    hour, minute = int(found[1]), int(found[2])
    if hour > 23 or minute > 59:
        raise ValueError(f"{found[0]} is no time of day")
    zone = values.get("timezone")
    return Clock(hour * 60 + minute, zone if isinstance(zone, str) else None)


def _tuple(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else ()


def _is_number(value: Value, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
