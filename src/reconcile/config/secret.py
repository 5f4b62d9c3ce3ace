"""Secrets that somebody wrote into the workspace file: found, so that no message and no source line shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconcile.config.alert import AlertsEntry
from reconcile.config.check import schema_of
from reconcile.config.document import Document
from reconcile.config.marked import Mark, MarkedList, MarkedMap
from reconcile.config.reference import REFERENCE
from reconcile.config.text import Text
from reconcile.core.kind import Catalogue
from reconcile.core.redact import MASK

_SOUNDS_SECRET = re.compile(r"secret|token|password|passwd|api_?key|private_?key|credential", re.IGNORECASE)
_PAIR = re.compile(r"""([\w.-]+)["']?\s*:\s""")
# A password in a URL (`state: postgresql://kim:...@host/db`); what comes from a reference stands there as that.
_IN_URL = re.compile(r"://[^/\s:@]*:(?!\$\{)[^\s@]+@")
_BLOB = re.compile(r"^\s*[A-Za-z0-9+/=_-]{30,}\s*$")
_HIDDEN = re.compile(rf"(?P<shown>{REFERENCE.pattern}|\s)|.")


class SecretFields:
    """Which fields of connections hold secrets, by the models of the providers."""

    def __init__(self, catalogues: Mapping[str, Catalogue]) -> None:
        self._secret: set[str] = set()
        self._open: set[str] = set()
        for catalogue in catalogues.values():
            schema = schema_of(catalogue.connection)
            for part in (schema, *schema.get("$defs", {}).values()):
                self._sort(part.get("properties", {}))
        # Where alerts go: the addresses of most services hold the password. Elsewhere the same word is no secret.
        self._of_alerts: set[str] = set()
        for part in schema_of(AlertsEntry)["$defs"].values():
            found = part.get("properties", {})
            self._of_alerts |= {name for name, schema in found.items() if schema.get("writeOnly")}

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

    def doubtful_lines(self, text: Text) -> tuple[str, ...]:
        """Return the lines of a file that cannot be parsed, with everything starred out that may be a secret."""
        return tuple(self._doubtful_line(line) for line in text.lines)

    def _doubtful_line(self, line: str) -> str:
        for pair in _PAIR.finditer(line):
            if pair.group(1) in self._of_alerts or self.holds(pair.group(1), in_auth=False):
                return line[: pair.end()] + _starred(line[pair.end() :])
        return _starred(line) if _BLOB.match(line) or _IN_URL.search(line) else line

    def _below(
        self, value: Any, *, in_auth: bool, is_secret: bool = False, in_alerts: bool = False
    ) -> Iterator[tuple[str, Mark]]:
        for name, part, mark in _parts(value):
            secret = is_secret or (bool(name) and self.holds(name, in_auth=in_auth))
            secret = secret or (in_alerts and name in self._of_alerts)
            if isinstance(part, MarkedMap | MarkedList):
                below = in_alerts or name == "alerts"
                yield from self._below(part, in_auth=in_auth or name == "auth", is_secret=secret, in_alerts=below)
            elif part is not None and (secret or _IN_URL.search(str(part))) and not REFERENCE.fullmatch(str(part)):
                yield str(part), mark


def masked_lines(text: Text, marks: Iterable[Mark]) -> tuple[str, ...]:
    """Return the lines of a file with everything at ``marks`` starred out, so that columns stay what they are."""
    characters = text.characters
    for begin, end in marks:
        characters = characters[:begin] + _starred(characters[begin:end]) + characters[end:]
    return Text(characters, text.file).lines


def replacements(found: Iterable[tuple[str, Mark]]) -> tuple[tuple[str, str], ...]:
    """Return the secrets with what is shown instead."""
    return tuple((value, MASK) for value, _ in found)


def _parts(value: Any) -> Iterator[tuple[str, Any, Mark]]:
    """Yield name (empty in a list), value and place of what a mapping or list holds."""
    if isinstance(value, MarkedMap):
        yield from ((name, part, value.mark_of(name)) for name, part in value.items())
    elif isinstance(value, MarkedList):
        yield from (("", part, mark) for part, mark in zip(value, value.marks, strict=True))


def _starred(text: str) -> str:
    """Return ``text`` with a star for every character, but references and blanks as they are."""
    return _HIDDEN.sub(lambda match: match.group("shown") or "*", text)
