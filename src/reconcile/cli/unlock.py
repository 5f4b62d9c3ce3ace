"""``reconcile state unlock``: the way out when a lock stays behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from reconcile.cli import complete_value
from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common, err, has_terminal, needs_format

if TYPE_CHECKING:
    from reconcile.engine.unlock import Held

UNLOCK_FORMAT = "reconcile.unlock/1"


@click.command("unlock")
@click.argument("pipeline", required=False, shell_complete=complete_value.pipelines)
@click.option("--all", "every", is_flag=True, help="The locks of pipelines and jobs, too.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@common
@guarded
def unlock_command(pipeline: str | None, every: bool, yes: bool) -> int:
    """Break the lock on the state, or on a PIPELINE, whoever holds it. Shows first what it breaks.

    Who held the lock on the state cannot record any more what it does.
    """
    from reconcile.cli.workspace import open_workspace
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import Refused
    from reconcile.engine.claim import pipeline_key
    from reconcile.engine.events import unheard
    from reconcile.engine.unlock import locks, sweep, unlock
    from reconcile.state.lock import KEY

    options = needs_format("text", "json")
    if pipeline and every:
        raise click.UsageError("either a PIPELINE or --all")
    edge = border()
    workspace = open_workspace(options, unheard)
    place = workspace.place
    found = locks(place, workspace.config.pipelines)
    wanted = pipeline_key(pipeline) if pipeline else KEY
    chosen = [held for held in found if every or held.key == wanted]
    if pipeline and not chosen:
        workspace.pipeline(pipeline)  # a name that is none is said
    now = datetime.now(UTC)
    if chosen:
        err(edge.redactor.clean("".join(_told(held, now) for held in chosen)))
        question = f"Break {'it' if len(chosen) == 1 else f'all {len(chosen)}'}?{_warning(chosen, now)}"
        if not yes and not has_terminal():
            raise Refused(
                Diagnostic("no-terminal", "There is no terminal to ask on", question, hint="run it with --yes")
            )
        if not yes and not click.confirm(question, err=True):
            return ExitCode.REFUSED
    diagnostics = [each for held in chosen for each in unlock(place, held)]
    sweep(place)
    edge.show(diagnostics, options)
    if options.is_json:
        edge.print_document(_document(chosen, diagnostics))
    else:
        edge.print("".join(map(_broken, chosen)) or _none(found, pipeline))
    return ExitCode.DONE


def _told(held: Held, now: datetime) -> str:
    """Return all there is to know about a lock, a line each."""
    from reconcile.core.lapse import age
    from reconcile.render.terminal import when_text
    from reconcile.state.lock_info import iso

    if held.info is None:
        return f"The lock of {held.what} cannot be read: {held.trouble}\n"
    info, owner = held.info, held.info.owner
    at = iso(now)
    rest = f"ends in {age(at, iso(info.until))}" if info.until > now else f"ended {age(iso(info.until), at)} ago"
    lines = {
        "held by": f"{owner.by} on {owner.host}, process {owner.pid}",
        "command": owner.command,
        "job": owner.job or "",
        "since": f"{when_text(iso(info.since))} ({age(iso(info.since), at)} ago)",
        "lease": f"{rest}, at {when_text(iso(info.until))}",
        "apply": _flight(held),
    }
    body = "".join(f"  {name:<8} {_printable(text)}\n" for name, text in lines.items() if text)
    left = "  Nobody needs to break it: the next one who wants it takes it over.\n" if held.is_left(now) else ""
    return f"The lock of {held.what}\n{body}{left}"


def _flight(held: Held) -> str:
    """Return what a journal tells of the holder's apply; empty where there is none."""
    from reconcile.render.terminal import counted

    if held.changes is None or held.info is None:
        return ""
    return f"{held.info.owner.id} has {counted(held.changes, 'change')}, {held.in_flight} of them in flight"


def _warning(chosen: Iterable[Held], now: datetime) -> str:
    return "" if all(held.is_left(now) for held in chosen) else " Somebody may be at work."


def _broken(held: Held) -> str:
    left = " `reconcile plan` says what was in flight.\n" if held.in_flight else "\n"
    return f"Broken: the lock of {_named(held)}.{left}"


def _named(held: Held) -> str:
    if held.info is None:
        return f"{held.what}, which could not be read"
    return f"{held.what}, held by {_printable(held.info.owner.by)} on {_printable(held.info.owner.host)}"


def _none(found: Iterable[Held], pipeline: str | None) -> str:
    """Return that there is no such lock, and which there are."""
    others = "".join(f"There is one of {_named(held)}.\n" for held in found)
    return f"There is no lock{' on this pipeline' if pipeline else ''}.\n{others}"


def _document(chosen: Iterable[Held], diagnostics: Iterable[Any]) -> Mapping[str, Any]:
    from reconcile.render.diagnostics import as_json

    broken = [_lock_document(held) for held in chosen]
    return {"format": UNLOCK_FORMAT, "broken": bool(broken), "locks": broken, "diagnostics": as_json(diagnostics)}


def _lock_document(held: Held) -> Mapping[str, Any]:
    from reconcile.state.lock_info import iso

    info = held.info
    return {
        "of": held.what,
        "by": info and info.owner.by,
        "host": info and info.owner.host,
        "pid": info and info.owner.pid,
        "command": info and info.owner.command,
        "job": info and info.owner.job,
        "apply": info and info.owner.id,
        "since": info and iso(info.since),
        "until": info and iso(info.until),
        "changes": held.changes,
        "in_flight": held.in_flight,
    }


def _printable(text: str) -> str:
    from reconcile.render.terminal import printable

    return printable(text)
