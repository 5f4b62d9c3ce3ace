"""Who last committed what a file asks for: asks git, where the workspace is in a checkout.

Nothing here fails a command: without git, outside a checkout, or when it takes too long, nobody is named.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from reconcile.config.extent import entry_lines
from reconcile.core.drift import Blame
from reconcile.core.errors import ConfigError
from reconcile.core.source import Span
from reconcile.engine.link import side_by_side

# At most so many files are asked about, so many at a time, and each for so many seconds.
MOST_FILES = 16
AT_ONCE = 4
SECONDS = 5

# What git is given of the environment: where it is, and where its settings are. Nothing else concerns it, and what a
# hook sets (GIT_DIR, ...) would lead it to another checkout.
_KEPT = (
    *("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT", "USERPROFILE"),
    *("GIT_CEILING_DIRECTORIES", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM"),
)
_FIXED = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    # A partial clone would go and ask the server.
    "GIT_NO_LAZY_FETCH": "1",
}
# Nothing that the checkout's own settings may name is run, nor is a commit left out because a setting says so.
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "blame.ignoreRevsFile=")

Lines = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Git:
    """The user's git in one folder; ``environment`` is that of the command, of which git sees little."""

    folder: Path
    environment: Mapping[str, str]

    def ask(self, *words: str) -> str | None:
        """Return what git prints; None when it refuses, is not there, or takes too long."""
        kept = {name: self.environment[name] for name in _KEPT if name in self.environment}
        try:
            found = subprocess.run(  # noqa: S603 - fixed words and names of files, no shell
                ["git", "-C", str(self.folder), *_SETTINGS, *words],  # noqa: S607 - the user's own git
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
                env={**kept, **_FIXED},
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return found.stdout.decode("utf-8", "replace") if found.returncode == 0 else None


def find_blame(root: Path, spans: Iterable[Span], environment: Mapping[str, str]) -> Mapping[Span, Blame]:
    """Return the last commit of the entries that begin at ``spans``, whose files are named as seen from ``root``.

    Lines that are changed and not committed have a ``Blame`` without a commit. What cannot be told is left out.
    """
    by_file: dict[str, set[Span]] = defaultdict(set)
    for span in spans:
        by_file[span.file].add(span)
    git = Git(root, environment)
    about = git.ask("rev-parse", "--is-inside-work-tree", "--is-shallow-repository") if by_file else None
    inside, _, shallow = (about or "").strip().partition("\n")
    if inside != "true":
        return {}
    files = sorted(by_file)[:MOST_FILES]
    # An older git repeats the question that it does not know.
    is_shallow = shallow != "false"
    found = side_by_side(lambda file: _of_file(git, file, by_file[file], is_shallow), files, AT_ONCE)
    return {span: blame for each in found for span, blame in each.items()}


def _of_file(git: Git, file: str, spans: Collection[Span], is_shallow: bool) -> Mapping[Span, Blame]:
    try:
        lines = entry_lines(git.folder, file, spans)
    except ConfigError:
        return {}
    if not lines:
        return {}
    ranges = [word for first, last in sorted(set(lines.values())) for word in ("-L", f"{first},{last}")]
    told = git.ask("blame", "--porcelain", "--encoding=UTF-8", "--no-textconv", *ranges, "--", file)
    if told is None:
        is_new = (git.ask("status", "--porcelain", "--untracked-files=all", "--", file) or "").startswith("??")
        return dict.fromkeys(lines, Blame()) if is_new else {}
    commits = _commits(told, is_shallow)
    return {
        span: max((commits[n] for n in range(first, last + 1) if n in commits), key=_newest).blame
        for span, (first, last) in lines.items()
        if first in commits
    }


@dataclass(slots=True)
class _Commit:
    """A commit while it is read. ``committed`` is when it came into the history, in seconds since 1970."""

    blame: Blame
    committed: int = 0


def _newest(commit: _Commit) -> tuple[bool, int]:
    return commit.blame.commit is None, commit.committed


def _commits(told: str, is_shallow: bool) -> dict[int, _Commit]:
    """Return the commit of each line, by its number, from the output of ``git blame --porcelain``."""
    by_line: dict[int, _Commit] = {}
    known: dict[str, _Commit] = {}
    commit: _Commit | None = None
    for line in told.split("\n"):
        word, _, rest = line.partition(" ")
        if line.startswith("\t"):
            commit = None
        elif commit is None:
            numbers = rest.split()
            if len(numbers) >= 2 and numbers[1].isdigit():
                commit = known.setdefault(word, _Commit(Blame(word if word.strip("0") else None)))
                by_line[int(numbers[1])] = commit
        elif commit.blame.commit is not None:
            _take(commit, word, rest, is_shallow)
    return by_line


def _take(commit: _Commit, word: str, rest: str, is_shallow: bool) -> None:
    """Add what one line of the output says of a commit."""
    match word:
        case "author" if not commit.blame.is_oldest:
            commit.blame = replace(commit.blame, by=rest)
        case "author-time":
            commit.blame = replace(commit.blame, at=_moment(rest))
        case "committer-time" if rest.isdigit():
            commit.committed = int(rest)
        case "summary":
            commit.blame = replace(commit.blame, summary=rest)
        case "boundary" if is_shallow:
            # Where the history is cut, git names the commit there for whatever is older: nobody's name is told.
            commit.blame = replace(commit.blame, by="", summary="", is_oldest=True)
        case _:
            pass


def _moment(seconds: str) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""
