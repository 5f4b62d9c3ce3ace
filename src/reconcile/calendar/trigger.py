"""Event-driven schedules, placed behind what triggers them.

Sources (platform page "Salesforce CRM Analytics", section 1.1): ``$ALL_SALESFORCE_OBJECTS`` fires after the sync of
the local connection; ``recipe:ID`` after that recipe; parts joined by AND after all of them (captured; which runs make
one round is not documented, so such runs are at risk). At most five schedules may wait for one (SETUP, M).

A triggered run has no fixed instant: it is not before its trigger began, nor, where its usual duration is known, before
it has usually ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconcile.calendar.occurrences import AtRisk, Horizon, Runs, occurrences
from reconcile.calendar.zone import DAY
from reconcile.core.address import Address
from reconcile.core.occurrence import Reason, Silence
from reconcile.core.timing import EventDriven, Timing

# What began before a horizon may trigger a run inside it: no job runs longer than 48 hours (page, section 4).
_LEAD = 2 * DAY


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One schedule with what is needed to place it.

    ``answers_to`` is what trigger rules of its connection call it (``EventDriven.triggers``). ``usual_seconds`` is how
    long a run of it usually takes, None where nobody knows.
    """

    address: Address
    timing: Timing
    answers_to: frozenset[str] = field(default=frozenset())
    usual_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Upstream:
    """What an event-driven schedule waits for: schedules we know, sorted, and words that name none of them."""

    known: tuple[Address, ...] = ()
    unknown: tuple[str, ...] = ()


def upstreams(schedules: Iterable[Scheduled]) -> dict[Address, Upstream]:
    """Return what each event-driven schedule waits for. A hidden or unread rule waits for nothing that is known."""
    schedules = tuple(schedules)
    named: dict[tuple[str, str], list[Address]] = {}
    for each in schedules:
        for word in each.answers_to:
            named.setdefault((each.address.connection, word), []).append(each.address)
    return {
        each.address: _upstream(each.address.connection, each.timing, named)
        for each in schedules
        if isinstance(each.timing, EventDriven)
    }


def dependents(schedules: Iterable[Scheduled]) -> dict[Address, tuple[Address, ...]]:
    """Return, for each schedule that triggers others, all that run because of it, near or far; sorted.

    A change of the one is felt by all of these, although they themselves do not change.
    """
    direct: dict[Address, set[Address]] = {}
    for address, upstream in upstreams(schedules).items():
        for trigger in upstream.known:
            direct.setdefault(trigger, set()).add(address)
    return {address: tuple(sorted(_reachable(address, direct))) for address in sorted(direct)}


def agenda(schedules: Iterable[Scheduled], horizon: Horizon, default_zone: str | None = None) -> dict[Address, Runs]:
    """Return the runs of every schedule, in the order given; event-driven ones behind what triggers them.

    An event-driven schedule is silent when a trigger is unknown, is unscheduled itself, or waits for it in a circle.
    """
    schedules = tuple(schedules)
    waiting = upstreams(schedules)
    wide = Horizon(horizon.start - _LEAD, horizon.end) if waiting else horizon
    # Schedules share timings, and the same timing has the same runs.
    known: dict[Timing, Runs] = {}
    placed: dict[Address, Runs] = {}
    for each in schedules:
        if each.address not in waiting:
            if each.timing not in known:
                known[each.timing] = occurrences(each.timing, wide, default_zone)
            placed[each.address] = known[each.timing]
    usual = {each.address: each.usual_seconds or 0 for each in schedules}
    for address in waiting:
        _place(address, waiting, usual, placed)
    found = ((each.address, placed[each.address]) for each in schedules)
    return {address: runs.within(horizon) if waiting else runs for address, runs in found}


def circles(schedules: Iterable[Scheduled]) -> tuple[tuple[Address, ...], ...]:
    """Return the groups of schedules that wait for each other in a circle; each group and all of them sorted."""
    reach = {address: set(others) for address, others in dependents(schedules).items()}
    found = {
        tuple(sorted(other for other in reach[address] if address in reach.get(other, ())))
        for address in reach
        if address in reach[address]
    }
    return tuple(sorted(found))


def _upstream(connection: str, timing: Timing, named: Mapping[tuple[str, str], list[Address]]) -> Upstream:
    if not isinstance(timing, EventDriven):
        return Upstream()
    if not timing.triggers:
        return Upstream(unknown=(timing.rule or "",))
    known = {address for word in timing.triggers for address in named.get((connection, word), ())}
    unknown = tuple(word for word in timing.triggers if (connection, word) not in named)
    return Upstream(tuple(sorted(known)), unknown)


def _reachable(start: Address, direct: Mapping[Address, set[Address]]) -> set[Address]:
    found: set[Address] = set()
    ahead = [start]
    while ahead:
        fresh = direct.get(ahead.pop(), set()) - found
        found |= fresh
        ahead += fresh
    return found


def _place(
    address: Address,
    waiting: Mapping[Address, Upstream],
    usual: Mapping[Address, float],
    placed: dict[Address, Runs],
) -> None:
    """Put ``address`` and what it waits for into ``placed``; without recursion, chains may be long."""
    path = [address]
    while path:
        current = path[-1]
        if current in placed:
            path.pop()
            continue
        upstream = waiting[current]
        missing = [trigger for trigger in upstream.known if trigger not in placed]
        if upstream.unknown:
            placed[current] = Runs(silence=Silence.UNKNOWN_TRIGGER, after=upstream.known)
        elif not missing:
            placed[current] = _behind(upstream.known, usual, placed)
        elif missing[0] in path:
            placed[current] = Runs(silence=Silence.TRIGGER_CYCLE, after=upstream.known)
        else:
            path.append(missing[0])


def _behind(triggers: tuple[Address, ...], usual: Mapping[Address, float], placed: Mapping[Address, Runs]) -> Runs:
    """Return the runs after all of ``triggers``, which are placed."""
    silent = {placed[trigger].silence for trigger in triggers} - {None}
    if silent:
        is_circle = Silence.TRIGGER_CYCLE in silent
        return Runs(silence=Silence.TRIGGER_CYCLE if is_circle else Silence.TRIGGER_SILENT, after=triggers)
    if len(triggers) == 1:
        return _after_one(placed[triggers[0]], usual[triggers[0]], triggers)
    ends = [[round(at + usual[trigger]) for at in placed[trigger].instants] for trigger in triggers]
    return Runs(at_risk=tuple(AtRisk((at,), (Reason.AND_LIST,)) for at in _rounds(ends)), after=triggers)


def _after_one(runs: Runs, usual_seconds: float, triggers: tuple[Address, ...]) -> Runs:
    """Return one run behind each run of a trigger; behind one at risk, a run at risk."""
    lag = round(usual_seconds)
    at_risk = (
        replace(
            run,
            candidates=tuple(at + lag for at in run.candidates),
            reasons=run.reasons if Reason.UPSTREAM in run.reasons else (Reason.UPSTREAM, *run.reasons),
            local=None,
        )
        for run in runs.at_risk
    )
    return Runs(tuple(at + lag for at in runs.certain), tuple(at_risk), runs.zone, after=triggers)


def _rounds(ends: list[list[int]]) -> list[int]:
    """Return the instants by which all have ended once more since the instant before."""
    found: list[int] = []
    places = [0] * len(ends)
    while all(place < len(each) for place, each in zip(places, ends, strict=True)):
        at = max(each[place] for place, each in zip(places, ends, strict=True))
        found.append(at)
        places = [bisect_right(each, at, place) for place, each in zip(places, ends, strict=True)]
    return found
