"""Tailer's own configuration files against what the desired state asks for; pure.

Platform page 1.5: a deploy replaces the whole stored document, flags included; a missing ``archived`` becomes false.
Page 1.6: ``activated`` is true by default.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.own_file import OwnFile
from reconcile.core.snapshot import Desired
from reconcile.core.source import Span
from reconcile.providers.tailer.kinds import ConfigurationType, Connection

MARKER = "configuration_type"
_ID = "configuration_id"
_KIND = "configuration"

# What a deploy makes of a flag that the file does not have.
_DEFAULTS = {"activated": True, "archived": False}
_TYPES = frozenset(get_args(ConfigurationType))


@dataclass(frozen=True, slots=True)
class _Deploy:
    """One file that a deploy on this connection would send, its placeholders filled in (page 5)."""

    own: OwnFile
    type: str
    id: str


def judge_files(
    name: str, connection: Connection, files: Iterable[OwnFile], desired: Mapping[Address, Desired]
) -> Iterator[Diagnostic]:
    """Yield what is worth a word about files: what a deploy would undo, what cannot be read, what nobody declares.

    ``desired`` is what is asked for on the connection called ``name``.
    """
    deploys: list[_Deploy] = []
    for own in files:
        if own.trouble:
            yield _unreadable(own, own.trouble, own.trouble_at)
        elif deploy := _deploy_of(own, connection):
            deploys.append(deploy)
    by_id: dict[tuple[str, str], list[_Deploy]] = defaultdict(list)
    for deploy in deploys:
        by_id[deploy.type, deploy.id].append(deploy)
    declared: set[str] = set()
    for address, wanted in desired.items():
        if address.kind == _KIND:
            for deploy in _deploys_to(address, connection, by_id):
                declared.add(deploy.own.file)
                yield from _differences(deploy, address, wanted)
    for deploy in deploys:
        if deploy.own.file not in declared:
            yield _not_declared(deploy, name, connection)


def _deploy_of(own: OwnFile, connection: Connection) -> _Deploy | None:
    """Return what a deploy would send; None for a file of another account or environment, or of another tool."""
    type_, id_ = own.values.get(MARKER), own.values.get(_ID)
    if not isinstance(type_, str) or type_ not in _TYPES or not isinstance(id_, str):
        return None
    for key, mine in (("account", connection.account), ("environment", connection.environment)):
        if _filled(own.values.get(key, mine), connection) != mine:
            return None
    return _Deploy(own, "table-to-table" if type_ == "gbq-to-gbq" else type_, _filled(id_, connection))


def _filled(text: object, connection: Connection) -> str:
    known = {"{{FD_ENV}}": connection.environment, "{{FD_ACCOUNT}}": connection.account}
    filled = str(text)
    for placeholder, value in known.items():
        filled = filled.replace(placeholder, value)
    return filled


def _deploys_to(
    address: Address, connection: Connection, by_id: Mapping[tuple[str, str], list[_Deploy]]
) -> Collection[_Deploy]:
    """Return the files whose deploy gives this configuration, by the rule of page 2.5.

    With a context the id has account and context before it; which context that is no file says, so the longest id
    that can be the end counts.
    """
    type_, _, id_ = address.name.partition(":")
    names = [id_]
    if type_ == "table-to-table" and id_.endswith(f"_{connection.environment}"):
        names.insert(0, id_.removesuffix(f"_{connection.environment}"))
    head, _, rest = id_.partition("_")
    if head == connection.account:
        if type_ == "context":
            names.append(rest)
        parts = rest.split("_")
        names += ["_".join(parts[n:]) for n in range(1, len(parts))]
    return next((found for name in names if (found := by_id.get((type_, name)))), ())


def _differences(deploy: _Deploy, address: Address, wanted: Desired) -> Iterator[Diagnostic]:
    own = deploy.own
    for flag, default in _DEFAULTS.items():
        value, asked = own.values.get(flag, default), wanted.values.get(flag)
        if not isinstance(value, bool):
            yield _unreadable(own, f'"{flag}" is neither true nor false', own.places.get(flag), address)
        elif isinstance(asked, bool) and value is not asked:
            yield _differs(own, flag, asked, address, wanted.source)


def _differs(own: OwnFile, flag: str, asked: bool, address: Address, source: Span) -> Diagnostic:
    is_there, wanted, now = flag in own.places, _word(asked), _word(not asked)
    silent = "" if is_there else f' It does not have "{flag}", and then Tailer takes {now}.'
    doing = "write" if is_there else "add"
    hint = f'{doing} "{flag}": {_word(asked)} there before it is deployed again, or change {source.file}:{source.line}'
    if flag == "archived" and not is_there and "archive" in own.places:
        hint = f'the key is "archived": "archive" means nothing to Tailer; {hint}'
    return Diagnostic(
        "tailer-file-differs",
        "A redeploy would undo this",
        f"A redeploy of this file sets {flag} to {now}, and {address.name} is to have {wanted}.{silent}",
        hint,
        own.places[flag if is_there else _ID],
        str(address),
        Severity.WARNING,
    )


def _unreadable(own: OwnFile, trouble: str, at: Span | None, address: Address | None = None) -> Diagnostic:
    return Diagnostic(
        "tailer-file-unreadable",
        "A configuration file cannot be read",
        f"{own.file}: {trouble}. What a redeploy of it would do is not known.",
        "mend it, or leave it out of the connection's `files`",
        at or Span(own.file, 1, 1),
        str(address) if address else None,
        Severity.WARNING,
    )


def _not_declared(deploy: _Deploy, name: str, connection: Connection) -> Diagnostic:
    id_ = f"{deploy.id}_{connection.environment}" if deploy.type == "table-to-table" else deploy.id
    return Diagnostic(
        "tailer-file-not-declared",
        "A configuration file that no entry is about",
        f"{deploy.own.file} is a {deploy.type}, and the desired state has no entry for it.",
        f"without a context its id is {id_}; with one, account and context come before {deploy.id}",
        deploy.own.places[_ID],
        f"{name}/{_KIND}/{deploy.type}:{id_}",
        Severity.NOTE,
    )


def _word(flag: bool) -> str:
    return "true" if flag else "false"
