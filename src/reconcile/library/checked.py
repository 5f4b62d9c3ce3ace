"""What a look for drift found, as others hold it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reconcile.core.acknowledge import Sorted
from reconcile.core.address import Address
from reconcile.core.alerted import Alerted
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Drift
from reconcile.core.redact import Redactor
from reconcile.engine import check as engine
from reconcile.library.shown import document
from reconcile.render.acknowledged import accepted_document, accepted_lines
from reconcile.render.alerted import alerts_document
from reconcile.render.held import held_lines
from reconcile.render.json import drift_document
from reconcile.render.markdown import drift_markdown
from reconcile.render.text import drift_text


def checked_document(
    found: engine.Checked, sides: Sorted, diagnostics: Iterable[Diagnostic], alerted: Alerted | None = None
) -> dict[str, Any]:
    """Return a look at drift in format ``reconcile.drift/1``, secrets and all: for whoever prints it to clean."""
    return drift_document(
        sides.counted,
        found.pending,
        diagnostics,
        found.unread,
        found.held,
        found.waiting,
        acknowledged=accepted_document(sides.accepted),
        alerts=alerts_document(alerted),
    )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Checked:
    """What moved on the platforms since the last apply, as far as it can be said: look at ``failed``, too."""

    _checked: engine.Checked
    _sides: Sorted
    _of_files: tuple[Diagnostic, ...]
    _redactor: Redactor

    @property
    def at(self) -> str:
        """When the look began, UTC, ISO 8601."""
        return self._checked.at

    @property
    def drift(self) -> tuple[Drift, ...]:
        """What moved and nobody has acknowledged, sorted by address."""
        return self._sides.counted

    @property
    def acknowledged(self) -> tuple[Drift, ...]:
        """What moved and is acknowledged for a while, sorted by address."""
        return tuple(each.drift for each in self._sides.accepted)

    @property
    def failed(self) -> bool:
        """Say whether something could not be looked at: of that, an empty ``drift`` says nothing."""
        return self._checked.failed

    @property
    def pending(self) -> int:
        """How many changes of the files are not applied, which is no drift."""
        return self._checked.pending

    @property
    def unread(self) -> tuple[Address, ...]:
        """What could not be looked at."""
        return self._checked.unread

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything there is to say, of the files and of the look."""
        return (*self._of_files, *self._checked.diagnostics, *self._sides.diagnostics)

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``reconcile drift --format json``, for ``json.dumps``."""
        made = checked_document(self._checked, self._sides, self.diagnostics)
        return document(made, self._redactor)

    def to_text(self, *, color: bool = False, prefix: str = "") -> str:
        """Return what moved, what of it is acknowledged and what is held; empty when there is nothing of all that."""
        found, drift = self._checked, self._sides.counted
        moved = drift_text(drift, color=color, prefix=prefix, held=found.held) + "\n" if drift else ""
        below = [*accepted_lines(self._sides.accepted), *held_lines(found.held, found.at)]
        return self._redactor.clean(moved + "".join(f"{line}\n" for line in below))

    def to_markdown(self, *, prefix: str = "") -> str:
        """Return it as Markdown that fits into one comment; ``prefix`` is put before the names of files."""
        found = self._checked
        text = drift_markdown(
            self._sides.counted,
            found.pending,
            self.diagnostics,
            unread=len(found.unread),
            prefix=prefix,
            held=found.held,
            now=found.at,
            notes=accepted_lines(self._sides.accepted),
        )
        return self._redactor.clean(text)

    def __repr__(self) -> str:
        failed = ", failed" if self.failed else ""
        return f"<reconcile.Checked at {self.at} drift={len(self.drift)}{failed}>"
