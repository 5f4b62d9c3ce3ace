"""What a command found in many workspaces, for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconcile.core.fleet import FLEET_FORMAT, Fleet, Outcome, Result
from reconcile.render.diagnostics import as_json
from reconcile.render.terminal import Paint, Style, counted, painter, printable, value_text

WIDTH = 80
# Objects and errors that are told of one workspace; the command in that workspace tells all of them.
MOST_TOLD = 10

_STYLES = {
    Outcome.MISSING: Style.BAD,
    Outcome.FAILED: Style.BAD,
    Outcome.REFUSED: Style.BAD,
    Outcome.DRIFT: Style.WARN,
    Outcome.CHANGES: Style.UPDATE,
    Outcome.OK: Style.FAINT,
}
_WORDS = {
    Outcome.MISSING: "not looked at",
    Outcome.FAILED: "failed",
    Outcome.REFUSED: "refused",
    Outcome.DRIFT: "drifted",
    Outcome.CHANGES: "with changes",
}
_ALL_WELL = {"validate": "valid", "plan": "with nothing to do", "drift": "without drift"}
_ACTIONS = ("create", "update", "delete", "run", "assert", "forget")


def fleet_document(fleet: Fleet) -> dict[str, Any]:
    """Return what was found in format ``reconcile.fleet/1``: also what a shard hands to ``fleet report``."""
    return {
        "format": FLEET_FORMAT,
        "command": fleet.command,
        "source": fleet.source,
        "began_at": fleet.began,
        "ended_at": fleet.ended,
        "shard": {"index": fleet.shard.index, "count": fleet.shard.count} if fleet.shard else None,
        "missing_shards": [str(shard) for shard in fleet.missing_shards],
        "outcome": fleet.outcome.value,
        "summary": {outcome.value: count for outcome, count in fleet.counts.items()},
        "fleet": list(fleet.names),
        "workspaces": [_workspace(result) for result in fleet.results],
        "diagnostics": as_json(fleet.diagnostics),
    }


def fleet_text(fleet: Fleet, *, color: bool = False, details: bool = False) -> str:
    """Return a line for each workspace, what those that need attention have to say, and a line that sums up.

    At most 80 columns, names of objects and messages aside. The worst stands last, where it is seen; ``details`` tells
    all there is to tell.
    """
    paint = painter(color)
    # The worst last: that is where the eye is when it is all printed.
    rank = list(Outcome)
    attention = sorted(fleet.attention, key=lambda result: (-rank.index(result.outcome), result.name))
    fine = [result for result in fleet.results if not result.needs_attention]
    blocks = []
    if fleet.results:
        blocks.append("\n".join(_line(result, paint) for result in (*fine, *attention)))
    blocks += [detail for result in attention if (detail := _details(result, paint, details))]
    style = _STYLES[Outcome.MISSING if fleet.missing_shards else fleet.outcome]
    blocks.append(paint(summary_line(fleet), Style.STRONG if style is Style.FAINT else style))
    return "\n\n".join(blocks) + "\n"


def summary_line(fleet: Fleet) -> str:
    """Return one line: how many workspaces there are, and how many came to what."""
    shard = f" of shard {fleet.shard} ({len(fleet.names):,} in all)" if fleet.shard else ""
    counts = fleet.counts
    parts = [f"{counts[outcome]:,} {words}" for outcome, words in _WORDS.items() if counts[outcome]]
    if counts[Outcome.OK] or not parts:
        parts.append(f"{counts[Outcome.OK]:,} {_ALL_WELL.get(fleet.command, 'in order')}")
    missing = f" Missing shards: {', '.join(map(str, fleet.missing_shards))}." if fleet.missing_shards else ""
    return f"{fleet.command}: {counted(len(fleet.results), 'workspace')}{shard}: {', '.join(parts)}.{missing}"


def told_of(result: Result) -> str:
    """Return in a few words what a workspace's document says."""
    document = result.document
    parts = []
    match document.get("format", ""):
        case "reconcile.drift/1":
            parts += _some(len(document.get("drift", ())), "drifted")
            parts += _some(document.get("pending", 0), "not applied")
            parts += _some(len(document.get("unread", ())), "not read")
            parts += _some(len(document.get("acknowledged", ())), "acknowledged")
        case "reconcile.plan/1":
            counts = document.get("summary", {})
            parts += [f"{counts[action]:,} {action}" for action in _ACTIONS if counts.get(action)]
            parts += _some(len(document.get("drift", ())), "drifted")
        case "reconcile.validate/1":
            parts.append(counted(document.get("objects", 0), "object"))
    errors = [each for each in document.get("diagnostics", ()) if each["severity"] == "error"]
    if errors:
        parts.append(printable(errors[0]["code"]) + (f" and {len(errors) - 1} more" if len(errors) > 1 else ""))
    return ", ".join(parts)


def detail_lines(result: Result, *, everything: bool = False) -> list[str]:
    """Return what a workspace that needs attention has to say, a line each; not more than fits a glance."""
    document = result.document
    lines = [_drift_line(each) for each in document.get("drift", ())]
    lines += [f"{printable(each['action']):<7} {printable(each['address'])}" for each in document.get("changes", ())]
    kinds = ("error", "warning") if everything else ("error",)
    lines += [_told_line(each) for each in document.get("diagnostics", ()) if each["severity"] in kinds]
    if everything or len(lines) <= MOST_TOLD:
        return lines
    return [*lines[:MOST_TOLD], f"... and {len(lines) - MOST_TOLD:,} more"]


def shortened(text: str, width: int) -> str:
    """Return a name in at most ``width`` characters: of a long path the end tells most."""
    plain = printable(text)
    return plain if len(plain) <= width else "..." + plain[3 - width :]


def _workspace(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "outcome": result.outcome.value,
        "exit_code": result.exit_code,
        "seconds": result.seconds,
        "document": dict(result.document) or None,
    }


def _line(result: Result, paint: Paint) -> str:
    said = told_of(result)
    room = WIDTH - 10 - 2 - min(len(said), 32)
    name = shortened(result.name, room)
    style = _STYLES[result.outcome]
    return f"{paint(f'{result.outcome.value:<8}', style)}  {name}{'  ' + shortened_end(said, 32) if said else ''}"


def shortened_end(text: str, width: int) -> str:
    """Return a text in at most ``width`` characters, without its end if need be."""
    return text if len(text) <= width else text[: width - 3] + "..."


def _details(result: Result, paint: Paint, everything: bool) -> str:
    lines = detail_lines(result, everything=everything)
    return "\n".join([paint(printable(result.name), Style.STRONG), *(f"  {line}" for line in lines)]) if lines else ""


def _drift_line(item: Mapping[str, Any]) -> str:
    if item.get("gone"):
        return f"drift   {printable(item['address'])}: it no longer exists on the platform"
    fields = [f"{printable(f['path'])}: {_value(f['before'])} -> {_value(f['after'])}" for f in item.get("fields", ())]
    return f"drift   {printable(item['address'])}" + (f"\n            {', '.join(fields)}" if fields else "")


def _told_line(told: Mapping[str, Any]) -> str:
    where = f" ({printable(told['file'])}:{told['line']})" if told.get("file") else ""
    hint = f"\n    hint: {printable(told['hint'])}" if told.get("hint") else ""
    said = printable(told.get("detail") or told["summary"])
    return f"{told['severity']}[{printable(told['code'])}]: {said}{where}{hint}"


def _value(value: Any) -> str:
    return value_text(tuple(value) if isinstance(value, list) else value) if not isinstance(value, dict) else str(value)


def _some(count: int, words: str) -> list[str]:
    return [f"{count:,} {words}"] if count else []
