"""``reconcile jobs ...``: one platform job by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from reconcile.cli import complete_value
from reconcile.cli.border import guarded
from reconcile.cli.options import common, watching_options
from reconcile.cli.starting import Wish, connection_option, duration, start_options

if TYPE_CHECKING:
    from reconcile.cli.by_hand import Hand
    from reconcile.core.operation import JobQuery
    from reconcile.engine.link import Link
    from reconcile.render.jobs import Placed

# `core.operation.JobState`, which `--help` does without; a test keeps them the same.
STATES = ("pending", "running", "succeeded", "failed", "stopped", "unknown")
_AGE = re.compile(r"(?:([0-9]{1,5})d)?((?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?)")


def when(text: str) -> datetime:
    """Return the instant that ISO 8601 names (UTC without an offset), or an age such as ``2h`` or ``7d``; aware."""
    try:
        if found := _AGE.fullmatch(text):
            return datetime.now(UTC) - _age(*found.groups())
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        hint = "write 2026-11-22T14:00:00Z, 2026-11-22, or an age: 2h, 7d"
        raise click.BadParameter(f'"{text}" is no time: {hint}') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group("jobs")
@common
def command() -> None:
    """One job by hand, on any platform: start it, list what there is, show, watch or stop it.

    A job is started once, also when the command is cut off and repeated. --connection can be left out where it is
    clear: only one fits, or this workspace started the job.
    """


@command.command("start")
@click.argument("operation")
@click.argument("settings", nargs=-1, metavar="KEY=VALUE...")
@start_options()
@common
@guarded
def start_command(operation: str, settings: tuple[str, ...], wish: Wish) -> int:
    """Start a job: `reconcile jobs start tamr.load source=src_a --wait`.

    OPERATION and its settings are those of a pipeline's step. A start of the same work that was cut off is gone on
    with, and that is said. With --wait, Ctrl-C stops watching, twice stops the job.

    Exit 0 when it was started (with --wait: succeeded), 6 when it could not be, failed or was stopped, 7 when it goes
    on unwatched, 1 when nobody can say, 3 when another process is starting the same.
    """
    from reconcile.cli.by_hand import pairs
    from reconcile.cli.starting import started

    return started(operation, pairs(settings), wish)


@command.command("list")
@click.option(
    "--connection",
    "connections",
    multiple=True,
    metavar="NAME",
    help="Only there; may be repeated.",
    shell_complete=complete_value.connections,
)
@click.option("--operation", metavar="NAME", help="Only jobs of this operation, e.g. tamr.load.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(STATES), help="Only in this state; may be repeated."
)
@click.option("--status", "words", multiple=True, metavar="WORD", help="Only in this state, in the platform's word.")
@click.option("--active", is_flag=True, help="Only jobs that are not over.")
@click.option("--since", type=when, metavar="WHEN", help="Created then or later: ISO 8601, or an age: 2h, 7d.")
@click.option("--until", type=when, metavar="WHEN", help="Created before.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Only with this setting, e.g. source=src_a."
)
@click.option("--filter", "expression", default="", metavar="EXPR", help="In the platform's own filter language.")
@click.option("--limit", type=click.IntRange(min=0), default=30, show_default=True, help="At most so many; 0 is all.")
@common
@guarded
def list_command(
    connections: tuple[str, ...],
    operation: str | None,
    states: tuple[str, ...],
    words: tuple[str, ...],
    active: bool,
    since: datetime | None,
    until: datetime | None,
    settings: tuple[str, ...],
    expression: str,
    limit: int,
) -> int:
    """List jobs, newest first, whoever started them. Without --connection: of every connection that can have such jobs.

    Exit 1 when a connection could not be asked; the others are shown all the same.
    """
    from reconcile.cli.by_hand import at_hand, pairs
    from reconcile.core.operation import JobQuery, JobState

    if active and states:
        raise click.UsageError("--active is --state pending, running and unknown: give one of the two")
    wanted = frozenset(state for state in JobState if (not state.is_over if active else state.value in states))
    query = JobQuery(operation or "", pairs(settings), wanted, since, until, words, expression)
    with at_hand() as hand:
        links = _asked(hand, query, connections)
        return _list(hand, links, query, limit)


@command.command("show")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@connection_option
@common
@guarded
def show_command(jobs: tuple[str, ...], connection: str | None) -> int:
    """Show jobs, with all that the platform tells. Exit 1 when one cannot be shown, whatever became of it."""
    from reconcile.cli.by_hand import at_hand
    from reconcile.cli.watched_jobs import show

    with at_hand() as hand:
        return show(hand, [(hand.of_job(job, connection), job) for job in jobs])


@command.command("nodes")
@click.argument("job")
@click.argument("node", required=False)
@connection_option
@common
@guarded
def nodes_command(job: str, node: str | None, connection: str | None) -> int:
    """List the parts of a job, or show one by its id or name. Tamr and Tailer show none."""
    from reconcile.cli.by_hand import at_hand
    from reconcile.cli.watched_jobs import nodes_of
    from reconcile.render.jobs import nodes_document, nodes_text

    with at_hand() as hand:
        link = hand.of_job(job, connection)
        found = nodes_of(hand, link, job, node)
        hand.progress.pause()
        if hand.options.is_json:
            hand.edge.print_document(nodes_document(link.name, job, found))
        else:
            hand.edge.print(nodes_text(found, hand.screen))
    return 0


@command.command("wait")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@connection_option
@watching_options
@click.option("--wait-timeout", type=duration, metavar="DURATION", help="Stop watching after this; the jobs go on.")
@common
@guarded
def wait_command(jobs: tuple[str, ...], connection: str | None, poll_interval: float, wait_timeout: int | None) -> int:
    """Watch jobs, whoever started them, until all are over. Ctrl-C stops watching, twice stops the jobs.

    Exit 0 when all succeeded, 6 when one failed or was stopped, 7 when one goes on unwatched, 1 when nobody can say.
    """
    from reconcile.cli.by_hand import at_hand
    from reconcile.cli.watched_jobs import wait

    with at_hand() as hand:
        return wait(hand, [(hand.of_job(job, connection), job) for job in jobs], poll_interval, wait_timeout)


@command.command("stop")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@connection_option
@click.option("--wait", is_flag=True, help="Watch the jobs until they are over.")
@watching_options
@common
@guarded
def stop_command(jobs: tuple[str, ...], connection: str | None, wait: bool, poll_interval: float) -> int:
    """Ask for jobs to be stopped, whoever started them. One may go on for a while, or end by itself before.

    Exit 0 when all were asked for (with --wait: are over), 1 when one could not be, 7 when one goes on unwatched.
    """
    from reconcile.cli.by_hand import at_hand
    from reconcile.cli.watched_jobs import stop

    with at_hand() as hand:
        return stop(hand, [(hand.of_job(job, connection), job) for job in jobs], poll_interval if wait else None)


# -- list --------------------------------------------------------------------------------------------------------------


def _asked(hand: Hand, query: JobQuery, named: Sequence[str]) -> list[Link]:
    """Return the connections to ask; a usage error when none of them has such jobs."""
    links = [hand.named(name) for name in dict.fromkeys(named)] or list(hand.links().values())
    if not links:
        raise click.UsageError("this workspace has no connection with jobs")
    if query.operation:
        links = _kept(links, lambda link: query.operation in link.operations, _operations, query.operation)
    for key in query.settings:
        links = _kept(links, lambda link: key in _settings(link, query.operation), _all_settings, key)  # noqa: B023
    if query.expression and len(links) > 1:
        names = ", ".join(link.name for link in links)
        raise click.UsageError(f"--filter is in one platform's own language: name it with --connection, one of {names}")
    return links


def _kept(
    links: Sequence[Link], fits: Callable[[Link], bool], known: Callable[[Link], Sequence[str]], word: str
) -> list[Link]:
    from reconcile.core.diagnostic import did_you_mean

    kept = [link for link in links if fits(link)]
    if kept:
        return kept
    words = sorted({each for link in links for each in known(link)})
    hint = did_you_mean(word, words) or f"there are: {', '.join(words)}"
    raise click.UsageError(f'no jobs of {", ".join(link.name for link in links)} have "{word}"; {hint}')


def _operations(link: Link) -> list[str]:
    return [name for name, operation in link.operations.items() if operation.watchable]


def _settings(link: Link, operation: str) -> set[str]:
    names = [operation] if operation else _operations(link)
    return {field for name in names for field in link.operations[name].entry.model_fields}


def _all_settings(link: Link) -> list[str]:
    return sorted(_settings(link, ""))


def _list(hand: Hand, links: Sequence[Link], query: JobQuery, limit: int) -> int:
    from itertools import islice

    from reconcile.cli.by_hand import at
    from reconcile.cli.exit_codes import ExitCode
    from reconcile.core.diagnostic import Diagnostic, Severity
    from reconcile.core.errors import ReconcileError
    from reconcile.engine.link import side_by_side
    from reconcile.render.jobs import Placed, jobs_document, jobs_text

    with hand.operators() as operators:

        def ask(link: Link) -> list[Placed] | tuple[Diagnostic, ...]:
            try:
                # One more than is shown, to know whether there are more.
                jobs = hand.patiently(
                    link, lambda: list(islice(operators[link.name].jobs(query), limit + 1 if limit else None))
                )
            except ReconcileError as error:
                return at(link, error)
            return [Placed(link.name, job) for job in jobs]

        answers = side_by_side(ask, links, len(links))
    jobs = sorted(
        (each for answer in answers if isinstance(answer, list) for each in answer), key=_age_of, reverse=True
    )
    diagnostics = [each for answer in answers if isinstance(answer, tuple) for each in answer]
    failed = bool(diagnostics)
    has_more = bool(limit) and len(jobs) > limit
    if has_more:
        jobs, words = jobs[:limit], f"The newest {limit} are shown; there are more."
        diagnostics.append(
            Diagnostic("more-jobs", "There are more", words, "--limit 0 lists all", severity=Severity.NOTE)
        )
    hand.progress.pause()
    hand.edge.show(diagnostics, hand.options)
    if hand.options.is_json:
        hand.edge.print_document(jobs_document(jobs, diagnostics))
    elif jobs or not failed:
        more = f"The newest {limit} are shown; --limit 0 lists all.\n" if has_more else ""
        hand.edge.print(jobs_text(jobs, hand.screen) + more)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _age_of(placed: Placed) -> datetime:
    """Return when a job was created; what tells nothing of it counts as new."""
    known = placed.job.created_at or placed.job.started_at
    return datetime.fromisoformat(known) if known else datetime.max.replace(tzinfo=UTC)


def _age(days: str | None, rest: str) -> timedelta:
    from reconcile.config.duration import seconds

    if not days and not rest:
        raise ValueError("nothing is no age")
    return timedelta(days=int(days or 0), seconds=seconds(rest) if rest else 0)
