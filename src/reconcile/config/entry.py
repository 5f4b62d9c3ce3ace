"""What is live as the entry that declares just that, or the reason why no entry can."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from reconcile.config.check import adapter_of, shape_of
from reconcile.config.notation import Unwritable, Writable, value_text
from reconcile.config.writer import Entry, Variables
from reconcile.core.address import Address
from reconcile.core.kind import Kind
from reconcile.core.snapshot import Value, Values


def entry_for(
    kind: Kind, settings: Any, address: Address, values: Values, variables: Variables, *comments: str
) -> Entry:
    """Return the entry that declares ``values`` at ``address``, variables put back. ``settings`` are the connection's.

    Raises ``Unwritable`` for what our own reader would refuse, or take for something else.
    """
    try:
        keys = kind.entry_of(address.name, values)
        declared = kind.declare(adapter_of(kind.entry).validate_python(_as_read(keys)), settings)
    except ValidationError as error:
        raise Unwritable(_reason(error)) from None
    except ValueError as error:
        raise Unwritable(str(error)) from None
    if declared.name != address.name or dict(declared.values) != dict(values):
        raise Unwritable("its entry would mean something else")
    for value in keys.values():
        value_text(value)
    return Entry(address, kind.section, tuple(_put_back(kind, keys, variables).items()), comments)


def _put_back(kind: Kind, keys: Values, variables: Variables) -> dict[str, Writable]:
    shape = shape_of(kind.entry)
    shape = shape.narrowed(keys.get(shape.discriminator))
    # A word out of a few is no matter of the workspace: that "daily" is also the value of a variable is chance.
    return {name: value if shape.below(name).choices else variables.put_back(value) for name, value in keys.items()}


def _as_read(keys: Values) -> dict[str, Any]:
    return {name: _list(value) for name, value in keys.items()}


def _list(value: Value) -> Any:
    return [_list(item) for item in value] if isinstance(value, tuple) else value


def _reason(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    names = [str(part) for part in found["loc"] if isinstance(part, str)]
    message = found["msg"].removeprefix("Value error, ")
    return f"{names[-1]}: {message}" if names else message
