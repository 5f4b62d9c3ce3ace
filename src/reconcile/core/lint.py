"""Findings: what is worth a word about schedules that are right as files, and what of it somebody accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconcile.core.address import matches
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.source import Span

# Every finding that `allow` may name, and what it says.
LINTS: Mapping[str, str] = {
    "dst-skipped": "a run falls into an hour that the clock skips",
    "dst-doubled": "a run falls into an hour that the clock shows twice",
    "never-fires": "no day is one on which it runs",
    "short-month": "some months lack a day that it names",
    "interval-without-effect": "only the first run of a day fits before queuing stops",
    "last-hour-before-start": "queuing stops before the first run of the day",
    "short-interval": "it is due again before it has usually ended",
    "upstream-unfinished": "it starts before what it reads has usually ended",
    "too-many-dependents": "more schedules wait for one event than the platform allows",
    "trigger-circle": "it waits for what waits for it",
    "trigger-never": "what it waits for has no schedule",
    "trigger-unknown": "nothing that is known here answers to what it waits for",
    "no-timezone": "without a zone the platform takes that of the user who applies",
    "applying-zone": "it names no zone, and this is the one that the platform takes",
    "owner-inactive": "the user behind it is not active any more",
    "gap-too-short": "jobs for one object are closer than Tamr's own schedules allow",
    "more-at-once": "more steps of a pipeline may run at once than the platform allows",
    "other-environment": "the id ends in another environment than the connection's",
    "no-environment-suffix": "the id has no environment at its end",
    "tailer-file-differs": "a redeploy of a file would undo what the entry asks for",
    "tailer-file-unreadable": "what a redeploy of a file would do is not known",
    "tailer-file-not-declared": "a configuration file that no entry is about",
    "files-match-nothing": "a pattern of `files` names no file",
    "files-left-out": "more files than can be looked at",
}


@dataclass(frozen=True, slots=True)
class Allow:
    """A finding that somebody has looked at and accepts: not told any more, for what the patterns name.

    ``objects`` are addresses or globs over them; without any it is accepted everywhere.
    """

    code: str
    reason: str
    objects: tuple[str, ...] = ()
    source: Span | None = None

    def covers(self, finding: Diagnostic) -> bool:
        """Say whether this is a finding that is accepted. An error never is."""
        if finding.code != self.code or finding.is_error:
            return False
        return not self.objects or any(matches(finding.address or "", pattern) for pattern in self.objects)


@dataclass(frozen=True, slots=True)
class Sifted:
    """Findings that are to be told, those that somebody accepts (each with the first who does), and idle allowances."""

    told: tuple[Diagnostic, ...]
    allowed: tuple[tuple[Diagnostic, Allow], ...] = ()
    idle: tuple[Allow, ...] = ()


def sifted(findings: Iterable[Diagnostic], allowances: Iterable[Allow]) -> Sifted:
    """Return which findings are to be told; anything that is no finding of ``LINTS`` is."""
    allowances = tuple(allowances)
    told: list[Diagnostic] = []
    allowed: list[tuple[Diagnostic, Allow]] = []
    used: set[Allow] = set()
    for finding in findings:
        covering = [allow for allow in allowances if allow.covers(finding)] if finding.code in LINTS else []
        if covering:
            allowed.append((finding, covering[0]))
            used.update(covering)
        else:
            told.append(finding)
    return Sifted(tuple(told), tuple(allowed), tuple(allow for allow in allowances if allow not in used))
