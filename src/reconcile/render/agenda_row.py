"""The runs of one schedule on one day: a row each, or a row for each even stretch of what runs often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from reconcile.core.agenda import Agenda, Entry
from reconcile.core.lapse import readable
from reconcile.core.occurrence import Occurrence, Reason
from reconcile.core.timing import EventDriven, Timed
from reconcile.render.terminal import counted, printable
from reconcile.render.timing import interval_words, reason_words

# What runs more often than this on one day gets one line for that day.
MOST_A_DAY = 4


@dataclass(frozen=True, slots=True)
class Row:
    """What is said of one schedule on one day: when (``02:30``), whose runs, and details in half sentences."""

    time: str
    entry: Entry
    runs: tuple[Occurrence, ...]
    details: tuple[str, ...]

    @property
    def is_at_risk(self) -> bool:
        """Say whether any of its runs is not certain."""
        return not all(run.is_certain for run in self.runs)


def days_of(agenda: Agenda) -> list[tuple[date, list[Row]]]:
    """Return the runs with fixed instants, by day of the reader's clock; both in order of time."""
    zone = ZoneInfo(agenda.zone)
    found: dict[date, list[tuple[datetime, str, Row]]] = {}
    for entry in agenda.entries:
        if isinstance(entry.timing, EventDriven):
            continue
        for day, runs in groupby(entry.occurrences, lambda run: run.at.astimezone(zone).date()):
            rows = _rows(entry, tuple(runs), zone)
            found.setdefault(day, []).extend((row.runs[0].at, str(entry.address), row) for row in rows)
    return [(day, [row for *_, row in sorted(rows, key=lambda row: row[:2])]) for day, rows in sorted(found.items())]


def own_time(entry: Entry, run: Occurrence, zone: ZoneInfo) -> list[str]:
    """Return what the clock of the schedule's own zone shows, where it shows something else."""
    here = run.at.astimezone(zone)
    if run.local is None or not isinstance(entry.timing, Timed) or entry.timing.clock.zone in (None, str(zone)):
        return []
    if run.is_certain and run.local == here.replace(tzinfo=None):
        return []
    day = "" if run.local.date() == here.date() else f"{run.local:%a} "
    return [f"{day}{run.local:%H:%M} {printable(entry.timing.clock.zone or '')}"]


def doubts(runs: Sequence[Occurrence], zone: ZoneInfo) -> list[str]:
    """Return what is not certain of some runs, once for each set of reasons."""
    found: dict[tuple[Reason, ...], list[Occurrence]] = {}
    for run in runs:
        if run.reasons:
            found.setdefault(run.reasons, []).append(run)
    return [_doubt(reasons, doubtful, len(runs), zone) for reasons, doubtful in found.items()]


def _rows(entry: Entry, runs: tuple[Occurrence, ...], zone: ZoneInfo) -> Iterator[Row]:
    if len(runs) <= MOST_A_DAY:
        yield from (_single(entry, run, zone) for run in runs)
        return
    # What the clock skips stands beside what is certain, not in line with it.
    skipped = tuple(run for run in runs if Reason.GAP in run.reasons)
    step, parts = _even_parts(tuple(run for run in runs if run not in skipped))
    if skipped:
        yield _several(entry, skipped, "", zone) if len(skipped) > 1 else _single(entry, skipped[0], zone)
    if len(parts) > MOST_A_DAY:
        yield _several(entry, tuple(run for part in parts for run in part), "", zone)
        return
    every = f"every {interval_words(step // 60)} "
    yield from (
        _several(entry, part, every, zone) if len(part) > 1 else _single(entry, part[0], zone) for part in parts
    )


def _single(entry: Entry, run: Occurrence, zone: ZoneInfo) -> Row:
    details = (*own_time(entry, run, zone), *doubts((run,), zone), *_usual(entry))
    return Row(f"{run.at.astimezone(zone):%H:%M}", entry, (run,), details)


def _several(entry: Entry, runs: tuple[Occurrence, ...], every: str, zone: ZoneInfo) -> Row:
    """Return ``every 30 min until 17:30, 20 runs``."""
    first, last = (run.at.astimezone(zone) for run in (runs[0], runs[-1]))
    own = [f"from {each}" for each in own_time(entry, runs[0], zone)]
    words = f"{every}until {last:%H:%M}, {counted(len(runs), 'run')}"
    return Row(f"{first:%H:%M}", entry, runs, (words, *own, *doubts(runs, zone), *_usual(entry)))


def _even_parts(runs: tuple[Occurrence, ...]) -> tuple[int, list[tuple[Occurrence, ...]]]:
    """Return the shortest time between two runs, in seconds, and the runs in parts that keep it throughout."""
    gaps = [round((later.at - earlier.at).total_seconds()) for earlier, later in pairwise(runs)]
    step = min(gaps, default=0)
    ends = [number + 1 for number, gap in enumerate(gaps) if gap != step]
    return step, [runs[low:high] for low, high in pairwise([0, *ends, len(runs)]) if low < high]


def _doubt(reasons: Sequence[Reason], doubtful: Sequence[Occurrence], total: int, zone: ZoneInfo) -> str:
    which = "" if total == 1 else f"{doubtful[0].at.astimezone(zone):%H:%M} "
    more = f" and {len(doubtful) - 1} more" if len(doubtful) > 1 else ""
    other = [f"{each.astimezone(zone):%H:%M %Z}" for each in doubtful[0].candidates]
    either = f" ({' or '.join(other)})" if total == 1 and len(other) > 1 else ""
    return f"at risk{' ' if which else ''}{which.strip()}{more}{either}: {', '.join(map(reason_words, reasons))}"


def _usual(entry: Entry) -> list[str]:
    return [f"usually takes {readable(entry.usual_seconds)}"] if entry.usual_seconds else []
