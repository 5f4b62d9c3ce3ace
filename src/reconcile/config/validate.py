"""Desired-state files against the kinds: every object they ask for, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconcile.config.check import check
from reconcile.config.document import Document
from reconcile.config.guess import guess_name
from reconcile.config.marked import Mark, MarkedList, MarkedMap
from reconcile.config.mistake import Subject
from reconcile.config.model import AllowHere, Common, Workspace
from reconcile.config.party import Party
from reconcile.config.pipeline import Pipeline, PipelineReader
from reconcile.config.resolve import has_failed_references
from reconcile.config.shape import Shape
from reconcile.config.words import concealing, origins_below
from reconcile.config.workspace import WorkspaceFile, hold_of
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity, did_you_mean
from reconcile.core.kind import Catalogue, Declared, Kind
from reconcile.core.lint import Allow
from reconcile.core.pause import can_be_held
from reconcile.core.snapshot import Desired
from reconcile.core.source import Span

COMMON = frozenset(Common.model_fields)
# A boolean can be looked at in passing; of these the model has to be asked.
_CHECKED = COMMON - {"protect"}
_WORKSPACE_KEYS = tuple(Workspace.model_fields)


@dataclass(slots=True)
class Found:
    """What one desired-state file asks for, and what is wrong with it or worth a warning."""

    desired: list[Desired] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    allow: list[Allow] = field(default_factory=list)


class Validator:
    """Turns desired-state documents into objects. One serves all files of a workspace."""

    def __init__(self, catalogues: Mapping[str, Catalogue], workspace: WorkspaceFile) -> None:
        self._party = Party(workspace)
        self._pipelines = PipelineReader(catalogues, self._party)
        self._sections: dict[str, dict[str, Kind]] = {}
        for provider, catalogue in sorted(catalogues.items()):
            for kind in catalogue.kinds:
                self._sections.setdefault(kind.section, {})[provider] = kind

    def read(self, document: Document) -> Found:
        """Return what ``document`` asks for. Its references have been filled in before."""
        found = Found()
        if not isinstance(document.root, MarkedMap):
            found.diagnostics += self._no_mapping(document)
            return found
        root = document.root
        default = self._party.of(document, root, found.diagnostics)
        for key, value in root.items():
            if key in self._sections:
                self._section(document, key, value, default, found)
            elif key == "pipelines":
                pipelines, diagnostics = self._pipelines.read(document, value, default)
                found.pipelines += pipelines
                found.diagnostics += diagnostics
            elif key != "connection":
                found.diagnostics.append(self._unknown_section(document, key))
        if not root.keys() - {"connection"} and not document.diagnostics:
            found.diagnostics.append(_nothing_declared(document))
        return found

    def _section(self, document: Document, section: str, value: Any, default: str | None, found: Found) -> None:
        if not isinstance(value, MarkedList):
            found.diagnostics.append(_no_list(document, section, value))
            return
        nameless, has_failures = False, has_failed_references(document)
        for index, entry in enumerate(value):
            party, common = default, None
            if isinstance(entry, MarkedMap) and not COMMON.isdisjoint(entry):
                party, common = self._own(document, entry, value.marks[index], default, found)
            elif default is None and not nameless:
                nameless = True
                found.diagnostics.append(self._party.nameless(document, document.key_span(document.root, section)))
            _Entry(self, document, section, value, index, party or "", has_failures, common).read(found)

    def _own(
        self, document: Document, entry: MarkedMap, mark: Mark, default: str | None, found: Found
    ) -> tuple[str | None, Common | None]:
        """Return the connection of an entry that says something of its own, and what it says, checked."""
        if default is not None and type(entry.get("protect")) is bool and entry.keys().isdisjoint(_CHECKED):
            return default, None
        common = MarkedMap()
        for key in entry:
            if key in COMMON:
                common.take(entry, key)
        checked = check(Common, common, lambda shape: Subject(document, common, mark, shape, "This entry"))
        found.diagnostics += checked.diagnostics
        if "connection" not in entry:
            if default is None:
                found.diagnostics.append(self._party.nameless(document, document.text.span(mark)))
            return default, checked.result
        return self._party.of(document, entry, found.diagnostics), checked.result

    def kind_of(self, section: str, connection: str) -> Kind | None:
        """Return the kind that ``section`` means on a connection; None when its provider has no such kind."""
        kinds = self._sections[section]
        provider = self._party.provider_of(connection)
        if provider:
            return kinds.get(provider)
        # The connection is not known, which is said elsewhere; the entry can be checked if the kind is clear.
        return next(iter(kinds.values())) if len(kinds) == 1 else None

    def settings_of(self, connection: str) -> Any:
        """Return the settings of a connection; None when they are not known or not right."""
        return self._party.settings_of(connection)

    def wrong_connection(self, section: str, connection: str) -> tuple[str, str]:
        """Return detail and hint of the error that ``connection`` cannot have objects of ``section``."""
        return self._party.mismatch(f'"{section}"', tuple(self._sections[section]), connection)

    def _unknown_section(self, document: Document, key: str) -> Diagnostic:
        known = [*sorted(self._sections), "pipelines", "connection"]
        if key in _WORKSPACE_KEYS:
            hint = "it belongs in reconcile.yaml"
        else:
            hint = did_you_mean(key, known) or f"known sections: {', '.join(known)}"
        span = document.key_span(document.root, key)
        detail = f'A desired-state file has no section "{key}".'
        return Diagnostic("unknown-field", "Unknown section", detail, hint, span)

    def _no_mapping(self, document: Document) -> list[Diagnostic]:
        if document.diagnostics:
            return []
        section = next(iter(sorted(self._sections, reverse=True)), "pipelines")
        detail = "A desired-state file is a mapping of sections; this one is something else."
        hint = f'put a list below "{section}:", for example'
        return [Diagnostic("wrong-type", "Wrong type", detail, hint, document.span)]


@dataclass(frozen=True, slots=True)
class _Entry:
    validator: Validator
    document: Document
    section: str
    entries: MarkedList
    index: int
    connection: str
    has_failures: bool
    common: Common | None = None

    def read(self, found: Found) -> None:
        entry, kind = self.entries[self.index], self.validator.kind_of(self.section, self.connection)
        if kind is None:
            if self.connection:
                found.diagnostics.append(self._wrong_connection())
            return
        protect = None
        if type(entry) is MarkedMap and not COMMON.isdisjoint(entry):
            protect = entry.get("protect")
            entry = entry.without(COMMON)
        checked = check(kind.entry, entry, lambda shape: self._subject(kind, entry, shape))
        settings = self.validator.settings_of(self.connection)
        if checked.result is None or settings is None or self._is_unresolved(entry):
            found.diagnostics += checked.diagnostics
            return
        declared = kind.declare(checked.result, settings)
        address = Address(self.connection, kind.name, declared.name)
        span = self.document.value_span(self.entries, self.index)
        is_protected = protect if isinstance(protect, bool) else None
        hold = hold_of(self.common.hold) if self.common else None
        found.desired.append(Desired(address, declared.values, span, is_protected, hold))
        found.allow += [Allow(each.code, each.reason, (str(address),), span) for each in self._allow()]
        if hold and not can_be_held(kind, declared.values):
            found.diagnostics.append(
                _no_hold(address, kind, self.document.value_span(self.entries[self.index], "hold"))
            )
        if declared.advice:
            found.diagnostics += self._advice(declared, address, entry)

    def _allow(self) -> list[AllowHere]:
        return self.common.allow if self.common else []

    def _is_unresolved(self, entry: Any) -> bool:
        """Say whether a reference failed, which has been said; what the entry would be then means nothing."""
        return self.has_failures and any(not origin.resolved for origin in origins_below(entry))

    def _subject(self, kind: Kind, entry: Any, shape: Shape) -> Subject:
        name = guess_name(kind, entry, self.validator.settings_of(self.connection))
        address = "/".join(part for part in (self.connection, kind.name, name) if part)
        words = address if name and self.connection else f"This {kind.name.replace('_', ' ')}"
        mark = self.entries.mark_of(self.index)
        return Subject(
            self.document,
            entry,
            mark,
            shape,
            words,
            address if self.connection else None,
            tuple(sorted(COMMON)),
            self.entries.origins.get(self.index),
        )

    def _wrong_connection(self) -> Diagnostic:
        detail, hint = self.validator.wrong_connection(self.section, self.connection)
        span = self.document.value_span(self.entries, self.index)
        return Diagnostic("wrong-connection", "Wrong connection", detail, hint, span)

    def _advice(self, declared: Declared, address: Address, entry: Any) -> list[Diagnostic]:
        secrets = [pair for origin in origins_below(entry) for pair in origin.secrets]
        return [
            Diagnostic(
                code,
                code.replace("-", " ").capitalize(),
                concealing(_sentence(message), secrets),
                concealing(hint, secrets),
                self.document.value_span(entry, name) if name in entry else self._span(),
                str(address),
                Severity.WARNING,
            )
            for code, name, message, hint in declared.advice
        ]

    def _span(self) -> Any:
        return self.document.value_span(self.entries, self.index)


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "?", "!")) else ".")


def _no_list(document: Document, section: str, value: Any) -> Diagnostic:
    is_empty = value is None
    detail = f'"{section}" {"is empty" if is_empty else "is something else"}; it should be a list.'
    hint = f"write {section}: [] if nothing is what you want" if is_empty else 'begin each entry with "- "'
    span = document.key_span(document.root, section)
    return Diagnostic("wrong-type", "Wrong type", detail, hint, span)


def _nothing_declared(document: Document) -> Diagnostic:
    detail = "The file names a connection and lists nothing, and an accident looks the same."
    hint = 'delete the file, or write for example "schedules: []" if nothing is what you want'
    return Diagnostic("empty-file", "The file says nothing", detail, hint, document.span)


def _no_hold(address: Address, kind: Kind, span: Span) -> Diagnostic:
    detail = f"{address} cannot be held: a {kind.name.replace('_', ' ')} has no state in which it is off."
    return Diagnostic("cannot-be-held", "It cannot be held", detail, "leave `hold` out", span, str(address))
