"""Which connection something is meant for, and whether that one can do it."""

from __future__ import annotations

from typing import Any

from reconcile.config.document import Document
from reconcile.config.marked import MarkedMap
from reconcile.config.words import either, found_words
from reconcile.config.workspace import WorkspaceFile
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.source import Span


class Party:
    """The connections of a workspace, for what names one of them."""

    def __init__(self, workspace: WorkspaceFile) -> None:
        self._workspace = workspace

    def of(self, document: Document, mapping: MarkedMap, out: list[Diagnostic]) -> str | None:
        """Return the connection that ``mapping`` names; None when it names none.

        One that is wrong is reported to ``out`` and returned as an empty name, so that it is reported once.
        """
        if "connection" not in mapping:
            return None
        name, origin = mapping["connection"], mapping.origins.get("connection")
        if origin is not None and not origin.resolved:
            return ""
        span = document.value_span(mapping, "connection")
        if not isinstance(name, str):
            detail = f'"connection" is {found_words(name, origin, concealed=False)}; it should be the name of one.'
            out.append(Diagnostic("wrong-type", "Wrong type", detail, self._known_words(), span))
            return ""
        providers = self._workspace.providers
        if providers is None or name in providers:
            return name
        written = origin.text if origin and origin.secret else name
        detail = f'reconcile.yaml has no connection "{written}".'
        hint = did_you_mean(name, providers) if not (origin and origin.secret) else ""
        out.append(Diagnostic("unknown-connection", "Unknown connection", detail, hint or self._known_words(), span))
        return ""

    def nameless(self, document: Document, span: Span) -> Diagnostic:
        """Return the error that something names no connection, and its file neither."""
        detail = f"Neither this nor {document.file} as a whole names a connection."
        hint = f'begin the file with "connection: NAME"; {self._known_words()}'
        return Diagnostic("missing-connection", "No connection", detail, hint, span)

    def provider_of(self, connection: str) -> str:
        """Return the provider of a connection; empty when it is not known."""
        return (self._workspace.providers or {}).get(connection, "")

    def settings_of(self, connection: str) -> Any:
        """Return the settings of a connection; None when they are not known or not right."""
        found = self._workspace.connections.get(connection)
        return found.settings if found else None

    def mismatch(self, what: str, providers: tuple[str, ...], connection: str) -> tuple[str, str]:
        """Return detail and hint of the error that ``connection`` is not of one of ``providers``."""
        actual = self.provider_of(connection)
        detail = f'{what} is for {either(sorted(providers))}, and connection "{connection}" is {actual}.'
        all_known = self._workspace.providers or {}
        fitting = sorted(name for name, provider in all_known.items() if provider in providers)
        hint = (
            f"connections that fit: {', '.join(fitting)}" if fitting else "add a connection that fits to reconcile.yaml"
        )
        return detail, hint

    def _known_words(self) -> str:
        known = sorted(self._workspace.providers or ())
        return f"known connections: {', '.join(known)}" if known else "add it under connections: in reconcile.yaml"
