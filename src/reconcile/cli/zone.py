"""On whose clock times are shown: the zone of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from reconcile.cli import complete_value

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

VARIABLE = "RECONCILE_ZONE"
_ETC = Path("/etc")
# Names that a zone database on disk has besides those of zones.
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})


# What machines without a place call it; people know it by one name.
_UTC = frozenset({"Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})


def zone_option(command: Decorated) -> Decorated:
    """Add ``--zone ZONE``, which ``reader_zone`` takes."""
    return click.option(
        "--zone",
        metavar="ZONE",
        shell_complete=complete_value.zones,
        envvar=VARIABLE,
        help="Time zone of whoever reads it, by its IANA name.  [default: that of this machine]",
    )(command)


def reader_zone(option: str | None, environ: Mapping[str, str], etc: Path = _ETC) -> str:
    """Return the IANA name of the reader's zone: of ``--zone``, ``RECONCILE_ZONE``, ``TZ``, the machine; or ``UTC``.

    A ``TZ`` that is no IANA name (``CET-1CEST``) and a machine that names none are passed over. Raises
    ``UsageError``, with near names, for a zone that was asked for and that nobody knows.
    """
    if asked := option or environ.get(VARIABLE):
        if not _is_zone(asked):
            raise click.UsageError(_unknown(asked, "--zone" if option else VARIABLE))
        return asked
    found = (environ.get("TZ", "").removeprefix(":"), _linked(etc / "localtime"), _written(etc / "timezone"))
    name = next((name for name in found if _is_zone(name)), "UTC")
    return "UTC" if name in _UTC else name


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return name not in _NO_ZONES and bool(name)


def _unknown(name: str, where: str) -> str:
    from zoneinfo import available_timezones

    from reconcile.core.diagnostic import did_you_mean

    near = did_you_mean(name, available_timezones()) or "for example Europe/Paris, America/Los_Angeles, UTC"
    return f'{where}: no time zone is called "{name}"; {near}'


def _linked(path: Path) -> str:
    """Return the zone that a link into a zone database names; empty when it names none."""
    with suppress(OSError):
        target = str(path.readlink()).partition("/zoneinfo/")[2]
        return target.removeprefix("posix/").removeprefix("right/")
    return ""


def _written(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").strip()
    return ""
