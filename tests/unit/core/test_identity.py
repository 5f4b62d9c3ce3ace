"""Another account behind the same name is noticed; another address of the same account is not."""

import pytest

from reconcile.core.account import Account
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.guard import DeleteLimits, refusals
from reconcile.core.identity import Accounts, unvouched
from reconcile.core.snapshot import Desired, Live, Reading, Recorded, SameAs

from .cases import (
    CONF,
    FLOW,
    KINDS,
    ON,
    RESET,
    WEEKLY,
    A,
    B,
    by_address,
    missing,
    ours,
    plan_of,
    shown,
    snapshots,
    unread,
    want,
)

Part = Desired | Reading | Recorded

OLD, NEW = Account("https://old.example"), Account("https://new.example")
DEV, PROD = Account("https://tailer.example", "000099/DEV"), Account("https://tailer.example", "000099/PROD")
SAME = Accounts({"sales": OLD}, {"sales": OLD})
MOVED = Accounts({"sales": OLD}, {"sales": NEW})


def refused(accounts: Accounts, *parts: Part) -> list[Diagnostic]:
    views = snapshots(*parts)
    limits = DeleteLimits(100, allowed=100)
    return list(refusals(plan_of(*parts), views.recorded, views.live, limits, kinds=KINDS, accounts=accounts))


def pair(address: Address, *, then: str, now: str) -> tuple[Part, Part, Part]:
    """Return an object that is as recorded, but for its id."""
    return want(address, WEEKLY), ours(address, WEEKLY, id=then), shown(address, WEEKLY, id=now)


# -- by tenant ---------------------------------------------------------------------------------------------------------


TENANT = Accounts({"tailer_dev": DEV}, {"tailer_dev": PROD})


@pytest.mark.parametrize("parts", [(want(CONF, ON), ours(CONF, ON)), (ours(CONF, ON),)])
def test_another_tenant_stops(parts: tuple[Part, ...]) -> None:
    """What is taken to be as last applied was applied to another account; nor is it forgotten of this one."""
    (told,) = refused(TENANT, *parts)
    assert told.code == "guard-account"
    assert "000099/PROD" in told.detail
    assert "000099/DEV" in told.detail
    assert "--allow-account tailer_dev" in told.hint


def test_another_tenant_can_be_allowed() -> None:
    """By the name of the connection, and by no other."""
    parts = (want(CONF, ON), ours(CONF, ON))
    allowed = Accounts(TENANT.then, TENANT.now, frozenset({"tailer_dev"}))
    assert refused(allowed, *parts) == []
    assert refused(Accounts(TENANT.then, TENANT.now, frozenset({"sales"})), *parts) != []


def test_a_tenant_at_another_address_is_the_same() -> None:
    """Only its address changed."""
    moved = Accounts({"tailer_dev": DEV}, {"tailer_dev": Account("https://other.example", "000099/DEV")})
    assert refused(moved, want(CONF, ON), ours(CONF, ON)) == []


def test_a_tenant_that_was_not_known_is_no_other() -> None:
    """Records of older versions hold none; nor does every platform have a name for it."""
    for then in ({}, {"tailer_dev": Account("https://tailer.example")}):
        assert refused(Accounts(then, TENANT.now), want(CONF, ON), ours(CONF, ON)) == []


def test_without_a_record_every_tenant_is_right() -> None:
    """Nothing that could be of another account."""
    assert refused(TENANT, want(CONF, ON)) == []


def test_a_plan_without_the_connection_is_not_stopped() -> None:
    """Another account of what is not selected is none of this plan's business."""
    views = snapshots(ours(CONF, ON), want(A, WEEKLY), shown(A, WEEKLY))
    plan = plan_of(want(A, WEEKLY), shown(A, WEEKLY))
    accounts = Accounts({"tailer_dev": DEV}, {"tailer_dev": PROD, "sales": OLD})
    assert refusals(plan, views.recorded, views.live, DeleteLimits(), accounts=accounts) == ()


def test_nothing_is_certain_of_another_tenant_but_one_shots() -> None:
    """What cannot be read is to be sent again; what was done once stays done; what can be read is read."""
    recorded = by_address([ours(CONF, ON, protect=True), ours(RESET, {"once": "x"}), ours(A, WEEKLY)])
    found = unvouched(recorded, KINDS, {"tailer_dev", "sales"})
    assert {address: record.certain for address, record in found.items()} == {CONF: False, RESET: True, A: True}
    assert found[CONF].protect
    assert unvouched(recorded, KINDS, set()) == recorded


# -- by ids ------------------------------------------------------------------------------------------------------------


def test_all_ids_changed_at_once_is_another_org() -> None:
    """Names are the same in every org; ids are not. Also where the address says nothing."""
    parts = (*pair(A, then="1", now="2"), *pair(B, then="3", now="4"))
    for accounts in (SAME, MOVED, Accounts({}, SAME.now)):
        (told,) = refused(accounts, *parts)
        assert told.code == "guard-account"
        assert "--allow-account sales" in told.hint


def test_all_objects_gone_at_once_is_another_org() -> None:
    """Neither entry is found: an error for each, and what it probably is; so where their entries are gone as well."""
    gone = (missing(A), ours(A, WEEKLY), missing(B), ours(B, WEEKLY))
    assert [d.code for d in refused(SAME, *gone)] == ["guard-account"]
    assert [d.code for d in refused(SAME, *gone, want(A, WEEKLY), want(B, WEEKLY))] == ["guard-account"]


def test_one_id_that_is_the_same_is_enough() -> None:
    """Assets that were made anew, in the same org; also when its address is another one now."""
    parts = (*pair(A, then="1", now="1"), *pair(B, then="3", now="4"))
    assert refused(MOVED, *parts) == []


def test_another_address_alone_stops_nothing() -> None:
    """A renamed My Domain: the same ids."""
    assert refused(MOVED, *pair(A, then="1", now="1"), *pair(B, then="2", now="2")) == []


def test_a_single_asset_made_anew_is_another_org_only_at_another_address() -> None:
    """One of one tells little; together with another address it tells enough."""
    assert refused(SAME, *pair(A, then="1", now="2")) == []
    (told,) = refused(MOVED, *pair(A, then="1", now="2"))
    assert "https://new.example" in told.detail
    assert "https://old.example" in told.detail


def test_what_could_not_be_read_says_nothing() -> None:
    """A failed list is no other org; one object that is seen decides."""
    failed = (want(B, WEEKLY), ours(B, WEEKLY, id="3"), unread(B))
    assert refused(SAME, *failed, *pair(A, then="1", now="2")) == []
    assert refused(SAME, *failed, *pair(A, then="1", now="1")) == []


def test_an_asset_found_under_another_address_is_found() -> None:
    """It has the id that it had: that is how it was found."""
    by_id = Address("sales", "schedule", "id:05v000000000001AAA")
    parts = (SameAs(A, by_id), ours(A, WEEKLY, id="1"), want(by_id, WEEKLY), shown(by_id, WEEKLY, id="1"))
    assert refused(SAME, *parts, missing(B), ours(B, WEEKLY, id="2")) == []


# -- by name -----------------------------------------------------------------------------------------------------------


def renamed(then: dict[str, Account], now: dict[str, Account], *parts: Part) -> list[Diagnostic]:
    return refused(Accounts(then, now), *parts)


def test_a_connection_with_another_name_stops() -> None:
    """Resets would be done again and protection be lost: the record is under the old name."""
    former = Address("tailer", "configuration", CONF.name)
    (told,) = renamed({"tailer": DEV}, {"tailer_dev": DEV}, want(CONF, ON), want(FLOW, ON), ours(former, ON))
    assert (told.code, '"tailer"' in told.detail) == ("guard-account", True)
    assert 'call it "tailer" again' in told.hint
    assert "--allow-account tailer_dev" in told.hint


def test_shared_ids_give_a_new_name_away() -> None:
    """Also without any record of accounts, and at another address."""
    former = Address("former", "schedule", A.name)
    parts = (want(A, WEEKLY), shown(A, WEEKLY, id="1"), ours(former, WEEKLY, id="1"))
    assert [d.code for d in renamed({}, {"sales": NEW}, *parts)] == ["guard-account"]
    other = (want(A, WEEKLY), shown(A, WEEKLY, id="2"), ours(former, WEEKLY, id="1"))
    assert renamed({"former": OLD}, {"sales": NEW}, *other) == []


def test_a_second_name_for_an_account_is_no_rename() -> None:
    """While the first one is still there, or the second has been applied to before."""
    first = Address("other", "schedule", A.name)
    parts = (want(A, WEEKLY), shown(A, WEEKLY, id="1"), ours(first, WEEKLY, id="1"))
    alive = Live(first, WEEKLY, "1")
    assert renamed({"other": OLD}, {"sales": OLD, "other": OLD}, *parts, want(first, WEEKLY), alive) == []
    former = Address("former", "schedule", A.name)
    known = {"former": OLD, "sales": OLD}
    assert renamed(known, {"sales": OLD}, want(A, WEEKLY), shown(A, WEEKLY), ours(former, WEEKLY)) == []
