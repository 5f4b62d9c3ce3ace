"""What is to come with a plan, besides the effect of each change: who else feels it, limits, freezes, the week."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconcile.core.outlook import FrozenRun, Outlook, Prospect, Week
from reconcile.core.standing import Collision, Comparison, Standing
from reconcile.render.effect import effect_document, effect_line, effect_lines, instant, time_words
from reconcile.render.terminal import Paint, Style, counted, printable

# More collisions of one limit than these say nothing new to people; programs get all.
_SHOWN_COLLISIONS = 5
_HORIZON = "31 days"


def outlook_text(outlook: Outlook, paint: Paint, *, details: bool = False) -> list[str]:
    """Return blocks for below a plan; without ``details`` only what somebody has to know."""
    blocks = [_felt_text(outlook, paint, details)] if outlook.felt else []
    blocks += [
        "\n".join(prospect_lines(prospect, outlook.zone, paint, details=details))
        for prospect in outlook.prospects
        if prospect.is_exceeded or (details and prospect.limits)
    ]
    if outlook.frozen:
        blocks.append("\n".join(frozen_lines(outlook.frozen, outlook.zone, paint)))
    return blocks


def prospect_lines(prospect: Prospect, zone: str, paint: Paint, *, details: bool = True) -> list[str]:
    """Return how one account stands against its limits: those that are exceeded, and with ``details`` all."""
    lines = [paint(f"Forecast for {prospect.connection}, {_HORIZON} ahead", Style.STRONG)]
    for each in prospect.limits:
        if each.after.is_exceeded or details:
            lines += _limit_lines(each, zone, paint, details=details)
    measured = prospect.schedules - len(prospect.unmeasured)
    if prospect.unmeasured:
        lines.append(f"    how long runs take is known of {measured:,} of {counted(prospect.schedules, 'schedule')}")
    return [*lines, *(f"    {unplaced_words(prospect)}" for _ in prospect.unplaced[:1])]


def frozen_lines(frozen: Iterable[FrozenRun], zone: str, paint: Paint) -> list[str]:
    """Return which runs fall into a freeze."""
    lines = [paint(f"Runs inside a freeze, {_HORIZON} ahead", Style.STRONG)]
    return lines + [
        f"    {printable(str(each.address))}: {counted(each.times, 'run')}, first {time_words(each.first, zone)}"
        f" ({printable(each.reason)})"
        for each in frozen
    ]


def outlook_document(outlook: Outlook | None) -> dict[str, Any] | None:
    """Return what is to come as JSON has it; None where nobody asked. The effects stand with the changes."""
    if outlook is None:
        return None
    return {
        "start": instant(outlook.start),
        "zone": outlook.zone,
        "schedules": outlook.schedules,
        "week": {
            "days": [day.isoformat() for day in outlook.before.days],
            "before": [list(hours) for hours in outlook.before.counts],
            "after": [list(hours) for hours in outlook.after.counts],
        },
        "felt": [{"address": str(a), "effect": effect_document(effect)} for a, effect in outlook.felt.items()],
        "limits": [_limit_document(each, prospect) for prospect in outlook.prospects for each in prospect.limits],
        "unmeasured": [str(address) for prospect in outlook.prospects for address in prospect.unmeasured],
        "unplaced": [str(address) for prospect in outlook.prospects for address in prospect.unplaced],
        "frozen": [
            {"address": str(f.address), "reason": f.reason, "times": f.times, "first": instant(f.first)}
            for f in outlook.frozen
        ],
    }


def week_lines(before: Week, after: Week) -> list[str]:
    """Return two weeks as plain text, 76 columns wide: one row a day, one sign an hour, and how many runs a day.

    A sign is the number of runs that begin in the hour, ``+`` for ten and more, ``.`` for none.
    """
    hours = "".join(f"{hour:<6}" for hour in range(0, 24, 6))
    lines = [f"{'':10}  {'before':<24}         {'after':<24}", f"{'':10}  {hours}   runs  {hours}   runs"]
    for place, day in enumerate(before.days):
        old, new = before.counts[place], after.counts[place]
        lines.append(f"{day:%a %m-%d}   {_signs(old)} {sum(old):>6,}  {_signs(new)} {sum(new):>6,}")
    return lines


def peak_words(standing: Standing) -> str:
    """Return the largest number that a limit is about: ``1,204``; ``?`` where it is not known."""
    return f"{standing.peak:,}" if standing.is_known else "?"


def unplaced_words(prospect: Prospect) -> str:
    """Return how many schedules no figure counts, and why."""
    return f"not counted: {counted(len(prospect.unplaced), 'schedule')} of which it is not known when it runs"


def suggestion_words(collision: Collision) -> str:
    """Return what would end a collision, or take one schedule out of it; empty when no small move does."""
    if collision.suggestion is None:
        return ""
    then = "would end it" if collision.suggestion.ends else "would take it out; the others are still too many"
    return f"moving {printable(str(collision.suggestion.address))} by {collision.suggestion.minutes:+d} min {then}"


def _felt_text(outlook: Outlook, paint: Paint, details: bool) -> str:
    lines = [paint("Not changed, but waiting for what changes", Style.STRONG)]
    for address, effect in outlook.felt.items():
        lines.append(f"    {printable(str(address))}: {effect_line(effect, outlook.zone)}")
        lines += [f"      {line}" for line in effect_lines(effect, outlook.zone)] if details else []
    return "\n".join(lines)


def _limit_lines(each: Comparison, zone: str, paint: Paint, *, details: bool) -> list[str]:
    limit, after = each.limit, each.after
    if not (each.before.is_known or after.is_known):
        return [f"    {limit.name}: not known, of {limit.most:,}"]
    text = f"    {limit.name}: at most {peak_words(each.before)} -> {peak_words(after)} of {limit.most:,}"
    if after.is_exceeded and after.peak_at:
        text += paint(f", too many: {time_words(after.peak_at, zone)}", Style.WARN)
    lines = [text, *([f"      {printable(limit.source)}"] if details else [])]
    for collision in after.collisions[:_SHOWN_COLLISIONS]:
        lines += _collision_lines(collision, zone)
    missing = len(after.collisions) - _SHOWN_COLLISIONS
    return [*lines, *([f"      ... and {counted(missing, 'more collision')}"] if missing > 0 else [])]


def _collision_lines(collision: Collision, zone: str) -> list[str]:
    times = "once" if collision.times == 1 else f"{collision.times:,} times"
    lines = [f"      {len(collision.addresses)} at once, {times}, first {time_words(collision.first, zone)}:"]
    lines += [f"        {printable(str(address))}" for address in collision.addresses]
    hint = suggestion_words(collision)
    return [*lines, *([f"        hint: {hint}"] if hint else [])]


def _signs(hours: Sequence[int]) -> str:
    return "".join("." if not count else str(count) if count < 10 else "+" for count in hours)


def _limit_document(each: Comparison, prospect: Prospect) -> dict[str, Any]:
    limit = each.limit
    return {
        "connection": prospect.connection,
        "name": limit.name,
        "measure": limit.measure.value,
        "most": limit.most,
        "source": limit.source,
        "before": _standing_document(each.before),
        "after": _standing_document(each.after),
    }


def _standing_document(standing: Standing) -> dict[str, Any]:
    return {
        "peak": standing.peak if standing.is_known else None,
        "peak_at": instant(standing.peak_at),
        "exceeded": standing.is_exceeded,
        "collisions": [
            {
                "addresses": [str(address) for address in collision.addresses],
                "first": instant(collision.first),
                "times": collision.times,
                "suggestion": None
                if collision.suggestion is None
                else {
                    "address": str(collision.suggestion.address),
                    "minutes": collision.suggestion.minutes,
                    "ends": collision.suggestion.ends,
                },
            }
            for collision in standing.collisions
        ],
    }
