"""Jobs that are there already: shown, watched, stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never, runtime_checkable

from reconcile.cli import clock
from reconcile.cli.attention import Attention, attention
from reconcile.cli.by_hand import Hand, at, unwatched, wait_command
from reconcile.cli.exit_codes import ExitCode
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.errors import ObjectNotFound, ReconcileError
from reconcile.core.operation import Job, JobState, Node
from reconcile.engine.by_hand import wait_all
from reconcile.engine.link import Link
from reconcile.engine.pipeline import Control
from reconcile.engine.runs import Watching
from reconcile.engine.watch import GoesOn, Lost, Over, Seen
from reconcile.render.jobs import Placed

# Of several jobs the worst counts, in this order.
_WORST = (ExitCode.FAILED, ExitCode.RUN_FAILED, ExitCode.STOPPED_WATCHING, ExitCode.DONE)

Where = Sequence[tuple[Link, str]]


@dataclass(frozen=True, slots=True)
class End:
    """What came of a job: as it was last seen (None: it never was), what there is to say, and the exit code."""

    placed: Placed | None
    diagnostics: tuple[Diagnostic, ...] = ()
    code: ExitCode = ExitCode.DONE


@runtime_checkable
class ShowsNode(Protocol):
    """An operator whose platform can be asked for one part of a job."""

    def node(self, job_id: str, node_id: str) -> Node:
        """Return one part of a job. Raises ``ObjectNotFound``."""


def show(hand: Hand, where: Where) -> int:
    """Print jobs as they are now, and return the exit code."""
    return _told(hand, [_shown(hand, link, job) for link, job in where])


def nodes_of(hand: Hand, link: Link, job_id: str, node: str | None) -> tuple[Node, ...]:
    """Return the parts of a job, or the one of this id or name. Raises ``PlatformError``."""
    with hand.operators() as operators:
        operator = operators[link.name]
        if node is None:
            return hand.patiently(link, lambda: operator.nodes(job_id))
        if isinstance(operator, ShowsNode):
            try:
                return (hand.patiently(link, lambda: operator.node(job_id, node)),)
            except ObjectNotFound:
                pass  # it may be a name
        every = hand.patiently(link, lambda: operator.nodes(job_id))
    found = tuple(each for each in every if node in (each.id, each.name))
    if not found:
        names = [each.name or each.id for each in every]
        hint = did_you_mean(node, names) or f"`reconcile jobs nodes {job_id}` lists its nodes"
        raise ObjectNotFound(f'{link.name}: job {job_id} has no node "{node}"', hint=hint)
    return found


def wait(hand: Hand, where: Where, poll_interval: float, wait_timeout: float | None = None) -> int:
    """Watch jobs until all are over, print what became of them, and return the exit code."""
    ends, heard = _watched(hand, where, poll_interval, wait_timeout)
    code = _told(hand, ends)
    return ExitCode.INTERRUPTED if heard.was_stopped else code


def stop(hand: Hand, where: Where, poll_interval: float | None) -> int:
    """Ask for jobs to be stopped, watch them with an interval, print what became of them, return the exit code."""
    refused: list[End] = []
    asked: list[tuple[Link, str]] = []
    with hand.operators() as operators:
        for link, job in where:
            try:
                hand.patiently(link, lambda link=link, job=job: operators[link.name].stop(job))  # type: ignore[misc]
                asked.append((link, job))
            except ReconcileError as error:
                refused.append(End(None, at(link, error), ExitCode.FAILED))
    if poll_interval is None:
        return _told(hand, [*(_shown(hand, link, job) for link, job in asked), *refused])
    ends, heard = _watched(hand, asked, poll_interval, None)
    # That a job is over is what was wanted, however it ended.
    ends = [End(end.placed, end.diagnostics) if end.code is ExitCode.RUN_FAILED else end for end in ends]
    code = _told(hand, [*ends, *refused])
    return ExitCode.INTERRUPTED if heard.was_stopped else code


def _shown(hand: Hand, link: Link, job_id: str) -> End:
    try:
        with hand.operators() as operators:
            operator = operators[link.name]
            job = hand.patiently(link, lambda: operator.show(job_id))
    except ReconcileError as error:
        return End(None, at(link, error), ExitCode.FAILED)
    return End(Placed(link.name, job))


def _watched(hand: Hand, where: Where, poll_interval: float, timeout: float | None) -> tuple[list[End], Attention]:
    """Return how each job ended, all of them watched together."""
    control = Control()
    with attention(control) as heard:
        jobs = [(link.name, job) for link, job in where]
        found = wait_all(hand.place, jobs, Watching(clock.clock(), control, poll_interval), timeout)
    return [_end(hand, link, job, seen) for (link, job), seen in zip(where, found, strict=True)], heard


def _end(hand: Hand, link: Link, job_id: str, seen: Seen | ReconcileError) -> End:
    match seen:
        case ReconcileError() as error:
            return End(None, at(link, error), ExitCode.FAILED)
        case Over(job=job):
            return End(Placed(link.name, job), (), _code(job))
        case GoesOn(diagnostic=diagnostic):
            notes = unwatched([diagnostic], f"Job {job_id} goes on.", wait_command(link, job_id))
            return End(_glimpse(hand, link, job_id), tuple(notes), ExitCode.STOPPED_WATCHING)
        case Lost(diagnostic=diagnostic):
            return End(None, (diagnostic,), ExitCode.FAILED)
    assert_never(seen)


def _glimpse(hand: Hand, link: Link, job_id: str) -> Placed | None:
    """Return the job as it is at this moment, None where one look does not tell."""
    try:
        with hand.operators() as operators:
            return Placed(link.name, operators[link.name].show(job_id))
    except ReconcileError:
        return None


def _code(job: Job) -> ExitCode:
    return ExitCode.DONE if job.state is JobState.SUCCEEDED else ExitCode.RUN_FAILED


def _told(hand: Hand, ends: Sequence[End]) -> int:
    hand.tell_jobs([end.placed for end in ends if end.placed], [each for end in ends for each in end.diagnostics])
    codes = {end.code for end in ends}
    return next(code for code in _WORST if code in codes)
