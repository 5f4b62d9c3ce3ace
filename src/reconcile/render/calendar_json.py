"""An agenda as programs parse it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from reconcile.core.agenda import Agenda, Entry
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.occurrence import Occurrence
from reconcile.core.outlook import Week
from reconcile.render.diagnostics import as_json
from reconcile.render.held import hold_document
from reconcile.render.timing import timing_words

CALENDAR_FORMAT = "reconcile.calendar/1"


def calendar_document(
    agenda: Agenda, environment: str, diagnostics: Iterable[Diagnostic], *, is_live: bool = False
) -> dict[str, Any]:
    """Return an agenda in format ``reconcile.calendar/1``; ``is_live`` says where it comes from."""
    return {
        "format": CALENDAR_FORMAT,
        "environment": environment,
        "source": "live" if is_live else "files",
        "from": utc_text(agenda.start),
        "until": utc_text(agenda.end),
        "zone": agenda.zone,
        "week": week_document(agenda.week),
        "schedules": [_schedule(entry) for entry in agenda.entries],
        "freezes": [
            {"from": utc_text(each.start), "until": utc_text(each.end), "reason": each.reason}
            for each in agenda.freezes
        ],
        "unread": [str(address) for address in agenda.unread],
        "diagnostics": as_json(diagnostics),
    }


def week_document(week: Week) -> dict[str, Any]:
    """Return a week's counts: ``counts[day][hour]`` belongs to ``days[day]``, both on the clock of ``zone``."""
    return {
        "zone": week.zone,
        "from": utc_text(week.start),
        "days": [day.isoformat() for day in week.days],
        "counts": [list(hours) for hours in week.counts],
        "total": week.total,
    }


def utc_text(at: datetime) -> str:
    """Return an aware moment as ``2026-11-22T14:00:00Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _schedule(entry: Entry) -> dict[str, Any]:
    return {
        "address": str(entry.address),
        "declared": entry.is_declared,
        "frequency": entry.timing.frequency.value,
        "timing": timing_words(entry.timing),
        "count": len(entry.occurrences),
        "runs": [_run(each) for each in entry.occurrences],
        "silence": entry.silence.value if entry.silence else None,
        "after": [str(address) for address in entry.after],
        "assumptions": [each.value for each in entry.assumptions],
        "usual_seconds": entry.usual_seconds,
        "hold": hold_document(entry.hold),
    }


def _run(run: Occurrence) -> dict[str, Any]:
    return {
        "at": utc_text(run.at),
        "local": run.local.isoformat(timespec="seconds") if run.local else None,
        "certain": run.is_certain,
        "reasons": [each.value for each in run.reasons],
        "candidates": [utc_text(each) for each in run.candidates],
    }
