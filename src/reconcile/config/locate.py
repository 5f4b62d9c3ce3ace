"""Where in a file an error of the model is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconcile.config.document import Segment, has
from reconcile.config.marked import Container, MarkedMap, Origin
from reconcile.config.shape import Shape


@dataclass(frozen=True, slots=True)
class Located:
    """A place below a value: ``parent[segment]`` holds ``value``; ``parent`` is None for the value itself.

    ``own_origin`` is the origin of a value without parent.
    ``shape`` is what could stand there. ``is_exact`` says that the last segment of the error's place is in the file.
    """

    value: Any
    shape: Shape
    parent: Container | None = None
    segment: Segment | None = None
    path: tuple[Segment, ...] = ()
    is_exact: bool = True
    own_origin: Origin | None = None

    @property
    def origin(self) -> Origin | None:
        """What the file has where the value came from a reference; None when the value stands there itself."""
        if self.parent is None:
            return self.own_origin
        return self.parent.origins.get(self.segment)  # type: ignore[arg-type]  # str for a mapping, int for a list

    def field(self, name: str) -> Located:
        """Return the place of a field of the mapping that stands here."""
        return _deeper(self, name)


def locate(start: Located, loc: Sequence[Segment], *, missing: bool = False) -> Located:
    """Return the place that a Pydantic ``loc`` means below ``start``; for a ``missing`` field what should hold it.

    Pydantic names the chosen member of a union in ``loc``, and that is no part of the file. So of all ways to leave
    segments out the one is taken that ends at something that is there (for a missing field: at a mapping that lacks
    it) and leaves out fewest.
    """

    def score(found: Located) -> tuple[bool, int]:
        if missing:
            return isinstance(found.value, MarkedMap) and loc[-1] not in found.value, len(found.path)
        return found.is_exact, len(found.path)

    return max(_readings(start, loc), key=score)


def _readings(start: Located, loc: Sequence[Segment]) -> list[Located]:
    readings = [start]
    for segment in loc:
        readings = [following for reading in readings for following in _steps(reading, segment)]
    return readings


def _steps(reading: Located, segment: Segment) -> Iterator[Located]:
    narrowed = reading.shape.narrowed(segment)
    if narrowed is not reading.shape:
        yield replace(reading, shape=narrowed)
        return
    if has(reading.value, segment):
        yield _deeper(reading, segment)
    yield replace(reading, is_exact=False)


def _deeper(reading: Located, segment: Segment) -> Located:
    shape = reading.shape
    if isinstance(reading.value, MarkedMap):
        # The value knows which alternative of a union is meant, also where `loc` does not say it.
        shape = shape.narrowed(reading.value.get(shape.discriminator))
    value = reading.value[segment]
    return Located(value, shape.below(segment), reading.value, segment, (*reading.path, segment))
