"""What checking the files alone found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconcile.config.load import Config
from reconcile.core.address import Selection
from reconcile.core.diagnostic import Diagnostic, in_order
from reconcile.core.lint import Sifted, sifted
from reconcile.core.redact import Redactor
from reconcile.core.snapshot import Desired
from reconcile.engine.link import Link
from reconcile.engine.lint import lint_files
from reconcile.library.selected import check_selected
from reconcile.library.shown import document
from reconcile.render.allowed import allowance_notes, allowed_document
from reconcile.render.diagnostics import as_json
from reconcile.render.terminal import counted

VALIDATE_FORMAT = "reconcile.validate/1"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Validated:
    """What there is to say about files that have no error. ``objects`` and ``pipelines`` are counts."""

    environment: str
    objects: int
    pipelines: int
    _files: int
    _sifted: Sifted
    _redactor: Redactor

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes, in order, but for what `allow:` accepts."""
        return (*self._sifted.told, *allowance_notes(self._sifted))

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``reconcile validate --format json``, for ``json.dumps``."""
        found = {
            "format": VALIDATE_FORMAT,
            "environment": self.environment,
            "objects": self.objects,
            "pipelines": self.pipelines,
            "allowed": allowed_document(self._sifted),
            "diagnostics": as_json(self.diagnostics),
        }
        return document(found, self._redactor)

    def to_text(self) -> str:
        """Return the one line that ``reconcile validate`` prints."""
        pipelines = f", {counted(self.pipelines, 'pipeline')}" if self.pipelines else ""
        where = "" if self.environment == "default" else f" (environment {self.environment})"
        return f"Valid: {counted(self.objects, 'object')} in {counted(self._files, 'file')}{pipelines}{where}.\n"

    def __repr__(self) -> str:
        return f"<reconcile.Validated environment={self.environment!r} objects={self.objects}>"


def validated(
    config: Config, links: Mapping[str, Link], selection: Selection, now: datetime, redactor: Redactor
) -> Validated:
    """Return what there is to say about the files as of ``now`` (aware). Makes no call.

    Raises ``ConfigError`` for a pattern of the selection that names nothing.
    """
    check_selected(selection, config.desired)
    desired: list[Desired] = [found for address, found in config.desired.items() if selection.holds(address)]
    linted = lint_files(config.desired, links, config.pipelines.values(), now, config.root, config.hold)
    found = sifted(in_order([*config.diagnostics, *config.accepted, *linted]), config.allow)
    files = len({each.source.file for each in desired})
    return Validated(config.environment, len(desired), len(config.pipelines), files, found, redactor)
