"""The runs of an agenda as lines: day by day, what waits for others, what has no runs and why.

Lines are at most 80 columns wide, except those with a name that is longer: names are never cut.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from reconcile.core.agenda import Agenda, Entry
from reconcile.core.occurrence import Assumption
from reconcile.core.timing import EventDriven, Timed, Unclear
from reconcile.render.agenda_row import days_of, doubts, own_time
from reconcile.render.held import hold_text
from reconcile.render.terminal import Paint, Style, counted, printable
from reconcile.render.timing import assumption_words, silence_words, timing_words

WIDTH = 80


def event_driven(agenda: Agenda) -> list[Entry]:
    """Return what runs after something else and has runs to show, or none only in these days."""
    return [entry for entry in agenda.entries if isinstance(entry.timing, EventDriven) and entry.silence is None]


def silent(agenda: Agenda) -> list[Entry]:
    """Return what has no run to show: none at all, or none in these days."""
    return [
        entry
        for entry in agenda.entries
        if entry.silence is not None or not (entry.occurrences or isinstance(entry.timing, EventDriven))
    ]


def day_lines(agenda: Agenda, paint: Paint) -> list[str]:
    """Return every day with its runs; a day without any is not in it."""
    lines: list[str] = []
    for day, rows in days_of(agenda):
        lines += ["", paint(f"{day:%a %Y-%m-%d}", Style.STRONG)]
        for row in rows:
            lines += item(row.time, name_of(row.entry), row.details, paint, warn=row.is_at_risk)
    return lines


def next_lines(agenda: Agenda, paint: Paint) -> list[str]:
    """Return every schedule with its runs, each with its date."""
    zone = ZoneInfo(agenda.zone)
    lines: list[str] = []
    for entry in agenda.entries:
        if not entry.occurrences:
            continue
        lines += ["", paint(name_of(entry), Style.STRONG), *wrapped(_timing_of(entry), 4)]
        for run in entry.occurrences:
            head = f"{run.at.astimezone(zone):%a %Y-%m-%d %H:%M}"
            notes = "; ".join((*own_time(entry, run, zone), *doubts((run,), zone)))
            lines += wrapped(f"{head}  {notes}".rstrip(), 4, 6)
    return lines


def event_lines(agenda: Agenda, paint: Paint) -> list[str]:
    """Return what waits for something else: for what, how often, and the earliest time of its first run."""
    lines: list[str] = []
    for entry in event_driven(agenda):
        lines += item("", name_of(entry), (after_words(entry), runs_words(agenda, entry)), paint, long=True)
    return ["", paint("After something else", Style.STRONG), *lines] if lines else []


def silent_lines(agenda: Agenda, paint: Paint) -> list[str]:
    """Return what has no run in these days, each with the reason."""
    lines: list[str] = []
    for entry in silent(agenda):
        lines += item("", name_of(entry), (why_silent(agenda, entry),), paint, long=True)
    return ["", paint("No runs", Style.STRONG), *lines] if lines else []


def note_lines(agenda: Agenda, paint: Paint) -> list[str]:
    """Return what was taken for granted, and of how many schedules; and what could not be read."""
    lines = [line for words in assumption_notes(agenda) for line in wrapped(words, 0)]
    lines = [paint(line, Style.FAINT) for line in lines]
    if agenda.unread:
        lines.append(paint(f"Not here, since {counted(len(agenda.unread), 'object')} could not be read:", Style.BAD))
        lines += [f"  {printable(str(address))}" for address in agenda.unread]
    return ["", *lines] if lines else []


def freeze_lines(agenda: Agenda, paint: Paint) -> list[str]:
    """Return when nothing is to be changed, and why."""
    lines = [line for words in freeze_words(agenda) for line in wrapped(words, 2, 4)]
    return ["", paint("Nothing is to be changed", Style.STRONG), *lines] if lines else []


def freeze_words(agenda: Agenda) -> list[str]:
    """Return each freeze: from when, until when, on the reader's clock, and why."""
    zone = ZoneInfo(agenda.zone)
    return [
        f"{each.start.astimezone(zone):%a %Y-%m-%d %H:%M} to {each.end.astimezone(zone):%a %Y-%m-%d %H:%M}"
        f"  {printable(each.reason)}"
        for each in agenda.freezes
    ]


def assumption_notes(agenda: Agenda) -> list[str]:
    """Return what was taken for granted, once each, with the number of schedules that it was taken of."""
    counts = {each: sum(each in entry.assumptions for entry in agenda.entries) for each in Assumption}
    return [
        f"Assumed of {counted(count, 'schedule')}: {assumption_words(each)}." for each, count in counts.items() if count
    ]


def name_of(entry: Entry) -> str:
    """Return the address, and whether it is in no file, or runs although the files hold it."""
    notes = ["in no file"] * (not entry.is_declared) + ["held in the files"] * bool(entry.hold and entry.occurrences)
    return printable(str(entry.address)) + (f" ({', '.join(notes)})" if notes else "")


def after_words(entry: Entry) -> str:
    """Return what an event-driven schedule waits for, by address as far as that is known."""
    if entry.after:
        return "after " + " and ".join(printable(str(address)) for address in entry.after)
    return timing_words(entry.timing)


def runs_words(agenda: Agenda, entry: Entry) -> str:
    """Return how often something runs that waits for others, and the earliest time of the first run."""
    if not entry.occurrences:
        return f"none before {_until(agenda)}"
    first = entry.occurrences[0].at.astimezone(ZoneInfo(agenda.zone))
    count = counted(len(entry.occurrences), "run")
    return f"{count}, {'' if len(entry.occurrences) == 1 else 'the first '}not before {first:%a %Y-%m-%d %H:%M}"


def why_silent(agenda: Agenda, entry: Entry) -> str:
    """Return why there is no run to show."""
    if entry.hold:
        return f"held: {hold_text(entry.hold)}"
    if entry.silence is None:
        return f"none before {_until(agenda)}: {timing_words(entry.timing)}"
    words = silence_words(entry.silence)
    if isinstance(entry.timing, EventDriven):
        return f"{words} ({after_words(entry)})"
    if isinstance(entry.timing, Unclear):
        return f"{words}: {printable(entry.timing.why)}"
    return f"{words} ({timing_words(entry.timing)})" if isinstance(entry.timing, Timed) else words


def item(
    time: str, name: str, details: Iterable[str], paint: Paint, *, warn: bool = False, long: bool = False
) -> list[str]:
    """Return a name with what is said of it: on one line where it fits, and below it otherwise, or when ``long``."""
    head = f"  {time:<5}  {name}" if time else f"  {name}"
    words = "; ".join(filter(None, details))
    indent = 9 if time else 4
    if words and not long and not warn and len(head) + len(words) + 4 <= WIDTH:
        return [f"{head}  {paint(f'({words})', Style.FAINT)}"]
    style = Style.WARN if warn else Style.FAINT
    return [head, *(f"{' ' * indent}{paint(line.strip(), style)}" for line in wrapped(words, indent))]


def wrapped(text: str, indent: int, rest: int | None = None) -> list[str]:
    """Return text in lines that fit, indented, those after the first by ``rest``; a word is never taken apart."""
    pads = " " * indent, " " * (indent if rest is None else rest)
    return textwrap.wrap(
        text, WIDTH, initial_indent=pads[0], subsequent_indent=pads[1], break_long_words=False, break_on_hyphens=False
    )


def _until(agenda: Agenda) -> str:
    return f"{agenda.end.astimezone(ZoneInfo(agenda.zone)):%a %Y-%m-%d}"


def _timing_of(entry: Entry) -> str:
    return after_words(entry) if isinstance(entry.timing, EventDriven) else timing_words(entry.timing)
