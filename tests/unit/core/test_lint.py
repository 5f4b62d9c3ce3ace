"""Findings that somebody accepts."""

from __future__ import annotations

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.lint import Allow, sifted


def finding(
    code: str, address: str | None = "sales/schedule/recipe:A", severity: Severity = Severity.WARNING
) -> Diagnostic:
    return Diagnostic(code, "s", "d", address=address, severity=severity)


def test_what_is_accepted_is_not_told_and_not_lost() -> None:
    allow = Allow("dst-skipped", "runs are idempotent")
    told, accepted = finding("never-fires"), finding("dst-skipped")
    found = sifted([told, accepted], [allow])
    assert found.told == (told,)
    assert found.allowed == ((accepted, allow),)
    assert found.idle == ()


def test_only_the_objects_that_are_named() -> None:
    here, there = finding("dst-skipped"), finding("dst-skipped", "sales/schedule/recipe:B")
    found = sifted([here, there], [Allow("dst-skipped", "r", ("sales/*:A",))])
    assert found.told == (there,)
    assert found.allowed[0][0] is here


def test_a_finding_without_an_address_is_named_by_no_pattern() -> None:
    anywhere = finding("short-month", None)
    assert sifted([anywhere], [Allow("short-month", "r", ("sales/*",))]).told == (anywhere,)


def test_an_error_and_what_is_no_finding_are_always_told() -> None:
    error, other = finding("never-fires", severity=Severity.ERROR), finding("hold-over")
    found = sifted([error, other], [Allow("never-fires", "r"), Allow("hold-over", "r")])
    assert found.told == (error, other)
    assert [allow.code for allow in found.idle] == ["never-fires", "hold-over"]


def test_two_that_accept_the_same_are_both_in_use() -> None:
    first, second = Allow("dst-skipped", "all"), Allow("dst-skipped", "one", ("sales/*",))
    found = sifted([finding("dst-skipped")], [first, second])
    assert (found.allowed[0][1], found.idle) == (first, ())
