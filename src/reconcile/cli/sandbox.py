"""``reconcile sandbox``: the platforms' simulators on loopback."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, current
from reconcile.cli.seconds import Seconds


@click.command("sandbox")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    metavar="N",
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option("--state", "state_dir", metavar="DIR", help="Keep the simulators' state here between restarts.")
@click.option("--seed", type=click.Choice(("example", "empty")), default="example", show_default=True)
@click.option("--latency", type=Seconds(0), default=0.0, metavar="SECONDS", help="Delay every answer.")
@common
@guarded
def command(port: int, state_dir: str | None, seed: str, latency: float) -> int:
    """Run simulators of CRM Analytics, Tailer and Tamr Cloud until Ctrl-C.

    Open the printed address in a browser to look at their state and to change it as a person would. The example
    workspace (desired_state) works against it with the environment variables that are printed.
    """
    require_sandbox()
    from reconcile.sandbox import Sandbox, Server, environment

    options = current()
    sandbox = Sandbox(Path(state_dir) if state_dir else None, seed=seed)
    sandbox.latency = latency
    server = Server(sandbox, port)
    try:
        server.start()
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be used: {error.strerror or error}; try --port 0") from None
    variables = environment(server.url)
    if options.is_json:
        document = {"format": "reconcile.sandbox/1", "url": server.url, "environment": variables, "diagnostics": []}
        border().print_document(document)
    else:
        exports = "".join(f"export {name}={value}\n" for name, value in variables.items())
        click.echo(
            f"# The sandbox listens on {server.url} (look at it in a browser; Ctrl-C stops it).\n{exports}", nl=False
        )
    sys.stdout.flush()
    server.serve()
    return ExitCode.DONE


def require_sandbox() -> None:
    """Raise a usage error when what the simulators need is not installed."""
    from importlib.util import find_spec

    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import ReconcileError

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise ReconcileError(
            Diagnostic(
                "extra-missing",
                "The sandbox is not installed",
                f"The simulators need {' and '.join(missing)}.",
                hint='pip install "reconcile[sandbox]"',
            )
        )
