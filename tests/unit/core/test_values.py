"""Addresses, selections, field changes, diagnostics, errors, stages, secrets."""

import pytest

from reconcile.core.address import Address, Selection
from reconcile.core.diagnostic import Diagnostic, Severity, did_you_mean, in_order
from reconcile.core.diff import FieldChange, ItemChanges, field_changes, item_changes, same
from reconcile.core.errors import (
    AnswerLost,
    AuthFailed,
    BadAnswer,
    ConfigError,
    LimitReached,
    PlatformError,
    ReconcileError,
    Rejected,
    Unavailable,
)
from reconcile.core.order import in_stages
from reconcile.core.redact import Redactor
from reconcile.core.snapshot import Value
from reconcile.core.source import Span

from .cases import CONF, FLOW, OFF, ON, RESET, WEEKLY, A, B, ours, plan_of, shown, want


@pytest.mark.parametrize("text", ["", "a", "a/b", "a/b/", "/b/c", "a//c", "//"])
def test_no_address(text: str) -> None:
    """An address has three parts, none of them empty."""
    with pytest.raises(ValueError, match="CONNECTION/KIND/NAME"):
        Address.parse(text)


def test_a_name_may_hold_slashes() -> None:
    """Only the first two slashes divide."""
    assert Address.parse("c/k/a/b//c") == Address("c", "k", "a/b//c")


def test_selection() -> None:
    """Globs cross slashes, exclusions win, an address with glob characters names itself."""
    odd = Address("sales", "schedule", "recipe:[x]*")
    assert Selection().holds(A)
    assert Selection().is_everything
    assert Selection(("sales/*",)).holds(A)
    assert not Selection(("sales/*",)).holds(CONF)
    assert not Selection(("sales/*",), ("*:A",)).holds(A)
    assert not Selection((), ("*:A",)).is_everything
    assert Selection((str(odd),)).holds(odd)
    assert not Selection(("SALES/*",)).holds(A)


def test_patterns_that_select_nothing_are_named() -> None:
    """A misspelled pattern is found even when another one matches."""
    assert Selection(("sales/*", "slaes/*")).unmatched([A, B]) == ("slaes/*",)


def test_same_is_strict_about_types() -> None:
    """True is not 1 and "3" is not 3, also inside lists."""
    assert not same(True, 1)
    assert not same("3", 3)
    assert not same((1,), (True,))
    assert not same((1, 2), (1,))
    assert same(("a", 1), ("a", 1))
    assert same(None, None)


def test_field_changes_keep_the_order_of_the_fields() -> None:
    """Only named fields, in the order given; None stands for a field that is not there."""
    found = field_changes({"a": 1, "b": 2, "x": 0}, {"a": 3, "c": 4}, ["c", "b", "a", "d"])
    assert found == (FieldChange("c", None, 4), FieldChange("b", 2, None), FieldChange("a", 1, 3))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("a", "b"), ("b", "c"), ItemChanges(("c",), ("a",))),
        (("a", "a"), ("a",), ItemChanges((), ("a",))),
        (("a",), ("a", "a", "a"), ItemChanges(("a", "a"), ())),
        ((1, 15), ("last",), ItemChanges(("last",), (1, 15))),
        (("__x",), (), ItemChanges((), ("__x",))),
        (("a", "b"), ("b", "a"), ItemChanges((), ())),
        ((1, 2, 3), (3, 4, 5), ItemChanges((4, 5), (1, 2))),
    ],
)
def test_item_changes(before: Value, after: Value, expected: ItemChanges) -> None:
    """What enters and what leaves a list; repeated items count, order does not."""
    assert item_changes(before, after) == expected


def test_item_changes_of_no_lists() -> None:
    """Anything but two lists has no items."""
    assert item_changes("a", ("a",)) is None
    assert item_changes(("a",), None) is None


def note(code: str, **more: object) -> Diagnostic:
    return Diagnostic(code, code, **more)  # type: ignore[arg-type]


def test_diagnostics_are_sorted_by_place_and_weight() -> None:
    """File order first, then errors before warnings; what has no place comes last."""
    first, second = note("z", span=Span("a.yaml", 1, 1)), note("a", span=Span("a.yaml", 2, 1))
    loose, mild = note("b"), note("a", severity=Severity.WARNING)
    assert in_order([mild, loose, second, first]) == (first, second, loose, mild)


def test_did_you_mean() -> None:
    """Near words are offered, far ones are not, the word itself never."""
    assert did_you_mean("frequncy", ["frequency", "time"]) == 'did you mean "frequency"?'
    assert did_you_mean("time", ["time"]) == ""
    assert did_you_mean("xyz", ["frequency"]) == ""
    assert did_you_mean("PIPELINE SNAPSHOT", ["pipeline_snapshot"]) == 'did you mean "pipeline_snapshot"?'


def test_an_error_holds_all_its_diagnostics_in_order() -> None:
    """Every error of every file, sorted; the text of the exception has them all."""
    late, early = note("late", span=Span("b", 2, 1)), note("early", span=Span("a", 1, 1), detail="more")
    error = ConfigError([late, early])
    assert error.diagnostics == (early, late)
    assert str(error) == "a:1:1: early: more; b:2:1: late"


def test_an_error_can_be_given_a_place() -> None:
    """A place and an address are filled in only where there are none."""
    own, given = Span("own", 1, 1), Span("given", 2, 2)
    located = ReconcileError([note("a", span=own, address="x"), note("b")]).located(given, "y")
    assert [(d.span, d.address) for d in located] == [(own, "x"), (given, "y")]


def test_which_errors_leave_doubt() -> None:
    """Only a lost or senseless answer may hide an effect."""
    doubtful = {AnswerLost, BadAnswer, Rejected, AuthFailed, Unavailable, LimitReached}
    assert {cls for cls in doubtful if cls("x").may_have_happened} == {AnswerLost, BadAnswer}
    assert PlatformError("x", code="c", hint="h", status=418).diagnostics[0].code == "c"


def test_stages_of_tailer_follow_the_platform_page() -> None:
    """Off: workflows first; on: targets first; the reset last (platform page 5.6)."""
    off_flow, on_target = FLOW, CONF
    off_target = Address("tailer_dev", "configuration", "table-to-table:000099_y_DEV")
    on_flow = Address("tailer_dev", "configuration", "workflow:000099-a")
    plan = plan_of(
        want(off_flow, OFF), want(on_target, ON), want(off_target, OFF), want(on_flow, ON), want(RESET, {"once": "a"})
    )
    stages = in_stages(plan.changes)["tailer_dev"]
    assert [[c.address for c in stage] for stage in stages] == [
        [off_flow],
        [off_target],
        [on_target],
        [on_flow],
        [RESET],
    ]


def test_schedules_share_one_stage_and_connections_stand_apart() -> None:
    """No schedule waits for another one, and no connection for another."""
    other = Address("other", "schedule", "recipe:A")
    parts = [part for a in (B, A, other) for part in (want(a, WEEKLY), shown(a, {"frequency": "none"}))]
    stages = in_stages(reversed(plan_of(*parts).changes))
    assert {name: [[c.address for c in stage] for stage in found] for name, found in stages.items()} == {
        "other": [[other]],
        "sales": [[A, B]],
    }


def test_a_forgotten_configuration_needs_no_stage_of_its_own() -> None:
    """Forgetting sends nothing; it must only not break the order."""
    plan = plan_of(ours(FLOW, ON), want(CONF, ON))
    assert [len(stage) for stage in in_stages(plan.changes)["tailer_dev"]] == [1, 1]


def test_redactor() -> None:
    """Known secrets vanish from text, whole before part, lines of a key each; short words stay."""
    redactor = Redactor(["secret-1", "secret-12345", "dev"])
    redactor.add("-----BEGIN-----\nMIIEvQIBADAN\n-----END-----")
    assert redactor.clean("secret-12345 secret-1 dev MIIEvQIBADAN") == "*** *** dev ***"
    assert "secret-1" not in repr(redactor)
