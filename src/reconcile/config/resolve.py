"""References filled in, and objects found by address: nothing declared twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconcile.config.document import Document, Segment
from reconcile.config.marked import Container, MarkedList, MarkedMap, Origin
from reconcile.config.reference import REFERENCE, NearMiss, near_misses
from reconcile.config.scalar import DECIMAL, Scalar
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.snapshot import Desired
from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class _Value:
    """What a reference stands for. ``text`` is how it reads inside other text."""

    value: Scalar
    text: str
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class Scope:
    """What references can name: the variables of one environment, and the process environment.

    ``variables`` is None when they could not be read; then nothing is said about variables that are not there.
    ``diagnostics`` says what is wrong with the variables themselves. Fills itself on construction.
    """

    def __init__(self, variables: MarkedMap | None, document: Document, environ: Mapping[str, str]) -> None:
        self._variables = MarkedMap() if variables is None else variables
        self._all_known = variables is not None
        self._document = document
        self._environ = environ
        self._values: dict[str, _Value | None] = {}
        self._open: list[str] = []
        self._texts: dict[str, tuple[Scalar, Origin]] = {}
        self.diagnostics: list[Diagnostic] = []
        for name in self._variables:
            self._variable(name)

    @property
    def values(self) -> dict[str, Scalar]:
        """What every variable of the environment stands for; without those of which nobody can say."""
        return {name: value.value for name, value in self._values.items() if value is not None}

    def fill(self, container: Container, segment: Any, document: Document) -> list[Diagnostic]:
        """Replace the references in one text of ``document`` by what they stand for; return what is wrong with them.

        The text as written is kept in ``container.origins``. A text with a failing reference stays as it is.
        """
        text = container[segment]
        if segment in container.origins or not isinstance(text, str) or "${" not in text:
            return []
        if text in self._texts:
            container[segment], container.origins[segment] = self._texts[text]
            return []
        span = document.value_span(container, segment)
        problems = [_nearly(near, _place(near.written, span, document)) for near in near_misses(text)]
        found = list(REFERENCE.finditer(text))
        values = [self._look_up(match, document, span, problems) for match in found]
        if problems or None in values:
            container.origins[segment] = Origin(text, resolved=False)
        elif found:
            known = [value for value in values if value is not None]
            value = _filled(text, known)
            self._texts[text] = value, Origin(text, _secrets(text, value, known))
            container[segment], container.origins[segment] = self._texts[text]
        return problems

    def _look_up(self, match: re.Match[str], document: Document, span: Span, out: list[Diagnostic]) -> _Value | None:
        namespace, name = match.groups()
        if namespace == "env":
            found = self._environ.get(name)
            if found is not None:
                return _Value(found, found, ((found, match.group()),))
            summary, detail = "Missing environment variable", f"The environment has no variable {name}."
            hint = did_you_mean(name, self._environ) or f"set it before the command: {name}=... reconcile ..."
        else:
            if name in self._variables:
                return self._variable(name)
            if not self._all_known:
                return None
            summary, detail = "Unknown variable", f'There is no variable "{name}".'
            hint = did_you_mean(name, self._variables) or self._variables_hint()
        place = _place(match.group(), span, document)
        out.append(Diagnostic("missing-variable", summary, detail, hint, place))
        return None

    def _variables_hint(self) -> str:
        if self._variables:
            return "known variables: " + ", ".join(sorted(self._variables))
        return f"add it to variables: in {self._document.file}"

    def _variable(self, name: str) -> _Value | None:
        """Return what a variable stands for; None when that cannot be said, for which there is a diagnostic."""
        if name in self._values:
            return self._values[name]
        if name in self._open:
            self._report_cycle(name)
            return None
        self._open.append(name)
        problems = self.fill(self._variables, name, self._document)
        self._open.pop()
        self.diagnostics += problems
        self._values[name] = self._value_of(name)
        return self._values[name]

    def _value_of(self, name: str) -> _Value | None:
        value, origin = self._variables[name], self._variables.origins.get(name)
        if (origin and not origin.resolved) or not isinstance(value, str | int | float | bool):
            return None
        text = str(value)
        if isinstance(value, bool):
            text = text.lower()
        elif isinstance(value, float) and origin is None:
            # As it was written: 1.10 is not 1.1 inside a text.
            written = self._document.text.slice(self._variables.mark_of(name))
            text = written if DECIMAL.fullmatch(written) else text
        return _Value(value, text, ((text, f"${{var.{name}}}"), *origin.secrets) if origin and origin.secret else ())

    def _report_cycle(self, name: str) -> None:
        circle = [*self._open[self._open.index(name) :], name]
        self.diagnostics.append(
            Diagnostic(
                "variable-cycle",
                "Variables in a circle",
                "Each needs the next one to be known: " + " -> ".join(circle) + ".",
                "give one of them a value of its own",
                self._document.value_span(self._variables, name),
            )
        )


def interpolate(document: Document, scope: Scope) -> list[Diagnostic]:
    """Replace every reference in the values of ``document``; return what is wrong with them. Keys stay as they are."""
    problems = [p for container, segment in document.references for p in scope.fill(container, segment, document)]
    return list(dict.fromkeys(problems))


def has_failed_references(document: Document) -> bool:
    """Say whether a reference of ``document`` could not be filled in."""
    filled = ((container.origins, segment) for container, segment in document.references)
    return any(segment in origins and not origins[segment].resolved for origins, segment in filled)  # type: ignore[index]


def interpolate_below(value: Any, document: Document, scope: Scope) -> list[Diagnostic]:
    """Replace every reference below ``value``, a part of ``document``; return what is wrong with them."""
    segments: Iterable[Segment]
    if isinstance(value, MarkedMap):
        segments = list(value)
    elif isinstance(value, MarkedList):
        segments = range(len(value))
    else:
        return []
    problems: list[Diagnostic] = []
    for segment in segments:
        problems += scope.fill(value, segment, document)
        problems += interpolate_below(value[segment], document, scope)
    return list(dict.fromkeys(problems))


def by_address(objects: Iterable[Desired]) -> tuple[dict[Address, Desired], list[Diagnostic]]:
    """Return the objects by address, sorted, and an error for each one that is declared again."""
    found: dict[Address, Desired] = {}
    problems = []
    for desired in sorted(objects, key=lambda desired: (desired.address, desired.source)):
        first = found.setdefault(desired.address, desired)
        if first is not desired:
            problems.append(
                Diagnostic(
                    "duplicate-object",
                    "Declared twice",
                    f"{desired.address} is declared at {first.source} and again at {desired.source}.",
                    "keep one of the two",
                    desired.source,
                    str(desired.address),
                )
            )
    return found, problems


def _secrets(text: str, value: Scalar, parts: list[_Value]) -> tuple[tuple[str, str], ...]:
    found = tuple(pair for part in parts for pair in part.secrets)
    return tuple(dict.fromkeys(((str(value), text), *found))) if found else ()


def _filled(text: str, values: list[_Value]) -> Scalar:
    """Return ``text`` with its references replaced in order; the value itself where the text is one reference."""
    if REFERENCE.fullmatch(text):
        return values[0].value
    rest = iter(values)
    return REFERENCE.sub(lambda _: next(rest).text, text)


def _place(written: str, span: Span, document: Document) -> Span:
    """Return where in ``span`` the reference stands; ``span`` itself when it is written differently there."""
    line = document.text.lines[span.line - 1]
    at = line.find(written, span.column - 1)
    return Span(span.file, span.line, at + 1, len(written)) if at >= 0 else span


def _nearly(near: NearMiss, span: Span) -> Diagnostic:
    return Diagnostic(
        "bad-reference",
        "Not a reference",
        f"{near.written} is nearly a reference, and would be sent as it stands.",
        f"write {near.meant}" if near.meant else "write ${env.NAME} or ${var.NAME}; a name is letters, digits and _",
        span,
    )
