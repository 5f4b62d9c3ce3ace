"""What is noted of every command, whatever it does: how long it took and how it ended, as span, log lines, numbers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from reconcile import __version__
from reconcile.cli import metrics as of
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.metrics import Meter
from reconcile.cli.metrics_file import metrics_path
from reconcile.cli.options import current
from reconcile.core.redact import Redactor
from reconcile.core.trace import UNTRACED, Span, Tracer
from reconcile.engine.telemetry import flush, found_tracer, within

_METER, _TRACER = "reconcile.meter", "reconcile.tracer"
# How a command ends that did what it was asked for; drift and pending changes are answers, no failures.
_WELL = frozenset({ExitCode.DONE, ExitCode.CHANGES, ExitCode.DRIFT, ExitCode.STOPPED_WATCHING})

Ended = Callable[[int], int]


def meter() -> Meter:
    """Return the numbers of the running command."""
    found: Meter = click.get_current_context().meta.setdefault(_METER, Meter())
    return found


def tracer() -> Tracer:
    """Return who is told what takes how long in the running command."""
    found: Tracer = click.get_current_context().meta.get(_TRACER, UNTRACED)
    return found


def count_calls() -> None:
    """Have the calls of the running command counted, from now on; each once, however often this is called."""
    from reconcile.cli.measure import Counting

    if not isinstance(found := tracer(), Counting):
        click.get_current_context().meta[_TRACER] = Counting(meter(), found)


@contextmanager
def observing(redactor: Callable[[], Redactor]) -> Iterator[Ended]:
    """Yield what is to be told the exit code. What leaves the block as an exception has one, too."""
    context = click.get_current_context()
    command = context.command_path.partition(" ")[2]
    began, code = time.monotonic(), int(ExitCode.FAILED)
    found = context.meta[_TRACER] = found_tracer(os.environ)
    if metrics_path():
        count_calls()
    _log(redactor, "command_began", command=command, version=__version__)

    def ended(given: int) -> int:
        nonlocal code
        code = given
        return given

    try:
        with within(os.environ, found), found.span(f"reconcile {command}", {"reconcile.command": command}) as span:
            try:
                yield ended
            except BaseException as error:
                code = _code_of(error)
                raise
            finally:
                _tell(span, code)
    finally:
        flush(found)
        seconds = time.monotonic() - began
        _write_numbers(command, code, seconds)
        _log(redactor, "command_ended", command=command, exit_code=code, seconds=round(seconds, 3))


def _tell(span: Span, code: int) -> None:
    span.set("reconcile.exit_code", code)
    if code not in _WELL:
        span.fail(ExitCode(code).name.lower())


def _code_of(error: BaseException) -> int:
    match error:
        case click.UsageError():
            return ExitCode.USAGE
        case click.exceptions.Exit():
            return error.exit_code
        case KeyboardInterrupt() | click.Abort():
            return ExitCode.INTERRUPTED
        case _:
            return ExitCode.FAILED


def _log(redactor: Callable[[], Redactor], event: str, **named: object) -> None:
    if current().logs_json:
        from reconcile.cli.log import Level, Log

        Log(redactor()).write(event, Level.INFO, **named)


def _write_numbers(command: str, code: int, seconds: float) -> None:
    if path := metrics_path():
        numbers = meter()
        numbers.put(of.COMMAND_CODE, code, command)
        numbers.put(of.COMMAND_SECONDS, seconds, command)
        numbers.put(of.COMMAND_AT, time.time(), command)
        write_numbers(path, numbers)


def write_numbers(path: Path, numbers: Meter) -> None:
    """Write the numbers; where that fails it is told, and the command ends as it would have ended."""
    from reconcile.cli.border import border
    from reconcile.cli.metrics_file import write_metrics
    from reconcile.core.diagnostic import Diagnostic, Severity

    try:
        write_metrics(path, numbers)
    except OSError as error:
        told = Diagnostic(
            "metrics-not-written",
            "The numbers are not written",
            f"Cannot write {path}: {error.strerror or error}.",
            severity=Severity.WARNING,
        )
        border().show([told], current())
