"""Saving a plan that was shown: the option, the file, and what to do with it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconcile.cli.options import Options, err, typed

if TYPE_CHECKING:
    from reconcile.core.plan import Plan
    from reconcile.engine.place import Place
    from reconcile.engine.planning import Planned

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def out_option(command: Decorated) -> Decorated:
    """Add ``--out FILE``, a ``Path`` or None: where to save the plan. See ``check_out``."""
    return click.option(
        "--out", type=click.Path(path_type=Path), metavar="FILE", callback=_checked, help="Save the plan for apply."
    )(command)


def check_out(path: Path | None) -> None:
    """Raise ``ReconcileError`` when no plan can be saved there: nobody is to wait for one that has nowhere to go."""
    from reconcile.state.private_file import check_room

    if path is not None:
        check_room(path)


def save(path: Path, place: Place, planned: Planned, options: Options) -> None:
    """Save the plan, and say on stderr how to apply it.

    Raises ``ReconcileError`` when it cannot be written, ``Refused`` when it would hold a secret.
    """
    from reconcile.engine.saved import save_plan

    save_plan(path, place, planned)
    err(f"Saved as {path}{_but(planned.plan)}. To apply it, once: {_how(path, options)}\n")


def _checked(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and str(path) == "-":
        raise click.BadParameter("a plan is saved to a file, not to stdout", context, parameter)
    return path


def _but(plan: Plan) -> str:
    from reconcile.render.terminal import counted

    if plan.refusals:
        return "; apply will refuse it, too"
    if plan.failed:
        return f", without {counted(len(plan.failed), 'object')} that could not be planned"
    return ""


def _how(path: Path, options: Options) -> str:
    """Return the command that applies the plan, with what was typed to find the workspace."""
    words = ["reconcile", "apply"]
    if options.workspace and "workspace" in typed():
        words += ["-C", options.workspace]
    if options.env and "env" in typed():
        words += ["--env", options.env]
    name = str(path)
    return shlex.join([*words, f"./{name}" if name.startswith("-") else name])
