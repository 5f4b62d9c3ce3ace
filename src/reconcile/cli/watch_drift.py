"""``reconcile watch``: the check of ``drift``, again and again in one process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.fleet_options import refuse_fleet
from reconcile.cli.metrics_file import metrics_option, metrics_path
from reconcile.cli.options import common, needs_format

if TYPE_CHECKING:
    from reconcile.cli.stop_signal import Stop
    from reconcile.engine.watching import Pace, Verdict

# Below that a watch does nothing but ask; a check of a large workspace takes longer anyway.
SHORTEST_SECONDS = 1
# How far --jitter puts a round off, as a share of the period.
JITTER = 0.1


def _period(context: click.Context, parameter: click.Parameter, text: str) -> int:
    from reconcile.config.duration import seconds

    try:
        found = seconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None
    if found < SHORTEST_SECONDS:
        raise click.BadParameter(f"at least {SHORTEST_SECONDS}s", context, parameter)
    return found


def _host(context: click.Context, parameter: click.Parameter, text: str) -> str:
    if not text.strip():
        # To a socket that means every address; here it is a variable that is not set.
        raise click.BadParameter("it is empty; 0.0.0.0 is every address of this machine", context, parameter)
    return text


@click.command("watch")
@click.option("--every", default="15m", show_default=True, metavar="DURATION", callback=_period, help="The period.")
@click.option("--alert", "alerts", is_flag=True, help="Tell those whom reconcile.yaml names of what is new.")
@click.option("--jitter", is_flag=True, help="Put each round off by chance, up to a tenth of the period.")
@click.option("--rounds", type=click.IntRange(min=1), metavar="N", help="End after so many rounds.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="PORT", help="Serve /healthz, /readyz and /metrics.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="HOST", callback=_host, help="Address to serve on."
)
@click.option("--exact", is_flag=True, help="Read every object itself, also where a list shows it.")
@metrics_option
@common
@guarded
def command(
    every: int, alerts: bool, jitter: bool, rounds: int | None, port: int | None, host: str, exact: bool
) -> int:
    """Look for drift at once and then --every so often, until somebody stops it. Reads only.

    One line a round on stdout; with --format json one JSON document a line. A round that fails is told, and the next
    one comes. After --rounds the exit code is that of `drift` for the last of them: 0 no drift, 5 drift, 1 failed.
    0 on SIGTERM, 130 on Ctrl-C.
    """
    from contextlib import ExitStack

    from reconcile.cli.drift_rounds import Rounds
    from reconcile.cli.health import serving
    from reconcile.cli.observing import count_calls
    from reconcile.cli.stop_signal import stop_signals
    from reconcile.engine.watching import watch

    options = needs_format("text", "json")
    refuse_fleet(options)
    count_calls()
    with stop_signals(_sayer()) as stop, ExitStack() as stack:
        pace = _pace(every, stop, jitter=jitter)
        found = Rounds(options, pace, alerts=alerts, exact=exact, metrics=_from_here(metrics_path()))
        if port is not None:
            chosen = stack.enter_context(serving(host, port, found.pages()))
            shown = f"[{host}]" if ":" in host else host
            _sayer()(f"health: http://{shown}:{chosen}/readyz")
        verdict = watch(found, pace, rounds)
        return _code(verdict) if stop.code is None else stop.code


def _code(verdict: Verdict) -> ExitCode:
    """Return the exit code that `drift` has for a look that came to this."""
    return {"in-sync": ExitCode.DONE, "drift": ExitCode.DRIFT, "failed": ExitCode.FAILED}[verdict]


def _pace(every: int, stop: Stop, *, jitter: bool) -> Pace:
    from reconcile.engine.watching import Pace

    # By chance, not by design, and of no use to anybody who guesses it.
    delay = (lambda: random.uniform(0, JITTER * every)) if jitter else float  # noqa: S311
    return Pace(every, time.monotonic, stop.wait, delay)


def _sayer() -> Callable[[str], None]:
    """Return what says a line on stderr, from any thread."""
    from reconcile.cli.progress import Progress

    return Progress(needs_format("text", "json"), border()).note


def _from_here(path: Path | None) -> Path | None:
    return path.absolute() if path else None
