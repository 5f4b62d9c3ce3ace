"""Which applies and runs a folder knows, at a glance: by names and a few bytes, nothing checked, nothing raised.

For the shell, when somebody presses TAB: a list that is short of one is better than an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# So many of the newest: who looks for an older one has its id already.
MOST = 50
# A version holds every recorded object; so many bytes of them are read while somebody waits.
MOST_BYTES = 8_000_000


def environment_folder(location: str, root: Path, environment: str) -> Path | None:
    """Return the folder with the keys of an environment; None for a state that is in no folder."""
    return None if "://" in location or not location.strip() else root / Path(location).expanduser() / environment


def run_ids(folder: Path) -> list[str]:
    """Return the ids of runs, newest first. ``folder`` holds the keys of one environment."""
    try:
        found = sorted(((path.stat().st_mtime, path.name) for path in (folder / "runs").iterdir()), reverse=True)
    except OSError:
        return []
    return [name for _, name in found[:MOST]]


def apply_ids(folder: Path) -> list[tuple[str, str]]:
    """Return the ids of recorded applies, newest first, each with when it was and who made it."""
    found: list[tuple[str, str]] = []
    left = MOST_BYTES
    for path in sorted((folder / "state").glob("*.json"), reverse=True)[:MOST]:
        try:
            data = path.read_bytes()
            found += _applied(json.loads(data))
        except (OSError, ValueError):
            continue
        left -= len(data)
        if left <= 0:
            break
    return found


def _applied(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the applies that one version of the state tells of."""
    if not isinstance(document, dict):
        return
    for each in (document.get("apply"), *(document.get("cut_off") or ())):
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            yield each["id"], f"{each.get('applied_at', '')} by {each.get('by', '')}"
