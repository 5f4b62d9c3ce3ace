"""One event of an .ics file: its beginning, its length, and when it repeats.

Repeating is computed on the zone's clock and turned into instants afterwards: with zones attached, ``dateutil`` is
wrong across changes of the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import available_timezones

from reconcile.core.diagnostic import did_you_mean
from reconcile.core.freeze import Event, Once

# Whoever freezes longer has written another year than was meant; and sums of moments stay within what there is.
LONGEST = timedelta(days=3660)

AGAIN = "save it anew from the program that made it"

_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LAST_OF_DAY = time(23, 59, 59)
# After so many years the calendar is the same again: leap days, days of the week, numbers of weeks.
_CYCLE_YEARS = 400


@dataclass(frozen=True, slots=True)
class Repeated:
    """When an event begins that repeats; all on the clock of its zone.

    ``rules`` are RRULEs that count from ``start``, which itself belongs to it; ``dates`` are more beginnings.
    ``without`` and ``without_days`` are left out.
    """

    start: datetime
    rules: tuple[str, ...] = ()
    dates: tuple[datetime, ...] = ()
    without: frozenset[datetime] = frozenset()
    without_days: frozenset[date] = frozenset()

    def between(self, first: datetime, last: datetime) -> Iterable[datetime]:
        """Return the beginnings from ``first`` to ``last``, both included, in order."""
        found = {at for at in (self.start, *self.dates) if first <= at <= last}
        if self.start <= last:
            for rule in self.rules:
                found.update(_followed(rule, self.start, first, last))
        return [at for at in sorted(found) if at not in self.without and at.date() not in self.without_days]


def _followed(rule: str, start: datetime, first: datetime, last: datetime) -> list[datetime]:
    """Return what a rule names from ``first`` to ``last``, in the latest time that is the same on the calendar.

    ``dateutil`` looks for a day that never comes (a 30 February) up to the year 9999, which takes it seconds. From the
    last of the calendar's cycles that is less than 400 years away.
    """
    from dateutil.rrule import rrulestr

    # Easter, which some calendars repeat by, is not among what comes back.
    years = 0 if "BYEASTER" in rule else (MAXYEAR - last.year) // _CYCLE_YEARS * _CYCLE_YEARS
    known: Any = rrulestr(rule, dtstart=start)
    until = known._until  # noqa: SLF001 - dateutil has no other word for it
    # A number of times is counted from the beginning, and ends by itself.
    end = last if until is None else min(until, last)
    known = known.replace(dtstart=_years_later(start, years), until=None if known._count else _years_later(end, years))  # noqa: SLF001
    named = known.between(_years_later(first, years), _years_later(last, years), inc=True)
    return [_years_later(at, -years) for at in named]


def _years_later(at: datetime, years: int) -> datetime:
    return at.replace(year=at.year + years)


class Wrong(Exception):
    """What is wrong with an event: in which property ("" for the whole), in words, and the way out."""

    def __init__(self, name: str, detail: str, hint: str = AGAIN) -> None:
        super().__init__(detail)
        self.name, self.detail, self.hint = name, detail, hint


@dataclass(frozen=True, slots=True)
class Reader:
    """One event. ``wall`` and ``zone`` are of its beginning; no zone for one that floats or takes whole days."""

    component: Any
    file: str
    wall: datetime
    zone: tzinfo | None
    is_day: bool

    @classmethod
    def of(cls, component: Any, file: str) -> Reader:
        """Return the reader of an event. Raises ``Wrong`` for one that begins at no time."""
        begin = moment_of(component, "DTSTART")
        if begin is None:
            raise Wrong("", "It has no DTSTART.", "give it one, or delete it")
        if isinstance(begin, datetime):
            return cls(component, file, begin.replace(tzinfo=None, fold=0), begin.tzinfo, is_day=False)
        return cls(component, file, datetime.combine(begin, time()), None, is_day=True)

    def events(self, moved: Iterable[date]) -> Iterator[Event]:
        """Yield the event, and one more for each period of its own length. ``moved`` have events of their own."""
        days, seconds = self._length()
        event = Event(self._summary(), Once(self.wall), days, seconds, self.zone)
        dates = tuple(self._on_clock(each) for each in days_and_times(self.component, "RDATE"))
        rules = tuple(self._rule(each) for each in _all(self.component, "RRULE"))
        gone = [*days_and_times(self.component, "EXDATE"), *moved]
        if rules or dates or gone:
            without = frozenset(self._on_clock(each) for each in gone if self.is_day or isinstance(each, datetime))
            days_off = frozenset(each for each in gone if not isinstance(each, datetime))
            event = replace(event, starts=Repeated(self.wall, rules, dates, without, days_off))
        yield event
        yield from (self._period(event, *each) for each in _found(self.component, "RDATE") if isinstance(each, tuple))

    def _summary(self) -> str:
        return " ".join(str(self.component.get("SUMMARY", "")).split()) or f"an event of {self.file}"

    def _length(self) -> tuple[int, int]:
        """Return days on the clock, and seconds: RFC 5545, 3.8.5.3: what ends at a time always takes as long."""
        if "DURATION" in self.component:
            length = _one(self.component, "DURATION").dt
            if not isinstance(length, timedelta):
                raise Wrong("DURATION", "DURATION is no length of time.")
        else:
            end = moment_of(self.component, "DTEND")
            if end is None:
                return (1, 0) if self.is_day else (0, 0)
            return self._until(end)
        return self._within("DURATION", length)

    def _until(self, end: date) -> tuple[int, int]:
        begin = self.component["DTSTART"].dt
        if isinstance(end, datetime) == self.is_day:
            raise Wrong("DTEND", "DTEND and DTSTART are not of one sort: a day, or a time.")
        if not isinstance(end, datetime):
            return self._within("DTEND", end - begin or timedelta(days=1))
        if (end.tzinfo is None) != (self.zone is None):
            raise Wrong("DTEND", "Of DTEND and DTSTART one has a zone and one has none.")
        if self.zone is None:
            return self._within("DTEND", end - begin)
        return self._exactly("DTEND", begin, end)

    def _exactly(self, name: str, begin: datetime, end: datetime) -> tuple[int, int]:
        length = end.astimezone(UTC) - begin.astimezone(UTC)
        self._within(name, length)
        return 0, int(length.total_seconds())

    def _within(self, name: str, length: timedelta) -> tuple[int, int]:
        if length < timedelta(0):
            raise Wrong(name, "It ends before it begins.", "turn it round")
        if length > LONGEST:
            raise Wrong(name, "It is longer than ten years.", "write an event that repeats, or an earlier end")
        return length.days, length.seconds

    def _period(self, event: Event, begin: datetime, end: datetime | timedelta) -> Event:
        if isinstance(end, datetime) and end.tzinfo:
            days, seconds = self._exactly("RDATE", begin, end)
        else:
            days, seconds = self._within("RDATE", end if isinstance(end, timedelta) else end - begin)
        return replace(event, starts=Once(self._on_clock(begin)), days=days, seconds=seconds)

    def _rule(self, rule: Any) -> str:
        """Return a rule as ``Repeated`` takes it. Raises ``Wrong`` for what it cannot count with."""
        from dateutil.rrule import rrulestr

        frequency = str(next(iter(rule.get("FREQ", [])), ""))
        if frequency not in _FREQUENCIES:
            every = ", ".join(_FREQUENCIES)
            raise Wrong(
                "RRULE",
                f"FREQ is {frequency or 'not there'}; understood are {every}.",
                "write it as one that repeats daily, or as `weekly` in reconcile.yaml",
            )
        if any(int(each) < 1 for each in rule.get("INTERVAL", [])):
            raise Wrong("RRULE", "INTERVAL is less than 1.")
        if rule.get("COUNT") and rule.get("UNTIL"):
            raise Wrong("RRULE", "It has both COUNT and UNTIL.", "leave one of them out")
        known = type(rule)(rule)
        if known.get("UNTIL"):
            known["UNTIL"] = [self._last(known["UNTIL"][0])]
        text: str = known.to_ical().decode()
        try:
            rrulestr(text, dtstart=self.wall)
        except (ValueError, TypeError) as error:
            raise Wrong("RRULE", f"RRULE cannot be understood: {error}.") from None
        return text

    def _last(self, until: date) -> datetime:
        if not isinstance(until, date):
            raise Wrong("RRULE", "UNTIL is no day or time.")
        is_time = isinstance(until, datetime)
        return self._on_clock(until) if is_time else datetime.combine(until, _LAST_OF_DAY)

    def _on_clock(self, at: date) -> datetime:
        """Return a day or a time as the clock of the event's zone shows it."""
        if not isinstance(at, datetime):
            return datetime.combine(at, time())
        local = at.astimezone(self.zone) if at.tzinfo and self.zone else at
        return local.replace(tzinfo=None, fold=0)


def moment_of(component: Any, name: str) -> date | None:
    """Return a day or a time of an event; None when it has none of this name."""
    if name not in component:
        return None
    found = _one(component, name)
    _check_zone(name, found.params, found.dt)
    if not isinstance(found.dt, date):
        raise Wrong(name, f"{name} is no day or time.")
    return found.dt


def _one(component: Any, name: str) -> Any:
    found = component[name]
    if isinstance(found, list):
        raise Wrong(name, f"It has {name} more than once.")
    return found


def _found(component: Any, name: str) -> Iterator[Any]:
    """Yield what a property that may come several times, with several values, holds."""
    for several in _all(component, name):
        for each in several.dts if hasattr(several, "dts") else [several]:
            _check_zone(name, several.params, each.dt)
            yield each.dt


def days_and_times(component: Any, name: str) -> list[date]:
    """Return the days and times in such a property; periods are left out where there can be any."""
    found = list(_found(component, name))
    if not all(isinstance(each, date) or (name == "RDATE" and _is_period(each)) for each in found):
        raise Wrong(name, f"{name} holds what is no day or time.")
    return [each for each in found if isinstance(each, date)]


def _is_period(found: object) -> bool:
    """Say whether this is a beginning with an end of the same sort, or with a length."""
    match found:
        case (datetime() as begin, datetime() as end):
            return (begin.tzinfo is None) == (end.tzinfo is None)
        case (datetime(), timedelta()):
            return True
        case _:
            return False


def _all(component: Any, name: str) -> list[Any]:
    found = component.get(name, [])
    return found if isinstance(found, list) else [found]


def _check_zone(name: str, params: Mapping[str, str], found: object) -> None:
    """Raise ``Wrong`` for a zone that nobody knows: the library takes the time as one without zone."""
    zone = params.get("TZID")
    if zone and isinstance(found, datetime) and found.tzinfo is None:
        hint = did_you_mean(zone, available_timezones()) or "name an IANA zone, or put its VTIMEZONE into the file"
        raise Wrong(name, f'There is no time zone "{zone}".', hint)
