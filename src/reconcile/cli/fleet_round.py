"""One command over every workspace of a fleet, in one process: read all, look at each, print and write the result."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconcile.cli.border import border
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.fleet_look import Opened, Said, drifting, failed, looked, opened, planning, validating
from reconcile.cli.fleet_options import Round
from reconcile.cli.log import Log
from reconcile.cli.options import Options, needs_format, write_line
from reconcile.cli.progress import Progress
from reconcile.config.fleet import read_roster
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import ReconcileError
from reconcile.core.fleet import Fleet, Member, Outcome, Result, Roster
from reconcile.core.redact import Redactor, cleaned
from reconcile.engine.events import Event, Listener, Waiting
from reconcile.engine.fleet import Lending, each_of
from reconcile.render.fleet import fleet_document, fleet_text
from reconcile.render.fleet_markdown import fleet_markdown
from reconcile.render.json import document_text
from reconcile.render.terminal import counted
from reconcile.state.private_file import write_private

# A round says about this many times how far it is.
_LINES = 10
_MOST_TWICE = 5
_MOST_NAMED = 3


def go_through(command: str, round_: Round, options: Options, own: Mapping[str, Any]) -> int:
    """Run ``command`` in every workspace that ``-C`` names and is of this shard; return the worst exit code.

    What fails in one workspace is its result, and the others go on. Prints one summary in the format asked for, and
    writes the same as JSON where ``--results`` says. Raises ``ConfigError`` when it is not known which workspaces
    there are.
    """
    needs_format("text", "json", "markdown")
    roster = read_roster(str(options.workspace), options.env, Path.cwd())
    if round_.results is not None:
        # Before anything is looked at: nobody is to wait for a result that has nowhere to go.
        with _unwritable():
            round_.results.mkdir(parents=True, exist_ok=True)
    members = [each for each in roster.members if round_.shard is None or round_.shard.holds(each.name)]
    began, progress = _now(), Progress(options, border())
    listener = _waits(progress)
    with Lending(listener, os.environ) as lending:
        look = _look(command, lending, _sayer(options), own)
        found = _opened(members, listener)
        results, diagnostics = _results(found, look, round_.parallel, progress)
        clean = lending.redactor.clean
        results = [replace(each, document=cleaned(each.document, clean)) for each in results]
    fleet = _fleet(command, roster, round_, began, results, diagnostics)
    if round_.results is not None:
        _write(round_.results, fleet)
    show(fleet, options)
    return exit_code(fleet, detailed=bool(own.get("detailed_exitcode", True)))


def show(fleet: Fleet, options: Options) -> None:
    """Print what was found in a fleet, in the format asked for."""
    edge = border()
    match options.format:
        case "json":
            edge.print_document(fleet_document(fleet))
        case "markdown":
            edge.print(fleet_markdown(fleet))
        case _:
            edge.show(fleet.diagnostics, options)
            edge.print(fleet_text(fleet, color=options.color_for(sys.stdout), details=bool(options.verbose)))


def exit_code(fleet: Fleet, *, detailed: bool = True) -> ExitCode:
    """Return the exit code of the worst workspace; a shard that is missing has failed. Without ``detailed``, no 2."""
    if fleet.missing_shards:
        return ExitCode.FAILED
    match fleet.outcome:
        case Outcome.OK:
            return ExitCode.DONE
        case Outcome.CHANGES:
            return ExitCode.CHANGES if detailed else ExitCode.DONE
        case Outcome.DRIFT:
            return ExitCode.DRIFT
        case Outcome.REFUSED:
            return ExitCode.REFUSED
        case _:
            return ExitCode.FAILED


def _look(
    command: str, lending: Lending, say: Callable[[str], None], own: Mapping[str, Any]
) -> Callable[[Opened], Said]:
    match command:
        case "validate":
            return validating()
        case "drift":
            return drifting(lending, say, exact=bool(own["exact"]), alert=bool(own["alert"]))
        case _:
            return planning(lending, exact=bool(own["exact"]), reassert=bool(own["reassert"]))


def _opened(members: Iterable[Member], listener: Listener) -> list[Opened | Result]:
    words = shlex.join(["reconcile", *sys.argv[1:]])
    return [opened(member, listener, words) for member in members]


def _results(
    found: Sequence[Opened | Result], look: Callable[[Opened], Said], parallel: int, progress: Progress
) -> tuple[list[Result], list[Diagnostic]]:
    read = [each for each in found if isinstance(each, Opened)]
    results = [each for each in found if isinstance(each, Result)]
    shared = _sharing_state(read)
    results += [failed(item, _shared_state(item, others)) for item, others in shared]
    alone = [item for item in read if item not in [each for each, _ in shared]] if shared else read
    results += each_of(lambda item: looked(item, look), alone, parallel, _counting(len(alone), progress))
    return sorted(results, key=lambda each: each.name), _declared_twice(read)


def _fleet(
    command: str,
    roster: Roster,
    round_: Round,
    began: str,
    results: Iterable[Result],
    diagnostics: Iterable[Diagnostic],
) -> Fleet:
    return Fleet(command, roster.source, roster.names, tuple(results), began, _now(), round_.shard, tuple(diagnostics))


def _sharing_state(items: Iterable[Opened]) -> list[tuple[Opened, list[str]]]:
    """Return the workspaces that keep their record where another one does, with the names of the others."""
    places: dict[str, list[Opened]] = {}
    for item in items:
        place = item.place.backend.place("state")
        # A folder may be written in many ways: from each workspace another one, or through a link.
        places.setdefault(os.path.realpath(place) if Path(place).is_absolute() else place, []).append(item)
    return [
        (item, [other.member.name for other in sharing if other is not item])
        for sharing in places.values()
        if len(sharing) > 1
        for item in sharing
    ]


def _shared_state(item: Opened, others: list[str]) -> Diagnostic:
    return Diagnostic(
        "fleet-shared-state",
        "Two workspaces keep one record",
        f"{item.member.name} keeps its state where {_named(others)} does: each would take the other's objects for "
        "removed from the files.",
        "give each workspace a state: of its own, for example with its name at the end",
    )


def _named(others: list[str]) -> str:
    """Return the first few names: a copied template may have given one place to hundreds."""
    more = len(others) - _MOST_NAMED
    return " and ".join([*others[:_MOST_NAMED], *([f"{more:,} more"] if more > 0 else [])])


def _declared_twice(items: Iterable[Opened]) -> list[Diagnostic]:
    """Return a warning for each two workspaces that ask for the same objects: whoever applies last wins."""
    first: dict[tuple[object, ...], str] = {}
    shared: dict[tuple[str, str], list[str]] = {}
    for item in items:
        accounts = item.place.accounts
        for address in item.config.desired:
            provider = item.config.connections[address.connection].provider
            key = (provider, accounts[address.connection], address.kind, address.name)
            other = first.setdefault(key, item.member.name)
            if other != item.member.name:
                shared.setdefault((other, item.member.name), []).append(str(address))
    told = [_twice(*pair, addresses) for pair, addresses in shared.items()]
    missing = len(told) - _MOST_TWICE
    return told if missing <= 0 else [*told[:_MOST_TWICE], _more_twice(missing)]


def _twice(one: str, other: str, addresses: list[str]) -> Diagnostic:
    more = f" and {counted(len(addresses) - 1, 'more object')}" if len(addresses) > 1 else ""
    verb = "are" if more else "is"
    return Diagnostic(
        "fleet-object-twice",
        "Two workspaces ask for one object",
        f"{addresses[0]}{more} {verb} declared in {one} and in {other}: whoever applies last wins, and the other sees "
        "drift.",
        "keep one of the entries",
        severity=Severity.WARNING,
    )


def _more_twice(pairs: int) -> Diagnostic:
    return Diagnostic(
        "fleet-object-twice",
        "More workspaces ask for the same objects",
        f"So do {counted(pairs, 'more pair')} of workspaces.",
        "`fleet list` names all workspaces; do two of them lead to one folder or account?",
        severity=Severity.WARNING,
    )


def _write(folder: Path, fleet: Fleet) -> None:
    name = f"{fleet.command}-{fleet.shard.index}-of-{fleet.shard.count}" if fleet.shard else fleet.command
    # Secrets are out of every document already; names and schedules are still nobody else's business.
    with _unwritable():
        write_private(folder / f"{name}.json", document_text(fleet_document(fleet)).encode())


@contextmanager
def _unwritable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReconcileError(_no_room(f"{error.filename}: {error.strerror or error}.")) from None
    except ReconcileError as error:
        raise ReconcileError(_no_room(error.diagnostics[0].detail)) from None


def _no_room(detail: str) -> Diagnostic:
    return Diagnostic("fleet-result-unwritable", "The result cannot be written", detail, "name another --results DIR")


def _counting(total: int, progress: Progress) -> Callable[[int], None]:
    step = max(1, total // _LINES)

    def told(done: int) -> None:
        if total > _LINES and done % step == 0 and done < total:
            progress.note(f"{done:,} of {total:,} workspaces")

    return told


def _waits(progress: Progress) -> Listener:
    """Return what says on stderr what makes everybody wait; one workspace's progress is lost among hundreds."""

    def told(event: Event) -> None:
        if isinstance(event, Waiting):
            progress(event)

    return told


def _sayer(options: Options) -> Callable[[str], None]:
    """Return what says a text on stderr, from any thread: only the first one knows which command is running."""
    if not options.logs_json:
        return write_line
    log = Log(Redactor())
    return lambda text: log.write("message", text=text.strip())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
