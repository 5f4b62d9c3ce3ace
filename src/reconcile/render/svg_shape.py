"""Pieces of a picture: sizes, colours for light and dark, rectangles and text."""

from __future__ import annotations

import textwrap
from html import escape

WIDTH = 808
MARGIN = 16
LEFT = 112
CELL_WIDTH = 26
CELL_HEIGHT = 24
# As many characters as fit between the margins, also where most are capitals: of ordinary text, of a heading, and of
# scripts whose letters are twice as wide.
_LONGEST, _LONGEST_HEADING, _LONGEST_WIDE = 90, 84, 60
_LINE = 18

# Numbers on shades have a contrast of at least 4.5 to 1 in both schemes; marks on lanes of at least 3 to 1.
STYLE = """
svg{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.bg{fill:#fff}.t{fill:#1b1f24}.h{fill:#1b1f24;font-size:14px;font-weight:600}.m{fill:#57606a}.e{text-anchor:end}
.n{font-size:10px;text-anchor:middle}.n1,.n2{fill:#0b2545}.n3,.n4{fill:#fff}
.l0{fill:#eef1f4}.l1{fill:#cfe3fa}.l2{fill:#8fbff0}.l3{fill:#2f74c0}.l4{fill:#0f4485}
.past{fill:none;stroke:#c4ccd4;stroke-dasharray:2 3}
.grid{stroke:#fff}.track{fill:#eef1f4}.run{stroke:#0f4485;stroke-width:2}
.event{stroke:#2f74c0;stroke-width:2}.risk{stroke:#b3470b;stroke-width:2;stroke-dasharray:3 2}
.ice{fill:url(#reconcile-hatch)}.hatch{stroke:#8a929b}
@media (prefers-color-scheme:dark){
.bg{fill:#0d1117}.t,.h{fill:#e6edf3}.m{fill:#9da7b3}
.n1,.n2{fill:#e6f1ff}.n3,.n4{fill:#04121f}
.l0{fill:#1b222c}.l1{fill:#12365c}.l2{fill:#1d5a9b}.l3{fill:#5fa3e6}.l4{fill:#b4d8ff}
.past{stroke:#3d4650}
.grid{stroke:#0d1117}.track{fill:#1b222c}.run{stroke:#b4d8ff}.event{stroke:#5fa3e6}.risk{stroke:#ff9d5c}
.hatch{stroke:#6b747e}
}
"""


def text(words: str, x: float, y: float, style: str) -> str:
    """Return a line of text whose baseline is at ``y``; ``words`` are never markup."""
    return f'<text class="{style}" x="{number(x)}" y="{number(y)}">{escape(words)}</text>'


def paragraph(words: str, x: float, y: int, style: str) -> tuple[list[str], int]:
    """Return text in as many lines as it takes, nothing cut, the first at ``y``; and the baseline of the last."""
    longest = (_LONGEST_HEADING if style == "h" else _LONGEST) if words.isascii() else _LONGEST_WIDE
    lines = textwrap.wrap(words, longest, break_on_hyphens=False) or [""]
    return [text(line, x, y + _LINE * count, style) for count, line in enumerate(lines)], y + _LINE * (len(lines) - 1)


def rect(x: float, y: float, width: float, height: float, style: str, title: str = "") -> str:
    """Return a rectangle, with a tooltip where ``title`` says something."""
    head = f'<rect class="{style}" x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f"{head}><title>{escape(title)}</title></rect>" if title else f"{head}/>"


def number(value: float) -> str:
    """Return a coordinate in as few characters as it takes, exact to a tenth."""
    return f"{value:.1f}".removesuffix(".0")
