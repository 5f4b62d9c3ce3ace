"""Mappings and lists that remember where each of their parts was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

# Character offsets into the file's text: where the part begins, and where the next character after it is.
Mark: TypeAlias = tuple[int, int]
# Key begins, key ends, value begins, value ends.
PairMark: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Origin:
    """What the file has where a value came from a reference: ``text`` is to be shown in place of the value.

    ``secrets`` holds each value that the environment had a part in, with the reference to show instead. ``resolved``
    is False when the reference failed, so that the value is still the reference and nothing should be said about it.
    """

    text: str
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    resolved: bool = True

    @property
    def secret(self) -> bool:
        """Say whether the value must never be shown."""
        return bool(self.secrets)


class MarkedMap(dict[str, Any]):
    """A mapping of a YAML file. ``marks`` has a place for each key; merged keys keep the place of their anchor.

    ``origins`` has an entry for each value that came from ``${...}``. An alias is the very same object as its anchor.
    """

    __slots__ = ("marks", "origins")

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, PairMark] = {}
        self.origins: dict[str, Origin] = {}

    def put(self, key: str, value: Any, mark: PairMark, origin: Origin | None = None) -> None:
        """Set ``key`` with the place where it was written."""
        self[key] = value
        self.marks[key] = mark
        if origin is not None:
            self.origins[key] = origin

    def take(self, other: MarkedMap, key: str) -> None:
        """Set ``key`` as ``other`` has it, place and all."""
        self.put(key, other[key], other.marks[key], other.origins.get(key))

    def without(self, keys: frozenset[str]) -> MarkedMap:
        """Return a copy that lacks ``keys``; the values, and the places of all keys, are shared with it."""
        result = MarkedMap()
        result.update(self)
        for key in keys:
            result.pop(key, None)
        result.marks, result.origins = self.marks, self.origins
        return result

    def mark_of(self, key: str) -> Mark:
        """Return the place of the value behind ``key``."""
        return self.marks[key][2:]

    def key_mark_of(self, key: str) -> Mark:
        """Return the place of ``key`` itself."""
        return self.marks[key][:2]


class MarkedList(list[Any]):
    """A list of a YAML file. ``marks`` has a place for each item; ``origins`` as in ``MarkedMap``, by index."""

    __slots__ = ("marks", "origins")

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[Mark] = []
        self.origins: dict[int, Origin] = {}

    def mark_of(self, index: int) -> Mark:
        """Return the place of an item."""
        return self.marks[index]


Container: TypeAlias = MarkedMap | MarkedList
