"""Findings that somebody accepts: not told as warnings, and not lost either."""

from __future__ import annotations

from typing import Any

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.lint import Sifted


def allowance_notes(found: Sifted) -> list[Diagnostic]:
    """Return a note for each accepted finding, with the reason, and for each allowance that nothing needs."""
    notes = [
        Diagnostic(
            finding.code,
            f"{finding.summary} (accepted)",
            f"{finding.detail} Accepted: {allow.reason}",
            span=finding.span,
            address=finding.address,
            severity=Severity.NOTE,
        )
        for finding, allow in found.allowed
    ]
    return [*notes, *(_idle(allow.code, allow) for allow in found.idle)]


def allowed_document(found: Sifted) -> list[dict[str, Any]]:
    """Return the accepted findings as JSON has them."""
    return [
        {"code": finding.code, "address": finding.address, "detail": finding.detail, "reason": allow.reason}
        for finding, allow in found.allowed
    ]


def _idle(code: str, allow: Any) -> Diagnostic:
    return Diagnostic(
        "allow-unused",
        "Nothing needs this allowance now",
        f'No finding "{code}" is there to be accepted.',
        "findings about clock changes come and go with the year; otherwise it can be removed",
        span=allow.source,
        severity=Severity.NOTE,
    )
