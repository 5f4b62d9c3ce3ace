"""As much of JSON Schema as our own schemas use, to try them without another dependency."""

from __future__ import annotations

import re
from typing import Any

KNOWN = frozenset(
    {
        "$defs", "$ref", "$schema", "additionalProperties", "allOf", "anyOf", "const", "default", "description", "else",
        "enum", "examples", "exclusiveMinimum", "format", "if", "items", "maximum", "minItems", "minLength",
        "minProperties", "minimum", "oneOf", "pattern", "properties", "propertyNames",
        "required", "then", "title", "type", "writeOnly",
    }
)  # fmt: skip
TYPES: dict[str, Any] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list,
}  # fmt: skip


def fits(value: Any, schema: Any, root: Any) -> bool:
    """Say whether ``value`` is valid. Raises ``AssertionError`` for a keyword that this does not know."""
    if isinstance(schema, bool):
        return schema
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema and not fits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root):
        return False
    return _own(value, schema) and _parts(value, schema, root) and _logic(value, schema, root)


def _own(value: Any, schema: Any) -> bool:
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(isinstance(value, TYPES[name]) and (name == "boolean" or type(value) is not bool) for name in names):
            return False
    if "const" in schema and (value != schema["const"] or type(value) is not type(schema["const"])):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value) or len(value) < schema.get("minLength", 0):
            return False
    elif isinstance(value, int | float) and type(value) is not bool:
        low, above = schema.get("minimum", value), schema.get("exclusiveMinimum", value - 1)
        return bool(low <= value <= schema.get("maximum", value) and value > above)
    return True


def _parts(value: Any, schema: Any, root: Any) -> bool:
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(
            fits(item, schema.get("items", True), root) for item in value
        )
    if not isinstance(value, dict):
        return True
    known = schema.get("properties", {})
    return (
        all(name in value for name in schema.get("required", ()))
        and len(value) >= schema.get("minProperties", 0)
        and all(fits(name, schema.get("propertyNames", True), root) for name in value)
        and all(
            fits(part, known.get(name, schema.get("additionalProperties", True)), root) for name, part in value.items()
        )
    )


def _logic(value: Any, schema: Any, root: Any) -> bool:
    if "if" in schema:
        chosen = "then" if fits(value, schema["if"], root) else "else"
        if not fits(value, schema.get(chosen, True), root):
            return False
    return (
        all(fits(value, one, root) for one in schema.get("allOf", ()))
        and ("anyOf" not in schema or any(fits(value, one, root) for one in schema["anyOf"]))
        and ("oneOf" not in schema or sum(fits(value, one, root) for one in schema["oneOf"]) == 1)
    )
