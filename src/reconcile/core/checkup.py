"""What a look at the surroundings found: what works, what does not, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How something was found. Only ``FAIL`` keeps work from being done; ``SKIP``: nobody could look, or tell."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``check`` is stable and kebab-case; ``detail`` says what was found.

    ``hint`` says what to do, empty where nothing is to be done. Neither holds a secret.
    """

    check: str
    verdict: Verdict
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that was found about one subject: ``program``, ``workspace``, ``state`` or a connection.

    ``connection`` is its name, None for the others; ``what`` says more about the subject in a few words.
    """

    subject: str
    findings: tuple[Finding, ...]
    connection: str | None = None
    what: str = ""


def ok(check: str, detail: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(check, Verdict.OK, detail)


def warn(check: str, detail: str, hint: str = "") -> Finding:
    """Return that something works and should be looked at."""
    return Finding(check, Verdict.WARN, detail, hint)


def fail(check: str, detail: str, hint: str = "") -> Finding:
    """Return that something does not work."""
    return Finding(check, Verdict.FAIL, detail, hint)


def skip(check: str, detail: str, hint: str = "") -> Finding:
    """Return that nobody could look, or tell."""
    return Finding(check, Verdict.SKIP, detail, hint)
