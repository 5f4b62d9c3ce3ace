"""Whether ``-C`` names one workspace or a fleet of them. Apart from ``fleet.py``: every command asks, few go on."""

from __future__ import annotations

from pathlib import Path

MAGIC = frozenset("*?[")
_YAML = frozenset((".yaml", ".yml"))
_OWN = ("reconcile.yaml", "reconcile.yml")


def names_fleet(workspace: str | None) -> bool:
    """Say whether what ``-C`` names is a fleet: a glob, or a YAML file that is no workspace's own."""
    if not workspace:
        return False
    if is_fleet_file(workspace):
        return not Path(workspace).is_dir()
    return bool(MAGIC & set(workspace)) and not Path(workspace).exists()


def is_fleet_file(workspace: str) -> bool:
    """Say whether this names a YAML file that is no workspace's own."""
    path = Path(workspace)
    return path.suffix in _YAML and path.name not in _OWN
