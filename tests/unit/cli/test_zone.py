"""Whose clock times are shown on: asked for, from the environment, or the machine's."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from reconcile.cli.zone import reader_zone


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Return the `/etc` of a machine in Paris whose `timezone` file was forgotten in Rome."""
    (tmp_path / "localtime").symlink_to("../usr/share/zoneinfo/Europe/Paris")
    (tmp_path / "timezone").write_text("Europe/Rome\n")
    return tmp_path


def test_what_was_asked_for_wins(etc: Path) -> None:
    environ = {"RECONCILE_ZONE": "Asia/Tokyo", "TZ": "America/New_York"}
    assert reader_zone("Asia/Kathmandu", environ, etc) == "Asia/Kathmandu"
    assert reader_zone(None, environ, etc) == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("tz", "expected"),
    [
        ("America/New_York", "America/New_York"),
        (":America/New_York", "America/New_York"),
        ("UTC", "UTC"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Paris"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Europe/Paris"),
        ("localtime", "Europe/Paris"),
        ("America", "Europe/Paris"),
        ("", "Europe/Paris"),
    ],
)
def test_tz_counts_where_it_is_the_name_of_a_zone(tz: str, expected: str, etc: Path) -> None:
    assert reader_zone(None, {"TZ": tz}, etc) == expected


def test_the_machines_own_link_comes_before_what_its_file_says(etc: Path) -> None:
    assert reader_zone(None, {}, etc) == "Europe/Paris"
    (etc / "localtime").unlink()
    assert reader_zone(None, {}, etc) == "Europe/Rome"
    (etc / "timezone").write_bytes(b"\xff\n")
    assert reader_zone(None, {}, etc) == "UTC"
    (etc / "timezone").unlink()
    assert reader_zone(None, {}, etc) == "UTC"


@pytest.mark.parametrize("database", ["zoneinfo/posix/Europe/Oslo", "zoneinfo/right/Europe/Oslo"])
def test_a_link_into_a_variant_of_the_database_names_the_zone(database: str, tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to(f"/usr/share/{database}")
    assert reader_zone(None, {}, tmp_path) == "Europe/Oslo"


def test_a_link_that_leads_elsewhere_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("/var/lib/somewhere")
    assert reader_zone(None, {}, tmp_path) == "UTC"


def test_an_unknown_zone_is_wrong_usage_with_the_near_one(etc: Path) -> None:
    with pytest.raises(click.UsageError, match=r'--zone: no time zone is called "Europe/Pariss".*"Europe/Paris"'):
        reader_zone("Europe/Pariss", {}, etc)
    with pytest.raises(click.UsageError, match='RECONCILE_ZONE: no time zone is called "nowhere"; for example'):
        reader_zone(None, {"RECONCILE_ZONE": "nowhere"}, etc)


def test_a_machine_without_a_place_is_on_utc(tmp_path: Path) -> None:
    assert reader_zone(None, {"TZ": "Etc/UTC"}, tmp_path) == "UTC"
