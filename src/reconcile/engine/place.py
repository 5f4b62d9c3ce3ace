"""Where a command works: the files' contents, the connections, the state, and the world outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconcile.core.account import Account
from reconcile.core.acknowledge import Acknowledgement
from reconcile.core.address import Address
from reconcile.core.alert import Alerting
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.freeze import Freeze
from reconcile.core.guard import DeleteLimits
from reconcile.core.hold import Hold
from reconcile.core.kind import Connected
from reconcile.core.lint import Allow
from reconcile.core.retention import Retention
from reconcile.core.snapshot import Desired
from reconcile.engine.link import Link, Outside
from reconcile.state.backend import Backend
from reconcile.state.format import Origin
from reconcile.state.lock import Owner
from reconcile.state.store import Store


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files of a workspace: the folder that they are in, and a digest of what they say."""

    folder: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that the stories of this room are given. ``clock`` counts seconds and never goes back.

    ``hold`` is that of the whole environment, over or not; ``freezes`` say when nothing is changed in it.
    ``allow`` is what is accepted of the findings, ``acknowledged`` what is accepted of drift, in any environment.
    ``alerts`` says who is told of the rest.
    """

    environment: str
    desired: Mapping[Address, Desired]
    links: Mapping[str, Link]
    backend: Backend
    limits: DeleteLimits
    outside: Outside
    origin: Origin
    clock: Callable[[], float]
    pid: int = 0
    checkout: Checkout = Checkout()
    hold: Hold | None = None
    retention: Retention = field(default_factory=Retention)
    freezes: tuple[Freeze, ...] = ()
    allow: tuple[Allow, ...] = ()
    alerts: Alerting = field(default_factory=Alerting)
    acknowledged: tuple[Acknowledgement, ...] = ()

    @property
    def kinds(self) -> Mapping[tuple[str, str], Connected]:
        """The kinds of every connection, by (connection, kind)."""
        return {key: kind for link in self.links.values() for key, kind in link.connected().items()}

    @property
    def store(self) -> Store:
        """The versions of the state."""
        return Store(self.backend, self.outside.redactor.clean)

    @property
    def accounts(self) -> Mapping[str, Account]:
        """Where each connection leads now, by name."""
        return {name: link.account for name, link in self.links.items()}

    @property
    def owner(self) -> Owner:
        """Who holds the lock while this command does."""
        origin = self.origin
        clean = self.outside.redactor.clean
        return Owner(origin.id, origin.by, origin.host, self.pid, clean(origin.command), origin.job)

    def cleaned(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Return the diagnostics without secrets: a platform may quote what it was sent."""
        clean = self.outside.redactor.clean
        return [replace(d, detail=clean(d.detail), hint=clean(d.hint)) for d in diagnostics]
