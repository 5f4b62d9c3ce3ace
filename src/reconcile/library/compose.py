"""Where everything comes together: files, environment, connections and state become the place the engine works in."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconcile.config.load import Config, load
from reconcile.config.pipeline import Pipeline, Step
from reconcile.core.address import Selection
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.digest import texts_digest
from reconcile.core.errors import ConfigError
from reconcile.core.redact import Redactor
from reconcile.core.snapshot import Desired
from reconcile.core.source import Span
from reconcile.engine.link import Link, Outside
from reconcile.engine.place import Checkout, Place
from reconcile.providers.connection import rooted
from reconcile.providers.registry import providers
from reconcile.state.backend import open_backend
from reconcile.state.format import Origin
from reconcile.state.postgres import secrets_in

# A shorter secret in a longer text is chance.
SHORTEST_TELLING_SECRET = 8


@dataclass(frozen=True, slots=True)
class Setting:
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


def read_files(root: Path, env: str | None, environ: Mapping[str, str], *, may_be_empty: bool = False) -> Config:
    """Return what the files of the workspace in ``root`` (absolute) say, in the environment ``env`` of it.

    Places are kept as seen from the workspace, so that what is computed from them does not hang on where a program was
    started. ``may_be_empty`` takes a workspace without desired-state files as it is. Raises ``FilesWrong`` with every
    error of every file.
    """
    return load(root, env, environ, providers(), here=root, may_be_empty=may_be_empty)


def keep_secrets(config: Config, redactor: Redactor) -> None:
    """Tell ``redactor`` the secrets of every connection and of the state's location.

    Raises ``ConfigError`` when one of them stands where a value belongs: values are shown in plans and recorded.
    """
    for secret in (*secrets_in(config.state), *config.alerts.secrets):
        redactor.add(secret)
    secrets: set[str] = set()
    for connection in config.connections.values():
        for secret in providers()[connection.provider].secrets(connection.settings):
            redactor.add(secret)
            secrets.add(secret.strip())
    misused = [found.source for found in config.desired.values() if _holds_secret(_texts(found), secrets)]
    steps = [step for pipeline in config.pipelines.values() for step in pipeline.steps]
    misused += [step.span for step in steps if _holds_secret(_setting_texts(step), secrets)]
    if misused:
        raise ConfigError([_secret_as_value(span) for span in misused])


def place_of(config: Config, outside: Outside, origin: Origin) -> Place:
    """Return where the engine works, with the connections and the state; makes no call yet.

    Raises ``StateError`` for a state location that cannot be used.
    """
    return Place(
        environment=config.environment,
        desired=config.desired,
        links=links_of(config),
        backend=open_backend(config.state, config.root, config.environment, outside.environment),
        limits=config.limits,
        outside=outside,
        origin=origin,
        clock=time.monotonic,
        pid=os.getpid(),
        checkout=Checkout(os.path.realpath(config.root), texts_digest(config.sources)),
        hold=config.hold,
        retention=config.retention,
        freezes=config.freezes,
        allow=config.allow,
        alerts=config.alerts,
        acknowledged=config.acknowledged,
    )


def links_of(config: Config) -> dict[str, Link]:
    """Return the connections by name; makes no call."""
    return {
        name: Link(name, providers()[connection.provider], rooted(connection.settings, config.root))
        for name, connection in config.connections.items()
    }


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
