"""History as people read it in 80 columns, and as programs parse it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.history import History, Told, ToldChange
from reconcile.core.kind import Action
from reconcile.render.diagnostics import as_json
from reconcile.render.json import fields_document, values_document
from reconcile.render.terminal import Paint, Style, counted, painter, printable, when_text
from reconcile.render.text import SIGNS, field_line

HISTORY_FORMAT = "reconcile.history/1"

# Outcomes of applies and of changes.
_STYLES = {
    "done": Style.CREATE,
    "in part": Style.WARN,
    "failed": Style.BAD,
    "cut off": Style.WARN,
    "running": Style.RUN,
    "refused": Style.WARN,
    "unknown": Style.WARN,
    "skipped": Style.FAINT,
}
_MADE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.RUN: "run",
    Action.ASSERT: "asserted",
    Action.FORGET: "forgotten",
}
SHORT_COMMIT = 10


def history_text(history: History, *, color: bool = False, changes: bool = False) -> str:
    """Return the applies, newest first: two to four short lines each. ``changes`` lists what each changed, too."""
    paint = painter(color)
    blocks = [_block(told, paint, changes) for told in history.applies]
    if not blocks:
        blocks.append("Nothing was applied yet." if not history.older else "Nothing among those that were looked at.")
    if history.silent:
        numbers = ", ".join(str(each.serial) for each in history.silent)
        why = "the lock changed hands" if len(history.silent) == 1 else "the lock changed hands each time"
        blocks.append(paint(f"Written by no apply ({why}): version {numbers} of the state.", Style.FAINT))
    if history.older:
        older = f"... and {counted(history.older, 'older version')} of the state: --limit 0 shows all"
        blocks.append(paint(older, Style.FAINT))
    return "\n\n".join(blocks) + "\n"


def apply_text(told: Told, *, color: bool = False) -> str:
    """Return all there is to tell of one apply."""
    paint = painter(color)
    lines = [_title(told, paint), *(f"  {name:<9} {printable(text)}" for name, text in _facts(told) if text)]
    blocks = ["\n".join(lines), *(_change(change, paint) for change in told.changes)]
    for title, addresses in (("Recorded as ours, nothing sent", told.recorded), ("Ours no more", told.released)):
        if addresses:
            blocks.append("\n".join([f"{title}:", *(f"  {printable(str(address))}" for address in addresses)]))
    if told.outcome == "cut off" and told.serial is None:
        blocks.append("It is not recorded yet: the next `reconcile apply` looks what became of it.")
    return "\n\n".join(blocks) + "\n"


def history_document(history: History, diagnostics: Iterable[Diagnostic] = ()) -> dict[str, Any]:
    """Return applies in format ``reconcile.history/1``."""
    return {
        "format": HISTORY_FORMAT,
        "applies": [_apply_document(told) for told in history.applies],
        "others": [{"serial": each.serial, "written_at": each.written_at} for each in history.silent],
        "older": history.older,
        "diagnostics": as_json([*diagnostics, *history.notes]),
    }


def _title(told: Told, paint: Paint) -> str:
    taken = f"  undone{' in part' if told.undone_in_part else ''} by {told.undone_by}" if told.undone_by else ""
    outcome = paint(told.outcome, _STYLES.get(told.outcome, Style.STRONG))
    return f"{paint(told.id, Style.STRONG)}  {when_text(told.applied_at)}  {outcome}{paint(taken, Style.FAINT)}"


def _block(told: Told, paint: Paint, changes: bool) -> str:
    origin = [f"by {told.by}"]
    origin += [f"from commit {told.commit[:SHORT_COMMIT]}"] if told.commit else []
    origin += [f"takes back {told.undoes}"] if told.undoes else []
    lines = [_title(told, paint), f"    {_counts(told)}"]
    lines += [f"    {paint(printable(', '.join(origin)), Style.FAINT)}"]
    lines += [f"    {paint(printable(told.job), Style.FAINT)}"] if told.job else []
    lines += [f"    {paint('inside a freeze:', Style.WARN)} {printable(told.override.reason)}"] if told.override else []
    if not changes:
        return "\n".join(lines)
    return "\n".join([*lines, *(f"    {line}" for c in told.changes for line in _change(c, paint).splitlines())])


def _counts(told: Told) -> str:
    """Return how many changes of each sort: what was made by what it was, all else by how it ended."""
    made = Counter(change.action for change in told.changes if change.outcome == "done")
    other = Counter(change.outcome for change in told.changes if change.outcome != "done")
    parts = [f"{made[action]:,} {word}" for action, word in _MADE.items() if made[action]]
    parts += [f"{other[word]:,} {word}" for word in _STYLES if other[word]]
    if not parts:
        return "no changes" if not told.total else f"none of its {told.total:,} changes"
    more = told.total - len(told.changes)
    return ", ".join(parts) + (f" (of {counted(told.total, 'change')})" if more else "")


def _facts(told: Told) -> list[tuple[str, str]]:
    return [
        ("by", f"{told.by} on {told.host}"),
        ("command", told.command),
        ("commit", told.commit or ""),
        ("job", told.job or ""),
        ("version", f"{told.serial} of the state" if told.serial is not None else ""),
        ("plan", told.plan or ""),
        ("undoes", told.undoes or ""),
        ("freeze", told.override.freeze if told.override else ""),
        ("override", told.override.reason if told.override else ""),
        ("changes", _counts(told)),
    ]


def _change(change: ToldChange, paint: Paint) -> str:
    sign, style = SIGNS[change.action]
    outcome = paint(change.outcome, _STYLES.get(change.outcome, Style.STRONG))
    name = paint(printable(str(change.address)), Style.STRONG)
    lines = [f"{paint(f'{sign} {change.action:<7}', style)} {name}  {outcome}"]
    lines += [field_line(field, change.action, paint) for field in change.fields]
    if change.hidden:
        lines.append(paint(f"    not shown before: {printable(', '.join(change.hidden))}", Style.FAINT))
    lines += [f"    {paint(printable(f'{method} {path}'), Style.RUN)}" for method, path in change.requests]
    if change.error:
        lines.append(f"    {paint(printable(change.error), Style.BAD)}")
    return "\n".join(lines)


def _apply_document(told: Told) -> dict[str, Any]:
    return {
        "id": told.id,
        "applied_at": told.applied_at,
        "by": told.by,
        "host": told.host,
        "command": told.command,
        "commit": told.commit,
        "job": told.job,
        "environment": told.environment,
        "outcome": told.outcome,
        "serial": told.serial,
        "plan": told.plan,
        "undoes": told.undoes,
        "undone_by": told.undone_by,
        "undone_in_part": told.undone_in_part,
        "override": told.override and {"reason": told.override.reason, "freeze": told.override.freeze},
        "changes": [_change_document(change) for change in told.changes],
        "recorded": [str(address) for address in told.recorded],
        "released": [str(address) for address in told.released],
    }


def _change_document(change: ToldChange) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "outcome": change.outcome,
        "before": values_document(change.before),
        "after": values_document(change.after),
        "fields": fields_document(change.fields),
        "hidden": list(change.hidden),
        "requests": [{"method": method, "path": path} for method, path in change.requests],
        "error": change.error,
    }
