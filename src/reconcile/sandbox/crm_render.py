"""How a kept schedule looks from outside: the REST object, the dataflow list's string, the recipe list's cron.

Sources: crm_analytics.md 1.2 and 2.1, as noted at each function.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from reconcile.sandbox.clock import Clock, iso
from reconcile.sandbox.crm_calendar import DAYS, WEEKS, next_run, zone_facts
from reconcile.sandbox.crm_schedule import Schedule
from reconcile.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Outlook:
    """A schedule's next run and its zone then, good for any time in `[since, until)` of the same clock."""

    since: datetime
    until: datetime
    next_run: datetime | None
    rest: Json
    """The Schedule representation, all but `assetId`."""


class Outlooks:
    """Next runs, computed once for all assets that share a schedule object (which nobody changes in place)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[int, tuple[Schedule, Outlook]] = {}

    def of(self, schedule: Schedule) -> Outlook:
        """Return the outlook of a schedule now."""
        now = self._clock.now()
        kept, known = self._known.get(id(schedule), (None, None))
        if known is None or kept is not schedule or not known.since <= now < known.until:
            if len(self._known) > 20_000:
                self._known.clear()
            known = _outlook(schedule, now)
            self._known[id(schedule)] = (schedule, known)
        return known


def rest_schedule(asset_id: str, outlook: Outlook | None) -> Json:
    """Return the Schedule representation: lower-case words, the zone as an object (1.2, H)."""
    return {"assetId": asset_id, **outlook.rest} if outlook else {"assetId": asset_id, "frequency": "none"}


def dataflow_string(schedule: Schedule, *, all_readable: bool) -> str:
    """Return the JSON text of the dataflow list (2.1).

    Weekly and event-driven are as captured (H). The other frequencies were never seen: by default they get keys that
    no client can know, with `all_readable` the REST keys.
    """
    frequency = schedule["frequency"]
    if frequency == "eventdriven":
        return _text({"scheduleType": frequency, "triggerRule": schedule.get("triggerRule")})
    clock = schedule.get("time") or {}
    head = {
        "scheduleType": frequency,
        "timeZone": clock.get("timeZone"),
        "startTime": {"hour": clock.get("hour"), "minute": clock.get("minute")},
    }
    days = [day.capitalize() for day in schedule.get("daysOfWeek", ())]
    if frequency == "weekly":
        return _text({**head, "daysOfWeek": days})
    rest = {name: value for name, value in schedule.items() if name not in ("frequency", "time", "notificationLevel")}
    if all_readable:
        return _text({**head, **rest, **({"daysOfWeek": days} if days else {})})
    return _text({**head, "recurrence": {"code": frequency[:1].upper(), "args": [str(v) for v in rest.values()]}})


def quartz_cron(schedule: Schedule) -> str | None:
    """Return the recipe list's cron, Sunday being 1; weekly is as captured (2.2, H), the others follow Quartz (L)."""
    clock = schedule.get("time")
    if clock is None:
        return None
    hour, minute = str(clock["hour"]), str(clock["minute"])
    day_of_month, day_of_week = "?", _cron_days(schedule.get("daysOfWeek"))
    match schedule["frequency"]:
        case "hourly":
            hour = f"{hour}-{schedule.get('lastHour', 23)}/{schedule.get('hourlyInterval', 1)}"
        case "minutely":
            minute = f"{minute}/{schedule.get('minutelyInterval', 1)}"
            hour = f"{hour}-{schedule.get('lastHour', 23)}"
        case "monthly":
            days = schedule.get("daysOfMonth", ())
            day_of_month = "L" if days == [-1] else ",".join(map(str, days))
            day_of_week = "?"
        case "monthlyrelative":
            week = schedule.get("weekInMonth", "first")
            suffix = "L" if week == "last" else f"#{WEEKS.index(week) + 1}"
            day_of_week = f"{_cron_day(schedule.get('dayInWeek', 'sunday'))}{suffix}"
    return f"0 {minute} {hour} {day_of_month} * {day_of_week}"


def encode_entities(value: object) -> object:
    r"""Return the value with `< > " ' \ &` escaped in every string, keys left alone (1.5, H)."""
    if isinstance(value, str):
        return value.translate(_ENTITIES)
    if isinstance(value, dict):
        return {name: encode_entities(each) for name, each in value.items()}
    if isinstance(value, list):
        return [encode_entities(each) for each in value]
    return value


_ENTITIES = str.maketrans({"<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\\": "&#92;", "&": "&amp;"})


def _outlook(schedule: Schedule, now: datetime) -> Outlook:
    run = next_run(schedule, now)
    rest = {name: value for name, value in schedule.items() if name != "time"}
    if run:
        rest["nextScheduledDate"] = iso(run)
    if clock := schedule.get("time"):
        offset, name = zone_facts(clock["timeZone"], run or now)
        zone = {"gmtOffset": offset, "name": name, "zoneId": clock["timeZone"]}
        rest["time"] = {"hour": clock["hour"], "minute": clock["minute"], "timeZone": zone}
    return Outlook(now, run or datetime.max.replace(tzinfo=now.tzinfo), run, rest)


def _text(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def _cron_days(days: list[str] | None) -> str:
    return ",".join(sorted(_cron_day(day) for day in days)) if days else "*"


def _cron_day(day: str) -> str:
    return str((DAYS.index(day) + 1) % 7 + 1)
