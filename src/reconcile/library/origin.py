"""Who does this, when, where, and from which commit: what is recorded with every apply."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from reconcile.state.format import Origin


def origin_of(command: str, environ: Mapping[str, str], root: Path | None, by: str | None = None) -> Origin:
    """Return who does ``command``, where and now; and from which commit of ``root``, as far as it can be told.

    ``by`` is who; None: whoever the CI system names in ``environ``, or the user of this process.
    """
    return Origin(
        id=uuid4().hex[:12],
        applied_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        by=by or _user(environ),
        host=socket.gethostname(),
        command=command,
        commit=_commit(root) if root else None,
        job=environ.get("CI_JOB_URL") or _github_job(environ),
    )


def _user(environ: Mapping[str, str]) -> str:
    try:
        return environ.get("GITHUB_ACTOR") or environ.get("GITLAB_USER_LOGIN") or getpass.getuser()
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


def _github_job(environ: Mapping[str, str]) -> str | None:
    parts = [environ.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else None
