"""Which calls a read makes, and that nothing is called gone that may only be unseen."""

from typing import Any

import pytest

from reconcile.core.errors import Forbidden, Unavailable
from reconcile.core.snapshot import Live, Missing, ReadFailed, SameAs
from reconcile.providers.base import Wanted
from reconcile.providers.crm_analytics.reader import ScheduleReader
from reconcile.providers.crm_analytics.target import target_of

from .org import DAILY, DOWN, SHORT_WEEKLY, Org, failed, id_of, live, missing, read_one, recipe, wanted

R1, R2 = wanted("recipe:R1"), wanted("recipe:R2")
DAILY_VALUES = {"frequency": "daily", "time": "01:00", "timezone": "UTC"}
WEEKLY_VALUES = {"frequency": "weekly", "days_of_week": ("Sunday",), "time": "01:00", "timezone": "UTC"}
EVENT = {"frequency": "eventdriven", "triggerRule": "$ALL"}


def dataflow(number: int, **more: Any) -> dict[str, Any]:
    return {"id": id_of(number, "02K"), "name": f"D{number}", **more}


def connector(number: int, **more: Any) -> dict[str, Any]:
    return {"id": id_of(number, "0It"), "name": f"C{number}", **more}


def get_of(id: str) -> str:
    return f"/wave/asset/{id}/schedule"


def test_one_request_for_a_list_that_carries_everything() -> None:
    """Two recipes of one page cost one call, and no list of which nothing is wanted is read."""
    org = Org()
    org.recipes(recipe(1, DAILY), recipe(2))
    found = org.reader().read([R1, R2]).by_address
    assert org.asked == ["/wave/recipes"]
    assert found[R1.address] == Live(R1.address, DAILY_VALUES, id_of(1), "R 1")
    assert found[R2.address] == Live(R2.address, {"frequency": "none"}, id_of(2), "R 2")


def test_nothing_wanted_asks_nothing() -> None:
    """An empty read makes no call."""
    org = Org()
    assert org.reader().read([]).by_address == {}
    assert org.asked == []


def test_every_page_is_read() -> None:
    """Requests grow with pages, not with objects."""
    org = Org()
    org.recipes(*(recipe(n, DAILY) for n in range(1, 8)), page=3)
    assert live(org.reader(), wanted("recipe:R7")).values == DAILY_VALUES
    assert org.asked == ["/wave/recipes", "/wave/recipes?page=p1", "/wave/recipes?page=p2"]


def test_a_failing_page_fails_all_of_its_kind_and_no_other() -> None:
    """A list with a hole says nothing about anybody on it; other lists count."""
    org = Org()
    org.recipes(*(recipe(n, DAILY) for n in range(1, 4)), page=2)
    org.answers["/wave/recipes?page=p1"] = DOWN
    org.connectors(connector(1))
    sync = wanted("data_sync:C1")
    found = org.reader().read([R1, wanted("recipe:R9"), sync]).by_address
    assert [type(r) for r in found.values() if r.address != sync.address] == [ReadFailed, ReadFailed]
    assert isinstance(found[sync.address], Live)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"recipes": None},
        {"recipes": {}},
        {"Errors": [{"description": "no"}]},
        [],
        "<html>maintenance</html>",
        {"recipes": [None]},
        {"recipes": [{"name": "R1"}]},
    ],
)
def test_a_listing_that_is_none_fails_everything_on_it(body: Any) -> None:
    """Not a list, no ids, no JSON: never Missing, never "no recipes at all"."""
    org = Org()
    org.answers["/wave/recipes"] = body
    assert failed(org.reader(), R1).of_listing


def test_a_listing_that_is_none_says_whose() -> None:
    """With several orgs, "expected a list, found NoneType" helps nobody."""
    org = Org()
    org.answers["/wave/recipes"] = {}
    told = failed(org.reader(), R1).diagnostic
    assert "sales" in told.detail + (told.address or "")


@pytest.mark.parametrize("error", [Forbidden("403"), Unavailable("no route")])
def test_a_refused_listing_fails_everything_on_it(error: Exception) -> None:
    """No permission to list is not an empty org."""
    org = Org()
    org.answers["/wave/recipes"] = error
    assert failed(org.reader(), R1)


def test_a_list_that_never_ends_is_a_failure() -> None:
    """A next page that was seen before stops the reading instead of going round for ever."""
    org = Org()
    org.recipes(recipe(1), nextPageUrl="/services/data/v60.0/wave/recipes")
    assert "does not end" in failed(org.reader(), R1).diagnostic.detail


def test_a_short_listing_never_says_gone() -> None:
    """The platform promised three and showed two: what is not on it is unknown, what is on it counts."""
    org = Org()
    org.recipes(recipe(1, DAILY), totalSize=2)
    readings = org.reader().read([R1, wanted("recipe:R9")])
    assert isinstance(readings.by_address[R1.address], Live)
    lost = readings.by_address[wanted("recipe:R9").address]
    assert isinstance(lost, ReadFailed)
    assert lost.of_listing
    assert lost.diagnostic.is_error
    assert [(d.code, d.is_error) for d in readings.diagnostics] == [("incomplete-listing", False)]


def test_an_item_listed_twice_does_not_make_up_for_one_that_is_missing() -> None:
    """Lists move while they are paged: R1 came twice, R2 not at all, three were promised. R2 is unknown, not gone."""
    org = Org()
    org.recipes(recipe(1), recipe(3), recipe(1), page=2)
    assert failed(org.reader(), R2)


def test_an_item_listed_twice_is_one_asset() -> None:
    """The same id on two pages is the same recipe."""
    org = Org()
    org.recipes(recipe(1, DAILY), recipe(3), recipe(1, DAILY), page=2)
    assert live(org.reader(), R1).values == DAILY_VALUES


@pytest.mark.parametrize(
    "schedule",
    [
        {"assetId": "x", "daysOfWeek": [], "frequency": "weekly", "notificationLevel": "warnings"},
        {"daysOfWeek": [], "notificationLevel": "warnings"},
        None,
        {"assetId": "x", "frequency": "none"},
    ],
)
def test_never_scheduled_connections(schedule: Any) -> None:
    """Four forms of never scheduled, one of them an absent property: no schedule, and no further call."""
    org = Org()
    org.connectors(connector(1, **({} if schedule is None else {"ingestionSchedule": schedule})))
    assert live(org.reader(), wanted("data_sync:C1", "frequency")).values == {"frequency": "none"}
    assert org.asked == ["/wave/dataConnectors"]


def test_dataflows_are_looked_up_only_where_their_short_form_is_not_enough() -> None:
    """Weekly, event and blank are read from the list; an hourly one, and one with a managed level, by GET."""
    org = Org()
    org.dataflows(
        dataflow(1, scheduleAttributes=SHORT_WEEKLY, nextScheduledDate="2026-01-01T00:00:00.000Z"),
        dataflow(2),
        dataflow(3, scheduleAttributes='{"scheduleType":"hourly"}'),
        dataflow(4, scheduleAttributes=""),
        dataflow(5, scheduleAttributes=SHORT_WEEKLY),
        dataflow(6, scheduleAttributes="", nextScheduledDate="2026-01-01T00:00:00.000Z"),
    )
    for number in (3, 5, 6):
        org.schedule(id_of(number, "02K"), DAILY)
    items = [wanted(f"dataflow:D{n}", *(["notification_level"] if n == 5 else [])) for n in range(1, 7)]
    found = org.reader().read(items).by_address
    assert org.asked == ["/wave/dataflows", *(get_of(id_of(n, "02K")) for n in (3, 5, 6))]
    values = [r.values["frequency"] for r in found.values() if isinstance(r, Live)]
    assert sorted(map(str, values)) == ["daily", "daily", "daily", "none", "none", "weekly"]


def test_a_recipe_list_of_an_old_version_costs_a_get_each() -> None:
    """Lists before v53 carry no schedule: nothing is taken for none."""
    org = Org()
    item = recipe(1)
    del item["scheduleAttributes"]
    org.recipes(item)
    org.schedule(id_of(1), DAILY)
    assert live(org.reader(), R1).values == DAILY_VALUES


def test_a_list_entry_that_makes_no_sense_is_looked_up() -> None:
    """What the list garbles the asset itself may still tell."""
    org = Org()
    org.recipes(recipe(1, "text"))
    org.schedule(id_of(1), DAILY)
    assert live(org.reader(), R1).values == DAILY_VALUES


def test_a_senseless_asset_fails_alone() -> None:
    """One asset that cannot be understood leaves the others readable."""
    org = Org()
    org.recipes(recipe(1, "text"), recipe(2, DAILY))
    org.schedule(id_of(1), [])
    found = org.reader().read([R1, R2]).by_address
    assert isinstance(found[R1.address], ReadFailed)
    assert isinstance(found[R2.address], Live)


def test_a_malformed_asset_fails_alone() -> None:
    """``read`` must not raise for what a platform answers."""
    org = Org()
    broken = {"frequency": "weekly", "daysOfWeek": 5, "time": {"hour": 1}}
    org.recipes(recipe(1, broken), recipe(2, DAILY))
    org.schedule(id_of(1), broken)
    try:
        found = org.reader().read([R1, R2]).by_address
    except TypeError as error:
        pytest.fail(f"read raised {error!r}")
    assert isinstance(found[R1.address], ReadFailed)
    assert isinstance(found[R2.address], Live)


def test_names_and_labels_unescaped() -> None:
    """An escaped label is shown as a person wrote it."""
    org = Org()
    org.recipes(recipe(1, DAILY, label="R &amp; D &#39;x&#39;"))
    assert live(org.reader(), R1).label == "R & D 'x'"


def test_a_hidden_rule_is_taken_from_the_list() -> None:
    """GET hides the trigger rule, the list shows it: also an exact read knows it then."""
    org = Org()
    org.recipes(recipe(1, EVENT))
    org.schedule(id_of(1), {"frequency": "eventdriven"})
    for exact in (False, True):
        reading = live(org.reader(), wanted("recipe:R1", "trigger_rule"), exact=exact)
        assert (reading.values, reading.unknown) == ({"frequency": "eventdriven", "trigger_rule": "$ALL"}, frozenset())


def test_a_rule_that_nothing_shows_is_unknown() -> None:
    """Neither list nor GET shows it: unknown, and no guess."""
    org = Org()
    org.recipes(recipe(1, {"frequency": "eventdriven"}))
    assert live(org.reader(), R1).unknown == {"trigger_rule"}


def test_an_exact_read_takes_nothing_but_the_rule_from_the_list() -> None:
    """The list may lag: the level it still shows is not on the asset any more."""
    org = Org()
    org.recipes(recipe(1, {**EVENT, "notificationLevel": "always"}))
    org.schedule(id_of(1), {"frequency": "eventdriven"})
    assert "notification_level" not in live(org.reader(), R1, exact=True).values


def test_an_exact_read_asks_the_asset_itself() -> None:
    """``exact`` does not believe a list that lags."""
    org = Org()
    org.recipes(recipe(1))
    org.schedule(id_of(1), DAILY)
    assert live(org.reader(), R1, exact=True).values == DAILY_VALUES
    assert org.asked == ["/wave/recipes", get_of(id_of(1))]


def test_a_second_read_of_one_object_skips_the_list() -> None:
    """One known id against a list of two pages: one GET is cheaper; three are not."""
    org = Org()
    org.recipes(*(recipe(n, DAILY) for n in range(1, 5)), page=2)
    for number in range(1, 5):
        org.schedule(id_of(number), DAILY)
    reader = org.reader()
    reader.read([R1])
    org.asked.clear()
    reader.read([wanted("recipe:R1", id=id_of(1)), wanted("recipe:R2", id=id_of(2))])
    assert org.asked == [get_of(id_of(1)), get_of(id_of(2))]
    org.asked.clear()
    reader.read([wanted(f"recipe:R{n}", id=id_of(n)) for n in (1, 2, 3)])
    assert org.asked == ["/wave/recipes", "/wave/recipes?page=p1"]


@pytest.mark.parametrize("item", [wanted("recipe:R1"), wanted("recipe:R1", "trigger_rule", id=id_of(1))])
def test_a_second_read_needs_the_list_without_an_id_or_for_a_rule(item: Any) -> None:
    """Without an id nothing can be asked alone, and only the list shows a trigger rule."""
    org = Org()
    org.recipes(recipe(1, EVENT))
    reader = org.reader()
    reader.read([R1])
    org.asked.clear()
    reader.read([item])
    assert org.asked == ["/wave/recipes"]


def test_what_the_list_did_not_show_is_asked_alone_the_second_time() -> None:
    """An hourly dataflow cost two calls at first; now the list would only add one."""
    org = Org()
    org.dataflows(*(dataflow(n, scheduleAttributes='{"scheduleType":"hourly"}') for n in (1, 2, 3)))
    for number in (1, 2, 3):
        org.schedule(id_of(number, "02K"), DAILY)
    items = [wanted(f"dataflow:D{n}", id=id_of(n, "02K")) for n in (1, 2, 3)]
    reader = org.reader()
    reader.read(items)
    org.asked.clear()
    reader.read(items)
    assert org.asked == [get_of(id_of(n, "02K")) for n in (1, 2, 3)]


def test_a_first_read_goes_through_the_list_even_with_an_id() -> None:
    """The name decides: an id from our record may be another asset's by now."""
    org = Org()
    org.recipes(recipe(2, DAILY, name="R1"))
    assert live(org.reader(), wanted("recipe:R1", id=id_of(1))).id == id_of(2)
    assert org.asked == ["/wave/recipes"]


def test_an_asset_that_vanishes_between_list_and_get_is_missing() -> None:
    """404 on the asset itself is the platform's word that it is gone; another error is not."""
    org = Org()
    org.recipes(recipe(1))
    assert isinstance(read_one(org.reader(), R1, exact=True), Missing)
    org.schedule(id_of(1), Forbidden("403"))
    assert failed(org.reader(), R1, exact=True).diagnostic.address == str(R1.address)


@pytest.mark.parametrize("text", [id_of(7), id_of(7)[:15]])
def test_ids_of_both_lengths_find_the_asset(text: str) -> None:
    """15 and 18 characters are the same asset."""
    org = Org()
    org.recipes(recipe(7, DAILY))
    assert live(org.reader(), wanted(f"id:{text}")).id == id_of(7)


@pytest.mark.parametrize(("prefix", "listing"), [("02K", "dataflows"), ("05v", "recipes"), ("0It", "dataConnectors")])
def test_an_id_knows_its_list(prefix: str, listing: str) -> None:
    """The prefix of an id says which list to read; what is not listed is asked for directly."""
    org = Org()
    org.schedule(id_of(1, prefix), DAILY)
    assert live(org.reader(), wanted(f"id:{id_of(1, prefix)}")).values == DAILY_VALUES
    assert org.asked == [f"/wave/{listing}", get_of(id_of(1, prefix))]


def test_targets() -> None:
    """A name may hold a colon."""
    assert (target_of(wanted("recipe:a:b")).kind, target_of(wanted("recipe:a:b")).name) == ("recipe", "a:b")


def test_unknown_names_get_a_suggestion() -> None:
    """A typo, a label and a renamed asset each get the word that helps."""
    org = Org()
    org.recipes(recipe(1, name="Board_Pack", label="Board pack (monthly)"), recipe(2, name="X"))
    reader = org.reader()
    assert 'did you mean "Board_Pack"' in missing(reader, wanted("recipe:Bord_Pack")).diagnostic.hint
    assert '"Board_Pack"' in missing(reader, wanted("recipe:Board pack (monthly)")).diagnostic.hint
    assert "is a label" in missing(reader, wanted("recipe:Board pack (monthly)")).diagnostic.hint
    hint = org.reader().read([wanted("recipe:Former", id=id_of(2)[:15])]).by_address
    (renamed,) = hint.values()
    assert isinstance(renamed, Missing)
    assert 'named "X" now' in renamed.diagnostic.hint
    assert "2 are listed" in missing(reader, wanted("recipe:qqqqqq")).diagnostic.hint


def test_an_empty_list_is_pointed_out() -> None:
    """No recipe at all: the guard must know, and the user is asked whether this is the right org."""
    reading = missing(Org().reader(), R1)
    assert reading.listing_was_empty
    assert "right org" in reading.diagnostic.hint
    org = Org()
    org.recipes(recipe(2))
    assert not missing(org.reader(), R1).listing_was_empty


def test_an_ambiguous_name_is_an_error_with_ids() -> None:
    """Two assets of one name: neither is taken, both ids are offered."""
    org = Org()
    org.recipes(recipe(1, DAILY, name="Same"), recipe(2, name="Same"))
    told = failed(org.reader(), wanted("recipe:Same")).diagnostic
    assert told.code == "ambiguous-name"
    assert not failed(org.reader(), wanted("recipe:Same")).of_listing
    assert id_of(1) in told.detail
    assert id_of(2) in told.detail
    assert f"id: {id_of(1)}" in told.hint


def test_names_are_apart_in_each_list() -> None:
    """A dataflow and a recipe may have the same name."""
    org = Org()
    org.recipes(recipe(1, DAILY, name="Same"))
    org.dataflows(dataflow(1, name="Same", scheduleAttributes=SHORT_WEEKLY))
    found = org.reader().read([wanted("recipe:Same"), wanted("dataflow:Same")]).by_address
    assert [r.values for r in found.values() if isinstance(r, Live)] == [WEEKLY_VALUES, DAILY_VALUES]


def test_one_asset_under_two_entries_is_an_error() -> None:
    """Once by name and once by id: both entries fail, and each is named."""
    org = Org()
    org.recipes(recipe(1, DAILY))
    by_id = wanted(f"id:{id_of(1)}")
    found = org.reader().read([R1, by_id]).by_address
    for reading in found.values():
        assert isinstance(reading, ReadFailed)
        assert reading.diagnostic.code == "duplicate-object"
        assert str(R1.address) in reading.diagnostic.detail
        assert str(by_id.address) in reading.diagnostic.detail


def test_a_record_under_the_former_name_is_the_same_object() -> None:
    """Declared by id now, recorded by name: one asset, which must not be deleted."""
    org = Org()
    org.recipes(recipe(1, DAILY))
    by_id = wanted(f"id:{id_of(1)}")
    former = wanted("recipe:R1", declared=False)
    found = org.reader().read([former, by_id]).by_address
    assert found[former.address] == SameAs(former.address, by_id.address)
    assert isinstance(found[by_id.address], Live)


def test_close_closes_the_client() -> None:
    """The reader gives its connection back."""
    org = Org()
    org.reader().close()
    assert org.closed == 1


def in_parts(reader: ScheduleReader, items: list[Wanted]) -> list[dict[str, type]]:
    """Return the parts of a read as they come, each by name."""
    return [{a.name: type(r) for a, r in part.by_address.items()} for part in reader.read_in_parts(items)]


def known(reader: ScheduleReader, *numbers: int) -> list[Wanted]:
    """Return recipes to read again, as the plan knows them by now (the list has been read once)."""
    reader.read([R1])
    return [wanted(f"recipe:R{n}", id=id_of(n)) for n in numbers]


def test_pages_come_as_they_are_asked_for() -> None:
    """What is on the first page is told before the second is asked for; what no list shows comes first."""
    org = Org()
    org.recipes(*(recipe(n, DAILY) for n in range(1, 7)), page=2)
    reader = org.reader()
    items = known(reader, 1, 2, 3, 4, 5, 6)
    org.asked.clear()
    parts = reader.read_in_parts([*items, wanted("data_sync:C1")])
    assert [a.name for a in next(parts).by_address] == ["data_sync:C1"]
    assert [a.name for a in next(parts).by_address] == ["recipe:R1", "recipe:R2"]
    assert org.asked == ["/wave/dataConnectors", "/wave/recipes"]
    assert len(list(parts)) == 2


def test_what_no_page_shows_is_asked_for_alone() -> None:
    """Skipped by a page that moved, or gone: the asset itself decides, and every object comes once."""
    org = Org()
    org.recipes(*(recipe(n, DAILY) for n in range(1, 7)), page=2)
    org.schedule(id_of(5), DAILY)
    reader = org.reader()
    items = known(reader, 1, 2, 3, 4, 5, 6)
    org.recipes(*(recipe(n, DAILY) for n in (1, 2, 3, 4)), page=2)
    parts = in_parts(reader, items)
    assert parts[-1] == {"recipe:R5": Live, "recipe:R6": Missing}
    assert sorted(name for part in parts for name in part) == [f"recipe:R{n}" for n in range(1, 7)]


def test_a_page_that_fails_leaves_the_rest_to_be_read_alone() -> None:
    """The pages before it count; what is left is asked for one by one, and is never missing for the list's sake."""
    org = Org()
    org.recipes(*(recipe(n, DAILY) for n in range(1, 7)), page=2)
    reader = org.reader()
    items = known(reader, 1, 2, 3, 4)
    org.answers["/wave/recipes?page=p1"] = DOWN
    org.schedule(id_of(3), DAILY)
    org.schedule(id_of(4), DOWN)
    assert in_parts(reader, items) == [
        {"recipe:R1": Live, "recipe:R2": Live},
        {"recipe:R3": Live, "recipe:R4": ReadFailed},
    ]


def test_a_first_read_in_parts_goes_by_names() -> None:
    """Before the list has been read once, ids of our record are not trusted."""
    org = Org()
    org.recipes(recipe(2, DAILY, name="R1"), recipe(3), recipe(4), page=1)
    (part,) = org.reader().read_in_parts([wanted("recipe:R1", id=id_of(1))])
    (reading,) = part.by_address.values()
    assert isinstance(reading, Live)
    assert reading.id == id_of(2)


def test_every_wanted_object_comes_once_also_with_the_same_id() -> None:
    """``ReadsInParts``: every wanted object once, in all (apply would end with a KeyError)."""
    org = Org()
    org.recipes(*(recipe(n, DAILY) for n in range(1, 7)), page=1)
    reader = org.reader()
    items = [*known(reader, 1, 2, 3, 4, 5, 6), wanted("recipe:Former", id=id_of(1))]
    assert sorted(name for part in in_parts(reader, items) for name in part) == sorted(i.address.name for i in items)
