"""Errors in the words and the document that the command line has for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconcile.config.load import FilesWrong
from reconcile.core.errors import ReconcileError
from reconcile.render.diagnostics import render
from reconcile.render.json import error_document


def error_text(error: ReconcileError, *, color: bool = False, prefix: str = "") -> str:
    """Return what a command prints when it fails so: every diagnostic, with the lines of the files where there are.

    ``prefix`` is put before the names of files, which are seen from the workspace.
    """
    sources: Mapping[str, Sequence[str]] = error.sources if isinstance(error, FilesWrong) else {}
    return render(error.diagnostics, sources, color=color, prefix=prefix)


def error_json(error: ReconcileError) -> dict[str, Any]:
    """Return the document that a command prints with ``--format json`` when it fails so, for ``json.dumps``."""
    return error_document(error.diagnostics)
