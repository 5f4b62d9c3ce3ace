"""The exact runs of one timing over a horizon, in UTC; what the platform does not document is at risk, not guessed.

Rules and their sources (platform page "Salesforce CRM Analytics"): which days, ``day.py``; which minutes of them,
``slot.py``; here, what a change of the zone's clock does to them. Times are of the wall clock of the schedule's zone
(1.2: the offset shown moves with DST while the time stays; lists show cron text, 2.1). What happens to a time that the
clock skips or repeats is not documented (section 7 and 9), so both instants are shown.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from reconcile.calendar.day import firing_days
from reconcile.calendar.slot import Slots, slots_of
from reconcile.calendar.zone import DAY, Clockwork, Seam, UnknownZone, clockwork, moment, seconds
from reconcile.core.address import Address
from reconcile.core.occurrence import Assumption, Occurrence, Reason, Silence
from reconcile.core.timing import EventDriven, Every, Timed, Timing, Unclear, Unscheduled


@dataclass(frozen=True, slots=True)
class Horizon:
    """A span of time: from ``start`` on, before ``end``; seconds since 1970 UTC."""

    start: int
    end: int

    @classmethod
    def days(cls, start: datetime, days: int) -> Horizon:
        """Return the ``days`` times 24 hours from an aware ``datetime`` on."""
        begin = seconds(start)
        return cls(begin, begin + days * DAY)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """One run that may happen at one of some instants, at several, or not at all.

    ``candidates`` are seconds since 1970 UTC, the earliest first; that one decides on which side of a border it counts.
    ``local`` is the time of the zone's clock that the schedule names, as seconds since 1970-01-01 00:00 on that clock;
    None for what waits for events.
    """

    candidates: tuple[int, ...]
    reasons: tuple[Reason, ...]
    local: int | None = None

    @property
    def fewest(self) -> int:
        """How often it happens at least: a time that exists twice is met, whatever else holds is not sure."""
        return 1 if self.reasons == (Reason.OVERLAP,) else 0

    @property
    def most(self) -> int:
        """How often it happens at most."""
        return 2 if Reason.OVERLAP in self.reasons else 1


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one schedule over a horizon. ``certain`` are seconds since 1970 UTC; both lists are sorted.

    ``silence`` says why there are none, where the reason is not just that none falls into the horizon. ``after`` names
    what an event-driven schedule waits for; its instants are then the earliest possible, not fixed ones.
    """

    certain: tuple[int, ...] = ()
    at_risk: tuple[AtRisk, ...] = ()
    zone: str | None = None
    silence: Silence | None = None
    assumptions: tuple[Assumption, ...] = ()
    after: tuple[Address, ...] = ()

    @property
    def count(self) -> int:
        """How many runs, each one at risk counted once."""
        return len(self.certain) + len(self.at_risk)

    @property
    def fewest(self) -> int:
        """How many runs at least."""
        return len(self.certain) + sum(run.fewest for run in self.at_risk)

    @property
    def most(self) -> int:
        """How many runs at most."""
        return len(self.certain) + sum(run.most for run in self.at_risk)

    @property
    def instants(self) -> tuple[int, ...]:
        """Every run as one instant, sorted: of those at risk the earliest candidate."""
        if not self.at_risk:
            return self.certain
        return tuple(sorted((*self.certain, *(run.candidates[0] for run in self.at_risk))))

    def within(self, horizon: Horizon) -> Runs:
        """Return the same, with only the runs of a part of the horizon."""
        begin = bisect_left(self.certain, horizon.start)
        end = bisect_left(self.certain, horizon.end, begin)
        return replace(self, certain=self.certain[begin:end], at_risk=_within(self.at_risk, horizon))

    def occurrences(self, limit: int | None = None) -> tuple[Occurrence, ...]:
        """Return the runs for people, in order of time; the first ``limit`` of them when it is given."""
        zone = ZoneInfo(self.zone) if self.zone else None
        certain = (AtRisk((at,), ()) for at in self.certain[:limit])
        items = sorted((*certain, *self.at_risk[:limit]), key=lambda run: run.candidates)
        return tuple(_occurrence(run, zone) for run in items[:limit])


def occurrences(timing: Timing, horizon: Horizon, default_zone: str | None = None) -> Runs:
    """Return when a timing fires within a horizon.

    ``default_zone`` stands in for a zone that the schedule does not name; without it such a schedule is silent
    (``NO_ZONE``). So is one that waits for events: ``trigger.agenda`` places it behind others.
    """
    match timing:
        case Unscheduled():
            return Runs(silence=Silence.UNSCHEDULED)
        case Unclear():
            return Runs(silence=Silence.UNCLEAR)
        case EventDriven():
            return Runs(silence=Silence.EVENT)
        case _:
            return _timed(timing, horizon, default_zone)


def next_runs(timing: Timing, start: datetime, limit: int = 3, default_zone: str | None = None) -> Runs:
    """Return the first ``limit`` runs from ``start`` on, however far ahead within two years; perhaps a few more."""
    for days in (2, 31, 366, 2 * 366):
        found = occurrences(timing, Horizon.days(start, days), default_zone)
        if found.silence or found.count >= limit:
            break
    return found


def _timed(timing: Timed, horizon: Horizon, default_zone: str | None) -> Runs:
    zone = timing.clock.zone or default_zone
    if zone is None:
        return Runs(silence=Silence.NO_ZONE)
    # A local day is up to 14 hours off, a skipped one 24 hours more, and a day's last run may be on the next one.
    first, last = horizon.start // DAY - 3, horizon.end // DAY + 2
    try:
        clock = clockwork(zone, first * DAY, (last + 1) * DAY)
    except UnknownZone:
        return Runs(silence=Silence.UNKNOWN_ZONE)
    slots = slots_of(timing)
    certain, at_risk = _placed(slots, firing_days(timing, first, last), clock)
    begin = bisect_left(certain, horizon.start)
    end = bisect_left(certain, horizon.end, begin)
    return Runs(tuple(certain[begin:end]), _within(at_risk, horizon), zone, None, _assumptions(timing))


def _placed(slots: Slots, days: Sequence[int], clock: Clockwork) -> tuple[list[int], list[AtRisk]]:
    """Return the instants of the runs of some days, and those at risk, both sorted."""
    local = _local(days, slots.certain)
    certain = [at - offset for part, offset in clock.stretches(local) for at in part]
    at_risk = [_across(at, seam, ()) for at, seam in clock.doubtful(local)]
    for minute, reasons in slots.at_risk:
        local = _local(days, (minute,))
        at_risk += [AtRisk((at - offset,), reasons, at) for part, offset in clock.stretches(local) for at in part]
        at_risk += [_across(at, seam, reasons) for at, seam in clock.doubtful(local)]
    if len(at_risk) > 1:
        at_risk.sort(key=lambda run: run.candidates)
    return certain, at_risk


def _local(days: Sequence[int], minutes: Sequence[int]) -> list[int]:
    if len(minutes) == 1:
        offset = minutes[0] * 60
        return [day * DAY + offset for day in days]
    offsets = [minute * 60 for minute in minutes]
    return [midnight + offset for midnight in [day * DAY for day in days] for offset in offsets]


def _across(local: int, seam: Seam, reasons: tuple[Reason, ...]) -> AtRisk:
    return AtRisk(seam.candidates(local), (Reason.GAP if seam.is_gap else Reason.OVERLAP, *reasons), local)


def _within(at_risk: Iterable[AtRisk], horizon: Horizon) -> tuple[AtRisk, ...]:
    return tuple(run for run in at_risk if horizon.start <= run.candidates[0] < horizon.end)


def _assumptions(timing: Timed) -> tuple[Assumption, ...]:
    found = [Assumption.EVERY_DAY] if isinstance(timing, Every) and timing.weekdays is None else []
    if timing.clock.zone is None:
        found.append(Assumption.READERS_ZONE)
    return tuple(found)


def _occurrence(run: AtRisk, zone: ZoneInfo | None) -> Occurrence:
    at = moment(run.candidates[0])
    if run.local is not None:
        local: datetime | None = moment(run.local).replace(tzinfo=None)
    else:
        local = at.astimezone(zone).replace(tzinfo=None) if zone else None
    if not run.reasons:
        return Occurrence(at, local)
    return Occurrence(at, local, run.reasons, tuple(moment(each) for each in run.candidates))
