"""A lane a schedule: its runs as marks along the days of a week."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from html import escape
from zoneinfo import ZoneInfo

from reconcile.core.agenda import Agenda, Entry
from reconcile.core.timing import EventDriven
from reconcile.render.agenda import after_words, name_of
from reconcile.render.svg_shape import LEFT, MARGIN, WIDTH, number, paragraph, rect, text
from reconcile.render.terminal import counted, printable
from reconcile.render.timing import timing_words

MOST_LANES = 40
_TRACK = 12
HATCH = (
    '<pattern id="reconcile-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="hatch" d="M0 0V6"/></pattern>'
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From instants to places: the midnights of the reader's clock, one more than there are days."""

    midnights: tuple[datetime, ...]

    @property
    def start(self) -> datetime:
        return self.midnights[0]

    @property
    def end(self) -> datetime:
        return self.midnights[-1]

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def x(self, at: datetime) -> float:
        share = (min(max(at, self.start), self.end) - self.start) / (self.end - self.start)
        return LEFT + share * (WIDTH - MARGIN - LEFT)


def lanes(agenda: Agenda, y: int) -> tuple[list[str], int]:
    """Return the lanes of schedules that run in the week, below ``y``, and where they end; nothing where none does."""
    scale = _scale(agenda)
    entries = [entry for entry in agenda.entries if any(scale.holds(run.at) for run in entry.occurrences)]
    if not entries:
        return [], y
    shown = entries[:MOST_LANES]
    places = [scale.x(each) for each in scale.midnights]
    y += 18
    shapes = [text(f"{day:%a %d}", x + 3, y, "m") for day, x in zip(agenda.week.days, places, strict=False)]
    for entry in shown:
        drawn, y = _lane(agenda, entry, scale, y + 6)
        shapes += drawn
    key, y = _key(shown, y + 20, has_freeze=bool(_freezes(agenda, scale, y)))
    if len(entries) > len(shown):
        y += 24
        key.append(text(f"and {counted(len(entries) - len(shown), 'more schedule')}", MARGIN, y, "t"))
    return [*shapes, *key], y + 16


def _scale(agenda: Agenda) -> _Scale:
    zone = ZoneInfo(agenda.zone)
    days = [*agenda.week.days, agenda.week.days[-1] + timedelta(days=1)]
    # Through UTC: Python takes moments of one zone apart as if its clock never changed.
    return _Scale(tuple(datetime.combine(day, time(), zone).astimezone(agenda.start.tzinfo) for day in days))


def _track(agenda: Agenda, scale: _Scale, y: int) -> str:
    """Return what the marks stand on: the days, and the freezes."""
    lines = "".join(f"M{number(scale.x(each))} {y}v{_TRACK}" for each in scale.midnights[1:-1])
    days = f'<path class="grid" d="{lines}"/>' if lines else ""
    return rect(LEFT, y, WIDTH - MARGIN - LEFT, _TRACK, "track") + days + _freezes(agenda, scale, y)


def _freezes(agenda: Agenda, scale: _Scale, y: int) -> str:
    """Return those parts of the freezes that are in the picture."""
    spans = [(scale.x(each.start), scale.x(each.end), each.reason) for each in agenda.freezes]
    return "".join(
        rect(left, y, right - left, _TRACK, "ice", f"Nothing is to be changed: {printable(reason)}")
        for left, right, reason in spans
        if right > left
    )


def _lane(agenda: Agenda, entry: Entry, scale: _Scale, y: int) -> tuple[list[str], int]:
    waits = isinstance(entry.timing, EventDriven)
    runs = [run for run in entry.occurrences if scale.holds(run.at)]
    words = after_words(entry) if waits else timing_words(entry.timing)
    risky = [run.at for run in runs if not run.is_certain]
    title = f"{name_of(entry)}: {words}; {counted(len(runs), 'run')}"
    title += f", {len(risky):,} of them at risk" if risky else ""
    name, y = paragraph(name_of(entry), MARGIN, y + 14, "t")
    y += 6
    marks = _marks((run.at for run in runs if run.is_certain), scale, y, "event" if waits else "run", half=waits)
    marks += _marks(risky, scale, y, "risk")
    count = text(counted(len(runs), "run"), MARGIN, y + 10, "m")
    return [*name, f"<g><title>{escape(title)}</title>{_track(agenda, scale, y)}{marks}</g>", count], y + _TRACK + 4


def _marks(at: Iterable[datetime], scale: _Scale, y: int, style: str, *, half: bool = False) -> str:
    """Return one line an instant, as one shape; instants that fall together are drawn once."""
    # Half a unit is less than a mark is wide.
    places = [number(each / 2) for each in sorted({round(2 * scale.x(each)) for each in at})]
    height = _TRACK // 2 if half else _TRACK
    top = y + _TRACK - height
    return f'<path class="{style}" d="{"".join(f"M{x} {top}v{height}" for x in places)}"/>' if places else ""


def _key(entries: Iterable[Entry], y: int, *, has_freeze: bool) -> tuple[list[str], int]:
    """Return what the marks mean, as far as there are such marks, and where it ends."""
    entries = list(entries)
    waits = any(isinstance(entry.timing, EventDriven) for entry in entries)
    has_risk = any(not run.is_certain for entry in entries for run in entry.occurrences)
    parts = [("run", "a run")]
    parts += [("event", "not before this, after something else")] if waits else []
    parts += [("risk", "at risk")] if has_risk else []
    shapes: list[str] = []
    x = float(LEFT)
    for style, words in parts:
        top = y + (_TRACK // 2 if style == "event" else 0)
        shapes += [f'<path class="{style}" d="M{number(x + 2)} {top}V{y + _TRACK}"/>', text(words, x + 12, y + 10, "m")]
        x += 12 + 6.5 * len(words) + 22
    if has_freeze:
        shapes += [rect(x, y, 14, _TRACK, "ice"), text("nothing is to be changed", x + 20, y + 10, "m")]
    return shapes, y + _TRACK
