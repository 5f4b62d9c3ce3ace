"""The endpoints: what is asked, and what is believed."""

from typing import Any

import pytest

from reconcile.core.errors import BadAnswer, ObjectNotFound
from reconcile.providers.crm_analytics.api import HEADERS, Listing

from .org import BASE, DAILY, Org, id_of, recipe


def test_recipes_are_asked_for_in_the_largest_pages() -> None:
    """200 a page is the most the platform gives (page 2.2); the default of 25 would cost eight times the calls."""

    class Seen(Org):
        def get(self, path: str, params: Any = None) -> Any:
            assert params == {"pageSize": 200}
            return super().get(path, params)

    org = Seen()
    org.recipes(recipe(1))
    assert org.api().recipes().pages == 1


def test_a_next_page_may_be_escaped() -> None:
    """``&amp;`` in a link is an ampersand (page 1.5)."""
    org = Org()
    org.recipes(recipe(1), totalSize=2, nextPageUrl=f"{BASE}/wave/recipes?page=x&amp;pageSize=200")
    org.answers["/wave/recipes?page=x&pageSize=200"] = {"recipes": [recipe(2)]}
    listing = org.api().recipes()
    assert ([a.name for a in listing.assets], listing.pages, listing.is_short) == (["R1", "R2"], 2, False)


def test_a_short_listing() -> None:
    """Fewer than promised is short; as many, more, or no promise at all is not."""
    asset = Org().api().recipes().assets
    assert Listing(asset, 1, 1).is_short
    assert not Listing(asset, 1, 0).is_short
    assert not Listing(asset, 1, None).is_short


def test_a_promise_that_is_no_number_is_none() -> None:
    """``totalSize`` may be absent or odd; that does not make a list short."""
    org = Org()
    org.recipes(recipe(1), totalSize="many")
    assert org.api().recipes().promised is None


def test_one_schedule() -> None:
    """An object is an answer, a list is none, 404 is not found."""
    org = Org()
    org.schedule(id_of(1), DAILY)
    org.schedule(id_of(2), [])
    assert org.api().schedule(id_of(1)) == DAILY
    with pytest.raises(BadAnswer):
        org.api().schedule(id_of(2))
    with pytest.raises(ObjectNotFound):
        org.api().schedule(id_of(3))


def test_strings_are_asked_for_unescaped() -> None:
    """The header of page 1.5."""
    assert HEADERS["X-Chatter-Entity-Encoding"] == "false"


def test_an_asset_without_a_name_goes_by_its_id() -> None:
    """A nameless item does not spoil the list."""
    org = Org()
    org.recipes({"id": id_of(1), "name": None, "label": None})
    (asset,) = org.api().recipes().assets
    assert (asset.name, asset.label, asset.shown) == (id_of(1), "", False)
