"""What was applied, as others hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.history import History as Found
from reconcile.core.redact import Redactor
from reconcile.library.shown import document
from reconcile.render.history import history_document, history_text


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class History:
    """The applies of an environment, newest first."""

    _found: Found
    _of_files: tuple[Diagnostic, ...]
    _redactor: Redactor

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the applies, newest first."""
        return tuple(told.id for told in self._found.applies)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What there is to say of the files, and which versions of the state cannot be read."""
        return (*self._of_files, *self._found.notes)

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``reconcile history --format json``, for ``json.dumps``."""
        return document(history_document(self._found, self._of_files), self._redactor)

    def to_text(self, *, color: bool = False, changes: bool = False) -> str:
        """Return what ``reconcile history`` prints; ``changes`` lists what each apply changed, too."""
        return self._redactor.clean(history_text(self._found, color=color, changes=changes))

    def __repr__(self) -> str:
        return f"<reconcile.History applies={len(self._found.applies)}>"
