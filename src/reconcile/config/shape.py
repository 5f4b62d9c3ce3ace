"""What could stand at a place of an entry: its fields, choices and descriptions, from the model's JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_Schema = Mapping[str, Any]


class Shape:
    """One place of a model. It may have several alternatives, when the model is a union there."""

    def __init__(self, schema: _Schema, definitions: _Schema, tag: tuple[str, str] | None = None) -> None:
        self._definitions = definitions
        self._schema = self._resolved(schema)
        self.tag = tag
        """The field and value that chose this alternative of a union; None when there was no choice."""
        self.parent: Shape | None = None

    @property
    def fields(self) -> dict[str, Shape]:
        """Every field that an alternative has here, by name; empty when no mapping is expected."""
        return {
            name: Shape(schema, self._definitions)
            for alternative in self._alternatives()
            for name, schema in alternative.get("properties", {}).items()
        }

    @property
    def every_field(self) -> frozenset[str]:
        """Every field of the whole model, at any depth."""
        parts = (self._schema, *self._definitions.values())
        return frozenset(name for part in parts for name in part.get("properties", {}))

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that can stand here, as they are written; empty when there is no such list."""
        found: dict[str, None] = {}
        for alternative in self._alternatives():
            for value in [alternative["const"]] if "const" in alternative else alternative.get("enum", ()):
                found[value if isinstance(value, str) else str(value).lower()] = None
        return tuple(found)

    @property
    def pattern(self) -> str:
        """The pattern that text has to match here; empty when there is none."""
        return next((str(one["pattern"]) for one in self._alternatives() if "pattern" in one), "")

    @property
    def may_be_null(self) -> bool:
        """Say whether the model takes null here."""
        alternatives = list(self._alternatives())
        anything = not any(key in one for one in alternatives for key in ("type", "const", "enum", "anyOf", "oneOf"))
        return anything or any(one.get("type") == "null" for one in alternatives)

    @property
    def description(self) -> str:
        """What the field says of itself, in one line; empty when it says nothing."""
        return " ".join(str(self._schema.get("description", "")).split())

    @property
    def discriminator(self) -> str:
        """The field whose value chooses between the alternatives; empty when there is none."""
        return str(self._schema.get("discriminator", {}).get("propertyName", ""))

    @property
    def tags(self) -> dict[str, Shape]:
        """The alternatives by the value of ``discriminator``."""
        mapping = self._schema.get("discriminator", {}).get("mapping", {})
        shapes = {}
        for value, reference in mapping.items():
            shapes[value] = Shape({"$ref": reference}, self._definitions, (self.discriminator, value))
            shapes[value].parent = self
        return shapes

    def narrowed(self, tag: object) -> Shape:
        """Return the alternative that ``tag`` chooses; this shape itself when ``tag`` chooses none."""
        return self.tags.get(tag, self) if isinstance(tag, str) else self

    def below(self, segment: str | int) -> Shape:
        """Return the shape of a field or item; an empty one when nothing is known about it."""
        for alternative in self._alternatives():
            if isinstance(segment, int):
                found = alternative.get("items")
            else:
                others = next(iter(alternative.get("patternProperties", {}).values()), None)
                others = others or alternative.get("additionalProperties")
                found = alternative.get("properties", {}).get(segment, others)
            if isinstance(found, Mapping):
                return Shape(found, self._definitions)
        return Shape({}, self._definitions)

    def elsewhere(self, field: str) -> tuple[tuple[str, str], ...]:
        """Return the choices (field, value) of the union this belongs to under which ``field`` would be possible."""
        if self.parent is None:
            return ()
        return tuple(shape.tag for shape in self.parent.tags.values() if shape.tag and field in shape.fields)

    def _resolved(self, schema: _Schema) -> _Schema:
        while "$ref" in schema:
            target = self._definitions[schema["$ref"].rsplit("/", 1)[1]]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        return schema

    def _alternatives(self) -> Iterator[_Schema]:
        yield from self._flat(self._schema)

    def _flat(self, schema: _Schema) -> Iterator[_Schema]:
        resolved = self._resolved(schema)
        yield resolved
        for word in ("anyOf", "oneOf", "allOf"):
            for alternative in resolved.get(word, ()):
                yield from self._flat(alternative)
