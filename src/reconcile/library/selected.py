"""Names that somebody gave, checked against what there is: a typo must not look like nothing to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconcile.core.address import Address, Selection
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.errors import ConfigError
from reconcile.library.compose import Setting

MOST_NAMED = 5


def check_selection(setting: Setting) -> None:
    """Raise ``ConfigError`` for a pattern of the selection that names nothing, declared or recorded."""
    if setting.selection.select:
        check_selected(setting.selection, {*setting.config.desired, *setting.place.store.latest().recorded})


def check_selected(selection: Selection, known: Collection[Address]) -> None:
    """Raise ``ConfigError`` for a pattern that names none of ``known``."""
    unmatched = selection.unmatched(known)
    if unmatched:
        raise ConfigError([_matches_nothing(pattern, [str(a) for a in known]) for pattern in unmatched])


def check_connections(setting: Setting, names: Iterable[str]) -> None:
    """Raise ``ConfigError`` for a name that is no connection's."""
    known = setting.config.connections
    for name in names:
        if name not in known:
            detail = f'reconcile.yaml has no connection "{name}".'
            hint = did_you_mean(name, known) or f"known connections: {', '.join(known)}"
            raise ConfigError(Diagnostic("unknown-connection", "Unknown connection", detail, hint))


def _matches_nothing(pattern: str, known: list[str]) -> Diagnostic:
    near = did_you_mean(pattern, known)
    shown = ", ".join(sorted(known)[:MOST_NAMED])
    return Diagnostic(
        code="nothing-selected",
        summary="Nothing is selected",
        detail=f'"{pattern}" names no object.',
        hint=near or f"addresses look like: {shown}",
    )
