"""What a value on the command line may be, for the shell: from files alone, quickly, and silent about what is wrong.

Given to options and arguments as ``shell_complete``. What stands on the line already (``-C``, ``--env``) counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reconcile.config.glance import Glance

# As ``cli.options`` keeps them; not imported, since it imports this.
_OPTIONS = "reconcile.options"


def addresses(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the addresses that the files declare."""
    from reconcile.config.glance import addresses as of_files
    from reconcile.providers.naming import NAMING

    taken = _taken(context, parameter)
    return _items((each for each in of_files(_glance(context), NAMING) if each not in taken), incomplete)


def environments(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the environments of the workspace."""
    return _items(_glance(context).environments, incomplete)


def connections(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the connections of the workspace, each with its platform."""
    return _described(_glance(context).connections.items(), incomplete)


def pipelines(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the pipelines of the workspace."""
    from reconcile.config.glance import pipelines as of_files

    return _items(of_files(_glance(context)), incomplete)


def runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the newest runs, where the state is in a folder."""
    from reconcile.state.glance import run_ids

    folder = _state(context)
    return _items(run_ids(folder), incomplete) if folder else []


def applies(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return ``latest`` and the newest applies, each with when it was, where the state is in a folder."""
    from reconcile.state.glance import apply_ids

    folder = _state(context)
    return _described([("latest", "the newest apply"), *(apply_ids(folder) if folder else ())], incomplete)


def zones(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the time zones by their IANA names."""
    from zoneinfo import available_timezones

    return _items(sorted(available_timezones()), incomplete)


def folders(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return that the shell itself knows: folders."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


def files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return that the shell itself knows: files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _glance(context: click.Context) -> Glance:
    from reconcile.config.files import find_workspace
    from reconcile.config.glance import glance

    given = context.meta.get(_OPTIONS)
    folder = getattr(given, "workspace", None)
    # The shell has not taken the line apart yet: a ~ is still one.
    explicit = Path(folder).expanduser() if folder else None
    root = find_workspace(explicit, os.environ.get("RECONCILE_WORKSPACE"), Path.cwd())
    return glance(root, getattr(given, "env", None), os.environ)


def _state(context: click.Context) -> Path | None:
    from reconcile.state.glance import environment_folder

    seen = _glance(context)
    return environment_folder(seen.state, seen.root, seen.environment)


def _taken(context: click.Context, parameter: click.Parameter) -> frozenset[str]:
    """Return what an argument that takes several has already."""
    value = context.params.get(parameter.name or "") if isinstance(parameter, click.Argument) else ()
    return frozenset(value) if isinstance(value, list | tuple) else frozenset()


def _items(values: Iterable[str], incomplete: str) -> list[CompletionItem[str]]:
    return _described(((value, "") for value in values), incomplete)


def _described(values: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem[str]]:
    """Return those that begin with what was typed; none with what a terminal would obey."""
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(value, help=help_ or None)
        for value, help_ in values
        if value.startswith(incomplete) and value.isprintable()
    ]
