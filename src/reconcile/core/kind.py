"""A kind: a type of object that can be declared. What one must say of itself so that the planner needs no ``if``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from reconcile.core.address import Address
from reconcile.core.operation import Operation, Order
from reconcile.core.request import Request
from reconcile.core.snapshot import Values
from reconcile.core.timing import Role, Timing


class Action(StrEnum):
    """What apply will do with one object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RUN = "run"
    ASSERT = "assert"
    FORGET = "forget"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Declared:
    """What one entry of a desired-state file says, in the kind's own normal form.

    ``name`` is the last part of the address. ``advice`` holds (code, field, message, hint) of things worth a warning.
    """

    name: str
    values: Values
    advice: tuple[tuple[str, str, str, str], ...] = ()


class Kind(Protocol):
    """A type of object that can be declared, in one provider.

    An implementation is pure: it never does I/O and gives the same answer for the same arguments.
    """

    @property
    def name(self) -> str:
        """The middle part of an address, for example ``schedule``."""

    @property
    def section(self) -> str:
        """The key of desired-state files that lists objects of this kind, for example ``schedules``."""

    @property
    def readable(self) -> bool:
        """Whether the platform can show such an object. If not, what we recorded is all we know."""

    @property
    def one_shot(self) -> bool:
        """Whether declaring it means work to be done once for each distinct set of values."""

    @property
    def entry(self) -> Any:
        """The Pydantic type of one entry, from which parsing and JSON Schema both come."""

    def declare(self, entry: Any, connection: Any) -> Declared:
        """Return what a validated entry says on this connection, with every list that is a set in one fixed order."""

    def entry_of(self, name: str, values: Values) -> Values:
        """Return the entry that declares these values under this name, its keys in the order people write them.

        ``declare`` of it gives name and values back. Raises ``ValueError`` for what no entry can say.
        """

    def fields_of(self, values: Values) -> tuple[str, ...]:
        """Return every field that an object of this shape can have, in the order they are shown."""

    def is_absent(self, values: Values) -> bool:
        """Say whether these values mean that there is nothing (a schedule of frequency ``none``)."""

    def paused(self, values: Values) -> Values | None:
        """Return the values of such an object while it is held: off, or not there. None when it cannot be held.

        Never asked of a one-shot, which is held by not being done.
        """

    def align(self, live: Values, wanted: Values) -> Values:
        """Return ``live`` spelled like ``wanted`` where both mean the same; otherwise ``live`` as it is."""

    def stage(self, action: Action, address: Address, after: Values) -> int:
        """Return when, within one apply and connection: smaller stages are finished before larger ones begin."""

    def timing(self, values: Values) -> Timing | None:
        """Return when an object of these values fires; None for a kind that has nothing to do with time."""

    def role(self, name: str, id: str | None) -> Role | None:
        """Return what the object is to others; None for a kind that has nothing to do with time.

        ``name`` is the last part of its address, ``id`` the platform's id, None where it is not known.
        """


class Connected(Protocol):
    """A kind on one connection: what is needed to say which calls a change takes."""

    @property
    def kind(self) -> Kind:
        """The kind itself."""

    def requests(self, action: Action, address: Address, id: str | None, after: Values) -> tuple[Request, ...]:
        """Return the exact calls that bring the object to ``after``; none for what only our record knows.

        ``id`` is the platform's id as last read. The same function serves plan and apply.
        """

    def order(self, address: Address, after: Values) -> Order | None:
        """Return the work that declaring a one-shot asks for; None for a kind that is no one-shot."""


class Catalogue(Protocol):
    """What one provider lets people write in their files. Reading files needs this and no more."""

    @property
    def name(self) -> str:
        """The word behind ``provider:`` in ``reconcile.yaml``."""

    @property
    def connection(self) -> Any:
        """The Pydantic model of one connection, whose ``provider`` field is a literal of ``name``."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that can be declared."""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations that pipeline steps may name, by full name (``tamr.load``)."""
