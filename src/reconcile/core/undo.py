"""From what an apply did to one object, and what the object is now, to what takes that back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reconcile.core.address import Address
from reconcile.core.change import Change, LeftOut, ThreeWay, Unchanged
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.diff import FieldChange, field_changes, same
from reconcile.core.drift import Why
from reconcile.core.judge import is_ours, touched
from reconcile.core.kind import Action, Connected, Kind
from reconcile.core.plan import short_of
from reconcile.core.snapshot import NOTHING, Live, Missing, ReadFailed, Reading, Recorded, Values
from reconcile.core.way_back import irreversible, vouched_for

CHANGED = "changed-since"
IRREVERSIBLE = "irreversible"


@dataclass(frozen=True, slots=True)
class Past:
    """What an apply did to one object: ``before`` and ``after`` it, as far as the platform showed; empty is nothing.

    ``hidden`` names fields that were there before and not shown. ``was`` is what was recorded before that apply,
    ``became`` what was recorded by it; None where nothing was. ``in_part``: the platform kept it in part only, and
    ``became`` says which. ``record_only``: nothing was sent, only the record changed.
    """

    address: Address
    action: Action
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    was: Recorded | None = None
    became: Recorded | None = None
    in_part: bool = False
    record_only: bool = False


@dataclass(frozen=True, slots=True)
class Undoing:
    """One object whose past is to be taken back: that past, and how it is now, live and recorded.

    ``words`` say what is taken back ("takes back apply 3f2a9c1d0b7e"), ``culprit`` which later apply changed the
    object, "" where none is known to have.
    """

    past: Past
    connected: Connected
    reading: Reading | None
    recorded: Recorded | None
    words: str = ""
    culprit: str = ""

    @property
    def kind(self) -> Kind:
        """The object's kind."""
        return self.connected.kind


TakenBack = Change | Unchanged | LeftOut | Diagnostic


def take_back(undoing: Undoing) -> TakenBack:
    """Return the change that takes it back; or that it is back already, why it is left out, why it cannot be read.

    It is taken back only while live and record are what that apply made of them.
    """
    past, kind = undoing.past, undoing.kind
    if past.record_only:
        return _back_in_record(undoing)
    if kind.one_shot:
        return _without_return(undoing, irreversible(kind, Action.RUN, None, ()))
    match undoing.reading:
        case ReadFailed(diagnostic=diagnostic):
            return replace(diagnostic, address=str(past.address))
        case Missing(diagnostic=diagnostic) if past.before:
            told = replace(diagnostic, address=str(past.address))
            return LeftOut(past.address, past.action, "it no longer exists on the platform", told)
        case Missing():
            return _already_back(undoing)
        case Live() as live:
            return _back_live(undoing, live)
        case _:
            return _back_unseen(undoing)


def same_record(one: Recorded | None, other: Recorded | None) -> bool:
    """Say whether two records say the same of an object: nothing, or the same values."""
    if one is None or other is None:
        return one is other
    return one.values.keys() == other.values.keys() and all(
        same(value, other.values[name]) for name, value in one.values.items()
    )


def _back_in_record(undoing: Undoing) -> TakenBack:
    past, recorded = undoing.past, undoing.recorded
    if same_record(recorded, past.became):
        return _record_restored(undoing)
    if same_record(recorded, past.was):
        return _as_it_is(undoing)
    return _changed_since(undoing, _recorded_since(undoing, past.was.values if past.was else NOTHING))


def _back_live(undoing: Undoing, live: Live) -> TakenBack:
    past, kind, recorded = undoing.past, undoing.kind, undoing.recorded
    target, lost = _target(undoing, live)
    # What the platform hides now, only the record can tell.
    unseen = field_changes(vouched_for(recorded), target, [name for name in target if name in live.unknown])
    # What the apply has added to what there was is not in what there was.
    unset = [n for n in past.after if target and n in kind.fields_of(target) and n not in target and n not in lost]
    if not unseen and not lost and not short_of(kind, target, live, unset):
        return _already_back(undoing)
    if past.became and past.became.id and live.id and past.became.id != live.id:
        return _changed_since(undoing, (), live=True, other=True)
    made = past.became.values if past.in_part and past.became else past.after
    made = NOTHING if kind.is_absent(made) else made
    moved = short_of(kind, made, live)
    if moved or not any(same_record(recorded, each) for each in (past.became, past.was)):
        clashes = tuple(ThreeWay(f.path, f.before, f.after, target.get(f.path)) for f in moved)
        return _changed_since(undoing, clashes or _recorded_since(undoing, target), live=bool(moved))
    if lost:
        return _without_return(undoing, f"the platform did not show its {', '.join(lost)} before")
    shown = kind.align(live.values, target) if target else live.values
    now = NOTHING if kind.is_absent(shown) else shown
    seen = field_changes(now, target, [*touched(kind, now, target), *unset])
    fields = (*(change for change in seen if change.path not in live.unknown), *unseen)
    action = Action.CREATE if not now else Action.DELETE if not target else Action.UPDATE
    return _change(undoing, action, now, target, fields, live.id, tuple(sorted(live.unknown)) if now else ())


def _target(undoing: Undoing, live: Live) -> tuple[Values, tuple[str, ...]]:
    """Return what the object is to be, and what is missing from that because nobody knows it.

    A field that the apply did not manage, and that was not seen before it, stays as it is.
    """
    past, kind = undoing.past, undoing.kind
    if not past.before or kind.is_absent(past.before):
        return NOTHING, ()
    possible = kind.fields_of(past.before)
    vouched = {name: value for name, value in vouched_for(past.was).items() if name in past.hidden}
    lost = tuple(name for name in past.hidden if name not in vouched)
    known = {**past.before, **vouched}
    kept = {
        name: value
        for name, value in live.values.items()
        if name in possible and name not in known and name not in past.after and name not in lost
    }
    whole = {**known, **kept}
    return {name: whole[name] for name in possible if name in whole}, lost


def _back_unseen(undoing: Undoing) -> TakenBack:
    """Take back what the platform cannot show: the record is all there is to compare with, and to go back to."""
    past, kind, recorded = undoing.past, undoing.kind, undoing.recorded
    known = past.was is None or past.was.certain
    target = past.before if known else NOTHING
    if same_record(recorded, past.was) and recorded is not None and recorded.certain and target:
        return _as_it_is(undoing)
    if not same_record(recorded, past.became):
        return _changed_since(undoing, _recorded_since(undoing, target))
    if not target:
        return _without_return(undoing, "nobody knows what it was before: the platform does not show it")
    is_certain = recorded is not None and recorded.certain
    now = recorded.values if recorded is not None and is_certain else NOTHING
    fields = field_changes(now, target, touched(kind, NOTHING, target))
    if is_certain and not fields:
        return _record_restored(undoing)
    return _change(undoing, Action.UPDATE if is_certain else Action.ASSERT, now, target, fields, None, ())


def _change(
    undoing: Undoing,
    action: Action,
    before: Values,
    after: Values,
    fields: tuple[FieldChange, ...],
    id: str | None,
    hidden: tuple[str, ...],
) -> Change:
    past, kind, recorded = undoing.past, undoing.kind, undoing.recorded
    return Change(
        address=past.address,
        action=action,
        why=Why.UNDO,
        before=before,
        after=after,
        fields=fields,
        requests=undoing.connected.requests(action, past.address, id, after),
        stage=kind.stage(action, past.address, after),
        id=id,
        to_record=_restored(undoing),
        last_applied_at=recorded.applied_at if recorded and recorded.certain else None,
        note=undoing.words,
        is_ours=recorded is not None and is_ours(kind, recorded),
        is_protected=bool(recorded and recorded.protect),
        hidden=hidden,
        irreversible=irreversible(kind, action, recorded, hidden),
    )


def _already_back(undoing: Undoing) -> Change | Unchanged:
    """Return that nothing is to be sent; the record goes back if nothing else has been recorded since."""
    if same_record(undoing.recorded, undoing.past.became):
        return _record_restored(undoing)
    return _as_it_is(undoing)


def _record_restored(undoing: Undoing) -> Change | Unchanged:
    """Return what brings back the record alone."""
    past, recorded, restored = undoing.past, undoing.recorded, _restored(undoing)
    if restored is not None:
        return _as_it_is(undoing, None if restored == recorded else restored)
    if recorded is None:
        return _as_it_is(undoing)
    return Change(
        address=past.address,
        action=Action.FORGET,
        why=Why.UNDO,
        before=NOTHING if undoing.kind.is_absent(recorded.values) else recorded.values,
        after=NOTHING,
        fields=(),
        requests=(),
        stage=undoing.kind.stage(Action.FORGET, past.address, NOTHING),
        id=recorded.id,
        note=f"{undoing.words}: nothing was recorded of it before",
        is_ours=is_ours(undoing.kind, recorded),
        is_protected=recorded.protect,
    )


def _as_it_is(undoing: Undoing, to_record: Recorded | None = None) -> Unchanged:
    recorded, kind = undoing.recorded, undoing.kind
    last = recorded.applied_at if recorded else None
    return Unchanged(undoing.past.address, None, to_record, last, kind.readable, kind.one_shot)


def _restored(undoing: Undoing) -> Recorded | None:
    """Return what was recorded before; a protection that was given or lifted since stays so."""
    past, recorded = undoing.past, undoing.recorded
    if past.was is None:
        return None
    made = bool(past.became and past.became.protect)
    now = recorded.protect if recorded else made
    return replace(past.was, protect=now if now != made else past.was.protect)


def _recorded_since(undoing: Undoing, target: Values) -> tuple[ThreeWay, ...]:
    """Return the fields that were recorded otherwise since that apply."""
    past, recorded = undoing.past, undoing.recorded
    then = past.became.values if past.became else NOTHING
    now = recorded.values if recorded else NOTHING
    names = [*then, *(name for name in now if name not in then)]
    return tuple(ThreeWay(f.path, f.before, f.after, target.get(f.path)) for f in field_changes(then, now, names))


def _changed_since(undoing: Undoing, fields: Iterable[ThreeWay], *, live: bool = False, other: bool = False) -> LeftOut:
    """Return that it is not what that apply made of it: ``live``, or else in the record; ``other``: not even it."""
    past, culprit = undoing.past, undoing.culprit
    who = f"by apply {culprit}" if culprit else "on the platform" if live else "in the record"
    if undoing.recorded is None and past.became is not None and not live:
        who += ", where it is no more"
    if other:
        who += ", where another object has its name now"
    hint = "to have it back all the same, change its file or the platform"
    return LeftOut(
        past.address,
        past.action,
        f"changed since, {who}",
        Diagnostic(
            code=CHANGED,
            summary="Changed since that apply",
            detail=f"{past.address} was changed {who}; it is left as it is.",
            hint=f"`reconcile undo {culprit}` comes first" if culprit else hint,
            address=str(past.address),
        ),
        tuple(fields),
    )


def _without_return(undoing: Undoing, reason: str) -> LeftOut:
    past = undoing.past
    return LeftOut(
        past.address,
        past.action,
        reason,
        Diagnostic(
            code=IRREVERSIBLE,
            summary="This cannot be taken back",
            detail=f"{past.address}: {reason}.",
            address=str(past.address),
            severity=Severity.WARNING,
        ),
    )
