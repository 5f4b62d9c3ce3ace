"""A week as a picture: well-formed, says its numbers, and takes no name for markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from reconcile.core.timing import Clock, Daily, Every, Frequency, Weekday
from reconcile.render.svg import calendar_svg
from reconcile.render.svg_lane import MOST_LANES
from reconcile.render.svg_shape import LEFT, MARGIN, STYLE, WIDTH

from .agendas import HOSTILE, PARIS, everything, placed, scheduled

NS = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)


def texts(root: ET.Element, tag: str = "text") -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(f"{NS}{tag}")]


def numbers(root: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield what the tooltip of each cell with a number says, and the number."""
    for group in root.iter(f"{NS}g"):
        title, found = group.find(f"{NS}title"), group.find(f"{NS}text")
        if title is not None and found is not None:
            yield title.text or "", found.text or ""


def test_it_has_a_name_a_description_and_nothing_from_elsewhere() -> None:
    svg = calendar_svg(everything())
    root = parsed(svg)
    assert root.get("role") == "img"
    ids = {each.get("id"): each for each in root.iter() if each.get("id")}
    title, desc = (ids[name].text or "" for name in (root.get("aria-labelledby") or "").split())
    assert title.startswith("When everything runs: 18 runs of 10 schedules, Sat 2026-03-07 06:20 to")
    assert "Mon 2026-03-09: 12 runs, 4 at most in an hour (10:00)" in desc
    assert not re.search(r"<script|href|@import|url\((?!#)|\son\w+=|<foreignObject", svg)
    assert "prefers-color-scheme:dark" in svg


def test_every_cell_says_its_number() -> None:
    agenda = everything()
    cells = list(numbers(parsed(calendar_svg(agenda))))
    assert sum(int(number) for _, number in cells) == agenda.week.total
    assert ("Mon 2026-03-09 10:00 to 11:00: 4 runs", "4") in cells
    titles = texts(parsed(calendar_svg(agenda)), "title")
    assert "Sat 2026-03-07 05:00: before the start" in titles
    assert "Sat 2026-03-07 06:00 to 07:00: no run" in titles
    assert sum("before the start" in each for each in titles) == 6


def test_every_schedule_that_runs_has_a_lane() -> None:
    root = parsed(calendar_svg(everything()))
    shown = texts(root)
    for name in ("Behind", "Nightly", "Often", "Paris (in no file)", "Somewhere"):
        assert f"sales/schedule/recipe:{name}" in shown
    assert "sales/schedule/recipe:Month" not in shown
    nightly = next(each for each in texts(root, "title") if "Nightly: " in each and "at risk" in each)
    assert nightly == "sales/schedule/recipe:Nightly: daily at 02:30, America/Los_Angeles; 3 runs, 1 of them at risk"
    assert {"a run", "at risk", "not before this, after something else", "nothing is to be changed"} <= set(shown)


def test_marks_stand_where_their_time_is() -> None:
    """Noon of the middle one of three days is the middle of the picture."""
    agenda = placed([scheduled("A", Daily(Clock(720, PARIS)))], "2026-06-01T00:00", days=3)
    paths = [each for each in parsed(calendar_svg(agenda)).iter(f"{NS}path") if each.get("class") == "run"]
    lane, _ = paths
    places = [float(x) for x in re.findall(r"M([\d.]+) ", lane.get("d") or "")]
    assert places[1] == pytest.approx((LEFT + WIDTH - MARGIN) / 2, abs=0.5)
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.5)


def test_no_name_is_markup_and_none_is_cut() -> None:
    name = HOSTILE.removeprefix("recipe:")
    svg = calendar_svg(placed([scheduled(name, Daily(Clock(0, PARIS)))], "2026-06-01T00:00"))
    root = parsed(svg)
    tags = {each.tag.removeprefix(NS) for each in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "defs", "pattern", "path", "rect", "text", "g"}
    joined = "".join(texts(root))
    assert '<script>alert("1")</script>&amp;' in joined
    assert "x" * 90 in joined
    assert "\x1b" not in svg
    assert "\r" not in svg


def test_the_lanes_that_do_not_fit_are_counted() -> None:
    schedules = [scheduled(f"{number:03}", Daily(Clock(number, PARIS))) for number in range(MOST_LANES + 3)]
    shown = texts(parsed(calendar_svg(placed(schedules, "2026-06-01T00:00"))))
    assert "and 3 more schedules" in shown
    assert sum(each.startswith("sales/") for each in shown) == MOST_LANES


def test_what_runs_all_the_time_does_not_blow_it_up() -> None:
    often = scheduled("A", Every(Frequency.MINUTELY, 1, Clock(0, PARIS), frozenset(Weekday)))
    rarely = scheduled("A", Daily(Clock(0, PARIS)))
    large, small = (len(calendar_svg(placed([each], "2026-06-01T00:00"))) for each in (often, rarely))
    assert large - small < 30_000


def test_a_week_without_runs_is_a_picture_too() -> None:
    root = parsed(calendar_svg(placed([], "2026-06-01T00:00")))
    assert "no run" in texts(root)


def luminance(color: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    digits = color if len(color) == 6 else "".join(2 * each for each in color)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colors(style: str) -> dict[str, str]:
    """Return the colour of each class."""
    rules = re.findall(r"([^{}]+)\{[^{}]*?(?:fill|stroke):#([0-9a-f]+)", style)
    return {name.strip().lstrip("."): color for names, color in rules for name in names.split(",")}


@pytest.mark.parametrize("part", [0, 1], ids=["light", "dark"])
def test_everything_can_be_told_apart(part: int) -> None:
    found = colors(STYLE.split("@media")[part])
    for shade in ("1", "2", "3", "4"):
        assert contrast(found[f"n{shade}"], found[f"l{shade}"]) >= 4.5
    for name in ("t", "h", "m"):
        assert contrast(found[name], found["bg"]) >= 4.5
    for name in ("run", "event", "risk"):
        assert contrast(found[name], found["track"]) >= 3
