"""Everything a command works with, built from the options, the files and the environment."""

from __future__ import annotations

import getpass
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from reconcile.cli.border import border
from reconcile.cli.options import Options
from reconcile.config.files import find_workspace, shown
from reconcile.config.load import Config, FilesWrong, load
from reconcile.config.pipeline import Pipeline, Step
from reconcile.core.address import Address, Selection
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.digest import texts_digest
from reconcile.core.errors import ConfigError
from reconcile.core.snapshot import Desired
from reconcile.core.source import Span
from reconcile.engine.events import Listener
from reconcile.engine.link import Link, Outside
from reconcile.engine.place import Checkout, Place
from reconcile.providers.connection import rooted
from reconcile.providers.registry import providers
from reconcile.state.backend import open_backend
from reconcile.state.format import Origin
from reconcile.state.postgres import secrets_in

if TYPE_CHECKING:
    from reconcile.config.edit import Editor

MOST_NAMED = 5
SHORTEST_TELLING_SECRET = 8


@dataclass(frozen=True, slots=True)
class Workspace:
    """A loaded workspace: what the files say, and the place that the engine works in."""

    config: Config
    place: Place
    selection: Selection

    def pipeline(self, name: str) -> Pipeline:
        """Return the pipeline of this name. Raises ``ConfigError`` with near names when there is none."""
        found = self.config.pipelines.get(name)
        if found is None:
            known = ", ".join(self.config.pipelines)
            hint = did_you_mean(name, self.config.pipelines) or (f"pipelines: {known}" if known else "")
            raise ConfigError(
                Diagnostic("unknown-pipeline", "Unknown pipeline", f'The files have no pipeline "{name}".', hint)
            )
        return found


def load_config(options: Options, *, may_be_empty: bool = False) -> Config:
    """Return what the files say; the border knows from then on what to quote and what to hide.

    ``may_be_empty`` takes a workspace without desired-state files as it is. Raises ``ConfigError`` with every error of
    every file.
    """
    here = Path.cwd()
    root = find_workspace(options.workspace_dir, os.environ.get("RECONCILE_WORKSPACE"), here)
    edge = border()
    # Places are kept as seen from the workspace, so that what is computed from them does not hang on where a command
    # was started; the prefix is put before them when they are shown.
    edge.prefix = "" if (folder := shown(root, here)) == "." else f"{folder}/"
    try:
        config = load(root, options.env, os.environ, providers(), here=root, may_be_empty=may_be_empty)
    except FilesWrong as error:
        edge.sources = error.sources
        raise
    edge.sources = config.sources
    for secret in secrets_in(config.state):
        edge.redactor.add(secret)
    secrets: set[str] = set()
    for connection in config.connections.values():
        for secret in providers()[connection.provider].secrets(connection.settings):
            edge.redactor.add(secret)
            secrets.add(secret.strip())
    misused = [found.source for found in config.desired.values() if _holds_secret(_texts(found), secrets)]
    steps = [step for pipeline in config.pipelines.values() for step in pipeline.steps]
    misused += [step.span for step in steps if _holds_secret(_setting_texts(step), secrets)]
    if misused:
        raise ConfigError([_secret_as_value(span) for span in misused])
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
    edge = border()
    links = links_of(config)
    place = Place(
        environment=config.environment,
        desired=config.desired,
        links=links,
        backend=open_backend(config.state, config.root, config.environment, os.environ),
        limits=config.limits,
        outside=Outside(listener, edge.redactor, os.environ),
        origin=origin(config.root if applies else None),
        clock=time.monotonic,
        pid=os.getpid(),
        checkout=Checkout(os.path.realpath(config.root), texts_digest(config.sources)),
        hold=config.hold,
        retention=config.retention,
        freezes=config.freezes,
        allow=config.allow,
    )
    return Workspace(config, place, Selection(options.select, options.exclude))


def links_of(config: Config) -> dict[str, Link]:
    """Return the connections by name; makes no call."""
    return {
        name: Link(name, providers()[connection.provider], rooted(connection.settings, config.root))
        for name, connection in config.connections.items()
    }


def editor_of(workspace: Workspace, options: Options) -> Editor:
    """Return what edits the files of a workspace, in the environment that the options name."""
    from reconcile.config.edit import Editor

    return Editor(workspace.config.root, options.env, os.environ, providers())


def check_selection(workspace: Workspace) -> None:
    """Raise ``ConfigError`` for a ``--select`` that names nothing, declared or recorded."""
    if workspace.selection.select:
        check_selected(workspace.selection, {*workspace.config.desired, *workspace.place.store.latest().recorded})


def check_selected(selection: Selection, known: Collection[Address]) -> None:
    """Raise ``ConfigError`` for a pattern that names none of ``known``."""
    unmatched = selection.unmatched(known)
    if unmatched:
        raise ConfigError([_matches_nothing(pattern, [str(a) for a in known]) for pattern in unmatched])


def check_connections(workspace: Workspace, names: Iterable[str]) -> None:
    """Raise ``ConfigError`` for a name in an option that is no connection's."""
    known = workspace.config.connections
    for name in names:
        if name not in known:
            detail = f'reconcile.yaml has no connection "{name}".'
            hint = did_you_mean(name, known) or f"known connections: {', '.join(known)}"
            raise ConfigError(Diagnostic("unknown-connection", "Unknown connection", detail, hint))


def origin(root: Path | None) -> Origin:
    """Return who does this and where; and from which commit of ``root``, as far as it can be told."""
    return Origin(
        id=uuid4().hex[:12],
        applied_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        by=_user(),
        host=socket.gethostname(),
        command=shlex.join(["reconcile", *sys.argv[1:]]),
        commit=_commit(root) if root else None,
        job=os.environ.get("CI_JOB_URL") or _github_job(),
    )


def _texts(desired: Desired) -> list[str]:
    values = [value for value in desired.values.values() if isinstance(value, str)]
    return [desired.address.name, *values, *([desired.hold.reason] if desired.hold else [])]


def _setting_texts(step: Step) -> list[str]:
    return [value for value in step.settings.model_dump().values() if isinstance(value, str)]


def _holds_secret(texts: list[str], secrets: set[str]) -> bool:
    """Say whether a text is a secret or has one in it; a short one in a longer text is chance."""
    long_ones = [secret for secret in secrets if len(secret) >= SHORTEST_TELLING_SECRET]
    return any(text in secrets or any(secret in text for secret in long_ones) for text in texts)


def _secret_as_value(span: Span) -> Diagnostic:
    return Diagnostic(
        code="secret-as-value",
        summary="A secret stands where a value belongs",
        detail="A value of this entry is a secret of a connection. Values are shown in plans and recorded.",
        hint="use another value",
        span=span,
    )


def _matches_nothing(pattern: str, known: list[str]) -> Diagnostic:
    near = did_you_mean(pattern, known)
    shown = ", ".join(sorted(known)[:MOST_NAMED])
    return Diagnostic(
        code="nothing-selected",
        summary="Nothing is selected",
        detail=f'"{pattern}" names no object.',
        hint=near or f"addresses look like: {shown}",
    )


def _user() -> str:
    try:
        return os.environ.get("GITHUB_ACTOR") or os.environ.get("GITLAB_USER_LOGIN") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _commit(root: Path) -> str | None:
    """Return the commit that the workspace is at; None outside a checkout, or without git."""
    try:
        found = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", "-C", str(root), "rev-parse", "HEAD"],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None


def _github_job() -> str | None:
    environment = os.environ
    parts = [environment.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else None
