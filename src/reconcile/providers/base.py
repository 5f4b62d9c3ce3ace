"""What a provider is, and what each of its parts must, may and must not do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from reconcile.core.account import Account
from reconcile.core.address import Address, Selection
from reconcile.core.checkup import Finding
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.experience import Experience
from reconcile.core.kind import Catalogue, Connected
from reconcile.core.limit import Limit as RunLimit
from reconcile.core.operation import Job, JobQuery, Limit, Node, Order, Ready
from reconcile.core.own_file import OwnFile
from reconcile.core.redact import Redactor
from reconcile.core.request import Request
from reconcile.core.snapshot import Desired, Live, ReadFailed, Reading
from reconcile.core.trace import UNTRACED, Tracer

Item = TypeVar("Item")
Result = TypeVar("Result")


class Spread(Protocol):
    """Calls a function on every item, maybe side by side. Threads belong to the engine, so it hands this in."""

    def __call__(self, function: Callable[[Item], Result], items: Collection[Item], /) -> list[Result]:
        """Return the results in the order of the items; raises the first error that a call raised."""


def one_by_one(function: Callable[[Item], Result], items: Collection[Item], /) -> list[Result]:
    """Return the result for every item, one after the other: the simplest ``Spread``."""
    return [function(item) for item in items]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that takes time or needs to be known while it happens: a wait, a new login.

    ``seconds`` is how long nothing will happen; 0 when the notice is not about waiting.
    """

    connection: str
    text: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a provider is given from outside, so that it reads no clock and no environment of its own.

    ``notify`` is called from any thread and must not block. ``redactor`` is told every secret a login brings.
    ``environment`` is what external commands run with, and where proxies are named. ``tracer`` is told of every call.
    With ``keeps_lists`` a reader reads each list once and answers from it ever after, also that it cannot be read.
    """

    notify: Callable[[Notice], None]
    redactor: Redactor
    environment: Mapping[str, str]
    spread: Spread = one_by_one
    tracer: Tracer = UNTRACED
    keeps_lists: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object to read. ``fields`` are those the files manage; ``id`` is the platform's id if we know it.

    The id is a hint that saves a look-up after a first read; the name decides. ``declared`` is False for an object
    that no file asks for any more and only our record knows.
    """

    address: Address
    fields: frozenset[str] = frozenset()
    id: str | None = None
    declared: bool = True


@dataclass(frozen=True, slots=True)
class Readings:
    """What a read found: one reading for each object that was wanted, and what is worth saying about the rest."""

    by_address: Mapping[Address, Reading]
    diagnostics: tuple[Diagnostic, ...] = ()


class Reader(Protocol):
    """Reads one connection. It has no method that writes, and its HTTP client has none either."""

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        """Return one reading for each wanted object.

        Must not raise for what a platform answers: a failed call is a ``ReadFailed`` for every object it leaves
        unknown, never a missing object and never a shorter list. Chooses the cheaper of listing and reading one by
        one; ``exact`` asks for the object itself even where a list shows it. May be called from several threads.
        """

    def close(self) -> None:
        """Give the connection back. Safe to call twice."""


@runtime_checkable
class ReadsInParts(Protocol):
    """A reader whose lists come in pages, and who need not wait for the last one to tell what is on the first."""

    def read_in_parts(self, wanted: Collection[Wanted]) -> Iterator[Readings]:
        """Yield readings as they become known; every wanted object once, in all.

        A call is made only when the next part is asked for. Otherwise as ``Reader.read``.
        """


@dataclass(frozen=True, slots=True)
class Sought:
    """What a look around is for: what ``selection`` holds and is not among the ``known`` objects.

    ``known`` may name an object by id that the platform lists by name; it is the same object. With ``whole`` every
    field is read, also those that a list does not carry; without, what lists show is enough.
    """

    selection: Selection = field(default_factory=Selection)
    known: frozenset[Address] = frozenset()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What is live on one connection.

    ``readings`` has a ``Live`` for everything that was sought, also for what has nothing (an asset without a
    schedule), and a ``ReadFailed`` for what could not be told. ``listed`` names everything there is, sought or not, and
    ``known`` those selected that were known already. ``notes`` says why an object has the name that it has.
    ``diagnostics`` holds an error for every list that failed: then nothing can be said of what was on it.
    """

    readings: Mapping[Address, Live | ReadFailed] = field(default_factory=dict)
    listed: frozenset[Address] = frozenset()
    known: frozenset[Address] = frozenset()
    notes: Mapping[Address, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


@runtime_checkable
class Discovers(Protocol):
    """A reader that can tell what there is, and not only how something is that it was asked for."""

    def discover(self, sought: Sought) -> Found:
        """Return what is live; see ``Found``. Lists that were read before are not read again.

        Must not raise for what a platform answers, and never gives a part of a list for the whole.
        """


@runtime_checkable
class Remembers(Protocol):
    """A reader that can tell how things went so far, and what the account allows."""

    def experience(self, live: Collection[Live]) -> Experience:
        """Return what the account knows of these objects, as far as it tells; see ``Experience``.

        Makes calls of its own, and must not raise for what a platform answers: what cannot be read is left out.
        """


@runtime_checkable
class Diagnoses(Protocol):
    """A provider that can tell whether a connection works, and how to mend it where it does not."""

    def checkup(
        self, name: str, connection: Any, surroundings: Surroundings, now: Callable[[], datetime]
    ) -> Iterator[Finding]:
        """Yield what is found about one connection, each finding as soon as it is known.

        Changes nothing, makes each call once, and must not raise for what a platform answers: that is a finding.
        ``now`` is this machine's time (aware).
        """


class Writer(Reader, Protocol):
    """Reads and writes one connection."""

    def send(self, request: Request) -> None:
        """Make the call and return when the platform says it is done.

        Repeats what is safe to repeat, waits where the platform asks for it. Raises ``PlatformError``, whose
        ``may_have_happened`` says whether the effect is possible all the same. Called from several threads.
        """


class Operator(Protocol):
    """Starts, watches and stops jobs on one connection.

    Every method makes its calls now and once: it never waits, and repeats nothing by itself (a renewed login aside).
    Waiting and trying again are the engine's, whose clock decides. Called from several threads. Raises
    ``PlatformError`` for what a platform answers; a failed list never looks like an empty one.
    """

    def prepare(self, order: Order) -> Ready:
        """Return the exact call, names looked up. Raises ``ObjectNotFound``, with near names, for what is not there."""

    def submit(self, ready: Ready) -> Job | None:
        """Make the call. Return the job; None when it was taken without saying which job it is.

        Of what is not ``watchable`` the returned job is over. An error whose ``may_have_happened`` is False, or whose
        status is among the operation's ``refusals``, says for certain that nothing was started.
        """

    def look(self, ready: Ready, job_id: str) -> Job:
        """Return the job as it is now. Raises ``ObjectNotFound`` when the platform does not know it (yet)."""

    def on_target(self, ready: Ready, since: datetime) -> tuple[Job, ...]:
        """Return every job with this order's target that is not over, and every one created at or after ``since``.

        Oldest first. Empty for what is not ``watchable``.
        """

    def last_on_subject(self, ready: Ready) -> Job | None:
        """Return the newest job with this order's subject, None when there is none to be seen."""

    def stop(self, job_id: str) -> None:
        """Ask for the job to be stopped; it may go on for a while, or end by itself. No error when it is over.

        Raises ``Rejected`` where the platform has no such call.
        """

    def in_pool(self, pool: str) -> tuple[Job, ...]:
        """Return the jobs that hold a slot of this pool now, whoever started them, as far as the platform shows."""

    def slots(self, pool: str) -> int | None:
        """Return how many jobs of this pool may run at once, None when nobody knows. Makes no call."""

    def jobs(self, query: JobQuery) -> Iterator[Job]:
        """Yield jobs, newest first; a page is asked for when it is wanted. Raises ``Rejected`` for what it cannot ask.

        Never ends early: a page that fails raises.
        """

    def show(self, job_id: str) -> Job:
        """Return one job by its id alone. Raises ``ObjectNotFound``."""

    def nodes(self, job_id: str) -> tuple[Node, ...]:
        """Return the parts of a job in the platform's order, empty when it shows none of this job.

        Raises ``Rejected`` where the platform has no such call.
        """

    def limits(self) -> tuple[Limit, ...]:
        """Return the limits that the platform tells of, empty when it tells of none."""

    def server_time(self) -> datetime | None:
        """Return the platform's own time (aware) in its last answer; None before the first, or without one."""

    def close(self) -> None:
        """Give the connection back. Safe to call twice."""


@runtime_checkable
class JudgesFiles(Protocol):
    """A provider whose users keep files for the platform's own tools, which overwrite, when deployed, what we apply."""

    @property
    def file_marker(self) -> str:
        """The member that every such file (a JSON object) has; others are not looked at."""

    def file_patterns(self, connection: Any) -> tuple[str, ...]:
        """Return the patterns that name the files, as seen from the workspace; none when nobody asks. Pure."""

    def judge_files(
        self, name: str, connection: Any, files: Iterable[OwnFile], desired: Mapping[Address, Desired]
    ) -> Iterable[Diagnostic]:
        """Return what is worth a word about the files, given what is asked for on the connection ``name``. Pure."""


class Provider(Catalogue, Protocol):
    """One platform: what can be declared, and how to reach it."""

    def connected(self, connection: Any) -> Mapping[str, Connected]:
        """Return the kinds on this connection, by kind name. Pure."""

    def secrets(self, connection: Any) -> tuple[str, ...]:
        """Return every secret value that the connection's settings hold."""

    def account(self, connection: Any) -> Account:
        """Return which account of the platform these settings lead to, without secrets. Pure."""

    def limits(self, connection: Any) -> tuple[RunLimit, ...]:
        """Return how much may run on this connection, by its settings or by what the platform documents. Pure."""

    def reader(self, name: str, connection: Any, surroundings: Surroundings) -> Reader:
        """Return what ``drift`` and ``plan`` get. Makes no call yet."""

    def writer(self, name: str, connection: Any, surroundings: Surroundings) -> Writer:
        """Return what ``apply`` gets. Makes no call yet."""

    def operator(self, name: str, connection: Any, surroundings: Surroundings) -> Operator:
        """Return what starts and watches jobs. Makes no call yet."""
