"""Results of shards, read back from their files; and what they come to together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import ConfigError
from reconcile.core.fleet import FLEET_FORMAT, Fleet, Outcome, Result, Shard

_EXIT_FAILED = 1


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


# Moments are compared as text, so they must all be written alike.
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class _Shard(_Strict):
    index: Annotated[int, Field(ge=1)]
    count: Annotated[int, Field(ge=1)]


class _Told(BaseModel):
    """A diagnostic, as far as a report shows it."""

    severity: Severity
    code: str
    summary: str
    detail: str | None = None
    hint: str | None = None
    file: str | None = None
    line: int | None = None


class _Field(BaseModel):
    path: str
    before: Any = None
    after: Any = None


class _Drifted(BaseModel):
    address: str
    gone: bool = False
    fields: list[_Field] = []


class _Change(BaseModel):
    address: str
    action: str


class _Document(BaseModel):
    """What a report reads of a workspace's document; whatever else is in it goes through as it is."""

    format: str
    drift: list[_Drifted] = []
    changes: list[_Change] = []
    pending: int = 0
    objects: int = 0
    unread: list[Any] = []
    acknowledged: list[Any] = []
    summary: dict[str, int] = {}
    diagnostics: list[_Told] = []


def _as_shown(document: dict[str, Any]) -> dict[str, Any]:
    _Document.model_validate(document)
    return document


class _Workspace(_Strict):
    name: str
    outcome: Annotated[Outcome, Field(strict=False)]
    exit_code: int
    seconds: float
    document: Annotated[dict[str, Any], AfterValidator(_as_shown)] | None


class FleetDocument(_Strict):
    """The file that a shard leaves."""

    format: Literal["reconcile.fleet/1"]
    command: Literal["validate", "plan", "drift"]
    source: str
    began_at: Moment
    ended_at: Moment
    shard: _Shard | None
    missing_shards: list[str]
    outcome: str
    summary: dict[str, int]
    fleet: list[str]
    workspaces: list[_Workspace]
    diagnostics: list[_Told]


def read_result(path: Path) -> Fleet:
    """Return what a file of ``--results`` holds. Raises ``ConfigError`` when it is no such file, or damaged."""
    try:
        document = FleetDocument.model_validate(json.loads(path.read_bytes()))
    except OSError as error:
        raise ConfigError(_unreadable(path, f"{error.strerror or error}.")) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(_unreadable(path, f"It is no {FLEET_FORMAT}: {place}: {first['msg']}.")) from None
    except (ValueError, RecursionError):
        raise ConfigError(_unreadable(path, "It is no JSON; it may have been cut off.")) from None
    return Fleet(
        document.command,
        document.source,
        tuple(document.fleet),
        tuple(Result(w.name, w.outcome, w.exit_code, w.document or {}, w.seconds) for w in document.workspaces),
        document.began_at,
        document.ended_at,
        Shard(document.shard.index, document.shard.count) if document.shard else None,
        tuple(_diagnostic(each) for each in document.diagnostics),
    )


def merged(parts: Iterable[Fleet], oldest: str) -> Fleet:
    """Return what the shards of one fleet come to together.

    Every workspace of the fleet has a result in it: one that no part looked at is ``MISSING``, never in order. A part
    that ended before ``oldest`` (UTC, ISO 8601) is of another round, and does not count. Raises ``ConfigError`` for
    parts that are not of one fleet, command and way of sharding, that hold a shard twice, or a workspace of another.
    """
    given = sorted(parts, key=lambda part: part.shard.index if part.shard else 0)
    found = [part for part in given if part.ended >= oldest]
    first = (found or given)[0]
    _check_one_fleet(found or given[:1])
    count = first.shard.count if first.shard else 1
    present = {part.shard.index if part.shard else 1 for part in found}
    results = {result.name: result for part in found for result in part.results}
    missing = [Result(name, Outcome.MISSING, _EXIT_FAILED) for name in first.names if name not in results]
    told = [_too_old(part) for part in given if part.ended < oldest]
    return Fleet(
        first.command,
        first.source,
        first.names,
        tuple(sorted((*results.values(), *missing), key=lambda result: result.name)),
        min(part.began for part in found or given),
        max(part.ended for part in found or given),
        None,
        tuple(dict.fromkeys([*told, *(each for part in found for each in part.diagnostics)])),
        tuple(Shard(index, count) for index in range(1, count + 1) if index not in present),
    )


def _check_one_fleet(parts: list[Fleet]) -> None:
    first, seen = parts[0], set[Shard | None]()
    for part in parts:
        counts = [each.shard.count if each.shard else None for each in (first, part)]
        if part.command != first.command:
            raise ConfigError(_different(f"One is of {first.command}, another of {part.command}"))
        if part.names != first.names:
            changed = sorted(set(part.names) ^ set(first.names))
            raise ConfigError(_different(f"They do not know the same workspaces ({', '.join(changed[:3])} ...)"))
        if counts[0] != counts[1]:
            raise ConfigError(
                _different("They are parts of different sizes: one " + " and one ".join(map(_parts, counts)))
            )
        if part.shard in seen:
            raise ConfigError(_different(f"Two of them are of {_part(part)}"))
        if strangers := [result.name for result in part.results if not _belongs(result.name, part)]:
            raise ConfigError(_different(f"{strangers[0]} is not in {_part(part)}, whose result tells of it"))
        seen.add(part.shard)


def _belongs(name: str, part: Fleet) -> bool:
    return name in part.names and (part.shard is None or part.shard.holds(name))


def _too_old(part: Fleet) -> Diagnostic:
    return Diagnostic(
        "fleet-result-old",
        "A result is of another round",
        f"The result of {_part(part)} is from {part.ended}, and does not count.",
        "look again; or take old results on purpose with --max-age",
        severity=Severity.WARNING,
    )


def _part(part: Fleet) -> str:
    return f"shard {part.shard}" if part.shard else "the whole fleet"


def _parts(count: int | None) -> str:
    return f"of {count}" if count else "of the whole"


def _different(detail: str) -> Diagnostic:
    return Diagnostic(
        "fleet-differs",
        "These results do not belong together",
        f"{detail}.",
        "give it the files of one round: all shards with the same files, command and count",
    )


def _unreadable(path: Path, detail: str) -> Diagnostic:
    return Diagnostic("fleet-result-unreadable", "A result cannot be read", f"{path}: {detail}")


def _diagnostic(said: _Told) -> Diagnostic:
    return Diagnostic(said.code, said.summary, said.detail or "", said.hint or "", severity=said.severity)
