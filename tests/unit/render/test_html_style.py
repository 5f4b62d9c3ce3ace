"""Colours that can be told from what they stand on, by everybody and in both modes (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from reconcile.render.html_style import DARK, LIGHT, stylesheet

PAPERS = ("paper", "soft")
TEXT = [
    *(
        (ink, paper)
        for ink in ("ink", "quiet", "link", "create", "update", "delete", "run", "forget")
        for paper in PAPERS
    ),
    *((ink, f"{ink}-bg") for ink in ("create", "update", "delete", "run", "forget")),
    *(("ink", ground) for ground in ("delete-bg", "update-bg")),
    *(("on-low", f"h{n}") for n in (1, 2, 3)),
    *(("on-high", f"h{n}") for n in (4, 5)),
]
PICTURES = [(ink, paper) for ink in ("edge", "delete", "create", "quiet", "link") for paper in PAPERS]


def luminance(color: str) -> float:
    """Return the relative luminance of ``#rrggbb``."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return how well two colours can be told apart, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_contrast(colors: Mapping[str, str]) -> None:
    """4.5 to 1, small text included."""
    assert {
        pair: round(contrast(*(colors[each] for each in pair)), 2)
        for pair in TEXT
        if contrast(*(colors[e] for e in pair)) < 4.5
    } == {}


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_pictures_and_borders_of_controls_have_contrast(colors: Mapping[str, str]) -> None:
    """3 to 1."""
    assert [pair for pair in PICTURES if contrast(*(colors[each] for each in pair)) < 3] == []


def test_both_modes_have_the_same_colours_and_the_rules_no_others() -> None:
    """A colour that only one of them has would be wrong in the other."""
    assert LIGHT.keys() == DARK.keys()
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", stylesheet()))
    assert used <= LIGHT.keys()
    rules = re.sub(r":root\{[^}]*\}", "", stylesheet())
    assert not re.findall(r"#[0-9a-f]{3,8}\b", rules)
