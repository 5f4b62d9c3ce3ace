"""What a platform can tell of how things went so far and what it allows: for forecasts, never needed to plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.limit import Limit


@dataclass(frozen=True, slots=True)
class Experience:
    """What one account knows of its runs.

    ``usual_seconds`` is how long a run of an object usually takes; what never ran, or is not shown, is not in it.
    ``limits`` holds the account's own figures, by the names of those that hold otherwise. ``zone`` is the IANA zone of
    the user that the connection logs in as. ``diagnostics`` has what is worth a word (an owner who is inactive, a list
    that failed); none of it is an error: without all this a plan is as good, only its forecast is not.
    """

    usual_seconds: Mapping[Address, float] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    zone: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
