"""When more goes on at once than is allowed, who takes part, and which small move would end it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconcile.calendar.load import Load
from reconcile.calendar.zone import moment
from reconcile.core.address import Address
from reconcile.core.standing import Collision, Suggestion

# A suggestion moves a schedule by at most six hours, in steps of five minutes: more is another schedule.
_STEP_MINUTES = 5
_FARTHEST_MINUTES = 360

# Nobody reads more suggestions than these, and each costs some hundred trials; so many schedules are tried for one.
_SUGGESTIONS = 20
_TRIED = 10

Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Profile:
    """How many runs go on: ``counts[i]`` from ``times[i]`` on, until the next one; seconds since 1970 UTC, sorted."""

    times: tuple[int, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, loads: Iterable[Load]) -> Profile:
        """Return the profile of all loads together. A run that ends as another begins is not at once with it."""
        steps: dict[int, int] = {}
        for load in loads:
            for start, end in load.spans():
                steps[start] = steps.get(start, 0) + 1
                steps[end] = steps.get(end, 0) - 1
        times = tuple(sorted(steps))
        counts, running = [], 0
        for at in times:
            running += steps[at]
            counts.append(running)
        return cls(times, tuple(counts))

    def has_room(self, start: int, end: int, own: Spans, most: int) -> bool:
        """Say whether one more run fits between two instants, when the runs ``own`` are taken away."""
        first = max(bisect_right(self.times, start) - 1, 0)
        last = bisect_left(self.times, end, first)
        return all(self.counts[place] - _covers(own, self.times[place]) < most for place in range(first, last))


def collisions(loads: Sequence[Load], profile: Profile, most: int) -> tuple[Collision, ...]:
    """Return the collisions of loads that may be ``most`` at once, in the order in which they first happen."""
    spans = {load.address: load.spans() for load in sorted(loads, key=lambda load: load.address)}
    above = _above(profile, most)
    found: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    running = _running([*spans.values()], [worst for _, _, worst in above])
    for (begin, end, _), who in zip(above, running, strict=True):
        found.setdefault(who, []).append((begin, end))
    names = tuple(spans)
    movable = {load.address: len(spans[load.address]) for load in loads if not load.runs.after}
    ordered = sorted((times, tuple(names[number] for number in who)) for who, times in found.items())
    return tuple(
        Collision(
            who,
            moment(times[0][0]),
            len(times),
            _suggestion([each for each in who if each in movable], movable, spans, profile, most, times)
            if place < _SUGGESTIONS
            else None,
        )
        for place, (times, who) in enumerate(ordered)
    )


def _above(profile: Profile, most: int) -> list[tuple[int, int, int]]:
    """Return each time without a break above ``most``: when it begins, ends, and is first at its worst."""
    found: list[tuple[int, int, int]] = []
    begin = worst = highest = 0
    for at, count in zip(profile.times, profile.counts, strict=True):
        if count > most and not highest:
            begin = at
        if count > max(most, highest):
            worst, highest = at, count
        elif count <= most and highest:
            found.append((begin, at, worst))
            highest = 0
    return found


def _running(spans: Sequence[Spans], instants: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield which of the schedules, by number, run at each of the sorted instants; in one walk over all spans."""
    # At one instant what ends is over before anything begins.
    events = sorted(
        (at, begins, number)
        for number, own in enumerate(spans)
        for span in own
        for at, begins in zip(span, (True, False), strict=True)
    )
    running: set[int] = set()
    place = 0
    for instant in instants:
        while place < len(events) and events[place][0] <= instant:
            _, begins, number = events[place]
            (running.add if begins else running.discard)(number)
            place += 1
        yield tuple(sorted(running))


def _covers(spans: Spans, at: int) -> bool:
    place = bisect_right(spans, at, key=lambda span: span[0])
    return place > 0 and at < spans[place - 1][1]


def _suggestion(
    who: Sequence[Address],
    runs: Mapping[Address, int],
    spans: Mapping[Address, Spans],
    profile: Profile,
    most: int,
    times: Spans,
) -> Suggestion | None:
    """Return the smallest move that ends a collision, which is at ``times``; else the smallest that leaves it.

    Of equal ones that of the schedule with the fewest runs, later if it can.
    """
    tried = sorted(who, key=lambda address: (runs[address], address))[:_TRIED]
    # Without these no more than allowed are left.
    enough = [one for one in tried if all(profile.has_room(begin, end, spans[one], most + 1) for begin, end in times)]
    if enough and (ending := _smallest(enough, spans, profile, most)):
        return ending
    leaving = _smallest(tried, spans, profile, most)
    return replace(leaving, ends=False) if leaving else None


def _smallest(
    tried: Sequence[Address], spans: Mapping[Address, Spans], profile: Profile, most: int
) -> Suggestion | None:
    """Return the smallest move that leads one of them to where there is room for all its runs."""
    steps = range(_STEP_MINUTES, _FARTHEST_MINUTES + 1, _STEP_MINUTES)
    for minutes in (signed for step in steps for signed in (step, -step)):
        for address in tried:
            own = spans[address]
            shift = minutes * 60
            if all(profile.has_room(start + shift, end + shift, own, most) for start, end in own):
                return Suggestion(address, minutes)
    return None
