"""What was applied, as people are told of it."""

from __future__ import annotations

from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.freeze import Override
from reconcile.core.kind import Action
from reconcile.core.snapshot import Values


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One change of an apply and what became of it.

    ``before`` and ``after`` are all values, empty where nothing is there; ``fields`` is what differs. ``requests``
    holds method and path of what was sent. ``hidden`` names fields that the platform had and did not show.
    """

    address: Address
    action: Action
    outcome: str
    before: Values
    after: Values
    fields: tuple[FieldChange, ...] = ()
    requests: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """One apply.

    ``outcome`` is ``done``, ``in part``, ``failed``, ``cut off`` or ``running``. ``serial`` is the version of the state
    that holds it, None while none does. ``changes`` are the selected ones of ``total``. ``plan`` is the saved plan that
    it carried out, ``undoes`` the apply that it took back. ``undone_by`` is the newest one that took this one back and
    was not taken back itself, ``undone_in_part`` says that some of what was sent was not. ``recorded`` and ``released``
    are objects of which nothing but the record changed: to ours, or from ours; only of one that is shown alone.
    ``override`` says why it went ahead inside a freeze.
    """

    id: str
    applied_at: str
    by: str
    host: str
    command: str
    environment: str
    outcome: str
    serial: int | None = None
    commit: str | None = None
    job: str | None = None
    changes: tuple[ToldChange, ...] = ()
    total: int = 0
    plan: str | None = None
    undoes: str | None = None
    undone_by: str | None = None
    undone_in_part: bool = False
    recorded: tuple[Address, ...] = ()
    released: tuple[Address, ...] = ()
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Silent:
    """A version of the state that says of no apply that wrote it."""

    serial: int
    written_at: str


@dataclass(frozen=True, slots=True)
class History:
    """Applies, newest first; ``older`` counts the versions of the state that were not looked at.

    ``notes`` says which versions cannot be read.
    """

    applies: tuple[Told, ...] = ()
    silent: tuple[Silent, ...] = ()
    older: int = 0
    notes: tuple[Diagnostic, ...] = ()
