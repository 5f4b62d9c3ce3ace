"""A week of runs as a map of shades: one row a day, one cell an hour; readable without colour, and piped."""

from __future__ import annotations

import textwrap
from zoneinfo import ZoneInfo

from reconcile.core.outlook import Week
from reconcile.render.terminal import Paint, Style

# Four shades, for a quarter of the busiest hour each; the first stands for an hour without runs.
LEVELS = 4
BLOCKS = "·░▒▓█"
ASCII = ".-+#@"
_LABEL = 11
_SCALE_HOURS = 3
_WIDTH = 80


def level(count: int, most: int) -> int:
    """Return which of ``LEVELS`` shades an hour has: 0 for no run, the last one for the busiest."""
    return 0 if not count else -(-count * LEVELS // most)


def bounds(most: int) -> dict[int, tuple[int, int]]:
    """Return the fewest and the most runs of each shade in use, where ``most`` is the busiest hour's count."""
    pairs = {each: ((each - 1) * most // LEVELS + 1, each * most // LEVELS) for each in range(1, LEVELS + 1)}
    return {each: (low, high) for each, (low, high) in pairs.items() if low <= high}


def is_past(week: Week, day: int, hour: int) -> bool:
    """Say whether an hour was over when the week began: nothing of it is counted."""
    begin = week.start.astimezone(ZoneInfo(week.zone))
    return day == 0 and hour < begin.hour


def heat_lines(week: Week, paint: Paint, *, shades: str = BLOCKS) -> list[str]:
    """Return the map, 68 columns wide: hours on top, a row a day with its total, what the shades mean.

    ``shades`` are ``BLOCKS``, or ``ASCII`` for a stream that cannot hold them.
    """
    scale = "".join(f"{hour:02}".ljust(2 * _SCALE_HOURS) for hour in range(0, 24, _SCALE_HOURS))
    lines = [paint(f"{'':{_LABEL}}{scale}{'runs':>8}", Style.FAINT)]
    for number, (day, counts) in enumerate(zip(week.days, week.counts, strict=True)):
        cells = "".join(_cell(week, number, hour, count, paint, shades) for hour, count in enumerate(counts))
        lines.append(f"{day:%a %m-%d}  {cells}{sum(counts):>8,}")
    return [*lines, *(paint(line, Style.FAINT) for line in _legend(week, shades))]


def _cell(week: Week, day: int, hour: int, count: int, paint: Paint, shades: str) -> str:
    if is_past(week, day, hour):
        return "  "
    if not count:
        return paint(f"{shades[0]} ", Style.FAINT)
    return paint(shades[level(count, week.most)] * 2, Style.RUN)


def _legend(week: Week, shades: str) -> list[str]:
    parts = [f"{shades[0]} no run"]
    parts += [f"{shades[each] * 2} {span_words(*bound)}" for each, bound in bounds(week.most).items()]
    parts += ["blank: before the start"] if is_past(week, 0, 0) else []
    # Spaces inside a part must not be where a line ends.
    text = "   ".join(part.replace(" ", "\0") for part in parts)
    pad = " " * _LABEL
    lines = textwrap.wrap(text, _WIDTH, initial_indent=pad, subsequent_indent=pad, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def span_words(low: int, high: int) -> str:
    """Return ``3`` or ``4-6``."""
    return f"{low:,}" if low == high else f"{low:,}-{high:,}"
