"""What a state file looks like, and what it means.

::

    {"accounts": {"sales": {"site": "https://acme.my.salesforce.com", "tenant": ""}},    where the connections led
    "apply": {...} | null,                the apply that wrote this version
    "cut_off": [{...}, ...],              what is known of those in took_in; only where there are any
    "environment": "prod",
    "format": "reconcile.state/2",
    "lineage": "...",                      one for the life of a state, from its first version on
    "objects": {
    "sales/schedule/recipe:Board_Pack": {"applied_at": ..., "certain": true, "file": ..., "id": ...,
                                         "protect": false, "values": {...}},
    ...},
    "serial": 12,
    "took_in": [],                         applies that were cut off and whose journal this version accounts for
    "written_at": "2026-11-22T14:00:00Z"}

One object a line, keys sorted: the same state gives the same bytes, and a person can compare two versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import itemgetter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field
from pydantic_core import to_json

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.freeze import Override
from reconcile.core.kind import Action
from reconcile.core.snapshot import Recorded, Value, Values
from reconcile.state.versioned import STRICT, Document, Family, Upgrade, encode

VERSION = 2


def _from_1(document: dict[str, Any]) -> dict[str, Any]:
    apply = document["apply"]
    return {**document, "accounts": {}, "apply": apply and {**apply, "plan": None, "undoes": None}}


# From version n to n + 1: a version that was ever written keeps its way up for good.
UPGRADES: Mapping[int, Upgrade] = {1: _from_1}


@dataclass(frozen=True, slots=True)
class Origin:
    """Who applied, when and from where. ``applied_at`` is UTC, ISO 8601; ``job`` is the CI job's address, if any."""

    id: str
    applied_at: str
    by: str
    host: str
    command: str
    commit: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """What became of one change. ``outcome`` is the engine's word; ``error`` is one line, or None.

    ``requests`` holds method and path of what was sent, ``hidden`` the fields that the platform had and did not show,
    so that ``before`` lacks them.
    """

    address: Address
    action: Action
    outcome: str
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)
    error: str | None = None
    requests: tuple[tuple[str, str], ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """One apply as history tells it.

    ``plan`` is the id of the saved plan that it carried out, ``undoes`` that of the apply that it took back, if any.
    ``override`` says why it went ahead inside a freeze.
    """

    origin: Origin
    outcome: str
    changes: tuple[AppliedChange, ...] = ()
    plan: str | None = None
    undoes: str | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class State:
    """One version of what is recorded. Before the first one: lineage "", serial 0, nothing recorded.

    ``apply`` is what wrote this version, None in some of those that older programs wrote. ``took_in`` names the applies
    that were cut off and whose journals this version accounts for, ``cut_off`` is what those journals told of them.
    ``accounts`` says, for each connection that was ever applied to, which account of its platform that was.
    """

    environment: str = ""
    lineage: str = ""
    serial: int = 0
    written_at: str = ""
    recorded: Mapping[Address, Recorded] = field(default_factory=dict)
    apply: Applied | None = None
    took_in: tuple[str, ...] = ()
    accounts: Mapping[str, Account] = field(default_factory=dict)
    cut_off: tuple[Applied, ...] = ()


def to_bytes(state: State) -> bytes:
    """Return the file that holds ``state``."""
    by_text = sorted(((str(address), recorded) for address, recorded in state.recorded.items()), key=itemgetter(0))
    members = {
        "accounts": encode({name: flat(account) for name, account in state.accounts.items()}),
        "apply": encode(_apply(state.apply)),
        **({"cut_off": encode([_apply(each) for each in state.cut_off])} if state.cut_off else {}),
        "environment": encode(state.environment),
        "format": encode(STATE.format),
        "lineage": encode(state.lineage),
        "objects": b"{\n" + b",\n".join(_member(text, object_document(recorded)) for text, recorded in by_text) + b"}",
        "serial": encode(state.serial),
        "took_in": encode(state.took_in),
        "written_at": encode(state.written_at),
    }
    return b"{" + b",\n".join(encode(key) + b":" + data for key, data in members.items()) + b"}\n"


def from_bytes(data: bytes, place: str, hint: str, family: Family[StateDocument] | None = None) -> State:
    """Return the state in a file's bytes.

    Raises ``StateTooNew``, or ``StateDamaged`` with ``place`` and with ``hint`` as the way out. ``family`` is there for
    tests of upgrades.
    """
    family = family or STATE
    document = family.parse(data, place, hint)
    try:
        recorded = {
            (address := Address.parse(text)): recorded_of(address, item) for text, item in document.objects.items()
        }
        apply = _applied(document.apply)
        cut_off = tuple(filter(None, map(_applied, document.cut_off)))
    except ValueError as error:
        raise family.damaged(place, str(error), hint) from None
    return State(
        environment=document.environment,
        lineage=document.lineage,
        serial=document.serial,
        written_at=document.written_at,
        recorded=recorded,
        apply=apply,
        took_in=tuple(document.took_in),
        accounts={name: Account(item.site, item.tenant) for name, item in document.accounts.items()},
        cut_off=cut_off,
    )


def values_of(document: dict[str, Any]) -> dict[str, Value]:
    """Return an object's values as they are kept in memory: lists are tuples.

    Raises ``ValueError`` for what no value can be (a fraction, an object).
    """
    for item in document.values():
        if type(item) not in _SCALARS and not (type(item) is tuple and _SCALARS.issuperset(map(type, item))):
            return {name: _value(item) for name, item in document.items()}
    return document


def recorded_of(address: Address, item: ObjectDocument) -> Recorded:
    """Return one recorded object. Raises ``ValueError`` for what no value can be."""
    before = None if item.before is None else values_of(item.before)
    values = values_of(item.values)
    return Recorded(
        address,
        values,
        item.applied_at,
        item.id,
        item.protect,
        item.file,
        item.certain,
        before,
        held_since=item.held_since,
    )


def object_document(recorded: Recorded) -> dict[str, object]:
    """Return one recorded object as it is written, keys sorted."""
    return {
        "applied_at": recorded.applied_at,
        **({} if recorded.before is None else {"before": dict(recorded.before)}),
        "certain": recorded.certain,
        "file": recorded.file,
        **({} if recorded.held_since is None else {"held_since": recorded.held_since}),
        "id": recorded.id,
        "protect": recorded.protect,
        "values": dict(sorted(recorded.values.items())),
    }


def override_document(override: Override | None) -> dict[str, object]:
    """Return the member that holds why an apply went ahead inside a freeze; none for one that did not."""
    return {"override": flat(override)} if override else {}


def override_of(document: OverrideDocument | None) -> Override | None:
    """Return why an apply went ahead inside a freeze; None for one that did not."""
    return Override(document.reason, document.freeze) if document else None


def flat(item: Any) -> dict[str, object]:
    """Return the fields of a dataclass, as they are, by name."""
    return {f.name: getattr(item, f.name) for f in fields(item)}


class _AccountDocument(Document):
    site: str
    tenant: str


class StateDocument(Document):
    """The shape of a state file."""

    format: Literal["reconcile.state/2"]
    lineage: str
    serial: int
    environment: str
    written_at: str
    objects: dict[str, ObjectDocument]
    apply: _ApplyDocument | None
    took_in: list[str]
    accounts: dict[str, _AccountDocument]
    cut_off: list[_ApplyDocument] = Field(default_factory=list)


# Lists become tuples while they are read; what is inside a list waits for `values_of`.
_ValueDocument = Annotated[str | bool | int | tuple[Any, ...] | None, Field(union_mode="left_to_right")]


@dataclass(slots=True)
class ObjectDocument:
    """The shape of one recorded object."""

    # No `Document`: of these there are thousands, and a plain dataclass is read in two thirds of the time.
    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    values: dict[str, _ValueDocument]
    applied_at: str
    id: str | None
    protect: bool
    file: str
    certain: bool
    before: dict[str, Any] | None = None
    held_since: str | None = None


class _ChangeDocument(Document):
    address: str
    action: str
    outcome: str
    before: dict[str, _ValueDocument]
    after: dict[str, _ValueDocument]
    error: str | None
    requests: list[tuple[str, str]]
    hidden: list[str] = Field(default_factory=list)


class OverrideDocument(Document):
    """The shape of why an apply went ahead inside a freeze."""

    reason: str
    freeze: str


class _ApplyDocument(Document):
    id: str
    applied_at: str
    by: str
    host: str
    command: str
    commit: str | None
    job: str | None
    outcome: str
    changes: list[_ChangeDocument]
    plan: str | None
    undoes: str | None
    override: OverrideDocument | None = None


STATE: Family[StateDocument] = Family("state", VERSION, StateDocument, UPGRADES)

_SCALARS = frozenset({str, int, bool, type(None)})


def _value(item: Any) -> Value:
    if type(item) in _SCALARS:
        return item  # type: ignore[no-any-return]
    if isinstance(item, list | tuple):
        return tuple(_value(part) for part in item)
    raise ValueError(f"a value is a {type(item).__name__}, which no value can be")


def _member(key: str, item: dict[str, object]) -> bytes:
    try:
        # A fifth of the time of `encode`, which sorts by itself and takes whatever text there is.
        return to_json({key: item})[1:-1]
    except ValueError:
        return encode({key: item})[1:-1]


def _apply(applied: Applied | None) -> dict[str, object] | None:
    if applied is None:
        return None
    changes = [_change_document(change) for change in applied.changes]
    beside = {"outcome": applied.outcome, "plan": applied.plan, "undoes": applied.undoes}
    return {**flat(applied.origin), **beside, **override_document(applied.override), "changes": changes}


def _change_document(change: AppliedChange) -> dict[str, object]:
    written = {**flat(change), "address": str(change.address), "before": dict(change.before)}
    written |= {"after": dict(change.after)}
    return written if change.hidden else {name: item for name, item in written.items() if name != "hidden"}


def _applied(document: _ApplyDocument | None) -> Applied | None:
    if document is None:
        return None
    origin = Origin(**{f.name: getattr(document, f.name) for f in fields(Origin)})
    changes = tuple(_change(change) for change in document.changes)
    return Applied(origin, document.outcome, changes, document.plan, document.undoes, override_of(document.override))


def _change(document: _ChangeDocument) -> AppliedChange:
    return AppliedChange(
        Address.parse(document.address),
        Action(document.action),
        document.outcome,
        values_of(document.before),
        values_of(document.after),
        document.error,
        tuple(document.requests),
        tuple(document.hidden),
    )
