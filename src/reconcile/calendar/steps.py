"""What is worth a word about the steps of a pipeline: how many may run at once, and how close jobs for one object are.

Sources: platform page "Tamr", 1.7 (jobs at once per tenant) and 2.1 (what its own schedules keep between jobs).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconcile.calendar.finding import length_of, listed
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.limit import Limit, Measure
from reconcile.core.source import Span


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step of a pipeline: what it waits for, what its job is about, and which limit it counts for.

    ``subject`` and ``pool`` are those of one account; ``pool`` is "" where no number of jobs is refused.
    ``gap_seconds`` is the least time since the last job on the same subject, None when none is kept.
    """

    name: str
    needs: tuple[str, ...] = ()
    account: str = ""
    subject: str = ""
    pool: str = ""
    gap_seconds: int | None = None
    fails_at_limit: bool = False
    source: Span | None = None


def step_findings(
    pipeline: str, steps: Sequence[StepPlan], limits: Mapping[str, tuple[Limit, ...]]
) -> list[Diagnostic]:
    """Return the findings about one pipeline; ``limits`` by account. Addressed ``pipeline/PIPELINE/STEP``."""
    found: list[Diagnostic] = []
    for account, of_account in sorted(limits.items()):
        for limit in of_account:
            mine = [step for step in steps if step.account == account and step.pool in limit.pools]
            if limit.measure is Measure.AT_ONCE:
                found += _too_many(pipeline, steps, mine, limit)
            elif limit.measure is Measure.GAP:
                found += _too_close(pipeline, steps, mine, limit)
    return found


def before_each(steps: Iterable[StepPlan]) -> dict[str, frozenset[str]]:
    """Return, for each step, all that it waits for, near or far. There are no circles."""
    needs = {step.name: step.needs for step in steps}
    found: dict[str, frozenset[str]] = {}
    for start in needs:
        path = [start]
        while path:
            name = path[-1]
            missing = [each for each in needs[name] if each not in found]
            if missing:
                path.append(missing[0])
                continue
            found[name] = frozenset(needs[name]).union(*(found[each] for each in needs[name]))
            path.pop()
    return found


def at_once(among: Collection[str], before: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return the most steps that may all run at the same time, sorted: none of them waits for another one.

    By Dilworth: as many as chains are needed to hold all steps, found as a matching between steps and later ones.
    """
    names = sorted(among)
    later = {name: [other for other in names if name in before[other]] for name in names}
    taken: dict[str, str] = {}
    for name in names:
        _matched(name, later, taken, set())
    matched = set(taken.values())
    # König: reached from what is not matched, along pairs that are not taken and back along those that are.
    left, right = {name for name in names if name not in matched}, set[str]()
    ahead = [*left]
    while ahead:
        for other in later[ahead.pop()]:
            if other not in right:
                right.add(other)
                if taken[other] not in left:
                    left.add(taken[other])
                    ahead.append(taken[other])
    return tuple(name for name in names if name in left and name not in right)


def _matched(name: str, later: Mapping[str, Sequence[str]], taken: dict[str, str], seen: set[str]) -> bool:
    for other in later[name]:
        if other not in seen:
            seen.add(other)
            if other not in taken or _matched(taken[other], later, taken, seen):
                taken[other] = name
                return True
    return False


def _too_many(pipeline: str, steps: Sequence[StepPlan], mine: Sequence[StepPlan], limit: Limit) -> list[Diagnostic]:
    together = at_once([step.name for step in mine], before_each(steps))
    if len(together) <= limit.most:
        return []
    chosen = [step for step in mine if step.name in together]
    fails = any(step.fails_at_limit for step in chosen)
    then = "one more fails (`on_limit: fail`)" if fails else "the others wait"
    return [
        Diagnostic(
            "more-at-once",
            "More steps at once than allowed",
            f'{len(together)} steps of pipeline "{pipeline}" may run at once: {listed(together)}. '
            f"{limit.name.capitalize()}: {limit.most}; {then}.",
            f"let some of them wait for others (`needs`), or raise the limit ({limit.source})",
            chosen[0].source,
            f"pipeline/{pipeline}/{chosen[0].name}",
            Severity.WARNING if fails else Severity.NOTE,
        )
    ]


def _too_close(pipeline: str, steps: Sequence[StepPlan], mine: Sequence[StepPlan], limit: Limit) -> list[Diagnostic]:
    before = before_each(steps)
    found = []
    for step in mine:
        same = [other.name for other in mine if other.subject == step.subject and other is not step]
        # Of two that do not wait for each other, one has to speak.
        earlier = [n for n in same if n in before[step.name] or (n < step.name and step.name not in before[n])]
        if not earlier or (step.gap_seconds is not None and step.gap_seconds >= limit.most * 60):
            continue
        kept = "nothing" if step.gap_seconds is None else length_of(step.gap_seconds)
        found.append(
            Diagnostic(
                "gap-too-short",
                "Jobs for one object are close",
                f'Step "{step.name}" of pipeline "{pipeline}" works on {step.subject}, as {listed(earlier)} does, and '
                f"{kept} is kept between them. Schedules in Tamr itself keep {limit.most} min.",
                f"`min_gap: {limit.most}m` keeps as much; a step that waits for the other one may do without",
                step.source,
                f"pipeline/{pipeline}/{step.name}",
                Severity.NOTE if step.gap_seconds is None else Severity.WARNING,
            )
        )
    return found
