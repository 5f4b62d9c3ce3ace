"""Where a command's errors become words on stderr, a document on stdout, and an exit code."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec

import click

from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import Options, current, err, out
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import ReconcileError, Refused
from reconcile.core.redact import Redactor, cleaned

Params = ParamSpec("Params")
_META = "reconcile.border"


class Border:
    """What a command has learnt that its error messages need: file texts to quote, secrets to hide."""

    def __init__(self) -> None:
        self.sources: Mapping[str, Sequence[str]] = {}
        self.prefix = ""
        self.redactor = Redactor()

    def show(self, diagnostics: Iterable[Diagnostic], options: Options) -> None:
        """Print diagnostics on stderr; notes only with ``-v``."""
        import sys

        from reconcile.render.diagnostics import render

        shown = [d for d in diagnostics if d.severity is not Severity.NOTE or options.verbose]
        if options.logs_json:
            from reconcile.cli.log import Log

            Log(self.redactor).diagnostics(shown)
        elif shown:
            text = render(shown, self.sources, prefix=self.prefix, color=options.color_for(sys.stderr))
            err(self.redactor.clean(text))

    def print_document(self, document: Mapping[str, Any]) -> None:
        """Print a JSON document on stdout, without secrets: JSON may spell one otherwise, so before it is text."""
        from reconcile.render.json import document_text

        out(document_text(cleaned(document, self.redactor.clean)))

    def print(self, text: str) -> None:
        """Print a result on stdout, without secrets."""
        out(self.redactor.clean(text))

    def print_page(self, text: str) -> None:
        """Print an HTML page or an SVG picture on stdout, without secrets, nor one that is escaped."""
        from reconcile.render.html_markup import spellings

        out(self.redactor.spelled(spellings).clean(text))


def border() -> Border:
    """Return the border of the command that is running."""
    found: Border = click.get_current_context().meta.setdefault(_META, Border())
    return found


def fresh_border() -> Border:
    """Return a new border for the command that is running: what the one before has learnt is forgotten."""
    found = Border()
    click.get_current_context().meta[_META] = found
    return found


def guarded(command: Callable[Params, int]) -> Callable[Params, int]:
    """Turn what a command raises into messages and an exit code."""

    @functools.wraps(command)
    def inner(*args: Params.args, **kwargs: Params.kwargs) -> int:
        from reconcile.cli.observing import observing

        with observing(lambda: border().redactor) as ended:
            return ended(_made(command, *args, **kwargs))

    return inner


def _made(command: Callable[Params, int], *args: Params.args, **kwargs: Params.kwargs) -> int:
    try:
        return int(command(*args, **kwargs))
    except ReconcileError as error:
        return _failed(error)
    except (click.ClickException, click.exceptions.Exit, click.Abort, OSError):
        raise
    except Exception as error:
        return _failed(defect(error))


def defect(error: Exception) -> ReconcileError:
    """Return our own defect as an error; with ``-v`` the traceback goes to stderr before it, without secrets."""
    if current().verbose:
        err(border().redactor.clean("".join(traceback.format_exception(error))))
    return ReconcileError(
        Diagnostic(
            "internal-error",
            "A defect of reconcile",
            f"{type(error).__name__}: {error}",
            hint="run it again with -v and report what it prints; after an apply, plan says what was in flight",
        )
    )


def _failed(error: ReconcileError) -> int:
    from reconcile.render.json import error_document

    options, edge = current(), border()
    edge.show(error.diagnostics, options)
    if options.is_json:
        edge.print_document(error_document(error.diagnostics))
    elif options.format == "markdown":
        from reconcile.render.markdown import error_markdown

        edge.print(error_markdown(error.diagnostics, prefix=edge.prefix))
    elif options.format == "html":
        from reconcile.render.html import error_html

        edge.print_page(error_html(error.diagnostics, prefix=edge.prefix))
    return ExitCode.REFUSED if isinstance(error, Refused) else ExitCode.FAILED
