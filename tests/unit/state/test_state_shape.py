"""Dataclasses as JSON and back: every field, each of its type, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Recorded
from reconcile.state.plan_file import SavedPlan
from reconcile.state.shape import _HINTS, from_json, to_json

SIMPLE: dict[Any, Any] = {
    str: "text",
    int: 7,
    bool: True,
    Address: Address("c", "k", "n/with a slash"),
    _HINTS["Value"]: ("a", 1, True, None),
    _HINTS["Json"]: [1, {"deep": ["x", 0.5, None]}],
}


def full(hint: Any) -> Any:
    """Return a value of ``hint`` in which no field has its default; a sort that nobody thought of is an error."""
    if hint in SIMPLE:
        return SIMPLE[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return [*hint][-1]
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint, localns=_HINTS)
        return hint(**{f.name: (not f.default) if f.default is True else full(hints[f.name]) for f in fields(hint)})
    (inner, *_) = [each for each in get_args(hint) if each is not type(None)]
    match get_origin(hint):
        case kind if kind is tuple:
            return (full(inner),)
        case kind if kind is Mapping:
            return {"name": full(get_args(hint)[1])}
        case _:
            return full(inner)


@pytest.mark.parametrize("kind", [Change, Unchanged, Recorded, Plan, SavedPlan])
def test_every_field_comes_back(kind: type) -> None:
    """Whatever field is added: it is written, and it is read as it was."""
    value = full(kind)
    document = json.loads(json.dumps(to_json(value)))
    assert from_json(kind, document) == value
    assert document.keys() == {field.name for field in fields(kind)}


def test_the_builder_leaves_no_default() -> None:
    """The test above proves nothing of a field that has the value which a forgotten one would have."""
    for kind in (Change, Unchanged, Recorded, SavedPlan):
        value = full(kind)
        for field in fields(kind):
            if field.default is not MISSING:
                assert getattr(value, field.name) != field.default, field.name


@dataclass(frozen=True)
class Inner:
    words: tuple[str, ...]


@dataclass(frozen=True)
class Sort:
    number: int
    flag: bool
    text: str | None
    inner: Inner | None
    others: Mapping[str, Inner]


GOOD: dict[str, Any] = {
    "number": 1,
    "flag": True,
    "text": None,
    "inner": {"words": ["a"]},
    "others": {"x": {"words": []}},
}


def test_a_document_is_read() -> None:
    assert from_json(Sort, GOOD) == Sort(1, True, None, Inner(("a",)), {"x": Inner(())})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"number": True}, "number is no int"),
        ({"number": 1.0}, "number is no int"),
        ({"number": None}, "number is no int"),
        ({"flag": 1}, "flag is no bool"),
        ({"text": 3}, "text is no str"),
        ({"inner": []}, "inner is no object"),
        ({"inner": {"words": "abc"}}, "inner.words is no list"),
        ({"inner": {"words": ["a", 2]}}, "inner.words.1 is no str"),
        ({"inner": {}}, "inner.words is missing"),
        ({"others": []}, "others is no object"),
        ({"others": {"x": {"words": [], "more": 1}}}, "others.x.more is not known here"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}$"):
        from_json(Sort, {**GOOD, **change})


def test_no_object_at_all() -> None:
    with pytest.raises(ValueError, match=r"^the whole of it is no object$"):
        from_json(Sort, [1])


@pytest.mark.parametrize(
    ("name", "value"), [("action", "explode"), ("address", "no-address"), ("before", {"x": 0.5}), ("after", {"x": {}})]
)
def test_words_addresses_and_values_are_checked(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name}"):
        from_json(Change, {**to_json(full(Change)), name: value})


@dataclass(frozen=True)
class Odd:
    number: set[int]


def test_a_field_of_an_unknown_sort_is_told_at_once() -> None:
    """When it is written, too: a plan that nobody could read is not worth writing."""
    with pytest.raises(TypeError, match="no JSON is known"):
        to_json(Odd({1}))
    with pytest.raises(TypeError, match="no JSON is known"):
        from_json(Odd, {"number": [1]})
    with pytest.raises(TypeError, match="no JSON is known"):
        to_json(object())
