"""What people write on the command line about jobs: times, settings, words of the platforms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from reconcile.cli.by_hand import pairs
from reconcile.cli.jobs import STATES, when
from reconcile.cli.starting import checked, duration
from reconcile.cli.tailer import STATUSES, day
from reconcile.core.operation import JobState
from reconcile.providers.registry import providers
from reconcile.providers.tailer.operations import SETTABLE


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T14:00", datetime(2026, 11, 22, 14, tzinfo=UTC)),
        ("2026-11-22T14:00:00Z", datetime(2026, 11, 22, 14, tzinfo=UTC)),
        ("2026-11-22T14:00:00+02:00", datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_utc(text: str, moment: datetime) -> None:
    """As everything that this program prints."""
    assert when(text) == moment


@pytest.mark.parametrize(("text", "hours"), [("2h", 2), ("7d", 168), ("1d12h", 36), ("90m", 1.5), ("3600s", 1)])
def test_an_age_is_counted_from_now(text: str, hours: float) -> None:
    """Days besides what a duration may say."""
    before = datetime.now(UTC)
    found = when(text)
    assert before - timedelta(hours=hours) <= found <= datetime.now(UTC) - timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "7", "d", "1w", "2h7d", "yesterday", "2026-13-01", "99999d99999999h"])
def test_what_is_no_time_is_told_with_examples(text: str) -> None:
    """Each of the two ways to write one."""
    with pytest.raises(click.BadParameter, match="2026-11-22, or an age: 2h, 7d"):
        when(text)


def test_durations_are_those_of_files() -> None:
    """A bare number is none: nobody could say of what."""
    assert duration("1h30m") == 5400
    with pytest.raises(click.BadParameter, match="write 30s, 5m, 2h or 1h30m"):
        duration("5")


@pytest.mark.parametrize("text", ["2026-02-30", "20260228", "2026-2-28", "today", "2026-02-28T00:00"])
def test_a_day_is_a_day(text: str) -> None:
    """Whatever else ISO 8601 has."""
    assert day("2026-02-28") == "2026-02-28"
    with pytest.raises(click.BadParameter, match="write 2026-11-22"):
        day(text)


def test_settings_are_pairs() -> None:
    """The first equals sign divides; a value may hold more of them, or nothing."""
    assert pairs(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}


@pytest.mark.parametrize(
    ("texts", "words"), [(["a"], '"a" is no KEY=VALUE'), (["=1"], '"=1" is no KEY=VALUE'), (["a=1", "a=2"], "twice")]
)
def test_settings_that_are_no_pairs(texts: list[str], words: str) -> None:
    """A key that is given twice would silently lose one."""
    with pytest.raises(click.UsageError, match=words):
        pairs(texts)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("tamr.load", {}, 'tamr.load: it needs "source": write source=...'),
        ("tamr.load", {"sorce": "a"}, 'tamr.load: it has no "sorce"; did you mean "source"?'),
        ("tamr.load", {"source": "a", "x": "1"}, 'tamr.load: it has no "x"; it has source'),
        ("tamr.load", {"source": ""}, "tamr.load: source must not be empty"),
        ("tamr.load", {"source": "  "}, "tamr.load: source must not be empty"),
        ("tamr.update", {}, "tamr.update: name either data_product or workflow"),
        (
            "crm_analytics.start",
            {"dataflow": "a", "recipe": "b"},
            "crm_analytics.start: name either dataflow or recipe",
        ),
        (
            "tailer.launch",
            {"type": "workflow", "id": "x", "execution_date": "1.1.2026"},
            "tailer.launch: type should be 'table-to-table', 'gbq-to-gbq' or 'table-to-storage'; "
            "execution_date is not written as it should be, which is ^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        ),
    ],
)
def test_settings_that_an_operation_does_not_take(name: str, settings: dict[str, str], words: str) -> None:
    """Every mistake is named, and a mistyped key once only."""
    operation = {name: each for p in providers().values() for name, each in p.operations.items()}[name]
    with pytest.raises(click.UsageError) as raised:
        checked(operation, settings)
    assert raised.value.message == words


def test_settings_that_are_right_become_the_model() -> None:
    """The same model that a pipeline's step has."""
    operation = providers()["tamr"].operations["tamr.publish"]
    assert checked(operation, {"destination": "Test 123"}).model_dump() == {
        "destination": "Test 123",
        "data_product": None,
    }


def test_words_that_help_shows_without_imports_are_the_real_ones() -> None:
    """They are written down twice, so that `--help` loads nothing heavy."""
    assert tuple(state.value for state in JobState) == STATES
    assert STATUSES == SETTABLE
