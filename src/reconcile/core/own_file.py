"""Files that users keep for a platform's own tools, which overwrite what we apply when they are deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One JSON file of the user's. ``file`` is its path as shown.

    ``values`` are the members of the object that it holds, never shown as a whole: anything may be in them. ``places``
    has where the value of each stands. ``trouble`` says why the file cannot be read, and where; "" when it can.
    """

    file: str
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    places: Mapping[str, Span] = field(default_factory=dict, repr=False)
    trouble: str = ""
    trouble_at: Span | None = None


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """What some patterns name. ``idle`` are patterns that name no file; ``is_cut`` says that some are left out."""

    files: tuple[OwnFile, ...] = ()
    idle: tuple[str, ...] = ()
    is_cut: bool = False
