"""``reconcile tailer ...``: Tailer's own verbs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from reconcile.cli.border import guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, has_terminal
from reconcile.cli.starting import Wish, connection_option, start_options

if TYPE_CHECKING:
    from reconcile.cli.by_hand import Hand
    from reconcile.core.address import Address
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.operation import Job
    from reconcile.core.snapshot import Values
    from reconcile.engine.switch_flags import Switched
    from reconcile.providers.tailer.operator import TailerOperator

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

PROVIDER = "tailer"
# `providers.tailer.operations.SETTABLE`, which `--help` does without; a test keeps them the same.
STATUSES = ("SUCCESS", "FAILED", "RUNNING", "NO_MATCH", "CHECKED")


def day(text: str) -> str:
    """Return a day, written ``2026-11-22``; a usage error for anything else."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) and date.fromisoformat(text):
            return text
    except ValueError:
        pass
    raise click.BadParameter(f'"{text}" is no day: write 2026-11-22')


_type = click.option("--type", "type_", required=True, metavar="TYPE", help="Type of the data operation.")
_id = click.option("--id", "id_", required=True, metavar="ID", help="Its id, as deployed.")
_job_id = click.option("--job-id", metavar="ID", help="The job within it, where its type has several.")
_day = click.option("--execution-date", type=day, metavar="DAY", help="Runs that began on this day.")
_status = click.option("--status", metavar="STATUS", help="Runs with this status, e.g. FAILED.")


@click.group("tailer")
@common
def command() -> None:
    """Tailer's own verbs, on one account and environment. Runs are listed and watched by `reconcile jobs`, too."""


@command.command("launch")
@click.option("--type", "type_", required=True, metavar="TYPE", help="table-to-table or table-to-storage.")
@_id
@click.option("--execution-date", type=day, metavar="DAY", help="The day to run it for.")
@start_options(stoppable=False)
@common
@guarded
def launch_command(type_: str, id_: str, execution_date: str | None, wish: Wish) -> int:
    """Launch a data operation. A run cannot be stopped: the platform has no such call."""
    from reconcile.cli.starting import started

    of_day = {} if execution_date is None else {"execution_date": execution_date}
    return started("tailer.launch", {"type": type_, "id": id_, **of_day}, wish)


@command.command("reset")
@click.argument("workflow")
@start_options(stoppable=False, watchable=False)
@common
@guarded
def reset_command(workflow: str, wish: Wish) -> int:
    """Reset a workflow now. It forgets which of its triggers have arrived; that cannot be seen, and not taken back."""
    from reconcile.cli.starting import started

    return started("tailer.reset", {"workflow": workflow}, wish)


@command.command("check")
@click.argument("run")
@_type
@_id
@_job_id
@connection_option
@common
@guarded
def check_command(run: str, type_: str, id_: str, job_id: str | None, connection: str | None) -> int:
    """Show one run of a data operation, whatever became of it."""
    return _runs(type_, connection, lambda operator: (operator.check(type_, id_, run, job_id),), whole=True)


@command.command("last")
@_type
@_id
@_job_id
@_day
@_status
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.  [default: as many as Tailer likes]")
@connection_option
@common
@guarded
def last_command(
    type_: str,
    id_: str,
    job_id: str | None,
    execution_date: str | None,
    status: str | None,
    limit: int | None,
    connection: str | None,
) -> int:
    """List the last runs of a data operation, newest first."""
    status = status and status.upper()
    return _runs(
        type_,
        connection,
        lambda operator: operator.last_status(
            type_, id_, job_id=job_id, execution_date=execution_date, status=status, limit=limit
        ),
    )


@command.command("by-status")
@_type
@_status
@_day
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True, help="At most so many.")
@connection_option
@common
@guarded
def by_status_command(
    type_: str, status: str | None, execution_date: str | None, limit: int, connection: str | None
) -> int:
    """List the runs of all data operations of a type, newest first."""
    status = status and status.upper()
    return _runs(
        type_,
        connection,
        lambda operator: operator.by_status(type_, status=status, execution_date=execution_date, limit=limit),
    )


@command.command("set-status")
@click.argument("run")
@_type
@_id
@click.option(
    "--status", required=True, type=click.Choice(STATUSES, case_sensitive=False), help="What the run is to have."
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@connection_option
@common
@guarded
def set_status_command(run: str, type_: str, id_: str, status: str, yes: bool, connection: str | None) -> int:
    """Set the status of a run. SUCCESS may start other data operations, so it asks; CHECKED starts nothing."""
    from reconcile.cli.by_hand import at_hand

    status = status.upper()
    with at_hand() as hand:
        link = hand.of_provider(PROVIDER, connection)
        _check_type(type_)
        warnings = [_may_start(run)] if status == "SUCCESS" else []
        hand.edge.show(warnings, hand.options)
        if warnings and not yes:
            _ask(hand, f"Set run {run} to SUCCESS?")
        with hand.operators() as operators:
            # Once: SUCCESS sent twice may start what follows twice.
            cast("TailerOperator", operators[link.name]).set_status(type_, id_, run, status)
        hand.progress.pause()
        if not hand.options.is_json:
            hand.edge.print(f"Run {run} of {type_}:{id_} was set to {status}.\n")
            return ExitCode.DONE
        from reconcile.render.diagnostics import as_json

        told = {"connection": link.name, "run": run, "type": type_, "id": id_, "status": status}
        hand.edge.print_document({"format": "reconcile.tailer-status/1", **told, "diagnostics": as_json(warnings)})
    return ExitCode.DONE


def _flag_options(command: Decorated) -> Decorated:
    for decorate in reversed((_type, _id, connection_option, common)):
        command = decorate(command)
    return command


@command.command("activate")
@_flag_options
@guarded
def activate_command(type_: str, id_: str, connection: str | None) -> int:
    """Switch a data operation on, now. What is recorded of it is kept right."""
    return _switched(type_, id_, connection, activated=True, archived=False)


@command.command("deactivate")
@_flag_options
@guarded
def deactivate_command(type_: str, id_: str, connection: str | None) -> int:
    """Switch a data operation off, now. What is recorded of it is kept right."""
    return _switched(type_, id_, connection, activated=False, archived=False)


@command.command("archive")
@_flag_options
@guarded
def archive_command(type_: str, id_: str, connection: str | None) -> int:
    """Put a data operation away, now; it is off, too. What is recorded of it is kept right."""
    return _switched(type_, id_, connection, activated=False, archived=True)


# -- runs --------------------------------------------------------------------------------------------------------------


def _runs(
    type_: str, connection: str | None, ask: Callable[[TailerOperator], tuple[Job, ...]], *, whole: bool = False
) -> int:
    """Print the runs that a question has as its answer; ``whole``: with all that is known of each."""
    from reconcile.cli.by_hand import at_hand
    from reconcile.render.jobs import Placed, jobs_document, jobs_text

    with at_hand() as hand:
        link = hand.of_provider(PROVIDER, connection)
        _check_type(type_)
        with hand.operators() as operators:
            operator = cast("TailerOperator", operators[link.name])
            jobs = [Placed(link.name, job) for job in hand.patiently(link, lambda: ask(operator))]
        if whole:
            hand.tell_jobs(jobs)
            return ExitCode.DONE
        hand.progress.pause()
        if hand.options.is_json:
            hand.edge.print_document(jobs_document(jobs))
        else:
            hand.edge.print(jobs_text(jobs, hand.screen))
    return ExitCode.DONE


def _check_type(type_: str) -> None:
    from typing import get_args

    from reconcile.core.diagnostic import did_you_mean
    from reconcile.providers.tailer.kinds import ConfigurationType

    known = get_args(ConfigurationType)
    if type_ not in known:
        hint = did_you_mean(type_, known) or f"there are: {', '.join(known)}"
        raise click.UsageError(f'"{type_}" is no type of data operation; {hint}')


def _may_start(run: str) -> Diagnostic:
    from reconcile.core.diagnostic import Diagnostic, Severity
    from reconcile.providers.tailer.operations import SUCCESS_WARNING

    return Diagnostic("may-start-workflows", f"Run {run} to SUCCESS", SUCCESS_WARNING, severity=Severity.WARNING)


def _ask(hand: Hand, question: str) -> None:
    """Ask; raise ``Refused`` unless the answer is yes."""
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import Refused

    if not has_terminal():
        raise Refused(Diagnostic("no-terminal", "There is no terminal to ask on", question, "run it with --yes"))
    hand.progress.pause()
    if not click.confirm(question, err=True):
        raise Refused(Diagnostic("declined", "Nothing was done", f"{question} No."))


# -- flags -------------------------------------------------------------------------------------------------------------


def _switched(type_: str, id_: str, connection: str | None, *, activated: bool, archived: bool) -> int:
    from reconcile.cli.by_hand import at_hand
    from reconcile.core.address import Address
    from reconcile.core.diagnostic import Diagnostic, Severity
    from reconcile.engine.switch_flags import switch_flags
    from reconcile.providers.tailer.kinds import Configuration, ConfigurationKind

    with at_hand(applies=True) as hand:
        link = hand.of_provider(PROVIDER, connection)
        _check_type(type_)
        entry = Configuration(type=cast("Any", type_), id=id_, activated=activated, archived=archived)
        declared = ConfigurationKind().declare(entry, link.settings)
        address = Address(link.name, ConfigurationKind.name, declared.name)
        doubts = [
            Diagnostic(code, "Is this the right id?", detail, hint, address=str(address), severity=Severity.WARNING)
            for code, _, detail, hint in declared.advice
        ]
        hand.edge.show(doubts, hand.options)
        done = switch_flags(hand.place, address, declared.values)
        return _told(hand, address, declared.values, done, doubts)


def _told(hand: Hand, address: Address, values: Values, done: Switched, doubts: list[Diagnostic]) -> int:
    notes = _about_files(hand, address, values, done)
    hand.progress.pause()
    hand.edge.show(notes, hand.options)
    if hand.options.is_json:
        from reconcile.render.diagnostics import as_json

        told = {"address": str(address), "values": dict(values), "recorded": done.serial is not None}
        document = {"format": "reconcile.tailer-flags/1", **told, "serial": done.serial}
        hand.edge.print_document({**document, "diagnostics": as_json([*doubts, *notes])})
        return ExitCode.DONE
    from reconcile.render.terminal import value_text

    words = ", ".join(f"{name}: {value_text(value)}" for name, value in values.items())
    hand.edge.print(f"{address} was set to {words}{' (recorded)' if done.serial is not None else ''}.\n")
    return ExitCode.DONE


def _about_files(hand: Hand, address: Address, values: Values, done: Switched) -> list[Diagnostic]:
    """Return what the next plan will make of it, where that may be a surprise."""
    from reconcile.core.diagnostic import Diagnostic, Severity
    from reconcile.core.pause import asked_for
    from reconcile.render.terminal import value_text

    desired = hand.place.desired.get(address)
    if desired is None:
        if done.serial is None:
            return []
        detail = (
            f"{address} is recorded, and no file declares it: the next apply forgets it, and leaves it as it is now."
        )
        return [Diagnostic("not-declared", "No file declares it", detail, severity=Severity.WARNING)]
    kind = hand.place.kinds[address.connection, address.kind].kind
    asked = asked_for(kind, desired, None, hand.place.origin.applied_at, hand.place.hold)
    other = {name: value for name, value in asked.desired.values.items() if values[name] != value}
    if not other:
        return []
    held = f" and held ({asked.hold.reason})" if asked.hold and asked.is_paused else ""
    words = ", ".join(f"{name}: {value_text(value)}" for name, value in other.items())
    return [
        Diagnostic(
            "declared-otherwise",
            "A file declares it otherwise",
            f"{address} is declared{held} with {words}: the next apply sets it back.",
            "lift the hold, if it is to stay" if held else "change the file, too, if it is to stay",
            desired.source,
            str(address),
            Severity.WARNING,
        )
    ]
