"""Whether changes are frozen: what a plan says of it, what apply refuses, and what is kept of one that goes ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from reconcile.calendar.freeze import active, until_free, windows
from reconcile.calendar.zone import moment, seconds
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import Refused
from reconcile.core.freeze import Freeze, Override, Window
from reconcile.core.plan import Plan

# How long before a freeze plans say that it comes.
SOON = timedelta(hours=24)

ACTIVE, BEGINS_SOON = "freeze-active", "freeze-soon"


def noted(plan: Plan, freezes: Sequence[Freeze], now: datetime) -> Plan:
    """Return a plan that is made and not applied, with a freeze that it would meet now or soon among its messages."""
    if not plan.changes:
        return plan
    window = active(freezes, now)
    if window:
        return _telling(plan, _frozen_now(window, until_free(freezes, now)))
    start = seconds(now)
    coming = windows(freezes, start, start + int(SOON.total_seconds()))
    return _telling(plan, _frozen_soon(coming[0])) if coming else plan


def without_notes(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return what is still to be said when a plan is applied later: not what ``noted`` added."""
    return tuple(each for each in diagnostics if each.code not in (ACTIVE, BEGINS_SOON))


def judged(plan: Plan, freezes: Sequence[Freeze], now: datetime, override: str | None) -> Plan:
    """Return a plan that is about to be applied, refused inside a freeze; with a reason to ``override``, warned of it.

    One that changes nothing stays as it is.
    """
    window = active(freezes, now) if plan.changes else None
    if window is None:
        return plan
    if override is None:
        return replace(plan, refusals=(*plan.refusals, _refusal(window, until_free(freezes, now))))
    return _telling(plan, _overridden(window, override))


def lifted(freezes: Sequence[Freeze], now: datetime, override: str | None) -> Override | None:
    """Return what is kept of an apply that makes its changes at ``now``, inside a freeze; None outside of all.

    Raises ``Refused`` inside one without a reason to ``override``: it may have begun while somebody was asked.
    """
    window = active(freezes, now)
    if window is None:
        return None
    if override is None:
        raise Refused(_refusal(window, until_free(freezes, now)))
    return Override(override, f"{window.reason} ({_span_words(window, window.zone)})")


def window_words(window: Window) -> str:
    """Return why and from when to when, as a sentence: in the zone of its freeze, and in UTC where that is another."""
    zones = dict.fromkeys((window.zone, "UTC"))
    return f"{window.reason}: {', '.join(_span_words(window, zone) for zone in zones)}."


def _span_words(window: Window, zone: str) -> str:
    info = ZoneInfo(zone)
    return f"{_clock(window.start, info)} to {_clock(window.end, info)} {zone}"


def _telling(plan: Plan, diagnostic: Diagnostic) -> Plan:
    return replace(plan, diagnostics=(*plan.diagnostics, diagnostic))


def _refusal(window: Window, free: datetime | None) -> Diagnostic:
    again = f"wait until {_moment_words(free, window)}" if free else "take it out of `freezes`"
    return Diagnostic(
        code="guard-freeze",
        summary="Changes are frozen now",
        detail=_words(window, free),
        hint=f'{again}; or `--override "REASON"`, which is kept in the history',
        span=window.source,
    )


def _frozen_now(window: Window, free: datetime | None) -> Diagnostic:
    then = f"apply it from {_moment_words(free, window)} on" if free else "take it out of `freezes`"
    return Diagnostic(
        code=ACTIVE,
        summary="Changes are frozen now",
        detail=f"{_words(window, free)} Apply would be refused now.",
        hint=f'{then}; or with `--override "REASON"`',
        span=window.source,
        severity=Severity.WARNING,
    )


def _frozen_soon(window: Window) -> Diagnostic:
    return Diagnostic(
        code=BEGINS_SOON,
        summary="Changes are frozen soon",
        detail=window_words(window),
        hint="apply before it begins",
        span=window.source,
        severity=Severity.NOTE,
    )


def _overridden(window: Window, override: str) -> Diagnostic:
    return Diagnostic(
        code="freeze-overridden",
        summary="This goes ahead inside a freeze",
        detail=window_words(window),
        hint=f"the reason that is kept in the history: {override}",
        span=window.source,
        severity=Severity.WARNING,
    )


def _words(window: Window, free: datetime | None) -> str:
    found = window_words(window)
    if free is None:
        return f"{found} No time without a freeze follows within two years."
    if free == moment(window.end):
        return found
    return f"{found} Another follows at once; free again is {_moment_words(free, window)}."


def _moment_words(at: datetime, window: Window) -> str:
    """Return a moment on the clock of a window's zone."""
    return f"{_clock(seconds(at), ZoneInfo(window.zone))} {window.zone}"


def _clock(instant: int, zone: tzinfo) -> str:
    """Return an instant as a zone's clock shows it, without seconds where there are none."""
    shown = moment(instant).astimezone(zone)
    return shown.strftime("%Y-%m-%d %H:%M:%S" if shown.second else "%Y-%m-%d %H:%M")
