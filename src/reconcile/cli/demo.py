"""``reconcile demo``: a guided first run. Every command shown is really run, by the real program, over real HTTP."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import click

from reconcile.cli.border import guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, current
from reconcile.cli.sandbox import require_sandbox

# A person moves the board's report to 03:00 in the browser; nobody tells the files.
BY_HAND = {
    "frequency": "monthlyrelative",
    "weekInMonth": "Last",
    "dayInWeek": "Sunday",
    "time": {"hour": 3, "minute": 0, "timeZone": "America/Los_Angeles"},
}


@click.command("demo")
@common
@guarded
def command() -> int:
    """Show the main job against the sandbox: plan, apply, an empty plan, drift, and back.

    Starts the simulators on loopback, copies the example workspace into a temporary folder, and runs real commands on
    it. Needs no account and leaves nothing behind.
    """
    require_sandbox()
    from reconcile.sandbox import Sandbox, Server, environment

    example = _example()
    with tempfile.TemporaryDirectory(prefix="reconcile-demo-") as folder, Server(Sandbox()) as server:
        shutil.copytree(example, Path(folder, "desired_state"), ignore=shutil.ignore_patterns(".reconcile"))
        tour = _Tour(Path(folder), {**os.environ, **environment(server.url)}, colored=_colored())
        tour.say(f"The simulators of three platforms are listening on {server.url}.")
        tour.say("This is a part of the example workspace, desired_state/sales.yaml:")
        tour.show_file("desired_state/sales.yaml", 12)
        tour.say("Are the files right? (No network needed.)")
        tour.run("validate", expect=0)
        tour.say("What would change? Nothing is changed anywhere by asking.")
        tour.run("plan", "--requests", expect=0)
        tour.say("Make it so.")
        tour.run("apply", "--yes", expect=0)
        tour.say("Once more: live is as the files say, so there is nothing to do.")
        tour.run("plan", "--detailed-exitcode", expect=0)
        tour.say("Now somebody moves the board's report to 03:00 by hand, in the browser ...")
        _edit_by_hand(server.url)
        tour.say("... and the check that runs on a timer finds it (exit code 5).")
        tour.run("drift", expect=5)
        tour.say("Put it right: the file says 00:00.")
        tour.run("apply", "--yes", expect=0)
        tour.run("drift", expect=0)
        tour.say("Jobs, too: a pipeline starts each of them once. What would it do?")
        tour.run("run", "refresh", "--plan", expect=0)
        tour.say("Run it to its end. (Ctrl-C would stop watching, twice would stop the jobs; `resume` goes on.)")
        _quicken(server.url)
        tour.run("run", "refresh", "--poll-interval", "0.2", expect=0)
        tour.run("runs", expect=0)
        tour.say(
            "That was the main job. Try it yourself: `reconcile sandbox` in one terminal, the commands in another."
        )
    return ExitCode.DONE


class _Tour:
    """Runs commands as a reader would type them, and stops when one does not do what the tour says it does."""

    def __init__(self, folder: Path, environment: dict[str, str], *, colored: bool) -> None:
        self._folder = folder
        self._environment = environment
        self._colored = colored

    def say(self, text: str) -> None:
        """Print a sentence of the guide."""
        click.secho(f"\n# {text}", fg="cyan" if self._colored else None, color=self._colored)

    def show_file(self, name: str, lines: int) -> None:
        """Print the beginning of a file."""
        text = Path(self._folder, name).read_text(encoding="utf-8").splitlines()[:lines]
        click.echo("\n".join(f"    {line}" for line in text))

    def run(self, *words: str, expect: int) -> None:
        """Run a command and show it with all it prints."""
        click.secho(f"\n$ reconcile {shlex.join(words)}", bold=self._colored, color=self._colored)
        sys.stdout.flush()
        found = subprocess.run(  # noqa: S603 - this very program, with fixed words
            [sys.executable, "-m", "reconcile", *words], cwd=self._folder, env=self._environment, check=False
        )
        if found.returncode != expect:
            raise click.ClickException(f"`reconcile {shlex.join(words)}` ended with {found.returncode}, not {expect}")


def _edit_by_hand(url: str) -> None:
    """Do what a person does on the sandbox's page."""
    _admin("PUT", f"{url}/_sandbox/crm/assets/recipe/Board_Pack/schedule", BY_HAND)


def _quicken(url: str) -> None:
    """Let simulated Tamr jobs take a moment instead of seconds: nobody wants to watch a demo wait."""
    _admin("PATCH", f"{url}/_sandbox/switches", {"tamr_pending_seconds": 0.1, "tamr_running_seconds": 0.4})


def _admin(method: str, url: str, body: object) -> None:
    request = urllib.request.Request(  # noqa: S310 - the sandbox's own loopback address
        url, data=json.dumps(body).encode(), method=method, headers={"Content-Type": "application/json"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10):
        pass


def _example() -> Path:
    """Return the example workspace: of the checkout, or of the folder we are in."""
    for candidate in (Path("desired_state"), Path(__file__).parents[3] / "desired_state"):
        if (candidate / "sales.yaml").is_file() and (candidate / "reconcile.yaml").is_file():
            return candidate
    raise click.ClickException("the example workspace is not here: run the demo in a checkout of the project")


def _colored() -> bool:
    return current().color_for(sys.stdout)
