"""What happens while a command runs, as frozen values to one listener."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.kind import Action


@dataclass(frozen=True, slots=True)
class ReadingBegan:
    """Live state of ``objects`` objects is about to be read."""

    connections: int
    objects: int


@dataclass(frozen=True, slots=True)
class ReadingEnded:
    """Live state has been read, as far as it could be."""

    objects: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection waits (``seconds`` > 0), or says something worth knowing."""

    connection: str
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ApplyBegan:
    """``total`` changes are about to be made."""

    total: int


@dataclass(frozen=True, slots=True)
class ChangeEnded:
    """One change has its outcome (one of ``engine.apply.Outcome``)."""

    address: Address
    action: Action
    outcome: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ReadBackBegan:
    """What was sent is about to be read back."""

    connection: str
    objects: int


@dataclass(frozen=True, slots=True)
class LockTaken:
    """The lock is ours. ``note`` tells what was found, when it was not free."""

    note: str


Event = ReadingBegan | ReadingEnded | Waiting | ApplyBegan | ChangeEnded | ReadBackBegan | LockTaken
Listener = Callable[[Event], None]


def unheard(event: Event) -> None:
    """Do nothing: the listener of those who do not want to know."""
