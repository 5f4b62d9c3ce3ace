"""The name that a wrong entry would have, so that an error can say which object it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from reconcile.config.marked import MarkedMap
from reconcile.core.kind import Kind


def guess_name(kind: Kind, entry: Any, connection: Any) -> str:
    """Return the name of the object that ``entry``, which is not valid, is about; empty when nobody can say."""
    if not isinstance(entry, MarkedMap):
        return ""
    models = list(_models(kind.entry))
    model = max(models, key=lambda model: sum(key in model.model_fields for key in entry), default=None)
    if model is None:
        return ""
    # Text alone, because names are made of that and lists or numbers may be what is wrong.
    known = {name: _shown(entry, name) for name in model.model_fields if isinstance(entry.get(name), str)}
    absent = {name: None for name, field in model.model_fields.items() if field.is_required()}
    sketch = model.model_construct(None, **{**absent, **known})
    try:
        return kind.declare(sketch, connection).name
    except Exception:  # a kind is promised valid entries, so with this one it may fail in any way
        return ""


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _models(part)


def _shown(entry: MarkedMap, name: str) -> str:
    origin = entry.origins.get(name)
    return origin.text if origin and origin.secret else str(entry[name])
