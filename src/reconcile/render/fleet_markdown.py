"""What a command found in many workspaces, for a comment or a job's summary; it always fits."""

from __future__ import annotations

import html

from reconcile.core.fleet import Fleet, Outcome, Result
from reconcile.render.fleet import detail_lines, summary_line, told_of
from reconcile.render.markdown import LONGEST, code
from reconcile.render.terminal import printable

_ROOM_FOR_NOTES = 500
_TABLE = "| outcome | workspace | what |\n|---|---|---|\n"


def fleet_markdown(fleet: Fleet) -> str:
    """Return the summary, a table of what needs attention, and the details folded away.

    Never longer than what a comment may hold; what does not fit is counted. Healthy workspaces are counted only.
    """
    room = LONGEST - _ROOM_FOR_NOTES
    text = f"### reconcile: {summary_line(fleet).removesuffix('.')}\n"
    for told in fleet.diagnostics[:20]:
        text += f"\n- **{told.severity}**: {code(told.detail or told.summary)}"
    attention = fleet.attention
    if attention:
        text += f"\n\n{_TABLE}" if fleet.diagnostics else f"\n{_TABLE}"
        text += _fitting([_row(result) for result in attention], room // 2, "more workspaces")
    blocks = [_block(result) for result in attention if result.outcome is not Outcome.MISSING]
    return text + "\n" + _fitting(blocks, room - len(text), "more workspaces have details")


def _row(result: Result) -> str:
    return f"| {result.outcome.value} | {code(result.name)} | {told_of(result)} |\n"


def _block(result: Result) -> str:
    lines = "\n".join(detail_lines(result))
    fence = "`" * max(3, 1 + _longest_run(lines))
    name = f"<code>{html.escape(printable(result.name))}</code>"
    return f"\n<details><summary>{name}</summary>\n\n{fence}\n{lines}\n{fence}\n\n</details>\n"


def _fitting(pieces: list[str], room: int, noun: str) -> str:
    text = ""
    for count, piece in enumerate(pieces):
        if len(text) + len(piece) > room:
            return f"{text}\n... and {len(pieces) - count:,} {noun}.\n"
        text += piece
    return text


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
