"""Many workspaces looked at as one: which there are, who looks at which, and what came of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconcile.core.diagnostic import Diagnostic

FLEET_FORMAT = "reconcile.fleet/1"


class Outcome(StrEnum):
    """What became of one workspace, the worst first: of a whole fleet the first that any workspace has counts."""

    MISSING = "missing"
    FAILED = "failed"
    REFUSED = "refused"
    DRIFT = "drift"
    CHANGES = "changes"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Member:
    """One workspace of a fleet, in one environment.

    ``name`` is unique in the fleet and the same wherever a command is started from: it decides the shard. ``path`` is
    the folder as it is opened. ``environment`` None is whatever the workspace takes by itself.
    """

    name: str
    path: str
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """The workspaces of a fleet, sorted by name. ``source`` is the glob or file that lists them."""

    source: str
    members: tuple[Member, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all members, sorted."""
        return tuple(member.name for member in self.members)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` parts of a fleet; ``index`` counts from 1."""

    index: int
    count: int

    def holds(self, name: str) -> bool:
        """Say whether the workspace of this name is in this part."""
        return bucket_of(name, self.count) == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a command found in one workspace: its own ``document``, and the exit code it would have had alone.

    ``outcome`` says the same in a word. ``seconds`` is how long it took. Nobody looked at one that is ``MISSING``: its
    document is empty.
    """

    name: str
    outcome: Outcome
    exit_code: int
    document: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def needs_attention(self) -> bool:
        """Say whether somebody has to look at it."""
        return self.outcome is not Outcome.OK


@dataclass(frozen=True, slots=True)
class Fleet:
    """What ``command`` found in a fleet, or in one ``shard`` of it.

    ``names`` are those of the whole fleet, ``results`` those of this part, both sorted by name. ``began`` and ``ended``
    are UTC, ISO 8601. ``missing_shards`` is known to a report only.
    """

    command: str
    source: str
    names: tuple[str, ...]
    results: tuple[Result, ...]
    began: str
    ended: str
    shard: Shard | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    missing_shards: tuple[Shard, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of any workspace; ``OK`` for a part that has none."""
        return worst(result.outcome for result in self.results)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many workspaces came to each outcome."""
        found = Counter(result.outcome for result in self.results)
        return {outcome: found[outcome] for outcome in Outcome}

    @property
    def attention(self) -> Sequence[Result]:
        """The workspaces that somebody has to look at, the worst first, then by name."""
        order = list(Outcome)
        found = [result for result in self.results if result.needs_attention]
        return sorted(found, key=lambda result: (order.index(result.outcome), result.name))


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst of these; ``OK`` when there is none."""
    found = set(outcomes)
    return next((outcome for outcome in Outcome if outcome in found), Outcome.OK)


def bucket_of(name: str, count: int) -> int:
    """Return in which of ``count`` buckets, from 0, a name belongs; the same on every machine, in every version.

    A name's bucket hangs on no other name. One bucket more moves only the names that go into it, one in ``count`` + 1
    (the jump consistent hash of Lamping and Veach, over the first 64 bits of the name's SHA-256).
    """
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    bucket, after = -1, 0
    while after < count:
        bucket = after
        key = (key * 2862933555777941757 + 1) % 2**64
        after = int((bucket + 1) * (2**31 / ((key >> 33) + 1)))
    return bucket
