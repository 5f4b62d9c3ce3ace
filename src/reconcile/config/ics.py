"""Events of an .ics file (RFC 5545) as windows of a freeze.

``icalendar`` and ``dateutil`` are imported when there is a calendar, and only then.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from reconcile.config.ics_event import AGAIN, Reader, Wrong, days_and_times, moment_of
from reconcile.config.text import Text
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError
from reconcile.core.freeze import Event
from reconcile.core.source import Span


def read_events(text: Text) -> tuple[Event, ...]:
    """Return the events of a calendar file, those that are cancelled left out.

    Raises ``ConfigError`` with every event that cannot be understood.
    """
    problems: list[Diagnostic] = []
    sound: list[tuple[int, Any]] = []
    moved: dict[str, list[date]] = defaultdict(list)
    for number, component in enumerate(_components(text)):
        with _telling(problems, text, number):
            _check(component)
            moved[_uid(component)] += days_and_times(component, "RECURRENCE-ID")
            sound.append((number, component))
    events: list[Event] = []
    for number, component in sound:
        with _telling(problems, text, number):
            reader = Reader.of(component, text.file)
            found = list(reader.events(() if "RECURRENCE-ID" in component else moved[_uid(component)]))
            events += [] if str(component.get("STATUS", "")).upper() == "CANCELLED" else found
    if problems:
        raise ConfigError(problems)
    return tuple(events)


@contextmanager
def _telling(problems: list[Diagnostic], text: Text, number: int) -> Iterator[None]:
    """Take down what is wrong with an event; ``number`` counts the events of the file from 0."""
    try:
        yield
    except Wrong as wrong:
        problems.append(_problem(text, number, wrong))


def _uid(component: Any) -> str:
    return str(component.get("UID", ""))


def _components(text: Text) -> list[Any]:
    from icalendar import Calendar

    try:
        # What the library tells of zones by a vendor's name is for programmers, and would stand between our messages.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calendars = Calendar.from_ical(text.characters, multiple=True)
    except (ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        raise ConfigError(_no_calendar(text, f"{error}".strip() or "it cannot be read")) from None
    found = [component for calendar in calendars for component in calendar.walk("VEVENT")]
    # What is cut short is left out without a word by the library.
    is_calendar = calendars and all(each.name == "VCALENDAR" for each in calendars)
    if not is_calendar or len(found) != len(_lines_of_events(text)):
        raise ConfigError(_no_calendar(text, "it has no whole calendar, from BEGIN:VCALENDAR to END:VCALENDAR"))
    return found


def _check(component: Any) -> None:
    """Raise ``Wrong`` for what the library could not read, and for what is read and not understood here."""
    for name, message in component.errors:
        raise Wrong(name or "", f"It cannot be read: {message}.")
    if "EXRULE" in component:
        raise Wrong("EXRULE", "EXRULE is not understood.", "leave the days out with EXDATE")
    if moment_of(component, "RECURRENCE-ID") and "RANGE" in component["RECURRENCE-ID"].params:
        raise Wrong(
            "RECURRENCE-ID", "RANGE is not understood.", "end the first event, and make the rest one of its own"
        )


def _lines_of_events(text: Text) -> list[int]:
    """Return the lines, from 1, that events begin on; not those that go on with the line before (RFC 5545, 3.1)."""
    return [n for n, line in enumerate(text.lines, 1) if line.rstrip().upper() == "BEGIN:VEVENT"]


def _problem(text: Text, number: int, wrong: Wrong) -> Diagnostic:
    line = first = _lines_of_events(text)[number]
    for at, written in enumerate(text.lines[first:], first + 1):
        if written.rstrip().upper() == "END:VEVENT":
            break
        if wrong.name and re.match(rf"{re.escape(wrong.name)}[:;]", written, re.IGNORECASE):
            line = at
            break
    span = Span(text.file, line, 1, max(1, len(text.lines[line - 1].rstrip())))
    return Diagnostic("bad-event", "An event cannot be understood", wrong.detail, wrong.hint, span)


def _no_calendar(text: Text, reason: str) -> Diagnostic:
    detail = f"It is no calendar that can be read: {reason.rstrip('.')}."
    return Diagnostic("bad-calendar", "Not a calendar", detail, AGAIN, Span(text.file, 1, 1))
