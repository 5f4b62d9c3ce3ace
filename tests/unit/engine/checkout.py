"""Real git repositories below a test's own folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Repository:
    """A checkout with commits by people with names, at times of their own; nothing of the user's settings counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def git(self, *words: str, **more: str) -> str:
        """Run git, which must succeed, and return what it prints."""
        found = subprocess.run(
            ["git", "-C", str(self.folder), *words],
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        return found.stdout.strip()

    def init(self) -> Repository:
        self.git("init", "-q", "-b", "main")
        return self

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self, by: str, at: str, summary: str) -> str:
        """Commit all there is, and return the commit."""
        email = f"{by.split()[0].lower()}@example.test"
        who = {"GIT_AUTHOR_NAME": by, "GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_NAME": by}
        when = {"GIT_COMMITTER_EMAIL": email, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        self.git("add", "-A")
        self.git("commit", "-q", "-m", summary, **who, **when)
        return self.git("rev-parse", "HEAD")
