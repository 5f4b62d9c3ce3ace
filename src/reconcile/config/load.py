"""A workspace as values: read, filled in, checked; or every error of every file at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconcile.config.acknowledge import read_acknowledged
from reconcile.config.document import IS_FAST, Document, parse
from reconcile.config.files import ACKNOWLEDGED_FILE, list_files, read_text, shown
from reconcile.config.freeze import Declared, freeze_of
from reconcile.config.ics import read_events
from reconcile.config.pipeline import Pipeline
from reconcile.config.resolve import by_address, interpolate
from reconcile.config.secret import SecretFields, masked_lines, replacements
from reconcile.config.text import Text
from reconcile.config.validate import Found, Validator
from reconcile.config.workspace import Connection, WorkspaceFile, read_workspace
from reconcile.core.acknowledge import Acknowledgement
from reconcile.core.address import Address
from reconcile.core.alert import Alerting
from reconcile.core.diagnostic import Diagnostic, Severity, did_you_mean, in_order
from reconcile.core.errors import ConfigError
from reconcile.core.freeze import Event, Freeze
from reconcile.core.guard import DeleteLimits
from reconcile.core.hold import Hold
from reconcile.core.kind import Catalogue
from reconcile.core.lint import Allow, sifted
from reconcile.core.retention import Retention
from reconcile.core.snapshot import Desired

Sources = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Config:
    """What the files of a workspace ask for, in one environment.

    ``state`` is the location as written, a relative folder being below ``root``. ``desired`` is sorted by address,
    ``pipelines`` and ``connections`` by name. ``diagnostics`` are warnings and notes. ``sources`` has the lines of
    every file by the path that spans show, with secrets starred out. ``hold`` is that of the environment, over or not.
    ``freezes`` are in the order of the file. ``allow`` is what is accepted of the findings, ``accepted`` those findings
    that were; they are not among the ``diagnostics``. ``alerts`` says who is told of drift, ``mute`` why nobody can be
    (``Alerting`` has open references then); ``acknowledged`` is what is accepted of drift, in any environment.
    """

    root: Path
    environment: str
    state: str
    connections: Mapping[str, Connection]
    desired: Mapping[Address, Desired]
    pipelines: Mapping[str, Pipeline]
    limits: DeleteLimits
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: Sources = field(default_factory=dict, repr=False)
    hold: Hold | None = None
    retention: Retention = field(default_factory=Retention)
    freezes: tuple[Freeze, ...] = ()
    allow: tuple[Allow, ...] = ()
    accepted: tuple[Diagnostic, ...] = ()
    alerts: Alerting = field(default_factory=Alerting)
    mute: tuple[Diagnostic, ...] = ()
    acknowledged: tuple[Acknowledgement, ...] = ()


class FilesWrong(ConfigError):
    """The files are wrong. ``sources`` has their lines, as in ``Config``, to show the places."""

    def __init__(self, diagnostics: Iterable[Diagnostic], sources: Sources) -> None:
        super().__init__(tuple(diagnostics))
        self.sources = sources


def load(
    root: Path,
    environment: str | None,
    environ: Mapping[str, str],
    catalogues: Mapping[str, Catalogue],
    here: Path | None = None,
    *,
    instead: Mapping[Path, str] | None = None,
    may_be_empty: bool = False,
) -> Config:
    """Return what the workspace in ``root`` asks for in ``environment`` (None: ``default``).

    Paths are shown relative to ``here`` (None: where the process is). ``instead`` has texts of files as they could be:
    they are read in place of what the disk has. ``may_be_empty`` takes a workspace without any desired-state file for
    one that asks for nothing. Raises ``FilesWrong``, a ``ConfigError``, with every error of every file.
    """
    here = Path.cwd() if here is None else here
    reading = _Reading(here, SecretFields(catalogues), instead or {})
    listing = list_files(root, here)
    can_be_empty = may_be_empty or bool(instead)
    reading.diagnostics += [d for d in listing.diagnostics if not (can_be_empty and d.code == "no-desired-state")]
    workspace = reading.workspace(listing.workspace, environment, environ, catalogues)
    freezes = tuple(reading.freezes(root, workspace.freezes))
    acknowledged = reading.acknowledged(root / ACKNOWLEDGED_FILE)
    validator = Validator(catalogues, workspace)
    found = Found()
    for path in dict.fromkeys([*listing.desired, *(instead or {})]):
        reading.desired(path, workspace, validator, found)
    desired, duplicates = by_address(found.desired)
    pipelines, again = _by_name(found.pipelines)
    diagnostics = in_order(dict.fromkeys([*reading.diagnostics, *found.diagnostics, *duplicates, *again]))
    if any(diagnostic.is_error for diagnostic in diagnostics):
        raise FilesWrong(diagnostics, {**reading.aside, **reading.sources})
    allow = (*workspace.allow, *found.allow)
    sift = sifted(diagnostics, allow)
    return Config(
        root,
        workspace.environment,
        workspace.state,
        dict(sorted(workspace.connections.items())),
        desired,
        pipelines,
        workspace.limits,
        sift.told,
        reading.sources,
        workspace.hold,
        workspace.retention,
        freezes,
        allow,
        tuple(finding for finding, _ in sift.allowed),
        workspace.alerts,
        workspace.mute,
        acknowledged,
    )


class _Reading:
    """What has been read so far. Files that cannot be read leave an error and nothing else."""

    def __init__(self, here: Path, secret_fields: SecretFields, instead: Mapping[Path, str]) -> None:
        self._here = here
        self._instead = instead
        self._secret_fields = secret_fields
        self.sources: dict[str, tuple[str, ...]] = {}
        # Apart: that somebody else's calendar changed, or drift is accepted, says nothing of what the files ask for.
        self.aside: dict[str, tuple[str, ...]] = {}
        self.diagnostics: list[Diagnostic] = [] if IS_FAST else [_slow()]

    def workspace(
        self, path: Path, environment: str | None, environ: Mapping[str, str], catalogues: Mapping[str, Catalogue]
    ) -> WorkspaceFile:
        document = self._document(path)
        secrets = self._secret_fields.written_in(document)
        masked = masked_lines(document.text, [mark for _, mark in secrets])
        self.sources[document.file] = (
            self._secret_fields.doubtful_lines(document.text) if document.root is None else masked
        )
        read = read_workspace(document, environment, environ, catalogues, replacements(secrets))
        self.diagnostics += read.diagnostics
        return read

    def freezes(self, root: Path, declared: Iterable[Declared]) -> Iterator[Freeze]:
        """Yield what is right of the freezes."""
        for each in declared:
            try:
                yield freeze_of(each, lambda one: self._events(root, one))
            except ConfigError as error:
                self.diagnostics += error.diagnostics

    def _events(self, root: Path, declared: Declared) -> tuple[Event, ...]:
        path = root / declared.entry.calendar
        name = shown(path, self._here)
        if not path.exists():
            raise ConfigError(_calendar_missing(root, name, declared))
        text = Text(read_text(path, self._here), name)
        self.aside[name] = text.lines
        return read_events(text)

    def acknowledged(self, path: Path) -> tuple[Acknowledgement, ...]:
        """Return what is right of the acknowledged drift; nothing when there is no such file."""
        if not os.path.lexists(path):
            return ()
        try:
            document = parse(read_text(path, self._here), shown(path, self._here))
        except ConfigError as error:
            self.diagnostics += error.diagnostics
            return ()
        self.aside[document.file] = document.text.lines
        found, diagnostics = read_acknowledged(document)
        self.diagnostics += diagnostics
        return found

    def desired(self, path: Path, workspace: WorkspaceFile, validator: Validator, found: Found) -> None:
        document = self._document(path)
        found.diagnostics += document.diagnostics
        found.diagnostics += interpolate(document, workspace.scope)
        of_file = validator.read(document)
        found.desired += of_file.desired
        found.allow += of_file.allow
        found.pipelines += of_file.pipelines
        found.diagnostics += of_file.diagnostics

    def _document(self, path: Path) -> Document:
        name = shown(path, self._here)
        try:
            text = self._instead[path] if path in self._instead else read_text(path, self._here)
            document = parse(text, name)
        except ConfigError as error:
            return Document(Text("", name), None, diagnostics=error.diagnostics)
        self.sources[name] = document.text.lines
        return document


def _by_name(pipelines: Iterable[Pipeline]) -> tuple[dict[str, Pipeline], list[Diagnostic]]:
    found: dict[str, Pipeline] = {}
    problems = []
    for pipeline in sorted(pipelines, key=lambda pipeline: (pipeline.name, pipeline.span)):
        first = found.setdefault(pipeline.name, pipeline)
        if first is not pipeline:
            detail = f'Pipeline "{pipeline.name}" is declared at {first.span} and again at {pipeline.span}.'
            hint = "rename one of the two"
            problems.append(Diagnostic("duplicate-pipeline", "Declared twice", detail, hint, pipeline.span))
    return found, problems


def _calendar_missing(root: Path, name: str, declared: Declared) -> Diagnostic:
    folder = Path(declared.entry.calendar).parent
    known = sorted((folder / path.name).as_posix() for path in (root / folder).glob("*.ics"))
    hint = did_you_mean(declared.entry.calendar, known)
    if not hint:
        hint = f"calendars there: {', '.join(known)}" if known else "its path counts from the workspace"
    detail = f"There is no file {name}: a calendar that cannot be read would freeze nothing."
    return Diagnostic("no-calendar", "The calendar is not there", detail, hint, declared.calendar or declared.span)


def _slow() -> Diagnostic:
    return Diagnostic(
        "slow-yaml",
        "YAML is read slowly",
        "This PyYAML was built without libyaml; reading takes ten times as long.",
        "install a PyYAML wheel for your platform",
        severity=Severity.NOTE,
    )
