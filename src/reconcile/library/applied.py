"""What became of an apply, as others hold it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.redact import Redactor
from reconcile.engine import run as engine
from reconcile.engine.apply import Outcome, Result
from reconcile.library.shown import document
from reconcile.render.result import result_document, result_markdown, result_text


class Verdict(StrEnum):
    """What an apply has come to, in one word. The command's exit codes are these."""

    DONE = "done"
    IN_PART = "in-part"  # some of it was done, or something was left as it is
    DECLINED = "declined"  # nobody approved: nothing was changed
    REFUSED = "refused"  # a guard, a freeze, or everything had moved: nothing was changed
    FAILED = "failed"  # nothing was done, or it could not be recorded


def verdict_of(applied: engine.Applied) -> Verdict:
    """Return what an apply has come to."""
    plan, outcomes = applied.plan, [result.outcome for result in applied.results]
    if plan.refusals:
        return Verdict.REFUSED
    if applied.trouble:
        return Verdict.FAILED
    if not outcomes:
        return _of_nothing_tried(applied)
    done = outcomes.count(Outcome.DONE)
    if done == len(outcomes):
        return Verdict.IN_PART if plan.has_errors or plan.left_out else Verdict.DONE
    if done:
        return Verdict.IN_PART
    all_moved = all(outcome is Outcome.REFUSED for outcome in outcomes)
    return Verdict.REFUSED if all_moved and not plan.has_errors else Verdict.FAILED


def _of_nothing_tried(applied: engine.Applied) -> Verdict:
    plan = applied.plan
    if plan.changes:
        return Verdict.DECLINED
    if plan.left_out and not plan.has_errors:
        return Verdict.IN_PART if plan.unchanged else Verdict.REFUSED
    return Verdict.FAILED if plan.has_errors else Verdict.DONE


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Applied:
    """What became of every change of a plan. What failed is in here, too: look at ``verdict``."""

    _applied: engine.Applied
    _redactor: Redactor

    @property
    def id(self) -> str:
        """The apply's id in the history, twelve hexadecimal digits."""
        return self._applied.id

    @property
    def verdict(self) -> Verdict:
        """What it has come to, in one word."""
        return verdict_of(self._applied)

    @property
    def serial(self) -> int | None:
        """The version of the state that holds it; None when nothing was tried or it could not be recorded."""
        return self._applied.serial

    @property
    def results(self) -> tuple[Result, ...]:
        """How each change ended, in the order of the plan; empty when nothing was tried."""
        return self._applied.results

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything there is to say: of the plan, of each change that did not come out, of recording it."""
        applied = self._applied
        own = [result.diagnostic for result in applied.results if result.diagnostic]
        trouble = applied.trouble.diagnostics if applied.trouble else ()
        return (*applied.plan.messages, *own, *trouble, *applied.notes)

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``reconcile apply --format json``, for ``json.dumps``."""
        return document(result_document(self._applied), self._redactor)

    def to_text(self, *, color: bool = False) -> str:
        """Return what ``reconcile apply`` prints at the end."""
        return self._redactor.clean(result_text(self._applied, color=color))

    def to_markdown(self, *, prefix: str = "") -> str:
        """Return the outcomes and the plan as Markdown that fits into one comment."""
        return self._redactor.clean(result_markdown(self._applied, prefix=prefix))

    def __repr__(self) -> str:
        return f"<reconcile.Applied {self.id} {self.verdict} results={len(self.results)}>"
