"""Dataclasses of ours as JSON and back, by what their fields say they hold: a field that is added is never forgotten.

Addresses and words of an enumeration are text, tuples are lists, mappings and dataclasses are objects. What comes back
is equal to what went in. A field of a sort that is not known here is a ``TypeError`` at once, when writing, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from reconcile.core.address import Address
from reconcile.core.snapshot import Value

T = TypeVar("T")


class _AnyValue:
    """Stands for ``core.snapshot.Value``, whose hint refers to itself."""


class _AnyJson:
    """Stands for ``core.request.Json``, for the same reason."""


_HINTS = {"Value": _AnyValue, "Values": Mapping[str, _AnyValue], "Json": _AnyJson}
_SCALARS = (str, bool, int, NoneType)


def to_json(value: Any) -> Any:
    """Return what JSON writes for a value of ours."""
    kind = type(value)
    if kind in _SCALARS or kind is float:
        return value
    if kind is tuple or kind is list:
        return [to_json(item) for item in value]
    if kind is Address:
        return str(value)
    if is_dataclass(kind):
        return {name: to_json(getattr(value, name)) for name in _shape(kind)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {name: to_json(item) for name, item in value.items()}
    raise TypeError(f"no JSON is known for a {kind.__name__}")


def from_json(kind: type[T], document: Any, where: str = "") -> T:
    """Return the ``kind`` (a dataclass) that ``document`` holds, as ``to_json`` wrote it.

    Every key must be there and no other, each of just its type. Raises ``ValueError`` that says where something is
    else; never with what is there.
    """
    read: Reader = _reader(kind)  # type: ignore[arg-type]
    found: T = read(document, where)
    return found


Reader = Callable[[Any, str], Any]


@cache
def _shape(kind: Any) -> Mapping[str, Reader]:
    """Return what reads each field of a dataclass."""
    return {name: _reader(hint) for name, hint in get_type_hints(kind, localns=_HINTS).items()}


@cache
def _reader(hint: Any) -> Reader:
    """Return what reads a value of ``hint``."""
    arguments = get_args(hint)
    match get_origin(hint) or hint:
        case origin if origin in (UnionType, Union):
            (inner,) = (part for part in arguments if part is not NoneType)
            return _optional(_reader(inner))
        case origin if origin is tuple and arguments[1:] == (...,):
            return _tuple(_reader(arguments[0]))
        case origin if isinstance(origin, type) and issubclass(origin, Mapping) and arguments[0] is str:
            return _mapping(_reader(arguments[1]))
        case origin if origin is _AnyValue:
            return _value
        case origin if origin is _AnyJson:
            return lambda document, where: document
        case origin if origin in (str, bool, int):
            return _scalar(origin)
        case origin if origin is Address:
            return _parsed(Address.parse, "address")
        case origin if isinstance(origin, type) and issubclass(origin, StrEnum):
            return _parsed(origin, "word that is known here")
        case origin if is_dataclass(origin) and isinstance(origin, type):
            return _dataclass(origin)
        case _:
            raise TypeError(f"no JSON is known for {hint!r}")


def _dataclass(kind: type) -> Reader:
    def read(document: Any, where: str) -> Any:
        # Asked for only now: a dataclass may hold others of its own kind.
        shape = _shape(kind)
        if not isinstance(document, dict):
            raise _wrong(where, "no object")
        if document.keys() != shape.keys():
            name = min(document.keys() ^ shape.keys())
            raise _wrong(f"{where}.{name}" if where else name, "missing" if name in shape else "not known here")
        prefix = f"{where}." if where else ""
        return kind(**{name: reader(document[name], prefix + name) for name, reader in shape.items()})

    return read


def _optional(inner: Reader) -> Reader:
    return lambda document, where: None if document is None else inner(document, where)


def _tuple(inner: Reader) -> Reader:
    def read(document: Any, where: str) -> Any:
        if not isinstance(document, list):
            raise _wrong(where, "no list")
        return tuple(inner(item, f"{where}.{number}") for number, item in enumerate(document))

    return read


def _mapping(inner: Reader) -> Reader:
    def read(document: Any, where: str) -> Any:
        if not isinstance(document, dict):
            raise _wrong(where, "no object")
        return {name: inner(item, f"{where}.{name}") for name, item in document.items()}

    return read


def _scalar(kind: type) -> Reader:
    def read(document: Any, where: str) -> Any:
        if type(document) is not kind:
            raise _wrong(where, f"no {kind.__name__}")
        return document

    return read


def _parsed(parse: Callable[[str], Any], what: str) -> Reader:
    def read(document: Any, where: str) -> Any:
        try:
            return parse(_scalar(str)(document, where))
        except ValueError:
            raise _wrong(where, f"no {what}") from None

    return read


def _value(document: Any, where: str) -> Value:
    if isinstance(document, list):
        return tuple(_value(item, where) for item in document)
    if type(document) not in _SCALARS:
        raise _wrong(where, "what no value can be")
    return document  # type: ignore[no-any-return]


def _wrong(where: str, what: str) -> ValueError:
    return ValueError(f"{where or 'the whole of it'} is {what}")
