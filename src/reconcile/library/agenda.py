"""When everything runs, as others hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconcile.core.agenda import Agenda
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.redact import Redactor
from reconcile.library.shown import document, page
from reconcile.render.calendar import calendar_markdown, calendar_text
from reconcile.render.calendar_json import calendar_document


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Calendar:
    """When everything runs over some days. With an error among the ``diagnostics`` it is not the whole."""

    environment: str
    is_live: bool
    diagnostics: tuple[Diagnostic, ...]
    _agenda: Agenda
    _redactor: Redactor

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``reconcile calendar --format json``, for ``json.dumps``."""
        found = calendar_document(self._agenda, self.environment, self.diagnostics, is_live=self.is_live)
        return document(found, self._redactor)

    def to_text(self, *, color: bool = False) -> str:
        """Return the week as a picture of characters and the runs as a list, as ``reconcile calendar`` prints it."""
        return self._redactor.clean(calendar_text(self._agenda, is_live=self.is_live, color=color))

    def to_markdown(self) -> str:
        """Return the same as Markdown that fits into one comment."""
        return self._redactor.clean(calendar_markdown(self._agenda, is_live=self.is_live))

    def to_svg(self) -> str:
        """Return the first week as one SVG picture."""
        from reconcile.render.svg import calendar_svg

        return page(calendar_svg(self._agenda, is_live=self.is_live), self._redactor)

    def to_ics(self) -> str:
        """Return the runs as iCalendar text, to subscribe to."""
        from reconcile.render.ics import calendar_ics

        now = datetime.now(UTC).replace(microsecond=0)
        return calendar_ics(self._agenda, self.environment, now, clean=self._redactor.clean)

    def __repr__(self) -> str:
        return f"<reconcile.Calendar environment={self.environment!r} {'live' if self.is_live else 'files'}>"
