"""What is worth a warning about schedules that depend on each other: findings as diagnostics, each with a stable code.

| code | says | source |
|---|---|---|
| `upstream-unfinished` | it starts before what it needs has usually ended | 7: runs on old data |
| `too-many-dependents` | more schedules wait for one event than allowed | 4 (SETUP, M) |
| `trigger-unknown` | nothing we know answers to what it waits for | 1.1 |
| `trigger-circle` | it waits for what waits for it | 1.1 |
| `trigger-never` | what it waits for has no schedule | 1.1 |
| `gap-too-short` | two jobs for one object are closer than allowed | page "Tamr", 2.1 and 5: 60 minutes |

Sections are those of the platform page "Salesforce CRM Analytics" unless another one is named.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from reconcile.calendar.finding import instant_of, length_of, listed, warning
from reconcile.calendar.occurrences import Horizon, Runs
from reconcile.calendar.trigger import Scheduled, agenda, circles, upstreams
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.occurrence import Silence
from reconcile.core.timing import EventDriven

_MONTH_DAYS = 31

# Tamr's schedules: at least this long between two jobs for the same object (page "Tamr", 2.1).
TAMR_GAP_MINUTES = 60


def relation_findings(
    schedules: Iterable[Scheduled],
    start: datetime,
    default_zone: str | None,
    needs: Mapping[Address, tuple[Address, ...]],
    most_dependents: int | None,
) -> list[Diagnostic]:
    """Return all findings of this module but ``gap-too-short``, which needs to know what a job is for."""
    schedules = tuple(schedules)
    found = []
    if needs or any(isinstance(each.timing, EventDriven) for each in schedules):
        placed = agenda(schedules, Horizon.days(start, _MONTH_DAYS), default_zone)
        found += [*triggers(schedules, placed), *unfinished(schedules, placed, needs)]
    if most_dependents is not None:
        found += too_many(schedules, most_dependents)
    return found


def triggers(schedules: Sequence[Scheduled], placed: Mapping[Address, Runs]) -> list[Diagnostic]:
    """Return a finding for each event-driven schedule of which it is not known that it will ever run."""
    in_circle = {address: circle for circle in circles(schedules) for address in circle}
    found = []
    for address, upstream in sorted(upstreams(schedules).items()):
        if address in in_circle:
            found.append(_circle(address, in_circle[address]))
        elif upstream.unknown:
            found.append(_unknown(address, upstream.unknown))
        elif placed[address].silence in (Silence.TRIGGER_SILENT, Silence.TRIGGER_CYCLE):
            found.append(_never(address, [each for each in upstream.known if placed[each].silence]))
    return found


def unfinished(
    schedules: Sequence[Scheduled], placed: Mapping[Address, Runs], needs: Mapping[Address, tuple[Address, ...]]
) -> list[Diagnostic]:
    """Return a finding for each schedule that starts while what it needs usually still runs.

    ``needs`` says whose output a schedule reads. Without a usual duration of what is needed nothing is said, nor of
    what is triggered by it: that waits by itself.
    """
    usual = {each.address: each.usual_seconds for each in schedules}
    found = []
    for address, needed in sorted(needs.items()):
        runs = placed.get(address, Runs())
        for upstream in sorted(needed):
            seconds = usual.get(upstream)
            if seconds is None or upstream in runs.after:
                continue
            early = _early(runs.instants, placed[upstream].instants, seconds)
            if early:
                found.append(_unfinished(address, upstream, seconds, early, runs.count))
    return found


def too_many(schedules: Sequence[Scheduled], most: int) -> list[Diagnostic]:
    """Return a finding for each schedule that waits for an event for which more than ``most`` wait."""
    waiting = [
        (each.address, word)
        for each in schedules
        if isinstance(each.timing, EventDriven)
        for word in each.timing.triggers
    ]
    counts = Counter((address.connection, word) for address, word in waiting)
    return [
        warning(
            address,
            "too-many-dependents",
            "Too many schedules wait for one event",
            f'{counts[address.connection, word]} schedules of connection "{address.connection}" wait for {word}, '
            f"{address} is one of them; the platform allows {most}.",
            "let some of them wait for one that runs before, or give them a time",
        )
        for address, word in sorted(waiting)
        if counts[address.connection, word] > most
    ]


def gaps_too_short(
    jobs: Mapping[str, Mapping[Address, Runs]], least_minutes: int = TAMR_GAP_MINUTES
) -> list[Diagnostic]:
    """Return a finding for each object whose jobs are closer than ``least_minutes``.

    ``jobs`` holds, by object, the runs of everything that works on it. Addressed to the second of each pair.
    """
    found = []
    for object_, by_address in sorted(jobs.items()):
        due = sorted((at, address) for address, runs in by_address.items() for at in runs.instants)
        close: dict[tuple[Address, Address], list[tuple[int, int]]] = {}
        for (before, first), (after, second) in pairwise(due):
            if after - before < least_minutes * 60:
                close.setdefault((first, second), []).append((before, after))
        for (first, second), pairs in sorted(close.items()):
            found.append(_close(object_, first, second, pairs, least_minutes))
    return found


def _early(starts: Sequence[int], upstream: Sequence[int], usual_seconds: float) -> list[int]:
    """Return the starts at which the latest run of ``upstream`` that began by then is usually still going on."""
    found = []
    for at in starts:
        place = bisect_right(upstream, at)
        if place and at < upstream[place - 1] + usual_seconds:
            found.append(at)
    return found


def _unfinished(address: Address, upstream: Address, seconds: float, early: Sequence[int], count: int) -> Diagnostic:
    return warning(
        address,
        "upstream-unfinished",
        "It starts before what it needs has ended",
        f"{address} starts while {upstream}, which usually takes {length_of(seconds)}, still runs: "
        f"{len(early)} of {count} runs in {_MONTH_DAYS} days, first at {instant_of(early[0])}. "
        "It then works on old data.",
        "start it later, or make it eventdriven",
    )


def _circle(address: Address, circle: Sequence[Address]) -> Diagnostic:
    others = listed([str(each) for each in circle if each != address]) or "itself"
    return warning(
        address,
        "trigger-circle",
        "Schedules that wait for each other",
        f"{address} waits for {others}, and the other way round: none of them ever runs by itself.",
        "give one of them a time",
    )


def _unknown(address: Address, unknown: Sequence[str]) -> Diagnostic:
    words = listed([word for word in unknown if word])
    detail = (
        f"{address} waits for {words}, and nothing that is known here answers to that."
        if words
        else f"The platform does not show what {address} waits for."
    )
    return warning(
        address,
        "trigger-unknown",
        "When it runs is not known",
        detail,
        "check the trigger rule; what it names may be unmanaged, or not selected",
    )


def _never(address: Address, silent: Sequence[Address]) -> Diagnostic:
    return warning(
        address,
        "trigger-never",
        "What it waits for has no schedule",
        f"{address} waits for {listed([str(each) for each in silent])}, of which no run is known.",
        "give that a schedule, or start it by hand or from a pipeline",
    )


def _close(
    object_: str, first: Address, second: Address, pairs: Sequence[tuple[int, int]], least_minutes: int
) -> Diagnostic:
    shortest = min(after - before for before, after in pairs)
    return warning(
        second,
        "gap-too-short",
        "Jobs for one object are too close",
        f"{second} works on {object_} {length_of(shortest)} after {'its run before' if first == second else first} "
        f"({len(pairs)} times, first at {instant_of(pairs[0][1])}); at least {least_minutes} min must lie between.",
        f"move it by {-(-(least_minutes * 60 - shortest) // 60)} min",
    )
