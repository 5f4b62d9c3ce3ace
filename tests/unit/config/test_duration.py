"""Durations as people write them."""

from __future__ import annotations

import re

import pytest

from reconcile.config.duration import PATTERN, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30),
        ("5m", 300),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1h1m1s", 3661),
        ("0s", 0),
        ("90m", 5400),
        ("1h5s", 3605),
    ],
)
def test_durations(text: str, expected: int) -> None:
    assert seconds(text) == expected
    assert re.search(PATTERN, text)


@pytest.mark.parametrize("text", ["", "30", "1d", "1.5h", "m", "30m1h", "-5m", "5 m", "1H", " 5m", "5m ", "٣m", "5mm"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="1h30m"):
        seconds(text)
    assert not re.search(PATTERN, text, re.ASCII)


def test_longer_than_a_year() -> None:
    with pytest.raises(ValueError, match="longer than a year"):
        seconds("99999h")
