"""A plan or drift for a pull-request comment: the table is seen at once, details fold away, and it always fits."""

from __future__ import annotations

import html
from collections.abc import Sequence

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Drift
from reconcile.core.kind import Action
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Change, Plan
from reconcile.core.source import Span
from reconcile.render.diagnostics import prefixed
from reconcile.render.effect import effect_line
from reconcile.render.held import Held, held_lines, hold_text
from reconcile.render.outlook import week_lines
from reconcile.render.terminal import counted, painter, printable
from reconcile.render.text import (
    SIGNS,
    change_text,
    coming_blocks,
    drift_text,
    effect_of,
    left_out_text,
    summary_line,
    uncounted_words,
)

# What a GitHub comment may hold. Characters, as the platform counts them.
LONGEST = 65_536
_ROOM_FOR_NOTES = 500


def plan_markdown(
    plan: Plan,
    *,
    prefix: str = "",
    requests: bool = False,
    before: str = "",
    outlook: Outlook | None = None,
    details: bool = False,
) -> str:
    """Return the plan as Markdown, never longer than ``LONGEST`` characters; ``before`` stands above it.

    ``outlook`` tells what becomes of runs, and adds the week before and after; ``details`` tells more of it.

    What does not fit is left out in whole pieces, details first, and the text says how much is missing.
    """
    head = [
        *(*before.splitlines(), "") * bool(before),
        f"### reconcile: {_text(summary_line(plan).removesuffix('.'))}",
        "",
    ]
    head += _messages(plan.messages, prefix)
    head += _held(plan.held, plan.created_at)
    rows = [_row(change, prefix, outlook) for change in plan.changes]
    blocks = [change_text(c, painter(False), prefix, requests, effect_of(c, outlook, details)) for c in plan.changes]
    blocks += [left_out_text(item, painter(False)) for item in plan.left_out]
    coming = coming_blocks(plan, outlook, painter(False), details=details)
    missing = [uncounted_words(plan)] if plan.failed else []
    week = ["\n".join([*week_lines(outlook.before, outlook.after), *missing])] if outlook else []
    footer = f"\nDigest: {code(plan.digest)}\n" if plan.digest else ""
    folded = (
        ("Drift", _drift_block(plan.drift, prefix, plan.held)),
        ("What is to come", coming),
        (f"The next seven days ({outlook.zone})" if outlook else "", week),
        ("Details", blocks),
    )
    return _fitted(head, rows, folded) + footer


def drift_markdown(
    drift: Sequence[Drift],
    pending: int,
    diagnostics: Sequence[Diagnostic],
    *,
    unread: int = 0,
    prefix: str = "",
    held: Sequence[Held] = (),
    now: str = "",
    notes: Sequence[str] = (),
) -> str:
    """Return drift as Markdown, never longer than ``LONGEST`` characters. ``unread`` objects could not be looked at.

    ``held`` is what is kept off on purpose, ``now`` (UTC, ISO 8601) what its age counts to. ``notes`` are more lines.
    """
    moved = f"{counted(len(drift), 'object')} drifted" if drift else "" if unread else "no drift"
    if unread:
        moved += f"{', ' if moved else ''}{counted(unread, 'object')} could not be read"
    waiting = f"; {counted(pending, 'change')} of the files not applied" if pending else ""
    head = [f"### reconcile: {moved}{waiting}", "", *_messages(diagnostics, prefix), *_held(held, now)]
    head += [*(f"- {_text(note.strip())}" for note in notes), ""] if notes else []
    return _fitted(head, [], [("Drift", _drift_block(drift, prefix, held))])


def code(text: str) -> str:
    """Return text as inline code that nothing in it can break out of, in a table or elsewhere."""
    plain = printable(text).replace("|", "\\|")
    fence = "`" * (1 + _longest_run(plain))
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def error_markdown(diagnostics: Sequence[Diagnostic], *, prefix: str = "") -> str:
    """Return what a command says that failed before it had a result, never longer than ``LONGEST`` characters."""
    return _fitted(["### reconcile: failed", "", *_messages(diagnostics, prefix)], [], [])


def _messages(diagnostics: Sequence[Diagnostic], prefix: str) -> list[str]:
    lines = []
    for d in diagnostics:
        where = f" ({code(f'{prefixed(d.span.file, prefix)}:{d.span.line}')})" if d.span else ""
        hint = f" Hint: {_text(d.hint)}" if d.hint else ""
        lines.append(f"- **{d.severity}**: {_text(d.detail or d.summary)}{where}{hint}")
    return [*lines, ""] if lines else []


def _row(change: Change, prefix: str, outlook: Outlook | None = None) -> str:
    sign, _ = SIGNS[change.action]
    fields = ", ".join(field.path for field in change.fields) if change.action is Action.UPDATE else ""
    if change.hold:
        fields = f"held: {hold_text(change.hold)}"
    if change.irreversible:
        fields += f"{'; ' if fields else ''}cannot be undone"
    effect = outlook.effects.get(change.address) if outlook else None
    if outlook and effect:
        fields += f"{'; ' if fields else ''}{effect_line(effect, outlook.zone)}"
    return (
        f"| {code(sign)} {change.action} | {code(str(change.address))} | {_text(fields)} "
        f"| {change.why} | {_place(change.source, prefix)} |"
    )


def _held(held: Sequence[Held], now: str) -> list[str]:
    lines = [f"- {_text(line)}" for line in held_lines(held, now)]
    return [*lines, ""] if lines else []


def _drift_block(drift: Sequence[Drift], prefix: str, held: Sequence[Held]) -> list[str]:
    if not drift:
        return []
    head, *blocks = drift_text(drift, prefix=prefix, held=held).split("\n\n")
    return [head, *blocks]


def _fitted(head: list[str], rows: list[str], folded: Sequence[tuple[str, list[str]]]) -> str:
    """Return the whole text, built from pieces until the next one would not fit; ``folded`` by its titles."""
    room = LONGEST - _ROOM_FOR_NOTES
    text, missing_head = _up_to(head, room // 2, "\n")
    text += "\n"
    if missing_head:
        text += f"- ... and {counted(missing_head, 'more line')}\n\n"
    if rows:
        table = "| action | object | fields | why | where |\n|---|---|---|---|---|\n"
        shown, missing = _up_to(rows, room - len(text) - len(table), "\n")
        text += table + shown + "\n"
        if missing:
            text += f"\n... and {counted(missing, 'more change')}; `reconcile plan` shows all of them.\n"
    for title, blocks in folded:
        if blocks:
            text += _folded(title, blocks, room - len(text))
    return text


def _folded(title: str, blocks: list[str], room: int) -> str:
    fence = "`" * max(3, 1 + max((_longest_run(block) for block in blocks), default=0))
    opening = f"\n<details><summary>{title}</summary>\n\n{fence}\n"
    closing = f"\n{fence}\n\n</details>\n"
    shown, missing = _up_to(blocks, room - len(opening) - len(closing) - 80, "\n\n")
    if not shown:
        return f"\n{title}: left out, it does not fit here.\n"
    note = f"\n... and {missing:,} more.\n" if missing else ""
    return opening + shown + closing + note


def _up_to(pieces: list[str], room: int, between: str) -> tuple[str, int]:
    """Return as many whole pieces as fit, joined, and how many do not."""
    used = 0
    for count, piece in enumerate(pieces):
        used += len(piece) + len(between)
        if used > room:
            return between.join(pieces[:count]), len(pieces) - count
    return between.join(pieces), 0


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _text(text: str) -> str:
    """Return text in which Markdown and HTML mean nothing."""
    plain = html.escape(printable(text.replace("\n", " ")), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_[]|#@" else c for c in plain)


def _place(span: Span | None, prefix: str) -> str:
    return code(f"{prefix}{span.file}:{span.line}") if span else ""
