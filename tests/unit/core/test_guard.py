"""What keeps a plan from being applied, and that every refusal says what would allow it."""

import pytest

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.guard import DeleteLimits, refusals
from reconcile.core.snapshot import Desired, Reading, Recorded, SameAs, Values

from .cases import (
    CONF,
    DAILY,
    KINDS,
    NONE,
    ON,
    RESET,
    WEEKLY,
    A,
    B,
    asset,
    missing,
    ours,
    plan_of,
    shown,
    snapshots,
    unread,
    want,
)

Part = Desired | Reading | Recorded


def refused(*parts: Part, limits: DeleteLimits | None = None) -> list[Diagnostic]:
    views = snapshots(*parts)
    return list(refusals(plan_of(*parts), views.recorded, views.live, limits or DeleteLimits(), kinds=KINDS))


def codes(*parts: Part, limits: DeleteLimits | None = None) -> list[str]:
    return [d.code for d in refused(*parts, limits=limits)]


def removing(lost: int, of: int, *, by_none: bool = False) -> list[Part]:
    """Return ``of`` recorded live schedules of which the files keep all but ``lost``."""
    parts: list[Part] = []
    for number in range(of):
        address = asset(number)
        parts += [shown(address, WEEKLY), ours(address, WEEKLY)]
        if number >= lost:
            parts.append(want(address, WEEKLY))
        elif by_none:
            parts.append(want(address, NONE))
    return parts


@pytest.mark.parametrize("by_none", [False, True])
@pytest.mark.parametrize(("lost", "of", "refuses"), [(3, 10, False), (4, 10, True), (30, 100, False), (31, 100, True)])
def test_the_share_is_at_most_thirty_percent(lost: int, of: int, refuses: bool, by_none: bool) -> None:
    """Exactly 30 % may go, one more may not; an entry set to none counts like one that was removed."""
    assert codes(*removing(lost, of, by_none=by_none)) == (["guard-deletes"] if refuses else [])


@pytest.mark.parametrize(("lost", "of"), [(1, 1), (1, 2), (1, 3), (2, 2)])
def test_few_objects_are_guarded_too(lost: int, of: int) -> None:
    """One of three is more than 30 %: small workspaces are not exempt."""
    assert codes(*removing(lost, of)) == ["guard-deletes"]


def test_both_limits_must_be_kept() -> None:
    """Within the share but over the count is refused, and the other way round."""
    assert codes(*removing(3, 100), limits=DeleteLimits(30, 2)) == ["guard-deletes"]
    assert codes(*removing(2, 4), limits=DeleteLimits(30, 2)) == ["guard-deletes"]
    assert codes(*removing(2, 100), limits=DeleteLimits(30, 2)) == []
    assert codes(*removing(1, 100), limits=DeleteLimits(30, 0)) == ["guard-deletes"]


def test_a_refusal_says_what_would_allow_it() -> None:
    """The number in the hint is enough, one less is not."""
    parts = removing(4, 10)
    (told,) = refused(*parts)
    assert "4 of the 10 recorded objects" in told.detail
    assert "40 %" in told.detail
    assert "--allow-deletes 4" in told.hint
    assert codes(*parts, limits=DeleteLimits(allowed=4)) == []
    assert codes(*parts, limits=DeleteLimits(allowed=3)) == ["guard-deletes"]


def test_shares_are_counted_for_each_connection() -> None:
    """Ninety-nine healthy objects of one org do not excuse the loss of the only one of another."""
    other = Address("other", "schedule", "recipe:A")
    parts = [*removing(0, 99), shown(other, WEEKLY), ours(other, WEEKLY)]
    (told,) = refused(*parts)
    assert '"other"' in told.detail


def test_the_share_is_one_of_everything_recorded_not_of_what_is_selected() -> None:
    """A plan over a selection of one is measured against all that is recorded."""
    everything = snapshots(*removing(1, 10))
    plan = plan_of(shown(asset(0), WEEKLY), ours(asset(0), WEEKLY))
    assert refusals(plan, everything.recorded, everything.live, DeleteLimits()) == ()


def test_taking_a_schedule_that_was_never_ours_is_not_counted() -> None:
    """``none`` on a schedule that we find and never applied is asked for in so many words."""
    assert codes(want(A, NONE), shown(A, WEEKLY)) == []


def test_forgetting_is_no_delete() -> None:
    """A configuration that left the files stays on the platform: nothing to guard."""
    assert codes(ours(CONF, ON)) == []


def test_any_delete_after_an_empty_listing_is_refused() -> None:
    """Within every limit, but the org says it has no recipes at all: wrong org, or wrong user."""
    parts = [*removing(1, 10), missing(B, empty=True), ours(B, WEEKLY)]
    (told,) = refused(*parts)
    assert (told.code, "empty listing" in told.detail) == ("guard-listing", True)
    assert "--allow-deletes" in told.hint


def test_forgetting_after_an_empty_listing_is_refused() -> None:
    """An empty list must not empty our record either; the hint's number allows it."""
    parts = (missing(A, empty=True), ours(A, WEEKLY))
    (told,) = refused(*parts)
    assert told.code == "guard-listing"
    assert "--allow-deletes 1" in told.hint
    assert codes(*parts, limits=DeleteLimits(allowed=1)) == []


def test_forgetting_one_of_a_full_listing_is_allowed() -> None:
    """One asset that is gone from a list with others on it is simply gone."""
    assert codes(missing(A), ours(A, WEEKLY)) == []


def test_any_delete_after_a_failed_listing_is_refused() -> None:
    """A connection that could not be read whole loses nothing; another connection goes on."""
    other = Address("other", "schedule", "recipe:A")
    assert codes(*removing(1, 10), unread(B), want(B, WEEKLY)) == ["guard-listing"]
    assert codes(*removing(1, 10), unread(other), want(other, WEEKLY)) == []


def test_one_object_that_cannot_be_read_stops_no_delete_of_another() -> None:
    """An ambiguous name is no failed listing: what is deleted has been seen."""
    assert codes(*removing(1, 10), unread(B, alone=True), want(B, WEEKLY)) == []


def test_without_deletes_a_failed_listing_refuses_nothing() -> None:
    """What could be planned is applied; the failure itself is told elsewhere."""
    assert codes(want(A, DAILY), shown(A, WEEKLY), unread(B), want(B, WEEKLY)) == []


def test_a_delete_of_what_was_never_ours_after_a_failed_listing_is_refused() -> None:
    """``none`` on an unrecorded schedule of a connection that could not be read whole is a delete, too."""
    assert codes(want(A, NONE), shown(A, WEEKLY), unread(B), want(B, WEEKLY)) == ["guard-listing"]


def test_allowing_no_deletes_allows_no_more_than_saying_nothing() -> None:
    """``--allow-deletes 0`` is the strictest thing one can say."""
    assert codes(missing(A, empty=True), ours(A, WEEKLY), limits=DeleteLimits(allowed=0)) == ["guard-listing"]


def test_protection_outlives_the_entry() -> None:
    """A recorded ``protect: true`` refuses the delete of a removed entry, whatever --allow-deletes says."""
    parts = (shown(A, WEEKLY), ours(A, WEEKLY, protect=True))
    (told,) = refused(*parts, limits=DeleteLimits(100, allowed=9))
    assert told.code == "guard-protected"
    assert "protect: false" in told.hint
    assert told.address == str(A)


@pytest.mark.parametrize(("said", "recorded"), [(True, False), (None, True), (True, True), (False, True)])
def test_protection_in_the_file_or_in_the_record_refuses_none(said: bool | None, recorded: bool) -> None:
    """``frequency: none`` is a delete; lifting the protection in the same breath does not count as applied."""
    parts = (want(A, NONE, protect=said), shown(A, WEEKLY), ours(A, WEEKLY, protect=recorded))
    assert codes(*parts, limits=DeleteLimits(100)) == ["guard-protected"]


def test_an_applied_protect_false_lifts_it() -> None:
    """Once recorded as not protected, the object may go."""
    assert codes(shown(A, WEEKLY), ours(A, WEEKLY, protect=False), limits=DeleteLimits(100)) == []


def test_a_protected_object_may_change() -> None:
    """Protection is against deletes only."""
    assert codes(want(A, DAILY, protect=True), shown(A, WEEKLY), ours(A, WEEKLY, protect=True)) == []


def test_protection_survives_naming_the_asset_by_its_id() -> None:
    """The same asset under another address is still protected: it was recorded so, and nobody lifted it."""
    by_id = Address("sales", "schedule", "id:05v000000000001AAA")
    parts = (SameAs(A, by_id), ours(A, WEEKLY, protect=True), want(by_id, NONE), shown(by_id, WEEKLY))
    assert codes(*parts, limits=DeleteLimits(100)) == ["guard-protected"]


def test_every_refusal_has_a_way_out() -> None:
    """No refusal without a hint."""
    parts = [*removing(9, 10), missing(B, empty=True), ours(B, WEEKLY), shown(A, WEEKLY), ours(A, WEEKLY, protect=True)]
    found = refused(*parts)
    assert {d.code for d in found} == {"guard-protected", "guard-deletes", "guard-listing"}
    assert all(d.hint and d.is_error for d in found)


def emptied(connection: str, left: int = 0) -> list[Part]:
    """Return recorded configurations: ``left`` still in the files, two removed."""
    addresses = [Address(connection, "configuration", f"workflow:{number}") for number in range(left + 2)]
    return [*(ours(address, ON) for address in addresses), *(want(address, ON) for address in addresses[:left])]


def test_everything_of_a_connection_never_goes_by_itself() -> None:
    """Nothing of it would be deleted on the platform; but a file that went missing looks just like that."""
    (told,) = refused(*emptied("tailer_dev"))
    assert (told.code, "2 recorded objects" in told.detail) == ("guard-emptied", True)
    assert "--allow-deletes 2" in told.hint
    assert codes(*emptied("tailer_dev"), limits=DeleteLimits(allowed=2)) == []
    assert codes(*emptied("tailer_dev"), limits=DeleteLimits(allowed=1)) == ["guard-emptied"]


def test_one_entry_that_stays_tells_that_the_file_is_there() -> None:
    """Then what was removed was removed by somebody."""
    assert codes(*emptied("tailer_dev", left=1)) == []


def test_a_reset_that_stays_in_the_record_keeps_nothing() -> None:
    """One-shots never leave the record: they are no reason to believe that the rest was meant to go."""
    reset = ours(RESET, {"once": "x"})
    assert codes(*emptied("tailer_dev"), reset) == ["guard-emptied"]


def test_emptying_is_guarded_whatever_the_limits_are() -> None:
    """``percent: 100`` allows many deletes, not the loss of everything; too many deletes are told once."""
    assert codes(*removing(3, 3), limits=DeleteLimits(100)) == ["guard-emptied"]
    assert codes(*removing(3, 3)) == ["guard-deletes"]
    assert codes(*removing(3, 3), limits=DeleteLimits(100, allowed=3)) == []


def test_one_number_allows_all_that_a_plan_is_refused_for() -> None:
    """Every hint has the same number, and it is enough."""
    parts = [*removing(4, 10), *emptied("tailer_dev"), missing(B, empty=True), ours(B, WEEKLY)]
    found = refused(*parts)
    assert {d.code for d in found} == {"guard-deletes", "guard-emptied", "guard-listing"}
    (number,) = {word for d in found for word in d.hint.split("`") if word.startswith("--allow-deletes")}
    assert number == "--allow-deletes 5"
    assert codes(*parts, limits=DeleteLimits(allowed=5)) == []


@pytest.mark.parametrize(
    ("values", "before", "counts"),
    [(WEEKLY, None, True), (DAILY, WEEKLY, True), (NONE, WEEKLY, True), (NONE, None, False)],
)
def test_a_lost_answer_makes_nobody_elses_of_it(values: Values, before: Values | None, counts: bool) -> None:
    """What may be ours is guarded like what is; a first delete whose answer was lost never made it ours."""
    parts = (want(A, NONE), shown(A, WEEKLY), ours(A, values, certain=False, before=before))
    assert codes(*parts) == (["guard-deletes"] if counts else [])
