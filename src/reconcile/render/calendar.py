"""``reconcile calendar`` for people: a week as a map of shades, and the list of runs; 80 columns, or Markdown."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from reconcile.core.agenda import Agenda
from reconcile.render.agenda import day_lines, event_lines, freeze_lines, next_lines, note_lines, silent_lines, wrapped
from reconcile.render.heat import BLOCKS, heat_lines
from reconcile.render.markdown import LONGEST
from reconcile.render.terminal import Style, counted, painter

_CUT = "..."


def calendar_text(
    agenda: Agenda, *, is_live: bool = False, color: bool = False, shades: str = BLOCKS, by_schedule: bool = False
) -> str:
    """Return the agenda for a terminal. ``by_schedule`` lists each schedule's runs instead of each day's."""
    paint = painter(color)
    listed = next_lines(agenda, paint) if by_schedule else [*day_lines(agenda, paint), *event_lines(agenda, paint)]
    lines = [
        *(paint(line, Style.STRONG) for line in wrapped(heading(agenda, is_live=is_live, with_end=not by_schedule), 0)),
        "",
        *heat_lines(agenda.week, paint, shades=shades),
        *(listed if agenda.entries else _nothing(agenda)),
        *silent_lines(agenda, paint),
        *freeze_lines(agenda, paint),
        *note_lines(agenda, paint),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _nothing(agenda: Agenda) -> list[str]:
    """Return what there is to say of an agenda without a schedule: that there is none, or that nobody can know."""
    return ["", "Nothing here has a schedule." if agenda.is_whole else "Nothing could be read that has a schedule."]


def calendar_markdown(agenda: Agenda, *, is_live: bool = False, by_schedule: bool = False) -> str:
    """Return the agenda as Markdown, never longer than ``LONGEST`` characters: what does not fit is counted."""
    head, *body = calendar_text(agenda, is_live=is_live, by_schedule=by_schedule).split("\n\n")
    fence = "`" * (_longest_ticks("\n\n".join(body)) + 3)
    title = f"### reconcile calendar: {head.replace(chr(10), ' ')}\n\n"
    lines = "\n\n".join(body).rstrip("\n").split("\n")
    room = LONGEST - len(title) - 2 * len(fence) - 100
    kept: list[str] = []
    for number, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            kept.append(f"{_CUT} {counted(len(lines) - number, 'more line')}, which do not fit here")
            break
        kept.append(line)
    return f"{title}{fence}text\n" + "\n".join(kept) + f"\n{fence}\n"


def heading(agenda: Agenda, *, is_live: bool, with_end: bool = True) -> str:
    """Return what it is the agenda of: how many runs and schedules, from when until when, on whose clock."""
    zone = ZoneInfo(agenda.zone)
    runs = counted(sum(len(entry.occurrences) for entry in agenda.entries), "run")
    schedules = counted(len(agenda.entries), "schedule")
    start = f"{agenda.start.astimezone(zone):%a %Y-%m-%d %H:%M}"
    until = f" to {agenda.end.astimezone(zone):%a %Y-%m-%d %H:%M}" if with_end else " on"
    source = "as the platforms have it now" if is_live else "as the files ask for it"
    source += "" if agenda.is_whole else ", NOT the whole: something could not be read"
    return f"{runs} of {schedules}, {start}{until}, {agenda.zone}, {source}"


def _longest_ticks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
