"""Scripts: how the next jobs on a resource go, told by a test or a person beforehand (tamr.md 1.9, points 3 and 5)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from reconcile.sandbox.tamr_model import Plan
from reconcile.sandbox.wire import Json

SPANS = ("pending", "running", "stopping")
RACES = ("succeeds", "fails")
KEYS = ("reason", "message", *SPANS, "stop_race", "times")
_REASON = re.compile(r"[A-Z][A-Z0-9_]{1,61}[A-Z0-9]")  # 1.3, A


@dataclass(slots=True)
class Outcome:
    """How jobs go: the error they end with (None: they succeed), seconds by state, and for how many of them."""

    error: Json | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    stop_race: str | None = None
    times: int | None = None
    """How many jobs are left for it, None for ever."""

    def plan(self, usual: dict[str, float]) -> Plan:
        """Return the plan of one job; a state without seconds of its own takes the usual ones."""
        return Plan(**{**usual, **self.seconds}, error=self.error, stop_race=self.stop_race)

    def as_json(self) -> Json:
        """Return it as `parse_outcome` takes it."""
        rest = {"stop_race": self.stop_race, "times": self.times}
        return {**(self.error or {}), **self.seconds, **{name: value for name, value in rest.items() if value}}


class Script:
    """Resource id -> outcomes, used up one after the other; then jobs succeed in the usual time."""

    def __init__(self) -> None:
        self._outcomes: dict[str, list[Outcome]] = {}

    def set(self, changes: Json) -> None:
        """Replace the outcomes of some resources, all or none: one, a list of them, or None to forget them."""
        parsed = {resource: _parse_outcomes(given) for resource, given in changes.items()}
        merged = {**self._outcomes, **parsed}
        self._outcomes = {resource: outcomes for resource, outcomes in merged.items() if outcomes}

    def take(self, resources: Iterable[str]) -> Outcome:
        """Return the outcome of a new job on these resources, the first scripted one counting, and use it up."""
        for resource in resources:
            if resource in self._outcomes:
                return self._use(resource)
        return Outcome()

    def as_json(self) -> Json:
        """Return what is left, by resource: an outcome, or a list where there are several."""
        return {
            resource: outcomes[0].as_json() if len(outcomes) == 1 else [each.as_json() for each in outcomes]
            for resource, outcomes in self._outcomes.items()
        }

    def _use(self, resource: str) -> Outcome:
        outcomes = self._outcomes[resource]
        first = outcomes[0]
        if first.times is not None:
            first.times -= 1
            if first.times == 0:
                outcomes.pop(0)
        if not outcomes:
            del self._outcomes[resource]
        return first


def parse_outcome(given: Any) -> Outcome:
    """Return an outcome from `{"reason": "...", "running": 5, ...}`; a ValueError says what exists."""
    if not isinstance(given, dict) or not given.keys() <= {*KEYS}:
        raise ValueError(f"an outcome is an object with some of: {', '.join(KEYS)}; or null for success as usual")
    seconds = {name: given[name] for name in SPANS if given.get(name) is not None}
    if any(isinstance(each, bool) or not isinstance(each, int | float) or each < 0 for each in seconds.values()):
        raise ValueError(f"{', '.join(SPANS)} are seconds, 0 or more")
    if given.get("stop_race") not in (None, *RACES):
        raise ValueError(f"stop_race must be one of: {', '.join(RACES)}; or null")
    return Outcome(_error(given), seconds, given.get("stop_race"), _times(given.get("times")))


def _parse_outcomes(given: Any) -> list[Outcome]:
    if given is None:
        return []
    return [parse_outcome(each) for each in (given if isinstance(given, list) else [given])]


def _error(given: Json) -> Json | None:
    reason = given.get("reason")
    if reason is None:
        if given.get("message"):
            raise ValueError("a message needs a reason; without one the job succeeds")
        return None
    if not isinstance(reason, str) or not _REASON.fullmatch(reason):
        raise ValueError(f"reason {reason!r} must be 3 to 63 capitals, digits and underscores, as PLANNING_FAILED")
    return {"reason": reason, "message": str(given.get("message") or "")}


def _times(given: Any) -> int | None:
    if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 1):
        raise ValueError("times must be 1 or more, or null for ever")
    return given
