"""JSON Schema (draft 2020-12) of both sorts of files, for editors, from the models that also do the parsing.

Three things differ from what Pydantic says of its models:

- A union with a discriminator is written with ``if``/``then``: editors then complain about the one field that is
  wrong, where ``oneOf`` makes them say that no alternative matches.
- Wherever a scalar stands, a ``${env.NAME}`` or ``${var.NAME}`` can stand too: as a whole value for a number, a
  boolean or a choice, anywhere inside text that has a pattern.
- ``connection``, ``protect`` and ``hold`` are added to every entry; the kinds' own models do not know them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconcile.config.check import schema_of
from reconcile.config.model import NAME_PATTERN, Common, StepOptions, Workspace
from reconcile.config.reference import INSIDE_PATTERN, WHOLE_PATTERN
from reconcile.core.kind import Catalogue

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_WHOLE: Schema = {"type": "string", "pattern": WHOLE_PATTERN}
_INSIDE: Schema = {"type": "string", "pattern": INSIDE_PATTERN}
_ABOUT = ("title", "description", "default", "examples", "deprecated", "writeOnly")
_TEXT_RULES = ("pattern", "format", "minLength", "maxLength", "enum")


def desired_schema(catalogues: Mapping[str, Catalogue]) -> Schema:
    """Return the schema of desired-state files. The same catalogues give the same bytes."""
    parts = _Parts()
    return {
        "$schema": DRAFT,
        "title": "reconcile: desired state",
        **_desired(catalogues, parts),
        "$defs": parts.sorted(),
    }


def workspace_schema(catalogues: Mapping[str, Catalogue]) -> Schema:
    """Return the schema of ``reconcile.yaml``."""
    parts = _Parts()
    return {"$schema": DRAFT, "title": "reconcile: workspace", **_workspace(catalogues, parts), "$defs": parts.sorted()}


def combined_schema(catalogues: Mapping[str, Catalogue]) -> Schema:
    """Return one schema for both sorts of files: a file with ``version`` is the workspace file, any other is not.

    The choice is made with ``if``, not ``anyOf``, so that editors show the errors of the sort that is meant.
    """
    parts = _Parts()
    parts.add("workspace", _workspace(catalogues, parts))
    parts.add("desired", _desired(catalogues, parts))
    return {
        "$schema": DRAFT,
        "title": "reconcile",
        "description": "reconcile.yaml (it has version:) and desired-state files",
        "type": "object",
        "if": {"required": ["version"]},
        "then": {"$ref": "#/$defs/workspace"},
        "else": {"$ref": "#/$defs/desired"},
        "$defs": parts.sorted(),
    }


def schema_text(catalogues: Mapping[str, Catalogue]) -> str:
    """Return the combined schema as it is printed and committed: indented JSON with a line break at its end."""
    return json.dumps(combined_schema(catalogues), indent=2, ensure_ascii=False) + "\n"


class _Parts:
    """The ``$defs`` of a schema that is being put together. Models of different sections may share a name."""

    def __init__(self) -> None:
        self._parts: dict[str, Schema] = {}

    def add(self, name: str, schema: Schema) -> Schema:
        """Keep ``schema`` under ``name``; return a reference to it."""
        self._parts[name] = schema
        return {"$ref": f"#/$defs/{name}"}

    def take(self, prefix: str, schema: Mapping[str, Any]) -> Schema:
        """Return a model's schema, rewritten for editors, its definitions kept with ``prefix`` before their names."""
        definitions = schema.get("$defs", {})
        renamed = {f"#/$defs/{name}": f"#/$defs/{prefix}.{name}" for name in definitions}
        for name, definition in definitions.items():
            self.add(f"{prefix}.{name}", _for_editors(definition, renamed, definitions))
        top = {key: value for key, value in schema.items() if key != "$defs"}
        rewritten: Schema = _for_editors(top, renamed, definitions)
        return rewritten

    def members(self, schema: Schema) -> Iterator[Schema]:
        """Yield the objects that ``schema`` stands for: itself, or each alternative of a choice."""
        if "$ref" in schema:
            yield from self.members(self._parts[schema["$ref"].removeprefix("#/$defs/")])
        for choice in schema.get("allOf", ()):
            yield from self.members(choice.get("then", {}))
        if "additionalProperties" in schema:
            yield schema

    def sorted(self) -> dict[str, Schema]:
        """Return the parts by name."""
        return dict(sorted(self._parts.items()))


def _workspace(catalogues: Mapping[str, Catalogue], parts: _Parts) -> Schema:
    schema = parts.take("workspace", schema_of(Workspace))
    schema["properties"]["connections"]["additionalProperties"] = _connection(catalogues, parts)
    return schema


def _connection(catalogues: Mapping[str, Catalogue], parts: _Parts) -> Schema:
    models = {
        name: parts.add(f"{name}.connection", parts.take(f"{name}.connection", schema_of(catalogue.connection)))
        for name, catalogue in sorted(catalogues.items())
    }
    return _choice("provider", models, "account on a platform")


def _desired(catalogues: Mapping[str, Catalogue], parts: _Parts) -> Schema:
    sections: dict[str, list[Schema]] = {}
    for provider, catalogue in sorted(catalogues.items()):
        for kind in catalogue.kinds:
            name = f"{provider}.{kind.name}"
            entry = parts.add(name, parts.take(name, schema_of(kind.entry)))
            _add_common(entry, parts)
            sections.setdefault(kind.section, []).append(entry)
    properties: Schema = {"connection": _name("connection of all entries that name no other")}
    for section, entries in sorted(sections.items()):
        items = entries[0] if len(entries) == 1 else {"anyOf": entries}
        properties[section] = {"type": "array", "items": items}
    properties["pipelines"] = _pipelines(catalogues, parts)
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in properties if name != "connection"],
    }


def _add_common(entry: Schema, parts: _Parts) -> None:
    common = parts.take("common", schema_of(Common))["properties"]
    for member in parts.members(entry):
        member["properties"] = {**member.get("properties", {}), **common}


def _pipelines(catalogues: Mapping[str, Catalogue], parts: _Parts) -> Schema:
    step = parts.take("step", schema_of(StepOptions))
    operations = {
        name: operation.entry
        for _, catalogue in sorted(catalogues.items())
        for name, operation in sorted(catalogue.operations.items())
    }
    models = {name: parts.add(name, parts.take(name, schema_of(model))) for name, model in operations.items()}
    step["properties"] = {**models, **step["properties"]}
    step["oneOf"] = [{"required": [name]} for name in models]
    steps = _named(parts.add("step", step)) | {"minProperties": 1}
    pipeline = {
        "type": "object",
        "properties": {"steps": steps},
        "required": ["steps"],
        "additionalProperties": False,
    }
    return _named(parts.add("pipeline", pipeline)) | {"description": "one-shot work, started by reconcile run NAME"}


def _named(value: Schema) -> Schema:
    return {"type": "object", "propertyNames": {"pattern": NAME_PATTERN}, "additionalProperties": value}


def _name(description: str) -> Schema:
    own = {"type": "string", "pattern": NAME_PATTERN}
    return {"anyOf": [own, _INSIDE], "description": description}


def _for_editors(schema: Any, renamed: Mapping[str, str], definitions: Mapping[str, Any]) -> Any:
    """Return a part of a model's schema with references renamed and the three differences made."""

    def rewrite(part: Any) -> Any:
        return _for_editors(part, renamed, definitions)

    if not isinstance(schema, dict):
        return schema
    about = {key: schema[key] for key in _ABOUT if key in schema and key != "title"}
    rest = {key: value for key, value in schema.items() if key not in _ABOUT}
    if "$ref" in rest:
        return {**about, "$ref": renamed.get(rest["$ref"], rest["$ref"])}
    if "discriminator" in rest:
        mapping = rest["discriminator"]["mapping"]
        members = {tag: {"$ref": renamed[reference]} for tag, reference in mapping.items()}
        return about | _choice(rest["discriminator"]["propertyName"], members, about.get("description", ""))
    if rest.get("type") == "object" or "properties" in rest:
        return about | _object(rest, rewrite)
    for word in ("anyOf", "oneOf", "allOf"):
        if word in rest:
            alternatives = [rewrite(one) for one in rest[word] if one != {"type": "null"}]
            return about | (alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives})
    if "items" in rest:
        return about | rest | {"items": rewrite(rest["items"])}
    return about | _scalar(rest)


def _object(schema: Schema, rewrite: Any) -> Schema:
    result = {**schema}
    if "properties" in schema:
        result["properties"] = {name: rewrite(value) for name, value in schema["properties"].items()}
    patterns = result.pop("patternProperties", None)
    if patterns:
        # Otherwise a name that does not match would be let through.
        ((pattern, value),) = patterns.items()
        result |= {"propertyNames": {"pattern": pattern}, "additionalProperties": rewrite(value)}
        if value is True or value == {}:
            result["additionalProperties"] = True
    elif isinstance(result.get("additionalProperties"), dict):
        result["additionalProperties"] = rewrite(result["additionalProperties"])
    return result


def _scalar(schema: Schema) -> Schema:
    if "const" in schema or not schema:
        return schema
    types = schema.get("type", "string" if "enum" in schema else None)
    if types == "string":
        rules = [
            rule for rule in _TEXT_RULES if rule in schema and not (rule == "format" and schema[rule] == "password")
        ]
        if not rules or rules == ["minLength"]:
            return schema
        return {"anyOf": [schema, _WHOLE if "enum" in rules else _INSIDE]}
    if types in ("integer", "number", "boolean"):
        return {"anyOf": [schema, _WHOLE]}
    return schema


def _choice(field: str, members: Mapping[str, Schema], description: str) -> Schema:
    """Return a schema for objects whose ``field`` says which of ``members`` they are."""
    about = {"description": description} if description else {}
    return {
        **about,
        "type": "object",
        "properties": {field: {"anyOf": [{"enum": sorted(members)}, _WHOLE]}},
        "required": [field],
        "allOf": [
            {"if": {"type": "object", "properties": {field: {"const": tag}}, "required": [field]}, "then": member}
            for tag, member in sorted(members.items())
        ],
    }
