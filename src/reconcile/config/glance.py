"""What the files of a workspace name, at a glance: no models, no checks, nothing raised.

For those who cannot wait for everything to be read and checked, and who would rather see most of it than an error:
the shell, when somebody presses TAB. What is wrong in the files is passed over; `validate` says it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconcile.config.document import Document, parse
from reconcile.config.files import list_files, read_text, shown
from reconcile.config.marked import MarkedList, MarkedMap
from reconcile.config.reference import REFERENCE
from reconcile.config.resolve import Scope, interpolate
from reconcile.core.errors import ReconcileError

# (provider, section) -> what names an entry: the kind's name, and what makes a name of it, empty when nothing does.
Naming = Mapping[tuple[str, str], tuple[str, Callable[[Mapping[str, Any]], str]]]

_DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Glance:
    """What ``reconcile.yaml`` names. ``connections`` has the provider of each, ``state`` is the location as written.

    ``environments`` are those under that name, and ``default``.
    """

    root: Path
    environment: str
    scope: Scope
    connections: Mapping[str, str] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    state: str = ".reconcile"


def glance(root: Path, environment: str | None, environ: Mapping[str, str]) -> Glance:
    """Return what ``reconcile.yaml`` in ``root`` names, in ``environment`` (None: ``default``)."""
    chosen = environment or _DEFAULT
    document = _document(list_files(root, root).workspace, root)
    whole = _mapping(document.root)
    environments = _mapping(whole.get("environments"))
    over = _mapping(environments.get(chosen))
    variables = MarkedMap()
    for source in (_mapping(whole.get("variables")), _mapping(over.get("variables"))):
        for name in source:
            variables.take(source, name)
    scope = Scope(variables, document, environ)
    interpolate(document, scope)
    connections = {**_connections(whole), **{n: p for n, p in _connections(over).items() if p}}
    state = whole.get("state")
    names = tuple(dict.fromkeys([*environments, _DEFAULT]))
    return Glance(root, chosen, scope, connections, names, state if isinstance(state, str) else ".reconcile")


def addresses(seen: Glance, naming: Naming) -> list[str]:
    """Return the addresses of all objects that the files declare, sorted."""
    found: set[str] = set()
    for document in _documents(seen):
        whole = _mapping(document.root)
        default = whole.get("connection")
        for section, entries in whole.items():
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, MarkedMap):
                    found.add(_address(seen, naming, section, entry, entry.get("connection", default)))
    return sorted(found - {""})


def pipelines(seen: Glance) -> list[str]:
    """Return the names of all pipelines, sorted."""
    wholes = (_mapping(document.root) for document in _documents(seen))
    return sorted({name for whole in wholes for name in _mapping(whole.get("pipelines"))})


def variables_named(root: Path, environment: str | None) -> list[str]:
    """Return the names of the environment variables that the files refer to in ``environment``, sorted."""
    listing = list_files(root, root)
    first = _document(listing.workspace, root)
    environments = _mapping(_mapping(first.root).get("environments"))
    other = {id(each) for name, each in environments.items() if name != (environment or _DEFAULT)}
    found: set[str] = set()
    for document in (first, *(_document(path, root) for path in listing.desired)):
        found |= {
            match[2] for text in _texts(document.root, other) for match in REFERENCE.finditer(text) if match[1] == "env"
        }
    return sorted(found)


def _texts(value: object, left_out: Collection[int]) -> Iterator[str]:
    """Yield every text below ``value``; what ``left_out`` names by its identity is passed over."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif id(part) not in left_out and isinstance(part, MarkedMap | MarkedList):
            waiting.extend(part.values() if isinstance(part, MarkedMap) else part)


def _connections(whole: MarkedMap) -> dict[str, str]:
    """Return the provider of each connection, empty where it is not said."""
    settings = _mapping(whole.get("connections"))
    return {name: str(_mapping(each).get("provider") or "") for name, each in settings.items()}


def _address(seen: Glance, naming: Naming, section: str, entry: MarkedMap, connection: object) -> str:
    kind, name_of = naming.get((seen.connections.get(str(connection), ""), section), ("", str))
    if not kind:
        return ""
    try:
        name = name_of(entry)
    except (KeyError, TypeError, ValueError):
        return ""
    return f"{connection}/{kind}/{name}" if name and "${" not in name else ""


def _documents(seen: Glance) -> Iterator[Document]:
    for path in list_files(seen.root, seen.root).desired:
        document = _document(path, seen.root)
        interpolate(document, seen.scope)
        yield document


def _document(path: Path, root: Path) -> Document:
    try:
        return parse(read_text(path, root), shown(path, root))
    except ReconcileError:
        return parse("", shown(path, root))


def _mapping(value: object) -> MarkedMap:
    return value if isinstance(value, MarkedMap) else MarkedMap()
