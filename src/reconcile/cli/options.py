"""Options that every command takes, before or after its name, and from ``RECONCILE_<OPTION>``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from reconcile.cli import complete_value
from reconcile.cli.seconds import Seconds

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_META = "reconcile.options"
_TYPED = "reconcile.options.typed"
LOG_FORMATS = ("text", "json")
FORMATS = ("text", "json", "markdown", "html", "svg", "ics")


@dataclass(slots=True)
class Options:
    """What was asked for, wherever on the command line it stood; the place nearest to the command wins."""

    workspace: str | None = None
    env: str | None = None
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    format: str = "text"
    no_color: bool = False
    verbose: int = 0
    log_format: str = "text"

    def color_for(self, stream: Any) -> bool:
        """Say whether text for ``stream`` is coloured: a terminal, and nobody asked for none (no-color.org)."""
        return not self.no_color and not os.environ.get("NO_COLOR") and bool(getattr(stream, "isatty", bool)())

    @property
    def is_json(self) -> bool:
        """Say whether stdout is to hold one JSON document."""
        return self.format == "json"

    @property
    def logs_json(self) -> bool:
        """Say whether stderr is to hold JSON lines."""
        return self.log_format == "json"

    @property
    def workspace_dir(self) -> Path | None:
        """The folder named by ``-C``, if any; not one that ``RECONCILE_WORKSPACE`` names, which errors call by that."""
        if not self.workspace or self.workspace == os.environ.get("RECONCILE_WORKSPACE"):
            return None
        return Path(self.workspace)


def current() -> Options:
    """Return the options of the command that is running."""
    options: Options = click.get_current_context().meta.setdefault(_META, Options())
    return options


def typed() -> frozenset[str]:
    """Return the names of the common options that stood on the command line; the others came from elsewhere."""
    return frozenset(click.get_current_context().meta.get(_TYPED, ()))


def common(command: Decorated) -> Decorated:
    """Add the options that every command takes."""
    for decorate in reversed(_OPTIONS):
        command = decorate(command)
    return command


def needs_format(*formats: str) -> Options:
    """Return the current options; a usage error when the format asked for is none of ``formats``."""
    options = current()
    if options.format not in formats:
        known = ", ".join(formats)
        raise click.UsageError(f"this command has no --format {options.format}; it has: {known}")
    return options


def _kept(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    source = context.get_parameter_source(parameter.name or "")
    if value is None or source is click.core.ParameterSource.DEFAULT:
        return value
    options: Options = context.meta.setdefault(_META, Options())
    name = str(parameter.name)
    typed: set[str] = context.meta.setdefault(_TYPED, set())
    if source is click.core.ParameterSource.ENVIRONMENT:
        # Read again for the command itself; by then the command line may have spoken, and it wins.
        if name not in typed:
            setattr(options, name, value)
        return value
    if isinstance(parameter, click.Option) and parameter.multiple and name in typed:
        value = (*getattr(options, name), *value)
    typed.add(name)
    setattr(options, name, value)
    return value


def _option(*names: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    return click.option(*names, callback=_kept, expose_value=False, **settings)


_OPTIONS = (
    _option(
        "-C",
        "--workspace",
        metavar="DIR",
        envvar="RECONCILE_WORKSPACE",
        help="Folder with reconcile.yaml.",
        shell_complete=complete_value.folders,
    ),
    _option(
        "--env",
        metavar="NAME",
        envvar="RECONCILE_ENV",
        help="Environment of the workspace.",
        shell_complete=complete_value.environments,
    ),
    _option(
        "--select",
        multiple=True,
        metavar="GLOB",
        envvar="RECONCILE_SELECT",
        help="Only these addresses.",
        shell_complete=complete_value.addresses,
    ),
    _option(
        "--exclude",
        multiple=True,
        metavar="GLOB",
        envvar="RECONCILE_EXCLUDE",
        help="Not these addresses.",
        shell_complete=complete_value.addresses,
    ),
    _option(
        "--format",
        type=click.Choice(FORMATS),
        envvar="RECONCILE_FORMAT",
        help="What stdout holds.  [default: text]",
    ),
    _option("--no-color", is_flag=True, envvar="RECONCILE_NO_COLOR", help="No colours."),
    _option("-v", "--verbose", count=True, envvar="RECONCILE_VERBOSE", help="Say more."),
    _option(
        "--log-format",
        type=click.Choice(LOG_FORMATS),
        envvar="RECONCILE_LOG_FORMAT",
        help="What stderr holds; json is one event a line.  [default: text]",
    ),
)


def guard_options(command: Decorated) -> Decorated:
    """Add what lifts guards: ``--allow-deletes N``, ``--allow-account NAME`` (see ``check_connections``)."""
    with_account = click.option(
        "--allow-account",
        "allow_accounts",
        multiple=True,
        metavar="CONNECTION",
        envvar="RECONCILE_ALLOW_ACCOUNT",
        shell_complete=complete_value.connections,
        help="Take the account that this connection leads to now for the right one.",
    )(command)
    return click.option(
        "--allow-deletes",
        type=click.IntRange(min=0),
        metavar="N",
        help="Lift the delete guards for a plan with at most N deletes.",
    )(with_account)


def override_option(command: Decorated) -> Decorated:
    """Add ``--override REASON``, which lifts freezes."""
    return click.option(
        "--override",
        metavar="REASON",
        envvar="RECONCILE_OVERRIDE",
        callback=_reason,
        help="Go ahead inside a freeze; the reason is kept in the history.",
    )(command)


def _reason(context: click.Context, parameter: click.Parameter, reason: str | None) -> str | None:
    if reason is None:
        return None
    words = " ".join(reason.split())
    if not words:
        raise click.BadParameter("say why: it is kept in the history", context, parameter)
    return words


def watching_options(command: Decorated) -> Decorated:
    """Add the options of commands that watch jobs."""
    return click.option(
        "--poll-interval",
        type=Seconds(0.05),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        envvar="RECONCILE_POLL_INTERVAL",
        help="Seconds between two looks at a job.",
    )(command)


def has_terminal() -> bool:
    """Say whether there is somebody to ask. cron and systemd may give no stdin at all."""
    return sys.stdin is not None and sys.stdin.isatty()


def out(text: str) -> None:
    """Print a result on stdout; what its encoding has no character for is spelled out."""
    try:
        click.echo(text, nl=False, color=True)
    except UnicodeEncodeError as error:
        spelled = text.encode(error.encoding, "backslashreplace").decode(error.encoding)
        click.echo(spelled, nl=False, color=True)


def err(text: str) -> None:
    """Print a message on stderr; a line of its own where stderr holds JSON lines."""
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(_META, Options()).logs_json:
        from reconcile.cli.log import Level, line

        text = line("message", Level.INFO, {"text": text.strip()})
    write_line(text)


def write_line(text: str) -> None:
    """Write text on stderr as it is."""
    click.echo(text, nl=False, err=True, color=True)
    sys.stderr.flush()
