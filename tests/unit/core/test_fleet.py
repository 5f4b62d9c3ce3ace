"""Which shard a workspace is in, and what a fleet comes to."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core.fleet import Outcome, Shard, bucket_of, worst

BUCKETS = [2, 0, 1, 3, 5]
NAMES = [f"teams/team-{number}/desired_state" for number in range(2000)]


def test_a_bucket_is_the_same_in_every_version() -> None:
    # Written down once: another answer would look at half of the fleet twice and at the other half never.
    assert [bucket_of(name, 8) for name in ("teams/a", "teams/b", "teams/c", "ä", "")] == BUCKETS


@given(st.text(), st.integers(1, 200))
def test_every_name_is_in_exactly_one_shard(name: str, count: int) -> None:
    assert sum(Shard(index, count).holds(name) for index in range(1, count + 1)) == 1


@given(st.text(), st.integers(1, 200))
def test_one_shard_more_moves_a_name_nowhere_but_into_it(name: str, count: int) -> None:
    before, after = bucket_of(name, count), bucket_of(name, count + 1)
    assert after in (before, count)


def test_shards_are_about_equally_large() -> None:
    sizes = Counter(bucket_of(name, 8) for name in NAMES)
    assert set(sizes) == set(range(8))
    assert max(sizes.values()) < 1.3 * len(NAMES) / 8


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], Outcome.OK),
        ([Outcome.OK, Outcome.CHANGES], Outcome.CHANGES),
        ([Outcome.DRIFT, Outcome.CHANGES], Outcome.DRIFT),
        ([Outcome.DRIFT, Outcome.REFUSED], Outcome.REFUSED),
        ([Outcome.REFUSED, Outcome.FAILED], Outcome.FAILED),
        ([Outcome.FAILED, Outcome.MISSING], Outcome.MISSING),
    ],
)
def test_the_worst_counts(outcomes: list[Outcome], expected: Outcome) -> None:
    assert worst(outcomes) is expected
