"""One function for each mistake that a model finds: the diagnostic that says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconcile.config.document import Document
from reconcile.config.locate import Located
from reconcile.config.marked import Mark, MarkedMap, Origin
from reconcile.config.shape import Shape
from reconcile.config.words import (
    EXPECTED,
    concealing,
    either,
    found_words,
    origins_below,
    quoted,
    type_hint,
)
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class Subject:
    """What a model was asked about: ``value``, which stands at ``mark`` in ``document``.

    ``words`` begins a sentence about it. ``common`` are fields that it may have and its model does not know;
    ``elsewhere`` has a hint for keys that belong to another place. With ``concealed`` no free value of it is shown (the
    settings of a connection); ``secrets`` (value, replacement) are shown nowhere. ``origin`` is that of the whole
    value.
    """

    document: Document
    value: Any
    mark: Mark
    shape: Shape
    words: str
    address: str | None = None
    common: tuple[str, ...] = ()
    origin: Origin | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    concealed: bool = False
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def place(self) -> Located:
        """The place of the whole value."""
        return Located(self.value, self.shape, own_origin=self.origin)


def unknown_field(subject: Subject, place: Located) -> Diagnostic:
    """Return the error for a key that its mapping does not have."""
    name, owner = str(place.segment), _owner(subject, place)
    elsewhere = [f"{field}: {value}" for field, value in owner.elsewhere(name)]
    if elsewhere:
        hint = f"{name} goes with {either(elsewhere)}"
    else:
        known = [*owner.fields, *(subject.common if len(place.path) == 1 else ())]
        hint = subject.elsewhere.get(name) or did_you_mean(name, known) or f"known fields: {', '.join(known)}"
    tag = _tag_words(owner) if elsewhere else ""
    detail = f'{subject.words} has no field "{name}"{_inside(place.path[:-1])}{tag}.'
    return _say(subject, "unknown-field", "Unknown field", detail, hint, _key_span(subject, place))


def bad_name(subject: Subject, place: Located) -> Diagnostic:
    """Return the error for a key that is to be a name and is not written like one."""
    name = quoted(str(place.segment))
    detail = f"{name} cannot be a name{_inside(place.path[:-1])}."
    hint = "a name is letters, digits, _ . and -, and begins with a letter or digit"
    if place.path and place.path[-2:-1] == ("variables",):
        hint = "the name of a variable is letters, digits and _, and begins with no digit"
    return _say(subject, "bad-name", "Not a name", detail, hint, _key_span(subject, place))


def empty_field(subject: Subject, place: Located) -> Diagnostic:
    """Return the error for a field without a value, which is neither absent nor anything else."""
    hint = "write a value, or leave the field out"
    return _say(
        subject, "empty-field", "Empty field", f"{_name(subject, place)} is empty.", hint, _key_span(subject, place)
    )


def missing_field(subject: Subject, place: Located, name: str) -> Diagnostic:
    """Return the error for a field that the mapping at ``place`` needs."""
    owner = place.shape
    if isinstance(place.value, MarkedMap):
        owner = owner.narrowed(place.value.get(owner.discriminator))
    choices = tuple(owner.tags) if name == owner.discriminator else owner.below(name).choices
    says = either(choices) if choices else owner.below(name).description
    detail = f'{subject.words} needs "{name}"{_inside(place.path)}{_tag_words(owner)}.'
    hint = f"{name}: {says}" if says else ""
    return _say(subject, "missing-field", "Missing field", detail, hint, _span(subject, place))


def missing_name(diagnostic: Diagnostic) -> str:
    """Return the field, in quotes, that a ``missing_field`` diagnostic is about."""
    return '"' + diagnostic.detail.partition(' needs "')[2].partition('"')[0] + '"'


def unknown_value(subject: Subject, place: Located, known: Sequence[str]) -> Diagnostic:
    """Return the error for a value that is none of the ``known`` ones."""
    origin = place.origin
    # Choices are public words, so also a connection's wrong one is shown - unless the environment gave it.
    found = found_words(place.value, origin, concealed=False)
    detail = f"{_name(subject, place)} is {found}; it should be {either(known)}."
    hint = "" if origin is not None and origin.secret else did_you_mean(str(place.value), known)
    if not isinstance(place.value, str) and str(place.value).lower() in known and origin is None:
        hint = f'put it in quotes: "{str(place.value).lower()}"'
    return _say(subject, "unknown-value", "Unknown value", detail, hint, _span(subject, place))


def wrong_type(subject: Subject, place: Located, codes: Sequence[str | None]) -> Diagnostic:
    """Return the error for a value of the wrong type; ``codes`` are Pydantic's, None for a choice of values."""
    phrases = [either(place.shape.choices) if code is None else EXPECTED[code] for code in codes]
    expected = list(dict.fromkeys(phrase for phrase in phrases if phrase))
    hints = [type_hint(one, place, subject.document, concealed=subject.concealed) for one in expected]
    hint = next((one for one in hints if one), place.shape.description)
    detail = f"{_is(subject, place)}; it should be {either(expected)}."
    return _say(subject, "wrong-type", "Wrong type", detail, hint, _span(subject, place))


def out_of_range(subject: Subject, place: Located, expected: str) -> Diagnostic:
    """Return the error for a number, text or list that is too large or too small."""
    detail = f"{_is(subject, place)}; it should be {expected}."
    return _say(subject, "out-of-range", "Out of range", detail, place.shape.description, _span(subject, place))


def wrong_format(subject: Subject, place: Located) -> Diagnostic:
    """Return the error for text that does not match its pattern."""
    pattern = place.shape.pattern
    hint = place.shape.description or (f"it has to match {pattern}" if pattern else "")
    detail = f"{_is(subject, place)}, which is not how it is written."
    return _say(subject, "wrong-format", "Not written as expected", detail, hint, _span(subject, place))


def own_words(subject: Subject, place: Located, code: str, message: str, context: Mapping[str, Any]) -> Diagnostic:
    """Return the error that the model itself words.

    A kebab-case ``code`` is the model's own. The ``context`` may name the ``field`` that is meant, and a ``hint``.
    """
    named = context.get("field")
    if isinstance(place.value, MarkedMap) and named in place.value:
        place = place.field(str(named))
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = f"{_name(subject, place)} {message}" if message.startswith("must ") else message
    if message.split(" ")[0].isalpha() and message.split(" ")[0] not in subject.shape.every_field:
        message = message[:1].upper() + message[1:]
    detail = message if message.endswith((".", "?", "!")) else f"{message}."
    own_code = code if "_" not in code else "wrong-value"
    summary = "Wrong value" if own_code == "wrong-value" else own_code.replace("-", " ").capitalize()
    return _say(subject, own_code, summary, detail, str(context.get("hint", "")), _span(subject, place))


def _say(subject: Subject, code: str, summary: str, detail: str, hint: str, span: Span) -> Diagnostic:
    origins = (*origins_below(subject.value), *((subject.origin,) if subject.origin else ()))
    secrets = {*subject.secrets, *(pair for origin in origins for pair in origin.secrets)}
    detail, hint = concealing(detail, secrets), concealing(hint, secrets)
    return Diagnostic(code, summary, detail, hint, span, subject.address)


def _owner(subject: Subject, place: Located) -> Shape:
    """Return the shape of the mapping that holds the key at ``place``."""
    shape, value = subject.shape, subject.value
    for segment in place.path:
        shape = shape.narrowed(value.get(shape.discriminator)) if isinstance(value, MarkedMap) else shape
        if segment is place.path[-1] and value is place.parent:
            break
        shape, value = shape.below(segment), value[segment]
    return shape


def _tag_words(shape: Shape) -> str:
    return f" with {shape.tag[0]}: {shape.tag[1]}" if shape.tag else ""


def _inside(path: Sequence[str | int]) -> str:
    names = [str(segment) for segment in path if isinstance(segment, str)]
    return f' in "{".".join(names)}"' if names else ""


def _is(subject: Subject, place: Located) -> str:
    found = found_words(place.value, place.origin, concealed=subject.concealed)
    return f"{_name(subject, place)} is {found}"


def _name(subject: Subject, place: Located) -> str:
    if not place.path:
        return subject.words
    if isinstance(place.segment, str):
        return f'"{place.segment}"'
    names = [segment for segment in place.path if isinstance(segment, str)]
    return f'An item of "{names[-1]}"' if names else "An item"


def _span(subject: Subject, place: Located) -> Span:
    if place.parent is None:
        return subject.document.text.span(subject.mark)
    return subject.document.value_span(place.parent, place.segment)


def _key_span(subject: Subject, place: Located) -> Span:
    if place.parent is None:
        return _span(subject, place)
    return subject.document.key_span(place.parent, place.segment)
