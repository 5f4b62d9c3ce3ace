"""Results and errors on their way out: never with a secret in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError
from reconcile.core.redact import Redactor, cleaned


def document(found: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """Return a JSON document without secrets: JSON may spell one otherwise, so before it is text."""
    return {key: cleaned(value, redactor.clean) for key, value in found.items()}


def page(text: str, redactor: Redactor) -> str:
    """Return an HTML page or an SVG picture without secrets, nor one that is escaped."""
    from reconcile.render.html_markup import spellings

    return redactor.spelled(spellings).clean(text)


@contextmanager
def without_secrets(redactor: Redactor) -> Iterator[None]:
    """Take secrets out of the words of every ``ReconcileError`` that passes; it stays the same error otherwise."""
    try:
        yield
    except ReconcileError as error:
        error.diagnostics = tuple(_clean(each, redactor) for each in error.diagnostics)
        error.args = tuple(redactor.clean(str(each)) for each in error.args)
        raise


def _clean(told: Diagnostic, redactor: Redactor) -> Diagnostic:
    return replace(told, detail=redactor.clean(told.detail), hint=redactor.clean(told.hint))
