"""The program: its commands, and the border at which errors become words and exit codes.

Commands are imported when they are run: ``--help`` and ``--version`` must not pay for HTTP and validation.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

import click

from reconcile import __version__
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reconcile.core.diagnostic import Diagnostic

# Command -> (module, what it does). Kept here as text, so that the list of commands costs no import.
COMMANDS = {
    "init": ("init", "Write a new workspace."),
    "doctor": ("doctor", "Check what is needed, and say how to mend what is not."),
    "validate": ("validate", "Check the files; no network."),
    "plan": ("plan", "Show what apply would change; changes nothing anywhere."),
    "calendar": ("calendar", "Show when everything runs: a week, a list, a picture."),
    "apply": ("apply", "Make live what the files say."),
    "drift": ("drift", "Show what moved on the platform since our last apply; reads only."),
    "watch": ("watch_drift", "Look for drift again and again, in one process."),
    "import": ("import_", "Write down what is live and in no file yet."),
    "accept": ("accept", "Take what moved on the platform into the file it came from."),
    "explain": ("explain", "Tell all there is to know of one object."),
    "history": ("history", "List what was applied, by whom and from where; or show one apply."),
    "undo": ("undo", "Take an apply back: a plan, with what was changed since left alone."),
    "run": ("run", "Run a pipeline to its end; or go on with one that was cut off."),
    "runs": ("runs", "List the runs of pipelines and what became of their steps."),
    "resume": ("resume", "Go on with a run: what was cut off, failed or was stopped."),
    "stop": ("stop", "Stop a run and its jobs."),
    "jobs": ("jobs", "One job by hand: start, stop, list, show, nodes, wait."),
    "tamr": ("tamr", "Tamr Cloud's own verbs: load, update, publish."),
    "crm": ("crm", "CRM Analytics' own verbs: start, sync, stop, limits."),
    "tailer": ("tailer", "Tailer's own verbs: launch, statuses, reset, flags."),
    "state": ("state", "Look at what is recorded, forget of it, break a lock."),
    "fleet": ("fleet", "Many workspaces: which there are, and the results of shards as one."),
    "schema": ("schema", "Print the JSON Schema of the files."),
    "completion": ("completion", "Print the script that makes a shell complete what you type."),
    "sandbox": ("sandbox", "Run simulators of the platforms on loopback."),
    "demo": ("demo", "A guided first run against the sandbox."),
}


class LazyGroup(click.Group):
    """A group that imports a command only to run it or to show that command's own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, or None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"reconcile.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that ``args`` name; a usage error with a suggestion when there is none."""
        from reconcile.core.diagnostic import did_you_mean

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], COMMANDS)
            ctx.fail(f"no such command: {args[0]!r}{'; ' + hint if hint else ''}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Return what begins with ``incomplete``: commands from the table above, none imported, and options."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=what) for name, (_, what) in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reconcile")
@common
def cli() -> None:
    """Desired-state files for data platforms: schedules, flags and resets as code.

    `reconcile plan` shows what would change, `reconcile apply` changes it, `reconcile drift` says what somebody
    changed by hand. `reconcile demo` shows all of it without an account anywhere.

    Exit codes: 0 done, 1 failed, 2 changes pending (plan --detailed-exitcode), 3 refused, 4 applied in part,
    5 drift found, 6 a run or job failed, 7 stopped watching (the job goes on), 64 wrong usage, 130 interrupted.
    """


# Collecting garbage among the hundred thousand live objects of a large workspace costs a third of a plan's CPU time.
_GC_THRESHOLDS = (100_000, 50, 50)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program and exit with its code."""
    gc.set_threshold(*_GC_THRESHOLDS)
    if asked := os.environ.get("_RECONCILE_COMPLETE"):
        from reconcile.cli.complete import answer

        click.echo(answer(cli, asked).encode(), nl=False)
        sys.stdout.flush()
        os._exit(ExitCode.DONE)
    code = run(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # Everything is written and closed. Taking ten thousand objects apart takes a while, and after an interrupt threads
    # may still wait for an answer that nobody wants any more.
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run the program with these arguments and return its exit code. Nothing escapes as a traceback by accident."""
    try:
        with cli.make_context("reconcile", list(arguments)) as context:
            result = cli.invoke(context)
        sys.stdout.flush()
        return int(result) if isinstance(result, int) else ExitCode.DONE
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        is_usage = isinstance(error, click.UsageError)
        code, message = "usage" if is_usage else "failed", error.format_message()
        if not _logged(code, message, arguments):
            error.show()
        _document(code, message, arguments)
        # 64, since click's own 2 means that changes are pending.
        return ExitCode.USAGE if is_usage else ExitCode.FAILED
    except (KeyboardInterrupt, click.Abort):
        if not _logged("interrupted", "It was interrupted.", arguments):
            click.echo("interrupted", err=True)
        _document("interrupted", "It was interrupted.", arguments)
        return ExitCode.INTERRUPTED
    except OSError as error:
        return _no_output(error) if error.filename is None else _no_file(error, arguments)


def _document(code: str, message: str, arguments: list[str]) -> None:
    """Print the one JSON document that stdout holds on an error, if one was asked for."""
    if not _asks_for_json(arguments, "--format"):
        return
    from reconcile.render.json import document_text, error_document

    click.echo(document_text(error_document([_diagnostic(code, message)])), nl=False)
    sys.stdout.flush()


def _logged(code: str, message: str, arguments: list[str]) -> bool:
    """Say it in a line of JSON, if stderr is to hold such lines; return whether it is."""
    if not _asks_for_json(arguments, "--log-format"):
        return False
    from reconcile.cli.log import Log
    from reconcile.core.redact import Redactor

    Log(Redactor()).diagnostics([_diagnostic(code, message)])
    return True


def _diagnostic(code: str, message: str) -> Diagnostic:
    from reconcile.core.diagnostic import Diagnostic

    summary = {"usage": "Wrong usage", "interrupted": "Interrupted"}.get(code, "It failed")
    return Diagnostic(code, summary, message)


def _no_file(error: OSError, arguments: list[str]) -> int:
    """Return the exit code when a file or folder could not be used, with its name and the reason told."""
    name = os.fsencode(error.filename).decode("utf-8", "backslashreplace")
    message = f"{name}: {error.strerror or error}"
    if not _logged("failed", message, arguments):
        click.echo(f"error: {message}", err=True)
    _document("failed", message, arguments)
    return ExitCode.FAILED


def _no_output(error: OSError) -> int:
    """Return the exit code when stdout takes no more. Whoever closed it (`| head`) has seen enough."""
    if not isinstance(error, BrokenPipeError):
        click.echo(f"error: the output cannot be written: {error.strerror or error}", err=True)
    # What is still buffered goes nowhere, quietly.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.FAILED


def _asks_for_json(arguments: list[str], option: str) -> bool:
    variable = f"RECONCILE_{option.removeprefix('--').replace('-', '_').upper()}"
    if os.environ.get(variable) == "json" and option not in arguments:
        return True
    return f"{option}=json" in arguments or (option, "json") in pairwise(arguments)
