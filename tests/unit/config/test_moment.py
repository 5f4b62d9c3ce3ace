"""Moments in files: one text for each, whatever way it was written."""

import pytest

from reconcile.config.moment import moment


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-01", "2026-12-01T00:00:00Z"),
        ("2026-12-01T06:00:00Z", "2026-12-01T06:00:00Z"),
        ("2026-12-01T06:00", "2026-12-01T06:00:00Z"),
        ("2026-12-01 06:00:30", "2026-12-01T06:00:30Z"),
        ("2026-12-01T06:00:00+01:00", "2026-12-01T05:00:00Z"),
        ("2026-12-31T20:00-08:00", "2027-01-01T04:00:00Z"),
        ("2028-02-29", "2028-02-29T00:00:00Z"),
    ],
)
def test_a_moment_is_utc_to_the_second(written: str, meant: str) -> None:
    """A day is its first second; without an offset it is UTC."""
    assert moment(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "tomorrow",
        "2026-12",
        "01.12.2026",
        "2026-12-01T6:00",
        "2026-12-01T06:00:00.5Z",
        "20261201",
        "2026-W49-2",
        "2026-12-01\n",
        "2026-12-01T06:00:00 Europe/Paris",
        "\N{FULLWIDTH DIGIT TWO}026-12-01",
        "",
    ],
)
def test_anything_else_is_refused_with_the_way_to_write_it(written: str) -> None:
    """Also what ISO 8601 would allow and nobody writes."""
    with pytest.raises(ValueError, match="write it as 2026-12-01"):
        moment(written)


@pytest.mark.parametrize("written", ["2026-13-01", "2026-02-29", "2026-12-01T25:00", "0001-01-01T00:00+01:00"])
def test_a_day_that_does_not_exist_is_refused(written: str) -> None:
    """Written well, and still no date."""
    with pytest.raises(ValueError, match="no such day or time"):
        moment(written)
