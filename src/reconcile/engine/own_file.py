"""What a deploy of the users' own files would undo: found in the files alone, with no call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconcile.config.own_file import read_own_files
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity, in_order
from reconcile.core.hold import Hold
from reconcile.core.own_file import OwnFiles
from reconcile.core.pause import asked_for
from reconcile.core.snapshot import Desired
from reconcile.engine.link import Link
from reconcile.engine.place import Place
from reconcile.providers.base import JudgesFiles


def file_findings(
    folder: Path, links: Mapping[str, Link], desired: Mapping[Address, Desired], now: str, hold: Hold | None = None
) -> tuple[Diagnostic, ...]:
    """Return the findings about files that connections name, in order; paths in them are as seen from ``folder``.

    What is held counts as what its hold makes of it at ``now`` (UTC, ISO 8601); ``hold`` is that of the environment.
    """
    found: list[Diagnostic] = []
    for name, link in links.items():
        provider = link.provider
        patterns = provider.file_patterns(link.settings) if isinstance(provider, JudgesFiles) else ()
        if isinstance(provider, JudgesFiles) and patterns:
            read = read_own_files(folder, patterns, provider.file_marker)
            found += _of_patterns(name, read)
            found += provider.judge_files(name, link.settings, read.files, dict(_asked(link, desired, now, hold)))
    return in_order(found)


def own_findings(place: Place, now: str) -> tuple[Diagnostic, ...]:
    """Return the same for the workspace that a command works in; paths are as seen from its folder."""
    folder = place.checkout.folder
    return file_findings(Path(folder), place.links, place.desired, now, place.hold) if folder else ()


def _asked(
    link: Link, desired: Mapping[Address, Desired], now: str, hold: Hold | None
) -> Iterator[tuple[Address, Desired]]:
    kinds = link.connected()
    for address, each in desired.items():
        connected = kinds.get((address.connection, address.kind))
        if connected:
            yield address, asked_for(connected.kind, each, None, now, hold).desired


def _of_patterns(connection: str, read: OwnFiles) -> Iterator[Diagnostic]:
    for pattern in read.idle:
        yield Diagnostic(
            "files-match-nothing",
            "A pattern names no file",
            f'Connection "{connection}": `files` names "{pattern}", and there is no such JSON file.',
            "patterns count from the workspace; ** stands for folders of any depth",
            severity=Severity.WARNING,
        )
    if read.is_cut:
        yield Diagnostic(
            "files-left-out",
            "Not every file was looked at",
            f'Connection "{connection}": `files` names more than can be looked at.',
            "name the folders that hold the configuration files",
            severity=Severity.WARNING,
        )
