"""``freezes`` of a workspace file: what may stand there, and what it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from reconcile.config.document import Document
from reconcile.config.marked import MarkedList, MarkedMap
from reconcile.config.moment import PATTERN as MOMENT_PATTERN
from reconcile.config.moment import written_moment
from reconcile.config.reference import REFERENCE
from reconcile.core.diagnostic import did_you_mean
from reconcile.core.freeze import Dates, Event, Freeze, Weekly
from reconcile.core.source import Span

Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
DAYS: tuple[str, ...] = get_args(Day)

# Beyond these years a zone's offset may carry a moment out of what can be computed with.
FIRST_YEAR, LAST_YEAR = 1970, 9000

# Names that a zone database has besides those of zones: the first means another zone on another machine.
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})

_HOURS_PATTERN = r"^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_HOURS = re.compile(_HOURS_PATTERN)


def _checked(check: Callable[[str], object], what: str) -> BeforeValidator:
    """Return a validator that takes text that ``check`` takes; ``what`` begins the error for what is no text."""

    def validate(value: object) -> str:
        if not isinstance(value, str):
            raise PydanticCustomError("wrong-type", "{what}", {"what": what})
        # One that is still a reference has failed, which was said, or stands in an environment that nobody chose.
        if not REFERENCE.search(value):
            check(value)
        return value

    return BeforeValidator(validate)


def _check_moment(text: str) -> None:
    if not FIRST_YEAR <= written_moment(text).year <= LAST_YEAR:
        raise ValueError(f'"{text}" is out of reach: a freeze is between {FIRST_YEAR} and {LAST_YEAR}')


def _check_hours(text: str) -> None:
    if not _HOURS.fullmatch(text):
        raise ValueError(f'"{text}" is no time of day; write it as HH:MM, for example "22:00"; a day ends at "24:00"')


def _check_day(text: str) -> None:
    if text not in DAYS:
        hint = did_you_mean(text, DAYS) or "days: " + ", ".join(DAYS)
        raise PydanticCustomError("unknown-value", '"{text}" is no day of the week', {"text": text, "hint": hint})


def _check_zone(text: str) -> None:
    try:
        ZoneInfo(text)
        known = text not in _NO_ZONES
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        hint = (
            did_you_mean(text, available_timezones() - _NO_ZONES)
            or "for example Europe/Paris, America/Los_Angeles, UTC"
        )
        raise PydanticCustomError("wrong-value", '"{text}" is no IANA time zone', {"text": text, "hint": hint})


def _on_one_line(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise ValueError("must say something: whoever is refused wants to know why")
    return words


_Moment = Annotated[
    str,
    _checked(_check_moment, "A date is text: write 2026-12-20 or 2026-12-20T06:00"),
    WithJsonSchema({"type": "string", "pattern": MOMENT_PATTERN}),
]
_Hours = Annotated[
    str,
    _checked(_check_hours, 'A time of day is text: write "22:00"'),
    WithJsonSchema({"type": "string", "pattern": _HOURS_PATTERN}),
]
_Day = Annotated[
    str, _checked(_check_day, "A day is text: write Saturday"), WithJsonSchema({"type": "string", "enum": list(DAYS)})
]
_Zone = Annotated[str, _checked(_check_zone, "A time zone is text: write Europe/Paris")]


def _may_be_absent(schema: dict[str, Any]) -> None:
    """Take the default out of a field's JSON Schema: empty text stands for absent here, and may not be written."""
    del schema["default"]


def _must_say_something(schema: dict[str, Any]) -> None:
    _may_be_absent(schema)
    schema["pattern"] = r"\S"


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class WeeklyHours(_Strict):
    """The same hours of some days, each week."""

    days_of_week: Annotated[list[_Day], Field(min_length=1)] = Field(description="Monday to Sunday, a list")
    start: _Hours = Field("00:00", alias="from", description='"HH:MM"')
    until: _Hours = Field("24:00", description='"HH:MM", not included; one that is before "from" is on the next day')

    @model_validator(mode="after")
    def _has_length(self) -> WeeklyHours:
        if REFERENCE.search(self.start + self.until):
            return self
        start = _minutes(self.start)
        if start in (_minutes(self.until), _minutes("24:00")):
            message, hint = "The hours end as they begin", 'for whole days leave "from" and "until" out'
            raise PydanticCustomError("wrong-value", message, {"field": "until", "hint": hint})
        return self


class FreezeEntry(_Strict):
    """When nothing is to be changed, and why: dates, hours of each week, or a calendar file."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["from", "until", "reason"]},
                {"required": ["weekly", "reason"]},
                {"required": ["calendar"]},
            ]
        }
    )

    reason: Annotated[str, AfterValidator(_on_one_line)] = Field(
        "",
        description="why, in your words; who is refused is told. A calendar's events tell by themselves",
        json_schema_extra=_must_say_something,
    )
    start: _Moment = Field(
        "", alias="from", description="a day (from its 00:00) or a moment", json_schema_extra=_may_be_absent
    )
    until: _Moment = Field(
        "",
        description="a day (it ends at 00:00: that day is free again) or a moment",
        json_schema_extra=_may_be_absent,
    )
    weekly: WeeklyHours | None = Field(None, description="hours of each week")
    calendar: str = Field(
        "",
        description="path of an .ics file, from the workspace; each event of it is a freeze",
        json_schema_extra=_may_be_absent,
    )
    timezone: _Zone = Field("UTC", description="IANA name; of all times here that have no zone of their own")

    @model_validator(mode="after")
    def _is_one(self) -> FreezeEntry:
        dates = bool(self.start or self.until)
        if dates + (self.weekly is not None) + bool(self.calendar) != 1:
            hint = "write several entries, one for each" if dates or self.weekly or self.calendar else ""
            raise PydanticCustomError(
                "wrong-value", 'must have one of: "from" and "until"; "weekly"; "calendar"', {"hint": hint}
            )
        if dates and not (self.start and self.until):
            missing = "until" if self.start else "from"
            raise PydanticCustomError("missing-field", 'must have "from" and "until"', {"hint": f"add {missing}:"})
        if not self.reason and not self.calendar:
            hint = "reason: why, in your words; who is refused is told"
            raise PydanticCustomError("missing-field", 'must have a "reason"', {"hint": hint})
        if dates and not self.is_open:
            self._check_order()
        return self

    @property
    def is_open(self) -> bool:
        """Say whether a reference is left in it."""
        weekly = (self.weekly.start, self.weekly.until, *self.weekly.days_of_week) if self.weekly else ()
        texts = (self.reason, self.start, self.until, self.calendar, self.timezone, *weekly)
        return any(REFERENCE.search(text) for text in texts)

    def _check_order(self) -> None:
        start, until = written_moment(self.start), written_moment(self.until)
        zone = ZoneInfo(self.timezone)
        if _in(start, zone) >= _in(until, zone):
            hint = "the two are the wrong way round"
            if start == until:
                hint = f"until is not included: for the whole of {self.start} write the day after"
            raise PydanticCustomError("wrong-value", '"until" is not after "from"', {"field": "until", "hint": hint})


@dataclass(frozen=True, slots=True)
class Declared:
    """One entry of ``freezes``: where it stands, and where the name of its calendar does."""

    entry: FreezeEntry
    span: Span
    calendar: Span | None = None


def declared_freezes(document: Document, parent: MarkedMap, entries: Iterable[FreezeEntry]) -> Iterator[Declared]:
    """Yield the entries below ``freezes`` of ``parent`` with their places; not those with an open reference."""
    items = parent.get("freezes")
    if not isinstance(items, MarkedList):
        return
    for index, entry in enumerate(entries):
        if entry.is_open:
            continue
        item = items[index]
        named = isinstance(item, MarkedMap) and "calendar" in item
        calendar = document.value_span(item, "calendar") if named else None
        yield Declared(entry, document.value_span(items, index), calendar)


def freeze_of(declared: Declared, events: Callable[[Declared], tuple[Event, ...]]) -> Freeze:
    """Return what an entry means; ``events`` reads the calendar of one that has any. Raises what ``events`` raises."""
    entry = declared.entry
    when: Dates | Weekly | tuple[Event, ...]
    if entry.calendar:
        when = events(declared)
    elif entry.weekly:
        when = _weekly(entry.weekly)
    else:
        when = Dates(written_moment(entry.start), written_moment(entry.until))
    return Freeze(entry.reason, when, entry.timezone, declared.span)


def _weekly(weekly: WeeklyHours) -> Weekly:
    days = frozenset(DAYS.index(day) for day in weekly.days_of_week)
    return Weekly(days, _minutes(weekly.start), _minutes(weekly.until))


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _in(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
