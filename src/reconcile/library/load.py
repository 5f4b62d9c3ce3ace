"""``reconcile.load``: a folder of files becomes a workspace."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconcile.config.files import find_workspace
from reconcile.core.address import Selection
from reconcile.core.redact import Redactor
from reconcile.engine.events import unheard
from reconcile.engine.link import Outside
from reconcile.library.compose import Setting, keep_secrets, place_of, read_files
from reconcile.library.origin import origin_of
from reconcile.library.shown import without_secrets
from reconcile.library.workspace import OnEvent, Workspace


def load(
    path: str | os.PathLike[str] | None = None,
    *,
    env: str | None = None,
    environ: Mapping[str, str] | None = None,
    select: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    on_event: OnEvent | None = None,
    program: str | None = None,
    by: str | None = None,
) -> Workspace:
    """Return the workspace at ``path``: its files are read now, all of them, and no call is made.

    ``path`` is the folder with ``reconcile.yaml``; None: that of ``RECONCILE_WORKSPACE``, else the current folder or
    its ``desired_state``. ``env`` is the environment of the workspace; None: ``RECONCILE_ENV``, else ``default``.
    ``environ`` stands in for the environment of this process, wherever it is asked for a variable or a credential.
    ``select`` and ``exclude`` are addresses or globs over them; ``*`` crosses slashes.

    ``on_event`` is told of progress, from any thread, never twice at once by one operation; what it raises is logged
    and goes no further. ``program`` and ``by`` are recorded with every apply as what did it and who wanted it; None:
    the name of the running script, and whoever the CI system or the operating system names.

    Raises ``ConfigError`` with every error of every file, ``StateError`` for a state location that cannot be used.
    """
    # A copy: what is read later is what was given, whatever becomes of the mapping meanwhile.
    known = dict(os.environ if environ is None else environ)
    root = _root(path, known)
    redactor = Redactor()
    with without_secrets(redactor):
        config = read_files(root, env or known.get("RECONCILE_ENV") or None, known)
        keep_secrets(config, redactor)
        name = program or _program()
        place = place_of(config, Outside(unheard, redactor, known), origin_of(name, known, None, by))
    setting = Setting(config, place, Selection(_patterns(select), _patterns(exclude)))
    return Workspace(setting, name, by, on_event)


def _root(path: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> Path:
    given = Path(path).expanduser() if path is not None else None
    # An absolute one does not need a current folder: it may be gone.
    here = given if given and given.is_absolute() else Path.cwd()
    return find_workspace(given, environ.get("RECONCILE_WORKSPACE"), here, said="path")


def _patterns(given: str | Iterable[str]) -> tuple[str, ...]:
    # A single text is one pattern, not its letters.
    return (given,) if isinstance(given, str) else tuple(given)


def _program() -> str:
    """Return the name of the running script: its arguments may hold anything, secrets too."""
    return Path(sys.argv[0]).name if sys.argv and sys.argv[0] not in ("", "-c", "-m") else "python"
