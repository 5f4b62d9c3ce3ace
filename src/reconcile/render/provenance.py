"""Who and when, in lines: our last apply of an object, the platform's last modification, the last commit."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.core.drift import AppliedBy, Blame, Drift
from reconcile.core.snapshot import Modified
from reconcile.render.terminal import printable, when_text

# As many characters of a commit as tell it from every other one.
SHORT = 12


def provenance_lines(item: Drift) -> Iterator[str]:
    """Yield what there is to know of who did what to a drifted object, and when; our last apply first."""
    yield f"last applied by us at {when_text(item.applied_at)}"
    if item.applied:
        yield f"  {_applied_words(item.applied)}"
    if item.modified:
        yield from _modified_lines(item.modified, item.applied_at)
    if item.blame:
        yield from _blame_lines(item.blame)


def _applied_words(applied: AppliedBy) -> str:
    commit = f", commit {printable(applied.commit[:SHORT])}" if applied.commit else ""
    return f"by {printable(applied.by)}, apply {printable(applied.id)}{commit}"


def _modified_lines(modified: Modified, applied_at: str) -> Iterator[str]:
    """Yield when it was changed last, and by whom; a time before our last apply says that this is not what moved."""
    by, of = f"by {printable(modified.by)}" if modified.by else "", printable(modified.of)
    if modified.at:
        yield f"{of} last modified at {when_text(modified.at)}{', before that' if modified.at < applied_at else ''}"
        yield from (f"  {by}",) if by else ()
    else:
        yield f"{of} last modified {by}"


def _blame_lines(blame: Blame) -> Iterator[str]:
    if blame.commit is None:
        yield "entry not committed yet"
    elif blame.is_oldest:
        yield f"entry committed in {blame.commit[:SHORT]} or before (shallow clone)"
    else:
        yield f"entry last committed at {when_text(blame.at)}"
        yield f"  by {printable(blame.by)}, {blame.commit[:SHORT]}: {printable(blame.summary)}"
