"""What a PUT of a schedule must look like, and what is kept of it.

A kept schedule has the REST keys, lower-case words, the zone as a plain id and days in the order in which they came:
`{"frequency":"weekly","daysOfWeek":["monday"],"time":{"hour":0,"minute":45,"timeZone":"UTC"}}`. No schedule is None.

Source: crm_analytics.md 1.1 and 1.4. That bad input gives 400 is sure (H); the error codes and texts are assumed (L).
"""

from collections.abc import Callable
from typing import Any

from reconcile.sandbox.crm_calendar import DAYS, WEEKS, zone_of
from reconcile.sandbox.wire import Json

Schedule = Json
"""A kept schedule."""

_LEVELS = ("always", "failures", "never", "warnings")  # 1.1, v42+, H

FREQUENCIES: dict[str, tuple[str, ...]] = {  # frequency -> required keys beside time; 1.1, H unless noted
    "hourly": ("hourlyInterval",),
    "minutely": ("minutelyInterval",),
    "daily": (),  # M
    "weekly": ("daysOfWeek",),
    "monthly": ("daysOfMonth",),
    "monthlyrelative": ("weekInMonth", "dayInWeek"),
    "eventdriven": ("triggerRule",),
    "none": (),
}
_OPTIONAL = {  # DOC calls lastHour required for hourly, RAML and a Salesforce test do not
    "hourly": ("daysOfWeek", "lastHour"),
    "minutely": ("daysOfWeek", "lastHour"),
}
_UNTIMED = ("eventdriven", "none")


class ScheduleError(Exception):
    """A body that the platform refuses with 400; `code` is its errorCode."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Rules:
    """What a parse depends on beside the body: the asset's type and four switches."""

    def __init__(
        self,
        asset_type: str,
        *,
        strict: bool = True,
        alias: bool = True,
        user_zone: str = "America/Los_Angeles",
        drop: tuple[str, ...] = (),
    ) -> None:
        self.asset_type, self.strict, self.alias, self.user_zone, self.drop = (
            asset_type,
            strict,
            alias,
            user_zone,
            drop,
        )


def parse_schedule(body: object, rules: Rules) -> Schedule | None:
    """Return what is kept of a PUT body, None when it clears the schedule; a ScheduleError when it is refused."""
    if not isinstance(body, dict):
        raise ScheduleError("JSON_PARSER_ERROR", "Can not deserialize instance of ScheduleInputRepresentation")
    if not body:  # Salesforce's own UI clears with {} (1.1 "none", M)
        return None
    frequency = _word(body.get("frequency"), "frequency", tuple(FREQUENCIES))
    if frequency == "eventdriven" and rules.asset_type == "data_sync":  # 1.1, H
        raise ScheduleError("INVALID_INPUT", "Event-based schedules aren't supported for data connections.")
    required, optional = FREQUENCIES[frequency], _OPTIONAL.get(frequency, ())
    timed = frequency not in _UNTIMED
    allowed = {"frequency", "notificationLevel", *required, *optional, *(("time",) if timed else ())}
    if rules.strict:
        _refuse_unknown(body, allowed)
    for name in (*required, *(("time",) if timed else ())):
        if body.get(name) is None:
            raise ScheduleError("INVALID_INPUT", f"Missing required field: {name}")
    if frequency == "none":
        return None
    kept: Schedule = {"frequency": frequency}
    for name, read in _READERS.items():
        if name in allowed and body.get(name) is not None:
            kept[name] = read(body[name], name)
    if timed:
        kept["time"] = _time(body["time"], rules)
    return {name: value for name, value in kept.items() if name not in rules.drop}


def _refuse_unknown(body: Json, allowed: set[str], type_name: str = "ScheduleInputRepresentation") -> None:
    for name in body:
        if name not in allowed:  # wording of another Wave resource (1.4, M)
            message = f"Unrecognized field [{name}] in type [{type_name}], not marked as ignorable"
            raise ScheduleError("JSON_PARSER_ERROR", message)


def _time(value: object, rules: Rules) -> Json:
    if not isinstance(value, dict):
        raise ScheduleError("JSON_PARSER_ERROR", "time must be an object")
    if rules.strict:
        allowed = {"hour", "minute", "timeZone", *(("timezone",) if rules.alias else ())}
        _refuse_unknown(value, allowed, "TimeInputRepresentation")
    zone = value.get("timeZone")
    if zone is None and rules.alias:
        zone = value.get("timezone")
    return {
        "hour": _whole(value.get("hour"), "hour", 0, 23),
        "minute": _whole(value.get("minute"), "minute", 0, 59),
        "timeZone": _zone(rules.user_zone if zone is None else zone),
    }


def _zone(value: object) -> str:
    if not isinstance(value, str):  # the object form of a response is not an input (1.4)
        raise ScheduleError("JSON_PARSER_ERROR", "timeZone must be a string")
    try:
        zone_of(value)
    except (KeyError, ValueError, OSError):
        raise ScheduleError("INVALID_INPUT", f"Invalid time zone: {value}") from None
    return value


def _word(value: object, name: str, words: tuple[str, ...]) -> str:
    """Enums are case-insensitive on input (1.1, H)."""
    if isinstance(value, str) and value.lower() in words:
        return value.lower()
    raise ScheduleError("JSON_PARSER_ERROR", f"Invalid value for {name}: {value!r}")


def _whole(value: object, name: str, least: int, most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise ScheduleError("INVALID_INPUT", f"{name} must be between {least} and {most}")


def _interval(value: object, name: str) -> int:
    """No list of allowed intervals is documented (1.1, L), so any up to a day will do."""
    return _whole(value, name, 1, 24 if name == "hourlyInterval" else 1440)


def _days_of_week(value: object, name: str) -> list[str]:
    return list(dict.fromkeys(_word(day, name, DAYS) for day in _filled_list(value, name)))


def _days_of_month(value: object, name: str) -> list[int]:
    """1 to 31, or -1 alone for the last day (1.1, H)."""
    days = _filled_list(value, name)
    if days == [-1]:
        return [-1]
    if -1 in days:
        raise ScheduleError("INVALID_INPUT", "-1 can't be combined with other days of the month")
    return list(dict.fromkeys(_whole(day, name, 1, 31) for day in days))


def _filled_list(value: object, name: str) -> list[Any]:
    if isinstance(value, list) and value:
        return value
    raise ScheduleError("INVALID_INPUT", f"{name} must be a list with at least one value")


def _trigger_rule(value: object, name: str) -> str:
    """Return any text: the grammar beyond two examples is unknown (1.1)."""
    if isinstance(value, str) and value.strip():
        return value
    raise ScheduleError("INVALID_INPUT", f"{name} must not be blank")


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "hourlyInterval": _interval,
    "minutelyInterval": _interval,
    "lastHour": lambda value, name: _whole(value, name, 0, 23),
    "daysOfWeek": _days_of_week,
    "daysOfMonth": _days_of_month,
    "weekInMonth": lambda value, name: _word(value, name, WEEKS),
    "dayInWeek": lambda value, name: _word(value, name, DAYS),
    "triggerRule": _trigger_rule,
    "notificationLevel": lambda value, name: _word(value, name, _LEVELS),
}
