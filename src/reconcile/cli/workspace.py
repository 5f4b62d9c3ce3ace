"""Everything a command works with, built from the options, the files and the environment."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.cli.border import border
from reconcile.cli.fleet_options import refuse_fleet
from reconcile.cli.observing import tracer
from reconcile.cli.options import Options
from reconcile.config.files import find_workspace, shown
from reconcile.config.load import Config, FilesWrong
from reconcile.core.address import Selection
from reconcile.engine.events import Listener
from reconcile.engine.link import Outside
from reconcile.engine.step_trace import with_steps
from reconcile.library.compose import Setting, keep_secrets, links_of, place_of, read_files
from reconcile.library.origin import origin_of
from reconcile.library.selected import check_connections, check_selected, check_selection
from reconcile.providers.registry import providers
from reconcile.state.format import Origin

if TYPE_CHECKING:
    from reconcile.config.edit import Editor

__all__ = [
    "Workspace",
    "check_connections",
    "check_selected",
    "check_selection",
    "editor_of",
    "links_of",
    "load_config",
    "open_workspace",
    "origin",
]

Workspace = Setting


def load_config(options: Options, *, may_be_empty: bool = False) -> Config:
    """Return what the files say; the border knows from then on what to quote and what to hide.

    ``may_be_empty`` takes a workspace without desired-state files as it is. Raises ``ConfigError`` with every error of
    every file.
    """
    refuse_fleet(options)
    here = Path.cwd()
    root = find_workspace(options.workspace_dir, os.environ.get("RECONCILE_WORKSPACE"), here)
    edge = border()
    # The files' places are seen from the workspace; the way to it is put before them when they are shown.
    edge.prefix = "" if (folder := shown(root, here)) == "." else f"{folder}/"
    try:
        config = read_files(root, options.env, os.environ, may_be_empty=may_be_empty)
    except FilesWrong as error:
        edge.sources = error.sources
        raise
    edge.sources = config.sources
    keep_secrets(config, edge.redactor)
    return config


def open_workspace(
    options: Options, listener: Listener, *, applies: bool = False, may_be_empty: bool = False
) -> Workspace:
    """Return the workspace with its connections and its state; makes no call yet.

    ``applies`` says that what is done is recorded, with the commit that it is done from. ``may_be_empty`` takes a
    workspace without desired-state files as it is.
    Raises ``ConfigError``, and ``StateError`` for a state location that cannot be used.
    """
    config = load_config(options, may_be_empty=may_be_empty)
    traced = tracer()
    outside = Outside(with_steps(listener, traced), border().redactor, os.environ, traced)
    place = place_of(config, outside, origin(config.root if applies else None))
    return Workspace(config, place, Selection(options.select, options.exclude))


def editor_of(workspace: Workspace, options: Options) -> Editor:
    """Return what edits the files of a workspace, in the environment that the options name."""
    from reconcile.config.edit import Editor

    return Editor(workspace.config.root, options.env, os.environ, providers())


def origin(root: Path | None) -> Origin:
    """Return who does this and where; and from which commit of ``root``, as far as it can be told."""
    return origin_of(shlex.join(["reconcile", *sys.argv[1:]]), os.environ, root)
