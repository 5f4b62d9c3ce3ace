"""Steps of a pipeline: how many may run at once, and how close jobs for one object are."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from reconcile.calendar.steps import StepPlan, at_once, before_each, step_findings
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.limit import Limit, Measure

POOL = frozenset(("jobs",))
TWO = Limit("jobs at once", Measure.AT_ONCE, 2, POOL, "max_jobs of the connection")
HOUR = Limit("minutes between jobs for one object", Measure.GAP, 60, POOL, "its own schedules")


def step(name: str, *needs: str, subject: str = "", gap: int | None = None, fails: bool = False) -> StepPlan:
    return StepPlan(name, needs, "tamr", subject or name, "jobs", gap, fails)


def found(*steps: StepPlan, limit: Limit = TWO) -> list[Diagnostic]:
    return step_findings("p", steps, {"tamr": (limit,)})


@st.composite
def graphs(draw: st.DrawFn) -> list[StepPlan]:
    """Return steps that wait for some of those before them."""
    steps: list[StepPlan] = []
    for number in range(draw(st.integers(0, 7))):
        needs = draw(st.sets(st.sampled_from([each.name for each in steps]))) if steps else set()
        steps.append(step(f"s{number}", *sorted(needs)))
    return steps


@given(graphs())
def test_the_most_steps_at_once_are_those_that_trying_all_sets_finds(steps: list[StepPlan]) -> None:
    before = before_each(steps)
    names = [each.name for each in steps]

    def are_free(group: tuple[str, ...]) -> bool:
        return not any(a in before[b] or b in before[a] for a, b in combinations(group, 2))

    most = max(size for size in range(len(names) + 1) if any(are_free(group) for group in combinations(names, size)))
    chosen = at_once(names, before)
    assert len(chosen) == most
    assert are_free(chosen)


def test_more_at_once_than_allowed_is_a_note_since_the_rest_waits() -> None:
    (told,) = found(step("a"), step("b"), step("c"), step("d", "a", "b", "c"))
    assert (told.code, told.severity, told.address) == ("more-at-once", Severity.NOTE, "pipeline/p/a")
    assert '3 steps of pipeline "p" may run at once: a, b and c. Jobs at once: 2; the others wait.' in told.detail


def test_it_is_a_warning_where_a_step_would_fail() -> None:
    (told,) = found(step("a"), step("b"), step("c", fails=True))
    assert told.severity is Severity.WARNING


def test_steps_that_wait_for_each_other_are_never_at_once() -> None:
    assert found(step("a"), step("b", "a"), step("c", "b"), step("d", "b")) == []


def test_other_accounts_and_other_pools_have_limits_of_their_own() -> None:
    other = [StepPlan(f"o{n}", (), "sales", "x", "") for n in range(5)]
    assert found(step("a"), step("b"), *other) == []


def test_jobs_for_one_object_without_a_gap_are_a_note() -> None:
    (told,) = found(step("update", subject="dp"), step("publish", "update", subject="dp"), limit=HOUR)
    assert (told.code, told.severity, told.address) == ("gap-too-short", Severity.NOTE, "pipeline/p/publish")
    assert "works on dp, as update does, and nothing is kept between them" in told.detail
    assert told.hint.startswith("`min_gap: 60m`")


def test_a_gap_that_is_too_short_is_a_warning_and_a_long_one_is_right() -> None:
    (told,) = found(step("a", subject="dp"), step("b", "a", subject="dp", gap=1800), limit=HOUR)
    assert told.severity is Severity.WARNING
    assert "30 min is kept between them" in told.detail
    assert found(step("a", subject="dp"), step("b", "a", subject="dp", gap=3600), limit=HOUR) == []


def test_of_two_side_by_side_one_speaks() -> None:
    assert [told.address for told in found(step("a", subject="dp"), step("b", subject="dp"), limit=HOUR)] == [
        "pipeline/p/b"
    ]
