"""People are told of drift: after a look, for ``drift --alert``, and after each of many. Nothing here makes a run fail.

The order is what makes it safe: decide, claim what is due (create-only), send, note it down. Whoever dies in between
leaves a claim that runs out, after which it is sent again: at least once, and twice only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from reconcile.alerts.alert import alerts_of, check_name, is_check
from reconcile.alerts.dedupe import Decision, Situation, claimed, decide, delivered, released
from reconcile.alerts.message import Message
from reconcile.alerts.send import NotDelivered, Ways, send
from reconcile.core.acknowledge import sorted_drift
from reconcile.core.address import Address, Selection
from reconcile.core.alert import Alerting, Memory, Sink
from reconcile.core.alerted import Alerted, Notice, Sent
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import StateError
from reconcile.core.snapshot import ReadFailed, Unreadable
from reconcile.engine.check import Checked
from reconcile.engine.link import side_by_side
from reconcile.engine.place import Place
from reconcile.state.alert_log import AlertLog, Remembered

# Sinks at once: one that does not answer keeps no other waiting.
WIDTH = 8


def alert(place: Place, found: Checked, ways: Ways, selection: Selection | None = None) -> Alerted:
    """Tell the sinks of the workspace what is new in ``found``, a look at what ``selection`` holds.

    Never raises for a sink, nor for a memory that cannot be used: then it tells all that is so, rather than nothing.
    """
    drift = sorted_drift(found.drift, place.acknowledged, place.environment, found.at)
    check = _check(selection)
    # What another account does not have is not gone; that it is another one fails the check, and that is told.
    counted = [item for item in drift.counted if not (item.gone and found.of_strangers)]
    alerts = alerts_of(counted, found.diagnostics, place.alerts, check, place.outside.redactor.clean)
    muted = frozenset(str(each.drift.address) for each in drift.accepted)
    return _told(place, Situation(alerts, muted, partial(_is_over, found, check)), ways)


def alert_failure(
    place: Place, diagnostics: Sequence[Diagnostic], ways: Ways, selection: Selection | None = None
) -> Alerted:
    """Tell the sinks that a look came to nothing, and why: of that, nothing is over and nothing in sync."""
    check = _check(selection)
    alerts = alerts_of((), diagnostics, place.alerts, check, place.outside.redactor.clean)
    return _told(place, Situation(alerts), ways)


def _check(selection: Selection | None) -> str:
    return check_name(selection.select, selection.exclude) if selection else check_name()


def _is_over(found: Checked, check: str, subject: str) -> bool:
    """Say whether it is certain that nothing is the matter with a subject any more."""
    if is_check(subject):
        return subject == check and not found.failed  # of another check this one says nothing
    try:
        address = Address.parse(subject)
    except ValueError:
        return False
    if found.of_strangers:
        return False
    recorded = found.planned.basis.recorded.get(address)
    if recorded is None:
        return True
    reading = found.planned.live.get(address)
    return recorded.certain and reading is not None and not isinstance(reading, ReadFailed | Unreadable)


def _told(place: Place, situation: Situation, ways: Ways) -> Alerted:
    about, by = place.alerts, uuid4().hex
    if not about.sinks:
        return Alerted()
    log = AlertLog(place.backend, place.outside.redactor.clean)
    desk = _Desk(log, about, situation, by, partial(_moment, ways))
    known: Memory = {}
    try:
        latest = log.latest()
        known = latest.memory
        base, decision = desk.claim(latest)
    except StateError as error:
        # Better told twice than not at all.
        decision = decide(known, situation, about, _moment(ways), by)
        sent = _all_sent(place, decision, ways)
        return _result(place, sent, decision, [_forgetful(error)])
    if not decision.due:
        return _result(place, (), decision)
    sent = _all_sent(place, decision, ways)
    try:
        desk.note(base, decision, {each.sink for each in sent if not each.failure})
    except StateError as error:
        return _result(place, sent, decision, [_forgetful(error)])
    return _result(place, sent, decision)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where it is looked up and noted down what was told."""

    log: AlertLog
    about: Alerting
    situation: Situation
    by: str
    now: Callable[[], str]

    def claim(self, latest: Remembered) -> tuple[Remembered, Decision]:
        """Return what is to be sent, all of it claimed; with the memory that says so. Writes nothing for nothing."""
        made: list[Decision] = []

        def change(memory: Memory) -> Memory | None:
            now = self.now()
            made.append(decide(memory, self.situation, self.about, now, self.by))
            last = made[-1]
            return claimed(last.before, last.due, now, self.by)

        base = self.log.change(latest, change)
        return base, made[-1]

    def note(self, base: Remembered, decision: Decision, reached: set[str]) -> None:
        """Note down what was sent, and give up the claims on what was not."""
        good = {name: notices for name, notices in decision.due.items() if name in reached}
        bad = {name: notices for name, notices in decision.due.items() if name not in reached}
        now = self.now()
        self.log.change(base, lambda memory: released(delivered(memory, good, now), bad, self.by))


def _all_sent(place: Place, decision: Decision, ways: Ways) -> tuple[Sent, ...]:
    sinks = [sink for sink in place.alerts.sinks if sink.name in decision.due]
    return tuple(side_by_side(lambda sink: _sent(place, sink, decision.due, ways), sinks, WIDTH))


def _sent(place: Place, sink: Sink, due: Mapping[str, tuple[Notice, ...]], ways: Ways) -> Sent:
    clean = place.outside.redactor.clean
    notices = due[sink.name]
    message = Message(uuid4().hex, _moment(ways), place.environment, notices, clean)
    try:
        send(message, sink, ways)
    except NotDelivered as error:
        return Sent(sink.name, notices, clean(str(error)), error.in_part)
    except Exception as error:
        # A defect in one of them: what the others took is to be noted down all the same.
        return Sent(sink.name, notices, clean(f"a defect of reconcile: {type(error).__name__}: {error}"))
    return Sent(sink.name, notices)


def _result(place: Place, sent: Iterable[Sent], decision: Decision, diagnostics: Iterable[Diagnostic] = ()) -> Alerted:
    good = tuple(each for each in sent if not each.failure)
    bad = tuple(each for each in sent if each.failure)
    told = [*diagnostics, *map(_not_delivered, bad)]
    return Alerted(good, bad, decision.suppressed, tuple(place.cleaned(told)))


def _moment(ways: Ways) -> str:
    return datetime.fromtimestamp(ways.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _not_delivered(sent: Sent) -> Diagnostic:
    many = f"{len(sent.notices):,} alert{'s' * (len(sent.notices) != 1)}"
    part = " Some of its targets did get it, and will again." if sent.in_part else ""
    return Diagnostic(
        "alert-not-delivered",
        "An alert was not delivered",
        f'Sink "{sent.sink}" did not take {many}: {sent.failure.removesuffix(".")}.{part}',
        "it is tried again with the next check; the other sinks are not told twice",
        severity=Severity.WARNING,
    )


def _forgetful(error: StateError) -> Diagnostic:
    first = error.diagnostics[0]
    return replace(
        first,
        code="alerts-forgotten",
        summary="What was told cannot be looked up or noted down",
        detail=f"{first.detail} So alerts may be sent that were sent before.",
        severity=Severity.WARNING,
    )
