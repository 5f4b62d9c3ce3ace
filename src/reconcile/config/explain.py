"""The errors of a model as diagnostics: where, what is wrong, what to write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reconcile.config import mistake
from reconcile.config.locate import Located, locate
from reconcile.config.marked import MarkedMap
from reconcile.config.mistake import Subject
from reconcile.config.words import EXPECTED, origins_below
from reconcile.core.diagnostic import Diagnostic

_Error = tuple[ErrorDetails, Located]

# Pydantic's type of error, and what the value should be; the braces are filled from the error's context.
_RANGES = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}
_CHOICES = frozenset({"literal_error", "enum"})


def explain(error: ValidationError, subject: Subject) -> list[Diagnostic]:
    """Return one diagnostic for each mistake that ``error`` is about; none for values whose reference failed.

    No diagnostic holds a value that came from the environment, or one of ``subject.secrets``.
    """
    groups: dict[object, list[_Error]] = {}
    # Neither the input nor its repr is taken from Pydantic: both show secrets, SecretStr or not.
    for detail in error.errors(include_url=False, include_input=False):
        missing = detail["type"] == "missing"
        place = locate(subject.place, detail["loc"], missing=missing)
        # Several errors at one place are the branches of one union; several missing fields are not.
        key = (place.path, detail["loc"][-1] if missing else None, detail["type"] == "extra_forbidden")
        groups.setdefault(key, []).append((detail, place))
    found = [diagnostic for group in groups.values() for diagnostic in _explained(subject, group)]
    return _without_echoes(found)


def _explained(subject: Subject, group: Sequence[_Error]) -> list[Diagnostic]:
    detail, place = _sharpest(group)
    code = detail["type"]
    if detail["loc"][-1:] == ("[key]",):
        return [mistake.bad_name(subject, place)]
    if code == "extra_forbidden":
        return [mistake.unknown_field(subject, place)]
    if code == "missing":
        return [mistake.missing_field(subject, place, str(detail["loc"][-1]))]
    if code in ("union_tag_not_found", "union_tag_invalid") and isinstance(place.value, MarkedMap):
        return _untagged(subject, place)
    if _is_unresolved(place):
        return []
    if code in ("union_tag_not_found", "union_tag_invalid"):
        return [mistake.wrong_type(subject, place, ["model_type"])]
    if code in _CHOICES and len(group) == 1:
        return [mistake.unknown_value(subject, place, place.shape.choices)]
    if code in EXPECTED or code in _CHOICES:
        return [mistake.wrong_type(subject, place, [None if d["type"] in _CHOICES else d["type"] for d, _ in group])]
    if code in _RANGES:
        return [mistake.out_of_range(subject, place, _RANGES[code].format(**_plain(detail["ctx"])))]
    if code == "string_pattern_mismatch":
        return [mistake.wrong_format(subject, place)]
    return [mistake.own_words(subject, place, code, detail["msg"], detail.get("ctx", {}))]


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``context`` with 100.0 as 100."""
    return {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in context.items()}


def _sharpest(group: Sequence[_Error]) -> _Error:
    """Return the error of the branch that fitted best: the one whose type was right."""
    return next((one for one in group if one[0]["type"] not in EXPECTED and one[0]["type"] not in _CHOICES), group[0])


def _is_unresolved(place: Located) -> bool:
    below = (place.origin,) if place.origin is not None else origins_below(place.value)
    return any(not one.resolved for one in below)


def _untagged(subject: Subject, place: Located) -> list[Diagnostic]:
    """Return what keeps a union from being chosen, and fields that no member has: Pydantic stops at the choice."""
    name, members = place.shape.discriminator, place.shape.tags
    known = {field for member in members.values() for field in member.fields} | {name}
    found = [mistake.unknown_field(subject, place.field(key)) for key in place.value if key not in known]
    if name not in place.value:
        return [*found, mistake.missing_field(subject, place, name)]
    tag = place.field(name)
    return found if _is_unresolved(tag) else [*found, mistake.unknown_value(subject, tag, tuple(members))]


def _without_echoes(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics less each missing field that an unknown field was meant to be."""
    meant = [one.hint for one in diagnostics if one.code == "unknown-field" and one.hint.startswith("did you mean")]
    return [
        one
        for one in diagnostics
        if one.code != "missing-field" or not any(mistake.missing_name(one) in hint for hint in meant)
    ]
