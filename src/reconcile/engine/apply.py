"""Make the changes of a plan: look again, call, read back. Results are values; one that fails stops no other.

``apply`` takes a plan and nothing else that could change its mind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Protocol, assert_never

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.errors import PlatformError, ReconcileError
from reconcile.core.kind import Action, Connected
from reconcile.core.lapse import readable
from reconcile.core.operation import Job, Operation, Order, Ready
from reconcile.core.order import in_stages
from reconcile.core.plan import Change, moved_since, short_of
from reconcile.core.snapshot import Live, Missing, ReadFailed, Reading, Values
from reconcile.core.trace import UNTRACED, Tracer
from reconcile.engine.desk import Desk, NotStarted, Started, Unclear
from reconcile.engine.desk import Outcome as Start
from reconcile.engine.events import ApplyBegan, ChangeEnded, Listener, ReadBackBegan, Waiting
from reconcile.engine.link import Slots, in_this_context, side_by_side
from reconcile.engine.loom import Clock, RealClock, Script, run_alone
from reconcile.engine.refresh import read_in_parts, read_safely
from reconcile.engine.submission import Policy, submit_ready
from reconcile.engine.waits import Waits
from reconcile.providers.base import Operator, Wanted, Writer

# An object is read again at most this long before it is written; the promise is 10 seconds, the rest is for the call.
OLDEST_READING_SECONDS = 8.0

# Workers beyond the calls that may be under way: while those wait for the platform, the next ones are made ready.
SPARE_WORKERS = 4


_NOT_AGAIN = "look at the platform; it is not sent again by itself: for that, change its note (`once`)"
_AGAIN = "apply again: it is sent once more, which does no harm"


class Outcome(StrEnum):
    """How a change ended."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"  # the apply was interrupted before it was this one's turn


@dataclass(frozen=True, slots=True)
class Result:
    """How one change ended.

    ``sent`` says whether a call was made. ``fields`` are, for a refusal, the fields that moved (from plan to now) and,
    for a failure after a call, those that the platform did not keep (from asked-for to shown). ``shown`` is what was
    seen after the call, where it was not what was asked for.
    """

    change: Change
    outcome: Outcome
    diagnostic: Diagnostic | None = None
    fields: tuple[FieldChange, ...] = ()
    sent: bool = False
    note: str = ""
    shown: Values | None = None


class Witness(Protocol):
    """Who writes down what is about to happen and what has happened (the journal)."""

    def sent(self, address: Address) -> None:
        """Return when it is durably noted that a one-shot call is about to be made."""

    def settled(self, result: Result) -> None:
        """Note an outcome."""


class Nobody:
    """A witness that writes nothing down, for when nothing outlives the process."""

    def sent(self, address: Address) -> None:
        """Do nothing."""

    def settled(self, result: Result) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """What an apply needs besides the changes.

    ``widths`` is how many calls may be under way on a connection. ``clock`` counts seconds and never goes back.
    ``stopping`` says that what has not begun is not to begin. ``operators`` and ``waits`` (by connection) and
    ``operations`` are what one-shots are sent with; their waits are counted on ``time``.
    """

    writers: Mapping[str, Writer]
    kinds: Mapping[tuple[str, str], Connected]
    widths: Mapping[str, int]
    listener: Listener
    clock: Callable[[], float]
    stopping: Callable[[], bool]
    witness: Witness = field(default_factory=Nobody)
    operators: Mapping[str, Operator] = field(default_factory=dict)
    operations: Mapping[str, Operation] = field(default_factory=dict)
    waits: Mapping[str, Waits] = field(default_factory=dict)
    time: Clock = field(default_factory=RealClock)
    tracer: Tracer = UNTRACED


def apply(changes: Sequence[Change], work: Work) -> tuple[Result, ...]:
    """Return one result for each change, in the order of the changes.

    Connections run side by side; within one, stages run one after the other and the changes of a stage side by side.
    """
    work.listener(ApplyBegan(len(changes)))
    count = _Count(len(changes), work.listener)
    stages = in_stages(changes)
    runs = [_Run(name, of_connection, work, count) for name, of_connection in stages.items()]
    found = side_by_side(_Run.results, runs, max(len(runs), 1))
    by_address = {result.change.address: result for results in found for result in results}
    return tuple(by_address[change.address] for change in changes)


class _Count:
    """Tells the listener of every change that ended, and how many have."""

    def __init__(self, total: int, listener: Listener) -> None:
        self._lock = Lock()
        self._done = 0
        self._total = total
        self._listener = listener

    def ended(self, result: Result) -> None:
        with self._lock:
            self._done += 1
            change = result.change
            self._listener(ChangeEnded(change.address, change.action, result.outcome, self._done, self._total))


class _Run:
    """The changes of one connection."""

    def __init__(self, connection: str, stages: list[list[Change]], work: Work, count: _Count) -> None:
        self._connection = connection
        self._stages = stages
        self._work = work
        self._writer = work.writers[connection]
        self._width = work.widths[connection]
        self._count = count
        # As many calls as the platform is asked at once; workers beyond them make the next ones ready.
        self._slots = Slots(self._width)
        readable = [change for stage in stages for change in stage if self._is_readable(change) and change.requests]
        self._again = _Again(self._writer, readable, work.clock)

    def results(self) -> list[Result]:
        results: list[Result] = []
        for stage in self._stages:
            results += self._stage(stage)
        return results

    def _stage(self, stage: list[Change]) -> list[Result]:
        """Return the results of changes that do not depend on each other.

        What is to be read again arrives in parts; the changes of one are made while the next is being read, and read
        back in the same order while later ones are being made. So lists cost time only at both ends.
        """
        looked = {c.address: c for c in stage if c.requests and self._is_readable(c)}
        attempt = in_this_context(self._try)
        with ThreadPoolExecutor(max_workers=self._width + SPARE_WORKERS) as pool:
            tries = [pool.submit(attempt, change) for change in stage if change.address not in looked]
            parts: list[dict[Address, Future[Result]]] = []
            with self._slots:  # one call for the lists, or the changes of the first page would crowd them out
                for part in self._again.parts(looked):
                    parts += [{address: pool.submit(attempt, looked[address]) for address in part}]
            seen = self._read_back_behind(parts, looked) if len(parts) > 1 else {}
        tries += [future for part in parts for future in part.values()]
        return self._confirmed([future.result() for future in tries], seen)

    def _read_back_behind(
        self, parts: list[dict[Address, Future[Result]]], looked: Mapping[Address, Change]
    ) -> dict[Address, Result]:
        """Return what could be confirmed while the changes were being made; little where the list's order moved.

        A reading counts only for a change that had ended before it was asked for.
        """
        seen: dict[Address, Result] = {}
        pages = read_in_parts(self._writer, [_wanted(change) for change in looked.values()])
        ended: dict[Address, Result] = {}
        for part in parts:
            wait(part.values())
            ended.update({address: future.result() for address, future in part.items()})
            with self._slots:
                page = next(pages, None)
            for address, reading in page.by_address.items() if page else ():
                result = ended.get(address)
                compared = self._compared(result, reading) if result and result.sent else None
                if compared and compared.outcome is Outcome.DONE:
                    seen[address] = self._settle(compared)
        return seen

    def _is_readable(self, change: Change) -> bool:
        return self._kind(change).kind.readable

    def _kind(self, change: Change) -> Connected:
        return self._work.kinds[change.address.connection, change.address.kind]

    def _try(self, change: Change) -> Result:
        """Return how far the change got: settled, or sent and to be read back."""
        if not change.requests:
            return self._settle(Result(change, Outcome.DONE))
        with self._slots, self._work.tracer.span(f"change {change.action}", _told(change)) as span:
            result = self._try_now(change)
            if result.outcome is not Outcome.DONE:
                span.fail(result.outcome)
        is_open = result.sent and self._is_readable(change)
        return result if is_open else self._settle(result)

    def _try_now(self, change: Change) -> Result:
        """Look again and send, with nothing to wait for in between: a reading must not grow old in a queue."""
        if self._work.stopping():
            return Result(change, Outcome.SKIPPED)
        if not self._is_readable(change):
            return self._send_unseen(change)
        return self._look_again(change) or self._send(change)

    def _settle(self, result: Result) -> Result:
        self._work.witness.settled(result)
        self._count.ended(result)
        return result

    def _look_again(self, change: Change) -> Result | None:
        """Return the result when there is nothing (left) to be sent, None when the call is to be made."""
        kind = self._kind(change).kind
        match self._again.reading(change.address):
            case Live() as now:
                hidden = any(field.path in now.unknown for field in change.fields)
                if not hidden and not short_of(kind, change.after, now, change.unset):
                    return Result(change, Outcome.DONE, note="somebody already did it")
                moved = moved_since(kind, change, now)
                if moved or now.id != change.id:
                    return Result(change, Outcome.REFUSED, _moved(change, moved), moved)
                return None
            case Missing(diagnostic=diagnostic):
                if change.action is Action.DELETE:
                    return Result(change, Outcome.DONE, note="it no longer exists")
                return Result(change, Outcome.FAILED, _located(change, diagnostic))
            case ReadFailed(diagnostic=diagnostic):
                return Result(change, Outcome.FAILED, _located(change, diagnostic))
            case other:
                raise AssertionError(f"{change.address} cannot be read as {other!r}")

    def _send(self, change: Change) -> Result:
        try:
            for request in change.requests:
                self._writer.send(request)
        except PlatformError as error:
            outcome = Outcome.UNKNOWN if error.may_have_happened else Outcome.FAILED
            return Result(change, outcome, _located(change, error.diagnostics[0]), sent=error.may_have_happened)
        return Result(change, Outcome.DONE, sent=True)

    def _send_unseen(self, change: Change) -> Result:
        """Send what cannot be read back: the answer is all the evidence there will ever be."""
        if self._kind(change).kind.one_shot:
            return self._send_once(change)
        try:
            for request in change.requests:
                self._writer.send(request)
        except PlatformError as error:
            diagnostic = _located(change, error.diagnostics[0])
            if error.may_have_happened:
                return Result(change, Outcome.UNKNOWN, replace(_unknown(diagnostic), hint=_AGAIN), sent=True)
            return Result(change, Outcome.FAILED, diagnostic)
        return Result(change, Outcome.DONE, sent=True)

    def _send_once(self, change: Change) -> Result:
        """Send a one-shot the way every operation is sent: its intent first, never again after an unclear answer."""
        order = self._kind(change).order(change.address, change.after)
        if order is None:
            raise AssertionError(f"{change.address} is a one-shot without an order")
        try:
            found = run_alone(self._submission(change, order), self._work.time)
        except ReconcileError as error:
            # What cannot be noted is not sent: after a crash nobody would know of it.
            return Result(change, Outcome.FAILED, _located(change, error.diagnostics[0]))
        match found:
            case Started():
                return Result(change, Outcome.DONE, sent=True)
            case NotStarted(diagnostic=diagnostic):
                return Result(change, Outcome.FAILED, _located(change, diagnostic))
            case Unclear(diagnostic=diagnostic):
                told = replace(_unknown(_located(change, diagnostic)), hint=_NOT_AGAIN)
                return Result(change, Outcome.UNKNOWN, told, sent=True)
        assert_never(found)

    def _submission(self, change: Change, order: Order) -> Script[Start]:
        work = self._work
        desk = Desk(
            operator=work.operators[self._connection],
            operation=work.operations[order.operation],
            ledger=_OneShotLedger(work.witness, change.address),
            clock=work.time,
            tell=lambda text, seconds: work.listener(
                Waiting(self._connection, f"{text}: waiting {readable(seconds)}" if seconds else text, seconds)
            ),
        )
        return submit_ready(desk, Ready(order, change.requests[0]), Policy(waits=work.waits[self._connection]))

    def _confirmed(self, results: list[Result], seen: Mapping[Address, Result]) -> list[Result]:
        """Return the results with everything that was sent and can be read compared to what was asked for.

        ``seen`` holds those of which that is done.
        """
        sent = [r for r in results if r.sent and self._is_readable(r.change) and r.change.address not in seen]
        found = dict(seen)
        if sent:
            self._work.listener(ReadBackBegan(self._connection, len(sent)))
            found |= self._read_back(sent, exact=False)
        doubtful = [result for result in sent if found[result.change.address].outcome is not Outcome.DONE]
        if doubtful:
            # A list may lag behind what it lists; only the object itself can convict.
            found |= self._read_back(doubtful, exact=True)
        for result in sent:
            self._settle(found[result.change.address])
        return [found.get(result.change.address, result) for result in results]

    def _read_back(self, results: list[Result], *, exact: bool) -> dict[Address, Result]:
        readings = read_safely(self._writer, [_wanted(result.change) for result in results], exact=exact).by_address
        return {r.change.address: self._compared(r, readings[r.change.address]) for r in results}

    def _compared(self, result: Result, reading: Reading) -> Result:
        change = result.change
        match reading:
            case Live() as now:
                short = short_of(self._kind(change).kind, change.after, now, change.unset)
                if not short:
                    return replace(result, outcome=Outcome.DONE, diagnostic=None)
                if result.diagnostic and not moved_since(self._kind(change).kind, change, now):
                    # The call itself had failed, and now it is known that it had no effect.
                    return replace(result, outcome=Outcome.FAILED, fields=short, sent=False)
                diagnostic = result.diagnostic or _not_kept(change, short)
                return replace(result, outcome=Outcome.FAILED, diagnostic=diagnostic, fields=short, shown=now.values)
            case Missing(diagnostic=diagnostic):
                if change.action is Action.DELETE:
                    return replace(result, outcome=Outcome.DONE, diagnostic=None)
                return replace(result, outcome=Outcome.FAILED, diagnostic=_located(change, diagnostic))
            case ReadFailed(diagnostic=diagnostic):
                lost = _unknown(result.diagnostic or _located(change, diagnostic))
                return replace(result, outcome=Outcome.UNKNOWN, diagnostic=lost)
            case other:
                raise AssertionError(f"{change.address} cannot be read as {other!r}")


class _OneShotLedger:
    """Writes the intent of a one-shot into the apply's journal; how it ended is noted with all other outcomes."""

    def __init__(self, witness: Witness, address: Address) -> None:
        self._witness, self._address = witness, address

    def intended(self, ready: Ready, at: datetime, known: Collection[str]) -> None:
        self._witness.sent(self._address)

    def dropped(self, why: str) -> None:
        return None

    def taken(self) -> None:
        return None

    def submitted(self, job: Job, adopted: str) -> None:
        return None


class _Again:
    """Live state read again shortly before each write: in bulk, and once more when it has grown too old."""

    def __init__(self, writer: Writer, changes: Iterable[Change], clock: Callable[[], float]) -> None:
        self._writer = writer
        self._left = {change.address: _wanted(change) for change in changes}
        self._clock = clock
        self._lock = Lock()
        self._readings: dict[Address, tuple[Reading, float]] = {}
        self._bulk_is_slow = False

    def parts(self, addresses: Iterable[Address]) -> Iterator[tuple[Address, ...]]:
        """Read the objects, and yield the addresses of those that have been, part by part."""
        began = self._clock()
        for part in read_in_parts(self._writer, [self._left[address] for address in addresses]):
            with self._lock:
                self._readings.update({a: (reading, began) for a, reading in part.by_address.items()})
                self._bulk_is_slow |= self._clock() - began > OLDEST_READING_SECONDS
            yield tuple(part.by_address)
            began = self._clock()

    def reading(self, address: Address) -> Reading:
        """Return a reading of the object that is at most ``OLDEST_READING_SECONDS`` old."""
        with self._lock:
            wanted = self._left.pop(address)
            reading, read_at = self._readings.pop(address)
            if self._clock() - read_at <= OLDEST_READING_SECONDS:
                return reading
            if not self._bulk_is_slow:
                began = self._clock()
                # Only what waits its turn: what has not been read yet is still to come.
                waiting = [self._left[a] for a in self._readings]
                again = read_safely(self._writer, [wanted, *waiting]).by_address
                self._readings.update({a: (found, began) for a, found in again.items() if a != address})
                # A list so long that it is old before it ends serves nobody.
                self._bulk_is_slow = self._clock() - began > OLDEST_READING_SECONDS
                if not self._bulk_is_slow:
                    return again[address]
        return read_safely(self._writer, [wanted]).by_address[address]


def _wanted(change: Change) -> Wanted:
    fields = {*change.after, *(field.path for field in change.fields)}
    return Wanted(change.address, frozenset(fields), change.id)


def _located(change: Change, diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, span=diagnostic.span or change.source, address=str(change.address))


def _told(change: Change) -> dict[str, str]:
    return {"reconcile.address": str(change.address), "reconcile.action": change.action}


def _moved(change: Change, moved: tuple[FieldChange, ...]) -> Diagnostic:
    return Diagnostic(
        code="moved",
        summary="It moved since the plan",
        detail=f"{change.address} was changed on the platform after the plan was made"
        + ("; it is left as it is." if moved else ": it is another asset now; it is left as it is."),
        hint="plan again to see the change against what is there now",
        span=change.source,
        address=str(change.address),
    )


def _not_kept(change: Change, short: tuple[FieldChange, ...]) -> Diagnostic:
    names = ", ".join(field.path for field in short)
    return Diagnostic(
        code="not-kept",
        summary="The platform did not keep what it was given",
        detail=f"{change.address}: the platform answered that it was done, but shows another value for: {names}.",
        hint="somebody may have changed it at the same moment (plan again); or the platform does not take this value",
        span=change.source,
        address=str(change.address),
    )


def _unknown(diagnostic: Diagnostic) -> Diagnostic:
    return replace(
        diagnostic,
        code="outcome-unknown",
        summary="It cannot be said whether this was done",
        hint=diagnostic.hint or "plan again: what can be seen is looked at, what cannot is said to be unknown",
    )
