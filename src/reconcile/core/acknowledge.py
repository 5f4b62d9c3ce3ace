"""Drift that somebody has looked at and accepts for a while: shown, not alarmed, until then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.drift import Drift
from reconcile.core.fingerprint import drift_fingerprint
from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One object's drift that is accepted until ``until`` (UTC, ISO 8601), as it was then: its ``fingerprint``.

    It counts in one environment. ``by`` is who accepted it, empty when nobody said.
    """

    address: Address
    environment: str
    fingerprint: str
    until: str
    reason: str
    by: str = ""
    source: Span | None = None

    def is_over(self, now: str) -> bool:
        """Say whether it has ended by ``now``, UTC, ISO 8601."""
        return self.until <= now


@dataclass(frozen=True, slots=True)
class Accepted:
    """An object that drifted, and the acknowledgement that covers it."""

    drift: Drift
    acknowledgement: Acknowledgement


@dataclass(frozen=True, slots=True)
class Sorted:
    """Drift by what is to be done about it, both sorted by address.

    ``counted`` is what nobody has accepted. ``diagnostics`` say which acknowledgements do not help any more, and why.
    """

    counted: tuple[Drift, ...]
    accepted: tuple[Accepted, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def sorted_drift(
    drift: Iterable[Drift], acknowledgements: Iterable[Acknowledgement], environment: str, now: str
) -> Sorted:
    """Return the drift with what is acknowledged apart; ``now`` is UTC, ISO 8601.

    An acknowledgement covers what had drifted when it was made: once the object moves on, it is drift again.
    """
    by_address: dict[Address, list[Acknowledgement]] = defaultdict(list)
    for each in acknowledgements:
        if each.environment == environment:
            by_address[each.address].append(each)
    counted, accepted, told = [], [], []
    for item in drift:
        known = by_address.get(item.address, ())
        same = [each for each in known if each.fingerprint == drift_fingerprint(item)]
        held = max((each for each in same if not each.is_over(now)), key=lambda each: each.until, default=None)
        if held:
            accepted.append(Accepted(item, held))
            continue
        counted.append(item)
        told += [_ended(each) for each in same[:1]] or [_moved_on(each) for each in known if not each.is_over(now)]
    return Sorted(tuple(counted), tuple(accepted), tuple(told))


def _ended(each: Acknowledgement) -> Diagnostic:
    return Diagnostic(
        "acknowledgement-ended",
        "An acknowledgement has ended",
        f"{each.address} was accepted until {each.until} ({each.reason}), and is drift again.",
        f"put it right, take it into its file with `reconcile accept`, or accept it for longer: "
        f"reconcile drift ack {each.address} --until DATE --reason ...",
        each.source,
        str(each.address),
        Severity.WARNING,
    )


def _moved_on(each: Acknowledgement) -> Diagnostic:
    return Diagnostic(
        "acknowledgement-outrun",
        "Something else has drifted than was accepted",
        f"{each.address} is accepted as it was ({each.reason}); it has moved on since.",
        f"look again; if that is right, too: reconcile drift ack {each.address} --until DATE --reason ...",
        each.source,
        str(each.address),
        Severity.WARNING,
    )
