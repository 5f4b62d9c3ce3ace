"""What a command finds in one workspace of a fleet: the document it would print there, and its exit code."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconcile.alerts.send import Ways
from reconcile.cli.alerting import check_sinks
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.zone import reader_zone
from reconcile.config.load import Config
from reconcile.core.acknowledge import sorted_drift
from reconcile.core.address import Selection
from reconcile.core.alerted import Alerted
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError, Refused
from reconcile.core.fleet import Member, Outcome, Result
from reconcile.core.redact import Redactor, cleaned
from reconcile.engine.alerting import alert as tell
from reconcile.engine.alerting import alert_failure
from reconcile.engine.check import Checked, check_drift
from reconcile.engine.events import Listener
from reconcile.engine.experience import informed
from reconcile.engine.fleet import Lending
from reconcile.engine.link import Outside
from reconcile.engine.lint import with_findings
from reconcile.engine.outlook import outlook_of, viewer_of
from reconcile.engine.place import Place
from reconcile.engine.planning import Wish, from_files, make_plan
from reconcile.library.checked import checked_document
from reconcile.library.compose import keep_secrets, links_of, place_of, read_files
from reconcile.library.origin import origin_of
from reconcile.library.validated import validated
from reconcile.render.json import error_document, plan_document

OUTCOMES: Mapping[int, Outcome] = {
    ExitCode.DONE: Outcome.OK,
    ExitCode.CHANGES: Outcome.CHANGES,
    ExitCode.DRIFT: Outcome.DRIFT,
    ExitCode.REFUSED: Outcome.REFUSED,
}

# What a command says of a workspace: its exit code, the document, and whether it is to be looked at again, alone.
Said = tuple[ExitCode, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Opened:
    """A workspace whose files are read. ``redactor`` knows its secrets."""

    member: Member
    config: Config
    place: Place
    redactor: Redactor


def opened(member: Member, listener: Listener, command: str) -> Opened | Result:
    """Return the workspace, read but not looked at yet; makes no call. Or what is wrong with it."""
    redactor, began = Redactor(), time.monotonic()

    def read(_: object) -> Opened:
        config = read_files(Path(member.path).absolute(), member.environment, os.environ)
        keep_secrets(config, redactor)
        origin = origin_of(command, os.environ, None)
        return Opened(member, config, place_of(config, Outside(listener, redactor, os.environ), origin), redactor)

    found = _safely(read, None)
    return found if isinstance(found, Opened) else _result(member, found, redactor, began)


def looked(item: Opened, look: Callable[[Opened], Said]) -> Result:
    """Return what ``look`` says of a workspace; what it raises is the workspace's result. Never raises."""
    began = time.monotonic()
    return _result(item.member, _safely(look, item), item.redactor, began)


def failed(item: Opened, told: Diagnostic) -> Result:
    """Return the result of a workspace that must not be looked at."""
    said = ExitCode.FAILED, error_document([told])
    return _result(item.member, said, item.redactor, time.monotonic())


def validating() -> Callable[[Opened], Said]:
    """Return what checks the files of a workspace, as ``validate`` does."""
    now = datetime.now(UTC)

    def look(item: Opened) -> Said:
        found = validated(item.config, links_of(item.config), Selection(), now, item.redactor)
        return ExitCode.DONE, found.to_json()

    return look


def drifting(
    lending: Lending, say: Callable[[str], None], *, exact: bool, alert: bool = False
) -> Callable[[Opened], Said]:
    """Return what compares a workspace's record with what is live, as ``drift`` does; with ``alert`` it tells sinks.

    ``say`` takes what a sink prints: stdout holds the result, once for all.

    First with what others may have read of the same account a moment before. What seems to have drifted is looked at
    again with readers of its own: since that list was made somebody may have applied.
    """
    wish = Wish(exact=exact)

    def found_in(place: Place) -> Checked:
        if exact:
            return check_drift(place, wish)
        found = check_drift(lending.lent(place), wish)
        return check_drift(place, wish) if found.drift else found

    def look(item: Opened) -> Said:
        if not alert:
            return _drift(item, found_in(item.place), None)
        check_sinks(item.config)
        ways = Ways(lambda text: say(item.redactor.clean(text)), item.config.root)
        try:
            found = found_in(item.place)
        except ReconcileError as error:
            alert_failure(item.place, error.diagnostics, ways)
            raise
        return _drift(item, found, tell(item.place, found, ways))

    return look


def _drift(item: Opened, found: Checked, alerted: Alerted | None) -> Said:
    place = item.place
    sides = sorted_drift(found.drift, place.acknowledged, place.environment, found.at)
    diagnostics = [*item.config.diagnostics, *found.diagnostics, *sides.diagnostics]
    diagnostics += alerted.diagnostics if alerted else ()
    document = checked_document(found, sides, diagnostics, alerted)
    return ExitCode.FAILED if found.failed else ExitCode.DRIFT if sides.counted else ExitCode.DONE, document


def planning(lending: Lending, *, exact: bool, reassert: bool) -> Callable[[Opened], Said]:
    """Return what makes a workspace's plan, as ``plan --detailed-exitcode`` does; shared lists as in ``drifting``."""
    zone = reader_zone(None, os.environ)
    wish = Wish(reassert=reassert, exact=exact)

    def once(place: Place, config: Config) -> Said:
        planned = make_plan(place, informed(from_files(wish)))
        viewer = viewer_of(place, zone)
        if planned.plan.changes:
            planned = replace(planned, outlook=outlook_of(place, planned, viewer, ()))
        planned = with_findings(place, planned, viewer.start)
        made = planned.plan
        document = plan_document(made, outlook=planned.outlook)
        if made.has_errors:
            return ExitCode.FAILED, document
        if made.refusals:
            return ExitCode.REFUSED, document
        return (ExitCode.CHANGES if made.changes else ExitCode.DONE), document

    def look(item: Opened) -> Said:
        if exact:
            return once(item.place, item.config)
        said = once(lending.lent(item.place), item.config)
        return once(item.place, item.config) if _found_something(said) else said

    return look


def _found_something(said: Said) -> bool:
    """Say whether it is worth another look. What could not be read is not: the waits for it would be had again."""
    return any(said[1].get(key) for key in ("drift", "changes", "acknowledged", "refused"))


def _safely(function: Callable[[Any], Any], argument: object) -> Any:
    try:
        return function(argument)
    except ReconcileError as error:
        code = ExitCode.REFUSED if isinstance(error, Refused) else ExitCode.FAILED
        return code, error_document(error.diagnostics)
    except Exception as error:
        return ExitCode.FAILED, error_document([_defect(error)])


def _result(member: Member, said: Said, redactor: Redactor, began: float) -> Result:
    code, document = said
    outcome = OUTCOMES.get(code, Outcome.FAILED)
    seconds = round(time.monotonic() - began, 3)
    return Result(member.name, outcome, int(code), cleaned(document, redactor.clean), seconds)


def _defect(error: Exception) -> Diagnostic:
    return Diagnostic(
        "internal-error",
        "A defect of reconcile",
        f"{type(error).__name__}: {error}",
        hint="run the command in this workspace alone with -v, and report what it prints",
    )
