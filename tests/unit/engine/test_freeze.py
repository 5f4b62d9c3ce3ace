"""Whether an apply goes ahead: the time that counts, what is said, and what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconcile.core.errors import Refused
from reconcile.core.freeze import Dates, Freeze, Override, Weekly
from reconcile.core.plan import Plan
from reconcile.core.source import Span
from reconcile.engine import run
from reconcile.engine.freeze import judged, lifted, noted, without_notes
from reconcile.engine.run import carry_out

from .test_saved import Bed, making

START, END = datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC)
SPAN = Span("reconcile.yaml", 7, 5)
PARIS = Freeze("year end", Dates(datetime(2026, 12, 20), datetime(2027, 1, 3)), "Europe/Paris", SPAN)
INSIDE = datetime(2026, 12, 24, 12, tzinfo=UTC)
OUTSIDE = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    return Bed(tmp_path / "plan.json")


@pytest.fixture
def plan(bed: Bed) -> Plan:
    return bed.save().plan


@pytest.fixture
def empty(bed: Bed) -> Plan:
    return bed.save(changes=()).plan


def test_inside_it_is_refused_with_when_and_the_way_out(plan: Plan) -> None:
    (told,) = judged(plan, [PARIS], INSIDE, None).refusals
    assert (told.code, told.span) == ("guard-freeze", SPAN)
    assert told.detail == (
        "year end: 2026-12-20 00:00 to 2027-01-03 00:00 Europe/Paris, 2026-12-19 23:00 to 2027-01-02 23:00 UTC."
    )
    assert (
        told.hint == 'wait until 2027-01-03 00:00 Europe/Paris; or `--override "REASON"`, which is kept in the history'
    )


def test_what_follows_at_once_is_said(plan: Plan) -> None:
    audit = Freeze("audit", Dates(datetime(2027, 1, 2), datetime(2027, 1, 8, 12, 0, 30)))
    (told,) = judged(plan, [PARIS, audit], INSIDE, None).refusals
    assert "Another follows at once; free again is 2027-01-08 13:00:30 Europe/Paris." in told.detail
    (ever,) = judged(plan, [Freeze("x", Weekly(frozenset(range(7))))], INSIDE, None).refusals
    assert ever.detail.endswith("No time without a freeze follows within two years.")
    assert ever.hint.startswith("take it out of `freezes`; or ")
    assert ever.detail.startswith("x: 2026-12-24 00:00 to 2026-12-25 00:00 UTC.")


def test_other_refusals_stay_beside_it(plan: Plan) -> None:
    (first,) = judged(plan, [PARIS], INSIDE, None).refusals
    other = replace(first, code="guard-deletes")
    found = judged(replace(plan, refusals=(other,)), [PARIS], INSIDE, None)
    assert [each.code for each in found.refusals] == ["guard-deletes", "guard-freeze"]
    lifted_ = judged(replace(plan, refusals=(other,)), [PARIS], INSIDE, "hotfix")
    assert [each.code for each in lifted_.refusals] == ["guard-deletes"]


def test_outside_or_without_changes_nothing_is_said(plan: Plan, empty: Plan) -> None:
    assert judged(plan, [PARIS], OUTSIDE, None) == plan
    assert judged(plan, [PARIS], OUTSIDE, "hotfix") == plan
    assert judged(empty, [PARIS], INSIDE, None) == empty
    assert noted(empty, [PARIS], INSIDE) == empty
    assert noted(plan, [PARIS], OUTSIDE) == plan


def test_with_a_reason_it_goes_ahead_with_a_warning(plan: Plan) -> None:
    found = judged(plan, [PARIS], INSIDE, "hotfix")
    assert found.refusals == ()
    assert [each.code for each in found.diagnostics] == ["freeze-overridden"]
    words = "year end (2026-12-20 00:00 to 2027-01-03 00:00 Europe/Paris)"
    assert lifted([PARIS], INSIDE, "hotfix") == Override("hotfix", words)
    assert lifted([PARIS], OUTSIDE, "hotfix") is None


def test_a_plan_notes_what_is_active_or_comes_within_a_day(plan: Plan) -> None:
    begins = datetime(2026, 12, 19, 23, tzinfo=UTC)
    moments = (INSIDE, begins - timedelta(hours=23), begins - timedelta(hours=24), begins - timedelta(hours=25))
    codes = [[each.code for each in noted(plan, [PARIS], now).diagnostics] for now in moments]
    assert codes == [["freeze-active"], ["freeze-soon"], [], []]
    assert without_notes(noted(plan, [PARIS], INSIDE).diagnostics) == plan.diagnostics


class Clock(datetime):
    """A clock that goes ahead of ours."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + cls.ahead


def test_one_that_begins_while_somebody_is_asked_stops_it(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that counts is that after the answer; nothing is written down of an apply that does not happen."""
    begin = datetime.now(UTC) + timedelta(minutes=5)
    place = replace(bed.place(), freezes=(Freeze("soon", Dates(begin, begin + timedelta(hours=1))),))
    asked: list[object] = []

    def approve(plan: object) -> bool:
        asked.append(plan)
        monkeypatch.setattr(Clock, "ahead", timedelta(minutes=6))
        return True

    monkeypatch.setattr(run, "datetime", Clock)
    with pytest.raises(Refused) as caught:
        carry_out(place, making(), approve, lambda: False)
    assert [each.code for each in caught.value.diagnostics] == ["guard-freeze"]
    assert len(asked) == 1
    assert bed.backend.list("journal") == []
    assert bed.backend.list("state") == []


def test_nobody_is_asked_about_what_is_refused(bed: Bed) -> None:
    now = datetime.now(UTC)
    place = replace(bed.place(), freezes=(Freeze("now", Dates(now, now + timedelta(hours=1))),))

    def approve(plan: object) -> bool:
        raise AssertionError(plan)

    applied = carry_out(place, making(), approve, lambda: False)
    assert [each.code for each in applied.plan.refusals] == ["guard-freeze"]
    assert bed.backend.list("journal") == []
