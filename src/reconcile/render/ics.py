"""An agenda as a calendar that others subscribe to (RFC 5545): one event a run.

A run is an event of its own, in UTC, and not a rule that repeats: rules cannot say what is at risk, and calendars
disagree about them where clocks change. What calendars ask for besides the RFC: METHOD and a name (Google, Apple), how
often to look again (RFC 7986 and X-PUBLISHED-TTL, Outlook), and that what runs at night keeps nobody from being free.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from reconcile.core.agenda import Agenda, Entry, Frozen
from reconcile.core.lapse import readable
from reconcile.core.occurrence import Occurrence
from reconcile.core.timing import EventDriven
from reconcile.render.agenda import after_words
from reconcile.render.terminal import printable
from reconcile.render.timing import reason_words, timing_words

if TYPE_CHECKING:
    from icalendar import Event

_REFRESH = timedelta(hours=6)
# As long as nobody knows how long a run takes: enough to be seen.
_SHORT = timedelta(minutes=5)
_ID_DIGITS = 32
# As the library keeps the names of those properties in which somebody else's words are.
_TEXTS = frozenset({"SUMMARY", "DESCRIPTION"})


def calendar_ics(agenda: Agenda, environment: str, now: datetime, *, clean: Callable[[str], str] = str) -> str:
    """Return the agenda as iCalendar text, lines ended by CR LF, in order of time; ``now`` (UTC) is its DTSTAMP.

    The same run has the same UID each time and on every machine: it is made of the environment, the address and the
    instant. Freezes are events, too. ``clean`` takes secrets out of the texts, while they are not yet folded.
    """
    from icalendar import Calendar, vText

    calendar = Calendar()
    name = "reconcile" if environment == "default" else f"reconcile ({environment})"
    calendar.add("prodid", "-//reconcile//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("name", name)
    calendar.add("x-wr-timezone", agenda.zone)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for _, event in sorted(_events(agenda, environment, now), key=lambda each: each[0]):
        for name in _TEXTS & event.keys():
            event[name] = vText(clean(str(event[name])))
        calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")


def _events(agenda: Agenda, environment: str, now: datetime) -> Iterator[tuple[tuple[datetime, str], Event]]:
    for entry in agenda.entries:
        for at, several in groupby(entry.occurrences, lambda run: run.at):
            for number, run in enumerate(several):
                yield (at, str(entry.address)), _run(entry, run, number, environment, now)
    # Of those that begin together for the same reason, the longest holds the others.
    longest = {(each.start, each.reason): each for each in sorted(agenda.freezes, key=lambda each: each.end)}
    for key, frozen in longest.items():
        yield key, _freeze(frozen, environment, now)


def _run(entry: Entry, run: Occurrence, number: int, environment: str, now: datetime) -> Event:
    """Return one run; ``number`` counts those of the same instant, where the clock skips the time of one of them."""
    from icalendar import Event

    address = printable(str(entry.address))
    event = Event()
    event.add("uid", _uid(environment, str(entry.address), run.at, number))
    event.add("dtstamp", now)
    event.add("dtstart", run.at)
    event.add("duration", timedelta(seconds=round(entry.usual_seconds)) if entry.usual_seconds else _SHORT)
    event.add("summary", printable(entry.address.name) + ("" if run.is_certain else " (at risk)"))
    event.add("description", "\n".join((address, *_description(entry, run))))
    event.add("status", "CONFIRMED" if run.is_certain else "TENTATIVE")
    event.add("categories", [printable(entry.address.connection)])
    event.add("transp", "TRANSPARENT")
    return event


def _description(entry: Entry, run: Occurrence) -> Iterator[str]:
    waits = isinstance(entry.timing, EventDriven)
    yield after_words(entry) if waits else timing_words(entry.timing)
    if waits:
        yield "This is the earliest time that it can start."
    if not entry.is_declared:
        yield "In no file."
    if entry.usual_seconds:
        yield f"Usually takes {readable(entry.usual_seconds)}."
    else:
        yield "How long it takes is not known; the length of this event means nothing."
    for reason in run.reasons:
        yield f"At risk: {reason_words(reason)}."
    if len(run.candidates) > 1:
        yield "Possible times: " + ", ".join(f"{each:%Y-%m-%d %H:%M} UTC" for each in run.candidates)


def _freeze(frozen: Frozen, environment: str, now: datetime) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", _uid(environment, f"freeze {frozen.reason}", frozen.start))
    event.add("dtstamp", now)
    event.add("dtstart", frozen.start)
    event.add("dtend", frozen.end)
    event.add("summary", f"Freeze: {printable(frozen.reason)}")
    event.add("status", "CONFIRMED")
    event.add("categories", ["freeze"])
    event.add("transp", "TRANSPARENT")
    return event


def _uid(environment: str, what: str, at: datetime, number: int = 0) -> str:
    text = "\0".join((environment, what, f"{at:%Y%m%dT%H%M%SZ}", *([str(number)] if number else [])))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]}@reconcile"
