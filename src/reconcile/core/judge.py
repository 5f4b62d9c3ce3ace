"""From the three views of one object to what is to be done with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.diff import FieldChange, field_changes, same
from reconcile.core.drift import Drift, Why, edited, find_drift, moved_fields
from reconcile.core.hold import Hold
from reconcile.core.kind import Action, Connected, Kind
from reconcile.core.pause import asked_for, moment_words, release_words
from reconcile.core.snapshot import (
    NOTHING,
    Desired,
    Live,
    Missing,
    ReadFailed,
    Reading,
    Recorded,
    SameAs,
    Values,
)
from reconcile.core.way_back import irreversible


@dataclass(frozen=True, slots=True)
class Case:
    """One object in all its views. ``now`` is when the plan is made, UTC, ISO 8601.

    ``is_inherited`` says that ``recorded`` stands under another address so far. ``everywhere`` is the hold of the whole
    environment, if any; ``hold`` is the one in force for this object, ``is_paused`` that ``desired`` is what it leaves.
    """

    address: Address
    connected: Connected
    desired: Desired | None
    reading: Reading | None
    recorded: Recorded | None
    now: str
    reassert: bool
    is_inherited: bool = False
    everywhere: Hold | None = None
    hold: Hold | None = None
    is_paused: bool = False

    @property
    def kind(self) -> Kind:
        """The object's kind."""
        return self.connected.kind


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan holds of one object. ``failed`` says that nothing can be said of it."""

    address: Address
    change: Change | None = None
    unchanged: Unchanged | None = None
    drift: Drift | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    failed: bool = False


def judge(case: Case) -> Verdict:
    """Return what is to be done with the object, why, and how it has drifted."""
    if case.desired is not None:
        asked = asked_for(case.kind, case.desired, case.recorded, case.now, case.everywhere)
        case = replace(case, desired=asked.desired, hold=asked.hold, is_paused=asked.is_paused)
    verdict = _judge(case)
    over = case.desired.hold if case.desired and not case.hold else None
    if over is None or verdict.unchanged is None:
        return verdict
    return replace(verdict, diagnostics=(*verdict.diagnostics, _hold_over(case, over)))


def _judge(case: Case) -> Verdict:
    if case.kind.one_shot:
        return _judge_one_shot(case)
    if isinstance(case.reading, ReadFailed):
        return _failed(case, case.reading.diagnostic)
    if case.reading is None and case.kind.readable:
        raise AssertionError(f"{case.address} was never read")
    verdict = _judge_removed(case) if case.desired is None else _judge_desired(case, case.desired)
    if case.recorded is None:
        return verdict
    drift = find_drift(case.kind, case.recorded, case.reading, case.desired)
    return replace(verdict, drift=drift) if drift else verdict


def _judge_desired(case: Case, desired: Desired) -> Verdict:
    match case.reading:
        case Missing(diagnostic=diagnostic):
            return _failed(case, diagnostic)
        case Live() as live:
            return _judge_live(case, desired, live)
        case _:
            return _judge_unreadable(case, desired)


def _judge_live(case: Case, desired: Desired, live: Live) -> Verdict:
    kind, recorded = case.kind, case.recorded
    shown = kind.align(live.values, desired.values)
    before = NOTHING if kind.is_absent(shown) else shown
    after = NOTHING if kind.is_absent(desired.values) else desired.values
    fields = tuple(c for c in field_changes(before, after, touched(kind, before, after)) if c.path not in live.unknown)
    hidden = [name for name in kind.fields_of(after) if name in after and name in live.unknown] if before else []
    # The platform has such a field and does not show it; only what we recorded could vouch for it.
    doubtful = () if _vouched(recorded, desired, hidden) else tuple(hidden)
    known = recorded.values if recorded and recorded.certain else NOTHING
    unseen = tuple(FieldChange(name, known.get(name), after[name]) for name in doubtful)
    if fields:
        action = Action.CREATE if not before else Action.DELETE if not after else Action.UPDATE
        why, fields = _why(case, desired, live), (*fields, *unseen)
    elif unseen:
        action = Action.UPDATE if recorded and recorded.certain else Action.ASSERT
        why, fields = Why.FILE if action is Action.UPDATE else Why.UNKNOWN, unseen
    elif not after and _is_held_back(case):
        return _given_up(case, live.id, "it was held, and the file asks for nothing now")
    else:
        return _unchanged(case, desired, live.id)
    return _change(case, action, why, before, after, fields, live.id)


def _judge_unreadable(case: Case, desired: Desired) -> Verdict:
    kind, recorded = case.kind, case.recorded
    if recorded is None:
        before: Values = NOTHING
        action, why = Action.ASSERT, Why.NEW
    elif not recorded.certain:
        before, action, why = recorded.values, Action.ASSERT, Why.UNKNOWN
    elif edited(kind, desired, recorded):
        before, action, why = recorded.values, Action.UPDATE, Why.FILE
    elif case.reassert:
        before, action, why = recorded.values, Action.ASSERT, Why.UNKNOWN
    else:
        return _unchanged(case, desired, recorded.id)
    shown = before if recorded and recorded.certain else NOTHING
    fields = field_changes(shown, desired.values, touched(kind, NOTHING, desired.values))
    return _change(case, action, why, shown, desired.values, fields, None)


def _judge_one_shot(case: Case) -> Verdict:
    """Run once for each distinct set of values; what was handled stays handled, also when it left the file."""
    desired, recorded = case.desired, case.recorded
    if desired is None:
        return Verdict(case.address)
    if recorded is None or edited(case.kind, desired, recorded):
        if case.hold:
            return Verdict(case.address, unchanged=_still(case, desired))
        before = recorded.values if recorded else NOTHING
        fields = field_changes(before, desired.values, touched(case.kind, NOTHING, desired.values))
        why = Why.FILE if recorded else Why.NEW
        return _change(case, Action.RUN, why, before, desired.values, fields, None)
    verdict = _unchanged(case, desired, recorded.id)
    if recorded.certain:
        return verdict
    return replace(verdict, diagnostics=(_one_shot_unknown(case, desired, recorded),))


def _judge_removed(case: Case) -> Verdict:
    recorded, reading, kind = case.recorded, case.reading, case.kind
    if recorded is None:
        return Verdict(case.address)
    if isinstance(reading, Live) and _is_ours_to_delete(kind, recorded, reading):
        fields = field_changes(reading.values, NOTHING, touched(kind, reading.values, NOTHING))
        moved = recorded.certain and moved_fields(kind, recorded, reading, None)
        why = Why.BOTH if moved else Why.FILE
        return _change(case, Action.DELETE, why, reading.values, NOTHING, fields, reading.id)
    if isinstance(reading, Live) and kind.is_absent(reading.values) and _is_held_back(case):
        return _given_up(case, reading.id, "it was held: nothing is there, and nothing brings it back")
    before = NOTHING if kind.is_absent(recorded.values) else recorded.values
    return _change(
        case, Action.FORGET, Why.FILE, before, NOTHING, (), recorded.id, note=_why_forget(kind, recorded, reading)
    )


def _is_held_back(case: Case) -> bool:
    """Say whether a hold is all that keeps something of ours from being there, as far as the record knows."""
    return bool(case.recorded and case.recorded.held_since) and not case.is_paused


def _given_up(case: Case, id: str | None, note: str) -> Verdict:
    """Return the delete of what is held: there is nothing to be sent, and all the same it is gone for good."""
    verdict = _change(case, Action.DELETE, Why.FILE, NOTHING, NOTHING, (), id, note)
    return replace(verdict, change=verdict.change and replace(verdict.change, requests=()))


def _is_ours_to_delete(kind: Kind, recorded: Recorded, live: Live) -> bool:
    """Say whether there is something that we put there.

    Without being certain it is ours only if it is just what we sent, or what we had there before that: else it may be
    somebody's.
    """
    if kind.is_absent(live.values):
        return False
    ours = [recorded.values, *([recorded.before] if recorded.before is not None else [])]
    there = [replace(recorded, values=values) for values in ours if not kind.is_absent(values)]
    return bool(there) and (recorded.certain or any(not moved_fields(kind, was, live, None) for was in there))


def _why_forget(kind: Kind, recorded: Recorded, reading: Reading | None) -> str:
    match reading:
        case SameAs(other=other):
            return f"it is declared as {other} now"
        case Missing():
            return "it no longer exists on the platform"
        case Live(values=values) if kind.is_absent(values):
            return "nothing is there any more"
        case Live() if kind.is_absent(recorded.values):
            return "we had seen to it that nothing is there; what is there now stays as it is"
        case Live():
            return "nobody knows whether what is there now was applied by us: it stays as it is"
        case _ if recorded.held_since:
            return "it was held, and stays off: there is no delete call"
        case _:
            return "there is no delete call: it stays on the platform as it is"


def _why(case: Case, desired: Desired, live: Live) -> Why:
    if case.recorded is None:
        return Why.NEW
    if not case.recorded.certain:
        return Why.UNKNOWN
    moved = bool(moved_fields(case.kind, case.recorded, live, desired))
    if not edited(case.kind, desired, case.recorded):
        return Why.DRIFT
    return Why.BOTH if moved else Why.FILE


def _vouched(recorded: Recorded | None, desired: Desired, hidden: list[str]) -> bool:
    if recorded is None or not recorded.certain:
        return False
    return all(name in recorded.values and same(recorded.values[name], desired.values[name]) for name in hidden)


def _change(
    case: Case,
    action: Action,
    why: Why,
    before: Values,
    after: Values,
    fields: tuple[FieldChange, ...],
    id: str | None,
    note: str = "",
) -> Verdict:
    desired, recorded = case.desired, case.recorded
    hidden = tuple(sorted(case.reading.unknown)) if isinstance(case.reading, Live) and before else ()
    return Verdict(
        case.address,
        change=Change(
            address=case.address,
            action=action,
            why=why,
            before=before,
            after=after,
            fields=fields,
            requests=case.connected.requests(action, case.address, id, after),
            source=desired.source if desired else None,
            stage=case.kind.stage(action, case.address, after),
            id=id,
            to_record=_record(case, desired, id, case.now) if desired else None,
            last_applied_at=recorded.applied_at if recorded and recorded.certain else None,
            note=note or _release_note(case),
            is_ours=recorded is not None and is_ours(case.kind, recorded),
            is_protected=bool((recorded and recorded.protect) or (desired and desired.protect)),
            hold=case.hold if case.is_paused else None,
            hidden=hidden,
            irreversible=irreversible(case.kind, action, recorded, hidden),
        ),
    )


def _unchanged(case: Case, desired: Desired, id: str | None) -> Verdict:
    recorded = case.recorded
    if recorded and not edited(case.kind, desired, recorded):
        # Nothing was applied, so when it was last applied stays as it is; and a lost answer stays lost.
        wanted = _record(case, desired, id, recorded.applied_at, recorded.certain or not case.kind.one_shot)
    else:
        wanted = _record(case, desired, id, case.now)
    return Verdict(
        case.address,
        unchanged=Unchanged(
            case.address,
            desired.source,
            None if recorded == wanted and not case.is_inherited else wanted,
            recorded.applied_at if recorded else None,
            case.kind.readable,
            case.kind.one_shot,
            None if case.kind.one_shot else case.hold,
        ),
    )


def _still(case: Case, desired: Desired) -> Unchanged:
    """Return that a held one-shot is not done, and nothing noted down of it."""
    last = case.recorded.applied_at if case.recorded else None
    return Unchanged(case.address, desired.source, None, last, case.kind.readable, True, case.hold)


def is_ours(kind: Kind, recorded: Recorded) -> bool:
    """Say whether something of ours is there, may be there (of what is not certain), or is only held back."""
    ours = (recorded.values, recorded.before)
    return bool(recorded.held_since) or any(values and not kind.is_absent(values) for values in ours)


def _release_note(case: Case) -> str:
    if case.desired is None or case.recorded is None or not _is_held_back(case):
        return ""
    return release_words(case.recorded, (case.desired.hold, case.everywhere), case.now)


def _record(case: Case, desired: Desired, id: str | None, at: str, certain: bool = True) -> Recorded:
    protect = desired.protect if desired.protect is not None else bool(case.recorded and case.recorded.protect)
    since = ((case.recorded.held_since if case.recorded else None) or case.now) if case.is_paused else None
    return Recorded(case.address, desired.values, at, id, protect, desired.source.file, certain, held_since=since)


def _failed(case: Case, diagnostic: Diagnostic) -> Verdict:
    """Return the verdict on an object of which nothing can be said.

    A failed read is often the failure of a list, and then of many objects: it keeps no place, so that it is told once.
    """
    if isinstance(case.reading, Missing):
        source = case.desired.source if case.desired else None
        diagnostic = replace(diagnostic, span=diagnostic.span or source, address=str(case.address))
    return Verdict(case.address, diagnostics=(diagnostic,), failed=True)


def touched(kind: Kind, before: Values, after: Values) -> tuple[str, ...]:
    """Return the fields a change shows: what the file manages, and what a change of shape takes away."""
    if not after:
        return tuple(name for name in kind.fields_of(before) if name in before)
    possible = kind.fields_of(after)
    managed = [name for name in possible if name in after]
    return (*managed, *(name for name in kind.fields_of(before) if name in before and name not in possible))


def _hold_over(case: Case, hold: Hold) -> Diagnostic:
    return Diagnostic(
        code="hold-over",
        summary="A hold is over",
        detail=f"{case.address} was to be held until {moment_words(hold.until or '')}.",
        hint="its `hold` can be removed",
        span=case.desired.source if case.desired else None,
        address=str(case.address),
        severity=Severity.NOTE,
    )


def _one_shot_unknown(case: Case, desired: Desired, recorded: Recorded) -> Diagnostic:
    return Diagnostic(
        code="outcome-unknown",
        summary="Nobody knows whether this was done",
        detail=f"{case.address} was sent at {recorded.applied_at} and no answer came back. "
        "It is not sent again by itself.",
        hint="look at the platform; to have it done once more, change its note (`once`)",
        span=desired.source,
        address=str(case.address),
        severity=Severity.WARNING,
    )
