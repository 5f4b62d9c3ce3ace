"""A calendar as people read it: golden cases at 80 columns, shades, names that mean harm."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from textwrap import dedent

import pytest

from reconcile.calendar.week import week_of
from reconcile.core.agenda import Frozen
from reconcile.core.hold import Hold
from reconcile.core.timing import Clock, Daily, EventDriven, Every, Frequency, Weekday, Weekly
from reconcile.render.calendar import calendar_markdown, calendar_text
from reconcile.render.heat import ASCII, LEVELS, bounds, heat_lines, level
from reconcile.render.markdown import LONGEST
from reconcile.render.terminal import painter

from .agendas import HOSTILE, LA, PARIS, everything, placed, scheduled

GOLDEN = """\
18 runs of 10 schedules, Sat 2026-03-07 06:20 to Tue 2026-03-10 00:00,
Europe/Paris, as the files ask for it

           00    03    06    09    12    15    18    21        runs
Sat 03-07              · · · · · ▒▒· · · · · · · · · · · ·        2
Sun 03-08  · ░░· · · · · · · ░░▒▒· · · · · · · · · · · · ·        4
Mon 03-09  · ░░· · · · · · ▒▒▒▒██▒▒░░· · · · · · · · · · ·       12
           · no run   ░░ 1   ▒▒ 2   ▓▓ 3   ██ 4   blank: before the start

Sat 2026-03-07
  11:30  sales/schedule/recipe:Nightly
         02:30 America/Los_Angeles; usually takes 5 min 0 s

Sun 2026-03-08
  01:00  sales/schedule/recipe:Somewhere
  09:00  sales/schedule/recipe:Paris (in no file)
  10:30  sales/schedule/recipe:Nightly
         02:30 America/Los_Angeles; at risk (10:30 CET or 11:30 CET): the clock
         skips this time: it may not run, or run before or after it; usually
         takes 5 min 0 s

Mon 2026-03-09
  01:00  sales/schedule/recipe:Somewhere
  08:00  sales/schedule/recipe:Often
         every 30 min until 12:00, 9 runs; at risk 12:00: it is due just when
         queuing stops: it may not run
  10:30  sales/schedule/recipe:Nightly
         02:30 America/Los_Angeles; usually takes 5 min 0 s

After something else
  sales/schedule/recipe:Behind
    after sales/schedule/recipe:Nightly; 3 runs, the first not before Sat
    2026-03-07 11:35

No runs
  sales/schedule/recipe:Kept_off
    held: month end (until 2026-04-01)
  sales/schedule/recipe:Lost
    it waits for something that is not known here (after recipe:gone)
  sales/schedule/recipe:Month
    none before Tue 2026-03-10: monthly on day 31 at 00:00, UTC
  sales/schedule/recipe:Odd
    its schedule does not say when: it has no time of day
  sales/schedule/recipe:Off
    it has no schedule

Nothing is to be changed
  Sat 2026-03-07 19:00 to Mon 2026-03-09 07:00  year end

Assumed of 1 schedule: no time zone is given, that of the reader was taken.
Not here, since 1 object could not be read:
  sales/schedule/data_sync:Unread
"""

BY_SCHEDULE = """\
2 runs of 2 schedules, Sun 2026-03-08 00:00 on, Europe/Paris, as the platforms
have it now

           00    03    06    09    12    15    18    21        runs
Sun 03-08  · · · · · · · · · · ██· · · · · · · · · · · · ·        2
           · no run   ▒▒ 1   ██ 2

sales/schedule/recipe:After
    after sales/schedule/recipe:Nightly
    Sun 2026-03-08 10:30  at risk (10:30 CET or 11:30 CET): the run that
      triggers it is in doubt, the clock skips this time: it may not run, or run
      before or after it

sales/schedule/recipe:Nightly
    daily at 02:30, America/Los_Angeles
    Sun 2026-03-08 10:30  02:30 America/Los_Angeles; at risk (10:30 CET or 11:30
      CET): the clock skips this time: it may not run, or run before or after it
"""


def test_everything_at_once() -> None:
    assert calendar_text(everything()) == GOLDEN


def test_by_schedule() -> None:
    schedules = [
        scheduled("Nightly", Daily(Clock(150, LA)), "recipe:n"),
        scheduled("After", EventDriven("recipe:n", ("recipe:n",))),
    ]
    found = placed(schedules, "2026-03-08T00:00", days=1)
    assert calendar_text(found, is_live=True, by_schedule=True) == BY_SCHEDULE


def test_no_line_is_wider_than_80_columns() -> None:
    """Colours take none, and names are the only thing that may."""
    for text in (calendar_text(everything(), color=True), calendar_text(everything(), color=True, by_schedule=True)):
        plain = re.sub(r"\x1b\[[\d;]*m", "", text)
        assert "\x1b[" in text
        assert max(map(len, plain.splitlines())) <= 80
        assert not any(line.endswith(" ") for line in plain.splitlines())


def test_a_long_name_is_never_cut_and_harms_nobody() -> None:
    name = HOSTILE.removeprefix("recipe:")
    schedules = [scheduled(name, Daily(Clock(0, PARIS)), "w"), scheduled("B", EventDriven("w", ("w",)))]
    for by_schedule in (False, True):
        text = calendar_text(placed(schedules, "2026-06-01T00:00", days=1), by_schedule=by_schedule)
        assert "\x1b" not in text
        assert "\r" not in text
        assert r"\x1b[31m\r\nEND:VEVENT;,\ü" + "x" * 90 in text


def test_days_and_hours_are_those_of_the_readers_clock() -> None:
    found = placed([scheduled("A", Daily(Clock(30, LA)))], "2026-06-01T12:00", "Asia/Kathmandu", days=2)
    text = calendar_text(found)
    assert "  13:15  sales/schedule/recipe:A  (00:30 America/Los_Angeles)\n" in text
    evening = placed([scheduled("A", Daily(Clock(1380, LA)))], "2026-06-01T00:00", "Asia/Kathmandu", days=1)
    assert "  11:45  sales/schedule/recipe:A  (Sun 23:00 America/Los_Angeles)\n" in calendar_text(evening)


def test_the_own_time_is_left_out_where_it_is_the_readers() -> None:
    found = placed([scheduled("A", Daily(Clock(30, "UTC")))], "2026-06-01T00:00", "Africa/Abidjan", days=1)
    assert "  00:30  sales/schedule/recipe:A\n" in calendar_text(found)


@pytest.mark.parametrize(
    ("last_hour", "zone", "lines"),
    [
        (3, PARIS, ["  00:00  X", "  01:00  X", "  02:00  X", "  03:00  X"]),
        (20, PARIS, ["  00:00  X", "         every 1 h until 20:00, 21 runs"]),
        # On the reader's day the end of the one day and the beginning of the next, which do not meet.
        (20, LA, ["  00:00  X", "         every 1 h until 05:00, 6 runs; from Mon 15:00 America/Los_Angeles"]),
        (20, LA, ["  09:00  X", "         every 1 h until 23:00, 15 runs; from 00:00 America/Los_Angeles"]),
    ],
)
def test_what_runs_often_has_one_line_for_each_even_stretch(last_hour: int, zone: str, lines: list[str]) -> None:
    often = scheduled("Often", Every(Frequency.HOURLY, 60, Clock(0, zone), frozenset(Weekday), last_hour))
    text = calendar_text(placed([often], "2026-06-02T00:00", days=1))
    for line in lines:
        assert line.replace("X", "sales/schedule/recipe:Often") in text


def test_runs_without_any_order_are_counted() -> None:
    """So many stretches would flood the list as much as the runs."""
    every = scheduled("Odd", Every(Frequency.MINUTELY, 5, Clock(0, PARIS), frozenset(Weekday)))
    found = placed([every], "2026-06-02T00:00", days=1)
    runs = [run for number, run in enumerate(found.entries[0].occurrences) if number % 7 in (0, 1, 3)]
    entry = type(found.entries[0])(found.entries[0].address, found.entries[0].timing, tuple(runs))
    text = calendar_text(type(found)(found.start, found.end, found.zone, (entry,), found.week))
    assert f"  00:00  sales/schedule/recipe:Odd  (until 23:55, {len(runs)} runs)\n" in text


def test_a_day_on_which_the_clock_changes_keeps_its_intervals() -> None:
    often = scheduled("Often", Every(Frequency.MINUTELY, 30, Clock(0, LA), frozenset(Weekday)))
    spring, autumn = (
        calendar_text(placed([often], f"{day}T00:00", LA, days=1)).split("\n\n")[-1]
        for day in ("2026-03-08", "2026-11-01")
    )
    assert spring == dedent(
        """\
        Sun 2026-03-08
          00:00  sales/schedule/recipe:Often  (every 30 min until 23:30, 46 runs)
          01:00  sales/schedule/recipe:Often
                 until 01:30, 2 runs; at risk 01:00 and 1 more: the clock skips this
                 time: it may not run, or run before or after it
        """
    )
    assert autumn == dedent(
        """\
        Sun 2026-11-01
          00:00  sales/schedule/recipe:Often
                 every 30 min until 01:30, 4 runs; at risk 01:00 and 1 more: the clock
                 shows this time twice: it may run at either, or at both
          02:00  sales/schedule/recipe:Often  (every 30 min until 23:30, 44 runs)
        """
    )


def test_what_is_live_although_it_is_held_says_so() -> None:
    more = {"A": {"hold": Hold("month end")}}
    found = placed([scheduled("A", Daily(Clock(0, PARIS)))], "2026-06-01T00:00", days=1, more=more)
    assert "recipe:A (held in the files)\n" in calendar_text(found, is_live=True)


def test_nothing_to_show() -> None:
    assert "\nNothing here has a schedule.\n" in calendar_text(placed([], "2026-06-01T00:00"))


def test_what_could_not_be_read_is_not_said_to_be_nothing() -> None:
    text = calendar_text(replace(placed([], "2026-06-01T00:00"), is_whole=False), is_live=True)
    assert "Nothing here has a schedule" not in text
    assert "\nNothing could be read that has a schedule.\n" in text


def test_the_wrapped_reason_of_a_freeze() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    freeze = Frozen(start, start.replace(day=2), "the books are closed, " * 3 + "and nobody is to touch anything")
    text = calendar_text(placed([scheduled("A", Daily(Clock(0)))], "2026-06-01T00:00", freezes=(freeze,)))
    assert max(map(len, text.splitlines())) <= 80
    assert "  Mon 2026-06-01 02:00 to Tue 2026-06-02 02:00  the books are closed," in text


# -- shades ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 7, 60, 10_000])
def test_the_legend_says_of_every_count_which_shade_it_has(most: int) -> None:
    for count in range(1, most + 1):
        low, high = bounds(most)[level(count, most)]
        assert low <= count <= high
    assert level(0, most) == 0
    assert level(most, most) == LEVELS
    assert sum(high - low + 1 for low, high in bounds(most).values()) == most


def test_shades_without_blocks_for_streams_that_cannot_hold_them() -> None:
    text = calendar_text(everything(), shades=ASCII)
    assert text.isascii()
    assert "Mon 03-09  . --. . . . . . ++++@@++--. . . . . . . . . . .       12\n" in text


def test_a_week_without_runs_has_a_legend_without_shades() -> None:
    week = week_of([], datetime(2026, 6, 1, tzinfo=UTC), "UTC")
    assert heat_lines(week, painter(False))[-1].strip() == "· no run"


def test_the_map_fits_however_many_runs_there_are() -> None:
    runs = placed([scheduled("A", Weekly(frozenset(Weekday), Clock(0, "UTC")))], "2026-06-01T00:00", "UTC").week
    most = type(runs)(runs.zone, runs.start, runs.days, tuple(tuple(123_456 for _ in range(24)) for _ in range(7)))
    assert max(map(len, heat_lines(most, painter(False)))) <= 80


# -- Markdown ----------------------------------------------------------------------------------------------------------


def test_markdown_has_the_same_in_a_block_of_text() -> None:
    head, *_ = text = calendar_markdown(everything()).split("\n")
    assert head == (
        "### reconcile calendar: 18 runs of 10 schedules, Sat 2026-03-07 06:20 to Tue 2026-03-10 00:00, Europe/Paris,"
        " as the files ask for it"
    )
    assert text[1:3] == ["", "```text"]
    assert text[-2:] == ["```", ""]
    assert "\n".join(text[3:-2]) + "\n" == GOLDEN.split("\n\n", 1)[1]


def test_no_name_ends_the_block() -> None:
    schedules = [scheduled("```` <b>", Daily(Clock(0, PARIS)))]
    text = calendar_markdown(placed(schedules, "2026-06-01T00:00", days=1))
    (fence,) = re.findall(r"^(`+)text$", text, re.MULTILINE)
    assert len(fence) > 4
    assert text.rstrip().endswith("\n" + fence)


def test_markdown_always_fits_into_a_comment() -> None:
    schedules = [scheduled(f"{number:04}" + "y" * 60, Daily(Clock(number, PARIS))) for number in range(300)]
    text = calendar_markdown(placed(schedules, "2026-06-01T00:00"))
    assert len(text) <= LONGEST
    assert re.search(r"\n\.\.\. [\d,]+ more lines, which do not fit here\n`+\n$", text)
