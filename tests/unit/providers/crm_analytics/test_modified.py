"""Who changed an asset last, as lists tell it; whatever else they hold does no harm."""

from __future__ import annotations

from typing import Any

import pytest

from reconcile.core.snapshot import Modified
from reconcile.providers.crm_analytics.api import utc_of

from .org import DAILY, Org, id_of, live, recipe, wanted

ANN = {"id": "005000000000001AAA", "name": "Ann O&#39;Hara", "profilePhotoUrl": "/x.png"}
DATE = "2026-11-20T09:00:00.000Z"


def modified(*, exact: bool = False, **told: Any) -> Modified | None:
    org = Org()
    org.recipes(recipe(1, DAILY, **told))
    org.schedule(id_of(1), DAILY)
    return live(org.reader(), wanted("recipe:R1"), exact=exact).modified


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"lastModifiedBy": ANN, "lastModifiedDate": DATE}, Modified("asset", "Ann O'Hara", "2026-11-20T09:00:00Z")),
        ({"lastModifiedDate": DATE}, Modified("asset", "", "2026-11-20T09:00:00Z")),
        ({"lastModifiedBy": ANN}, Modified("asset", "Ann O'Hara")),
        ({}, None),
        ({"lastModifiedBy": "Ann", "lastModifiedDate": 7}, None),
        ({"lastModifiedBy": {"name": None}, "lastModifiedDate": "yesterday"}, None),
    ],
)
@pytest.mark.parametrize("exact", [False, True])
def test_what_a_list_tells(told: dict[str, Any], found: Modified | None, exact: bool) -> None:
    """Also of an asset that is read alone: its schedule says nothing of who and when."""
    assert modified(exact=exact, **told) == found


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z"),
        ("2026-11-20T09:00:00.123Z", "2026-11-20T09:00:00Z"),
        ("2026-11-20T09:00:00.000+0000", "2026-11-20T09:00:00Z"),
        ("2026-11-20T09:00:00+02:00", "2026-11-20T07:00:00Z"),
        ("2026-11-20T09:00:00", ""),
        ("", ""),
    ],
)
def test_times_are_utc_in_whole_seconds(written: str, utc: str) -> None:
    assert utc_of(written) == utc
