"""Values against a model: the model's own object, or errors that say where in the file and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reconcile.config import mistake
from reconcile.config.explain import explain
from reconcile.config.locate import Located, locate
from reconcile.config.marked import MarkedMap
from reconcile.config.mistake import Subject
from reconcile.config.reference import REFERENCE
from reconcile.config.scalar import scalar
from reconcile.config.shape import Shape
from reconcile.core.diagnostic import Diagnostic

_READABLE_FROM_TEXT: dict[str, tuple[type, ...]] = {
    "int_type": (int,),
    "float_type": (int, float),
    "bool_type": (bool,),
}

# Building an adapter takes up to 40 ms. The type is kept next to its adapter, so that no other can get its id.
_ADAPTERS: dict[int, tuple[Any, TypeAdapter[Any]]] = {}
_SCHEMAS: dict[int, dict[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a model made of a value: ``result``; or None, and the reasons.

    None without a reason means that only values with a failed reference were wrong, which was said where it failed.
    """

    result: Any
    diagnostics: tuple[Diagnostic, ...] = ()


def check(model: Any, value: Any, subject: Callable[[Shape], Subject]) -> Checked:
    """Return what ``model`` makes of ``value``; ``subject`` is asked for what errors need, and only then.

    The environment has nothing but text: where a whole value comes from there and a number or true or false is
    expected, the text is read as a file would be.
    """
    adapter = adapter_of(model)
    try:
        result = adapter.validate_python(value)
    except ValidationError as error:
        if _reread(error, value, shape_of(model)):
            return check(model, value, subject)
        about = subject(shape_of(model))
        return Checked(None, (*explain(error, about), *_empty_fields(about)))
    if _is_empty_somewhere(value):
        return Checked(None, tuple(_empty_fields(subject(shape_of(model)))))
    return Checked(result)


def adapter_of(model: Any) -> TypeAdapter[Any]:
    """Return the adapter for a model or annotated type, built at the first call."""
    if id(model) not in _ADAPTERS:
        _ADAPTERS[id(model)] = (model, TypeAdapter(model))
    return _ADAPTERS[id(model)][1]


def schema_of(model: Any) -> dict[str, Any]:
    """Return the JSON Schema of a model or annotated type, made at the first call. Not to be changed."""
    adapter = adapter_of(model)
    if id(model) not in _SCHEMAS:
        _SCHEMAS[id(model)] = adapter.json_schema()
    return _SCHEMAS[id(model)]


def shape_of(model: Any) -> Shape:
    """Return the shape of a model or annotated type."""
    schema = schema_of(model)
    return Shape(schema, schema.get("$defs", {}))


def _is_empty_somewhere(value: Any) -> bool:
    """Say whether a field has no value: an optional one takes None for absent, but a file should not say so."""
    if type(value) is not MarkedMap:
        return False
    # A plain loop: this is asked of every entry, and a generator would cost more than the rest of it.
    for part in value.values():  # noqa: SIM110
        if part is None or (type(part) is MarkedMap and _is_empty_somewhere(part)):
            return True
    return False


def _empty_fields(subject: Subject) -> Iterator[Diagnostic]:
    """Yield an error for each field without a value that the model takes for absent."""
    return (mistake.empty_field(subject, place) for place in _empty_below(subject.place))


def _empty_below(place: Located) -> Iterator[Located]:
    if type(place.value) is not MarkedMap:
        return
    for key, value in place.value.items():
        below = place.field(key)
        if value is None and below.shape.may_be_null:
            yield below
        yield from _empty_below(below)


def _reread(error: ValidationError, value: Any, shape: Shape) -> bool:
    """Replace text from the environment by the number or boolean that is expected; say whether there was any."""
    changed = False
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        types = _READABLE_FROM_TEXT.get(detail["type"], ())
        place = locate(Located(value, shape), detail["loc"])
        origin = place.origin
        if not types or origin is None or not origin.secret or not REFERENCE.fullmatch(origin.text):
            continue
        meant = scalar(place.value) if isinstance(place.value, str) else None
        if place.parent is not None and type(meant) in types:
            place.parent[place.segment] = meant  # type: ignore[index]  # a str for a mapping, an int for a list
            changed = True
    return changed
