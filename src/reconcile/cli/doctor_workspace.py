"""The files, looked at: found, complete, valid; the variables that they name; the checkout that they lie in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.cli.options import Options
from reconcile.core.checkup import Checked, Finding, fail, ok, skip, warn
from reconcile.core.errors import ReconcileError

if TYPE_CHECKING:
    from reconcile.config.load import Config
    from reconcile.core.diagnostic import Diagnostic

GIT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Files:
    """What was found of the files; ``root`` is None when there is no workspace, ``config`` when it is wrong."""

    checked: Checked
    root: Path | None = None
    config: Config | None = None
    environment: str | None = None


def workspace_check(options: Options) -> Files:
    """Return what is found of the workspace that the options name."""
    from reconcile.config.files import find_workspace

    try:
        root = find_workspace(options.workspace_dir, os.environ.get("RECONCILE_WORKSPACE"), Path.cwd())
    except ReconcileError as error:
        told = error.diagnostics[0]
        rest = skip("connections", "not looked at: there is no workspace")
        hint = "; ".join(filter(None, (told.hint, "`reconcile init` writes a workspace")))
        return Files(Checked("workspace", (fail("found", _words(told), hint), rest)))
    config, valid = _valid(options)
    findings = [ok("found", str(root)), _variables(root, options.env, config), valid]
    if config is None:
        findings.append(skip("connections", "not looked at, nor the state: the files are wrong"))
    findings += _git(root, config)
    return Files(Checked("workspace", tuple(findings)), root, config, options.env or "default")


def _variables(root: Path, environment: str | None, config: Config | None) -> Finding:
    """Return which environment variables the files name and the environment lacks. Names only.

    Files that are right although one is missing do without it: it is of something that this environment replaces.
    """
    from reconcile.config.glance import variables_named

    named = variables_named(root, environment)
    missing = [name for name in named if name not in os.environ]
    empty = [name for name in named if os.environ.get(name) == ""]
    set_ = len(named) - len(missing) - len(empty)
    parts = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"empty: {', '.join(empty)}"] * bool(empty)
    words = "; ".join([f"{set_} of {len(named)} are set", *parts])
    if missing and config is None:
        hint = f"set what is missing before the command, for example: export {missing[0]}=..."
        return fail("variables", words, hint)
    if config and config.mute:
        return warn("variables", words, f"no alert can be sent: {config.mute[0].detail}")
    if empty:
        return warn("variables", words, f"give it a value, if it is to have one: export {empty[0]}=...")
    if missing:
        return ok("variables", f"{words}, which this environment does not need")
    return ok("variables", f"all {len(named)} are set: {', '.join(named)}" if named else "the files need none")


def _valid(options: Options) -> tuple[Config | None, Finding]:
    from reconcile.cli.workspace import load_config
    from reconcile.render.terminal import counted

    try:
        config = load_config(options, may_be_empty=True)
    except ReconcileError as error:
        told = [each for each in error.diagnostics if each.is_error]
        more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
        hint = "; ".join(filter(None, (told[0].hint, "`reconcile validate` says all")))
        return None, fail("valid", f"{_words(told[0])}{more}", hint)
    counts = f"{counted(len(config.desired), 'object')}, {counted(len(config.pipelines), 'pipeline')}"
    warnings = sum(each.severity == "warning" for each in config.diagnostics)
    if not config.desired and not config.pipelines:
        return config, warn("valid", "the files declare nothing yet", "`reconcile import` writes down what is live")
    if warnings:
        return config, warn("valid", f"{counts}; {counted(warnings, 'warning')}", "`reconcile validate` shows them")
    return config, ok("valid", counts)


def _words(told: Diagnostic) -> str:
    """Return what is wrong on one line, with its place."""
    words = told.detail or told.summary
    return f"{told.span}: {words}" if told.span else words


def _git(root: Path, config: Config | None) -> Iterator[Finding]:
    """Yield whether the files are in a git checkout, and whether a state beside them is kept out of it."""
    from reconcile.render.terminal import counted

    commit = _said_by_git(root, "rev-parse", "--short", "HEAD")
    if commit is None:
        yield ok("git", "no git checkout with a commit: applies will not say from which one they come")
        return
    changed = _said_by_git(root, "status", "--porcelain", "--", ".")
    state = "" if not changed else f", {counted(len(changed.splitlines()), 'file')} changed since"
    yield ok("git", f"commit {commit}{state}")
    folder = root / Path(config.state).expanduser() if config and "://" not in config.state else None
    if folder and folder.is_relative_to(root) and _said_by_git(root, "check-ignore", "-q", str(folder / "x")) is None:
        hint = f"add {Path(os.path.relpath(folder, root)).as_posix()}/ to {root / '.gitignore'}"
        yield warn("ignored", "git does not ignore the folder of the state, which is of this machine alone", hint)


def _said_by_git(root: Path, *words: str) -> str | None:
    """Return what git prints; None when it fails, or there is none."""
    try:
        found = subprocess.run(  # noqa: S603 - fixed words and a path, no shell
            ["git", "-C", str(root), *words],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
