"""What a change does to the runs of a schedule: a line for people, a few more on request, and the same for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from reconcile.core.effect import Effect, Tally
from reconcile.core.occurrence import Occurrence, Silence
from reconcile.render.terminal import counted, printable
from reconcile.render.timing import interval_words, reason_words, silence_words


def effect_line(effect: Effect, zone: str) -> str:
    """Return an effect in one line: ``31 -> 62 runs in 31 days (31 gained), from Sun 2026-11-29 08:00 UTC``.

    Times are on the clock of ``zone``.
    """
    if not effect.is_known:
        return _unknown(effect)
    month = effect.month
    if month.is_zero:
        return _later(effect, zone)
    since = f"from {time_words(effect.first_changed, zone)}" if effect.first_changed else ""
    doubt = _doubt(effect)
    if effect.stops:
        return f"stops {counted(month.before, 'run')} a month, {since}{doubt}"
    if effect.silence_before is Silence.UNSCHEDULED:
        return f"starts {counted(month.after, 'run')} a month, {since}{doubt}"
    if not (month.gained or month.lost):
        moves = "moves" if month.moved == 1 else "move"
        by = f" by {shift_words(effect.shift)}" if effect.shift else ""
        whole = "" if month.moved == month.before else f" of {month.before:,}"
        return f"{month.moved:,}{whole} run{'s' * (month.before != 1)} in 31 days {moves}{by}, {since}{doubt}"
    return f"{month.before:,} -> {counted(month.after, 'run')} in 31 days ({_parts(effect)}), {since}{doubt}"


def effect_lines(effect: Effect, zone: str) -> list[str]:
    """Return what else there is to say of an effect: the next 7 days, and the next three runs before and after."""
    lines = [f"next 7 days: {_tally(effect.week)}"] if effect.is_known else []
    before = _column(effect.next_before, effect.silence_before, zone)
    after = _column(effect.next_after, effect.silence_after, zone)
    width = max(map(len, ("before", *before)))
    lines.append(f"next runs ({printable(zone)}; in brackets the schedule's own clock)")
    rows = zip_longest(("before", *before), ("after", *after), fillvalue="")
    lines += [f"  {old:{width}}  {new}".rstrip() for old, new in rows]
    risky = dict.fromkeys(reason for run in (*effect.next_before, *effect.next_after) for reason in run.reasons)
    return [*lines, *(f"at risk: {reason_words(reason)}" for reason in risky)]


def effect_document(effect: Effect | None) -> dict[str, Any] | None:
    """Return an effect as JSON has it; figures of a side that is not known are null. None for what has none."""
    if effect is None:
        return None
    known = effect.is_known
    return {
        "horizon_days": effect.horizon_days,
        "runs_before": effect.runs_before if known else None,
        "runs_after": effect.runs_after if known else None,
        "first_changed": instant(effect.first_changed) if known else None,
        "known": known,
        "stops": effect.stops,
        "week": _tally_document(effect.week) if known else None,
        "month": _tally_document(effect.month) if known else None,
        "shift_seconds": round(effect.shift.total_seconds()) if effect.shift is not None else None,
        "next_before": [occurrence_document(run) for run in effect.next_before],
        "next_after": [occurrence_document(run) for run in effect.next_after],
        "at_risk_before": effect.at_risk_before,
        "at_risk_after": effect.at_risk_after,
        "silence_before": effect.silence_before,
        "silence_after": effect.silence_after,
    }


def occurrence_document(run: Occurrence) -> dict[str, Any]:
    """Return one run as JSON has it: instants in UTC, ``local`` on the clock of the schedule's own zone."""
    return {
        "at": instant(run.at),
        "local": run.local.strftime("%Y-%m-%dT%H:%M:%S") if run.local else None,
        "certain": run.is_certain,
        "reasons": [reason.value for reason in run.reasons],
        "candidates": [instant(each) for each in run.candidates],
    }


def instant(at: datetime | None) -> str | None:
    """Return an aware instant as ISO 8601 in UTC, to the second and with a Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def time_words(at: datetime, zone: str) -> str:
    """Return an aware instant on the clock of a zone: ``Sun 2026-11-29 08:00 UTC``."""
    return f"{_time(at, zone)} {printable(zone)}"


def occurrence_words(run: Occurrence, zone: str) -> str:
    """Return when a run is: on the reader's clock, and in brackets on the schedule's own, where that is another."""
    shown = at = run.at.astimezone(ZoneInfo(zone))
    words = _time(shown, zone)
    if run.local is not None and run.local != at.replace(tzinfo=None):
        words += f" ({run.local.strftime('%H:%M' if run.local.date() == at.date() else '%a %H:%M')})"
    return words if run.is_certain else f"{words} at risk"


def shift_words(shift: timedelta) -> str:
    """Return by how much runs move: ``+45 min``, ``-1 h 30 min``, ``+2 days``."""
    seconds = round(abs(shift).total_seconds())
    days, rest = divmod(seconds, 86_400)
    sign = "-" if shift < timedelta() else "+"
    if days and not rest:
        return f"{sign}{counted(days, 'day')}"
    return f"{sign}{interval_words(seconds // 60)}" if seconds % 60 == 0 else f"{sign}{seconds} s"


def _column(runs: Sequence[Occurrence], silence: Silence | None, zone: str) -> list[str]:
    if runs:
        return [occurrence_words(run, zone) for run in runs]
    return [silence_words(silence) if silence and silence is not Silence.UNSCHEDULED else "none"]


def _time(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"


def _unknown(effect: Effect) -> str:
    sides = (("before", effect.silence_before), ("after", effect.silence_after))
    unknown = {side: silence for side, silence in sides if silence not in (None, Silence.UNSCHEDULED)}
    words = {silence_words(silence) for silence in unknown.values() if silence}
    if len(words) == 1 and len(unknown) == 2:
        return f"not known when it runs: {words.pop()}"
    known = {"before": effect.runs_after, "after": effect.runs_before}
    said = [f"not known when it runs {side}: {silence_words(silence)}" for side, silence in unknown.items() if silence]
    if len(unknown) == 1:
        (side,) = unknown
        other = "after" if side == "before" else "before"
        said.append(f"{counted(known[side], 'run')} in 31 days {other}")
    return "; ".join(said)


def _later(effect: Effect, zone: str) -> str:
    """Return what there is to say when no run of the next 31 days changes."""
    before, after = effect.at_risk_before, effect.at_risk_after
    if before != after:
        return f"no run moves; at risk are {before:,} -> {after:,} of {counted(effect.runs_after, 'run')} in 31 days"
    if not (effect.next_before or effect.next_after):
        return "no run, before or after"
    pairs = zip_longest(effect.next_before, effect.next_after)
    # Further ahead than these nothing was looked at.
    differing = next(([*pair] for pair in pairs if pair[0] != pair[1]), [])
    old_and_new = " to ".join(occurrence_words(run, zone) if run else "none" for run in differing)
    return "no run of the next 31 days changes" + (f"; the first change is from {old_and_new}" if differing else "")


def _parts(effect: Effect) -> str:
    month = effect.month
    by = f" by {shift_words(effect.shift)}" if effect.shift and month.moved else ""
    moved = f"{month.moved:,} moved{by}" if month.moved else ""
    found = (f"{month.gained:,} gained" * bool(month.gained), f"{month.lost:,} lost" * bool(month.lost), moved)
    return ", ".join(filter(None, found))


def _doubt(effect: Effect) -> str:
    """Return how many runs cannot be said for certain, where there are any."""
    before, after = effect.at_risk_before, effect.at_risk_after
    if effect.stops or not after:
        return f" ({before} of them at risk)" if before and effect.stops else ""
    return f"; {after} at risk"


def _tally(tally: Tally) -> str:
    if tally.is_zero:
        return f"{counted(tally.before, 'run')}, none changes"
    names: Sequence[tuple[str, int]] = (
        ("gained", tally.gained),
        ("lost", tally.lost),
        ("moved", tally.moved),
        ("kept", tally.kept),
    )
    parts = ", ".join(f"{count:,} {name}" for name, count in names if count)
    return f"{tally.before:,} -> {counted(tally.after, 'run')} ({parts})"


def _tally_document(tally: Tally) -> dict[str, int]:
    return {
        "days": tally.days,
        "before": tally.before,
        "after": tally.after,
        "gained": tally.gained,
        "lost": tally.lost,
        "moved": tally.moved,
        "kept": tally.kept,
    }
