"""What became of an apply, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.errors import ReconcileError
from reconcile.core.kind import Action
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Change, Plan
from reconcile.render.diagnostics import as_json
from reconcile.render.json import fields_document, plan_document, values_document
from reconcile.render.markdown import code, plan_markdown
from reconcile.render.terminal import Style, painter, printable
from reconcile.render.text import field_line

APPLY_FORMAT = "reconcile.apply/1"
_STYLES = {
    "done": Style.CREATE,
    "failed": Style.BAD,
    "refused": Style.WARN,
    "unknown": Style.WARN,
    "skipped": Style.FAINT,
}


class ResultLike(Protocol):
    """How one change ended, as the engine has it."""

    @property
    def change(self) -> Change:
        """The change."""

    @property
    def outcome(self) -> str:
        """One of the words of ``_STYLES``."""

    @property
    def diagnostic(self) -> Diagnostic | None:
        """Why it did not come out as asked."""

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """The fields that moved, or were not kept."""

    @property
    def note(self) -> str:
        """What else there is to say."""


class AppliedLike(Protocol):
    """A plan and what became of it, as the engine has it."""

    @property
    def plan(self) -> Plan:
        """The plan."""

    @property
    def outlook(self) -> Outlook | None:
        """When things run without it and with it, where that is known."""

    @property
    def results(self) -> Iterable[ResultLike]:
        """One result for each change that was tried."""

    @property
    def serial(self) -> int | None:
        """The version of the state that holds it."""

    @property
    def trouble(self) -> ReconcileError | None:
        """What kept it from being recorded."""

    @property
    def id(self) -> str:
        """The apply's own id."""


def result_text(applied: AppliedLike, *, color: bool = False) -> str:
    """Return every object's outcome, what moved or was not kept, and the counts last."""
    paint = painter(color)
    lines: list[str] = []
    for result in applied.results:
        change = result.change
        note = f" ({result.note})" if result.note else ""
        word = paint(f"{result.outcome:<8}", _STYLES[result.outcome])
        lines.append(f"{word} {change.action:<7} {printable(str(change.address))}{note}")
        if result.outcome == "refused":
            lines += [_third_value(result, field) for field in result.fields]
        else:
            lines += [field_line(field, Action.UPDATE, paint) for field in result.fields]
    lines += [""] if lines else []
    return "\n".join([*lines, paint(_summary(applied), Style.STRONG), *_reminder(applied), ""])


def result_document(applied: AppliedLike) -> dict[str, Any]:
    """Return an apply in format ``reconcile.apply/1``: the plan's own parts, and a result for each change."""
    results = list(applied.results)
    own = [result.diagnostic for result in results if result.diagnostic]
    trouble = list(applied.trouble.diagnostics) if applied.trouble else []
    plan = plan_document(applied.plan, outlook=applied.outlook)
    return {
        "format": APPLY_FORMAT,
        "id": applied.id,
        "environment": plan["environment"],
        "serial": applied.serial,
        "summary": dict(Counter(result.outcome for result in results)),
        "results": [_result(result) for result in results],
        "plan": plan,
        "diagnostics": [*plan["diagnostics"], *as_json([*own, *trouble])],
    }


def result_markdown(applied: AppliedLike, *, prefix: str = "") -> str:
    """Return an apply as Markdown: the outcomes, and the plan below; cut to fit like a plan."""
    lines = [f"### reconcile: {_summary(applied)}", ""]
    lines += [f"- **{r.outcome}** {r.change.action} {code(str(r.change.address))}" for r in applied.results]
    return plan_markdown(applied.plan, prefix=prefix, before="\n".join(lines), outlook=applied.outlook)


def _reminder(applied: AppliedLike) -> list[str]:
    """Return what must not be forgotten after something was taken back: the next apply would bring it again."""
    if not any(result.outcome == "done" for result in applied.results):
        return []
    return [f"{d.summary}: {d.hint}." for d in applied.plan.diagnostics if d.code == "files-still-ask"]


def _third_value(result: ResultLike, field: FieldChange) -> str:
    from reconcile.render.terminal import value_text

    wanted = value_text(result.change.after.get(field.path))
    return f"    {field.path}: planned {value_text(field.before)} -> {wanted}, but it is {value_text(field.after)} now"


def _summary(applied: AppliedLike) -> str:
    results = list(applied.results)
    if not results:
        if applied.plan.refusals:
            return "Refused: nothing was changed."
        if applied.plan.changes:
            return "Not approved: nothing was changed."
        if applied.plan.left_out:
            count = len(applied.plan.left_out)
            return f"Nothing was changed: {count:,} left as {'it is' if count == 1 else 'they are'}."
        recorded = len(applied.plan.records)
        adopted = f" {recorded:,} recorded as ours." if recorded else ""
        return f"Nothing to change.{adopted}"
    counts = Counter(result.outcome for result in results)
    return "Applied: " + ", ".join(f"{counts[word]:,} {word}" for word in _STYLES if counts[word]) + "."


def _result(result: ResultLike) -> dict[str, Any]:
    return {
        "address": str(result.change.address),
        "action": result.change.action.value,
        "outcome": str(result.outcome),
        "before": values_document(result.change.before),
        "after": values_document(result.change.after),
        "fields": fields_document(result.fields),
        "note": result.note or None,
        "irreversible": result.change.irreversible or None,
        "error": f"{result.diagnostic.summary}: {result.diagnostic.detail}" if result.diagnostic else None,
    }
