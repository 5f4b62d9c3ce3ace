"""Ids: the checksum, both forms, and what is none."""

import pytest

from reconcile.sandbox.crm_id import checksum, long_id, make_id, short_id

from .client import WEEKLY, Api, V


def test_the_checksum_of_known_ids() -> None:
    """Two ids from crm_analytics.md (1.2 and 1.1) with their checksums."""
    assert checksum("05v000000000001") == "AAA"
    assert long_id("05vxx0000004EkK") == "05vxx0000004EkKAAU"


def test_made_ids_are_18_long_and_distinct() -> None:
    ids = {make_id("05v", number) for number in range(5_000)}
    assert len(ids) == 5_000
    assert all(len(each) == 18 and short_id(each) == each[:15] for each in ids)


@pytest.mark.parametrize("given", ["", "05v", "05v000000000001AAB", "05v000000000001AAAA"])
def test_what_is_no_id(given: str) -> None:
    assert short_id(given) is None


def test_both_forms_reach_the_same_schedule_and_answers_have_the_long_one(api: Api) -> None:
    long = api.id_of("Pipeline_Snapshot")
    assert api.crm("PUT", f"{V}/asset/{long[:15]}/schedule", WEEKLY).status_code == 200
    answers = [api.crm("GET", f"{V}/asset/{each}/schedule").json() for each in (long, long[:15])]
    assert answers[0] == answers[1]
    assert answers[0]["assetId"] == long
    assert api.crm("GET", f"{V}/asset/{long[:15]}AAB/schedule").status_code == 404
