"""The week before and after a plan as a picture: tables of hours that are read aloud as well, and lanes of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from reconcile.core.outlook import Lane, Outlook, Week
from reconcile.render.html_markup import Html, join, tag
from reconcile.render.html_view import View, scroller
from reconcile.render.terminal import counted

# A page of thousands of lanes is read by nobody; each change says in words what its lane would show.
MOST_LANES = 30
_MOST_SPOKEN = 10
_LEVELS = 5
_HOURS = 168


def week_maps(outlook: Outlook) -> Html:
    """Return the heat maps of both weeks and of their difference; one alone when no hour changes."""
    before, after = outlook.before, outlook.after
    most = max(before.most, after.most)
    if before.counts == after.counts:
        note = tag("p", "No hour of this week has more or fewer runs than before.")
        return join(note, tag("div", _heat("Before and after", after, most), class_="maps"))
    maps = (_heat("Before", before, most), _heat("After", after, most), _difference(before, after))
    return tag("div", *maps, class_="maps")


def lanes(outlook: Outlook, view: View) -> Html | None:
    """Return the runs of each schedule that changes, before above after; None when there is none."""
    shown = outlook.lanes[:MOST_LANES]
    if not shown:
        return None
    missing = len(outlook.lanes) - len(shown)
    axis = _Axis(outlook.after)
    days = tag("div", *(tag("span", _day(day)) for day in outlook.after.days), class_="days", aria_hidden="true")
    note = "Upper row before, lower row after; a broken line is a run at risk."
    rows = tag("ul", *(tag("li", view.name(lane.address), _lane(lane, axis)) for lane in shown), class_="lanes")
    more = tag("p", f"... and {counted(missing, 'more schedule')}: each change says what it does to its runs.")
    picture = tag("div", days, rows, class_="lanebox")
    title = tag("h3", "Schedules whose runs change")
    return join(title, tag("p", note, class_="q"), picture, more if missing else None)


def _heat(title: str, week: Week, most: int) -> Html:
    busiest = f"; {week.most:,} in the busiest hour" if week.total else ""
    begin = week.start.astimezone(ZoneInfo(week.zone)).hour
    caption = f"{title}: {counted(week.total, 'run')}{busiest}"

    def cell(day: int, hour: int) -> Html:
        count = week.counts[day][hour]
        if not count and not day and hour < begin:
            return tag("td", class_="p")
        if not count:
            return tag("td")
        return tag("td", _short(count), class_=f"h{_level(count, most)}", title=f"{count:,}" if count > 999 else None)

    return _map(title, caption, week.days, cell)


def _difference(before: Week, after: Week) -> Html:
    def cell(day: int, hour: int) -> Html:
        more = after.counts[day][hour] - before.counts[day][hour]
        sign = "+" if more > 0 else "-"
        return tag("td", f"{sign}{_short(abs(more))}" if more else None, class_=("a" if more > 0 else "d") * bool(more))

    pairs = [
        now - was
        for old, new in zip(before.counts, after.counts, strict=True)
        for was, now in zip(old, new, strict=True)
    ]
    gained, lost = sum(each for each in pairs if each > 0), -sum(each for each in pairs if each < 0)
    return _map("Difference", f"Difference: +{gained:,} and -{lost:,} by the hour", after.days, cell)


def _map(title: str, caption: str, days: Sequence[date], cell: Callable[[int, int], Html]) -> Html:
    heads = tag("tr", tag("td"), *(tag("th", f"{hour}", scope="col") for hour in range(24)))
    rows = [
        tag("tr", tag("th", _day(day), scope="row"), *(cell(number, hour) for hour in range(24)))
        for number, day in enumerate(days)
    ]
    table = tag("table", tag("caption", caption), tag("thead", heads), tag("tbody", *rows), class_="heat")
    return scroller(f"{title}, hour by hour", table)


class _Axis:
    """Where an instant stands in the week of the pictures, in hours by the clock of its zone."""

    def __init__(self, week: Week) -> None:
        self._zone = ZoneInfo(week.zone)
        self._midnight = datetime.combine(week.days[0], time())

    def local(self, instant: int) -> datetime:
        """Return what the clock shows, without a zone."""
        return datetime.fromtimestamp(instant, UTC).astimezone(self._zone).replace(tzinfo=None)

    def marks(self, instants: Sequence[int], top: int) -> str:
        """Return a path of short lines, ``top`` units from the upper edge."""
        hours = ((self.local(each) - self._midnight).total_seconds() / 3600 for each in instants)
        return "".join(f"M{hour:.2f} {top}v9".replace(".00", "") for hour in hours if 0 <= hour < _HOURS)


def _lane(lane: Lane, axis: _Axis) -> Html:
    kept = frozenset(lane.certain_before) & frozenset(lane.certain_after)
    paths = (
        ("day", "".join(f"M{24 * day} 0v22" for day in range(1, 7))),
        ("kept", axis.marks(sorted(kept), 1) + axis.marks(sorted(kept), 12)),
        ("lost", axis.marks([each for each in lane.certain_before if each not in kept], 1)),
        ("new", axis.marks([each for each in lane.certain_after if each not in kept], 12)),
        ("lost risk", axis.marks(lane.at_risk_before, 1)),
        ("new risk", axis.marks(lane.at_risk_after, 12)),
    )
    return tag(
        "svg",
        *(tag("path", class_=name, d=path) for name, path in paths if path),
        viewBox=f"0 0 {_HOURS} 22",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"{_spoken('Before', lane.certain_before, lane.at_risk_before, axis)} "
        f"{_spoken('After', lane.certain_after, lane.at_risk_after, axis)}",
    )


def _spoken(word: str, certain: Sequence[int], at_risk: Sequence[int], axis: _Axis) -> str:
    runs = sorted((*certain, *at_risk))
    if not runs:
        return f"{word}: no run."
    risk = f", {len(at_risk)} at risk" if at_risk else ""
    local = [axis.local(each) for each in runs[:_MOST_SPOKEN]]
    times = ", ".join(f"{each:%a %H:%M}" for each in local)
    more = f" and {len(runs) - len(local)} more" if len(runs) > len(local) else ""
    return f"{word}: {counted(len(runs), 'run')}{risk}: {times}{more}."


def _day(day: date) -> str:
    return f"{day:%a} {day.day}"


def _level(count: int, most: int) -> int:
    return -(-count * _LEVELS // most)


def _short(count: int) -> str:
    return f"{count}" if count < 1000 else f"{count // 1000}k"
