"""What to tell whom, given what they have been told: once, again when it changes or goes on for long, once when over.

Each sink has a memory of its own, so that one that could not be reached is behind, and the others hear nothing twice.
What is about to be sent is claimed first; of two that look at the same time one sends. A claim runs out: whoever dies
between sending and noting it down leaves something that is sent again, never something that is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconcile.alerts.alert import over
from reconcile.core.alert import Alert, Alerting, Claim, Memory, Sink, Told
from reconcile.core.alerted import Notice, Occasion, Silence, Suppressed

# Longer than the slowest sink takes with all its attempts.
CLAIM = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is ``due``, by sink and never empty; what is not; and the memory ``before`` anything is sent.

    ``before`` differs from what was remembered only by what is muted now and by sinks that are no more.
    """

    due: Mapping[str, tuple[Notice, ...]]
    suppressed: tuple[Suppressed, ...]
    before: Memory


@dataclass(frozen=True, slots=True)
class Situation:
    """What is so now: the alerts, the subjects that are ``muted``, and which subjects ``is_over`` is certain of."""

    alerts: Collection[Alert]
    muted: frozenset[str] = frozenset()
    is_over: Callable[[str], bool] = field(default=lambda subject: False)


def decide(memory: Memory, situation: Situation, about: Alerting, now: str, by: str = "") -> Decision:
    """Return what each sink is to be sent; ``now`` is UTC, ISO 8601, and ``by`` is who asks: no claim is in its way."""
    # What was told by then is told again; nothing ever was by "".
    wait = timedelta(seconds=about.remind_after)
    stale, fresh = (_later(now, -wait), _later(now, wait)) if wait else ("", "")
    due: dict[str, tuple[Notice, ...]] = {}
    suppressed: list[Suppressed] = []
    before: dict[str, dict[str, Told]] = {}
    for sink in about.sinks:
        known = _muted(memory.get(sink.name, {}), situation)
        told = _Sink(sink, known, now, stale, fresh, by)
        notices = [*told.beginnings(situation, suppressed), *told.ends(situation, suppressed)]
        if notices:
            due[sink.name] = tuple(notices)
        if known:
            before[sink.name] = known
    return Decision(due, tuple(suppressed), before)


def claimed(memory: Memory, due: Mapping[str, Iterable[Notice]], now: str, by: str) -> Memory:
    """Return the memory with what is due claimed by ``by``."""
    claim = Claim(by, _later(now, CLAIM))
    return _changed(memory, due, lambda notice, told: replace(told or Told(notice.alert.kind), claim=claim))


def delivered(memory: Memory, due: Mapping[str, Iterable[Notice]], now: str) -> Memory:
    """Return the memory after what was due has been sent."""

    def sent(notice: Notice, told: Told | None) -> Told | None:
        alert = notice.alert
        return None if alert.ends else Told(alert.kind, alert.fingerprint, now)

    return _changed(memory, due, sent)


def released(memory: Memory, due: Mapping[str, Iterable[Notice]], by: str) -> Memory:
    """Return the memory after what was due could not be sent: as it was before ``by`` claimed it."""

    def freed(notice: Notice, told: Told | None) -> Told | None:
        if told and told.claim and told.claim.by != by:
            return told  # it took so long that somebody else is at it
        return replace(told, claim=None) if told and told.fingerprint else None

    return _changed(memory, due, freed)


@dataclass(frozen=True, slots=True)
class _Sink:
    sink: Sink
    known: Mapping[str, Told]
    now: str
    stale: str
    fresh: str
    by: str

    def beginnings(self, situation: Situation, out: list[Suppressed]) -> Iterable[Notice]:
        for alert in situation.alerts:
            told = self.known.get(alert.subject)
            if alert.level.rank < self.sink.at_least.rank:
                out.append(Suppressed(self.sink.name, alert, Silence.BELOW))
            elif self._is_claimed(told):
                out.append(Suppressed(self.sink.name, alert, Silence.CLAIMED))
            elif occasion := self._occasion(alert, told):
                yield Notice(alert, occasion)
            else:
                out.append(Suppressed(self.sink.name, alert, Silence.TOLD))

    def ends(self, situation: Situation, out: list[Suppressed]) -> Iterable[Notice]:
        going_on = {alert.subject for alert in situation.alerts} | situation.muted
        for subject, told in sorted(self.known.items()):
            if subject in going_on or not situation.is_over(subject):
                continue
            alert = over(subject, told)
            if self._is_claimed(told):
                out.append(Suppressed(self.sink.name, alert, Silence.CLAIMED))
            else:
                # Also where nobody knows whether it was ever told: whoever claimed it died.
                yield Notice(alert, Occasion.OVER)

    def _occasion(self, alert: Alert, told: Told | None) -> Occasion | None:
        if told is None or not told.fingerprint or told.muted:
            return Occasion.NEW
        if told.fingerprint != alert.fingerprint:
            return Occasion.CHANGED
        # One that was sent later than any could be now was sent by a clock that is wrong.
        is_known = self.stale < told.sent_at <= self.fresh
        return None if is_known or not self.stale else Occasion.REMINDER

    def _is_claimed(self, told: Told | None) -> bool:
        claim = told.claim if told else None
        # One that ends later than any made now would was made by a clock that is wrong.
        return bool(claim and claim.by != self.by and self.now < claim.until <= _later(self.now, 2 * CLAIM))


def _muted(known: Mapping[str, Told], situation: Situation) -> dict[str, Told]:
    """Return what a sink knows, with what is acknowledged by now marked."""
    return {
        subject: replace(told, muted=True) if subject in situation.muted else told for subject, told in known.items()
    }


def _changed(
    memory: Memory, due: Mapping[str, Iterable[Notice]], change: Callable[[Notice, Told | None], Told | None]
) -> Memory:
    result = {name: dict(known) for name, known in memory.items()}
    for name, notices in due.items():
        known = result.setdefault(name, {})
        for notice in notices:
            subject = notice.alert.subject
            told = change(notice, known.pop(subject, None))
            if told is not None:
                known[subject] = told
    return {name: known for name, known in result.items() if known}


def _later(moment: str, by: timedelta) -> str:
    return (datetime.fromisoformat(moment) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
