"""Payloads of the platform to values and back; pure. The platform's own words end here.

Facts: platform page 1.1 (what is sent), 1.2 (what is shown), 2.1 (what lists carry), 2.3 (ids).
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from typing import Any

from reconcile.core.request import Json
from reconcile.core.snapshot import Value, Values

WEEK = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
UNSCHEDULED: Values = {"frequency": "none"}

# Every field, in the order in which it is shown and compared.
FIELDS = (
    "frequency",
    "hourly_interval",
    "minutely_interval",
    "days_of_week",
    "days_of_month",
    "week_in_month",
    "day_in_week",
    "time",
    "last_hour",
    "timezone",
    "trigger_rule",
    "notification_level",
)
_TIMED = ("time", "timezone", "notification_level")
_SHAPES: dict[str, tuple[str, ...]] = {
    "hourly": ("hourly_interval", "days_of_week", "last_hour", *_TIMED),
    "minutely": ("minutely_interval", "days_of_week", "last_hour", *_TIMED),
    "daily": _TIMED,
    "weekly": ("days_of_week", *_TIMED),
    "monthly": ("days_of_month", *_TIMED),
    "monthlyrelative": ("week_in_month", "day_in_week", *_TIMED),
    "eventdriven": ("trigger_rule", "notification_level"),
    "none": (),
}
_FIELDS_OF = {
    frequency: tuple(name for name in FIELDS if name == "frequency" or name in shape)
    for frequency, shape in _SHAPES.items()
}

# One instant, several names; the platform may answer with another one than it was given.
_UTC_NAMES = ("UTC", "GMT", "GMT0", "GMT+0", "GMT-0", "Zulu", "UCT", "Universal", "Greenwich")
_UTC = frozenset((*_UTC_NAMES, *(f"Etc/{name}" for name in _UTC_NAMES)))


class Unintelligible(ValueError):
    """A payload that is no schedule in any form that is known."""


def fields_of(values: Values) -> tuple[str, ...]:
    """Return the fields that a schedule of this frequency can have, in the order they are shown."""
    return _FIELDS_OF.get(str(values.get("frequency")), FIELDS)


def from_schedule(payload: Any) -> tuple[Values, frozenset[str]]:
    """Return the values of a schedule as GET and most lists show it, and the fields it has but does not show.

    Never-scheduled assets come in several forms (page 1.2); all of them are ``UNSCHEDULED``. Raises
    ``Unintelligible`` for what is no schedule at all: nothing must be taken for "no schedule" by mistake.
    """
    if payload is None:
        return UNSCHEDULED, frozenset()
    _check(payload)
    frequency = str(payload.get("frequency") or "").lower()
    days, time = payload.get("daysOfWeek"), payload.get("time")
    if not frequency and (days or not payload.keys() <= _WITHOUT_SCHEDULE):
        raise Unintelligible("a schedule without a frequency")
    # A connector that was never scheduled calls itself weekly, on no day and at no time (page 1.2).
    if frequency in ("", "none") or (frequency == "weekly" and not days and not time):
        return UNSCHEDULED, frozenset()
    return _values(frequency, payload)


def from_compact(text: Any) -> Values | None:
    """Return the values behind the JSON text that dataflow lists carry; None when it is not understood.

    Blank or absent text means unscheduled. Only the weekly and the event form are known (page 2.1).
    """
    if text is None or (isinstance(text, str) and not text.strip()):
        return UNSCHEDULED
    if isinstance(text, Mapping):
        payload: Any = text
    else:
        try:
            payload = json.loads(html.unescape(str(text)))
        except (ValueError, RecursionError):
            return None
    try:
        return _compact_values(payload)
    except Unintelligible:
        return None


def _compact_values(payload: Any) -> Values | None:
    if not isinstance(payload, Mapping):
        raise Unintelligible("no object")
    _check({"daysOfWeek": payload.get("daysOfWeek"), "time": payload.get("startTime")})
    match str(payload.get("scheduleType") or "").lower():
        case "eventdriven" if payload.get("triggerRule"):
            return {"frequency": "eventdriven", "trigger_rule": plain(payload["triggerRule"])}
        case "weekly" if payload.get("daysOfWeek") and isinstance(payload.get("startTime"), Mapping):
            time = {**payload["startTime"], "timeZone": payload.get("timeZone")}
            return _values("weekly", {"daysOfWeek": payload["daysOfWeek"], "time": time})[0]
        case _:
            return None


def to_payload(values: Values) -> dict[str, Json]:
    """Return the body of a PUT: only what the file manages, from a fixed list of keys.

    What GET shows is never echoed: the platform refuses unknown keys, and takes a zone as text (page 1.4).
    """
    body: dict[str, Json] = {"frequency": str(values["frequency"])}
    for name, key in (("hourly_interval", "hourlyInterval"), ("minutely_interval", "minutelyInterval")):
        if name in values:
            body[key] = _json(values[name])
    if "days_of_week" in values:
        body["daysOfWeek"] = _json(values["days_of_week"])
    if "days_of_month" in values:
        days = values["days_of_month"]
        body["daysOfMonth"] = [-1] if days == ("last",) else _json(days)
    if "week_in_month" in values:
        body["weekInMonth"] = str(values["week_in_month"]).capitalize()
    if "day_in_week" in values:
        body["dayInWeek"] = _json(values["day_in_week"])
    if "last_hour" in values:
        body["lastHour"] = _json(values["last_hour"])
    if "time" in values:
        hour, minute = str(values["time"]).split(":")
        time: dict[str, Json] = {"hour": int(hour), "minute": int(minute)}
        if "timezone" in values:
            time["timeZone"] = _json(values["timezone"])
        body["time"] = time
    if "trigger_rule" in values:
        body["triggerRule"] = _json(values["trigger_rule"])
    if "notification_level" in values:
        body["notificationLevel"] = str(values["notification_level"]).capitalize()
    return body


def align(live: Values, wanted: Values) -> Values:
    """Return ``live`` spelled like ``wanted`` where both mean the same.

    The UI writes "daily" as weekly on seven days (page 1.1), zones of no offset have many names, and the order of an
    AND-list of triggers means nothing.
    """
    if live == wanted:
        return live
    spelled: dict[str, Value] = dict(live)
    if _is_every_day(live) and _is_every_day(wanted) and live["frequency"] != wanted["frequency"]:
        spelled = {**spelled, "frequency": wanted["frequency"]}
        spelled.pop("days_of_week", None)
        if "days_of_week" in wanted:
            spelled["days_of_week"] = wanted["days_of_week"]
    if spelled.get("timezone") in _UTC and wanted.get("timezone") in _UTC:
        spelled["timezone"] = wanted["timezone"]
    rules = spelled.get("trigger_rule"), wanted.get("trigger_rule")
    if None not in rules and _triggers(rules[0]) == _triggers(rules[1]):
        spelled["trigger_rule"] = rules[1]
    return spelled


def in_week_order(days: Iterable[str]) -> tuple[Value, ...]:
    """Return the days once each, Sunday first; a day that is none of the seven comes last."""
    return tuple(sorted(set(days), key=lambda day: (WEEK.index(day) if day in WEEK else len(WEEK), day)))


def short_id(text: str) -> str:
    """Return the form in which two spellings of an id are equal: the first 15 of 18 characters (page 2.3)."""
    return text[:15] if len(text) == 18 else text


def long_id(text: str) -> str:
    """Return the 18-character form of a 15-character id: three characters that say which letters are capitals."""
    base = text[:15]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    blocks = (base[start : start + 5] for start in (0, 5, 10))
    return base + "".join(alphabet[sum(c.isupper() << place for place, c in enumerate(block))] for block in blocks)


def plain(text: Any) -> str:
    """Return text as a person wrote it, should the platform have escaped it as HTML all the same (page 1.5)."""
    text = str(text)
    return html.unescape(text) if "&" in text else text


# What an asset without a schedule may show all the same (page 1.2); anything else without a frequency is no schedule.
_WITHOUT_SCHEDULE = frozenset(("assetId", "daysOfWeek", "frequency", "nextScheduledDate", "notificationLevel"))

_NUMBERS = ("hourlyInterval", "minutelyInterval", "lastHour")
_TEXTS = ("frequency", "weekInMonth", "dayInWeek", "triggerRule", "notificationLevel")


def _check(payload: Any) -> None:
    """Raise ``Unintelligible`` when a part of the payload is of another sort than this API answers."""
    if not isinstance(payload, Mapping):
        raise Unintelligible(f"a schedule should be an object, not {type(payload).__name__}")
    wrong = [key for key in _NUMBERS if not isinstance(payload.get(key), int | None)]
    wrong += [key for key in _TEXTS if not isinstance(payload.get(key), str | None)]
    for key, kind in (("daysOfWeek", str), ("daysOfMonth", int)):
        items = payload.get(key)
        if items is not None and not (isinstance(items, list) and all(isinstance(item, kind) for item in items)):
            wrong.append(key)
    time = payload.get("time")
    if time is not None and not (isinstance(time, Mapping) and _is_time(time)):
        wrong.append("time")
    if wrong:
        raise Unintelligible(f"{', '.join(wrong)} of a schedule cannot be read")


def _is_time(time: Mapping[str, Any]) -> bool:
    zone = time.get("timeZone", time.get("timezone"))
    return all(isinstance(time.get(key), int | None) for key in ("hour", "minute")) and isinstance(
        zone, str | Mapping | None
    )


def _values(frequency: str, payload: Mapping[str, Any]) -> tuple[Values, frozenset[str]]:
    values: dict[str, Value] = {"frequency": frequency}
    for key, name in (("hourlyInterval", "hourly_interval"), ("minutelyInterval", "minutely_interval")):
        if payload.get(key) is not None:
            values[name] = payload[key]
    if payload.get("daysOfWeek"):
        values["days_of_week"] = in_week_order(str(day).capitalize() for day in payload["daysOfWeek"])
    if payload.get("daysOfMonth"):
        values["days_of_month"] = days_in_order(payload["daysOfMonth"])
    if payload.get("weekInMonth"):
        values["week_in_month"] = str(payload["weekInMonth"]).lower()
    if payload.get("dayInWeek"):
        values["day_in_week"] = str(payload["dayInWeek"]).capitalize()
    if isinstance(payload.get("time"), Mapping):
        values.update(_time_values(payload["time"]))
    if payload.get("lastHour") is not None:
        values["last_hour"] = payload["lastHour"]
    if payload.get("triggerRule"):
        values["trigger_rule"] = plain(payload["triggerRule"])
    if payload.get("notificationLevel"):
        values["notification_level"] = str(payload["notificationLevel"]).lower()
    hidden = frequency == "eventdriven" and "trigger_rule" not in values
    return _only(values, frequency), frozenset(("trigger_rule",)) if hidden else frozenset()


def _only(values: dict[str, Value], frequency: str) -> Values:
    """Drop what a frequency has no use for: left-overs of an earlier schedule say nothing about when it runs."""
    possible = _FIELDS_OF.get(frequency, FIELDS)
    return {name: value for name, value in values.items() if name in possible}


def _time_values(time: Mapping[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if time.get("hour") is not None:
        found["time"] = f"{int(time['hour']):02}:{int(time.get('minute') or 0):02}"
    zone = time.get("timeZone", time.get("timezone"))
    if isinstance(zone, Mapping):
        zone = zone.get("zoneId")
    if zone:
        found["timezone"] = plain(zone)
    return found


def days_in_order(days: Iterable[Any]) -> tuple[Value, ...]:
    """Return days of a month once each, in order; the platform's -1 is ``last``."""
    found = {"last" if day in (-1, "last") else day for day in days}
    return tuple(sorted(found, key=lambda day: (day == "last", day if isinstance(day, int) else 0)))


def _is_every_day(values: Values) -> bool:
    if values.get("frequency") == "daily":
        return True
    days = values.get("days_of_week")
    return values.get("frequency") == "weekly" and isinstance(days, tuple) and set(WEEK) == set(days)


def _triggers(rule: Value) -> frozenset[str]:
    """Return the parts of an AND-list, ids in their short form."""
    parts = (part.strip().partition(":") for part in str(rule).split(" AND "))
    return frozenset(f"{kind}{colon}{short_id(asset.strip())}" for kind, colon, asset in parts)


def _json(value: Value) -> Json:
    return [_json(item) for item in value] if isinstance(value, tuple) else value
