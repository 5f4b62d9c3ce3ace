"""Jobs as people and programs read them: lists, one in full, its parts, a platform's limits.

Nothing is ever cut. A list is a table where there is room for one (piped there always is), and blocks where not.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.lapse import readable
from reconcile.core.operation import Job, JobState, Limit, Node
from reconcile.render.diagnostics import as_json
from reconcile.render.terminal import Paint, Style, painter, printable, when_text

JOBS_FORMAT = "reconcile.jobs/1"
NODES_FORMAT = "reconcile.nodes/1"
LIMITS_FORMAT = "reconcile.limits/1"

STYLES = {
    JobState.PENDING: Style.FAINT,
    JobState.RUNNING: Style.RUN,
    JobState.SUCCEEDED: Style.CREATE,
    JobState.FAILED: Style.BAD,
    JobState.STOPPED: Style.WARN,
    JobState.UNKNOWN: Style.WARN,
}
_INDENT = " " * 11
_LABEL = 12


@dataclass(frozen=True, slots=True)
class Placed:
    """A job and the connection that it is on."""

    connection: str
    job: Job


@dataclass(frozen=True, slots=True)
class Screen:
    """What is printed on: ``width`` in columns, None where lines may be of any length; ``now`` is aware."""

    now: datetime
    width: int | None = None
    color: bool = False


# -- JSON --------------------------------------------------------------------------------------------------------------


def jobs_document(
    jobs: Iterable[Placed], diagnostics: Iterable[Diagnostic] = (), limits: Iterable[Limit] | None = None
) -> dict[str, Any]:
    """Return jobs in format ``reconcile.jobs/1``, in the order given. ``limits`` is left out where nobody asked."""
    document: dict[str, Any] = {"format": JOBS_FORMAT, "jobs": [job_item(each) for each in jobs]}
    if limits is not None:
        document["limits"] = [_limit_item(limit) for limit in limits]
    return document | {"diagnostics": as_json(diagnostics)}


def job_item(placed: Placed) -> dict[str, Any]:
    """Return one job as JSON has it; what there is none of is None."""
    job = placed.job
    return {
        "id": job.id or None,
        "operation": job.operation or None,
        "state": job.state.value,
        "platform_state": job.platform_state or None,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "error": {"reason": job.error.reason, "message": job.error.message} if job.error else None,
        "connection": placed.connection,
        "target": job.target or None,
        "created_at": job.created_at,
        "link": job.link or None,
        "facts": dict(job.facts),
    }


def nodes_document(connection: str, job_id: str, nodes: Iterable[Node]) -> dict[str, Any]:
    """Return the parts of a job in format ``reconcile.nodes/1``, in the platform's order."""
    document = {"format": NODES_FORMAT, "connection": connection, "job": job_id}
    return document | {"nodes": [_node_item(node) for node in nodes], "diagnostics": []}


def limits_document(connection: str, limits: Iterable[Limit]) -> dict[str, Any]:
    """Return a platform's limits in format ``reconcile.limits/1``."""
    found = [_limit_item(limit) for limit in limits]
    return {"format": LIMITS_FORMAT, "connection": connection, "limits": found, "diagnostics": []}


# -- text --------------------------------------------------------------------------------------------------------------


def jobs_text(jobs: Sequence[Placed], screen: Screen) -> str:
    """Return a list of jobs, one a line under a heading; two or three lines each where a line has no room for one."""
    if not jobs:
        return "There are no such jobs.\n"
    head = ("STATE", "JOB", "CONNECTION", "OPERATION", "TARGET", "CREATED (UTC)", "TOOK", "REASON")
    rows = [_job_row(each, screen.now) for each in jobs]
    states = [each.job.state for each in jobs]
    return _table(head, rows, states, screen) or "".join(_job_block(each, screen) for each in jobs)


def job_text(placed: Placed, screen: Screen) -> str:
    """Return one job with all that is known of it."""
    job, paint = placed.job, painter(screen.color)
    rows = [
        ("job", f"{job.id} on {placed.connection}") if job.id else ("connection", placed.connection),
        ("state", job.platform_state),
        ("created", when_text(job.created_at or "")),
        ("started", when_text(job.started_at or "")),
        ("ended", when_text(job.ended_at or "")),
        ("took" if job.is_over else "so far", _took(job, screen.now)),
        ("error", str(job.error or "")),
        ("link", job.link),
        *job.facts.items(),
    ]
    lines = [f"{_word(job.state, paint)}  {paint(_title(job), Style.STRONG)}".rstrip()]
    for label, text in rows:
        if text.strip():
            lines += _labelled(printable(label), printable(text), screen.width)
    return "\n".join(lines) + "\n"


def nodes_text(nodes: Sequence[Node], screen: Screen) -> str:
    """Return the parts of a job, one a line under a heading; blocks where a line has no room for one."""
    if not nodes:
        return "The platform shows no parts of this job.\n"
    head = ("STATE", "NAME", "TYPE", "STARTED (UTC)", "TOOK", "ROWS IN", "ROWS OUT", "ID", "MESSAGE")
    rows = [_node_row(node) for node in nodes]
    states = [node.state for node in nodes]
    return _table(head, rows, states, screen) or "".join(_node_block(node, screen) for node in nodes)


def limits_text(limits: Iterable[Limit]) -> str:
    """Return limits, one a line, with how much of each is used; empty for none."""
    return "".join(f"{printable(limit.name)}: {_used(limit)}\n" for limit in limits)


# -- parts -------------------------------------------------------------------------------------------------------------


def _limit_item(limit: Limit) -> dict[str, Any]:
    return {"name": limit.name, "used": limit.used, "most": limit.most}


def _node_item(node: Node) -> dict[str, Any]:
    return {
        "id": node.id,
        "name": node.name,
        "type": node.type or None,
        "state": node.state.value,
        "platform_state": node.platform_state or None,
        "started_at": node.started_at,
        "seconds": node.seconds,
        "rows_in": node.rows_in,
        "rows_out": node.rows_out,
        "message": node.message or None,
    }


def _job_row(placed: Placed, now: datetime) -> tuple[str, ...]:
    job = placed.job
    created = when_text(job.created_at or job.started_at or "").removesuffix(" UTC")
    texts = (job.state, job.id, placed.connection, job.operation or "-", job.target or "-", created or "-")
    return (*map(printable, texts), _took(job, now) or "-", printable(str(job.error or "")))


def _job_block(placed: Placed, screen: Screen) -> str:
    job, paint = placed.job, painter(screen.color)
    took = _took(job, screen.now)
    pieces = [
        f"{job.id} on {placed.connection}" if job.id else f"on {placed.connection}",
        when_text(job.created_at or job.started_at or ""),
        f"{'took' if job.is_over else 'for'} {took}" if took else "",
    ]
    lines = [f"{_word(job.state, paint)}  {paint(_title(job), Style.STRONG)}".rstrip()]
    lines += _packed([printable(piece) for piece in pieces if piece], screen.width)
    lines += _wrapped(printable(str(job.error or "")), _INDENT, screen.width)
    return "\n".join(lines) + "\n"


def _node_row(node: Node) -> tuple[str, ...]:
    started = when_text(node.started_at or "").removesuffix(" UTC")
    took = "" if node.seconds is None else readable(node.seconds)
    texts = (node.state, node.name, node.type, started, took, _count(node.rows_in), _count(node.rows_out), node.id)
    return (*(printable(text) or "-" for text in texts), printable(node.message))


def _node_block(node: Node, screen: Screen) -> str:
    paint = painter(screen.color)
    pieces = [
        node.id,
        when_text(node.started_at or ""),
        "" if node.seconds is None else f"took {readable(node.seconds)}",
        "" if node.rows_in is None else f"{node.rows_in:,} rows in",
        "" if node.rows_out is None else f"{node.rows_out:,} rows out",
    ]
    kind = f" ({printable(node.type)})" if node.type else ""
    lines = [f"{_word(node.state, paint)}  {paint(printable(node.name), Style.STRONG)}{kind}"]
    lines += _packed([printable(piece) for piece in pieces if piece], screen.width)
    lines += _wrapped(printable(node.message), _INDENT, screen.width)
    return "\n".join(lines) + "\n"


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], states: Sequence[JobState], screen: Screen
) -> str | None:
    """Return an aligned table without empty columns, each line in its state's colour; None when it is too wide."""
    kept = [index for index in range(len(head)) if any(row[index] not in ("", "-") for row in rows)]
    lines = [[line[index] for index in kept] for line in (head, *rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(kept))]
    if screen.width is not None and sum(widths) + 2 * (len(widths) - 1) > screen.width:
        return None
    paint = painter(screen.color)
    texts = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    first = widths[0]
    body = [paint(text[:first], STYLES[state]) + text[first:] for text, state in zip(texts[1:], states, strict=True)]
    return "\n".join([paint(texts[0], Style.FAINT), *body]) + "\n"


def _title(job: Job) -> str:
    return printable(" ".join(text for text in (job.operation, job.target) if text)) or "a job of another kind"


def _word(state: JobState, paint: Paint) -> str:
    return paint(f"{state:<9}", STYLES[state])


def _took(job: Job, now: datetime) -> str:
    """Return how long a job took, or has been running for; empty when the platform does not tell."""
    if not job.started_at or (job.is_over and not job.ended_at):
        return ""
    end = datetime.fromisoformat(job.ended_at) if job.ended_at else now
    return readable(max(0.0, (end - datetime.fromisoformat(job.started_at)).total_seconds()))


def _used(limit: Limit) -> str:
    if limit.used is None:
        return "not told" if limit.most is None else f"at most {limit.most:,}"
    return f"{limit.used:,}" if limit.most is None else f"{limit.used:,} of {limit.most:,}"


def _count(rows: int | None) -> str:
    return "" if rows is None else f"{rows:,}"


def _labelled(label: str, text: str, width: int | None) -> list[str]:
    """Return a label and its text; the text goes on below itself where it is longer than a line."""
    head = f"  {label:<{_LABEL}}" if len(label) < _LABEL else f"  {label} "
    below = " " * (_LABEL + 2)
    first, *more = _wrapped(text, below, width)
    return [head + first[len(below) :], *more]


def _wrapped(text: str, indent: str, width: int | None) -> list[str]:
    """Return text in lines; a word is never broken. Empty for no text."""
    if width is None:
        return [indent + text] if text else []
    room = max(width, len(indent) + 20)
    return textwrap.wrap(
        text, room, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _packed(pieces: Sequence[str], width: int | None) -> list[str]:
    """Return pieces with commas between, as many a line as fit; a piece is never broken."""
    lines: list[str] = []
    for index, piece in enumerate(pieces):
        text = piece + ("," if index + 1 < len(pieces) else "")
        if lines and (width is None or len(lines[-1]) + 1 + len(text) <= width):
            lines[-1] += f" {text}"
        else:
            lines.append(_INDENT + text)
    return lines
