"""From results to what is recorded: what we know now, and what history will tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from reconcile.core.address import Address
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Recorded, in_doubt
from reconcile.engine.apply import Outcome, Result
from reconcile.state import intent
from reconcile.state.format import Applied, AppliedChange, Origin
from reconcile.state.journal import Journal


class Scribe:
    """Writes into the journal what apply is about to do and what it has done.

    ``check`` raises when the lock is not ours any more (``Lock.check``).
    """

    def __init__(self, journal: Journal, check: Callable[[], None] = lambda: None) -> None:
        self._journal, self._check = journal, check

    def sent(self, address: Address) -> None:
        """Return when it is durable that a one-shot's call is about to be made, and it is still ours to make.

        In this order: whoever takes over the lock after our look finds the note, and does not do it once more.
        """
        self._journal.sent(address)
        self._check()

    def settled(self, result: Result) -> None:
        """Note an outcome; nobody waits for it."""
        self._journal.settled(result.change.address, journal_outcome(result))


def journal_outcome(result: Result) -> intent.Outcome:
    """Return what the journal is to say: what was sent and did not come out as asked leaves nobody certain."""
    match result.outcome:
        case Outcome.DONE:
            return intent.Outcome.DONE
        case Outcome.UNKNOWN:
            return intent.Outcome.UNKNOWN
        case _:
            return intent.Outcome.UNKNOWN if result.sent else intent.Outcome.FAILED


def recorded_after(
    recorded: Mapping[Address, Recorded], plan: Plan, results: Iterable[Result]
) -> dict[Address, Recorded]:
    """Return what is recorded after an apply: what was done, what nobody knows, what was found to be as asked for."""
    after = dict(recorded)
    for found in plan.records:
        after[found.address] = found
    for result in results:
        change = result.change
        if result.shown is not None and change.to_record:
            # Seen to be ours in part: what is there now is what we put there, as far as the platform kept it.
            kept = {name: result.shown[name] for name in change.to_record.values if name in result.shown}
            after[change.address] = replace(change.to_record, values=kept)
            continue
        match journal_outcome(result):
            case intent.Outcome.DONE:
                after.pop(change.address, None)
                if change.to_record:
                    after[change.address] = change.to_record
            case intent.Outcome.UNKNOWN:
                before = after.get(change.address)
                doubtful = change.to_record or before
                if doubtful:
                    after[change.address] = in_doubt(doubtful, before)
            case intent.Outcome.FAILED:
                pass
    return after


def applied_block(origin: Origin, results: Iterable[Result]) -> Applied:
    """Return an apply as history tells it."""
    found = tuple(results)
    outcomes = {result.outcome for result in found}
    whole = "done" if outcomes <= {Outcome.DONE} else "in part" if Outcome.DONE in outcomes else "failed"
    return Applied(origin, whole, tuple(_change(result) for result in found))


def _change(result: Result) -> AppliedChange:
    change, diagnostic = result.change, result.diagnostic
    return AppliedChange(
        change.address,
        change.action,
        result.outcome.value,
        change.before,
        change.after,
        f"{diagnostic.summary}: {diagnostic.detail}" if diagnostic else None,
        tuple((request.method, request.path) for request in change.requests) if result.sent else (),
        change.hidden,
    )
