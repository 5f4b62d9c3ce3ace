"""``reconcile.yaml``, for one environment: connections, variables, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconcile.config.alert import alerting_of
from reconcile.config.check import check
from reconcile.config.document import Document
from reconcile.config.freeze import Declared, declared_freezes
from reconcile.config.marked import Mark, MarkedList, MarkedMap
from reconcile.config.mistake import Subject
from reconcile.config.model import HoldEntry, Workspace
from reconcile.config.resolve import Scope, interpolate_below
from reconcile.core.alert import Alerting
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.guard import DeleteLimits
from reconcile.core.hold import Hold
from reconcile.core.kind import Catalogue
from reconcile.core.lint import Allow
from reconcile.core.retention import Retention
from reconcile.core.source import Span

DEFAULT = "default"

# A mapping that names another of these is about something else, so nothing of the base fits it.
_CHOOSERS = ("provider", "method")


@dataclass(frozen=True, slots=True)
class Connection:
    """One account on one platform. ``settings`` is an instance of the provider's own model."""

    name: str
    provider: str
    settings: Any = field(repr=False)
    span: Span


@dataclass(frozen=True, slots=True)
class WorkspaceFile:
    """What ``reconcile.yaml`` says for one environment, as far as it could be read.

    ``providers`` has the provider of every connection that the file names, empty where that is not known; it is None
    when the connections could not be read at all. ``connections`` has those that are right. ``hold`` is that of the
    environment, over or not. ``freezes`` are those of all environments, then those of this one, no calendar read yet.
    ``allow`` is what is accepted of the findings, in the order of the file. ``alerts`` says who is told of drift;
    ``mute`` has the references in it that lead nowhere, which matter to nobody but who is to tell.
    """

    scope: Scope
    environment: str
    state: str = ".reconcile"
    providers: Mapping[str, str] | None = None
    connections: Mapping[str, Connection] = field(default_factory=dict)
    limits: DeleteLimits = field(default_factory=DeleteLimits)
    hold: Hold | None = None
    retention: Retention = field(default_factory=Retention)
    freezes: tuple[Declared, ...] = ()
    allow: tuple[Allow, ...] = ()
    alerts: Alerting = field(default_factory=Alerting)
    mute: tuple[Diagnostic, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_workspace(
    document: Document,
    environment: str | None,
    environ: Mapping[str, str],
    catalogues: Mapping[str, Catalogue],
    secrets: tuple[tuple[str, str], ...] = (),
) -> WorkspaceFile:
    """Return what the workspace file says for ``environment`` (None: ``default``). Fills in references in place.

    ``secrets`` (value, replacement) are shown in no diagnostic.
    """
    chosen = environment or DEFAULT
    if not isinstance(document.root, MarkedMap):
        return WorkspaceFile(Scope(None, document, environ), chosen, diagnostics=_no_mapping(document))
    reader = _Reader(document, catalogues, secrets)
    diagnostics = [*document.diagnostics, *_unknown_environment(document, environment)]
    overrides = _mapping(_mapping(document.root, "environments"), chosen)
    variables = merged(_mapping(document.root, "variables"), _mapping(overrides, "variables"))
    scope = Scope(variables, document, environ)
    connections = merged(_mapping(document.root, "connections"), _mapping(overrides, "connections"))
    diagnostics += scope.diagnostics
    diagnostics += interpolate_below(connections, document, scope)
    for name in ("state", "max_deletes", "retention", "freezes", "allow"):
        if name in document.root:
            diagnostics += scope.fill(document.root, name, document)
            diagnostics += interpolate_below(document.root[name], document, scope)
    diagnostics += interpolate_below(_mapping(overrides, "hold"), document, scope)
    diagnostics += interpolate_below(overrides.get("freezes"), document, scope)
    # Whoever plans on a laptop has no use for the secrets of sinks, and need not have them.
    mute = _fill_alerts(document, overrides, scope)
    shell = check(Workspace, document.root, reader.whole)
    diagnostics += shell.diagnostics if shell.result is not None else [*mute, *shell.diagnostics]
    known: dict[str, Connection] = {}
    for name in connections:
        diagnostics += reader.connection(connections, name, known)
    said: Workspace | None = shell.result
    return WorkspaceFile(
        scope,
        chosen,
        said.state if said else ".reconcile",
        {name: reader.provider_of(connections, name) for name in connections},
        known,
        DeleteLimits(said.max_deletes.percent, said.max_deletes.count) if said else DeleteLimits(),
        hold_of(said.environments[chosen].hold) if said and chosen in said.environments else None,
        Retention(said.retention.applies, said.retention.runs, said.retention.days) if said else Retention(),
        _freezes(document, overrides, said, chosen) if said else (),
        _allowances(document, said) if said else (),
        _alerting(said, chosen) if said else Alerting(),
        tuple(mute),
        tuple(dict.fromkeys(diagnostics)),
    )


def _fill_alerts(document: Document, overrides: MarkedMap, scope: Scope) -> list[Diagnostic]:
    """Fill in the references in what counts of ``alerts``; return what is wrong with them."""
    said, own = _mapping(document.root, "alerts"), _mapping(overrides, "alerts")
    problems = interpolate_below(own, document, scope)
    for name in said:
        if name not in own:
            problems += scope.fill(said, name, document)
            problems += interpolate_below(said[name], document, scope)
    return problems


def _alerting(said: Workspace, chosen: str) -> Alerting:
    own = said.environments[chosen].alerts if chosen in said.environments else None
    return alerting_of(said.alerts, own)


def _allowances(document: Document, said: Workspace) -> tuple[Allow, ...]:
    written = document.root["allow"] if said.allow else MarkedList()
    return tuple(
        Allow(each.code, each.reason, tuple(each.objects or ()), document.value_span(written, place))
        for place, each in enumerate(said.allow)
    )


def _freezes(document: Document, overrides: MarkedMap, said: Workspace, chosen: str) -> tuple[Declared, ...]:
    own = said.environments[chosen].freezes if chosen in said.environments else ()
    return (*declared_freezes(document, document.root, said.freezes), *declared_freezes(document, overrides, own))


def hold_of(entry: HoldEntry | None) -> Hold | None:
    """Return the hold that an entry or an environment has; None when it has none."""
    return Hold(entry.reason, entry.until) if entry else None


def merged(base: MarkedMap, over: MarkedMap) -> MarkedMap:
    """Return ``base`` with what ``over`` says instead, mapping by mapping; neither is changed.

    A mapping of ``over`` that names another ``provider`` or ``method`` than its counterpart replaces it whole.
    """
    result = MarkedMap()
    if any(name in base and name in over and base[name] != over[name] for name in _CHOOSERS):
        base = MarkedMap()
    for key in (*base, *(key for key in over if key not in base)):
        source = over if key in over else base
        value = source[key]
        if isinstance(value, MarkedMap):
            below = base.get(key)
            if source is over and isinstance(below, MarkedMap):
                value = merged(below, value)
                source = base  # it is declared there, and only changed here
            else:
                value = merged(MarkedMap(), value)
        result.put(key, value, source.marks[key], source.origins.get(key))
    return result


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Document
    catalogues: Mapping[str, Catalogue]
    secrets: tuple[tuple[str, str], ...]

    def whole(self, shape: Any) -> Subject:
        sections = [kind.section for catalogue in self.catalogues.values() for kind in catalogue.kinds]
        hint = "desired state goes into files of its own, next to this one"
        return Subject(
            self.document,
            self.document.root,
            self.document.mark,
            shape,
            self.document.file,
            elsewhere=dict.fromkeys([*sections, "pipelines", "connection"], hint),
            secrets=self.secrets,
        )

    def provider_of(self, connections: MarkedMap, name: str) -> str:
        settings = connections[name]
        provider = settings.get("provider") if isinstance(settings, MarkedMap) else None
        return provider if isinstance(provider, str) and provider in self.catalogues else ""

    def connection(self, connections: MarkedMap, name: str, known: dict[str, Connection]) -> tuple[Diagnostic, ...]:
        """Add a connection to ``known``; return what keeps it from being right."""
        settings = connections[name]
        if not isinstance(settings, MarkedMap):
            return ()  # said by the model of the whole file
        provider = self.provider_of(connections, name)
        if not provider:
            return self._no_provider(connections, name)
        mark = connections.mark_of(name)
        checked = check(
            self.catalogues[provider].connection, settings, lambda shape: self._subject(name, settings, mark, shape)
        )
        if checked.result is not None:
            span = self.document.key_span(connections, name)
            known[name] = Connection(name, provider, checked.result, span)
        return checked.diagnostics

    def _subject(self, name: str, settings: MarkedMap, mark: Mark, shape: Any) -> Subject:
        words = f'Connection "{name}"'
        return Subject(self.document, settings, mark, shape, words, concealed=True, secrets=self.secrets)

    def _no_provider(self, connections: MarkedMap, name: str) -> tuple[Diagnostic, ...]:
        settings, known = connections[name], sorted(self.catalogues)
        origin = settings.origins.get("provider")
        if origin is not None and not origin.resolved:
            return ()
        listed = "known providers: " + ", ".join(known)
        if "provider" not in settings:
            detail = f'Connection "{name}" does not say which platform it is on.'
            hint = f"add provider: to it; {listed}"
            return (
                Diagnostic(
                    "missing-field", "Missing provider", detail, hint, self.document.key_span(connections, name)
                ),
            )
        written = origin.text if origin else settings["provider"]
        detail = f'There is no provider "{written}".'
        hint = did_you_mean(str(written), known) or listed
        span = self.document.value_span(settings, "provider")
        return (Diagnostic("unknown-provider", "Unknown provider", detail, hint, span),)


def _mapping(of: MarkedMap, key: str) -> MarkedMap:
    value = of.get(key)
    return value if isinstance(value, MarkedMap) else MarkedMap()


def _no_mapping(document: Document) -> tuple[Diagnostic, ...]:
    if document.diagnostics:
        return document.diagnostics
    detail = f'{document.file} should be a mapping: "key: value" lines.'
    return (Diagnostic("wrong-type", "Wrong type", detail, 'begin with "version: 1"', document.span),)


def _unknown_environment(document: Document, environment: str | None) -> list[Diagnostic]:
    known = _mapping(document.root, "environments")
    if environment is None or environment in known or environment == DEFAULT:
        return []
    hint = did_you_mean(environment, known)
    if not hint:
        hint = f"known environments: {', '.join(sorted(known))}" if known else "add it under environments:"
    detail = f'{document.file} has no environment "{environment}".'
    span = document.key_span(document.root, "environments") if "environments" in document.root else None
    return [Diagnostic("unknown-environment", "Unknown environment", detail, hint, span)]
