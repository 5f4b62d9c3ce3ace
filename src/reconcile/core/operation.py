"""An operation: a type of one-shot work. What one must, may and must not say of itself.

A *job* is a submitted operation. Nothing here does I/O: an operation says what it is, an operator (``providers.base``)
makes the calls, and the engine decides when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from reconcile.core.request import Json, Request


class JobState(StrEnum):
    """What a job is doing, in our words. ``UNKNOWN`` is a word of the platform that we do not know: watched on."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will happen to the job."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.STOPPED)


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job did not succeed: the platform's reason (a word that programs may compare) and its message.

    ``by_hand`` says that a person decided it on the platform, so that nobody tries it again unasked.
    """

    reason: str
    message: str = ""
    by_hand: bool = False

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.reason and self.message else self.reason or self.message

    def beside(self, state: str) -> str:
        """Return what there is to say beside a state: a reason that only repeats it is left out."""
        return self.message if self.message and self.reason == state else str(self)


@dataclass(frozen=True, slots=True)
class Job:
    """One job as the platform shows it now.

    ``operation`` is the full name of the operation that starts such jobs, "" when none of ours does. ``target`` is what
    it works on (see ``Order.target``), "" when that is not told. Times are UTC, ISO 8601, None when not (yet) known.
    ``displaced`` means that the platform refused it because the same work was queued already. ``link`` is a page for
    people, "" where there is none; ``facts`` is what else the platform tells, by label, in the order to show.
    """

    id: str
    operation: str
    target: str
    state: JobState
    platform_state: str
    created_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    error: JobError | None = None
    displaced: bool = False
    link: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will happen to the job."""
        return self.state.is_over


@dataclass(frozen=True, slots=True)
class Node:
    """One part of a job, where the platform shows parts. Times as in ``Job``."""

    id: str
    name: str
    type: str
    state: JobState
    platform_state: str
    started_at: str | None = None
    seconds: float | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Work to be done, as the files ask for it.

    ``target`` names the work itself, for example ``source:src_a``: jobs of one connection with the same target are the
    same work, and while one runs another is not started without asking. ``subject`` is what the work is about, for
    example ``data_product:dp_xyz``: gaps (``min_gap``) are kept between jobs with the same subject. ``settings`` are
    the operation's fields as plain JSON, those that are not set left out.
    """

    operation: str
    target: str
    subject: str
    settings: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """An order with its exact call. ``resource`` is the platform's id of what it works on, where a look-up found it."""

    order: Order
    request: Request
    resource: str = ""


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs to list. Empty fields do not narrow.

    ``settings`` are fields of operations (``source``, ``data_product``, ``dataflow``, ``type`` and ``id``, ...) that a
    job must match. ``since`` and ``until`` (aware) are about creation, the first included, the second not. ``words``
    are the platform's own words for states, ``expression`` is in the platform's own filter language.
    """

    operation: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    states: frozenset[JobState] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    words: tuple[str, ...] = ()
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the platform and how much of it is used. ``used`` and ``most`` are None when it does not tell."""

    name: str
    used: int | None
    most: int | None


class Operation(Protocol):
    """A type of one-shot work, in one provider. Pure: the same answer for the same arguments, and no I/O."""

    @property
    def name(self) -> str:
        """The full name, for example ``tamr.load``."""

    @property
    def entry(self) -> Any:
        """The Pydantic model of what a pipeline step may say, from which parsing and JSON Schema both come."""

    @property
    def summary(self) -> str:
        """What it does, in one line without a full stop."""

    @property
    def watchable(self) -> bool:
        """Whether there is a job to look at. If not, the answer to the call is all there will ever be."""

    @property
    def stoppable(self) -> bool:
        """Whether the platform can stop such a job."""

    @property
    def harmless_twice(self) -> bool:
        """Whether a second job of the same work leaves the world as one does (it may still be dear).

        Then somebody else's job of the same work may be taken for ours when nobody can tell them apart.
        """

    @property
    def when_busy(self) -> str:
        """What to do by default while a job of the same work is under way: ``wait`` or ``attach``."""

    @property
    def pool(self) -> str:
        """Which limit of jobs at once it counts for, "" when there is none that refuses."""

    @property
    def refusals(self) -> frozenset[int]:
        """HTTP statuses that say for certain that nothing was started and that it may be tried later."""

    def order(self, settings: Any, connection: Any) -> Order:
        """Return the work that a validated entry asks for on this connection."""
