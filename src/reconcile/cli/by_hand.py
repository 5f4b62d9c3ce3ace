"""What the commands for jobs by hand share: the workspace they work in, which connection is meant, reading patiently.

Imported when such a command runs, never for ``--help``.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count, islice
from typing import TypeVar

import click

from reconcile.cli.border import Border, border
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import Options, needs_format
from reconcile.cli.progress import Progress
from reconcile.cli.workspace import open_workspace
from reconcile.core.diagnostic import Diagnostic, Severity, did_you_mean
from reconcile.core.errors import AnswerLost, BadAnswer, LimitReached, ReconcileError, Unavailable
from reconcile.core.operation import Job, Limit
from reconcile.engine.events import Event, StepMoved, Waiting
from reconcile.engine.link import Link, open_operators
from reconcile.engine.place import Place
from reconcile.providers.base import Operator
from reconcile.render.jobs import Placed, Screen, job_text, jobs_document, limits_document, limits_text
from reconcile.state.run_log import Unreadable, read_runs

T = TypeVar("T")

# In how many of the newest runs of ours the connection of a job is looked for.
RUNS_TO_ASK = 200
# Why a job is not watched any more although nothing is wrong with it.
_MILD = ("wait-timeout", "not-watched")


@dataclass(frozen=True, slots=True)
class Hand:
    """Where a command for jobs by hand works, and where it prints."""

    options: Options
    edge: Border
    place: Place
    progress: Progress

    @property
    def screen(self) -> Screen:
        """What stdout is: as wide as the terminal, and of any width where it is none."""
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        return Screen(datetime.now(UTC), width, self.options.color_for(sys.stdout))

    # -- which connection

    def links(self, provider: str = "") -> Mapping[str, Link]:
        """Return the connections on which jobs can be listed, or all of one provider."""
        return {
            name: link
            for name, link in self.place.links.items()
            if (link.provider.name == provider if provider else any(o.watchable for o in link.operations.values()))
        }

    def for_operation(self, operation: str, named: str | None) -> Link:
        """Return the connection to start a job on; a usage error when it is not clear which."""
        fitting = {name: link for name, link in self.place.links.items() if operation in link.operations}
        if named is not None and self.named(named).name not in fitting:
            raise click.UsageError(f'connection "{named}" has no {operation}; {_those(fitting, "these have it")}')
        if not fitting:
            known = sorted({each for link in self.place.links.values() for each in link.operations})
            hint = did_you_mean(operation, known) or f"operations of this workspace: {', '.join(known)}"
            raise click.UsageError(f'no connection of this workspace has an operation "{operation}"; {hint}')
        return self._one(fitting, named, f"{operation} can be started on several")

    def of_provider(self, provider: str, named: str | None) -> Link:
        """Return the connection to a platform; a usage error when it is not clear which."""
        fitting = self.links(provider)
        if named is not None and self.named(named).name not in fitting:
            raise click.UsageError(f'connection "{named}" is none of {provider}; {_those(fitting, "these are")}')
        if not fitting:
            raise click.UsageError(f"this workspace has no connection with provider: {provider}")
        return self._one(fitting, named, f"there are several connections of {provider}")

    def of_job(self, job_id: str, named: str | None, provider: str = "") -> Link:
        """Return the connection that a job is on: the one named, the only one, or the one our own runs know it by."""
        fitting = self.links(provider)
        if named is not None or len(fitting) <= 1:
            return self.of_provider(provider, named) if provider else self._listing(fitting, named)
        known = {name: fitting[name] for name in self._started(job_id) if name in fitting}
        if not known:
            names = ", ".join(sorted(fitting))
            raise click.UsageError(
                f"no run of this workspace knows job {job_id}: say where it is with --connection, one of {names}"
            )
        return self._one(known, None, f"job {job_id} is known on several connections")

    def named(self, name: str) -> Link:
        """Return a connection by its name; a usage error when there is none."""
        if name not in self.place.links:
            known = ", ".join(sorted(self.place.links)) or "none"
            hint = did_you_mean(name, self.place.links) or f"connections of this workspace: {known}"
            raise click.UsageError(f'there is no connection "{name}"; {hint}')
        return self.place.links[name]

    def _listing(self, fitting: Mapping[str, Link], named: str | None) -> Link:
        if named is not None:
            return self.named(named)
        if not fitting:
            raise click.UsageError("this workspace has no connection with jobs")
        return next(iter(fitting.values()))

    def _one(self, fitting: Mapping[str, Link], named: str | None, trouble: str) -> Link:
        if named is not None:
            return fitting[named]
        if len(fitting) > 1:
            raise click.UsageError(f"{trouble}: name one with --connection, one of {', '.join(sorted(fitting))}")
        return next(iter(fitting.values()))

    def _started(self, job_id: str) -> list[str]:
        """Return the connections on which runs of ours have such a job, as far as the newest runs tell."""
        found: dict[str, None] = {}
        for run in islice(read_runs(self.place.backend), RUNS_TO_ASK):
            if not isinstance(run, Unreadable):
                found |= {connection: None for connection, job in run.jobs if job == job_id}
        return list(found)

    # -- what is asked

    @contextmanager
    def operators(self) -> Iterator[Mapping[str, Operator]]:
        """Yield what asks the platforms, by connection; opened when first used, closed at the end."""
        with open_operators(self.place.links, self.place.outside) as operators:
            yield operators

    def patiently(self, link: Link, ask: Callable[[], T]) -> T:
        """Return what a call returns that may be made again, waiting as the connection's settings say.

        Raises ``PlatformError`` when the platform refuses, or is not available for all that.
        """
        for attempt in count(1):
            try:
                return ask()
            except (Unavailable, LimitReached, AnswerLost, BadAnswer) as error:
                seconds = link.waits.before(attempt, error.retry_after)
                if seconds is None:
                    raise
                self.place.outside.listener(Waiting(link.name, _waits(error, seconds), seconds))
                time.sleep(seconds)
        raise AssertionError("it counts for ever")

    # -- what is told

    def tell_jobs(
        self, jobs: Sequence[Placed], diagnostics: Iterable[Diagnostic] = (), limits: Iterable[Limit] | None = None
    ) -> None:
        """Print jobs in full, and what is to be said on stderr."""
        found = tuple(diagnostics)
        self.progress.pause()
        self.edge.show(found, self.options)
        if self.options.is_json:
            self.edge.print_document(jobs_document(jobs, found, limits))
        elif jobs:
            self.edge.print("\n".join(job_text(each, self.screen) for each in jobs))

    def tell_limits(self, link: Link) -> int:
        """Print the limits that a platform tells of, and return the exit code. Raises ``PlatformError``."""
        with self.operators() as operators:
            operator = operators[link.name]
            found = self.patiently(link, lambda: operator.limits())
        self.progress.pause()
        if self.options.is_json:
            self.edge.print_document(limits_document(link.name, found))
        else:
            self.edge.print(limits_text(found) or f"{link.name} shows no limits to this user.\n")
        return ExitCode.DONE


@contextmanager
def at_hand(*, applies: bool = False) -> Iterator[Hand]:
    """Yield the workspace that a command works in, and its line on stderr; taken off the screen at the end."""
    options, edge = needs_format("text", "json"), border()
    with Progress(options, edge) as progress:

        def listener(event: Event) -> None:
            # That nothing was started is an error of its own, with the way out.
            if not (isinstance(event, StepMoved) and event.state == "failed" and not event.job):
                progress(event)

        workspace = open_workspace(options, listener, applies=applies)
        edge.show(workspace.config.diagnostics, options)
        yield Hand(options, edge, workspace.place, progress)


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """Return KEY=VALUE texts as a mapping; a usage error for anything else."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.UsageError(f'"{text}" is no KEY=VALUE')
        if key in found:
            raise click.UsageError(f"{key} is given twice: {key}={found[key]} and {text}")
        found[key] = value
    return found


def at(link: Link, error: ReconcileError) -> tuple[Diagnostic, ...]:
    """Return what went wrong on a connection, with its name."""
    return error.located(None, link.name)


def wait_command(link: Link, job: Job | str) -> str:
    """Return the command that watches a job."""
    job_id = job if isinstance(job, str) else job.id
    return shlex.join(["reconcile", "jobs", "wait", job_id, "--connection", link.name])


def unwatched(why: Iterable[Diagnostic], detail: str, command: str) -> list[Diagnostic]:
    """Return that nobody watches any more: ``why`` where it was no error, with the command that goes on."""
    hint = f"watch it again with `{command}`"
    found = [replace(each, hint=hint, severity=Severity.WARNING) if each.code in _MILD else each for each in why]
    if any(each.code in _MILD for each in found):
        return found
    return [*found, Diagnostic("not-watched", "Stopped watching", detail, hint, severity=Severity.WARNING)]


def _those(fitting: Mapping[str, Link], words: str) -> str:
    return f"{words}: {', '.join(sorted(fitting))}" if fitting else "no connection of this workspace does"


def _waits(error: ReconcileError, seconds: float) -> str:
    return f"{error.diagnostics[0].detail}: waiting {seconds:.1f} s"
