"""When something fires, in words of half a line; and why it may not, or when nobody can say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from reconcile.core.occurrence import Assumption, Reason, Silence
from reconcile.core.timing import (
    Clock,
    Daily,
    EventDriven,
    Every,
    Monthly,
    MonthlyRelative,
    Timing,
    Unclear,
    Unscheduled,
    Weekday,
    Weekly,
)
from reconcile.render.terminal import printable

# Two in a row are named, three are a span.
_SHORTEST_SPAN = 3


def timing_words(timing: Timing) -> str:
    """Return when a timing fires: ``every 3 h from 02:30 until 20:00, Mon-Fri, America/Los_Angeles``.

    What comes from files and platforms is in it as it is, control characters spelled out.
    """
    match timing:
        case Every():
            return _every(timing)
        case Daily():
            return f"daily at {_clock(timing.clock)}"
        case Weekly():
            return f"weekly on {weekday_words(timing.weekdays) or 'no day'} at {_clock(timing.clock)}"
        case Monthly():
            return f"monthly on {_month_days(timing)} at {_clock(timing.clock)}"
        case MonthlyRelative():
            day = timing.weekday.name.capitalize()
            return f"monthly on the {timing.week.value} {day} at {_clock(timing.clock)}"
        case EventDriven():
            return _event(timing)
        case Unscheduled():
            return "not scheduled"
        case Unclear():
            return f"unclear: {printable(timing.why)}"
    assert_never(timing)


def weekday_words(days: Iterable[Weekday]) -> str:
    """Return days of the week: ``Mon-Fri``, ``Tue, Thu``, ``every day``; empty when there are none."""
    ordered = sorted(set(days))
    if len(ordered) == len(Weekday):
        return "every day"
    spans: list[list[Weekday]] = []
    for day in ordered:
        if spans and day == spans[-1][-1] + 1:
            spans[-1].append(day)
        else:
            spans.append([day])
    return ", ".join(_span(span) for span in spans)


def interval_words(minutes: int) -> str:
    """Return how far apart runs are: ``30 min``, ``3 h``, ``1 h 30 min``."""
    hours, rest = divmod(minutes, 60)
    return " ".join(filter(None, (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "")))


def reason_words(reason: Reason) -> str:
    """Return why a run is at risk, as half a sentence."""
    match reason:
        case Reason.GAP:
            return "the clock skips this time: it may not run, or run before or after it"
        case Reason.OVERLAP:
            return "the clock shows this time twice: it may run at either, or at both"
        case Reason.LAST_HOUR:
            return "it is due just when queuing stops: it may not run"
        case Reason.WRAP:
            return "queuing stops before the first run: it may never run"
        case Reason.LONG_INTERVAL:
            return "its interval is longer than a day: it may not run every day"
        case Reason.UPSTREAM:
            return "the run that triggers it is in doubt"
        case Reason.AND_LIST:
            return "it waits for several: which of their runs count is not documented"
    assert_never(reason)


def silence_words(silence: Silence) -> str:
    """Return why there is no run to show, as half a sentence."""
    match silence:
        case Silence.UNSCHEDULED:
            return "it has no schedule"
        case Silence.NO_ZONE:
            return "nothing says in which time zone"
        case Silence.UNKNOWN_ZONE:
            return "its time zone is unknown here"
        case Silence.UNCLEAR:
            return "its schedule does not say when"
        case Silence.EVENT:
            return "it waits for an event"
        case Silence.UNKNOWN_TRIGGER:
            return "it waits for something that is not known here"
        case Silence.TRIGGER_CYCLE:
            return "what it waits for waits for it"
        case Silence.TRIGGER_SILENT:
            return "what it waits for has no runs to show"
    assert_never(silence)


def assumption_words(assumption: Assumption) -> str:
    """Return what was taken for granted, as half a sentence."""
    match assumption:
        case Assumption.EVERY_DAY:
            return "no days are given, every day was taken"
        case Assumption.READERS_ZONE:
            return "no time zone is given, that of the reader was taken"
    assert_never(assumption)


def _every(timing: Every) -> str:
    words = f"every {interval_words(timing.minutes)} from {timing.clock}"
    words += f" until {timing.last_hour:02}:00" if timing.last_hour is not None else ""
    days = [] if timing.weekdays is None else [weekday_words(timing.weekdays) or "on no day"]
    return ", ".join([words, *days, *_zone(timing.clock)])


def _month_days(timing: Monthly) -> str:
    numbers = [str(day) for day in timing.days]
    if not numbers:
        return "the last day" if timing.on_last else "no day"
    listed = " and ".join(filter(None, (", ".join(numbers), "last" if timing.on_last else "")))
    return f"{'day' if len(numbers) == 1 and not timing.on_last else 'days'} {listed}"


def _event(timing: EventDriven) -> str:
    if timing.triggers:
        return f"after {printable(' and '.join(timing.triggers))}"
    return f"after {printable(timing.rule)}" if timing.rule else "after an event that the platform does not show"


def _clock(clock: Clock) -> str:
    return ", ".join([str(clock), *_zone(clock)])


def _zone(clock: Clock) -> list[str]:
    return [printable(clock.zone)] if clock.zone else []


def _span(days: list[Weekday]) -> str:
    names = [day.name[:3].capitalize() for day in days]
    return f"{names[0]}-{names[-1]}" if len(names) >= _SHORTEST_SPAN else ", ".join(names)
