"""``--metrics FILE``: the numbers of a command, for the textfile collector of Prometheus' node exporter."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from reconcile.cli.metrics import SUCCESS_AT, Meter

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_META = "reconcile.metrics"


def metrics_option(command: Decorated) -> Decorated:
    """Add ``--metrics FILE``. The file is written when the command ends, however it ends (``cli.observing``)."""
    return click.option(
        "--metrics",
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar="RECONCILE_METRICS",
        expose_value=False,
        callback=_kept,
        help="Write numbers for Prometheus there, also on failure.",
    )(command)


def metrics_path() -> Path | None:
    """Return where the running command is to write its numbers; None when nobody asked for them."""
    path: Path | None = click.get_current_context().meta.get(_META)
    return path


def write_metrics(path: Path, meter: Meter) -> None:
    """Write the numbers at ``path``: whole or not at all, mode 0644, since another user's collector reads them.

    When the last success is not known here, that of the file before stays: a failed check must not hide how long ago
    the last good one was. Raises ``OSError``; then what was there is as it was.
    """
    if meter.value(SUCCESS_AT) is None and (before := _last_success(path)) is not None:
        meter.put(SUCCESS_AT, before)
    # Not named *.prom before it is whole: the collector reads everything of that name.
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(meter.text())
            os.fchmod(file.fileno(), 0o644)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _last_success(path: Path) -> float | None:
    """Return the time of the last success as the file before has it; None without one that can be read."""
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(" ")
            if name == SUCCESS_AT.name:
                return float(value)
    return None


def _kept(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    if path is None:
        return
    if str(path) == "-":
        raise click.BadParameter("numbers go to a file, not to stdout", context, parameter)
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}", context, parameter)
    context.meta[_META] = path
