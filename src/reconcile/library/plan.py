"""A plan as others hold it: to look at, to keep in a file, to apply exactly as it is."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconcile.core.change import Change
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Drift
from reconcile.core.outlook import Outlook
from reconcile.core.redact import Redactor
from reconcile.engine.place import Place
from reconcile.engine.planning import Planned
from reconcile.engine.saved import saved_of, write_saved
from reconcile.library.shown import document, page, without_secrets
from reconcile.render.html import plan_html
from reconcile.render.json import plan_document
from reconcile.render.markdown import plan_markdown
from reconcile.render.text import plan_text
from reconcile.state.plan_file import SavedPlan


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Plan:
    """What an apply would do, read from the platforms and fixed.

    ``Workspace.apply(plan)`` makes just these changes, once. It is refused when something was applied since; an object
    that moved since is left alone.
    """

    _saved: SavedPlan
    _redactor: Redactor
    _outlook: Outlook | None = field(default=None)

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits, of this plan only."""
        return self._saved.plan.id

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of what the plan does: two plans that do the same have the same."""
        return self._saved.plan.digest

    @property
    def created_at(self) -> str:
        """When it was made, UTC, ISO 8601."""
        return self._saved.plan.created_at

    @property
    def environment(self) -> str:
        """The environment of the workspace that it is for."""
        return self._saved.plan.environment

    @property
    def changes(self) -> tuple[Change, ...]:
        """What would be changed, in the order of addresses; empty when nothing would be."""
        return self._saved.plan.changes

    @property
    def drift(self) -> tuple[Drift, ...]:
        """What moved on the platforms since the last apply, sorted by address."""
        return self._saved.plan.drift

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything there is to say about it, refusals too, in order. Errors are objects that could not be planned."""
        return tuple(self._saved.plan.messages)

    @property
    def refusals(self) -> tuple[Diagnostic, ...]:
        """What keeps it from being applied: guards and freezes; empty when nothing does."""
        return self._saved.plan.refusals

    @property
    def has_errors(self) -> bool:
        """Say whether something could not be planned. The rest can be applied."""
        return self._saved.plan.has_errors

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file (mode 0600) that ``reconcile apply FILE`` and ``Workspace.load_plan`` take.

        Raises ``ReconcileError`` when it cannot be written, ``Refused`` when what it does holds a secret.
        """
        with without_secrets(self._redactor):
            write_saved(Path(path), self._saved, self._outlook, self._redactor.clean)

    def to_json(self, *, everything: bool = False) -> dict[str, Any]:
        """Return the document of ``reconcile plan --format json``, for ``json.dumps``; ``everything`` is ``--all``."""
        found = plan_document(self._saved.plan, everything=everything, outlook=self._outlook)
        return document(found, self._redactor)

    def to_text(
        self,
        *,
        color: bool = False,
        requests: bool = False,
        everything: bool = False,
        details: bool = False,
        prefix: str = "",
    ) -> str:
        """Return what ``reconcile plan`` prints, with ``--requests``, ``--all`` and ``-v`` if so.

        ``prefix`` is put before the names of files, which are seen from the workspace.
        """
        text = plan_text(
            self._saved.plan,
            color=color,
            prefix=prefix,
            requests=requests,
            everything=everything,
            outlook=self._outlook,
            details=details,
        )
        return self._redactor.clean(text)

    def to_markdown(self, *, requests: bool = False, details: bool = False, prefix: str = "") -> str:
        """Return it as Markdown that fits into one comment; see ``to_text``."""
        plan, outlook = self._saved.plan, self._outlook
        text = plan_markdown(plan, prefix=prefix, requests=requests, outlook=outlook, details=details)
        return self._redactor.clean(text)

    def to_html(self, *, everything: bool = False, prefix: str = "") -> str:
        """Return it as one HTML page that needs nothing from elsewhere; see ``to_text``."""
        text = plan_html(self._saved.plan, self._outlook, prefix=prefix, everything=everything)
        return page(text, self._redactor)

    def __repr__(self) -> str:
        refused = ", refused" if self.refusals else ""
        return f"<reconcile.Plan {self.id} environment={self.environment!r} changes={len(self.changes)}{refused}>"


def plan_of(place: Place, planned: Planned) -> Plan:
    """Return a plan that the engine made."""
    return Plan(saved_of(place, planned), place.outside.redactor, planned.outlook)


def saved_in(plan: Plan) -> SavedPlan:
    """Return what the engine applies."""
    return plan._saved  # noqa: SLF001 - what is private is so to others, not to this room
