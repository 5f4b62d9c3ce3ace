"""Fingerprints, and drift that is accepted for a while."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reconcile.core.acknowledge import Acknowledgement, sorted_drift
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Drift, Why
from reconcile.core.fingerprint import drift_fingerprint, failure_fingerprint
from reconcile.core.snapshot import Value
from reconcile.core.source import Span
from reconcile.core.template import filled, template_problem

HALL = Address.parse("attic/lamp/hall")
NOON = "2026-11-23T12:00:00Z"


def drift(after: Value = True, address: Address = HALL) -> Drift:
    return Drift(address, Why.DRIFT, (FieldChange("on", False, after),), None, NOON)


def accepted(item: Drift, until: str = "2026-12-01T00:00:00Z", environment: str = "prod") -> Acknowledgement:
    return Acknowledgement(item.address, environment, drift_fingerprint(item), until, "paint")


def test_what_has_no_part_in_a_fingerprint() -> None:
    """What we recorded, when, where it stands in a file; the digits are these for ever."""
    other = replace(
        drift(),
        why=Why.BOTH,
        source=Span("a", 1, 1),
        applied_at="2020-01-01T00:00:00Z",
        fields=(FieldChange("on", None, True),),
    )
    assert drift_fingerprint(drift()) == drift_fingerprint(other) == "4b3b3c4e4698d4fe"


def test_what_has() -> None:
    others = [drift(1), drift("true"), drift(address=Address.parse("attic/lamp/x")), replace(drift(), gone=True)]
    others.append(replace(drift(), fields=(FieldChange("off", False, True),)))
    assert len({drift_fingerprint(each) for each in [drift(), *others]}) == 6


def test_a_failed_check_is_the_same_whatever_its_words() -> None:
    one = Diagnostic("unavailable", "a", "request 17 at 12:00", address="sales/schedule/recipe:a")
    two = Diagnostic("unavailable", "b", "request 18 at 13:00", address="sales/schedule/recipe:b")
    warning = Diagnostic("x", "y", severity=Severity.WARNING)
    assert failure_fingerprint([one, two]) == failure_fingerprint([two]) == failure_fingerprint([one, warning])
    assert failure_fingerprint([one]) != failure_fingerprint([replace(one, code="forbidden")])
    assert failure_fingerprint([one]) != failure_fingerprint([replace(one, address=None)])


def test_what_is_accepted_does_not_count() -> None:
    found = sorted_drift([drift()], [accepted(drift())], "prod", NOON)
    assert (found.counted, found.diagnostics) == ((), ())
    assert [(each.drift, each.acknowledgement) for each in found.accepted] == [(drift(), accepted(drift()))]


def test_in_another_environment_it_does() -> None:
    assert sorted_drift([drift()], [accepted(drift())], "dev", NOON).counted == (drift(),)


def test_after_its_end_it_does_and_that_is_said() -> None:
    found = sorted_drift([drift()], [accepted(drift(), until=NOON)], "prod", NOON)
    assert found.counted == (drift(),)
    assert [(each.code, each.severity) for each in found.diagnostics] == [("acknowledgement-ended", Severity.WARNING)]


def test_what_has_moved_on_counts_and_that_is_said() -> None:
    found = sorted_drift([drift("dim")], [accepted(drift())], "prod", NOON)
    assert found.counted == (drift("dim"),)
    assert [each.code for each in found.diagnostics] == ["acknowledgement-outrun"]


def test_the_one_that_lasts_longest_counts() -> None:
    later = accepted(drift(), until="2027-01-01T00:00:00Z")
    found = sorted_drift([drift()], [accepted(drift()), later, accepted(drift("x"))], "prod", NOON)
    assert [each.acknowledgement for each in found.accepted] == [later]


@given(st.lists(st.sampled_from("abcd"), unique=True), st.sets(st.sampled_from("abcd")))
def test_everything_is_on_one_side_and_in_order(names: list[str], known: set[str]) -> None:
    items = [drift(address=Address("attic", "lamp", name)) for name in sorted(names)]
    found = sorted_drift(items, [accepted(each) for each in items if each.address.name in known], "prod", NOON)
    assert [each.address.name for each in found.counted] == sorted(set(names) - known)
    assert [each.drift.address.name for each in found.accepted] == sorted(set(names) & known)


# -- templates ---------------------------------------------------------------------------------------------------------


def test_a_template_is_filled_once() -> None:
    """Braces in a value mean nothing, doubled ones stand for themselves."""
    assert filled("{a} {{a}} {b}", {"a": "{b}", "b": "2"}) == "{b} {a} 2"


@given(st.text(alphabet="{}ab "))
def test_a_template_without_a_problem_has_no_brace_left_to_mean_anything(template: str) -> None:
    if template_problem(template, ("a", "ab")) is None:
        assert filled(template, {"a": "", "ab": ""}).count("{") == template.count("{{")
