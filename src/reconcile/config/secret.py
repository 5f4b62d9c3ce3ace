"""Secrets that somebody wrote into the workspace file: found, so that no message and no source line shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconcile.config.check import schema_of
from reconcile.config.document import Document
from reconcile.config.marked import Mark, MarkedList, MarkedMap
from reconcile.config.reference import REFERENCE
from reconcile.config.text import Text
from reconcile.core.kind import Catalogue
from reconcile.core.redact import MASK

_SOUNDS_SECRET = re.compile(r"(secret|token|password|passwd|api_?key|private_?key|credential)", re.IGNORECASE)
_LINE = re.compile(r"([\w.-]*" + _SOUNDS_SECRET.pattern + r"""[\w.-]*["']?\s*:\s*)(?!\s)([^,}]+)""", re.IGNORECASE)
_CONTINUED = re.compile(r"[A-Za-z0-9+/=_-]{30,}")


class SecretFields:
    """Which fields of connections hold secrets, by the models of the providers."""

    def __init__(self, catalogues: Mapping[str, Catalogue]) -> None:
        self._secret: set[str] = set()
        self._open: set[str] = set()
        for catalogue in catalogues.values():
            schema = schema_of(catalogue.connection)
            for part in (schema, *schema.get("$defs", {}).values()):
                self._sort(part.get("properties", {}))

    def _sort(self, properties: Mapping[str, Any]) -> None:
        for name, schema in properties.items():
            alternatives = (schema, *schema.get("anyOf", ()))
            is_secret = any(one.get("writeOnly") for one in alternatives)
            (self._secret if is_secret else self._open).add(name)

    def holds(self, name: str, *, in_auth: bool) -> bool:
        """Say whether a field of this name may hold a secret; a misspelled one in ``auth`` may."""
        if name in self._secret:
            return True
        return name not in self._open and (in_auth or bool(_SOUNDS_SECRET.search(name)))

    def written_in(self, document: Document) -> tuple[tuple[str, Mark], ...]:
        """Return every secret that stands in the document itself (not as a reference), with its place."""
        return tuple(self._below(document.root, in_auth=False))

    def _below(self, value: Any, *, in_auth: bool) -> Iterator[tuple[str, Mark]]:
        if isinstance(value, MarkedList):
            for item in value:
                yield from self._below(item, in_auth=in_auth)
        if not isinstance(value, MarkedMap):
            return
        for name, part in value.items():
            if isinstance(part, MarkedMap | MarkedList):
                yield from self._below(part, in_auth=in_auth or name == "auth")
            elif part is not None and self.holds(name, in_auth=in_auth) and not REFERENCE.fullmatch(str(part)):
                yield str(part), value.mark_of(name)


def masked_lines(text: Text, marks: Iterable[Mark]) -> tuple[str, ...]:
    """Return the lines of a file with everything at ``marks`` starred out, so that columns stay what they are."""
    characters = text.characters
    for begin, end in marks:
        stars = re.sub(r"[^\s]", "*", characters[begin:end])
        characters = characters[:begin] + stars + characters[end:]
    return Text(characters, text.file).lines


def doubtful_lines(text: Text) -> tuple[str, ...]:
    """Return the lines of a file that could not be read, with everything starred out that looks like a secret."""
    return tuple(
        _CONTINUED.sub(_stars, _LINE.sub(lambda m: m.group(1) + "*" * len(m.group(3)), line)) for line in text.lines
    )


def _stars(match: re.Match[str]) -> str:
    return "*" * len(match.group())


def replacements(found: Iterable[tuple[str, Mark]]) -> tuple[tuple[str, str], ...]:
    """Return the secrets with what is shown instead."""
    return tuple((value, MASK) for value, _ in found)
