"""A message to the user as a value: what, where, why, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from reconcile.core.source import Span


class Severity(StrEnum):
    """How bad it is. Only an error keeps a command from succeeding."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message. ``code`` is stable and kebab-case; ``summary`` is one line, ``detail`` may be more.

    ``hint`` says what to do. ``span`` is where in the user's files, ``address`` which object; either may be absent.
    """

    code: str
    summary: str
    detail: str = ""
    hint: str = ""
    span: Span | None = None
    address: str | None = None
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        """Say whether this keeps the command from succeeding."""
        return self.severity is Severity.ERROR


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics sorted by place, then severity and code; those without a place come last."""
    last = Span("\U0010ffff", 0, 0)
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    return tuple(
        sorted(
            diagnostics,
            key=lambda d: (d.span or last, rank[d.severity], d.code, d.address or "", d.detail),
        )
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean "x"?`` for the known words nearest to ``word``; empty when none is near."""
    names = sorted({name for name in known if name != word})
    near = get_close_matches(word, names, n=3, cutoff=0.6)
    if not near:
        folded = {name.casefold().replace("-", "_"): name for name in names}
        same = folded.get(word.casefold().replace("-", "_").replace(" ", "_"))
        near = [same] if same else []
    if not near:
        return ""
    return "did you mean " + " or ".join(f'"{name}"' for name in near) + "?"
