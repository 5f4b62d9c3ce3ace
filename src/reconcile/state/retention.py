"""Old versions of the state and old runs are removed, the oldest first: a few at a time, and nothing hangs on it.

A command that has done its work does this last. What it cannot remove stays for the next one; interrupted anywhere,
what is left is whole. The newest version is never touched, so that whoever began on one that is gone still finds that
it is not the newest any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from reconcile.core.retention import FEWEST, Retention
from reconcile.state.backend import Backend
from reconcile.state.intent import FOLDER as JOURNAL
from reconcile.state.run_log import closed_keys
from reconcile.state.store import Store, version_key

# A first removal on a store that is far away must not keep anybody waiting for minutes.
MOST_AT_ONCE = 50

# A run that began less than this ago is kept: its process may only be asleep.
YOUNG = timedelta(days=1)


def remove_old_versions(backend: Backend, newest: int, keep: Retention, now: datetime) -> int:
    """Remove versions that are not kept any more, at most ``MOST_AT_ONCE``; return how many were.

    ``newest`` is the number of the newest version. For the holder of the lock only. While the journal of an apply that
    was cut off is there, all are kept: they say whether it is accounted for. Raises ``StateError``.
    """
    if newest <= max(keep.applies, FEWEST) and keep.days is None:
        return 0
    serials = Store(backend).serials()
    if serials[-1:] != [newest] or backend.list(JOURNAL):
        return 0
    removed = 0
    for serial in _old_versions(backend, serials, keep, now):
        if removed == MOST_AT_ONCE:
            break
        backend.delete(version_key(serial))
        removed += 1
    return removed


def remove_old_runs(backend: Backend, keep: Retention, now: datetime) -> int:
    """Remove runs that are over and not kept any more, at most ``MOST_AT_ONCE``; return how many were.

    Raises ``StateError``.
    """
    closed = closed_keys(backend)
    names = sorted(closed)
    many = max(len(names) - max(keep.runs, FEWEST), 0)
    old = [*names[:many], *(name for name in names[many:-FEWEST] if _is_older(name, keep.days, now))]
    removed = 0
    for name in [name for name in old if not _is_young(name, now)][:MOST_AT_ONCE]:
        for key in closed[name]:
            backend.delete(key)
        removed += 1
    return removed


def _old_versions(backend: Backend, serials: list[int], keep: Retention, now: datetime) -> Iterator[int]:
    """Yield the versions to remove, oldest first. A version is as old as the one that took its place."""
    many = max(len(serials) - max(keep.applies, FEWEST), 0)
    yield from serials[:many]
    if keep.days is None:
        return
    store = Store(backend)
    for serial, following in zip(serials[many:-FEWEST], serials[many + 1 :], strict=False):
        written_at = _moment(store.told(following, serials).written_at)
        if written_at is None or now - written_at <= timedelta(days=keep.days):
            return
        yield serial


def _is_older(name: str, days: int | None, now: datetime) -> bool:
    began = _began(name)
    return days is not None and began is not None and now - began > timedelta(days=days)


def _is_young(name: str, now: datetime) -> bool:
    began = _began(name)
    return began is not None and now - began < YOUNG


def _began(name: str) -> datetime | None:
    """Return when a run began, which its id begins with; None for another sort of id."""
    try:
        return datetime.strptime(name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
