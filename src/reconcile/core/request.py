"""One HTTP call to come, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP call to come. ``path`` is below the connection's base URL; ``body`` is JSON or None.

    ``repeatable`` says whether sending it twice leaves the world as sending it once.
    """

    method: str
    path: str
    body: Mapping[str, Json] | None = None
    repeatable: bool = True
