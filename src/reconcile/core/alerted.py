"""What became of the alerts of a look at drift: sent, not sent and why, or not taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconcile.core.alert import Alert
from reconcile.core.diagnostic import Diagnostic


class Occasion(StrEnum):
    """Why an alert is sent now."""

    NEW = "new"
    CHANGED = "changed"
    REMINDER = "reminder"
    OVER = "over"


class Silence(StrEnum):
    """Why an alert is not sent: it was, somebody else is just sending it, or the sink wants more urgent ones only."""

    TOLD = "told"
    CLAIMED = "claimed"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert that is due, and why now."""

    alert: Alert
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An alert that a sink is not sent, and why not."""

    sink: str
    alert: Alert
    why: Silence


@dataclass(frozen=True, slots=True)
class Sent:
    """What one sink was sent, or should have been: then ``failure`` says why not, without secrets.

    ``in_part`` says that some of those behind it got it all the same.
    """

    sink: str
    notices: tuple[Notice, ...]
    failure: str = ""
    in_part: bool = False


@dataclass(frozen=True, slots=True)
class Alerted:
    """What became of the alerts of a look. ``diagnostics`` are warnings: alerts make no run fail."""

    sent: tuple[Sent, ...] = ()
    failed: tuple[Sent, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
