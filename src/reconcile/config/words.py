"""Values and expectations in words; what must not be shown is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reconcile.config.document import Document
from reconcile.config.locate import Located
from reconcile.config.marked import MarkedList, MarkedMap, Origin
from reconcile.config.scalar import scalar

LONGEST_VALUE = 60
SHORT = 3

TEXT, INTEGER, NUMBER, BOOLEAN = "text", "a whole number", "a number", "true or false"
LIST, MAPPING = "a list", 'a mapping ("key: value" lines)'

EXPECTED = {
    "string_type": TEXT,
    "string_sub_type": TEXT,
    "url_type": TEXT,
    "int_type": INTEGER,
    "int_from_float": INTEGER,
    "float_type": NUMBER,
    "bool_type": BOOLEAN,
    "list_type": LIST,
    "tuple_type": LIST,
    "set_type": LIST,
    "frozen_set_type": LIST,
    "iterable_type": LIST,
    "dict_type": MAPPING,
    "mapping_type": MAPPING,
    "model_type": MAPPING,
    "model_attributes_type": MAPPING,
    "dataclass_type": MAPPING,
    "none_required": "empty",
}
"""What is expected, by the type of Pydantic's error."""

_YAML_1_1_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})


def found_words(value: Any, origin: Origin | None, *, concealed: bool) -> str:
    """Return what a value is, for a sentence; its content only when there is nothing secret about it."""
    words = _type_words(value)
    if origin is not None and (origin.secret or concealed):
        return f"{words} (from {clipped(origin.text)})"
    if not concealed and isinstance(value, str | int | float) and not isinstance(value, bool):
        words = f"{'the text' if isinstance(value, str) else 'the number'} {quoted(value)}"
    return f"{words} (from {clipped(origin.text)})" if origin is not None else words


def quoted(value: str | int | float) -> str:
    """Return a value as a file would have it, text in double quotes, cut when it is long."""
    return f'"{clipped(value)}"' if isinstance(value, str) else clipped(str(value))


def clipped(text: str) -> str:
    """Return ``text`` with its end cut when it is long."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def type_hint(expected: str, place: Located, document: Document, *, concealed: bool) -> str:
    """Return how to write what was probably meant; empty when nobody can say."""
    value = place.value
    if value is None:
        nothing = {LIST: "; an empty list is []", MAPPING: "; an empty mapping is {}"}.get(expected, "")
        return f"write a value, or leave the field out{nothing}"
    if place.origin is not None:
        return ""
    match expected:
        case "a whole number" | "a number":
            return _number_hint(value, whole=expected == INTEGER, concealed=concealed)
        case "true or false" if isinstance(value, str) and value.lower() in _YAML_1_1_BOOLEANS | {"true", "false"}:
            return "write true or false without quotes; yes, no, on and off are text"
        case "text" if isinstance(value, int | float):
            return "put it in quotes" if concealed else f'put it in quotes: "{_written(place, document)}"'
        case "a list" if isinstance(value, str | int | float):
            return "write it as a list" if concealed else f"write it as a list: [{_written(place, document)}]"
        case "a list" if isinstance(value, MarkedMap):
            return 'begin each item with "- "'
        case _:
            return ""


def either(words: Sequence[str]) -> str:
    """Return ``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else ""


def origins_below(value: Any) -> Iterator[Origin]:
    """Yield what the file has for each value below ``value`` that came from a reference."""
    if isinstance(value, MarkedMap | MarkedList):
        yield from value.origins.values()
        for part in value.values() if isinstance(value, MarkedMap) else value:
            yield from origins_below(part)


def concealing(text: str, secrets: Iterable[tuple[str, str]]) -> str:
    """Return ``text`` with each secret (value, replacement) replaced, the longest first."""
    replacements: dict[str, str] = {}
    for secret, replacement in sorted(set(secrets), key=lambda pair: (-len(pair[0]), pair)):
        # As it is, and as a message may quote it.
        for form in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], secret.strip(), *secret.splitlines()):
            if form.strip():
                replacements.setdefault(form, replacement)
    if not replacements:
        return text
    # A short one may be a part of any word; as a word of its own it is the value.
    patterns = [re.escape(form) if len(form) > SHORT else rf"(?<!\w){re.escape(form)}(?!\w)" for form in replacements]
    return re.sub("|".join(patterns), lambda match: replacements[match.group()], text)


def _type_words(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _number_hint(value: Any, *, whole: bool, concealed: bool) -> str:
    if not isinstance(value, str):
        return ""
    meant = scalar(re.sub(r"^([-+]?)0+(?=[0-9])", r"\1", value.strip()))
    fits = isinstance(meant, int if whole else int | float) and not isinstance(meant, bool)
    return ("write it without quotes" if concealed else f"write it without quotes: {meant}") if fits else ""


def _written(place: Located, document: Document) -> str:
    if place.parent is None:
        return clipped(str(place.value))
    return clipped(document.text.slice(place.parent.mark_of(place.segment)))  # type: ignore[arg-type]
