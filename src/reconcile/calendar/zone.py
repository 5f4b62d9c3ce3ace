"""Local times of a zone to instants, with arithmetic instead of one zone lookup a run.

A zone's clock is a line of stretches, each with one offset from UTC. Within a stretch a local time is an instant plus
the offset; only at the seams is there a question: a local time that does not exist (a gap), or exists twice (an
overlap). The seams of a zone are found once per horizon and kept.

Local times are whole seconds since 1970-01-01 00:00 on the zone's own clock; offsets are seconds east of UTC.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# How far apart a zone's clock is looked at. Two changes that cancel out within it would be missed; the zone database
# holds none closer than some weeks.
_PROBE = DAY // 2


class UnknownZone(ValueError):
    """No zone of this name in the zone database."""


@dataclass(frozen=True, slots=True)
class Seam:
    """One change of a zone's clock: at the instant ``at`` the offset goes from ``before`` to ``after``."""

    at: int
    before: int
    after: int

    @property
    def is_gap(self) -> bool:
        """Say whether local times are skipped; otherwise they are repeated."""
        return self.after > self.before

    @property
    def local_from(self) -> int:
        """The first local time that is skipped or repeated."""
        return self.at + min(self.before, self.after)

    @property
    def local_to(self) -> int:
        """The first local time after those that are skipped or repeated."""
        return self.at + max(self.before, self.after)

    def candidates(self, local: int) -> tuple[int, int]:
        """Return the two instants that a skipped or repeated local time may mean, the earlier one first."""
        return local - max(self.before, self.after), local - min(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Clockwork:
    """A zone's clock over some days: the offset it begins with and its seams in order."""

    offset: int
    seams: tuple[Seam, ...]

    def stretches(self, locals_: Sequence[int]) -> list[tuple[Sequence[int], int]]:
        """Return those of the sorted local times that exist exactly once, in order, in parts that share an offset."""
        found: list[tuple[Sequence[int], int]] = []
        begin, offset = 0, self.offset
        for seam in self.seams:
            end = bisect_left(locals_, seam.local_from, begin)
            found.append((locals_[begin:end], offset))
            begin, offset = bisect_left(locals_, seam.local_to, end), seam.after
        found.append((locals_[begin:] if begin else locals_, offset))
        return found

    def doubtful(self, locals_: Sequence[int]) -> list[tuple[int, Seam]]:
        """Return those of the sorted local times that are skipped or repeated, each with the seam it falls into."""
        found = []
        for seam in self.seams:
            begin = bisect_left(locals_, seam.local_from)
            end = bisect_left(locals_, seam.local_to, begin)
            found += [(local, seam) for local in locals_[begin:end]]
        return found

    def by_offset(self, instants: Sequence[int]) -> list[tuple[Sequence[int], int]]:
        """Return the sorted instants in order, in parts that share an offset."""
        found: list[tuple[Sequence[int], int]] = []
        begin, offset = 0, self.offset
        for seam in self.seams:
            end = bisect_left(instants, seam.at, begin)
            found.append((instants[begin:end], offset))
            begin, offset = end, seam.after
        found.append((instants[begin:], offset))
        return found


@lru_cache(maxsize=1024)
def clockwork(zone: str, start: int, end: int) -> Clockwork:
    """Return the clock of a zone between two instants. Raises ``UnknownZone``."""
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(zone) from None
    seams: list[Seam] = []
    first = last = _offset(info, start)
    probe = start
    while probe < end:
        before, probe = probe, min(probe + _PROBE, end)
        offset = _offset(info, probe)
        if offset != last:
            seams.append(Seam(_change(info, before, probe), last, offset))
            last = offset
    return Clockwork(first, tuple(seams))


def moment(instant: int) -> datetime:
    """Return an instant as a ``datetime`` in UTC."""
    return EPOCH + timedelta(seconds=instant)


def seconds(at: datetime) -> int:
    """Return an aware ``datetime`` as whole seconds since 1970, rounded up: what was before it is not after it."""
    return -((EPOCH - at) // timedelta(seconds=1))


def _offset(info: ZoneInfo, instant: int) -> int:
    offset = moment(instant).astimezone(info).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def _change(info: ZoneInfo, low: int, high: int) -> int:
    """Return the first second of the new offset, which holds at ``high`` and not at ``low``."""
    new = _offset(info, high)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(info, middle) == new:
            high = middle
        else:
            low = middle
    return high
