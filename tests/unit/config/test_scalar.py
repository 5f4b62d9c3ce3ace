"""YAML 1.2's meanings, and none of YAML 1.1's."""

from __future__ import annotations

import pytest

from reconcile.config.scalar import scalar


@pytest.mark.parametrize(
    "text",
    [
        "on", "off", "yes", "no", "y", "n", "On", "NO", "12:30", "1:2:3", "012", "-012", "000099", "2026-11-22",
        "1_000",
        "0x1F", "0o17", "0b1", ".inf", "-.inf", ".nan", "1e999", "tRUE", "nULL", "+", "-", ".", "1.2.3", "60.0.0", "e3",
        "9" * 31, "012.5", "--1", "1 ", "é",
    ],
)  # fmt: skip
def test_text_stays_text(text: str) -> None:
    assert scalar(text) == text
    assert type(scalar(text)) is str


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("False", False), ("0", 0), ("-7", -7), ("+3", 3),
        ("60.0", 60.0), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-1.5E-2", -0.015),
    ],
)  # fmt: skip
def test_words_and_numbers(text: str, meaning: object) -> None:
    assert scalar(text) == meaning
    assert type(scalar(text)) is type(meaning)
