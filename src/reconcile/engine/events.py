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
class LookingBegan:
    """What there is on so many connections is about to be listed; ``ReadingEnded`` follows."""

    connections: int


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


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A run of a pipeline goes on from here: ``done`` of ``total`` steps are over."""

    run: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class StepMoved:
    """A step of a run, or a job by hand, is in another state, or was looked at again.

    ``state`` is one of ``core.run.RunState``; ``is_news`` is False for a look that showed nothing new. ``seconds`` is
    how long its job has been going on. ``error`` is why it did not succeed.
    """

    step: str
    operation: str
    state: str
    platform_state: str = ""
    job: str = ""
    link: str = ""
    seconds: float = 0.0
    error: str = ""
    is_news: bool = True


@dataclass(frozen=True, slots=True)
class StepTold:
    """Something worth knowing about a step; ``seconds`` is how long nothing will happen, 0 when it is no wait."""

    step: str
    text: str
    seconds: float = 0.0


Event = (
    ReadingBegan
    | LookingBegan
    | ReadingEnded
    | Waiting
    | ApplyBegan
    | ChangeEnded
    | ReadBackBegan
    | LockTaken
    | RunBegan
    | StepMoved
    | StepTold
)
Listener = Callable[[Event], None]


def unheard(event: Event) -> None:
    """Do nothing: the listener of those who do not want to know."""
