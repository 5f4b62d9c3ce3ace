"""A week as one picture: the map of shades, and a lane a schedule. Stands alone, in light and in dark.

No script and nothing from elsewhere. Every cell says its number and has a tooltip; names are text and never markup.
"""

from __future__ import annotations

from html import escape

from reconcile.core.agenda import Agenda
from reconcile.core.outlook import Week
from reconcile.render.calendar import heading
from reconcile.render.heat import bounds, is_past, level, span_words
from reconcile.render.svg_lane import HATCH, lanes
from reconcile.render.svg_shape import CELL_HEIGHT, CELL_WIDTH, LEFT, MARGIN, STYLE, WIDTH, paragraph, rect, text
from reconcile.render.terminal import counted

_GAP = 2


def calendar_svg(agenda: Agenda, *, is_live: bool = False) -> str:
    """Return one SVG document, 808 units wide: the first week of an agenda, on the clock of its zone.

    Schedules that have no lane (there is room for the first of them) are counted.
    """
    title = heading(agenda, is_live=is_live)
    head, y = paragraph(title, MARGIN, 34, "h")
    map_, y = _map(agenda.week, y + 26)
    below, y = lanes(agenda, y + 14)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}"'
            ' role="img" aria-labelledby="reconcile-title reconcile-desc">',
            f'<title id="reconcile-title">When everything runs: {escape(title)}</title>',
            f'<desc id="reconcile-desc">{escape(_described(agenda.week))}</desc>',
            f"<style>{STYLE}</style>",
            f"<defs>{HATCH}</defs>",
            f'<rect class="bg" width="{WIDTH}" height="{y}"/>',
            *head,
            *map_,
            *below,
            "</svg>",
            "",
        )
    )


def _map(week: Week, y: int) -> tuple[list[str], int]:
    """Return the map below ``y``, and where it ends."""
    shapes = [text(f"{hour:02}", LEFT + hour * CELL_WIDTH, y, "m") for hour in range(0, 24, 3)]
    shapes.append(text("runs", WIDTH - MARGIN, y, "m e"))
    y += 8
    for number, (day, counts) in enumerate(zip(week.days, week.counts, strict=True)):
        middle = y + CELL_HEIGHT // 2 + 3
        shapes.append(text(f"{day:%a %m-%d}", MARGIN, middle, "t"))
        shapes += [_cell(week, number, hour, count, y) for hour, count in enumerate(counts)]
        shapes.append(text(f"{sum(counts):,}", WIDTH - MARGIN, middle, "t e"))
        y += CELL_HEIGHT
    return shapes + _legend(week, y + 8), y + 30


def _cell(week: Week, day: int, hour: int, count: int, y: int) -> str:
    x, width, height = LEFT + hour * CELL_WIDTH, CELL_WIDTH - _GAP, CELL_HEIGHT - _GAP
    if is_past(week, day, hour):
        return rect(x, y, width, height, "past", f"{week.days[day]:%a %Y-%m-%d} {hour:02}:00: before the start")
    name = (
        f"{week.days[day]:%a %Y-%m-%d} {hour:02}:00 to {hour + 1:02}:00: {counted(count, 'run') if count else 'no run'}"
    )
    shade = level(count, week.most)
    number = text(f"{count:,}", x + width / 2, y + height / 2 + 4, f"n n{shade}") if count else ""
    return f"<g><title>{escape(name)}</title>{rect(x, y, width, height, f'l{shade}')}{number}</g>"


def _legend(week: Week, y: int) -> list[str]:
    parts = [("l0", "no run"), *((f"l{each}", span_words(*bound)) for each, bound in bounds(week.most).items())]
    parts += [("past", "before the start")] if is_past(week, 0, 0) else []
    shapes, x = [], float(LEFT)
    for style, words in parts:
        shapes += [rect(x, y, 14, 14, style), text(words, x + 20, y + 11, "m")]
        x += 20 + 7 * len(words) + 22
    return shapes


def _described(week: Week) -> str:
    """Return the map in words, for those who do not see it."""
    days = (f"{day:%a %Y-%m-%d}: {_day_words(counts)}" for day, counts in zip(week.days, week.counts, strict=True))
    return f"Runs by hour, on the clock of {week.zone}. " + "; ".join(days) + "."


def _day_words(counts: tuple[int, ...]) -> str:
    if not any(counts):
        return "no run"
    most = max(counts)
    return f"{counted(sum(counts), 'run')}, {most:,} at most in an hour ({counts.index(most):02}:00)"
