"""Plans, drift and results as people read them in a terminal. Lines are never cut: data is not decoration."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from reconcile.core.diff import FieldChange, item_changes
from reconcile.core.drift import Drift, Why
from reconcile.core.kind import Action
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Change, LeftOut, Plan, Unchanged
from reconcile.core.request import Request
from reconcile.core.source import Span
from reconcile.render.effect import effect_line, effect_lines
from reconcile.render.held import Held, held_lines, hold_text, holds_of
from reconcile.render.outlook import outlook_text
from reconcile.render.provenance import provenance_lines
from reconcile.render.terminal import Paint, Style, counted, painter, printable, value_text, when_text

SIGNS = {
    Action.CREATE: ("+", Style.CREATE),
    Action.UPDATE: ("~", Style.UPDATE),
    Action.DELETE: ("-", Style.DELETE),
    Action.RUN: (">", Style.RUN),
    Action.ASSERT: ("!", Style.RUN),
    Action.FORGET: ("x", Style.FAINT),
    Action.UNCHANGED: ("=", Style.FAINT),
}
COUNTED = (
    (Action.CREATE, "to create"),
    (Action.UPDATE, "to update"),
    (Action.DELETE, "to delete"),
    (Action.RUN, "to run"),
    (Action.ASSERT, "to assert"),
    (Action.FORGET, "to forget"),
)


def plan_text(
    plan: Plan,
    *,
    color: bool = False,
    prefix: str = "",
    requests: bool = False,
    everything: bool = False,
    outlook: Outlook | None = None,
    details: bool = False,
) -> str:
    """Return the plan: what changes field by field, drift apart from it, and the counts and the digest last.

    ``prefix`` is put before file names. ``requests`` adds the exact calls, ``everything`` the unchanged objects.
    ``outlook`` tells what becomes of runs: in a line for each change, in several with ``details``.
    """
    paint = painter(color)
    blocks = [
        change_text(change, paint, prefix, requests, effect_of(change, outlook, details)) for change in plan.changes
    ]
    if everything and plan.unchanged:
        blocks.append("\n".join(_unchanged_line(item, paint, prefix, plan.created_at) for item in plan.unchanged))
    blocks += [left_out_text(item, paint) for item in plan.left_out]
    blocks += [] if plan.undoes else unseen_lines(plan.unchanged, paint)
    if held := held_lines(plan.held, plan.created_at):
        blocks.append(paint("\n".join(held), Style.WARN))
    if plan.drift:
        blocks.append(drift_text(plan.drift, color=color, prefix=prefix, held=plan.held))
    blocks += coming_blocks(plan, outlook, paint, details=details)
    blocks.append(paint(summary_line(plan), Style.STRONG))
    if plan.refusals:
        reasons = counted(len(plan.refusals), "reason")
        blocks[-1] += "\n" + paint(f"Refused, for {reasons}: apply would change nothing.", Style.BAD)
    if plan.digest:
        blocks[-1] += "\n" + paint(f"Digest: {plan.digest}", Style.FAINT)
    return "\n\n".join(blocks) + "\n"


def coming_blocks(plan: Plan, outlook: Outlook | None, paint: Paint, *, details: bool = False) -> list[str]:
    """Return blocks of what is to come, and below them what of it is not known because it could not be read."""
    blocks = outlook_text(outlook, paint, details=details) if outlook else []
    return [*blocks, uncounted_words(plan)] if blocks and plan.failed else blocks


def uncounted_words(plan: Plan) -> str:
    """Return that figures of what is to come are not the whole; empty when they are."""
    if not plan.failed:
        return ""
    return f"NOT the whole: the runs of {counted(len(plan.failed), 'object')} not planned because of errors are missing"


def summary_line(plan: Plan) -> str:
    """Return one line of counts: what is to be done, what is not, what is in the way."""
    parts = [f"{plan.count(action)} {words}" for action, words in COUNTED if plan.count(action)]
    head = "Plan: " + (", ".join(parts) if parts else "nothing to do")
    tail = [f"{len(plan.unchanged):,} unchanged"]
    if plan.records:
        tail.append(f"{len(plan.records):,} of them to be recorded as ours")
    if plan.held:
        tail.append(f"{len(plan.held):,} held")
    if plan.drift:
        tail.append(f"{len(plan.drift):,} drifted")
    if plan.left_out:
        tail.append(f"{len(plan.left_out):,} left as {'it is' if len(plan.left_out) == 1 else 'they are'}")
    if plan.failed:
        tail.append(f"{len(plan.failed):,} not planned because of errors")
    where = "" if plan.environment == "default" else f" (environment {plan.environment})"
    return f"{head}; {', '.join(tail)}{where}."


def change_text(
    change: Change, paint: Paint, prefix: str = "", requests: bool = False, effect: Sequence[str] = ()
) -> str:
    """Return one change: what, where and why, its fields, what becomes of its runs, and (if asked for) its calls."""
    sign, style = SIGNS[change.action]
    lines = [
        f"{paint(f'{sign} {change.action:<7}', style)} {paint(printable(str(change.address)), Style.STRONG)}",
        *(f"          {paint(line, Style.FAINT)}" for line in why_lines(change, prefix)),
    ]
    fields = change.fields
    if change.action is Action.ASSERT and not fields:
        # The same as we recorded, and sent all the same: then the values are what there is to see.
        fields = tuple(FieldChange(name, None, value) for name, value in change.after.items())
    lines += [field_line(field, change.action, paint) for field in fields]
    lines += [paint(f"    {line}", Style.RUN) for line in effect]
    if requests:
        lines += [line for request in change.requests for line in request_lines(request, paint)]
    return "\n".join(lines)


def field_line(field: FieldChange, action: Action, paint: Paint) -> str:
    """Return one field: ``time: 02:00 -> 00:00``, a list with what enters and what leaves."""
    name = f"    {field.path}:"
    if action in (Action.CREATE, Action.RUN) or (action is Action.ASSERT and field.before is None):
        return f"{name} {paint(value_text(field.after), SIGNS[action][1])}"
    if action is Action.DELETE:
        return f"{name} {paint(value_text(field.before), Style.DELETE)}"
    before, after = value_text(field.before), value_text(field.after)
    return f"{name} {paint(before, Style.DELETE)} -> {paint(after, Style.CREATE)}{item_words(field)}"


def request_lines(request: Request, paint: Paint) -> list[str]:
    """Return one call: method and path, and below it the body on one line."""
    lines = [f"    {paint(printable(f'{request.method} {request.path}'), Style.RUN)}"]
    if request.body is not None:
        lines.append(f"      {printable(json.dumps(dict(request.body), ensure_ascii=False))}")
    return lines


def drift_text(drift: Sequence[Drift], *, color: bool = False, prefix: str = "", held: Iterable[Held] = ()) -> str:
    """Return what moved on the platform, from what to what, and whether the file changed, too.

    Of what is ``held`` it says so: somebody may have switched it on for a reason.
    """
    paint, holds = painter(color), holds_of(held)
    head = f"Drift: {counted(len(drift), 'object')} moved on the platform since our last apply"
    blocks = [paint(head, Style.WARN)]
    for item in drift:
        also = "; the file changed, too" if item.why is Why.BOTH and item.source else ""
        lines = [
            f"{paint('*', Style.WARN)} drift   {paint(printable(str(item.address)), Style.STRONG)}",
            f"          {paint((_place(item.source, prefix) or 'in no file any more') + also, Style.FAINT)}",
            *(f"          {paint(line, Style.FAINT)}" for line in provenance_lines(item)),
        ]
        if item.address in holds:
            lines.append(f"          {paint(f'held: {hold_text(holds[item.address])}', Style.WARN)}")
        if item.gone:
            lines.append(f"    {paint('it no longer exists on the platform', Style.DELETE)}")
        else:
            lines += [field_line(field, Action.UPDATE, paint) for field in item.fields]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def left_out_text(item: LeftOut, paint: Paint) -> str:
    """Return one object that is left as it is: why, and field by field what it was, is, and would be."""
    head = f"{paint(f'# {item.action:<7}', Style.WARN)} {paint(printable(str(item.address)), Style.STRONG)}"
    lines = [head, f"          {paint(f'stays as it is: {printable(item.reason)}', Style.FAINT)}"]
    for field in item.fields:
        then, now, back = map(value_text, (field.then, field.now, field.back))
        made = f"that apply left it {then}" if then == back else f"that apply made it {then}, and it was {back} before"
        lines.append(f"    {field.path}: {paint(now, Style.WARN)} now; {made}")
    return "\n".join(lines)


def effect_of(change: Change, outlook: Outlook | None, details: bool) -> list[str]:
    """Return what a change does to runs, in a line, with ``details`` in several; none for what has none."""
    effect = outlook.effects.get(change.address) if outlook else None
    if outlook is None or effect is None:
        return []
    more = effect_lines(effect, outlook.zone) if details else []
    return [f"=> {effect_line(effect, outlook.zone)}", *(f"   {line}" for line in more)]


def why_lines(change: Change, prefix: str = "") -> list[str]:
    """Return where and why, and below it what else there is to know: its hold, our last apply, what is for good."""
    where = f"{_place(change.source, prefix)}: " if change.source else ""
    last = [f"last applied by us at {when_text(change.last_applied_at)}"] if change.last_applied_at else []
    held = [f"held: {hold_text(change.hold)}"] if change.hold else []
    if change.why is Why.UNDO:
        words = printable(change.note)
    elif change.note and change.source is not None:
        words = printable(change.note)
        if change.why in (Why.BOTH, Why.DRIFT):
            words += ", and it was changed on the platform"
    elif change.note:
        words = f"removed from the files; {printable(change.note)}"
    elif change.source is None:
        words = "removed from the files"
        if change.why is Why.BOTH:
            words += ", and changed on the platform since our last apply"
    else:
        words = {
            Why.NEW: "not applied by us before",
            Why.FILE: "the file changed",
            Why.DRIFT: "changed on the platform",
            Why.BOTH: "the file changed, and so did the platform",
            Why.UNKNOWN: _unknown_words(change),
        }[change.why]
    lasting = [f"cannot be undone: {printable(change.irreversible)}"] if change.irreversible else []
    return [f"{where}{words}", *held, *last, *lasting]


def _unknown_words(change: Change) -> str:
    if change.action is Action.ASSERT:
        return "the platform does not show what it is now"
    return "nobody knows how our last apply of it ended"


def _unchanged_line(item: Unchanged, paint: Paint, prefix: str, now: str) -> str:
    word = "held" if item.hold else "same"
    text = f"= {word:<7} {printable(str(item.address))}  {_place(item.source, prefix)}{unchanged_words(item, now)}"
    return paint(text, Style.FAINT)


def unchanged_words(item: Unchanged, now: str) -> str:
    """Return what there is to know of an object that stays as it is, with a space before it; mostly nothing."""
    if item.hold:
        return f"  {hold_text(item.hold, now)}"
    if not item.readable and item.last_applied_at:
        return f" (last applied by us at {when_text(item.last_applied_at)})"
    if item.to_record is not None and item.last_applied_at is None:
        return " (to be recorded as ours)"
    return ""


def unseen_lines(unchanged: Iterable[Unchanged], paint: Paint) -> list[str]:
    """Return a line for each connection with objects that nobody can look at."""
    by_connection: dict[str, list[str]] = defaultdict(list)
    for item in unchanged:
        if not item.readable and not item.one_shot and item.last_applied_at:
            by_connection[item.address.connection].append(item.last_applied_at)
    lines = [
        f"{connection} cannot show {counted(len(times), 'object')}: taken to be as last applied by us"
        f" at {when_text(max(times))}{' or before' if len(set(times)) > 1 else ''} (--reassert sends them again)"
        for connection, times in sorted(by_connection.items())
    ]
    return [paint("\n".join(lines), Style.FAINT)] if lines else []


def item_words(field: FieldChange) -> str:
    """Return what entered and what left a list of which something stayed; empty when the two sides say it all."""
    changes = item_changes(field.before, field.after)
    if changes is None or not isinstance(field.before, tuple) or len(changes.removed) == len(field.before):
        return ""
    parts = [("added", changes.added), ("removed", changes.removed)]
    return "  (" + "; ".join(f"{word} {', '.join(map(value_text, items))}" for word, items in parts if items) + ")"


def _place(span: Span | None, prefix: str) -> str:
    return printable(f"{prefix}{span.file}:{span.line}") if span else ""
